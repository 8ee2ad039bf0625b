"""A critic that learns to tell real tunes from others: how well it can is how far the others are from real.

Ridge logistic regression over intervals, structure and cadence, judged on pieces that it has not seen (four folds, no
group of related pieces in two). .50: cannot tell; 1: always can.

A critic that cannot tell a Markov chain from real tunes cannot tell anything. So with every verdict it is asked the
same about as many melodies of real rhythm with second-order Markov pitches; below ``CONTROL_MIN`` it is broken - most
often because there were too few pieces - and its verdict is worth nothing.

Source: the classifier two-sample test (Lopez-Paz and Oquab 2017), on our measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.evaluate.measures import Measures, matrix
from composer.evaluate.reference import Reference

FEATURES = (
    "repeated_note", "step", "third", "fourth_fifth", "large_leap", "mean_interval", "leap_recovery",
    "direction_changes", "onset_f1", "bar_repeats", "bar_rhythm_repeats", "bar_contour_repeats", "self_similarity",
    "repeated_4grams", "last_note_ratio", "close_ratio", "ends_on_tonic",
)  # fmt: skip
FOLDS, RIDGE, STEPS = 4, 1.0, 15
CONTROL_MIN = 0.95
CONTROL_DRAWS = 5  # sets of Markov melodies that the control is averaged over
AIM, LIMIT = 0.70, 0.80

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tell:
    """A measure by which the critic tells the sets apart, and its share 0..1 of the distance between their means."""

    measure: str
    share: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """``auc``: the held-out chance that a real tune is ranked above one of the ``pieces``; ``control_auc``: the same
    for as many Markov melodies; ``tells``: by what, the clearest first."""

    auc: float
    control_auc: float
    pieces: int
    references: int
    tells: tuple[Tell, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether the control failed, so that nothing follows from ``auc``."""
        return not self.control_auc >= CONTROL_MIN

    @property
    def error(self) -> float:
        """The standard error of ``auc``, from the number of pieces (Hanley and McNeil 1982)."""
        a, real, other = self.auc, self.references, self.pieces
        one, two = a / (2 - a), 2 * a * a / (1 + a)
        variance = a * (1 - a) + (other - 1) * (one - a * a) + (real - 1) * (two - a * a)
        return float(np.sqrt(max(0.0, variance) / (real * other)))

    def words(self) -> str:
        """One line for a person."""
        control = f"control {self.control_auc:.2f}"
        if self.is_broken:
            return f"broken: told Markov melodies apart at {control} only, so its {self.auc:.2f} says nothing"
        judged = "hardly tells them apart" if self.auc <= AIM else "within the limit" if self.auc <= LIMIT else "tells"
        return f"{self.auc:.2f} ± {self.error:.2f} ({judged}; {control})"


def verdict_of(found: Sequence[Measures], reference: Reference, groups: Sequence[int] | None = None) -> Verdict | None:
    """The verdict on a set against the reference's real tunes; ``None`` below one piece a fold.

    ``groups`` numbers pieces that belong together (takes of one brief), so that they are judged in one fold.
    """
    if len(found) < FOLDS:
        return None
    real, markov = reference.columns(reference.real, FEATURES), reference.columns(reference.markov, FEATURES)
    ours = matrix(found, FEATURES)
    own = np.arange(len(found)) if groups is None else np.asarray(groups)
    return Verdict(
        auc=critic_auc(real, ours, other_groups=own),
        control_auc=_control(real, markov, len(found)),
        pieces=len(found),
        references=len(real),
        tells=tells_of(real, ours),
    )


def beside(one: Sequence[Measures], other: Sequence[Measures], reference: Reference) -> Verdict | None:
    """The critic between two sets; its control are as many real tunes beside as many Markov melodies."""
    if min(len(one), len(other)) < FOLDS:
        return None
    real, markov = reference.columns(reference.real, FEATURES), reference.columns(reference.markov, FEATURES)
    some = real[_spread(len(real), len(one), 0)]
    first, second = matrix(one, FEATURES), matrix(other, FEATURES)
    return Verdict(
        auc=critic_auc(first, second),
        control_auc=_control(some, markov, len(other), paired=False),
        pieces=len(other),
        references=len(one),
        tells=tells_of(first, second),
    )


def _control(real: Floats, markov: Floats, count: int, paired: bool = True) -> float:
    """The critic's score on ``count`` Markov melodies, the mean over several choices of them.

    The k-th melody was made from the k-th real tune, so ``paired`` sets judge the two together.
    """
    scores = []
    for draw in range(CONTROL_DRAWS if count < len(markov) else 1):
        chosen = _spread(len(markov), min(count, len(markov)), draw)
        scores.append(critic_auc(real, markov[chosen], other_groups=chosen if paired else None))
    return float(np.mean(scores))


def _spread(total: int, count: int, draw: int) -> Ints:
    """``count`` of ``total`` places, a different choice for each ``draw``."""
    return np.sort(np.random.default_rng(draw).permutation(total)[:count])


def critic_auc(real: Floats, other: Floats, *, other_groups: Ints | None = None) -> float:
    """Held-out chance that the critic ranks a row of ``real`` (N, F) above one of ``other`` (M, F); ties half.

    A missing value (NaN) is taken as the median. Row k of ``real`` is its own group k.
    """
    x = np.concatenate([real, other])
    y = np.concatenate([np.ones(len(real)), np.zeros(len(other))])
    groups = np.arange(len(other)) if other_groups is None else other_groups
    fold = np.concatenate([np.arange(len(real)), groups]) % FOLDS
    scores = np.full(len(y), np.nan)
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        if test.any() and 0 < y[train].mean() < 1:
            scores[test] = _scores(x, y, train)[test]
    a, b = scores[y == 1], scores[y == 0]
    a, b = a[~np.isnan(a)][:, None], b[~np.isnan(b)][None, :]
    return float(np.mean((a > b) + 0.5 * (a == b))) if a.size and b.size else float("nan")


def tells_of(real: Floats, other: Floats) -> tuple[Tell, ...]:
    """What a critic that sees all pieces goes by: for each feature its weight times the gap between the means.

    Features that speak for the wrong side are left out; the shares add up to 1.
    """
    x = np.concatenate([real, other])
    some = np.flatnonzero(~np.all(np.isnan(x), axis=0))
    filled = np.where(np.isnan(x[:, some]), np.nanmedian(x[:, some], axis=0), x[:, some])
    y = np.concatenate([np.ones(len(real)), np.zeros(len(other))])
    scaled = (filled - filled.mean(axis=0)) / (filled.std(axis=0) + 1e-9)
    weights = _fitted(np.column_stack([scaled, np.ones(len(y))]), y)[:-1]
    gaps = np.clip(weights * (scaled[y == 1].mean(axis=0) - scaled[y == 0].mean(axis=0)), 0, None)
    total = float(gaps.sum()) or 1.0
    return tuple(Tell(FEATURES[some[i]], float(gaps[i]) / total) for i in np.argsort(-gaps) if gaps[i] > 0)


def _scores(x: Floats, y: Floats, train: NDArray[np.bool_]) -> Floats:
    """(N,) the log odds of being real, by a critic that saw the rows ``train``."""
    some = ~np.all(np.isnan(x[train]), axis=0)
    x = x[:, some]
    filled = np.where(np.isnan(x), np.nanmedian(x[train], axis=0), x)
    spread = filled[train].std(axis=0) + 1e-9
    design = np.column_stack([(filled - filled[train].mean(axis=0)) / spread, np.ones(len(y))])
    return np.asarray(design @ _fitted(design[train], y[train]))


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
