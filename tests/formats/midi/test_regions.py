"""Splicing new bars into a file: the seams, the resolutions, tracks that went or came, bars that went or came."""

from __future__ import annotations

from dataclasses import replace

import mido
import pytest

from composer.contract.stage import checked
from composer.errors import OverLimit
from composer.formats.midi.regions import FileCells, cells_in, cells_of, spliced
from composer.formats.midi.scan import END_OF_TRACK, META, RawEvent
from composer.formats.midi.source import read_source, smf_bytes
from composer.formats.midi.writer import midi_bytes
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import CHORDS, DRUMS, MELODY, ChordSpan, Control, Note, Part, Piece, Tempo
from composer.music.regions import Region, Track
from composer.music.time import Meter
from tests.formats.pieces import small_piece
from tests.formats.splicing import end_of, in_one_track, opened, played, resolved, saved, timed, untimed

BAR = 1920


def _piece(*parts: Part, bars: int = 4, chords: tuple[ChordSpan, ...] = (), meter: Meter = Meter(4, 4)) -> Piece:  # noqa: B008
    length = bars * meter.bar_ticks
    return Piece("Song", meter, key_of("C", "major"), (Tempo(0, 100.0),), parts, length, chords=chords)


def _melody(*notes: Note, controls: tuple[Control, ...] = ()) -> Part:
    return Part("Melody", MELODY, 73, notes, controls)


def _piano(*notes: Note, controls: tuple[Control, ...] = ()) -> Part:
    return Part("Piano", CHORDS, 0, notes, controls)


def _spliced(before: Piece | bytes, composed: Piece, *cells: tuple[str, int]) -> bytes:
    data = before if isinstance(before, bytes) else midi_bytes(before)
    return spliced(read_source(data, "x.mid"), composed, frozenset(cells))


def _notes(data: bytes, track: int = 1) -> list[tuple[int, int, int]]:
    return [(n.start, n.end, n.pitch) for n in played(opened(data)) if n.track == track]


def _pedal(data: bytes, track: int = 1) -> list[tuple[int, int]]:
    events = timed(opened(data).tracks[track])
    return [(tick, m.value) for tick, m in events if m.type == "control_change" and m.control == 64]


def _texts(data: bytes) -> list[tuple[int, str]]:
    return [(tick, m.text) for tick, m in timed(opened(data).tracks[-1]) if m.type == "text"]


def _names(data: bytes) -> list[str]:
    return [track.name for track in opened(data).tracks]


def _without_track(data: bytes, name: str) -> bytes:
    file = opened(data)
    file.tracks = [track for track in file.tracks if track.name != name]
    return saved(file)


def _renamed(data: bytes, old: str, new: str) -> bytes:
    file = opened(data)
    for track in file.tracks:
        for message in track:
            if message.type == "track_name" and message.name == old:
                message.name = new
    return saved(file)


def test_no_cells_give_the_very_bytes() -> None:
    data = midi_bytes(small_piece())
    assert _spliced(data, _piece(_melody(Note(0, 60, 480)))) == data


def test_the_same_piece_in_all_cells_gives_the_very_bytes() -> None:
    piece = small_piece()
    source = read_source(midi_bytes(piece), "x.mid")
    assert spliced(source, piece, cells_in(source, Region())) == midi_bytes(piece)


def test_the_tracks_and_bars_of_a_file() -> None:
    tracks = (
        Track("Melody", "melody"),
        Track("Piano", "accompaniment"),
        Track("Bass", "bass"),
        Track("Drums", "drums"),
    )
    source = read_source(midi_bytes(small_piece()), "x.mid")
    assert cells_of(source) == FileCells((*tracks, Track("Chords")), 2)


def test_a_region_means_tracks_by_name_or_role_and_may_reach_beyond_the_end() -> None:
    source = read_source(midi_bytes(small_piece()), "x.mid")
    assert cells_in(source, Region(None, ("melody",))) == {("Melody", 1), ("Melody", 2)}
    assert cells_in(source, Region(frozenset({2, 3}), ("accompaniment",))) == {("Piano", 2), ("Piano", 3)}


