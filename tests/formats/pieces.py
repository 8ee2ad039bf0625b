"""Pieces and MIDI bytes made by code, for the tests of the formats."""

from __future__ import annotations

from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY, ChordSpan, Control, Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter

NOTE = bytes.fromhex("00 90 3C 50  83 60 80 3C 00")  # a quarter of middle C
END = bytes.fromhex("00 FF 2F 00")


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4) + content


def header(kind: int = 1, tracks: int = 1, division: int = 480) -> bytes:
    return chunk(b"MThd", b"".join(n.to_bytes(2) for n in (kind, tracks, division)))


def one_track(*events: bytes, kind: int = 1, division: int = 480) -> bytes:
    return header(kind, 1, division) + chunk(b"MTrk", b"".join(events))


def small_piece() -> Piece:
    """Two bars of 4/4 in E flat major for four parts, every value different from its neighbours."""
    melody = (Note(0, 75, 470, 90), Note(480, 77, 240, 70), Note(1920, 79, 1900, 101))
    return Piece(
        title="Small piece",
        meter=Meter(4, 4),
        key=key_of("Eb", "major"),
        tempi=(Tempo(0, 96.0), Tempo(1920, 88.5)),
        parts=(
            Part("Melody", MELODY, 73, melody, (Control(5, 1, 64),), gain=110, pan=60),
            Part("Piano", CHORDS, 0, (Note(0, 63, 1920, 60), Note(0, 67, 1920, 61)), (Control(0, 64, 127),), 90, 70),
            Part("Bass", BASS, 32, (Note(0, 39, 1900, 80), Note(1920, 46, 1900, 81)), gain=95, pan=64),
            Part("Drums", DRUMS, 0, (Note(0, 36, 60, 100), Note(960, 38, 60, 99)), gain=80, pan=50),
        ),
        length=3840,
        markers=(Marker(0, "A"), Marker(1920, "B")),
        chords=(ChordSpan(0, 1920, chord_of("Eb")), ChordSpan(1920, 3840, chord_of("Bb7/D"))),
    )
