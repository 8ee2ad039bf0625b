from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from composer.compose.slots import Slot
from composer.compose.voicing import voicings_of
from composer.music.chord import progression_of
from composer.music.key import key_of

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
