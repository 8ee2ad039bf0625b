"""Tunes made by code."""

from __future__ import annotations

import numpy as np
import pytest

from composer.corpus.tune import Tune
from composer.encoding.melody import Event
from composer.music.chord import Chord
from composer.music.key import key_of
from composer.music.time import meter_of


def made_tune(seed: int, bars: int = 8, split: str = "train") -> Tune:
    """A random walk over the major scale in quarters, ending on the tonic."""
    generator = np.random.default_rng(seed)
    scale = (0, 2, 4, 5, 7, 9, 11, 12)
    degree, events = 4, []
    for beat in range(bars * 4 - 1):
        degree = int(np.clip(degree + generator.integers(-2, 3), 0, 7))
        events.append(Event(beat * 480, 480, scale[degree]))
    events.append(Event((bars * 4 - 1) * 480, 480, 0))
    chords = tuple(Chord(root) for root in ([0, 5, 7, 0] * bars)[:bars])
    return Tune(
        f"made/{seed}", "made", f"Tune {seed}", key_of("C", "major"), meter_of("4/4"), 60, tuple(events), bars,
        tuple(range(4 * 1920, bars * 1920 + 1, 4 * 1920)), chords, (), "dance", seed, split,
    )  # fmt: skip


@pytest.fixture
def some_tunes() -> list[Tune]:
    return [made_tune(seed) for seed in range(6)]
