"""The layer taken off again: a performance, also one that a person edited since, back to the grid.

What is as the layer played it goes back to what was written. A note that a person added or moved goes to the nearest
line of the grid; what else they changed stays as they have it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from composer.formats.midi.scan import END_OF_TRACK, SET_TEMPO, RawEvent
from composer.formats.midi.source import ChangeNote, SourceMidi, SourceNote, edited, read_source
from composer.humanize.events import without
from composer.humanize.grid import Grid
from composer.humanize.layer import Added, Performance, Played
from composer.humanize.lines import lines_of

TEMPO_SHARE = 0.001  # programs that keep beats a minute round a tempo by less


@dataclass(frozen=True, slots=True)
class Regridded:
    """``back`` notes are as written again; ``snapped`` were a person's and went to the grid, ``theirs`` keep something
    that a person changed."""

    midi: bytes
    back: int
    theirs: int
    snapped: int


def regridded(played: SourceMidi, grid: SourceMidi, performance: Performance, grid_bytes: bytes) -> Regridded:
    """``played`` without the layer; ``grid_bytes`` where nothing but the layer is different.

    ``performance`` is of ``grid``, which is what ``grid_bytes`` hold.
    """
    undo = _Undo(played, grid, performance)
    placed = _mended(undo.notes(), played)
    changes = [
        ChangeNote(
            note, None,
            new.start if new.start != note.start else None,
            new.end if new.end != note.end and note.off_index is not None else None,
            new.velocity if new.velocity != note.velocity else None,
        )
        for note, new in placed.items()
        if new.is_moved
    ]  # fmt: skip
    midi = without(edited(played, changes), played.name, undo.removed())
    is_plain = len(undo.found) == len(played.notes) == len(grid.notes) and not undo.theirs
    midi = grid_bytes if is_plain and _is_same(midi, grid, played.name) else midi
    return Regridded(midi, len(undo.found) - len(undo.theirs), len(undo.theirs), len(played.notes) - len(undo.found))


class _Undo:
    """One performance and what it was made from."""

    def __init__(self, played: SourceMidi, grid: SourceMidi, performance: Performance) -> None:
        self.played, self.grid, self.performance = played, grid, performance
        self.ratio = Fraction(played.ticks_per_beat, grid.ticks_per_beat)
        self.tolerance = 0 if self.ratio == 1 else max(1, round(self.ratio))
        self.tracks = _track_map(played, grid)
        self.cells = Grid(grid, lines_of(grid))
        self.found = self._found()
        self.theirs = {n for n, one in self.found.items() if not self._is_as_played(n, one)}

    def notes(self) -> dict[SourceNote, Played]:
        """Where each note of the played file belongs."""
        return {note: self._written(note, self.found.get(note)) for note in self.played.notes}

    def removed(self) -> list[Added]:
        """The events of the layer that are still there, in the played file's own track and tick; a pedal is only taken
        out with both its ends."""
        gone = [event for one in self.performance.tempi if (event := self._event(one, _is_tempo_like))]
        pedal = [self._event(one, _is_control_like) for one in self.performance.pedal]
        for down, up in zip(pedal[::2], pedal[1::2], strict=True):
            if down is not None and up is not None:
                gone += [down, up]
        return gone

    def _written(self, note: SourceNote, one: Played | None) -> Played:
        if one is None:
            start = self._scaled(self.cells.nearest(round(note.start / self.ratio)))
            return Played(note, start, max(start + 1, note.end + start - note.start), note.velocity)
        start, end = self._scaled(one.note.start), note.end
        if self._is_near(note.end, one.end):
            end = self._scaled(one.note.end)
        velocity = one.note.velocity if note.velocity == one.velocity else note.velocity
        return Played(note, start, max(end, start + 1) if note.end > note.start else end, velocity)

    def _found(self) -> dict[SourceNote, Played]:
        """Each note of the played file that the layer played: all the same, else at the same time with another length,
        loudness or pitch, else within its cell."""
        free: dict[int | None, list[Played]] = defaultdict(list)
        for one in self.performance.notes:
            free[one.note.track].append(one)
            free[None].append(one)
        found: dict[SourceNote, Played] = {}
        taken: set[SourceNote] = set()
        for is_like in (self._is_as_played, self._is_in_time, self._is_repitched, self._is_in_cell):
            index = _by_onset(free, self.ratio, is_like == self._is_in_cell, self.cells)
            for note in self.played.notes:
                if note in found:
                    continue
                track = self.tracks.get(note.track)
                for one in index(track, note.start, self.tolerance):
                    if one.note not in taken and is_like(note, one):
                        found[note] = one
                        taken.add(one.note)
                        break
        return found

    def _is_as_played(self, note: SourceNote, one: Played) -> bool:
        same_end = self._is_near(note.end, one.end)
        return self._is_in_time(note, one) and same_end and note.velocity == one.velocity

    def _is_in_time(self, note: SourceNote, one: Played) -> bool:
        return note.pitch == one.note.pitch and self._is_near(note.start, one.start)

    def _is_repitched(self, note: SourceNote, one: Played) -> bool:
        is_near = self._is_near(note.start, one.start) and self._is_near(note.end, one.end)
        return is_near and note.velocity == one.velocity

    def _is_in_cell(self, note: SourceNote, one: Played) -> bool:
        return note.pitch == one.note.pitch and self.cells.nearest(round(note.start / self.ratio)) == one.note.start

    def _is_near(self, tick: int, other: int) -> bool:
        """Whether ``tick`` of the played file is ``other`` of the grid's."""
        return abs(tick - self._scaled(other)) <= self.tolerance

    def _scaled(self, tick: int) -> int:
        return round(tick * self.ratio)

    def _event(self, added: Added, is_like: Callable[[RawEvent, RawEvent], bool]) -> Added | None:
        """The event of the played file that is ``added``."""
        numbers = [n for n, track in self.tracks.items() if track == added.track] or range(len(self.played.tracks))
        for number in numbers:
            for event in self.played.tracks[number]:
                if is_like(event, added.event) and self._is_near(event.tick, added.event.tick):
                    return Added(number, event)
        return None


