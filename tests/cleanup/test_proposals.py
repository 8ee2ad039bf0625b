"""What is proposed, under which ids and for which reasons; what nobody may touch."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import mido
import numpy as np
import pytest

from composer.cleanup.proposals import proposed
from composer.cleanup.report import Change
from composer.cleanup.setting import CleanupOptions, setting_of
from composer.cleanup.stage import Cleaned, cleaned, finished
from composer.compare.stage import compared
from composer.errors import BadInput
from composer.formats.brief.brief import Brief, Locked
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import Note
from tests.cleanup.music import BAR, piece
from tests.cleanup.test_stage import PARALLEL
from tests.compose.fakes import brief

SLIP = piece("E4 G4 C#5 G4 E4 D4 C4:2", chords=["C3 E3 G3", "C3 E3 G3"], symbols=["C", "C"])
DATA = midi_bytes(PARALLEL)
BARS = range(1, 5)


def read_by_mido(data: bytes) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """(track, bar) -> (tick, pitch) of its notes, by another reader than ours."""
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                found.setdefault((track.name, tick // BAR + 1), []).append((tick, message.note))
    return {cell: sorted(notes) for cell, notes in found.items()}


def everything_else(data: bytes) -> list[list[tuple[object, ...]]]:
    """All messages with their ticks, less the pitches of notes."""
    return [
        [(m.time, m.type, *(v for k, v in sorted(vars(m).items()) if k not in ("note", "time", "type"))) for m in track]
        for track in mido.MidiFile(file=io.BytesIO(data)).tracks
    ]


def with_edits(*cells: tuple[str, int], force: bool = False) -> CleanupOptions:
    return CleanupOptions(edited_bars=frozenset(cells), change_edited=force)


def locking(*locked: Locked) -> Brief:
    return brief("major", "4/4").model_copy(update={"locked": list(locked)})


def changed_cells(before: bytes, after: bytes) -> set[tuple[str, int]]:
    old, new = read_by_mido(before), read_by_mido(after)
    return {cell for cell in old | new if old.get(cell) != new.get(cell)}


def cells(changes: tuple[Change, ...]) -> set[tuple[str, int]]:
    return {(change.track, change.bar) for change in changes}


def spoilt() -> Iterator[bytes]:
    """Files with notes of random pitch and time, in three tracks."""
    rng = np.random.default_rng(11)
    for _ in range(2):
        music = PARALLEL
        for part in PARALLEL.parts[:3]:
            notes = [
                replace(
                    n, pitch=n.pitch + int(rng.choice([-1, 0, 0, 0, 1, 2])), start=n.start + int(rng.integers(0, 9))
                )
                for n in part.notes
            ]
            alone = {(n.start, n.pitch): n for n in notes}
            music = music.with_part(replace(part, notes=tuple(sorted(alone.values()))))
        yield midi_bytes(music)


def test_a_change_says_which_fault_it_mends_with_which_voice_and_where() -> None:
    changes = cleaned(DATA, "x.mid").report.changes
    assert all(change.accept and change.applied and not change.suggestion for change in changes)
    assert any("parallel fifths with Melody on beat 1" in change.why for change in changes)
    bass = next(change for change in changes if change.part == "Bass")
    assert bass.why == "parallel fifths with Piano on beat 1; parallel fifths with Piano on beat 1 of bar 3"


def test_a_slip_is_explained_by_the_key() -> None:
    (change,) = cleaned(midi_bytes(SLIP), "x.mid").report.changes
    assert change.why == "C#5 is outside C major, and neither chord nor line explains it"


def test_ids_are_the_same_in_every_run_and_differ_from_each_other() -> None:
    one, two = (cleaned(DATA, "x.mid", options=o).report.changes for o in (None, with_edits(("Melody", 4))))
    ids = {(c.part, c.bar, c.before, c.after): c.id for c in one}
    assert len(set(ids.values())) == len(one) == 5
    assert all(ids.get((c.part, c.bar, c.before, c.after), c.id) == c.id for c in two)


def test_notes_alike_in_everything_have_ids_of_their_own() -> None:
    twice = tuple(sorted([*SLIP.parts[0].notes, SLIP.parts[0].notes[2]]))
    setting = setting_of(
        midi_bytes(SLIP.with_part(replace(SLIP.parts[0], notes=twice))), "x.mid", None, CleanupOptions()
    )
    changes = proposed(setting).changes
    assert len({change.id for change in changes}) == len(changes)


def test_what_is_moved_together_is_one_group() -> None:
    changes = cleaned(DATA, "x.mid").report.changes
    assert [(c.group, c.before, c.after) for c in changes if c.bar == 1] == [(1, "G3", "C4"), (1, "C4", "E4")]


@pytest.mark.parametrize("part", ["Melody", "Piano", "Bass"])
def test_bars_of_a_person_get_suggestions_and_no_change(part: str) -> None:
    edited = {(part, bar) for bar in BARS}
    for data in (DATA, *spoilt()):
        result = cleaned(data, "x.mid", options=with_edits(*edited))
        assert not changed_cells(data, result.midi) & edited
        assert cells(result.report.suggestions) <= edited
        assert changed_cells(data, result.midi) == cells(result.report.applied)
        assert everything_else(result.midi) == everything_else(data)


def test_other_changes_do_not_count_on_suggestions() -> None:
    """Left out, the suggestions leave what would have been done without them."""
    edited = with_edits(*(("Piano", bar) for bar in BARS))
    with_suggestions = cleaned(DATA, "x.mid", options=edited)
    locked = cleaned(DATA, "x.mid", options=CleanupOptions(locked_tracks=("Piano",)))
    assert with_suggestions.report.suggestions
    assert with_suggestions.midi == locked.midi
    assert with_suggestions.report.after == locked.report.after


def test_with_force_bars_of_a_person_are_changed_too() -> None:
    result = cleaned(midi_bytes(SLIP), "x.mid", options=with_edits(("Melody", 1), force=True))
    assert [(c.before, c.after, c.applied, c.suggestion) for c in result.report.changes] == [("C#5", "C5", True, False)]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "locked", [Locked(tracks=["piano"]), Locked(bars="1-2"), Locked(bars="3", tracks=["Bass", "melody"])]
)
def test_what_the_brief_locks_is_not_even_suggested(locked: Locked, force: bool) -> None:
    asked = locking(locked)
    region = asked.locked_regions[0]
    held = {
        (part.name, bar)
        for part in PARALLEL.parts[:3]
        for bar in BARS
        if (region.bars is None or bar in region.bars)
        and (region.tracks is None or part.name.lower() in {t.lower() for t in region.tracks})
    }
    options = with_edits(*((part.name, bar) for part in PARALLEL.parts for bar in BARS), force=force)
    for data in (DATA, *spoilt()):
        result = cleaned(data, "x.mid", asked, options)
        assert not cells(result.report.changes) & held
        assert not changed_cells(data, result.midi) & held
    assert cleaned(DATA, "x.mid", asked, options).report.changes


def test_a_locked_track_that_the_file_lacks_is_an_error_with_a_hint() -> None:
    line = r'x.mid has no track "Pianp" \(did you mean Piano\?\); its tracks are Melody, Piano, Bass, Drums'
    with pytest.raises(BadInput, match=rf"locked\[0\].tracks: {line}"):
        cleaned(DATA, "x.mid", locking(Locked(tracks=["Pianp"])))


def test_a_lock_is_no_matter_where_nothing_is_changed() -> None:
    nothing = CleanupOptions(correct_key=False, voice_leading=False)
    assert cleaned(DATA, "x.mid", locking(Locked(tracks=["Harp"])), nothing).midi == DATA


def test_edits_in_tracks_without_a_name_are_known_by_the_number_of_the_track() -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(SLIP)))
    for track in file.tracks[1:]:
        track[:] = [m for m in track if m.type != "track_name"]
    stream = io.BytesIO()
    file.save(file=stream)
    result = cleaned(stream.getvalue(), "x.mid", options=with_edits(("track 2", 1)))
    assert [(c.track, c.suggestion) for c in result.report.changes] == [("track 2", True)]


def test_bars_are_counted_through_changes_of_metre() -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(SLIP)))
    file.tracks[0].insert(0, mido.MetaMessage("time_signature", numerator=1, denominator=4))
    rest = [m for m in file.tracks[0][1:] if m.type != "time_signature"]
    file.tracks[0][1:] = [mido.MetaMessage("time_signature", numerator=4, denominator=4, time=480), *rest]
    stream = io.BytesIO()
    file.save(file=stream)
    (change,) = cleaned(stream.getvalue(), "x.mid").report.changes
    assert (change.bar, change.beat) == (2, 2.0)


def test_a_change_is_called_by_the_place_that_diff_names() -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(SLIP)))
    compound = mido.MetaMessage("time_signature", numerator=6, denominator=8)
    file.tracks[0][:] = [compound if m.type == "time_signature" else m for m in file.tracks[0]]
    stream = io.BytesIO()
    file.save(file=stream)
    result = cleaned(stream.getvalue(), "x.mid")
    difference = compared(stream.getvalue(), "x.mid", result.midi, "y.mid")
    (change,), (edit,) = result.report.changes, difference.note_edits
    place = difference.bars.place(edit.tone.start)
    assert (change.bar, change.beat) == (place.bar, float(place.beat)) == (1, 5.0)


def test_refusing_everything_gives_the_file_back() -> None:
    for data in (DATA, *spoilt()):
        proposal = proposed(setting_of(data, "x.mid", None, CleanupOptions()))
        assert finished(data, proposal.with_choices({c.id: False for c in proposal.changes})).midi == data


def test_exactly_what_is_accepted_is_changed() -> None:
    rng = np.random.default_rng(5)
    for data in (DATA, *spoilt()):
        proposal = proposed(setting_of(data, "x.mid", None, CleanupOptions()))
        for _ in range(3):
            result = finished(data, proposal.with_choices({c.id: bool(rng.integers(2)) for c in proposal.changes}))
            assert changed_cells(data, result.midi) == cells(result.report.applied)
            assert everything_else(result.midi) == everything_else(data)
            assert_whole(result, data)


def assert_whole(result: Cleaned, data: bytes) -> None:
    """As many notes as before, none twice at once, and every change that was not made is told."""
    notes = read_by_mido(result.midi)
    assert sum(map(len, notes.values())) == sum(map(len, read_by_mido(data).values()))
    assert all(len(set(found)) == len(found) for found in notes.values())
    dropped = [c for c in result.report.changes if c.accept and not c.applied]
    assert all(any(c.id in note for note in result.notes) for c in dropped)


def test_a_change_that_needs_a_refused_one_is_left_out_and_told() -> None:
    proposal = proposed(setting_of(DATA, "x.mid", None, CleanupOptions()))
    down, up = (c for c in proposal.changes if c.bar == 1)
    result = finished(DATA, proposal.with_choices({up.id: False}))
    made = {c.id: c.applied for c in result.report.changes}
    assert (made[down.id], made[up.id]) == (False, False)
    assert sum(made.values()) == 3
    twice = "Piano would sound C4 twice at once, as its note on beat 1 of bar 1 is there too"
    assert f"not made: {down.id} (bar 1, Piano, G3 to C4): {twice}" in result.notes
    assert next(c for c in result.report.changes if c.id == down.id).accept


def test_a_note_that_the_file_ends_after_the_next_begins_does_not_cut_that_one() -> None:
    melody = mido.MidiTrack([mido.MetaMessage("track_name", name="Melody")])
    for message, note, ticks in (("on", 76, 0), ("off", 76, 480), ("on", 73, 0), ("on", 72, 480), ("off", 73, 0)):
        melody.append(mido.Message(f"note_{message}", note=note, time=ticks))
    melody.append(mido.Message("note_off", note=72, time=960))
    stream = io.BytesIO()
    mido.MidiFile(ticks_per_beat=480, tracks=[melody]).save(file=stream)
    result = cleaned(stream.getvalue(), "x.mid", options=CleanupOptions(key="C major"))
    assert result.midi == stream.getvalue()
    assert [(c.before, c.after, c.applied) for c in result.report.changes] == [("C#5", "C5", False)]
    assert any("twice at once" in note for note in result.notes)


def test_a_fault_that_half_of_the_changes_bring_is_told() -> None:
    chords = ["D3 G3 B3", "C3 E3 G3", "C3 F3 A3", "D3 G3 B3"]
    data = midi_bytes(piece("D4:4 E4:4 F4:4 D4:4", "G2:4 C2:4 F2:4 G2:4", chords, ["G", "C", "F", "G"]))
    proposal = proposed(setting_of(data, "x.mid", None, CleanupOptions()))
    chosen = proposal.changes[2].id
    result = finished(data, proposal.with_choices({c.id: c.id == chosen for c in proposal.changes}))
    assert result.report.after["ParallelFifths"] > result.report.before["ParallelFifths"]
    assert [c.id for c in result.report.applied] == [chosen]
    told = "as chosen, Bass has parallel fifths with Piano on beat 1 of bar 3, which was not so before"
    assert told in result.notes


def test_the_report_is_json_that_says_what_it_was_made_from() -> None:
    content = json.loads(cleaned(DATA, "x.mid").report.bytes())
    assert content["made_from"] is None
    assert list(content["changes"][0])[:4] == ["id", "accept", "bar", "beat"]


def test_a_note_a_little_before_the_bar_line_belongs_to_the_bar_before() -> None:
    early = Note(BAR - 5, 73, 400)
    music = SLIP.with_part(replace(SLIP.parts[0], notes=(*SLIP.parts[0].notes[:1], early)))
    result = cleaned(midi_bytes(music), "x.mid", options=with_edits(("Melody", 1)))
    assert {c.bar for c in result.report.changes} <= {1}
    assert not result.report.applied
