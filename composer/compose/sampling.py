"""Drawing from a network's logits, for a batch of candidates at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def log_softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """(R, N) log-probabilities of each row."""
    wide = np.asarray(logits, dtype=np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def sampled(
    log_weights: NDArray[np.float64], temperature: float, top_p: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(R,) an index for each row, drawn from the smallest set that holds ``top_p`` of its probability."""
    scaled = log_weights / temperature
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    order = np.argsort(-weights, axis=1, kind="stable")
    ranked = np.take_along_axis(weights, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    cumulative = np.cumsum(np.where(before < top_p, ranked, 0.0), axis=1)
    draws = rng.random((len(ranked), 1)) * cumulative[:, -1:]
    place = (cumulative <= draws).sum(axis=1)
    kept = (before < top_p).sum(axis=1) - 1
    return np.asarray(np.take_along_axis(order, np.minimum(place, kept)[:, None], axis=1)[:, 0])