def _by_onset(
    free: dict[int | None, list[Played]], ratio: Fraction, by_cell: bool, cells: Grid
) -> Callable[[int | None, int, int], list[Played]]:
    """What looks up the notes of a track (None: of all) that may begin at a tick of the played file."""
    index: dict[tuple[int | None, int], list[Played]] = defaultdict(list)
    for track, notes in free.items():
        for one in notes:
            index[track, one.note.start if by_cell else round(one.start * ratio)].append(one)

    def at(track: int | None, tick: int, tolerance: int) -> list[Played]:
        if by_cell:
            return index[track, cells.nearest(round(tick / ratio))]
        return [one for t in range(tick - tolerance, tick + tolerance + 1) for one in index[track, t]]

    return at


def _track_map(played: SourceMidi, grid: SourceMidi) -> dict[int, int]:
    """Track of the played file -> track of the grid, by name, else by number where the files have as many."""
    if played.track_names == grid.track_names:
        return {number: number for number in range(len(grid.tracks))}
    once = {name for name, count in Counter(grid.track_names).items() if name and count == 1}
    names = Counter(played.track_names)
    found = {n: grid.track_names.index(s) for n, s in enumerate(played.track_names) if s in once and names[s] == 1}
    if len(played.tracks) == len(grid.tracks):
        found |= {n: n for n in range(len(grid.tracks)) if n not in found and n not in found.values()}
    return found


def _mended(placed: dict[SourceNote, Played], played: SourceMidi) -> dict[SourceNote, Played]:
    """No note reaches over the next of its pitch that it did not reach over before; one that would fall on another of
    its pitch stays where it was."""
    result = dict(placed)
    lines: dict[tuple[int, int], list[Played]] = defaultdict(list)
    for one in placed.values():
        lines[one.note.channel, one.note.pitch].append(one)
    for same in lines.values():
        by_start: dict[int, Played] = {}
        for one in sorted(same, key=lambda p: (abs(p.start - p.note.start), p.note.start)):
            if one.start in by_start and one.note.start != by_start[one.start].note.start:
                one = replace(one, start=one.note.start, end=one.note.end)
                result[one.note] = one
            by_start.setdefault(one.start, one)
        ordered = sorted((result[one.note] for one in same), key=lambda p: p.start)
        for one, following in pairwise(ordered):
            overlapped = one.note.end > following.note.start
            if one.start < following.start < one.end and not overlapped:
                result[one.note] = replace(one, end=following.start)
    return result


def _is_same(midi: bytes, grid: SourceMidi, name: str) -> bool:
    """Whether a file holds the events of ``grid``, whatever their order at one tick and wherever a track ends."""
    source = read_source(midi, name)
    is_like = source.format == grid.format and source.ticks_per_beat == grid.ticks_per_beat
    return is_like and [_counted(t) for t in source.tracks] == [_counted(t) for t in grid.tracks]


def _counted(track: Sequence[RawEvent]) -> Counter[RawEvent]:
    return Counter(event for event in track if event.meta != END_OF_TRACK)


def _is_tempo_like(event: RawEvent, added: RawEvent) -> bool:
    if event.meta != SET_TEMPO:
        return False
    wanted = int.from_bytes(added.data)
    return abs(int.from_bytes(event.data) - wanted) <= TEMPO_SHARE * wanted


def _is_control_like(event: RawEvent, added: RawEvent) -> bool:
    return event.status & 0xF0 == added.status & 0xF0 and event.data == added.data
