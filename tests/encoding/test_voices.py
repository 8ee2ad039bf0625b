from __future__ import annotations

import numpy as np
import pytest

from composer.encoding.voices import (
    COLUMNS,
    HIGHEST,
    IN_CHORD,
    INTERVALS,
    LOWEST,
    START,
    TOKENS,
    UNDER_SOPRANO,
    Given,
    columns_of,
    shape_of,
    token_of,
    tonic_under,
)
from composer.music.chord import Chord, chord_of
from composer.music.key import key_of
from composer.music.time import Meter

FOUR = Meter(4, 4)


def given(*symbols: str, lift: int = 0) -> list[Given]:
    tune = [67, 69, 71, 72]
    return [
        Given(Chord((c.root + lift) % 12, c.quality), tune[i] + lift, tune[i - 1] + lift, 3, 2, i == 3)
        for i, c in enumerate(map(chord_of, symbols))
    ]


def test_a_chorale_in_another_key_reads_the_same() -> None:
    low, high = given("C", "F", "G7", "C"), given("C", "F", "G7", "C", lift=3)
    first = columns_of(low, key_of("C", "major"), FOUR, tonic_under([67, 69, 71, 72], key_of("C", "major")))
    second = columns_of(high, key_of("Eb", "major"), FOUR, tonic_under([70, 72, 74, 75], key_of("Eb", "major")))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (4, len(COLUMNS))
    assert (first >= 0).all() and (first < np.array(list(COLUMNS.values()))).all()


def test_tokens_count_from_the_tonic_and_stop_at_the_ends() -> None:
    assert token_of(60, 60) == -LOWEST
    assert token_of(np.array([0, 127]), 60).tolist() == [0, HIGHEST - LOWEST]


@pytest.mark.parametrize(
    ("symbol", "shape"), [("C", ""), ("Am7", "m7"), ("G7sus4", "7"), ("Csus4", ""), ("Dm6", "m"), ("Bdim7", "dim7")]
)
def test_every_quality_has_a_shape(symbol: str, shape: str) -> None:
    assert shape_of(chord_of(symbol)) == shape


def test_what_lies_beyond_the_tables_is_taken_as_their_end() -> None:
    far = [Given(chord_of("C"), 127, 0, 3, 99)]
    columns = columns_of(far, key_of("C", "major"), FOUR, 60)
    assert (columns < np.array(list(COLUMNS.values()))).all()


def test_the_spreads_tell_intervals_apart() -> None:
    assert INTERVALS.shape == (TOKENS + 1, TOKENS)
    assert INTERVALS[10, 13] == INTERVALS[40, 43] != INTERVALS[13, 10]
    assert not set(INTERVALS[START]) & set(INTERVALS[:START].ravel())
    assert UNDER_SOPRANO.min() >= 0
    octave = IN_CHORD[0]
    assert octave[-LOWEST] == octave[-LOWEST - 12] != octave[-LOWEST + 1]
