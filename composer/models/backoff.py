"""Counts of tokens in contexts of growing length: the simplest models that a network has to beat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

_BACKOFF = 4.0  # pseudo-count of the shorter context (Witten-Bell with a fixed weight)


class BackoffCounts:
    """How often each of ``size`` tokens was seen in each context; a context backs off to the one before it."""

    def __init__(self, size: int) -> None:
        self._uniform = 1.0 / size
        self._counts: dict[Hashable, Counter[int]] = defaultdict(Counter)
        self._totals: Counter[Hashable] = Counter()

    def add(self, contexts: Sequence[Hashable], token: int) -> None:
        """Count ``token`` once in each of ``contexts``."""
        for context in contexts:
            self._counts[context][token] += 1
            self._totals[context] += 1

    def chance(self, contexts: Sequence[Hashable], token: int) -> float:
        """The probability of ``token`` after ``contexts``, from the shortest to the longest; uniform without any."""
        chance = self._uniform
        for context in contexts:
            if seen := self._totals.get(context, 0):
                chance = (self._counts[context][token] + _BACKOFF * chance) / (seen + _BACKOFF)
        return chance
