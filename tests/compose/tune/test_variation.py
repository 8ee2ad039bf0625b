from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.compose.tune.variation import fit_to_chords, moved, ornamented, sequence, transposed_steps
from composer.encoding.melody import Event
from composer.music.chord import chord_of
from composer.music.key import MODES, key_of
from composer.music.time import meter_of

C = key_of("C", "major")
FOUR = meter_of("4/4")
TUNE = [Event(0, 480, 4), Event(480, 480, 7), Event(960, 960, 5)]


def test_moving_shifts_starts_only() -> None:
    assert moved(TUNE, 1920) == [Event(e.start + 1920, e.duration, e.pitch) for e in TUNE]


@pytest.mark.parametrize(("pitch", "steps", "result"), [(0, 1, 2), (4, 1, 5), (11, 1, 12), (0, -1, -1), (6, 1, 8)])
def test_steps_follow_the_scale(pitch: int, steps: int, result: int) -> None:
    assert transposed_steps(pitch, steps, C) == result


@given(st.integers(-18, 30), st.integers(-7, 7), st.sampled_from(sorted(MODES)))
def test_steps_up_and_down_again_come_back_to_scale_tones(pitch: int, steps: int, mode: str) -> None:
    key = key_of("C", mode)
    if pitch % 12 in MODES[mode]:
        assert transposed_steps(transposed_steps(pitch, steps, key), -steps, key) == pitch


def test_a_sequence_keeps_rhythm_and_shape() -> None:
    moved_up = sequence(TUNE, 1, C)
    assert [e.pitch for e in moved_up] == [5, 9, 7]
    assert [(e.start, e.duration) for e in moved_up] == [(e.start, e.duration) for e in TUNE]


def test_fitting_puts_strong_and_long_notes_on_chord_tones() -> None:
    fitted = fit_to_chords(TUNE, [chord_of("F")], [0], C, FOUR)
    assert {e.pitch % 12 for e in fitted if e.pitch is not None} <= {5, 9, 0}


def test_ornaments_fill_the_same_time_and_keep_the_first_of_each_pair() -> None:
    tune = [Event(480 * i, 480, p) for i, p in enumerate([0, 4, 7, 5, 4, 2, 0, 0])]
    decorated = ornamented(tune, C, FOUR, np.random.default_rng(0))
    assert len(decorated) > len(tune)
    assert sum(e.duration for e in decorated) == sum(e.duration for e in tune)
    starts = {e.start: e.pitch for e in decorated}
    assert all(starts[e.start] == e.pitch for e in tune)
    assert all(e.end == f.start for e, f in itertools.pairwise(decorated))
