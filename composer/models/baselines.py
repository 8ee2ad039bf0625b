"""Two simple models on the same split, so that a figure of the network means something.

Markov-2: duration and pitch each from its two predecessors, with interpolated back-off to one, none and uniform.
Per-position: duration from metre and place in the bar, pitch from mode and place in the bar.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from composer.corpus.tune import Tune
from composer.encoding.melody import DURATIONS, PITCH_TOKENS, nearest_duration
from composer.models.backoff import BackoffCounts

Item = tuple[list[Hashable], int]  # contexts from short to long, and the token
Reader = Callable[[Tune], list[tuple[Item, Item]]]


class Baseline:
    """Counts of one kind of contexts in the training tunes."""

    def __init__(self, reader: Reader, train: Sequence[Tune]) -> None:
        self._reader = reader
        self._tables = BackoffCounts(len(DURATIONS)), BackoffCounts(PITCH_TOKENS)
        for tune in train:
            for pair in reader(tune):
                for table, (contexts, token) in zip(self._tables, pair, strict=True):
                    table.add(((), *contexts), token)

    def nats(self, test: Sequence[Tune]) -> tuple[float, float]:
        """Duration and pitch cross-entropy on ``test``, nats per event."""
        losses: list[list[float]] = [[], []]
        for tune in test:
            for pair in self._reader(tune):
                for table, (contexts, token), found in zip(self._tables, pair, losses, strict=True):
                    found.append(-np.log(table.chance(((), *contexts), token)))
        return float(np.mean(losses[0])), float(np.mean(losses[1]))


def markov(train: Sequence[Tune]) -> Baseline:
    """What two notes tell of the next one."""
    return Baseline(_markov_items, train)


def per_position(train: Sequence[Tune]) -> Baseline:
    """What the place in the bar tells of the note there."""
    return Baseline(_position_items, train)


def _markov_items(tune: Tune) -> list[tuple[Item, Item]]:
    items: list[tuple[Item, Item]] = []
    d1 = d2 = p1 = p2 = -1
    for event in tune.events:
        duration, pitch = nearest_duration(event.duration), event.token
        items.append((([(d1,), (d1, d2)], duration), ([(p1,), (p1, p2)], pitch)))
        d1, d2, p1, p2 = duration, d1, pitch, p1
    return items


def _position_items(tune: Tune) -> list[tuple[Item, Item]]:
    items: list[tuple[Item, Item]] = []
    for event in tune.events:
        place = event.start % tune.meter.bar_ticks
        items.append(
            (
                ([(str(tune.meter), place)], nearest_duration(event.duration)),
                ([(tune.key.mode, str(tune.meter), place)], event.token),
            )
        )
    return items