def test_a_kept_note_that_sounds_into_the_region_stays_whole_and_a_new_one_of_its_pitch_waits() -> None:
    before = _piece(_melody(Note(960, 60, 1440), Note(1440, 64, 1900)))
    new = _piece(_melody(Note(BAR, 60, 960), Note(BAR, 64, 1440), Note(BAR, 67, 480)))
    assert _notes(_spliced(before, new, ("Melody", 2))) == [
        (960, 2400, 60), (1440, 3340, 64), (BAR, 2400, 67), (2400, 2880, 60)
    ]  # fmt: skip


def test_a_new_note_ends_where_a_kept_bar_begins_and_an_old_one_goes_whole() -> None:
    before = _piece(_melody(Note(BAR, 60, 3000), Note(2 * BAR + 1200, 62, 480)))
    new = _piece(_melody(Note(3000, 65, 1920), Note(2 * BAR, 72, 480)))
    assert _notes(_spliced(before, new, ("Melody", 2))) == [(3000, 2 * BAR, 65), (5040, 5520, 62)]


def test_a_new_note_sounds_on_into_a_bar_that_is_new_too() -> None:
    new = _piece(_melody(Note(3000, 65, 1920)))
    data = _spliced(_piece(_melody(Note(0, 60, 480))), new, ("Melody", 2), ("Melody", 3))
    assert _notes(data) == [(0, 480, 60), (3000, 4920, 65)]


def test_a_pedal_over_the_border_before_is_lifted_where_none_was_composed() -> None:
    before = _piece(_piano(Note(0, 60, 480), controls=(Control(960, 64, 127), Control(2400, 64, 0))))
    assert _pedal(_spliced(before, _piece(_piano(Note(BAR, 60, 480))), ("Piano", 2))) == [(960, 127), (BAR, 0)]


def test_a_pedal_that_was_composed_over_the_border_before_is_pressed_there() -> None:
    new = _piece(_piano(Note(BAR, 60, 480), controls=(Control(960, 64, 127), Control(2400, 64, 0))))
    assert _pedal(_spliced(_piece(_piano(Note(0, 60, 480))), new, ("Piano", 2))) == [(BAR, 127), (2400, 0)]


def test_the_kept_bar_after_finds_the_pedal_as_it_was() -> None:
    down = _piece(_piano(Note(0, 60, 480), controls=(Control(2400, 64, 90), Control(4000, 64, 0))))
    up = _piece(_piano(Note(BAR, 60, 480)))
    assert _pedal(_spliced(down, up, ("Piano", 2))) == [(2 * BAR - 1, 90), (4000, 0)]
    assert _pedal(_spliced(up, down, ("Piano", 2))) == [(2400, 90), (2 * BAR - 1, 0)]


def test_a_pedal_that_is_never_lifted_is_lifted_at_the_end() -> None:
    new = _piece(_piano(Note(0, 60, 480), controls=(Control(7000, 64, 127),)))
    data = _spliced(_piece(_piano(Note(0, 60, 480))), new, ("Piano", 4))
    assert _pedal(data) == [(7000, 127), (4 * BAR - 1, 0)]
    assert checked(data, "x.mid").violations == ()


def test_chords_are_those_composed_and_the_kept_bar_says_again_what_held_there() -> None:
    first = (ChordSpan(0, 3 * BAR, chord_of("C")), ChordSpan(3 * BAR, 4 * BAR, chord_of("F")))
    second = (ChordSpan(0, BAR + 960, chord_of("Am")), ChordSpan(BAR + 960, 4 * BAR, chord_of("G")))
    note = _melody(Note(0, 60, 480))
    data = _spliced(_piece(note, chords=first), _piece(note, chords=second), ("Chords", 2))
    assert _texts(data) == [(0, "C"), (BAR, "Am"), (BAR + 960, "G"), (2 * BAR, "C"), (3 * BAR, "F")]


