"""Fluctuations as people have them: slow ones as strong as quick ones.

References: Voss & Clarke 1978; Hennig et al. 2011 (PLoS ONE 6(10): e26457): the deviations of players from a metronome
have long-range correlations near 1/f, and listeners prefer these to white jitter.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

OCTAVES = 9
LARGEST = 2.0  # standard deviations; beyond that a slip, not a fluctuation


class Fluctuation:
    """1/f noise of standard deviation 1 over places 0, 1, 2 ...: sources that change every 1, 2, 4, 8 ... places.

    A place has its value however long the piece is, so that an edit in one bar leaves the others as they were.
    """

    def __init__(self, rngs: tuple[np.random.Generator, ...], places: int) -> None:
        self._sources: list[NDArray[np.float64]] = [
            rng.standard_normal((places >> octave) + 1) for octave, rng in enumerate(rngs)
        ]

    def at(self, place: int) -> float:
        """-2 .. 2."""
        total = sum(float(source[place >> octave]) for octave, source in enumerate(self._sources))
        return max(-LARGEST, min(LARGEST, total / math.sqrt(len(self._sources))))


def fluctuation(rng: np.random.Generator, places: int) -> Fluctuation:
    """A draw of that many places; ``rng`` is used up for nothing else."""
    return Fluctuation(tuple(rng.spawn(OCTAVES)), places)
