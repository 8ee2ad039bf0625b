"""Two files to every difference between them, and what DAWs do to files."""

from __future__ import annotations

import json
from dataclasses import replace

import mido
import pytest

from composer.compare.matching import ALONE, BY_CHANNEL, BY_NAME, BY_NOTES
from composer.compare.report import as_json
from composer.compare.stage import CHANNEL, LINE_ADDED, LINE_REMOVED, MERGED, TRACK_NAME, Difference, compared
from composer.compare.summary import rounding_hint, summary_of
from composer.compare.words import rows_of
from composer.errors import BadInput
from composer.music.key import key_of
from composer.music.notes import Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter
from composer.music.voice_leading import offences
from tests.compare.pieces import (
    BAR,
    apart,
    bar_in_front,
    bytes_of,
    channel_one,
    file_of,
    one_clip,
    piece,
    renamed,
    tracks_of,
    with_notes,
)


def difference(before: bytes, after: bytes, tolerance: int = 0) -> Difference:
    return compared(before, "a.mid", after, "b.mid", tolerance)


def of_pieces(before: Piece, after: Piece) -> Difference:
    return difference(bytes_of(before), bytes_of(after))


def told(found: Difference) -> list[tuple[str, str, str]]:
    return [row.cells for row in rows_of(found)]


def test_a_file_is_the_same_as_itself() -> None:
    found = difference(bytes_of(), bytes_of())
    assert found.is_same and told(found) == [] and summary_of(found) == "no difference"
    assert not found.voice_leading.gone and not found.voice_leading.new


def test_notes_are_told_by_bar_and_track() -> None:
    def change(notes: list[Note]) -> list[Note]:
        notes[2] = replace(notes[2], pitch=67)  # bar 2, beat 1
        notes[5] = replace(notes[5], start=notes[5].start + 480, duration=400)  # bar 3, beat 3
        notes[9] = replace(notes[9], velocity=120)  # bar 5, beat 3
        del notes[12]  # bar 7
        return [*notes, Note(7 * BAR + 1440, 74, 240, 99)]

    found = of_pieces(piece(), with_notes(piece(), "Melody", change))
    assert [row for row in told(found) if row[1] == "Melody"] == [
        ("2", "Melody", "A4 -> G4"),
        ("3", "Melody", "beat 3: E4 moved to beat 4, length 1 7/8 -> 5/6 quarters"),
        ("5", "Melody", "beat 3: E4 velocity 79 -> 120"),
        ("7", "Melody", "E4 removed"),
        ("8", "Melody", "beat 4: D5 added"),
        ("", "Melody", "range A3 to A4, now A3 to D5"),
    ]
    assert {track.group.label for track in found.tracks if not track.is_same} == {"Melody"}


def test_many_notes_that_change_alike_are_one_row() -> None:
    found = of_pieces(piece(), with_notes(piece(), "Melody", lambda ns: [replace(n, pitch=n.pitch - 12) for n in ns]))
    assert ("1-8", "Melody", "16 notes 12 semitones down") in told(found)


def test_tempo_metre_key_and_markers_are_told() -> None:
    new = replace(
        piece(), tempi=(Tempo(0, 100.0), Tempo(7 * BAR, 88.0)), meter=Meter(2, 4), key=key_of("F", "major"),
        markers=(Marker(0, "Verse"), Marker(5 * BAR, "B")), title="Other",
    )  # fmt: skip
    rows = {what for _, track, what in told(of_pieces(piece(), new)) if track == "(song)"}
    assert rows >= {
        "tempo 96 bpm -> 100 bpm", "metre 4/4 -> 2/4", "key D minor -> F major", "marker A -> Verse",
        "marker 'B' moved to bar 6, beat 1", "track name Small piece -> Other",
    }  # fmt: skip


