"""Bars and beats of a piece whose metre may change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A bar (from 1) and a beat in it (from 1, in units of the metre's lower number)."""

    bar: int
    beat: Fraction

    def __str__(self) -> str:
        return f"bar {self.bar}, beat {self.beat_text}"

    @property
    def beat_text(self) -> str:
        """``"2"`` or ``"2 1/3"``."""
        whole, rest = divmod(self.beat, 1)
        return f"{whole} {rest}" if rest else str(whole)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Equal bars from a time on; lengths in ticks."""

    start: int
    first_bar: int
    bar: Fraction
    beat: Fraction


class BarMap:
    """Where bars begin; ``ticks_per_quarter`` is the unit of all times that go in and out."""

    def __init__(self, metres: Iterable[tuple[int, int, int]], ticks_per_quarter: int) -> None:
        """``metres`` are (tick, upper number, lower number); 4/4 holds where none does.

        A metre that begins within a bar begins a new bar there, as notation programs have it.
        """
        self._stretches = [_stretch(0, 1, 4, 4, ticks_per_quarter)]
        self.cuts: list[int] = []
        """Ticks at which a metre begins within a bar."""
        for tick, upper, lower in sorted(metres):
            last = self._stretches[-1]
            bars = -(-(tick - last.start) // last.bar)
            if (tick - last.start) % last.bar:
                self.cuts.append(tick)
            new = _stretch(tick, last.first_bar + int(bars), upper, lower, ticks_per_quarter)
            if tick == last.start:
                self._stretches.pop()
            self._stretches.append(new)
        self._starts = [s.start for s in self._stretches]
        self._first_bars = [s.first_bar for s in self._stretches]

    def place(self, tick: int) -> Place:
        """The bar and beat of ``tick``; ticks before the start belong to bar 0 and below."""
        stretch = self._stretches[max(0, bisect_right(self._starts, tick) - 1)]
        bars, rest = divmod(Fraction(tick - stretch.start), stretch.bar)
        return Place(stretch.first_bar + int(bars), 1 + rest / stretch.beat)

    def start(self, bar: int) -> Fraction:
        """The tick at which ``bar`` begins (one more than the last bar of a stretch: where the next begins)."""
        stretch = self._stretches[bisect_right(self._first_bars, max(1, bar)) - 1]
        return stretch.start + (bar - stretch.first_bar) * stretch.bar

    def is_bar_line(self, tick: int) -> bool:
        return self.place(tick).beat == 1

    def bars_until(self, tick: int) -> int:
        """How many bars begin before ``tick``."""
        at = self.place(tick)
        return at.bar - 1 if at.beat == 1 else at.bar


def _stretch(start: int, first_bar: int, upper: int, lower: int, ticks_per_quarter: int) -> _Stretch:
    beat = Fraction(4 * ticks_per_quarter, lower)
    return _Stretch(start, first_bar, upper * beat, beat)
