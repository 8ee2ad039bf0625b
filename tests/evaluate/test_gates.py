"""Each hard gate finds its fault, in the bar where it is, and nothing in a sound piece."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composer.evaluate.gates import GATES, gates_of, makes_cadence
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, Note, Part, Piece
from tests.evaluate.pieces import BAR, BEAT, line, piece, tune


def failed(music: Piece, **promises: object) -> dict[str, tuple[int, ...]]:
    return {g.name: g.where for g in gates_of(music, **promises) if not g.passed}  # type: ignore[arg-type]


def test_a_sound_tune_passes_every_gate() -> None:
    gates = gates_of(tune(), planned_key=key_of("C", "major"), low=55, high=79, cadences=("HC", "PAC"))
    assert [g.name for g in gates] == list(GATES)
    assert all(g.passed and not g.where for g in gates)


def with_note(index: int, **changes: int) -> Piece:
    """The sound tune with one melody note changed."""
    music = tune()
    melody = music.parts[0]
    notes = list(melody.notes)
    notes[index] = replace(notes[index], **changes)
    return music.with_part(replace(melody, notes=tuple(notes)))


@pytest.mark.parametrize(
    ("music", "gate", "bars"),
    [
        (with_note(5, pitch=66), "OutOfScale", (2,)),
        (with_note(5, pitch=81), "OutOfRange", (2,)),
        (with_note(-1, pitch=64), "WeakEnding", (8,)),
        (with_note(-1, duration=BEAT), "WeakEnding", (8,)),
        (with_note(12, pitch=60), "MissedCadence", (4,)),
        (with_note(1, pitch=74), "HarshIntervals", (1,)),
        (piece(line([60, 62, 64, 62] * 3)), "StuckBars", (1,)),
        (piece(line([64] * 5, [1, 1, 1, 1, 4])), "HammeredPitch", (1,)),
        (replace(tune(), length=7 * BAR + BEAT), "BarsNotFull", (8,)),
        (replace(tune(), length=10 * BAR), "BarsNotFull", (9, 10)),
        (piece([]), "WeakEnding", (1,)),
    ],
)
def test_a_fault_is_found_in_its_bar(music: Piece, gate: str, bars: tuple[int, ...]) -> None:
    assert failed(music, low=55, high=79)[gate] == bars


def test_a_chord_lends_its_tones_to_the_scale() -> None:
    sharp = with_note(5, pitch=66)
    lent = replace(sharp, chords=tuple(replace(s, chord=chord_of("D7")) for s in sharp.chords))
    assert "OutOfScale" not in failed(lent)


def test_a_tritone_is_fine_within_a_dominant_seventh() -> None:
    assert "HarshIntervals" in failed(piece(line([71, 65]), "F"))
    assert "HarshIntervals" not in failed(piece(line([71, 65]), "G7"))


def test_a_bass_may_approach_by_a_semitone_and_a_melody_may_not() -> None:
    steps = line([48, 42, 43, 48])
    assert "OutOfScale" not in failed(piece(line([60], 4.0), "C", bass=steps))
    assert "OutOfScale" in failed(piece(line([60, 66, 67, 72]), "C"))


def test_parallels_between_melody_and_bass_close_the_gate() -> None:
    bass = Part("Bass", BASS, 32, line([48, 53], 4.0))
    music = piece(line([60, 65], 4.0), "C | F")
    assert failed(replace(music, parts=(*music.parts, bass)))["ParallelPerfects"] == (2,)


def test_a_silent_bar_is_found() -> None:
    assert failed(piece((Note(0, 60, BAR), Note(2 * BAR, 60, BAR))))["BarsNotFull"] == (2,)


@pytest.mark.parametrize(
    ("pitch", "chord", "planned", "made"),
    [
        (60, "C", "PAC", True),
        (64, "C", "PAC", False),
        (64, "C", "IAC", True),
        (67, "G", "HC", True),
        (60, "C", "HC", False),
        (60, "Am", "DC", True),
        (60, "C", "DC", False),
        (69, "F", "HC", False),
        (62, "C", None, False),
        (69, "F", None, True),
    ],
)
def test_cadences(pitch: int, chord: str, planned: str | None, made: bool) -> None:
    assert makes_cadence(pitch, chord_of(chord), key_of("C", "major"), planned) is made


def test_a_single_note_need_not_be_longer_than_itself() -> None:
    assert "WeakEnding" not in failed(piece(line([60], [4])))


def test_a_tonic_that_comes_late_in_the_bar_closes() -> None:
    music = tune()
    last = music.chords[-1]
    late = replace(last, start=last.start + 2 * BEAT)
    waiting = replace(last, end=late.start, chord=chord_of("F/C"))
    music = replace(music, chords=(*music.chords[:-1], waiting, late))
    assert "MissedCadence" not in failed(music, cadences=("HC", "PAC"))
