"""What is taken from the file, what from the piece, and what each odd shape of a file becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composer.contract.stage import checked
from composer.daw_return.setups import is_empty_name
from composer.daw_return.stage import SHARE_MIN, Known, Returned, returned
from composer.errors import BadInput
from composer.formats.brief.text import read_brief
from composer.formats.midi.scan import KEY_SIGNATURE, META, NOTE_OFF, NOTE_ON, SET_TEMPO, RawEvent
from composer.formats.midi.source import (
    MARKER,
    TEXT,
    TRACK_NAME,
    ChangeNote,
    DeleteNote,
    InsertNote,
    decoded,
    edited,
    read_source,
    smf_bytes,
)
from composer.music.notes import Note
from composer.music.time import Meter
from tests.compare.pieces import BAR, apart, bytes_of, piece, with_notes
from tests.daw_return import damage
from tests.daw_return.damage import file_of, tracks_in
from tests.daw_return.hands import heard

ORIGINAL = bytes_of()
BRIEF = b"""{"title": "Small piece", "key": {"tonic": "D", "mode": "minor"}, "tempo_bpm": 96, "meter": "4/4",
 "form": [{"name": "A", "bars": 4}, {"name": "B", "bars": 4}],
 "melody": {"instrument": "flute"}, "accompaniment": {"style": "block", "instrument": "piano"},
 "bass": {"instrument": "acoustic bass"}}"""


def back(come: bytes, original: bytes = ORIGINAL) -> Returned:
    return returned(come, "back.mid", Known(original, "art.draft.mid"))


def by_brief(come: bytes) -> Returned:
    return returned(come, "back.mid", None, read_brief(BRIEF, "art.brief.json"), "art.brief.json")


def track(data: bytes, name: str) -> list[RawEvent]:
    source = read_source(data, "x.mid")
    return list(source.tracks[source.track_names.index(name)])


def with_events(data: bytes, number: int, *events: RawEvent) -> bytes:
    tracks = tracks_in(data)
    tracks[number] = [*tracks[number], *events]
    return file_of(tracks, data)


def control(tick: int, number: int, value: int, channel: int = 0) -> RawEvent:
    return RawEvent(tick, 0xB0 | channel, -1, bytes((number, value)))


def meta(tick: int, kind: int, data: bytes) -> RawEvent:
    return RawEvent(tick, META, kind, data)


def only(data: bytes, number: int, first: int = 0, last: int = 10**9) -> bytes:
    """One clip of one track: its notes that begin between two ticks, from tick 0 on, on channel 1."""
    clip = []
    for note in read_source(data, "x.mid").notes:
        if note.track == number and first <= note.start <= last:
            start, end, pitch = note.start - first, note.end - first, note.pitch
            clip.append(RawEvent(start, NOTE_ON, -1, bytes((pitch, note.velocity))))
            clip.append(RawEvent(end, NOTE_OFF, -1, bytes((pitch, 0))))
    return file_of([clip], data, 0, trim=True)


def test_a_clip_of_one_track_leaves_the_others_as_they_were() -> None:
    result = back(only(ORIGINAL, 1))
    assert result.midi == ORIGINAL
    assert [r.text for r in result.report.rebuilt if r.what == "kept"] == [
        "the file is one clip; kept as they were: Piano, Bass, Drums"
    ]


def test_a_clip_of_some_bars_leaves_the_other_bars_as_they_were() -> None:
    changed = with_notes(
        piece(), "Melody", lambda notes: [replace(n, velocity=n.velocity + 9 * (n.start == 4 * BAR)) for n in notes]
    )
    clip = only(bytes_of(changed), 1, 3 * BAR, 6 * BAR - 1)
    assert heard(back(clip).midi) == heard(bytes_of(changed))


def test_a_track_that_a_whole_file_lacks_was_deleted() -> None:
    tracks = tracks_in(ORIGINAL)
    result = back(file_of([*tracks[:3], *tracks[4:]], ORIGINAL))
    assert "Bass" not in read_source(result.midi, "x.mid").track_names
    assert result.report.has("gone") and result.report.removed == 8


def test_a_new_track_stays_with_a_name_and_a_channel_of_its_own() -> None:
    notes = [RawEvent(t, NOTE_ON | 7, -1, bytes((90, v))) for t, v in ((95, 70), (295, 0), (2000, 71), (2300, 0))]
    program = RawEvent(0, 0xC7, -1, bytes((46,)))
    come = damage.numbered_names(file_of([*tracks_in(ORIGINAL), [program, *notes]], ORIGINAL))
    result = back(come)
    source = read_source(result.midi, "x.mid")
    assert source.track_names == ("Small piece", "Melody", "Piano", "Bass", "Drums", "Chords", "Harp")
    assert [(n.start, n.end, n.channel) for n in source.notes if n.pitch == 90] == [(95, 295, 7), (2000, 2300, 7)]
    assert checked(result.midi, "x.mid").is_clean


def one_at_a_time(data: bytes) -> bytes:
    """One track of a program that knows one note of a pitch at a time: it drops the second of two that begin together,
    and cuts a note where the next begins."""
    kept: list[tuple[int, int, int, int]] = []
    for n in read_source(data, "x.mid").notes:
        if any((n.start, n.pitch) == (start, pitch) for start, _, pitch, _ in kept):
            continue
        kept = [(s, min(e, n.start) if p == n.pitch and e > n.start else e, p, v) for s, e, p, v in kept]
        kept.append((n.start, n.end, n.pitch, n.velocity))
    ons = [RawEvent(start, NOTE_ON, -1, bytes((pitch, velocity))) for start, _, pitch, velocity in kept]
    offs = [RawEvent(end, NOTE_OFF, -1, bytes((pitch, 0))) for _, end, pitch, _ in kept]
    return file_of([[*ons, *offs]], data, 0)


def test_unisons_that_one_channel_cannot_hold_are_put_back() -> None:
    moved = with_notes(piece(), "Bass", lambda notes: [replace(n, pitch=n.pitch + 12 * (n.start == 0)) for n in notes])
    original = bytes_of(
        with_notes(moved, "Melody", lambda ns: [replace(n, pitch=57) if n.start == 960 else n for n in ns])
    )
    come = one_at_a_time(original)
    assert len(read_source(come, "x.mid").notes) < len(read_source(original, "x.mid").notes)
    result = back(come, original)
    assert heard(result.midi) == heard(original)
    assert result.report.has("unisons") and result.edits == 0


def test_a_bar_inserted_into_one_clip_moves_every_line_s_notes() -> None:
    """Later notes come a bar later, and each still belongs to its line."""
    source = read_source(ORIGINAL, "x.mid")
    later = [ChangeNote(n, start=n.start + BAR, end=n.end + BAR) for n in source.notes if n.start >= 3 * BAR]
    come = edited(source, later)
    assert heard(back(damage.one_clip(come)).midi) == heard(come)


def test_everything_a_person_added_besides_notes_stays() -> None:
    come = with_events(
        ORIGINAL, 1, control(480, 11, 40), control(960, 1, 77), RawEvent(500, 0xE0, -1, bytes((0, 80))),
        RawEvent(700, 0xE0, -1, bytes((0, 64))), RawEvent(720, 0xD0, -1, bytes((9,))), meta(960, 0x05, b"la"),
        meta(1000, TEXT, b"here"), RawEvent(0, 0xF0, -1, b"\x7e\x7f\x09\x01\xf7"),
    )  # fmt: skip
    come = with_events(come, 0, meta(2 * BAR, MARKER, b"new"), meta(0, 0x02, b"mine"), meta(BAR, 0x07, b"cue"))
    for change in (lambda data: data, damage.no_names, damage.numbered_names, damage.all_on_channel_1):
        result = back(change(come)).midi
        added = [e for e in track(come, "Melody") if e not in track(ORIGINAL, "Melody")]
        assert [e for e in added if e not in track(result, "Melody")] == []
        assert {decoded(e.data) for e in tracks_in(result)[0]} >= {"new", "mine", "cue", "A", "B"}


def test_in_one_track_controllers_go_back_to_the_line_that_had_them() -> None:
    come = damage.all_on_channel_1(damage.type_0(with_events(ORIGINAL, 2, control(333, 64, 99, 1))))
    pedal = [e for e in track(back(come).midi, "Piano") if e.status == 0xB1 and e.data[0] == 64]
    assert len(pedal) == 17 and control(333, 64, 99, 1) in pedal
    assert back(damage.all_on_channel_1(damage.type_0(ORIGINAL))).midi == ORIGINAL


def test_what_the_file_states_wins_and_is_told() -> None:
    tracks = [
        [
            e._replace(data=bytes.fromhex("07a120")) if e.meta == SET_TEMPO else e
            for e in t
            if e.meta != SET_TEMPO or not e.tick
        ]
        for t in tracks_in(ORIGINAL)
    ]
    tracks[1] = [e._replace(data=b"Whistle") if e.meta == TRACK_NAME else e for e in tracks[1]]
    tracks[1] = [e._replace(data=bytes((78,))) if e.status == 0xC0 else e for e in tracks[1]]
    result = back(file_of(tracks, ORIGINAL))
    source = read_source(result.midi, "x.mid")
    assert source.track_names[1] == "Whistle" and source.notes[0].program == 78
    assert [int.from_bytes(e.data) for e in source.metas(SET_TEMPO)] == [500_000]
    assert result.report.stated == (
        "tempo 120 bpm, not 96 bpm", "Whistle: name Whistle, not Melody", "Whistle: program 79, not 74",
    )  # fmt: skip


def test_what_a_program_writes_that_knows_nothing_is_not_believed() -> None:
    def plain(e: RawEvent) -> RawEvent:
        if e.meta == KEY_SIGNATURE:
            return e._replace(data=b"\0\0")
        return e._replace(data=b"\0") if e.status & 0xF0 == 0xC0 else e

    come = file_of([[plain(e) for e in t] for t in tracks_in(damage.numbered_names(ORIGINAL))], ORIGINAL)
    assert back(come).midi == ORIGINAL


def test_four_four_without_a_tempo_is_a_program_s_own() -> None:
    waltz = bytes_of(replace(piece(), meter=Meter(3, 4), length=11 * 1440))
    bare = damage.no_tempo(damage.no_metre(waltz))
    four_four = with_events(bare, 0, meta(0, 0x58, b"\4\2\x18\x08"))
    assert back(four_four, waltz).midi == waltz
    at_110 = with_events(four_four, 0, meta(0, SET_TEMPO, (545_455).to_bytes(3)))
    assert "metre 4/4, not 3/4" in back(at_110, waltz).report.stated


@pytest.mark.parametrize("name", ["Track 3", "MIDI 01", "Untitled", "Inst 2", "Instrument Track 1", "Channel 10", ""])
def test_names_that_programs_make_up_are_no_names(name: str) -> None:
    assert is_empty_name(name)


@pytest.mark.parametrize("name", ["Melody", "Track of tears", "Violin I", "Pad 2", "My clip"])
def test_names_that_people_give_are_names(name: str) -> None:
    assert not is_empty_name(name)


def test_a_note_in_the_empty_bar_in_front_keeps_that_bar() -> None:
    late = damage.bars_in_front(BAR)(ORIGINAL)
    come = edited(read_source(late, "x.mid"), [InsertNote(1, 0, 1440, 1900, 70, 64)])
    result = back(come)
    before = {(n, s + BAR, e + BAR, p, v) for n, s, e, p, v in heard(ORIGINAL)}
    assert {*heard(result.midi)} - before == {("Melody", 1440, 1900, 70, 64)}
    assert [m.tick for m in read_source(result.midi, "x.mid").markers] == [BAR, 5 * BAR]
    assert checked(result.midi, "x.mid").is_clean


def test_a_piece_that_a_person_made_shorter_is_shorter_only_without_its_chords() -> None:
    notes = [n for n in read_source(ORIGINAL, "x.mid").notes if n.start >= 6 * BAR]
    result = back(edited(read_source(ORIGINAL, "x.mid"), [DeleteNote(n) for n in notes]))
    assert read_source(result.midi, "x.mid").end_tick == 8 * BAR


def test_the_person_s_own_timing_of_some_notes_stays() -> None:
    source = read_source(ORIGINAL, "x.mid")
    some = [n for n in source.notes if n.track == 4 and n.pitch == 38]
    come = edited(source, [ChangeNote(n, start=n.start - 10, end=n.end - 10) for n in some])
    assert heard(back(come).midi) == heard(come)


def test_of_another_piece_little_is_found() -> None:
    other = with_notes(apart(), "Melody", lambda notes: [Note(n.start + 77, n.pitch + 30, 100, 9) for n in notes])
    other = with_notes(other, "Piano", lambda notes: [Note(n.start + 177, n.pitch + 31, 50, 8) for n in notes])
    other = with_notes(other, "Bass", lambda notes: [Note(n.start + 277, n.pitch + 61, 50, 8) for n in notes])
    assert back(damage.one_clip(bytes_of(other))).share < SHARE_MIN


def test_by_the_brief_alone_form_names_and_instruments_come_back() -> None:
    bare = damage.chain(
        damage.no_conductor, damage.no_names, damage.no_programs, damage.no_controllers, damage.bars_in_front(BAR),
        damage.of_resolution(96),
    )  # fmt: skip
    result = by_brief(bare(bytes_of(apart())))
    source = read_source(result.midi, "x.mid")
    assert source.track_names == ("Small piece", "Melody", "Accompaniment", "Bass")
    assert {n.track: n.program for n in source.notes} == {1: 73, 2: 0, 3: 32}
    assert [(m.tick, m.text) for m in source.markers] == [(0, "A"), (4 * BAR, "B")]
    assert source.notes[0].start == 0 and checked(result.midi, "x.mid").is_clean
    assert {r.origin for r in result.report.rebuilt if r.what in ("song", "setup", "shift")} == {"art.brief.json"}


def test_without_anything_known_it_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing is known"):
        returned(ORIGINAL, "back.mid", None)


def test_the_report_is_plain_json_values() -> None:
    found = back(damage.one_clip(ORIGINAL)).report.as_json()
    assert found["format"] == "composer.import/1" and found["notes"] == found["notes_found"] == 80
    assert found["tracks"][0] == {"name": "Melody", "matched_by": "notes"}
    assert {"what": "type", "from": None, "text": "a type 0 file, now of type 1"} in found["rebuilt"]


def test_what_a_conductor_says_to_synthesizers_stays_there() -> None:
    reset = RawEvent(0, 0xF0, -1, bytes.fromhex("7E7F0901F7"))
    result = back(with_events(ORIGINAL, 0, reset))
    assert reset in read_source(result.midi, "x.mid").tracks[0]
    assert len(read_source(result.midi, "x.mid").tracks) == len(read_source(ORIGINAL, "x.mid").tracks)


def test_a_pedal_that_a_person_took_away_stays_away() -> None:
    data = ORIGINAL
    tracks = [[e for e in t if e.status & 0xF0 != 0xB0 or e.data[0] != 64] for t in read_source(data, "x.mid").tracks]
    result = back(smf_bytes(1, 480, tracks))
    assert not any(e.status & 0xF0 == 0xB0 and e.data[0] == 64 for t in read_source(result.midi, "x").tracks for e in t)


def cut_out(data: bytes, bar: int) -> bytes:
    """Without a bar (from 1): what comes later comes a bar earlier, what sounds into it ends there, set-ups stay."""
    first, last = (bar - 1) * BAR, bar * BAR
    gone = {
        (n.track, i)
        for n in read_source(data, "x.mid").notes
        if first <= n.start < last
        for i in (n.on_index, n.off_index)
    }
    tracks = []
    for number, events in enumerate(tracks_in(data)):
        kept = [
            e
            for i, e in enumerate(events)
            if (number, i) not in gone and (e.tick < first or e.tick >= last or not e.tick)
        ]
        tracks.append([e._replace(tick=e.tick - BAR if e.tick >= last else min(e.tick, first)) for e in kept])
    return file_of(tracks, data, trim=True)


@pytest.mark.parametrize("bar", range(1, 8))
def test_a_bar_that_a_person_took_out_is_not_put_back(bar: int) -> None:
    come = cut_out(ORIGINAL, bar)
    result = back(come)
    assert not result.report.has("shift") and not result.report.has_loss
    assert heard(result.midi) == heard(come)


def with_copy(data: bytes, bar: int) -> bytes:
    """A bar (from 1) pasted once more behind itself; set-ups stay."""
    at = bar * BAR
    tracks = []
    for events in tracks_in(data):
        copied = [e._replace(tick=e.tick + BAR) for e in events if damage.is_note(e) and at - BAR <= e.tick < at]
        tracks.append([*copied, *(e._replace(tick=e.tick + BAR) if e.tick >= at else e for e in events)])
    return file_of(tracks, data)


@pytest.mark.parametrize("bar", range(1, 8))
def test_a_bar_that_a_person_pasted_twice_stays(bar: int) -> None:
    come = with_copy(ORIGINAL, bar)
    for change in (lambda data: data, damage.no_names, damage.no_markers, damage.type_0):
        result = back(change(come))
        assert heard(result.midi) == heard(come)


def test_a_first_bar_pasted_twice_leaves_the_order_of_what_leads() -> None:
    original = with_events(ORIGINAL, 0, meta(0, 0x54, b"`\0\0\0\0"), meta(300, TEXT, b"here"))
    come = with_copy(original, 1)
    result = back(damage.no_names(come), original)
    ticks = [e.tick for e in read_source(result.midi, "x.mid").tracks[0]]
    assert ticks == sorted(ticks) and heard(result.midi) == heard(come)
