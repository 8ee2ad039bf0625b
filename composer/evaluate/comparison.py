"""Two sets of pieces beside each other, one number for each way of asking how alike they are.

Conventions: a set is an array with one row for each piece; NaN is a measure that a piece cannot have, and is left
out. Every function gives NaN where a set has too few values to say anything.

Sources: the distances within and between sets, their Kullback-Leibler divergence and overlapped area as in mgeval
(Yang and Lerch 2020); densities by Gaussian kernels with Scott's bandwidth, as there. The Frechet distance between two
Gaussians is that of Heusel et al. (2017), over our measures instead of a network's features, as embeddings of symbolic
music cannot be had offline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRID = 200  # places at which densities are compared
DISTANCES_MAX = 1500  # pairwise distances of a set beyond this many are thinned out evenly
VALUES_MIN = 3
_TINY = 1e-12


def auc(one: Floats, other: Floats) -> float:
    """The chance that a value of ``one`` is larger than a value of ``other``, ties half: .50 for equal sets."""
    a, b = _given(one), _given(other)
    if not len(a) or not len(b):
        return float("nan")
    return float(np.mean((a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])))


def overlap(one: Floats, other: Floats) -> float:
    """The area 0..1 that the densities of the values have in common."""
    a, b = _given(one), _given(other)
    if min(len(a), len(b)) < VALUES_MIN:
        return float("nan")
    densities = _densities(a, b)
    return float(np.minimum(*densities).sum()) if densities else float(a[0] == b[0])


@dataclass(frozen=True, slots=True)
class Distances:
    """mgeval's two figures: how the distances within the first set lie beside those between the sets.

    ``overlap`` is the area 0..1 that the two densities share, ``kld`` the divergence of the first from the second.
    """

    overlap: float
    kld: float


def distances(reference: Floats, other: Floats) -> Distances:
    """Intra-set distances of ``reference`` against its inter-set distances to ``other``; rows (N, D) or values (N,).

    Two sets of one kind have an overlap near 1 and a divergence near 0.
    """
    a, b = _rows(reference), _rows(other)
    if min(len(a), len(b)) < VALUES_MIN:
        return Distances(float("nan"), float("nan"))
    intra = _between(a, a)[np.triu_indices(len(a), 1)]
    inter = _between(a, b).ravel()
    densities = _densities(_thinned(intra), _thinned(inter))
    if densities is None:
        same = bool(np.isclose(intra.mean(), inter.mean()))
        return Distances(float(same), 0.0 if same else float("inf"))
    p, q = densities
    return Distances(float(np.minimum(p, q).sum()), float(np.sum(p * np.log((p + _TINY) / (q + _TINY)))))


def frechet(reference: Floats, other: Floats) -> float:
    """The squared Frechet distance of two sets of feature rows (N, F), in units of the reference's spread.

    Features are scaled by the reference's mean and deviation; a missing value is the reference's median. It shrinks
    with more pieces: compare only figures of sets of the same size.
    """
    if min(len(reference), len(other)) < VALUES_MIN:
        return float("nan")
    scaled_reference, scaled_other = scaled(reference, reference), scaled(other, reference)
    gap = scaled_reference.mean(axis=0) - scaled_other.mean(axis=0)
    one, two = np.cov(scaled_reference, rowvar=False), np.cov(scaled_other, rowvar=False)
    root = _square_root(one)
    between = np.linalg.eigvalsh(root @ two @ root)
    return float(gap @ gap + np.trace(one) + np.trace(two) - 2 * np.sqrt(np.clip(between, 0, None)).sum())


def scaled(rows: Floats, reference: Floats) -> Floats:
    """``rows`` (N, F) in deviations from the reference's mean, its median where a value is missing.

    Features that never vary in the reference are left as they are.
    """
    has_any = ~np.all(np.isnan(reference), axis=0)
    middle = np.zeros(reference.shape[1])
    middle[has_any] = np.nanmedian(reference[:, has_any], axis=0)
    known = np.where(np.isnan(reference), middle, reference)
    spread = known.std(axis=0)
    return np.asarray((np.where(np.isnan(rows), middle, rows) - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _given(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return array[~np.isnan(array)]


def _rows(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    rows = array[:, None] if array.ndim == 1 else array
    return rows[~np.isnan(rows).any(axis=1)]


def _between(one: Floats, other: Floats) -> Floats:
    """(N, M) Euclidean distances."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :] - 2 * one @ other.T
    return np.asarray(np.sqrt(np.clip(squares, 0, None)))


def _thinned(values: Floats) -> Floats:
    return values[:: -(-len(values) // DISTANCES_MAX)] if len(values) > DISTANCES_MAX else values


def _densities(one: Floats, other: Floats) -> tuple[Floats, Floats] | None:
    """Both densities on one grid, each adding up to 1; ``None`` where neither set varies and no density exists."""
    spread = max(one.std(), other.std())
    if spread <= _TINY:
        return None if np.isclose(one[0], other[0]) else (np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    low, high = min(one.min(), other.min()), max(one.max(), other.max())
    grid = np.linspace(low - spread, high + spread, GRID)
    return _density(one, grid), _density(other, grid)


def _density(values: Floats, grid: Floats) -> Floats:
    # Scott's rule; a set of equal values gets the width of one step of the grid.
    width = max(float(values.std()) * len(values) ** -0.2, float(grid[1] - grid[0]))
    kernels = np.exp(-0.5 * ((grid[:, None] - values[None, :]) / width) ** 2).sum(axis=1)
    return np.asarray(kernels / kernels.sum())


def _square_root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)