def test_a_chord_that_is_said_again_at_the_border_is_not_said_twice() -> None:
    first = tuple(ChordSpan(bar * BAR, (bar + 1) * BAR, chord_of("C")) for bar in range(4))
    second = (ChordSpan(0, 4 * BAR, chord_of("Am")),)
    note = _melody(Note(0, 60, 480))
    data = _spliced(_piece(note, chords=first), _piece(note, chords=second), ("Chords", 2))
    assert _texts(data) == [(0, "C"), (BAR, "Am"), (2 * BAR, "C"), (3 * BAR, "C")]


def test_a_text_in_the_chord_track_that_is_no_chord_stays() -> None:
    note, file = _melody(Note(0, 60, 480)), opened(midi_bytes(small_piece()))
    file.tracks[-1].insert(1, mido.MetaMessage("text", text="more here"))
    data = _spliced(saved(file), _piece(note, bars=2, chords=(ChordSpan(0, 3840, chord_of("Am")),)), ("Chords", 1))
    assert _texts(data) == [(0, "more here"), (0, "Am"), (1920, "Bb7/D")]


@pytest.mark.parametrize("ppq", [24, 96, 120, 960, 1000])
def test_at_any_resolution_notes_have_a_length_and_do_not_overlap(ppq: int) -> None:
    runs = tuple(Note(BAR + 7 * n, 60 + n % 2, 7) for n in range(200))
    data = resolved(midi_bytes(_piece(_melody(Note(0, 60, 480)))), ppq)
    after = _spliced(data, _piece(_melody(*runs)), ("Melody", 2))
    ends: dict[int, int] = {}
    new = [note for note in _notes(after) if note[0] >= 4 * ppq]
    assert new
    for start, end, pitch in new:
        assert start < end <= 8 * ppq
        assert start >= ends.get(pitch, 0)
        ends[pitch] = end


def test_note_ons_of_velocity_0_end_the_notes_that_go() -> None:
    file = opened(midi_bytes(_piece(_melody(Note(0, 60, 480), Note(BAR, 62, 480)))))
    track = file.tracks[1]
    file.tracks[1] = untimed(
        [(t, m.copy(velocity=0) if m.type == "note_off" else m) for t, m in timed(track)], end_of(track)
    )
    assert _notes(_spliced(saved(file), _piece(_melody(Note(BAR, 65, 960))), ("Melody", 2))) == [
        (0, 480, 60), (BAR, BAR + 960, 65)
    ]  # fmt: skip


def test_a_note_off_that_ends_nothing_does_not_cut_a_new_note() -> None:
    file = opened(midi_bytes(_piece(_melody(Note(0, 60, 480)))))
    events = [*timed(file.tracks[1]), (BAR + 480, mido.Message("note_off", note=65))]
    file.tracks[1] = untimed(events, 4 * BAR)
    assert (BAR, BAR + 960, 65) in _notes(_spliced(saved(file), _piece(_melody(Note(BAR, 65, 960))), ("Melody", 2)))


def test_unknown_meta_events_and_system_exclusive_stay_byte_for_byte() -> None:
    source = read_source(midi_bytes(_piece(_melody(Note(BAR, 60, 480)))), "x.mid")
    strange = [RawEvent(BAR, META, 0x60, b"\x01\xff"), RawEvent(BAR + 1, 0xF0, -1, b"\x7e\x09\xf7")]
    tracks = [list(track) for track in source.tracks]
    tracks[1] = [*sorted([*tracks[1][:-1], *strange], key=lambda e: e.tick), tracks[1][-1]]
    data = smf_bytes(1, 480, tracks)
    after = read_source(_spliced(data, _piece(_melody(Note(BAR, 72, 480))), ("Melody", 2)), "x.mid")
    assert [e for e in after.tracks[1] if e in strange] == strange
    assert [n.pitch for n in after.notes] == [72]


