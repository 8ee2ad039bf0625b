from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from composer.compose.voices.bass import bass_line
from composer.compose.voices.slots import Slot, cheapest_path
from composer.music.chord import progression_of
from composer.music.key import key_of

REACH = (36, 55)


def slots(progression: str, tune: list[int], rooted: tuple[int, ...] = ()) -> list[Slot]:
    chords = [bar[0] for bar in progression_of(progression)]
    return [
        Slot(chord, at, tune[max(0, i - 1)], at, math.inf if i in rooted else 0.9)
        for i, (chord, at) in enumerate(zip(chords, tune, strict=True))
    ]


def test_the_cheapest_path_is_found_through_the_dearer_first_step() -> None:
    local = [np.array([0.0, 1.0]), np.array([0.0, 0.0])]
    assert cheapest_path(local, [np.array([[5.0, 5.0], [5.0, 1.0]])]) == [1, 1]


def test_rooted_chords_stand_on_their_roots_and_others_may_not() -> None:
    line = bass_line(slots("C | F | G | C", [72, 72, 71, 72], rooted=(0, 3)), key_of("C", "major"), REACH)
    assert line[0] % 12 == line[3] % 12 == 0
    assert all(REACH[0] <= p <= REACH[1] for p in line)


@pytest.mark.parametrize("key", ["C", "F"])
def test_the_bass_never_runs_in_parallel_with_the_tune(key: str) -> None:
    tune = [72, 74, 76, 77, 79, 77, 76, 74, 72]
    asked = slots("C | Dm | Em | F | G | F | Em | Dm | C", tune, rooted=(0, 8))
    line = bass_line(asked, key_of(key, "major"), REACH)
    for (a, b), (top, after) in zip(pairwise(line), pairwise(tune), strict=True):
        same = (top - a) % 12 == (after - b) % 12 and (after - b) % 12 in (0, 7)
        assert not (same and (b - a) * (after - top) > 0)


def test_a_root_gives_way_where_it_would_run_in_octaves() -> None:
    low_only = bass_line(slots("G7 | C", [67, 72], rooted=(1,)), key_of("C", "major"), (43, 48))
    assert low_only[1] == 48 and low_only[0] % 12 != 7


def test_a_seventh_in_the_bass_falls_by_step() -> None:
    line = bass_line(slots("C | G7/F | C | G7 | C", [76, 74, 72, 74, 72]), key_of("C", "major"), REACH)
    assert line[1] % 12 == 5 and line[1] - line[2] == 1


def test_a_written_bass_is_kept() -> None:
    assert bass_line(slots("C/E | F/A", [72, 72]), key_of("C", "major"), REACH)[0] % 12 == 4


def test_a_bass_that_the_tune_leaves_no_room_for_is_still_a_chord_tone() -> None:
    (low,) = bass_line(slots("C", [36]), key_of("C", "major"), REACH)
    assert low % 12 == 0
