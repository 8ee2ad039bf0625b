"""What the harmony LSTM has to beat, on the same tokens, passages and split: tables of counts with back-off.

Every table is p(chord | context) = (count + strength * p(chord | shorter context)) / (total + strength); the strengths
are those that predict the validation split best.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from composer.encoding.harmony import COLUMNS, PARENTS, STATE_TOKENS, TOKEN_COUNT
from composer.models.harmony_dataset import Passage

Floats = NDArray[np.float64]
Context = Callable[[Passage, int], Hashable]
_STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
_FLOOR = 0.5  # added to the count of every chord of the mode


def _mode(passage: Passage, _index: int) -> Hashable:
    return passage.mode


def _previous(passage: Passage, index: int) -> Hashable:
    return passage.mode, int(passage.columns[index, COLUMNS["previous"]])


def _previous_in_corpus(passage: Passage, index: int) -> Hashable:
    return passage.corpus, passage.mode, int(passage.columns[index, COLUMNS["previous"]])


def _position(passage: Passage, index: int) -> Hashable:
    row = passage.columns[index]
    return passage.corpus, passage.mode, int(row[COLUMNS["cadence"]]), min(int(row[COLUMNS["slots_left"]]), 8)


def _previous_and_cadence(passage: Passage, index: int) -> Hashable:
    row = passage.columns[index]
    return (_previous_in_corpus(passage, index), int(row[COLUMNS["cadence"]]), min(int(row[COLUMNS["slots_left"]]), 4))


# From the shortest context to the longest; the chord before counts from the passage's beginning on.
BASELINES: dict[str, tuple[Context, ...]] = {
    "unigram": (_mode,),
    "position": (_mode, _position),
    "bigram": (_mode, _previous, _previous_in_corpus),
    "bigram_cadence": (_mode, _previous, _previous_in_corpus, _previous_and_cadence),
}


class CountTable:
    """Counts of chords in contexts of growing length, each backing off to the one before."""

    def __init__(self, contexts: Sequence[Context], passages: Sequence[Passage]) -> None:
        self.contexts = contexts
        self.counts: list[dict[Hashable, Floats]] = [defaultdict(lambda: np.zeros(TOKEN_COUNT)) for _ in contexts]
        for passage in passages:
            for index in np.flatnonzero(passage.weights):
                for level, context in enumerate(contexts):
                    self.counts[level][context(passage, int(index))][passage.tokens[index]] += 1

    def shares(self, passage: Passage, index: int, strengths: Sequence[float]) -> Floats:
        """(TOKEN_COUNT,) probabilities of the chord at ``index``."""
        states = STATE_TOKENS[passage.mode]
        share = np.zeros(TOKEN_COUNT)
        share[states] = _FLOOR
        share += self.counts[0].get(passage.mode, 0.0)
        share /= share.sum()
        for level, strength in zip(range(1, len(self.contexts)), strengths, strict=True):
            count = self.counts[level].get(self.contexts[level](passage, index))
            if count is not None:
                share = (count + strength * share) / (count.sum() + strength)
        return share

    def nats(self, passages: Sequence[Passage], strengths: Sequence[float]) -> Floats:
        """(targets,) the surprise of every target chord, in nats."""
        return np.array(
            [
                -np.log(self.shares(passage, int(index), strengths)[passage.tokens[index]])
                for passage in passages
                for index in np.flatnonzero(passage.weights)
            ]
        )


def fitted(name: str, train: Sequence[Passage], valid: Sequence[Passage]) -> tuple[CountTable, tuple[float, ...]]:
    """The baseline ``name`` with the back-off strengths that the validation split likes best."""
    table = CountTable(BASELINES[name], train)
    grid = list(product(_STRENGTHS, repeat=len(table.contexts) - 1))
    if len(grid) == 1:
        return table, ()
    sample = list(valid)[:: max(1, len(valid) // 60)]
    return table, min(grid, key=lambda strengths: float(table.nats(sample, strengths).mean()))


def bigrams(train: Sequence[Passage], strength: float = 10.0) -> dict[str, tuple[Floats, Floats]]:
    """For each mode (S,) start and (S, S) transition probabilities from bar to bar, every corpus of equal weight.

    Composing looks ahead with these, so they are counted where a bar has one chord.
    """
    found = {}
    for mode in PARENTS:
        states = STATE_TOKENS[mode]
        place = {int(token): index for index, token in enumerate(states)}
        moves, start = np.zeros((len(states), len(states))), np.zeros(len(states))
        own = [p for p in train if p.mode == mode and (p.columns[:, COLUMNS["rate"]] == 1).all()]
        for corpus in sorted({p.corpus for p in own}):
            lines = [[place.get(int(t)) for t in p.tokens] for p in own if p.corpus == corpus]
            share = 1e4 / max(1, sum(map(len, lines)))
            for passage, line in zip([p for p in own if p.corpus == corpus], lines, strict=True):
                for index in passage.starts:
                    if (first := line[index]) is not None:
                        start[first] += share
                for one, two in pairwise(line):
                    if one is not None and two is not None:
                        moves[one, two] += share
        unigram = moves.sum(axis=0) + 1.0
        unigram /= unigram.sum()
        moves = (moves + strength * unigram) / (moves.sum(axis=1, keepdims=True) + strength)
        start = (start + strength * unigram) / (start.sum() + strength)
        found[mode] = (start, moves)
    return found
