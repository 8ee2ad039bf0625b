"""The distributions of a melody that mgeval compares: what is used, and what follows what.

Conventions: each shape is a vector of shares that add up to 1 (zeros where the melody has nothing to count). Pitch
classes are counted from the tonic, so that sets of pieces in many keys can be compared; lengths are the nearest of
``LENGTHS_TICKS``.

Sources: pitch class histogram and transition matrix, note length histogram and transition matrix of mgeval (Yang and
Lerch 2020). Theirs are of absolute pitch classes, for sets in one key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.evaluate.line import Line
from composer.music.time import TICKS_PER_BEAT

Floats = NDArray[np.float64]

# From a whole note and more to a 16th triplet, with dots and triplets, as in mgeval.
LENGTHS_TICKS = tuple(round(quarters * TICKS_PER_BEAT) for quarters in (
    4, 3, 2, 1.5, 1, 0.75, 0.5, 0.375, 0.25, 4 / 3, 2 / 3, 1 / 3,
))  # fmt: skip
SHAPES: Mapping[str, int] = {
    "pitch_classes": 12,
    "pitch_class_moves": 144,
    "lengths": len(LENGTHS_TICKS),
    "length_moves": len(LENGTHS_TICKS) ** 2,
}


def shapes_of(line: Line) -> dict[str, Floats]:
    """Every shape of ``SHAPES`` by name; moves are from row to column, flattened."""
    classes = [(pitch - line.key.tonic_class) % 12 for pitch in line.pitches]
    lengths = [_nearest(note.duration) for note in line.notes]
    return {
        "pitch_classes": _shares(classes, 12),
        "pitch_class_moves": _shares([a * 12 + b for a, b in pairwise(classes)], 144),
        "lengths": _shares(lengths, len(LENGTHS_TICKS)),
        "length_moves": _shares([a * len(LENGTHS_TICKS) + b for a, b in pairwise(lengths)], len(LENGTHS_TICKS) ** 2),
    }


def _shares(values: Sequence[int], size: int) -> Floats:
    counts = np.bincount(np.asarray(values, np.int64), minlength=size).astype(np.float64)
    return counts / counts.sum() if len(values) else counts


def _nearest(ticks: int) -> int:
    """By ratio, not by difference: a dotted eighth is as far from an eighth as a dotted half from a half."""
    return min(range(len(LENGTHS_TICKS)), key=lambda i: (max(ticks / LENGTHS_TICKS[i], LENGTHS_TICKS[i] / ticks), i))
