"""What composer writes obeys its MIDI contract and comes back equal."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer.errors import Bug, OverLimit
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import ascii_name, end_tick_of, midi_bytes, signature_name, without_overlaps
from composer.music.key import MODES, key_of
from composer.music.notes import CHORDS, DRUMS, MELODY, Control, Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter
from tests.formats.pieces import small_piece


def _read(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


notes = st.builds(
    Note, st.integers(0, 8000), st.integers(0, 127), st.integers(1, 3000), st.integers(1, 127)
)  # fmt: skip
parts = st.lists(st.lists(notes, min_size=1, max_size=20), min_size=1, max_size=6)


@given(parts, st.sampled_from(["4/4", "3/4", "6/8", "2/4"]), st.sampled_from(sorted(MODES)), st.integers(0, 11))
@settings(max_examples=40, deadline=None)
def test_a_piece_comes_back_with_equal_notes(lines: list[list[Note]], meter: str, mode: str, tonic: int) -> None:
    numerator, denominator = (int(n) for n in meter.split("/"))
    roles = [MELODY, *[CHORDS] * (len(lines) - 2), DRUMS][: len(lines)]
    piece = Piece(
        title="さくら (été)",
        meter=Meter(numerator, denominator),
        key=key_of(tonic, mode),
        tempi=(Tempo(0, 96.0), Tempo(700, 140.25)),
        parts=tuple(
            Part(f"Part {i}", role, 5 * i if role != DRUMS else 0, tuple(without_overlaps(line)), (), 100 - i, 40 + i)
            for i, (role, line) in enumerate(zip(roles, lines, strict=True))
        ),
        length=0,
        markers=(Marker(0, "A"), Marker(960, "Bß")),
    )
    piece = replace(piece, length=end_tick_of(piece))
    again = piece_of(read_source(midi_bytes(piece), "x.mid"))
    assert [replace(p, role="") for p in again.parts] == [replace(p, role="") for p in piece.parts]
    assert replace(again, parts=()) == replace(piece, parts=())


def test_the_small_piece_comes_back_whole() -> None:
    piece = small_piece()
    again = piece_of(read_source(midi_bytes(piece), "x.mid"))
    piano = replace(piece.parts[1], controls=(*piece.parts[1].controls, Control(3839, 64, 0)))
    assert again == piece.with_part(piano)


def test_the_same_piece_gives_the_same_bytes() -> None:
    assert midi_bytes(small_piece()) == midi_bytes(small_piece())


def test_track_0_conducts_and_holds_no_notes() -> None:
    conductor = _read(midi_bytes(small_piece())).tracks[0]
    assert all(message.is_meta for message in conductor)
    assert [m.type for m in conductor if m.time == 0][:4] == [
        "track_name",
        "set_tempo",
        "time_signature",
        "key_signature",
    ]
    assert [m.key for m in conductor if m.type == "key_signature"] == ["Eb"]
    assert [m.text for m in conductor if m.type == "marker"] == ["A", "B"]


def test_every_part_has_a_channel_name_program_and_mix_at_the_start() -> None:
    tracks = _read(midi_bytes(small_piece())).tracks
    for track, channel, program in zip(tracks[1:5], (0, 1, 2, 9), (73, 0, 32, 0), strict=True):
        kinds = [m.type for m in track[:4]]
        assert kinds == ["track_name", "program_change", "control_change", "control_change"]
        assert (track[1].program, track[2].control, track[3].control) == (program, 7, 10)
        assert {m.channel for m in track if not m.is_meta} == {channel}
        assert all(m.time == 0 for m in track[:4])
    assert tracks[5].name == "Chords"
    assert [m.text for m in tracks[5] if m.type == "text"] == ["Eb", "Bb7/D"]


def test_all_tracks_end_at_the_same_bar_line() -> None:
    piece = replace(small_piece(), length=3000)
    assert {sum(m.time for m in track) for track in _read(midi_bytes(piece)).tracks} == {3840}


def test_note_offs_come_first_and_the_pedal_is_up_at_the_end() -> None:
    line = (Note(0, 60, 480), Note(480, 60, 480), Note(480, 64, 480))
    part = Part("Piano", CHORDS, 0, line, (Control(0, 64, 127),))
    track = _read(midi_bytes(replace(small_piece(), parts=(part,)))).tracks[1]
    sounding: set[int] = set()
    for message in track:
        if message.type == "note_on":
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding
    assert [m.value for m in track if m.type == "control_change" and m.control == 64] == [127, 0]


def test_a_pedal_that_is_pressed_again_at_its_last_tick_is_up_at_the_end() -> None:
    moves = (Control(0, 64, 127), Control(1920, 64, 0), Control(1920, 64, 127))
    part = Part("Piano", CHORDS, 0, (Note(0, 60, 480),), moves)
    track = _read(midi_bytes(replace(small_piece(), parts=(part,)))).tracks[1]
    assert [m.value for m in track if m.type == "control_change" and m.control == 64] == [127, 0, 127, 0]


def test_overlaps_of_one_pitch_are_cut_and_velocities_kept_in_range() -> None:
    cut = without_overlaps([Note(0, 60, 500), Note(240, 60, 480), Note(240, 60, 100), Note(0, 62, 900)])
    assert cut == [Note(0, 60, 240), Note(0, 62, 900), Note(240, 60, 480)]
    part = Part("Piano", CHORDS, 0, (Note(0, 60, 10, 0), Note(20, 60, 10, 300)))
    track = _read(midi_bytes(replace(small_piece(), parts=(part,)))).tracks[1]
    assert [m.velocity for m in track if m.type == "note_on"] == [1, 127]


def test_sixteen_melodic_parts_are_too_many() -> None:
    part = small_piece().parts[0]
    fifteen = replace(small_piece(), parts=tuple(replace(part, name=f"P{i}") for i in range(15)))
    assert len({n.channel for n in read_source(midi_bytes(fifteen), "x").notes}) == 15
    with pytest.raises(OverLimit, match="16 melodic parts"):
        midi_bytes(replace(fifteen, parts=(*fifteen.parts, part)))


def test_a_note_that_midi_cannot_hold_is_our_bug() -> None:
    part = replace(small_piece().parts[0], notes=(Note(0, 128, 10),))
    with pytest.raises(Bug):
        midi_bytes(replace(small_piece(), parts=(part,)))


def test_names_are_ascii_and_signatures_follow_the_mode() -> None:
    assert ascii_name("Flûte à bec", "x") == "Flute a bec"
    assert ascii_name("さくら", "Untitled") == "Untitled"
    assert ascii_name("B♭ Klarinette", "x") == "Bb Klarinette"
    names = [signature_name(key_of(*k)) for k in (("D", "dorian"), ("F", "lydian"), ("E", "phrygian"), ("G#", "minor"))]
    assert names == ["Am", "C", "Am", "G#m"]


def test_pretty_midi_and_music21_read_it_without_a_warning() -> None:
    import music21
    import pretty_midi

    data = midi_bytes(replace(small_piece(), title="Été さくら"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = pretty_midi.PrettyMIDI(io.BytesIO(data))
        score = music21.converter.parseData(data, format="midi", forceSource=True)
    assert [len(i.notes) for i in read.instruments] == [3, 2, 2, 2]
    assert read.instruments[3].is_drum
    assert read.time_to_tick(read.get_end_time()) == pytest.approx(3840, abs=2)
    assert sum(len(n.pitches) for n in score.recurse().notes if not n.isRest and hasattr(n, "pitches")) >= 7
