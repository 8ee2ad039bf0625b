from __future__ import annotations

from dataclasses import replace

import pytest

from composer.music.notes import CHORDS, MELODY, Part, Piece
from composer.music.voice_leading import chord_moments, offences, outer_moments, voices_of
from tests.cleanup.music import BAR, notes, piece


def rules(music: Piece) -> list[str]:
    return [o.rule for o in offences(music)]


@pytest.mark.parametrize(
    ("rule", "melody", "bass"),
    [
        ("ParallelFifths", "G4:4 A4:4", "C3:4 D3:4"),
        ("ParallelOctaves", "C5:4 D5:4", "C3:4 D3:4"),
        ("AntiParallel", "C5:4 G5:4", "C3:4 G2:4"),
        ("DirectOuter", "C4:4 G4:4", "A2:4 C3:4"),
    ],
)
def test_each_rule_of_motion_is_found_once(rule: str, melody: str, bass: str) -> None:
    assert rules(piece(melody, bass)) == [rule]


def test_parallels_of_the_outer_voices_are_not_counted_again_in_the_chords() -> None:
    assert rules(piece("G4:4 A4:4", "C3:4 D3:4", ["E3", "D3"], ["C", "Dm"])) == ["ParallelFifths"]


def test_a_step_into_an_octave_and_contrary_motion_are_no_fault() -> None:
    assert rules(piece("B4:4 C5:4", "G2:4 C3:4")) == []
    assert rules(piece("E4:4 G4:4", "C3:4 B2:4")) == []


def test_a_waltz_is_judged_by_the_chord_it_spells() -> None:
    offbeats = tuple(
        n for i, (low, high) in enumerate((("C4", "G4"), ("D4", "A4"))) for at in (480, 960) for name in (low, high)
        for n in notes(name, start=i * BAR + at)
    )  # fmt: skip
    plain = piece("E5:4 D5:4", "C3:4 D3:4", symbols=["C", "Dm"])
    waltz = replace(plain, parts=(*plain.parts, Part("Piano", CHORDS, 0, tuple(sorted(offbeats)))))
    assert [m.pitches for m in chord_moments(waltz)] == [(48, 60, 67, 76), (50, 62, 69, 74)]
    assert rules(waltz) == ["ParallelFifths", "ParallelFifths", "ParallelOctaves"]


def test_a_bass_that_has_just_stopped_is_still_heard() -> None:
    assert [m.pitches for m in outer_moments(piece("-:1 E4:3", "C3:1"))] == [(48, 64)]


def test_doublings_are_forgiven_only_without_a_chord_track() -> None:
    tune, low = "C4 D4 E4 F4 G4 A4 B4 G4 E4 D4 C4:2", "C3 D3 E3 F3 G3 A3 B3 G3 E3 D3 C3:2"
    assert rules(piece(tune, low)) == []
    assert "ParallelOctaves" in rules(piece(tune, low, symbols=["C", "C", "C"]))


def test_music_without_voices_breaks_no_rule() -> None:
    silent = piece("C4:4").with_part(Part("Melody", MELODY, 0, ()))
    for music in (piece(bars=2, drums=True), piece("C4 D4 E4 F4"), silent):
        assert offences(music) == []
        assert voices_of(music).outer == ()