def test_a_deleted_track_stays_deleted_unless_it_is_named() -> None:
    piece = _piece(_melody(Note(0, 72, 480)), _piano(Note(0, 60, 480), Note(BAR, 64, 480)))
    data = _without_track(midi_bytes(piece), "Piano")
    assert _spliced(data, piece, ("Melody", 1), ("Melody", 2)) == data
    after = _spliced(data, piece, ("Piano", 2))
    assert _names(after) == ["Song", "Melody", "Piano", "Chords"]
    assert _notes(after, 2) == [(BAR, BAR + 480, 64)]
    assert checked(after, "x.mid").violations == ()


def test_a_track_that_is_added_plays_on_a_free_channel() -> None:
    piece = _piece(_melody(Note(0, 72, 480)), _piano(Note(0, 60, 480)))
    own = _piece(Part("Mine", MELODY, 80, (Note(0, 50, 480),)), Part("Also mine", CHORDS, 81, (Note(0, 40, 480),)))
    after = _spliced(_without_track(midi_bytes(own), "Chords"), piece, ("Piano", 1))
    assert _names(after) == ["Song", "Mine", "Also mine", "Piano"]
    assert {n.channel for n in played(opened(after)) if n.track == 3} == {2}


def test_no_channel_is_free() -> None:
    crowd = [Part(f"Voice {n}", CHORDS, 40 + n, (Note(0, 40 + n, 480),)) for n in range(15)]
    with pytest.raises(OverLimit, match="no MIDI channel is free for 'Strange'"):
        _spliced(_piece(*crowd), _piece(Part("Strange", MELODY, 100, (Note(0, 60, 480),))), ("Strange", 1))


def test_a_chord_track_that_is_named_and_not_there_is_added() -> None:
    piece = _piece(_melody(Note(0, 72, 480)), chords=(ChordSpan(0, 4 * BAR, chord_of("Am")),))
    after = _spliced(_without_track(midi_bytes(piece), "Chords"), piece, ("Chords", 2))
    assert _names(after) == ["Song", "Melody", "Chords"]
    assert _texts(after) == [(BAR, "Am"), (2 * BAR, "N.C.")]


def test_a_renamed_track_is_still_the_part_that_it_was() -> None:
    piece = _piece(_melody(Note(0, 72, 480)), _piano(Note(0, 60, 480)))
    data = _renamed(midi_bytes(piece), "Melody", "Flute solo")
    new = _piece(_melody(Note(0, 79, 480)), _piano(Note(0, 48, 480)))
    after = _spliced(data, new, ("Flute solo", 1))
    assert (_notes(after, 1), _notes(after, 2)) == ([(0, 480, 79)], [(0, 480, 60)])
    assert _spliced(data, new, ("Melody", 1)) == after


def test_a_track_that_only_plays_where_the_deleted_one_did_is_not_taken_for_it() -> None:
    """Their viola is the highest line of the file now, and still no melody of ours."""
    own = Part("Viola", CHORDS, 41, (Note(0, 90, 480),))
    before = _piece(own, _piano(Note(0, 60, 480)))
    after = _spliced(before, _piece(_melody(Note(0, 74, 480)), _piano(Note(0, 62, 480))), ("Viola", 1))
    assert _notes(after, 1) == [(0, 480, 90)]


def test_a_track_that_a_person_added_is_left_alone() -> None:
    own = Part("Theremin", CHORDS, 95, (Note(0, 90, 480), Note(BAR, 91, 480)))
    before = _piece(_melody(Note(0, 72, 480)), _piano(Note(0, 60, 480)), own)
    after = _spliced(before, _piece(_melody(Note(0, 74, 480)), _piano(Note(0, 62, 480))), *((n, 1) for n in _ALL))
    assert _notes(after, 3) == [(0, 480, 90), (BAR, BAR + 480, 91)]
    assert (_notes(after, 1), _notes(after, 2)) == ([(0, 480, 74)], [(0, 480, 62)])


