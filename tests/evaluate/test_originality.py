"""Shared runs are found in any key and at any note value."""

from __future__ import annotations

import numpy as np
import pytest

from composer.evaluate.originality import SEED, KnownTunes, SharedRun, moves_of
from tests.evaluate.pieces import line


def walk(seed: int, count: int) -> tuple[int, ...]:
    rng = np.random.default_rng(seed)
    return tuple(int(p) for p in 60 + np.cumsum(rng.integers(-5, 6, size=count)))


def test_a_tune_is_found_transposed_and_twice_as_slow() -> None:
    pitches = walk(1, 20)
    known = KnownTunes([line(walk(2, 30)), line(pitches)])
    assert known.longest_run(line([p + 3 for p in pitches], 2.0)) == SharedRun(19, 0, 1, 0)
    assert known.coverage(line(pitches), 12) == 1.0


def test_a_quoted_passage_is_found_where_it_is() -> None:
    tune = walk(3, 40)
    mine = [*walk(4, 10), *(p + 7 for p in tune[12:25]), *walk(5, 10)]
    found = KnownTunes([line(tune)]).longest_run(line(mine))
    assert (found.tune, found.note, found.tune_note) == (0, 10, 12)
    assert found.length == 12


def test_the_tune_itself_can_be_left_out() -> None:
    known = KnownTunes([line(walk(6, 30))])
    assert known.longest_run(line(walk(6, 30)), frozenset({0})).length == 0


@pytest.mark.parametrize("count", [0, 1, SEED])
def test_melodies_too_short_share_nothing(count: int) -> None:
    known = KnownTunes([line(walk(7, 30))])
    notes = line(walk(7, 30)[:count])
    assert known.longest_run(notes) == SharedRun(0)
    assert known.coverage(notes, 12) == 0.0
    assert len(moves_of(notes)) == max(0, count - 1)
