"""The phrases of a piece in ticks, and where in its phrase a note stands."""

from __future__ import annotations

from bisect import bisect_right

from composer.humanize.grid import Grid
from composer.humanize.layer import Outline

# Where a phrase is at its height, as a share of its length: after the middle, as performers have it (Repp 1992).
HEIGHT = 0.62


class Phrasing:
    """``outline`` laid over the bars of a file."""

    def __init__(self, outline: Outline, grid: Grid, end_tick: int) -> None:
        self._starts = [round(grid.bar_start(bar)) for bar in outline.phrases]
        self._end = max(end_tick, self._starts[-1] + 1)

    def phrase(self, tick: int) -> int:
        """The number of the phrase, from 0, that ``tick`` is in."""
        return max(0, bisect_right(self._starts, tick) - 1)

    def ends_at(self, tick: int) -> int:
        """The tick at which the phrase of ``tick`` ends."""
        following = self.phrase(tick) + 1
        return self._starts[following] if following < len(self._starts) else self._end

    def arch(self, tick: int) -> float:
        """-1 at both ends of the phrase, 1 at its height, along two parabolas that meet there."""
        start = self._starts[self.phrase(tick)]
        place = (tick - start) / max(1, self.ends_at(tick) - start)
        distance = (HEIGHT - place) / HEIGHT if place < HEIGHT else (place - HEIGHT) / (1.0 - HEIGHT)
        return 1.0 - 2.0 * min(1.0, max(0.0, distance)) ** 2
