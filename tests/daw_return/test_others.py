"""Pieces that are not of composer's own form: what they lack was never lost, and what they have comes back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from composer.compare.stage import compared
from composer.compare.summary import summary_of
from composer.formats.midi.scan import CONTROL, META, NOTE_OFF, NOTE_ON, PROGRAM, SYSEX, TIME_SIGNATURE, RawEvent
from composer.formats.midi.source import (
    CUE,
    LYRIC,
    TRACK_NAME,
    ChangeNote,
    DeleteNote,
    InsertNote,
    edited,
    read_source,
)
from composer.music.notes import BASS, DRUMS, MELODY, Note, Part
from tests.compare.pieces import BAR, bytes_of, piece
from tests.daw_return import damage
from tests.daw_return.damage import file_of, is_note, tracks_in
from tests.daw_return.hands import heard
from tests.daw_return.test_stage import back, control, meta

RESOLUTIONS = (24, 96, 120, 384, 480, 960, 1024)
SYLLABLES = ("la", "le", "lu")


def others(ticks: int) -> bytes:
    """A piece at ``ticks`` to the quarter: no title, no names, volumes and pans, released with a velocity, with words,
    ports, a cue point, an exclusive message, and a note of the piano struck again while it sounds."""
    tracks = [t for t in tracks_in(bytes_of()) if not t[0].data.startswith(b"Chords")]
    for number, track in enumerate(tracks):
        track[:] = [
            replace_data(e, bytes((e.data[0], 64))) if e.status & 0xF0 == NOTE_OFF and is_note(e) else e
            for e in track
            if e.meta != TRACK_NAME and not (e.status & 0xF0 == CONTROL and e.data[0] in (7, 10))
        ]
        if number:
            track.insert(0, meta(0, 0x21, bytes((number % 2,))))
    tracks[0] += [meta(3 * BAR, CUE, b"door"), RawEvent(0, SYSEX, -1, b"\x05\x7e\x7f\x09\x01\xf7"[1:])]
    tracks[1] += [meta(i * 960, LYRIC, word.encode()) for i, word in enumerate(SYLLABLES)]
    tracks[2] += [RawEvent(t, s | 1, -1, bytes((50, v))) for t, s, v in ((960, NOTE_ON, 99), (2040, NOTE_OFF, 64))]
    return damage.of_resolution(ticks)(file_of(tracks, bytes_of()))


def replace_data(event: RawEvent, data: bytes) -> RawEvent:
    return event._replace(data=data)


def sounding(data: bytes) -> Counter[tuple[int, ...]]:
    """All notes, with their channels."""
    return Counter((n.channel, n.start, n.end, n.pitch, n.velocity) for n in read_source(data, "x.mid").notes)


def besides_notes(data: bytes) -> list[Counter[tuple[object, ...]]]:
    """What each track says besides notes; ends aside."""
    tracks = read_source(data, "x.mid").tracks
    return [Counter((*e[:3], e.data) for e in t if e.meta != 0x2F and not is_note(e)) for t in tracks]


def nudged(data: bytes, number: int = 5) -> bytes:
    """Another velocity for one note."""
    source = read_source(data, "x.mid")
    return edited(source, [ChangeNote(source.notes[number], velocity=source.notes[number].velocity + 1)])


@pytest.mark.parametrize("ticks", RESOLUTIONS)
def test_a_file_in_which_nothing_is_missing_stays_as_it_came(ticks: int) -> None:
    known = others(ticks)
    come = nudged(known)
    result = back(come, known)
    assert result.midi == come
    assert (result.report.changed, result.report.rebuilt, result.report.remaining) == (1, (), ())


@pytest.mark.parametrize("ticks", RESOLUTIONS)
@pytest.mark.parametrize("saved", [96, 480, 960])
def test_a_bare_export_comes_back_at_the_resolution_of_its_piece(ticks: int, saved: int) -> None:
    known = others(ticks)
    bare = damage.chain(damage.of_resolution(saved), damage.no_controllers, damage.without(LYRIC, CUE, 0x21, 0x06))
    result = back(bare(known), known)
    assert read_source(result.midi, "x.mid").ticks_per_beat == ticks
    assert besides_notes(result.midi) == besides_notes(known)
    assert sounding(result.midi) == sounding(known)
    told = " ".join(result.report.lines())
    assert "3 lyrics" in told and "1 cue point" in told and "names" not in told and "volumes" not in told


def test_a_composed_piece_saved_elsewhere_still_has_480_ticks() -> None:
    for ticks in (96, 960):
        assert back(damage.of_resolution(ticks)(bytes_of())).midi == bytes_of()


def test_unisons_of_the_piece_stay_and_new_ones_are_told() -> None:
    known = damage.no_controllers(others(480))
    source = read_source(known, "x.mid")
    first = source.notes[0]
    twice = InsertNote(first.track, first.channel, first.start, first.end + 60, first.pitch, 33)
    come = damage.numbered_names(damage.reversed_tracks(edited(source, [twice])))
    result = back(damage.without(LYRIC)(come), known)
    assert len(read_source(result.midi, "x.mid").notes) == len(source.notes)
    assert [r.text for r in result.report.rebuilt if r.what == "doubles"] == [
        "1 note removed where the same pitch begins at the same time"
    ]
    again = [n for n in read_source(result.midi, "x.mid").notes if n.pitch == 50 and n.channel == 1]
    assert any(a.end > b.start for a, b in pairwise(again))


def test_in_one_track_words_go_back_to_the_line_that_had_them() -> None:
    words = [meta(i * BAR, LYRIC, word.encode()) for i, word in enumerate(SYLLABLES)]
    tracks = tracks_in(bytes_of())
    tracks[3] += words  # the bass sings, below all others
    tracks[0] += [meta(0, 0x7F, b"\x00\x01"), RawEvent(0, SYSEX, -1, b"\x7e\x7f\x09\x01\xf7")]
    known = file_of(tracks, bytes_of())
    result = back(damage.type_0(known), known)
    assert besides_notes(result.midi) == besides_notes(known)


def test_a_piece_without_a_title_gets_none() -> None:
    known = others(480)
    result = back(damage.no_controllers(known), known)
    assert result.report.has_loss and not read_source(result.midi, "x.mid").texts(TRACK_NAME)


def loops() -> bytes:
    """Sixteen bars: drums and bass that repeat by the bar, and a tune that does not."""
    tune = tuple(Note(i * 960, 60 + (5 * i * i + 3 * i) % 17, 900, 70 + i) for i in range(32))
    bass = tuple(Note(i * 480, (36, 36, 43, 36)[i % 4], 400, 80) for i in range(64))
    drums = tuple(Note(i * 240, 42 if i % 2 else 36, 60, 90) for i in range(128))
    parts = (
        Part("Tune", MELODY, 73, tune, gain=104, pan=58), Part("Bass", BASS, 32, bass, gain=96, pan=64),
        Part("Drums", DRUMS, 0, drums, gain=80, pan=66),
    )  # fmt: skip
    return bytes_of(replace(piece(), parts=parts, length=16 * BAR))


@pytest.mark.parametrize("form", [damage.of_resolution(480), damage.told_nothing])
def test_an_empty_bar_before_loops_is_found(form: damage.Damage) -> None:
    come = damage.chain(damage.bars_in_front(BAR), form)(loops())
    result = back(come, loops())
    assert heard(result.midi) == heard(loops())
    assert "all music came 1 bar later: put back (from art.draft.mid)" in result.report.lines()


def test_diff_finds_an_empty_bar_before_loops() -> None:
    difference = compared(loops(), "a.mid", damage.bars_in_front(BAR)(loops()), "b.mid")
    assert difference.shift == BAR and not difference.note_edits


def test_loops_in_which_much_was_changed_are_not_shifted() -> None:
    source = read_source(loops(), "x.mid")
    gone = [DeleteNote(n) for n in source.notes if n.start < BAR]
    result = back(edited(source, gone), loops())
    assert not result.report.has("shift") and result.report.removed == len(gone)


def with_upbeat() -> bytes:
    """A quarter before the first full bar of 4/4."""
    tracks = tracks_in(bytes_of())
    upbeat = meta(0, TIME_SIGNATURE, bytes((1, 2, 24, 8)))
    tracks[0] = [upbeat, *(e._replace(tick=480) if e.meta == TIME_SIGNATURE else e for e in tracks[0])]
    return file_of(tracks, bytes_of())


def test_bars_in_front_of_an_upbeat_are_those_of_the_file_that_has_them() -> None:
    known = with_upbeat()
    tracks = tracks_in(damage.bars_in_front(BAR)(known))
    metres = [(0, 4), (BAR, 1), (BAR + 480, 4)]
    tracks[0] = [e for e in tracks[0] if e.meta != TIME_SIGNATURE]
    tracks[0] += [meta(tick, TIME_SIGNATURE, bytes((upper, 2, 24, 8))) for tick, upper in metres]
    come = file_of(tracks, known)
    assert "all music came 1 bar later: put back (from art.draft.mid)" in back(come, known).report.lines()
    assert summary_of(compared(known, "a.mid", come, "b.mid")).startswith("all music 1 bar later")


def test_a_clip_that_was_placed_is_not_told_to_have_been_shifted() -> None:
    clip = [e._replace(tick=e.tick - 4 * BAR) for e in tracks_in(bytes_of())[1] if is_note(e) and e.tick >= 4 * BAR]
    result = back(file_of([clip], bytes_of(), 0, trim=True))
    assert result.report.has("clip") and not result.report.has("shift")


def test_the_number_of_a_region_is_no_new_name() -> None:
    tracks = tracks_in(bytes_of())
    named = [[replace_data(e, e.data + b" #01") if e.meta == TRACK_NAME else e for e in t] for t in tracks[1:5]]
    result = back(file_of([tracks[0], *named, tracks[5]], bytes_of()))
    assert result.midi == bytes_of()


def test_controllers_of_the_piece_that_a_file_with_others_lacks_are_told() -> None:
    tracks = tracks_in(bytes_of())
    tracks[1].append(RawEvent(960, 0xE0, -1, bytes((0, 80))))
    known = file_of(tracks, bytes_of())
    bent = [[e for e in t if e.status & 0xF0 != 0xE0 or e.status >= SYSEX] for t in tracks]
    result = back(file_of(bent, known), known)
    assert "not in the file and left out: pitch bend" in result.report.lines()


def test_programs_and_volumes_that_begin_late_stay_late() -> None:
    tracks = tracks_in(bytes_of())
    tracks[1] = [
        e._replace(tick=480) if e.status & 0xF0 in (PROGRAM, CONTROL) and e.status < META else e for e in tracks[1]
    ]
    known = file_of([*tracks[:1], [control(30, 11, 90), *tracks[1]], *tracks[2:]], bytes_of())
    result = back(damage.no_markers(known), known)
    assert besides_notes(result.midi) == besides_notes(known)


@pytest.mark.parametrize("name", ["Zweite Flöte", "Скрипка"])
def test_a_name_that_a_person_gave_a_track_stays_as_it_is(name: str) -> None:
    own = replace(piece().parts[0], name="Own", program=72, notes=tuple(Note(i * BAR, 82, 1900, 60) for i in range(8)))
    added = tracks_in(bytes_of(replace(piece(), parts=(*piece().parts, own))))
    named = [[meta(0, TRACK_NAME, name.encode()) if e.data == b"Own" else e for e in track] for track in added]
    result = back(damage.of_resolution(96)(file_of(named, bytes_of())), bytes_of())
    assert name in read_source(result.midi, "x.mid").track_names
    assert not any(name in found.text for found in result.report.rebuilt if found.is_loss)
