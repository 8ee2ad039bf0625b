"""A critic that learns to tell real tunes from others: how well it can is how far the others are from real.

Ridge logistic regression over intervals, structure and cadence, judged on pieces it has not seen (four folds, no
cluster of near-duplicates in two). .50: cannot tell; 1: always can. It must tell a Markov chain apart (.95 and more)
to be worth asking about ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.evaluate.measures import Measures

FEATURES = (
    "repeated_note", "step", "third", "fourth_fifth", "large_leap", "mean_interval", "leap_recovery",
    "direction_changes", "onset_f1", "bar_repeats", "bar_rhythm_repeats", "bar_contour_repeats", "self_similarity",
    "repeated_4grams", "last_note_ratio", "phrase_end_ratio",
)  # fmt: skip
FOLDS, RIDGE, STEPS = 4, 1.0, 15

Floats = NDArray[np.float64]


def features(found: Sequence[Measures]) -> Floats:
    """(N, F); a missing value is NaN."""
    return np.array([[np.nan if m[name] is None else m[name] for name in FEATURES] for m in found], dtype=float)


def critic_auc(real: Sequence[Measures], other: Sequence[Measures]) -> float:
    """Held-out chance that the critic ranks a real piece above another one."""
    x = np.concatenate([features(real), features(other)])
    y = np.concatenate([np.ones(len(real)), np.zeros(len(other))])
    # Folds by place, so that the k-th tune and the baseline made from its frame are judged together.
    fold = np.concatenate([np.arange(len(real)) % FOLDS, np.arange(len(other)) % FOLDS])
    scores = np.empty(len(y))
    for k in range(FOLDS):
        train = fold != k
        middle = np.nanmedian(x[train], axis=0)
        filled = np.where(np.isnan(x), middle, x)
        scale = filled[train].std(axis=0) + 1e-9
        design = np.column_stack([(filled - filled[train].mean(axis=0)) / scale, np.ones(len(y))])
        scores[~train] = design[~train] @ _fitted(design[train], y[train])
    a, b = scores[y == 1][:, None], scores[y == 0][None, :]
    return float(np.mean((a > b) + 0.5 * (a == b)))


def _fitted(x: Floats, y: Floats) -> Floats:
    """(F,) weights by Newton's method; both classes weigh the same."""
    weight = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[-1, -1] = 0.0
    beta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - penalty @ beta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty
        beta = beta + np.linalg.solve(hessian + 1e-9 * np.eye(len(beta)), gradient)
    return beta
