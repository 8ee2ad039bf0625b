"""The bars of a piece at a glance: a row for each track of a MIDI file, a character for each bar."""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from composer.music.regions import Section
from composer.steps.due.bar_map import EDITED, EMPTY, FRESH, LOCKED, STALE, UNKNOWN, BarMap

LEGEND = {
    FRESH: "fresh", EMPTY: "empty", STALE: "stale", EDITED: "edited by hand", LOCKED: "locked",
    UNKNOWN: "not from composer",
}  # fmt: skip
COLOURS = {STALE: "yellow", EDITED: "bold cyan", LOCKED: "magenta", UNKNOWN: "dim", EMPTY: "dim"}
NAME_CHARS = 16
GROUP_BARS = 4  # lines break only after so many
PLAIN_COLUMNS = 100


def lines_of(found: BarMap, columns: int) -> list[str]:
    """The map as text of at most ``columns`` characters a line, where that leaves room for one group of bars."""
    width = max([len("bar"), *(len(_label(row.track)) for row in found.rows)])
    room = max(GROUP_BARS, (columns - width - 2) // GROUP_BARS * GROUP_BARS)
    lines = [found.path.name]
    for first in range(1, found.bars + 1, room):
        last = min(found.bars, first + room - 1)
        if found.sections:
            lines.append(f"{'':<{width}}  {_sections_line(found.sections, first, last)}")
        lines.append(f"{'bar':<{width}}  {_numbers_line(first, last)}")
        lines += [f"{_label(row.track):<{width}}  {row.cells[first - 1 : last]}" for row in found.rows]
    return [line.rstrip() for line in lines]


def legend_of(found: Sequence[BarMap]) -> str:
    """What the characters that occur mean."""
    there = {cell for one in found for row in one.rows for cell in row.cells}
    return ", ".join(f"{mark} {word}" for mark, word in LEGEND.items() if mark in there)


def print_maps(found: Sequence[BarMap]) -> None:
    """All maps and their legend on stdout: as wide as the terminal, in colour there."""
    is_terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size().columns if is_terminal else PLAIN_COLUMNS
    for one in found:
        lines = ["", *lines_of(one, columns)]
        if is_terminal:
            _print_coloured(lines, {_label(row.track) for row in one.rows})
        else:
            print("\n".join(lines))
    if found:
        print(f"\n{legend_of(found)}")


def _print_coloured(lines: Sequence[str], tracks: set[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console, width = Console(), max(map(len, tracks), default=0) + 2
    for line in lines:
        text = Text(line, no_wrap=True, overflow="ignore")
        if line[: width - 2].rstrip() in tracks:
            at = width
            for cell, alike in groupby(line[width:]):
                end = at + len(list(alike))
                text.stylize(COLOURS.get(cell, ""), at, end)
                at = end
        console.print(text, soft_wrap=True)


def _label(track: str) -> str:
    return track if len(track) <= NAME_CHARS else track[: NAME_CHARS - 1] + "~"


def _sections_line(sections: Sequence[Section], first: int, last: int) -> str:
    """Each section's name where it begins (or goes on), cut so that it ends before the next."""
    starts: dict[int, str] = defaultdict(str)
    for section in sections:
        if section.last >= first and section.first <= last:
            at = max(section.first, first)
            room = min(section.last, last) - at + 1
            starts[at - first] = section.name[: max(1, room - 1)]
    line = ""
    for at, name in starts.items():
        line = line.ljust(at) + name
    return line


def _numbers_line(first: int, last: int) -> str:
    line = ""
    for bar in range(first, last + 1, GROUP_BARS):
        if len(line) < bar - first or not line:
            line = line.ljust(bar - first) + str(bar)
    return line
