"""Ticks, quarters and seconds of a piece whose tempo changes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class TempoChange:
    """So many microseconds a quarter note from a tick on."""

    tick: int
    quarter_us: int

    @property
    def bpm(self) -> float:
        """Quarter notes a minute; 60 million over it, rounded, is ``quarter_us`` again."""
        return 60e6 / self.quarter_us


class Clock:
    """Where ticks fall in seconds; exact until the last division."""

    def __init__(self, tempi: tuple[TempoChange, ...], ticks_per_quarter: int) -> None:
        """``tempi`` are by tick, the first at tick 0."""
        self.tempi = tempi
        self.ticks_per_quarter = ticks_per_quarter
        self._ticks = [tempo.tick for tempo in tempi]
        self._us = [Fraction(0)]
        for before, after in pairwise(tempi):
            self._us.append(self._us[-1] + Fraction((after.tick - before.tick) * before.quarter_us, ticks_per_quarter))

    def seconds(self, tick: int) -> float:
        """Seconds from the start of the piece to ``tick``."""
        at = bisect_right(self._ticks, tick) - 1
        tempo = self.tempi[at]
        return float(self._us[at] + Fraction((tick - tempo.tick) * tempo.quarter_us, self.ticks_per_quarter)) / 1e6

    def quarters(self, seconds: float) -> float:
        """Quarter notes from the start of the piece to a time in seconds."""
        us = Fraction(seconds) * 1_000_000
        at = bisect_right(self._us, us) - 1
        tempo = self.tempi[at]
        return float(Fraction(tempo.tick, self.ticks_per_quarter) + (us - self._us[at]) / tempo.quarter_us)

    def quarter_text(self, tick: int) -> str:
        """``tick`` in quarter notes, as a decimal that rounds back to the same tick."""
        return decimal_text(tick / self.ticks_per_quarter)


def decimal_text(value: float) -> str:
    """A number with as many of twelve decimals as it needs, never with an exponent."""
    text = f"{value:.12f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
