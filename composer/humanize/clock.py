"""Milliseconds and ticks, by the tempo map of a file."""

from __future__ import annotations

from bisect import bisect_right

from composer.formats.midi.scan import DEFAULT_TEMPO_US, SET_TEMPO
from composer.formats.midi.source import SourceMidi


class Clock:
    """The tempo of a file at any tick."""

    def __init__(self, source: SourceMidi) -> None:
        self.quarter = source.ticks_per_beat
        # Of several at one tick the last one counts.
        found = {e.tick: int.from_bytes(e.data) for e in source.metas(SET_TEMPO)}
        self.changes = tuple(sorted(found.items()))
        """(tick, microseconds to the quarter) of each tempo in the file."""
        self._ticks = [tick for tick, _ in self.changes]

    def tempo_us(self, tick: int) -> int:
        """Microseconds to the quarter at ``tick``."""
        index = bisect_right(self._ticks, tick) - 1
        return self.changes[index][1] if index >= 0 else DEFAULT_TEMPO_US

    def ticks(self, milliseconds: float, tick: int) -> float:
        """How many ticks last that long at ``tick``."""
        return milliseconds * 1000.0 * self.quarter / self.tempo_us(tick)

    def milliseconds(self, ticks: float, tick: int) -> float:
        return ticks * self.tempo_us(tick) / 1000.0 / self.quarter
