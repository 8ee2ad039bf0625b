"""Sets beside each other: equal sets are alike, other sets are not, and the figures are those of the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from composer.evaluate.comparison import auc, distances, frechet, overlap, scaled
from composer.evaluate.line import line_of
from composer.evaluate.shapes import LENGTHS_TICKS, SHAPES, shapes_of
from tests.evaluate.pieces import line, piece


def normal(seed: int, count: int = 300, mean: float = 0.0, width: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1.0, (count, width))


def test_auc_counts_pairs_and_ties_half() -> None:
    assert auc(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert auc(np.array([1.0, np.nan]), np.array([0.0])) == 1.0
    assert np.isnan(auc(np.array([]), np.array([0.0])))


def test_overlap_is_near_one_for_one_distribution_and_near_zero_far_apart() -> None:
    assert overlap(normal(1)[:, 0], normal(2)[:, 0]) > 0.9
    assert overlap(normal(1)[:, 0], normal(2, mean=12.0)[:, 0]) < 0.02
    # Two normal densities one deviation apart share 2 * Phi(-1/2) = 0.617; the kernels widen both a little.
    assert overlap(normal(1, 4000)[:, 0], normal(2, 4000, 1.0)[:, 0]) == pytest.approx(0.617, abs=0.03)


def test_overlap_of_sets_that_do_not_vary() -> None:
    assert overlap(np.ones(5), np.ones(9)) == 1.0
    assert overlap(np.ones(5), np.zeros(5)) == 0.0
    assert np.isnan(overlap(np.ones(2), np.ones(9)))


def test_distances_within_and_between_sets_of_one_kind_agree() -> None:
    same = distances(normal(1, 120, width=4), normal(2, 120, width=4))
    apart = distances(normal(1, 120, width=4), normal(2, 120, 5.0, 4))
    assert same.overlap > 0.85 and same.kld < 0.05
    assert apart.overlap < 0.1 and apart.kld > 1.0


def test_frechet_distance_is_that_of_the_gaussians() -> None:
    reference = normal(3, 20_000, width=2)
    assert frechet(reference, reference) == pytest.approx(0.0, abs=1e-9)
    moved = reference + np.array([3.0, 4.0]) * reference.std(axis=0)
    assert frechet(reference, moved) == pytest.approx(25.0, rel=1e-6)
    wider = reference * 2
    # Per feature (2 - 1)^2 and a mean near 0.
    assert frechet(reference, wider) == pytest.approx(2.0, rel=0.01)


def test_scaling_fills_what_is_missing_with_the_median() -> None:
    reference = np.array([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    rows = scaled(np.array([[np.nan, 5.0], [4.0, 6.0]]), reference)
    assert rows[0].tolist() == [0.0, 0.0]
    assert rows[1] == pytest.approx([2 / reference[:, 0].std(), 1.0])


def test_shapes_are_shares_from_the_tonic() -> None:
    found = shapes_of(line_of(piece(line([62, 64, 66, 62], [1, 1, 2, 4]), key="D")))
    assert {name: len(shape) for name, shape in found.items()} == SHAPES
    assert all(shape.sum() == pytest.approx(1) for shape in found.values())
    assert found["pitch_classes"][[0, 2, 4]].tolist() == [0.5, 0.25, 0.25]
    assert found["pitch_class_moves"].reshape(12, 12)[4, 0] == pytest.approx(1 / 3)
    quarter, whole = LENGTHS_TICKS.index(480), LENGTHS_TICKS.index(1920)
    assert (found["lengths"][quarter], found["lengths"][whole]) == (0.5, 0.25)
    assert found["length_moves"].reshape(12, 12)[quarter, quarter] == pytest.approx(1 / 3)


def test_shapes_of_nothing_are_zero() -> None:
    assert all(not shape.any() for shape in shapes_of(line_of(piece([]))).values())
