"""A file led by another piece: title, tempo, metre, key and markers change, all else stays at its tick."""

from __future__ import annotations

from dataclasses import replace

import mido
import pytest

from composer.contract.stage import checked
from composer.formats.midi.conductor import chord_texts, with_conductor
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import ChordSpan, Marker, Tempo
from composer.music.time import Meter
from tests.formats.pieces import small_piece
from tests.formats.splicing import end_of, in_one_track, opened, played, resolved, saved, timed, untimed

NEW = replace(
    small_piece(), title="Étude", key=key_of("D", "dorian"), tempi=(Tempo(0, 72.0), Tempo(960, 60.0)),
    markers=(Marker(0, "X"), Marker(1920, "Y")),
)  # fmt: skip


def _led(data: bytes) -> bytes:
    return with_conductor(read_source(data, "x.mid"), NEW)


def test_the_same_piece_gives_the_very_bytes() -> None:
    data = midi_bytes(small_piece())
    assert with_conductor(read_source(data, "x.mid"), small_piece()) == data


def test_the_conductor_is_that_of_the_piece_and_the_tracks_are_those_of_the_file() -> None:
    after = _led(midi_bytes(small_piece()))
    assert after == midi_bytes(
        replace(small_piece(), title=NEW.title, key=NEW.key, tempi=NEW.tempi, markers=NEW.markers)
    )
    assert checked(after, "x.mid").violations == ()


@pytest.mark.parametrize("ppq", [96, 960, 1000])
def test_ticks_are_those_of_the_file(ppq: int) -> None:
    data = resolved(midi_bytes(small_piece()), ppq)
    after = _led(data)
    assert played(opened(after)) == played(opened(data))
    piece = piece_of(read_source(after, "x.mid"))
    assert (piece.title, str(piece.key), piece.tempi, piece.markers) == ("Étude", str(NEW.key), NEW.tempi, NEW.markers)


def test_what_a_person_wrote_into_the_conductor_stays() -> None:
    file = opened(midi_bytes(small_piece()))
    theirs = [(0, mido.MetaMessage("copyright", text="me")), (700, mido.MetaMessage("cue_marker", text="door"))]
    theirs.append((960, mido.Message("sysex", data=(1, 2))))
    events = sorted([*timed(file.tracks[0]), *theirs], key=lambda event: event[0])
    file.tracks[0] = untimed(events, end_of(file.tracks[0]))
    after = timed(opened(_led(saved(file))).tracks[0])
    assert [event for event in after if event in theirs] == theirs
    assert len([m for _, m in after if m.type == "set_tempo"]) == 2


def test_tempo_and_markers_in_other_tracks_go() -> None:
    file = opened(midi_bytes(small_piece()))
    file.tracks[1].insert(1, mido.MetaMessage("set_tempo", tempo=400_000))
    file.tracks[1].insert(1, mido.MetaMessage("marker", text="old"))
    assert _led(saved(file)) == _led(midi_bytes(small_piece()))


def test_a_first_track_that_plays_keeps_its_name() -> None:
    file = opened(midi_bytes(small_piece()))
    file.tracks = file.tracks[1:]
    after = opened(_led(saved(file)))
    assert after.tracks[0].name == "Melody"
    assert next(m.text for _, m in timed(after.tracks[0]) if m.type == "text").startswith("Title: ")
    assert played(after) == played(file)


def test_the_one_track_of_a_type_0_file_is_called_by_the_title() -> None:
    data = in_one_track(midi_bytes(small_piece()))
    after = opened(_led(data))
    assert (after.type, after.tracks[0].name) == (0, "Etude")
    assert played(after) == played(opened(data))


def test_another_metre_moves_the_end_to_its_bar_line() -> None:
    waltz = replace(NEW, meter=Meter(3, 4))
    after = with_conductor(read_source(midi_bytes(small_piece()), "x.mid"), waltz)
    assert {end_of(track) for track in opened(after).tracks} == {4320}
    assert checked(after, "x.mid").violations == ()


def test_a_marker_beyond_the_end_adds_the_bars_of_the_piece() -> None:
    later = replace(NEW, length=7680, markers=(Marker(5760, "Coda"),))
    after = with_conductor(read_source(midi_bytes(small_piece()), "x.mid"), later)
    assert {end_of(track) for track in opened(after).tracks} == {7680}


def test_later_metres_stay_where_the_first_is_that_of_the_piece() -> None:
    file = opened(midi_bytes(small_piece()))
    change = (1920, mido.MetaMessage("time_signature", numerator=2, denominator=4))
    file.tracks[0] = untimed(sorted([*timed(file.tracks[0]), change], key=lambda e: e[0]), 3840)
    assert change in timed(opened(_led(saved(file))).tracks[0])
    waltz = with_conductor(read_source(saved(file), "x.mid"), replace(NEW, meter=Meter(3, 4)))
    assert [m.numerator for _, m in timed(opened(waltz).tracks[0]) if m.type == "time_signature"] == [3]


def test_chord_texts_are_spelled_as_the_file_spells_them() -> None:
    piece = replace(
        small_piece(), parts=(), chords=(ChordSpan(0, 960, chord_of("Ab")), ChordSpan(1920, 3840, chord_of("Bb")))
    )
    assert chord_texts(piece) == [(0, b"Ab"), (960, b"N.C."), (1920, b"Bb")]
