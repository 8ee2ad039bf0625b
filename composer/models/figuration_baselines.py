"""Two simple models of accompaniment on the same tokens and split, so that a figure of the network means something.

The unigram knows how often each token stands at each place of each metre. The repeater mixes it with a copy of what
stood there one bar before: the share of the copy is counted on the training songs, once for bars that have kept to the
bar before so far and once for bars that have not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from composer.corpus.figurations import FiguredSong
from composer.encoding.figuration import DURATIONS, PULSES, SHAPE_TOKENS, Figure, Step
from composer.models.backoff import BackoffCounts
from composer.models.figuration_dataset import HEADS
from composer.models.figuration_scores import FigureNats

_SIZES = (len(PULSES), SHAPE_TOKENS, SHAPE_TOKENS, len(DURATIONS), len(DURATIONS))


@dataclass(frozen=True, slots=True)
class _Item:
    """One token: its head, its contexts from none to the longest, the token one bar before, whether the bar repeats."""

    head: int
    contexts: tuple[Hashable, ...]
    token: int
    before: int | None
    repeats: bool


def unigram_nats(train: Sequence[FiguredSong], test: Sequence[FiguredSong]) -> FigureNats:
    """Each token by metre and place, backing off to its overall share."""
    return _nats(_counted(train), None, test)


def repeating_nats(train: Sequence[FiguredSong], test: Sequence[FiguredSong]) -> FigureNats:
    """A copy of the bar before with the share that fits the training songs, else the unigram."""
    kept: Counter[tuple[int, bool]] = Counter()
    seen: Counter[tuple[int, bool]] = Counter()
    for song in train:
        for item in _items(song):
            if item.before is not None:
                seen[item.head, item.repeats] += 1
                kept[item.head, item.repeats] += item.before == item.token
    # What is equal by chance counts as a copy too: a little too much trust, which only helps the baseline.
    shares = {key: (kept[key] + 1) / (seen[key] + 2) for key in seen}
    return _nats(_counted(train), shares, test)


def _counted(songs: Sequence[FiguredSong]) -> tuple[BackoffCounts, ...]:
    """The counts of each head."""
    counts = tuple(BackoffCounts(size) for size in _SIZES)
    for song in songs:
        for item in _items(song):
            counts[item.head].add(item.contexts, item.token)
    return counts


def _nats(
    counts: Sequence[BackoffCounts], shares: dict[tuple[int, bool], float] | None, test: Sequence[FiguredSong]
) -> FigureNats:
    sums, bars, onsets = np.zeros(len(HEADS)), 0, 0
    for song in test:
        bars += len(song.figures)
        onsets += sum(len(figure.onsets) for figure in song.figures)
        for item in _items(song):
            chance = counts[item.head].chance(item.contexts, item.token)
            if shares is not None and item.before is not None:
                share = shares.get((item.head, item.repeats), 0.5)
                chance = share * (item.before == item.token) + (1 - share) * chance
            sums[item.head] -= np.log(chance)
    return FigureNats(*(float(s) / bars for s in (*sums, onsets)))


def _items(song: FiguredSong) -> Iterator[_Item]:
    meter = str(song.frame.meter)
    before: Figure | None = None
    for figure in song.figures:
        old = _struck(before)
        repeats = before is not None and before.pulse == figure.pulse
        yield _Item(0, ((), meter), figure.pulse, None if before is None else before.pulse, repeats)
        ticks = PULSES[figure.pulse]
        for index, step in enumerate(figure.steps):
            place = (meter, figure.pulse, index)
            then = old.get(index * ticks, Step()) if before is not None else None
            pairs = zip(_tokens(step), _tokens(then) if then else (None,) * 4, strict=True)
            for head, (token, earlier) in enumerate(pairs, 1):
                # A length is only told where something is struck.
                if head <= 2 or _tokens(step)[head - 3]:
                    yield _Item(head, ((), place), token, earlier, repeats)
            repeats = repeats and then is not None and (then.left, then.right) == (step.left, step.right)
        before = figure


def _tokens(step: Step) -> tuple[int, int, int, int]:
    return step.left, step.right, step.left_length, step.right_length


def _struck(figure: Figure | None) -> dict[int, Step]:
    if figure is None:
        return {}
    return {i * PULSES[figure.pulse]: step for i, step in enumerate(figure.steps) if not step.is_silent}
