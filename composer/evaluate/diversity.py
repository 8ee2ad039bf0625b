"""How unlike the pieces of a set are, beside how unlike real tunes are.

Conventions: the distance of two pieces is that of their measures, each in deviations of the real tunes, missing ones
as the median. The spread of a set is the mean distance over all pairs; its ratio to that of real tunes is near 1 for a
set as varied as they are, 0 for copies of one piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.originality import runs_of
from composer.evaluate.comparison import scaled
from composer.evaluate.critic import FEATURES
from composer.evaluate.line import Line
from composer.evaluate.measures import Measures, matrix
from composer.evaluate.reference import Reference

AIM = 0.8
SPREAD_FEATURES = (
    *FEATURES, "pitch_class_entropy", "range", "duration_entropy", "notes_per_quarter", "groove", "bar_entropy",
)  # fmt: skip

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CommonRun:
    """The longest run of moves that two pieces of a set have in common (0: below 8), and their numbers in the set."""

    length: int
    first: int = 0
    second: int = 0


@dataclass(frozen=True, slots=True)
class Diversity:
    """``ratio``: the set's spread over that of real tunes; ``common``: what two of its pieces share."""

    ratio: float
    common: CommonRun


def diversity_of(found: Sequence[Measures], lines: Sequence[Line], reference: Reference) -> Diversity | None:
    """``None`` for fewer than two pieces."""
    if len(found) < 2:
        return None
    real = reference.columns(reference.real, SPREAD_FEATURES)
    ratio = spread(scaled(matrix(found, SPREAD_FEATURES), real)) / spread(scaled(real, real))
    return Diversity(ratio, longest_common_run(lines))


def spread(rows: Floats) -> float:
    """The mean Euclidean distance of two different rows of (N, F)."""
    squares = (rows**2).sum(axis=1)
    between = np.sqrt(np.clip(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0, None))
    return float(between[np.triu_indices(len(rows), 1)].mean())


def longest_common_run(lines: Sequence[Line]) -> CommonRun:
    """Moves (interval, ratio of lengths) in a row that two different melodies share, in any key."""
    index = runs_of([line.notes for line in lines])
    best = CommonRun(0)
    for number, line in enumerate(lines):
        run = index.longest_shared(line.notes, {number})
        if run.tune is not None and run.length > best.length:
            best = CommonRun(run.length, number, run.tune)
    return best