def test_controllers_programs_and_pan_are_told() -> None:
    parts = [replace(p, program=40, pan=20) if p.name == "Melody" else p for p in piece().parts]
    rows = told(of_pieces(piece(), replace(piece(), parts=tuple(parts))))
    assert rows == [("1", "Melody", "pan (CC10): 58 -> 20"), ("1", "Melody", "program: 74 -> 41")]


def test_a_track_that_came_and_one_that_went_are_told_as_a_whole() -> None:
    flute = Part("Flute", "melody", 72, tuple(Note(i * 480, 86 + i % 3, 400, 60) for i in range(12)))
    new = replace(piece(), parts=(*piece().parts[:2], flute, piece().parts[3]))
    found = of_pieces(piece(), new)
    edits = [(track.group.label, edit.what) for track in found.tracks for edit in track.edits]
    assert edits == [("Bass", LINE_REMOVED), ("Flute", LINE_ADDED)]
    assert ("", "Bass", "track removed, 8 notes") in told(found)


def test_a_renamed_file_of_another_resolution_differs_in_names_only() -> None:
    found = difference(bytes_of(), renamed(bytes_of()))
    assert found.note_edits == [] and found.end is None
    assert {edit.what for track in found.tracks for edit in track.edits} == {TRACK_NAME}
    assert [track.group.matched_by for track in found.tracks] == [BY_CHANNEL] * 4


def test_tracks_that_lost_everything_are_told_apart_by_their_notes() -> None:
    found = difference(bytes_of(), channel_one(bytes_of()))
    assert found.note_edits == []
    assert [track.group.matched_by for track in found.tracks] == [BY_NOTES] * 4
    assert [track.group.label for track in found.tracks] == ["Melody", "Piano", "Bass", "Drums"]
    assert {edit.what for track in found.tracks for edit in track.edits} == {TRACK_NAME, CHANNEL}
    assert not found.voice_leading.gone and not found.voice_leading.new


def test_one_clip_on_one_channel_holds_all_parts() -> None:
    found = difference(bytes_of(apart()), one_clip(bytes_of(apart())))
    [track] = found.tracks
    assert [edit.what for edit in track.edits] == [MERGED]
    assert not found.voice_leading.gone and not found.voice_leading.new
    assert found.note_edits == []  # this piece has only times that 96 ticks to the quarter can hold
    assert ("1-8", "(song)", "8 chord symbols removed") in told(found)


def test_rounded_times_are_equal_within_the_tolerance() -> None:
    uneven = with_notes(apart(), "Melody", lambda ns: [replace(n, start=n.start + 1 + i % 2) for i, n in enumerate(ns)])
    data = bytes_of(uneven)
    found = difference(data, one_clip(data))
    assert len(found.note_edits) == 16 and "--tolerance 3" in rounding_hint(found)
    assert difference(data, one_clip(data), 3).note_edits == []


def test_an_empty_bar_in_front_is_one_difference() -> None:
    found = difference(bytes_of(), bar_in_front(bytes_of()))
    assert found.shift == BAR
    assert [row[2] for row in told(found)] == [
        "all music is 1 bar later in the new version; bars below are the old ones"
    ]
    back = difference(bar_in_front(bytes_of()), bytes_of())
    assert back.shift == -BAR and not back.note_edits


def test_edits_after_a_shift_are_found_at_their_old_bars() -> None:
    edited = with_notes(piece(), "Melody", lambda ns: [replace(ns[0], pitch=60), *ns[1:]])
    rows = told(difference(bytes_of(), bar_in_front(bytes_of(edited))))
    assert ("1", "Melody", "D4 -> C4") in rows


def test_tracks_are_matched_by_name_before_anything_else() -> None:
    parts = piece().parts
    swapped = replace(
        piece(), parts=(replace(parts[0], name="Bass"), parts[1], replace(parts[2], name="Melody"), parts[3])
    )
    found = of_pieces(piece(), swapped)
    assert {track.group.matched_by for track in found.tracks} == {BY_NAME}
    assert ALONE not in {track.group.matched_by for track in found.tracks}


