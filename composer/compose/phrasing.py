"""Where the phrases of a given tune end: after long notes and rests, every four bars where nothing else speaks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.encoding.melody import Event
from composer.music.notes import Note
from composer.music.time import Meter

# What a phrase of so many bars costs, in octaves of note length; others are dearer still.
LENGTH_COSTS = {1: 3.5, 2: 1.4, 3: 1.8, 4: 0.0, 5: 1.6, 6: 1.4, 7: 2.0, 8: 0.8}
_BREATH_OCTAVES_MAX = 2.5  # a longer rest says no more
_REST_BONUS = 0.5
_PICKUP_SHARE = 0.5  # of a bar: the longest anacrusis


@dataclass(frozen=True, slots=True)
class Span:
    """Bars ``first`` .. ``first + bars - 1``; the notes from ``pickup`` ticks before belong to it."""

    first: int
    bars: int
    pickup: int = 0

    @property
    def last(self) -> int:
        return self.first + self.bars - 1


def phrases_in(line: Sequence[Note], meter: Meter, bars: int) -> tuple[Span, ...]:
    """The phrases that fill ``bars`` bars; ``line`` is one note at a time from a bar line on."""
    starts = [note.start for note in line]
    usual = float(np.median(np.diff(starts))) if len(starts) > 1 else 0.0
    breaths = [_breath(line, starts, usual, meter, bar) for bar in range(bars + 1)]
    best = np.full(bars + 1, -np.inf)
    best[0] = 0.0
    back = [0] * (bars + 1)
    for end in range(1, bars + 1):
        for length, cost in LENGTH_COSTS.items():
            if length <= end and best[end - length] - cost + breaths[end][0] > best[end]:
                best[end], back[end] = best[end - length] - cost + breaths[end][0], end - length
    ends = [bars]
    while back[ends[-1]] > 0:
        ends.append(back[ends[-1]])
    starts = [0, *reversed(ends[1:])]
    return tuple(
        Span(first, end - first, breaths[first][1] if first else 0)
        for first, end in zip(starts, reversed(ends), strict=True)
    )


def _breath(line: Sequence[Note], starts: Sequence[int], usual: float, meter: Meter, bar: int) -> tuple[float, int]:
    """How clearly the tune breathes at the bar line before ``bar``, and the ticks of the pick-up to it.

    ``starts`` are the onsets of ``line``; the clearness is in octaves of note length over the ``usual`` one.
    """
    at = bar * meter.bar_ticks
    best, pickup = 0.0, 0
    first = bisect_left(starts, at - _PICKUP_SHARE * meter.bar_ticks)
    for index in range(max(1, first), bisect_right(starts, at)):
        note, start = line[index - 1], starts[index]
        clear = min(_BREATH_OCTAVES_MAX, float(np.log2(max(1.0, (start - note.start) / max(1.0, usual)))))
        clear += _REST_BONUS * (start - note.end >= usual / 2)
        clear -= 0.25 * (start < at)
        if clear > best:
            best, pickup = clear, at - start
    return best, pickup


def events_of(line: Sequence[Note], tonic_midi: int, end: int) -> tuple[Event, ...]:
    """``line`` as events from tick 0 to ``end`` without a gap: rests stand between the notes."""
    events: list[Event] = []
    now = 0
    for note in line:
        if note.start >= end:
            break
        if note.start > now:
            events.append(Event(now, note.start - now, None))
        events.append(Event(note.start, min(note.end, end) - note.start, note.pitch - tonic_midi))
        now = events[-1].end
    if now < end:
        events.append(Event(now, end - now, None))
    return tuple(events)
