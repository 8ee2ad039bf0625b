"""New events among the kept ones of a track, and the ticks of bars: what splicing bars into a file stands on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from composer.formats.midi.events import KEPT, end_of_track, in_order
from composer.formats.midi.scan import END_OF_TRACK, RawEvent
from composer.formats.midi.source import SourceMidi
from composer.music.time import TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Run:
    """Bars in a row, from ``start`` to ``end`` in whole ticks of the file; ``lower`` and ``upper`` are exact.

    ``close`` is the tick at which the music stops where nothing is kept after the bars, else None.
    """

    lower: Fraction
    upper: Fraction
    close: int | None = None

    @property
    def start(self) -> int:
        return ceil(self.lower)

    @property
    def end(self) -> int:
        return ceil(self.upper)


def is_in(runs: Sequence[Run], tick: int) -> bool:
    """Whether one of the runs, which are in order, holds a tick of the file."""
    index = bisect_right(runs, tick, key=lambda run: run.start) - 1
    return index >= 0 and tick < runs[index].end


def next_run(runs: Sequence[Run], tick: int) -> Run | None:
    """The first run that begins after ``tick``."""
    return next(iter(runs[bisect_right(runs, tick, key=lambda run: run.start) :]), None)


class Clock:
    """The file's bars, and the ticks of a piece (480 to the quarter) in those of the file."""

    def __init__(self, source: SourceMidi) -> None:
        self.bars = source.bar_map
        self.ticks_per_beat = source.ticks_per_beat

    def exact(self, tick: int) -> Fraction:
        return Fraction(tick * self.ticks_per_beat, TICKS_PER_BEAT)

    def near(self, tick: int) -> int:
        """The nearest tick of the file, the later of two."""
        return (2 * tick * self.ticks_per_beat + TICKS_PER_BEAT) // (2 * TICKS_PER_BEAT)

    def span(self, ticks: Sequence[int], run: Run) -> slice:
        """Which of the sorted ticks of a piece fall into ``run``, before they are rounded."""
        lower, upper = (bisect_left(ticks, border, key=self.exact) for border in (run.lower, run.upper))
        return slice(lower, upper)

    def within(self, tick: int, run: Run) -> int:
        """The tick of the file, for one that falls into ``run``: not rounded out of it."""
        return min(max(self.near(tick), run.start), run.end - 1)

    def bar_line(self, bars: int) -> int:
        """The tick at which that many bars are over."""
        return ceil(self.bars.start(bars + 1))

    def runs(self, bars: Iterable[int]) -> list[Run]:
        """The bars (from 1) as stretches without a gap, in order."""
        spans: list[list[int]] = []
        for bar in sorted(bars):
            if spans and bar == spans[-1][1]:
                spans[-1][1] = bar + 1
            else:
                spans.append([bar, bar + 1])
        return [Run(self.bars.start(first), self.bars.start(after)) for first, after in spans]


@dataclass(slots=True)
class Weave:
    """A track of the file while events go and come."""

    events: Sequence[RawEvent]
    removed: set[int] = field(default_factory=set)
    placed: list[tuple[int, RawEvent]] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The tick of the end of the track as it was."""
        return self.events[-1].tick if self.events else 0

    @property
    def last(self) -> int:
        """The tick of the last event that stays or comes, the end of the track aside."""
        kept = (e.tick for i, e in enumerate(self.events) if i not in self.removed and e.meta != END_OF_TRACK)
        return max([0, *kept, *(event.tick for _, event in self.placed)])

    def place(self, side: int, event: RawEvent) -> None:
        self.placed.append((side, event))

    def woven(self, end: int) -> Sequence[RawEvent]:
        """The track as it is now, ending at ``end``; the very events where nothing went or came."""
        if not self.removed and not self.placed and end == self.end:
            return self.events
        kept = [
            (KEPT, event)
            for index, event in enumerate(self.events)
            if index not in self.removed and event.meta != END_OF_TRACK
        ]
        return [*in_order([*kept, *self.placed]), end_of_track(end)]
