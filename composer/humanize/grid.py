"""The grid that a file is written on, bar by bar, and the notes that keep to it.

A cell is the stretch between two lines of the grid. A note on the grid begins where its cell begins; played, it may be
late by less than half a cell, so that quantising gives the grid back and the note stays in its bar.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from composer.formats.midi.source import SourceMidi, SourceNote
from composer.humanize.layer import LineBar
from composer.humanize.lines import Line

# Cells to the quarter: 16ths, 16th triplets, 32nds, both, all. Nothing coarser: a DAW quantises to 16ths at most.
DIVISIONS = (4, 6, 8, 12, 24)
WRITTEN = (8, 6)  # onsets on one of these are written; on both at once they are only taken where ticks are fine
FINE_WRITTEN = 12
FINE_TICKS_PER_BEAT = 192
# A bar with a larger share of notes off the grid was played, and so was a line with a larger share of such bars.
FREE_NOTES, FREE_BARS = 0.25, 0.5


class Grid:
    """The bars of a file, the cell of each, and which of its notes stand on the grid."""

    def __init__(self, source: SourceMidi, lines: Sequence[Line]) -> None:
        self.quarter = source.ticks_per_beat
        self.bars = source.bar_map
        self._bar_of: dict[int, int] = {}
        self._start_of: dict[int, Fraction] = {}
        self._on_grid: dict[int, bool] = {}
        self.free: frozenset[LineBar] = frozenset(cell for line in lines for cell in self._free_cells(line))
        self._division = self._divisions(note for line in lines for note in line.notes)

    def bar(self, tick: int) -> int:
        """The bar (from 1) that ``tick`` is in."""
        if tick not in self._bar_of:
            self._bar_of[tick] = self.bars.place(tick).bar
        return self._bar_of[tick]

    def bar_start(self, bar: int) -> Fraction:
        if bar not in self._start_of:
            self._start_of[bar] = self.bars.start(bar)
        return self._start_of[bar]

    def cell_of(self, note: SourceNote) -> LineBar:
        return LineBar(note.track, note.channel, self.bar(note.start))

    def is_written(self, note: SourceNote) -> bool:
        """Whether the note stands on the grid, in a bar that was not played freely."""
        return self._is_on_grid(note.start) and self.cell_of(note) not in self.free

    def cell_ticks(self, tick: int) -> Fraction:
        """The length of the cells in the bar of ``tick``."""
        return Fraction(self.quarter, self._division.get(self.bar(tick), DIVISIONS[0]))

    def room_ticks(self, tick: int) -> int:
        """By how much a note at ``tick`` may be late: less than half a cell."""
        half = self.cell_ticks(tick) / 2
        rounding = 0 if half.denominator <= 2 else 1  # the lines of an odd grid are themselves rounded
        return max(0, -(-half.numerator // half.denominator) - 1 - rounding)

    def nearest(self, tick: int) -> int:
        """The line of the grid that is nearest to ``tick``, the earlier one of two."""
        start, cell = self.bar_start(self.bar(tick)), self.cell_ticks(tick)
        steps = -((start - tick) / cell + Fraction(1, 2)).__floor__()
        return max(0, round(start + steps * cell))

    def _is_on_grid(self, tick: int) -> bool:
        if tick not in self._on_grid:
            finest = (*WRITTEN, FINE_WRITTEN) if self.quarter >= FINE_TICKS_PER_BEAT else WRITTEN
            self._on_grid[tick] = any(self._fits(tick, division) for division in finest)
        return self._on_grid[tick]

    def _fits(self, tick: int, division: int) -> bool:
        """Whether ``tick`` is a line of that grid, rounded up or down where ticks are too coarse for it."""
        start = self.bar_start(self.bar(tick))
        # In whole numbers, as this is asked of every note: a cell is ``quarter * denominator`` of these units.
        cell = self.quarter * start.denominator
        rest = (tick * start.denominator - start.numerator) * division % cell
        return min(rest, cell - rest) < division * start.denominator

    def _free_cells(self, line: Line) -> list[LineBar]:
        cells: dict[LineBar, list[bool]] = defaultdict(list)
        for note in line.notes:
            cells[self.cell_of(note)].append(self._is_on_grid(note.start))
        free = [cell for cell, found in cells.items() if found.count(False) > FREE_NOTES * len(found)]
        return list(cells) if len(free) > FREE_BARS * len(cells) else free

    def _divisions(self, notes: Iterable[SourceNote]) -> dict[int, int]:
        """Bar -> the coarsest division that has all its written onsets."""
        onsets: dict[int, set[int]] = defaultdict(set)
        for note in notes:
            if self.is_written(note):
                onsets[self.bar(note.start)].add(note.start)
        return {bar: self._division_of(ticks) for bar, ticks in onsets.items()}

    def _division_of(self, ticks: set[int]) -> int:
        fitting = (d for d in DIVISIONS if all(self._fits(tick, d) for tick in ticks))
        return next(fitting, DIVISIONS[-1])
