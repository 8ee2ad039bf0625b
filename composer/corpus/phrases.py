"""Where the phrases of a sung melody end: rests after long notes and long notes before a bar line, every 2-8 bars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from composer.music.time import Meter

Note = tuple[int, int, int]  # start, end in ticks, MIDI pitch
_BARS_MIN, _BARS_MAX, _BARS_USUAL = 2, 8, 4
_REST_UNIT = 240  # an eighth
_REST_MAX, _LONG_MAX = 4.0, 3.0
_PHRASE_COST = 1.3
_OUTSIDE_COST = 2.5  # for each bar short of two or over eight
_UNUSUAL_COST = 0.08  # for each bar from four


def phrase_ends(notes: Sequence[Note], meter: Meter, end: int) -> tuple[int, ...]:
    """Ascending ticks at which phrases end, the last one ``end``; each is the start of a note or a bar line.

    A phrase includes the rest after it, up to the next note or, where that is more than a bar away, to the bar line.
    """
    gains = _gains(notes, meter)
    ticks = [0, *(_end_after(notes, index, meter) for index in range(len(notes) - 1)), end]
    best, back = np.full(len(ticks), -np.inf), [0] * len(ticks)
    best[0] = 0.0
    for here in range(1, len(ticks)):
        gain = gains[here - 1] if here - 1 < len(gains) else 0.0
        for before in range(here - 1, -1, -1):
            bars = (ticks[here] - ticks[before]) / meter.bar_ticks
            if bars > 4 * _BARS_MAX and here - before > 1:
                break
            score = best[before] + gain - _cost(bars)
            if score > best[here]:
                best[here], back[here] = score, before
    found, here = [end], back[-1]
    while here:
        found.append(ticks[here])
        here = back[here]
    return tuple(sorted(set(found)))


def _cost(bars: float) -> float:
    outside = max(0.0, _BARS_MIN - bars - 0.3, bars - _BARS_MAX)
    return _PHRASE_COST + _OUTSIDE_COST * outside + _UNUSUAL_COST * abs(bars - _BARS_USUAL)


def _gains(notes: Sequence[Note], meter: Meter) -> list[float]:
    """For each note but the last: how much it sounds like the end of a phrase."""
    usual = float(np.median([stop - start for start, stop, _ in notes]))
    gains = []
    for (start, stop, _), (following, _, _) in pairwise(notes):
        rest = min(max(0, following - stop) / _REST_UNIT, _REST_MAX)
        held = min((following - start) / usual - 1.0, _LONG_MAX)
        # A short note before a short rest is articulation, not an ending.
        weight = 0.8 if stop - start >= usual else 0.45
        at_bar_line = 0.3 if following % meter.bar_ticks == 0 or stop % meter.bar_ticks == 0 else 0.0
        gains.append(weight * rest + 0.5 * max(0.0, held) + at_bar_line)
    return gains


def _end_after(notes: Sequence[Note], index: int, meter: Meter) -> int:
    stop, following = notes[index][1], notes[index + 1][0]
    bar = meter.bar_ticks
    return following if following - stop < bar else -(-stop // bar) * bar