def test_voice_leading_faults_that_came_are_told() -> None:
    octaves = with_notes(
        piece(), "Melody", lambda ns: [replace(n, pitch=(74, 79, 72, 69)[n.start // BAR % 4]) for n in ns]
    )
    found = of_pieces(piece(), octaves)
    assert "ParallelOctaves" in {fault.rule for fault in found.voice_leading.new}
    assert any(row[1] == "(voices)" and row[2].startswith("new: parallel octaves") for row in told(found))
    back = of_pieces(octaves, piece())
    assert back.voice_leading.gone == found.voice_leading.new
    rows = [row for row in told(found) if row[1] == "(voices)" and "parallel octaves" in row[2]]
    assert rows[0][2].startswith("new: parallel octaves, Melody and Bass: two voices move")
    assert {row[2] for row in rows[1:]} == {"new: parallel octaves, Melody and Bass"}


def test_faults_change_only_where_notes_or_chords_did() -> None:
    """A chord that is broken up can make a part one of no block chords, whose voices then nobody compares anywhere."""
    bare = with_notes(replace(apart(), chords=()), "Bass", lambda ns: [replace(n, pitch=n.pitch + 7) for n in ns])

    def broken(notes: list[Note]) -> list[Note]:
        return [replace(n, duration=n.duration - 900 * (i == len(notes) - 1)) for i, n in enumerate(notes)]

    found = of_pieces(bare, with_notes(bare, "Piano", broken))
    bars = {found.bars.place(f.time).bar for f in (*found.voice_leading.gone, *found.voice_leading.new)}
    assert offences(bare) and bars <= {8}


def test_a_type_0_save_is_no_difference_but_for_what_was_edited() -> None:
    def type_0(data: bytes) -> bytes:
        events = sorted((e for track in tracks_of(data) for e in track), key=lambda e: (e[0], e[1].type != "note_off"))
        return file_of([events], 0, end=8 * BAR)

    assert of_pieces(apart(), apart()).is_same and told(difference(bytes_of(apart()), type_0(bytes_of(apart())))) == []
    edited = with_notes(apart(), "Melody", lambda ns: [replace(ns[0], velocity=9), *ns[1:]])
    rows = told(difference(bytes_of(apart()), type_0(bytes_of(edited))))
    assert rows == [("1", "Melody", "D5 velocity 70 -> 9")]


def test_voices_are_told_apart_even_on_one_track() -> None:
    def octaves(notes: list[Note]) -> list[Note]:
        return [replace(n, pitch=(74, 79, 72, 69)[n.start // BAR % 4]) for n in notes]

    straight = of_pieces(apart(), with_notes(apart(), "Melody", octaves)).voice_leading
    merged = difference(bytes_of(apart()), one_clip(bytes_of(with_notes(apart(), "Melody", octaves)))).voice_leading
    # Which of the parts on one track plays a note that is new nobody can tell.
    faults = [[(f.time, f.rule, f.is_outer) for f in found] for found in (straight.new, straight.gone)]
    assert (
        straight.new
        and [[(f.time, f.rule, f.is_outer) for f in found] for found in (merged.new, merged.gone)] == faults
    )


def test_a_lost_metre_does_not_change_how_bars_are_counted() -> None:
    waltz = replace(piece(), meter=Meter(3, 4))
    tracks = tracks_of(bytes_of(with_notes(waltz, "Melody", lambda ns: [*ns[:-1], replace(ns[-1], pitch=70)])))
    tracks[0] = [(t, m) for t, m in tracks[0] if m.type != "time_signature"]
    rows = told(difference(bytes_of(waltz), file_of(tracks, end=11 * 1440)))
    assert ("11", "Melody", "D4 -> Bb4") in rows


def test_a_lengthened_file_says_so() -> None:
    found = of_pieces(piece(), replace(piece(), length=10 * BAR))
    assert told(found)[-1] == ("", "(song)", "the file ends after bar 8, now after bar 10")


def test_other_channel_messages_are_compared() -> None:
    tracks = tracks_of(bytes_of())
    tracks[1].insert(4, (0, mido.Message("pitchwheel", channel=0, pitch=200)))
    tracks[1].insert(4, (0, mido.Message("aftertouch", channel=0, value=9)))
    tracks[1].insert(4, (0, mido.Message("polytouch", channel=0, note=60, value=8)))
    rows = {row[2] for row in told(difference(bytes_of(), file_of(tracks, end=8 * BAR)))}
    assert rows == {"pitch bend: 200 added", "channel pressure: 9 added", "aftertouch of key 60: 8 added"}


def test_the_json_is_plain_and_holds_every_edit() -> None:
    edited = with_notes(piece(), "Melody", lambda ns: [replace(ns[0], pitch=60), *ns[2:]])
    found = json.loads(json.dumps(as_json(of_pieces(piece(), edited))))
    assert found["format"] == "composer.diff/1" and found["same"] is False
    assert found["notes"] == {
        "same": 78, "added": 0, "removed": 1, "moved": 0, "pitch": 1, "length": 0, "velocity": 0
    }  # fmt: skip
    [melody] = [track for track in found["tracks"] if track["before"] == ["Melody"]]
    assert melody["notes"][0] == {
        "kinds": ["pitch"], "quarters": "0", "bar": 1, "beat": "1",
        "before": {"start": "0", "length": "15/8", "pitch": 62, "name": "D4", "velocity": 70},
        "after": {"start": "0", "length": "15/8", "pitch": 60, "name": "C4", "velocity": 70},
    }  # fmt: skip


def test_a_broken_file_is_refused_by_its_name() -> None:
    with pytest.raises(BadInput, match=r"b\.mid"):
        difference(bytes_of(), b"MThd")


def test_a_chord_symbol_moves_by_a_bar_at_most_and_a_marker_from_anywhere() -> None:
    old = piece()
    chords = [replace(span, chord=None) if i == 1 else span for i, span in enumerate(old.chords)]
    gone = replace(old, chords=tuple(span for span in chords if span.chord), markers=(Marker(0, "A"), Marker(BAR, "B")))
    late = replace(
        gone, chords=(*gone.chords[:5], *gone.chords[6:], replace(old.chords[1], start=5 * BAR, end=6 * BAR))
    )
    found = of_pieces(old, replace(late, chords=tuple(sorted(late.chords, key=lambda c: c.start))))
    symbols = [e for e in found.song if e.what == "chord symbol"]
    assert all(e.before is None or e.after is None or abs(e.after.time - e.before.time) <= BAR for e in symbols)
    assert ("5", "(song)", "marker 'B' moved to bar 2, beat 1") in told(found)


def test_a_note_is_spelled_in_the_key_of_its_bar_and_never_with_two_flats() -> None:
    flats = replace(piece(), key=key_of("Gb", "major"))
    data = bytes_of(flats)
    tracks = tracks_of(data)
    tracks[0].append((4 * BAR, mido.MetaMessage("key_signature", key="F")))
    tracks[1].append((BAR + 60, mido.Message("note_on", note=81, velocity=70)))
    tracks[1].append((BAR + 90, mido.Message("note_off", note=81)))
    tracks[1].append((6 * BAR + 60, mido.Message("note_on", note=82, velocity=70)))
    tracks[1].append((6 * BAR + 90, mido.Message("note_off", note=82)))
    for track in tracks:
        track.sort(key=lambda event: event[0])
    before = file_of([tracks[0], *tracks_of(data)[1:]], end=8 * BAR)
    rows = told(difference(before, file_of(tracks, end=8 * BAR)))
    assert [row[2].split(": ", 1)[1] for row in rows if row[2].endswith("added")] == ["A5 added", "Bb5 added"]
