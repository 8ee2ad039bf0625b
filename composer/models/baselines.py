"""Two simple models on the same split, so that a figure of the network means something.

Markov-2: duration and pitch each from its two predecessors, with interpolated back-off to one, none and uniform.
Per-position: duration from metre and place in the bar, pitch from mode and place in the bar.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from composer.corpus.tune import Tune
from composer.encoding.melody import DURATIONS, PITCH_TOKENS, nearest_duration

_BACKOFF = 4.0  # pseudo-count of the shorter context (Witten-Bell with a fixed weight)
Item = tuple[list[Hashable], int]  # contexts from short to long, and the token
Reader = Callable[[Tune], list[tuple[Item, Item]]]


def markov_nats(train: Sequence[Tune], test: Sequence[Tune]) -> tuple[float, float]:
    """Duration and pitch cross-entropy on ``test``, nats per event."""
    return _nats(train, test, _markov_items)


def per_position_nats(train: Sequence[Tune], test: Sequence[Tune]) -> tuple[float, float]:
    """Duration and pitch cross-entropy on ``test``, nats per event."""
    return _nats(train, test, _position_items)


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


def _nats(train: Sequence[Tune], test: Sequence[Tune], reader: Reader) -> tuple[float, float]:
    counts: list[dict[Hashable, Counter[int]]] = [defaultdict(Counter), defaultdict(Counter)]
    for tune in train:
        for pair in reader(tune):
            for table, (contexts, token) in zip(counts, pair, strict=True):
                for context in ((), *contexts):
                    table[context][token] += 1
    totals = [{context: seen.total() for context, seen in table.items()} for table in counts]
    losses: list[list[float]] = [[], []]
    for tune in test:
        for pair in reader(tune):
            for which, (contexts, token) in enumerate(pair):
                chance = 1.0 / (len(DURATIONS), PITCH_TOKENS)[which]
                for context in ((), *contexts):
                    seen = totals[which].get(context, 0)
                    if seen:
                        chance = (counts[which][context][token] + _BACKOFF * chance) / (seen + _BACKOFF)
                losses[which].append(-np.log(chance))
    return float(np.mean(losses[0])), float(np.mean(losses[1]))