_ALL = ("Melody", "Piano", "Theremin", "Chords")


def test_a_track_that_fell_silent_is_filled_again_on_its_channel() -> None:
    piece = _piece(_melody(Note(0, 72, 480)), _piano(Note(0, 60, 480)))
    file = opened(midi_bytes(piece))
    file.tracks[2] = untimed([e for e in timed(file.tracks[2]) if not e[1].type.startswith("note")], 4 * BAR)
    after = _spliced(saved(file), piece, ("Piano", 1))
    assert after == midi_bytes(piece)


def test_bars_are_added_at_the_end_and_all_tracks_end_with_them() -> None:
    short = _piece(_melody(Note(0, 72, 480)), _piano(Note(0, 60, 480)), bars=2)
    long = _piece(_melody(Note(0, 72, 480), Note(3 * BAR, 74, 480)), _piano(Note(2 * BAR, 62, 480)), bars=4)
    cells = [(name, bar) for name in ("Melody", "Piano", "Chords") for bar in (3, 4)]
    after = _spliced(short, long, *cells)
    assert [end_of(track) for track in opened(after).tracks] == [4 * BAR] * 4
    assert _notes(after, 1) == [(0, 480, 72), (3 * BAR, 3 * BAR + 480, 74)]
    assert _notes(after, 2) == [(0, 480, 60), (2 * BAR, 2 * BAR + 480, 62)]
    assert _spliced(short, short, *cells) == midi_bytes(short)


def test_bars_beyond_the_new_end_fall_silent_and_go_when_all_of_them_are_named() -> None:
    long = _piece(_melody(Note(0, 72, 480), Note(3 * BAR, 74, 480)), _piano(Note(0, 60, 480), Note(5000, 62, 2000)))
    short = _piece(_melody(Note(0, 76, 480)), _piano(Note(0, 64, 480)), bars=2)
    some = _spliced(long, short, ("Melody", 3), ("Melody", 4))
    assert _notes(some, 1) == [(0, 480, 72)]
    assert [end_of(track) for track in opened(some).tracks] == [4 * BAR] * 4
    every = [(name, bar) for name in ("Melody", "Piano", "Chords") for bar in (3, 4)]
    all_of_them = _spliced(long, short, *every)
    assert [end_of(track) for track in opened(all_of_them).tracks] == [2 * BAR] * 4
    assert _notes(all_of_them, 2) == [(0, 480, 60)]


def test_something_of_a_person_beyond_the_new_end_keeps_the_end() -> None:
    file = opened(midi_bytes(_piece(_melody(Note(0, 72, 480), Note(3 * BAR, 74, 480)))))
    events = [*timed(file.tracks[1]), (7 * 960, mido.Message("control_change", control=11, value=3))]
    file.tracks[1] = untimed(sorted(events, key=lambda e: e[0]), 4 * BAR)
    short = _piece(_melody(Note(0, 76, 480)), bars=2)
    after = _spliced(saved(file), short, *((name, bar) for name in ("Melody", "Chords") for bar in (3, 4)))
    assert [end_of(track) for track in opened(after).tracks] == [4 * BAR] * 3


def test_a_file_that_ends_within_a_bar_ends_with_the_bar_when_it_must() -> None:
    file = opened(midi_bytes(_piece(_melody(Note(0, 72, 480)), bars=2)))
    file.tracks = [untimed([e for e in timed(track) if e[0] < 3000], 3000) for track in file.tracks]
    after = _spliced(saved(file), _piece(_melody(Note(BAR, 74, 1800)), bars=2), ("Melody", 2))
    assert [end_of(track) for track in opened(after).tracks] == [2 * BAR] * 3


