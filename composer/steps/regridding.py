"""The music of a performance on the grid, with what a person changed in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import counted, printable
from composer.formats.midi.source import read_source
from composer.steps.returning import read_whole
from composer.steps.worn import Worn

if TYPE_CHECKING:
    from composer.humanize.undo import Regridded


def taken_off(human: Path, worn: Worn) -> tuple[Regridded, tuple[str, ...]]:
    """The music of ``human`` on the grid, and what to say about it."""
    from composer.humanize.pairing import performance_in
    from composer.humanize.stage import performance_of
    from composer.humanize.undo import regridded

    name = printable(human.name)
    data, lines = read_whole(human)
    grid = read_source(worn.grid, name)
    written = performance_in(read_source(worn.performance(name), name), grid) or performance_of(grid, worn.layer)
    result = regridded(read_source(data, name), grid, written, worn.grid)
    told = [f"{counted(result.back, 'note is', 'notes are')} back on the grid"]
    if result.theirs:
        told.append(f"{counted(result.theirs, 'keeps', 'keep')} what you changed")
    if result.snapped:
        told.append(f"{result.snapped} that you added, put on the nearest place of it")
    return result, (*lines, "; ".join(told))
