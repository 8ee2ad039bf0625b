from __future__ import annotations

import itertools
import math
from time import process_time

import numpy as np
import pytest

from composer.compose.voices.slots import Slot
from composer.compose.voices.voicing import voicings_of
from composer.encoding.voices import TOKENS, token_of
from composer.music.chord import progression_of
from composer.music.key import key_of
from composer.music.time import Meter

UPPER, BASS = (50, 69), (36, 55)


def slots(progression: str, melody: list[int]) -> list[Slot]:
    chords = [bar[0] for bar in progression_of(progression)]
    before = [melody[0], *melody[:-1]]
    return [
        Slot(c, at, was, at, math.inf if i in (len(chords) - 1, len(chords) - 2) else 0.9)
        for i, (c, at, was) in enumerate(zip(chords, melody, before, strict=True))
    ]


@pytest.mark.parametrize(
    ("progression", "melody"),
    [
        ("C | F | G | C | Am | Dm | G7 | C", [72, 69, 71, 72, 72, 74, 71, 72]),
        ("Am | Dm | E7 | Am | F | G | E | Am", [76, 77, 76, 72, 72, 74, 71, 69]),
        ("C | D | Em | F | G | Am | G | C", [72, 74, 76, 77, 79, 76, 74, 72]),
    ],
)
def test_no_parallels_no_crossing_and_complete_chords(progression: str, melody: list[int]) -> None:
    asked = slots(progression, melody)
    voiced = voicings_of(asked, key_of("C", "major"), 3, UPPER, BASS)
    lines = [[v.bass, *v.voices, m] for v, m in zip(voiced, melody, strict=True)]
    for slot, line in zip(asked, lines, strict=True):
        assert line == sorted(line)
        assert slot.chord.third in {p % 12 for p in line}
        assert slot.chord.root in {p % 12 for p in line}
    for before, after in itertools.pairwise(lines):
        for high in range(len(before)):
            for low in range(high):
                moves = np.sign([after[high] - before[high], after[low] - before[low]])
                same = (before[high] - before[low]) % 12 == (after[high] - after[low]) % 12
                is_perfect = (after[high] - after[low]) % 12 in (0, 7)
                assert not (same and is_perfect and moves[0] == moves[1] != 0), (before, after)


def test_cadence_chords_stand_in_root_position() -> None:
    asked = slots("C | F | G | C", [72, 69, 71, 72])
    voiced = voicings_of(asked, key_of("C", "major"), 3, UPPER, BASS)
    assert [v.bass % 12 for v in voiced[-2:]] == [7, 0]


class Insistent:
    """A voices model that wants one bass, one alto and one tenor."""

    name = "insistent"

    def __init__(self, bass: int, alto: int, tenor: int) -> None:
        self.wanted = bass, alto, tenor
        self.rows = 0

    def read(self, columns: np.ndarray) -> None:
        self.rows = len(columns)

    def bass(self, contexts: None, index: int, before: np.ndarray) -> np.ndarray:
        return self._told(self.wanted[0], (len(before),))

    def alto(self, contexts: None, index: int, before: np.ndarray, bass: int, bass_before: int) -> np.ndarray:
        return self._told(self.wanted[1], (len(before),))

    def tenor(self, contexts: None, index: int, before: np.ndarray, alto: np.ndarray, bass: int) -> np.ndarray:
        return self._told(self.wanted[2], (len(before), len(alto)))

    def _told(self, pitch: int, shape: tuple[int, ...]) -> np.ndarray:
        told = np.full((*shape, TOKENS), -6.0, dtype=np.float32)
        told[..., int(token_of(pitch, 60))] = 0.0
        return told


def test_a_voices_model_is_heard() -> None:
    asked = slots("C | F | C | F", [67, 69, 67, 69])
    for bass, alto, tenor in ((48, 65, 60), (53, 60, 57)):
        model = Insistent(bass, alto, tenor)
        voiced = voicings_of(asked, key_of("C", "major"), 2, UPPER, BASS, model=model, meter=Meter(4, 4))
        assert model.rows == 4
        assert voiced[1].voices == (tenor, alto)


def test_each_player_stays_in_its_own_range() -> None:
    asked = slots("C | F | G | C | Am | Dm | G7 | C", [72, 69, 71, 72, 72, 74, 71, 72])
    voiced = voicings_of(asked, key_of("C", "major"), 2, (48, 76), BASS, seats=((48, 58), (62, 76)))
    assert all(48 <= v.voices[0] <= 58 and 62 <= v.voices[1] <= 76 for v in voiced)


def test_voices_stay_while_the_chord_goes_on() -> None:
    asked = slots("C | C | C | C", [72, 76, 72, 79])
    assert len({v.voices for v in voicings_of(asked, key_of("C", "major"), 3, UPPER, BASS)}) == 1


def test_thirty_two_bars_are_voiced_quickly() -> None:
    asked = slots(" | ".join(["C | F | G7 | Am"] * 8), [72, 69, 71, 76] * 8)
    began = process_time()
    voicings_of(asked, key_of("C", "major"), 3, (47, 76), BASS)
    assert process_time() - began < 1.5  # a tenth of that on a machine with nothing else to do