def test_bars_are_counted_by_the_metres_of_the_file() -> None:
    """4/4, then 3/4 from bar 3 on: bar 4 is the quarter notes 11 to 13."""
    file = opened(midi_bytes(_piece(_melody(*(Note(480 * n, 60 + n, 480) for n in range(14))))))
    change = (2 * BAR, mido.MetaMessage("time_signature", numerator=3, denominator=4))
    file.tracks[0] = untimed([*timed(file.tracks[0]), change], 4 * BAR)
    new = _piece(_melody(*(Note(480 * n, 40 + n, 480) for n in range(16))))
    after = _spliced(saved(file), new, ("Melody", 4))
    pitches = [pitch for _, _, pitch in _notes(after)]
    assert pitches == [*range(60, 71), 51, 52, 53]


def test_drums_stay_on_their_channel() -> None:
    kit = Part("Drums", DRUMS, 0, (Note(0, 36, 60), Note(BAR, 38, 60)))
    new = _piece(_melody(Note(0, 60, 480)), replace(kit, notes=(Note(BAR, 42, 60),)))
    data = _spliced(_piece(_melody(Note(0, 60, 480)), kit), new, ("Drums", 2))
    assert [(n.start, n.pitch, n.channel) for n in played(opened(data)) if n.track == 2] == [(0, 36, 9), (BAR, 42, 9)]


def test_one_track_with_everything_on_one_channel_gets_all_parts() -> None:
    piece = _piece(_melody(Note(0, 72, 480), Note(BAR, 74, 480)), _piano(Note(0, 60, 480), Note(BAR, 62, 480)))
    file = opened(in_one_track(midi_bytes(piece)))
    file.tracks[0] = untimed(
        [(t, m.copy(channel=0) if hasattr(m, "channel") else m) for t, m in timed(file.tracks[0])], 4 * BAR
    )
    new = _piece(_melody(Note(BAR, 84, 480)), _piano(Note(BAR, 48, 960)))
    after = _spliced(saved(file), new, ("Random", 2))
    assert _notes(after, 0) == [(0, 480, 60), (0, 480, 72), (BAR, BAR + 960, 48), (BAR, BAR + 480, 84)]


def test_a_part_that_a_type_0_file_lacks_comes_on_a_channel_of_its_own() -> None:
    before = in_one_track(midi_bytes(_piece(_melody(Note(0, 72, 480)), _piano(Note(0, 60, 480)))))
    kit = Part("Drums", DRUMS, 0, (Note(BAR, 38, 60),))
    after = _spliced(before, _piece(_melody(Note(BAR, 74, 480)), _piano(), kit), ("Random", 2))
    assert opened(after).type == 0
    assert {(n.channel, n.pitch) for n in played(opened(after))} == {(0, 72), (1, 60), (0, 74), (9, 38)}


def test_a_track_without_an_end_gets_one_only_when_it_changes() -> None:
    source = read_source(midi_bytes(_piece(_melody(Note(0, 60, 480)))), "x.mid")
    bare = smf_bytes(1, 480, [[e for e in track if e.meta != END_OF_TRACK] for track in source.tracks])
    after = _spliced(bare, _piece(_melody(Note(0, 64, 480))), ("Melody", 1))
    assert _notes(after) == [(0, 480, 64)]


def test_a_note_just_before_a_kept_bar_is_not_rounded_into_it() -> None:
    data = resolved(midi_bytes(_piece(_melody(Note(0, 60, 480)))), 96)
    after = _spliced(data, _piece(_melody(Note(2 * BAR - 1, 65, 480))), ("Melody", 2))
    assert _notes(after) == [(0, 96, 60), (8 * 96 - 1, 8 * 96, 65)]


def test_silent_bars_that_are_not_named_keep_the_end() -> None:
    before = _piece(_melody(Note(0, 72, 480)))
    after = _spliced(before, _piece(_melody(Note(0, 76, 480)), bars=2), ("Melody", 1), ("Melody", 4))
    assert [end_of(track) for track in opened(after).tracks] == [4 * BAR] * 3
