"""The bars of a piece at a glance: a row for each track of a MIDI file, a character for each bar."""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from composer.cli.overview import Overview, bars_of_person, read_back
from composer.errors import ComposerError, printable
from composer.formats.brief import Brief
from composer.formats.midi_hashes import bar_hashes
from composer.formats.record import StepRecord
from composer.music.regions import Cells, Section, Track
from composer.workspace import CONDUCTOR, EditedBars, State
from composer.workspace.states import MIDI_SUFFIXES, hashes_of

FRESH, STALE, EDITED, LOCKED, EMPTY, UNKNOWN = ".", "s", "e", "L", "-", "?"
LEGEND = {
    FRESH: "fresh", EMPTY: "empty", STALE: "stale", EDITED: "edited by hand", LOCKED: "locked",
    UNKNOWN: "not from composer",
}  # fmt: skip
COLOURS = {STALE: "yellow", EDITED: "bold cyan", LOCKED: "magenta", UNKNOWN: "dim", EMPTY: "dim"}
NAME_CHARS = 16
GROUP_BARS = 4  # lines break only after so many
PLAIN_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A track with its bars (from 1) by what they are; ``cells`` has a character for each: ``LOCKED`` before all."""

    track: str
    cells: str
    edited: tuple[int, ...]
    stale: tuple[int, ...]
    locked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BarMap:
    """All tracks of one MIDI file."""

    path: Path
    bars: int
    sections: tuple[Section, ...]
    rows: tuple[Row, ...]

    def as_json(self) -> dict[str, object]:
        sections = [{"name": one.name, "first": one.first, "bars": one.bars} for one in self.sections]
        tracks = [
            {
                "track": row.track, "map": row.cells, "edited": list(row.edited), "stale": list(row.stale),
                "locked": list(row.locked),
            }
            for row in self.rows
        ]  # fmt: skip
        return {"file": self.path.name, "bars": self.bars, "sections": sections, "tracks": tracks}


def maps_of(overview: Overview) -> tuple[BarMap, ...]:
    """The maps of the MIDI files of a piece that are there, drafts first; takes and exports have none."""
    files = overview.files
    paths = (files.draft, files.midi, files.clean, files.human)
    brief = _brief_of(files.brief)
    return tuple(found for path in paths if path.is_file() and (found := _map_of(overview, path, brief)) is not None)


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


def _brief_of(path: Path) -> Brief | None:
    from composer.cli.steps import brief_in

    try:
        return brief_in(path) if path.is_file() else None
    except ComposerError:
        return None


def _map_of(overview: Overview, path: Path, brief: Brief | None) -> BarMap | None:
    entry = overview.of(path)
    back = read_back(overview.state, path) if entry.state in (State.EDITED, State.FOREIGN) else None
    found = hashes_of(path) if back is None else bar_hashes(back, path.name)
    hashes = {label: text.split() for label, text in found.items()}
    count = max(map(len, hashes.values()), default=0)
    if not count:
        return None
    edited = _cells(bars_of_person(overview.state, path)) if entry.state is State.EDITED else frozenset()
    brief, locked = _as_standing(path, back, brief)
    stale = _stale_cells(overview, path, set(hashes), count)
    is_led = any(track == CONDUCTOR for track, _ in edited) or 0 < len(_of(CONDUCTOR, stale)) < count
    labels = [label for label in hashes if label != CONDUCTOR or is_led]
    is_known = entry.state is not State.FOREIGN
    rows = []
    for label in labels:
        bars = [*hashes[label], *[EMPTY] * (count - len(hashes[label]))]
        rows.append(_row(label, bars, edited, stale, locked, is_known))
    return BarMap(path, count, brief.sections if brief is not None else (), tuple(rows))


def _row(track: str, bars: Sequence[str], edited: Cells, stale: Cells, locked: Cells, is_known: bool) -> Row:
    """The row of ``track``; ``bars`` are its hashes."""

    def mark(bar: int, text: str) -> str:
        for sign, cells in ((LOCKED, locked), (EDITED, edited), (STALE, stale)):
            if (track, bar) in cells:
                return sign
        if text == EMPTY:
            return EMPTY
        return FRESH if is_known else UNKNOWN

    marks = "".join(mark(bar, text) for bar, text in enumerate(bars, start=1))
    return Row(printable(track), marks, _of(track, edited), _of(track, stale), _of(track, locked))


def _of(track: str, cells: Cells) -> tuple[int, ...]:
    """The bars of ``track`` among ``cells``."""
    return tuple(sorted(bar for name, bar in cells if name == track))


def _cells(bars: Iterable[EditedBars]) -> Cells:
    return frozenset((one.track, bar) for one in bars for bar in one.bars)


def _stale_cells(overview: Overview, path: Path, tracks: set[str], bars: int) -> Cells:
    """The cells whose like changed in an input, or is stale there; all where what has no bars changed."""
    state, step = overview.state, overview.state.step_of(path)
    if step is None:
        return frozenset()
    everything = frozenset((track, bar) for track in tracks for bar in range(1, bars + 1))
    if any(source.suffix.lower() not in MIDI_SUFFIXES for source in state.changed_inputs(step)):
        return everything
    found = _cells(state.stale_bars(path, overview.hashes_of))
    for source in _midi_sources(overview, step):
        if source != path and overview.of(source).is_behind:
            found |= _stale_cells(overview, source, tracks, bars)
    is_old = overview.of(path).state is State.STALE and not found and not state.changed_inputs(step)
    return everything if is_old else found & everything


def _midi_sources(overview: Overview, step: StepRecord) -> list[Path]:
    return [path for path in overview.sources(step) if path.suffix.lower() in MIDI_SUFFIXES]


def _as_standing(path: Path, back: bytes | None, brief: Brief | None) -> tuple[Brief | None, Cells]:
    """The brief with its sections where the file has them, and the cells that it locks, of tracks that are there."""
    if brief is None:
        return None, frozenset()
    from composer.formats.brief_standing import as_standing
    from composer.formats.files import read_bytes
    from composer.formats.midi_regions import cells_in, cells_of
    from composer.formats.source import read_source
    from composer.limits import MIDI_BYTES

    source = read_source(back or read_bytes(path, MIDI_BYTES, "MIDI file"), path.name)
    standing = as_standing(brief, source)
    known: tuple[Track, ...] = cells_of(source).tracks
    regions = [one for one in standing.locked_regions if one.tracks is None or any(map(one.has_track, known))]
    return standing, frozenset(cell for region in regions for cell in cells_in(source, region))


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
