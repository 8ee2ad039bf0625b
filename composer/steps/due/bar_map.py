"""What every bar of a piece is: fresh, stale, edited by hand or locked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from composer.errors import ComposerError, printable
from composer.formats.brief.brief import Brief
from composer.formats.midi.hashes import bar_hashes
from composer.formats.record import StepRecord
from composer.music.regions import Cells, Section, Track
from composer.steps.due.overview import Overview, bars_of_person, read_back
from composer.workspace import CONDUCTOR, EditedBars, State
from composer.workspace.states import MIDI_SUFFIXES, hashes_of

FRESH, STALE, EDITED, LOCKED, EMPTY, UNKNOWN = ".", "s", "e", "L", "-", "?"


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


def _brief_of(path: Path) -> Brief | None:
    from composer.steps.briefing import brief_in

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
    from composer.formats.files import read_bytes
    from composer.formats.midi.regions import cells_in, cells_of
    from composer.formats.midi.sections import as_standing
    from composer.formats.midi.source import read_source
    from composer.limits import MIDI_BYTES

    source = read_source(back or read_bytes(path, MIDI_BYTES, "MIDI file"), path.name)
    standing = as_standing(brief, source)
    known: tuple[Track, ...] = cells_of(source).tracks
    regions = [one for one in standing.locked_regions if one.tracks is None or any(map(one.has_track, known))]
    return standing, frozenset(cell for region in regions for cell in cells_in(source, region))
