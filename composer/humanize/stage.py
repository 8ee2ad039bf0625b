"""The humanize stage: a MIDI file on the grid to the same music as somebody might play it.

Only times, lengths and velocities of notes change, and pedal and tempo events are added; all else stays to the tick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, pstdev

import numpy as np

from composer.errors import BadInput
from composer.formats.midi.hashes import track_labels
from composer.formats.midi.source import ChangeNote, SourceMidi, SourceNote, edited, read_source
from composer.humanize.articulation import ends
from composer.humanize.clock import Clock
from composer.humanize.events import with_added
from composer.humanize.grid import Grid
from composer.humanize.layer import Added, Layer, Performance, Played
from composer.humanize.lines import Line, lines_of
from composer.humanize.loudness import stress_of, velocities
from composer.humanize.pedal import pedal
from composer.humanize.phrasing import Phrasing
from composer.humanize.tempo import tempi
from composer.humanize.timing import Sway, late_ticks

# What a stream of random numbers is for; each line has its own, so that an edit in one leaves the others alone.
_TIMING, _LOUDNESS, _SHARED = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What the layer did: lateness of the moved notes, change of velocity, and what was added or left alone."""

    notes: int
    played: int
    free: int
    late_mean_ms: float
    late_sd_ms: float
    velocity_sd: float
    pedal_events: int
    tempo_events: int


@dataclass(frozen=True, slots=True)
class Humanized:
    midi: bytes
    performance: Performance
    figures: Figures


def humanized(data: bytes, name: str, layer: Layer) -> Humanized:
    """``data`` as it is played; at strength 0 its own bytes.

    Raises BadInput or OverLimit for a file that the MIDI reader refuses, BadInput for one without notes.
    """
    source = read_source(data, name)
    if not source.notes:
        raise BadInput(name, "has no notes to play", "use a file with music in it")
    performance = performance_of(source, layer)
    midi = performed(source, performance, name) if _changes(performance) else data
    return Humanized(midi, performance, _figures(source, performance))


def performance_of(source: SourceMidi, layer: Layer) -> Performance:
    """How each note of ``source`` is played, and the events that are added."""
    if layer.strength <= 0.0:
        return Performance(tuple(Played(n, n.start, n.end, n.velocity) for n in source.notes))
    player = _Player(source, layer)
    free = sum(not player.grid.is_written(note) for note in source.notes)
    return Performance(player.notes(), player.pedal(), tempi(source, layer, player.grid, player.clock), free)


def performed(source: SourceMidi, performance: Performance, name: str) -> bytes:
    """The file that plays ``performance``."""
    changes = [ChangeNote(p.note, None, p.start, p.end, p.velocity) for p in performance.notes if p.is_moved]
    return with_added(edited(source, changes), name, performance.added)


class _Player:
    """One file and one layer, with what the rules ask about them."""

    def __init__(self, source: SourceMidi, layer: Layer) -> None:
        self.source, self.layer = source, layer
        self.lines, self.labels = lines_of(source), track_labels(source)
        self.grid = Grid(source, self.lines)
        self.clock = Clock(source)
        self.phrasing = Phrasing(layer.outline, self.grid, source.end_tick)
        self.stress = stress_of(source, self.grid)
        self.limits = _limits(source)
        self.starts: dict[SourceNote, int] = {}
        for line in self.lines:
            self.starts |= self._starts(line)

    def notes(self) -> tuple[Played, ...]:
        planned: dict[SourceNote, Played] = {}
        for line in self.lines:
            moving = [note for note in line.notes if self._may_change(note)]
            ending = ends(line, self.starts, self.layer, self.clock, self.phrasing)
            loud = self._velocities(line, moving)
            for note in line.notes:
                planned[note] = Played(note, note.start, note.end, note.velocity)
            for note in moving:
                planned[note] = Played(note, self.starts[note], ending[note], loud.get(note, note.velocity))
        return _mended([planned[note] for note in self.source.notes], self.source)

    def pedal(self) -> tuple[Added, ...]:
        found: list[Added] = []
        for line in self.lines:
            found += pedal(self.source, line, self.starts, self.layer, self.grid, self.clock)
        return tuple(found)

    def _starts(self, line: Line) -> dict[SourceNote, int]:
        sway = Sway(self._rng(_TIMING, line), np.random.default_rng([self.layer.seed, _SHARED]))
        late = late_ticks(line, self.layer, self.grid, self.clock, self.phrasing, sway)
        return {
            note: note.start + (min(late[note], self.limits[note]) if self._may_change(note) else 0)
            for note in line.notes
        }

    def _velocities(self, line: Line, moving: Sequence[SourceNote]) -> dict[SourceNote, int]:
        if self.layer.keep_dynamics:
            return {}
        return velocities(line, moving, self.layer, self.stress, self.clock, self.phrasing, self._rng(_LOUDNESS, line))

    def _may_change(self, note: SourceNote) -> bool:
        return (
            note.off_index is not None
            and note.end > note.start
            and self.limits[note] >= 0
            and (self.labels[note.track], self.grid.bar(note.start)) not in self.layer.kept
            and self.grid.is_written(note)
        )

    def _rng(self, purpose: int, line: Line) -> np.random.Generator:
        return np.random.default_rng([self.layer.seed, purpose, line.track, line.channel])


def _limits(source: SourceMidi) -> dict[SourceNote, int]:
    """By how many ticks each note may be late before it meets the next onset of its line or pitch, or the end of its
    track; -1 for a note that sounds together with another of its pitch and channel, which is left as it is."""
    limits = {note: source.tracks[note.track][-1].tick - note.start - 1 for note in source.notes}
    lines: dict[tuple[int, int], list[SourceNote]] = defaultdict(list)
    for note in source.notes:
        lines[note.track, note.channel].append(note)
    for notes in lines.values():
        onsets = sorted({note.start for note in notes})
        following = dict(pairwise(onsets))
        for note in notes:
            limits[note] = min(limits[note], following.get(note.start, limits[note] + note.start + 1) - note.start - 1)
    for notes in _by_pitch(source.notes).values():
        sounding = notes[0]
        for before, after in pairwise(notes):
            limits[before] = min(limits[before], after.start - before.start - 1)
            if sounding.end > after.start:
                limits[sounding] = limits[after] = -1
            sounding = max(sounding, after, key=lambda n: n.end)
    return limits


def _by_pitch(notes: Sequence[SourceNote]) -> dict[tuple[int, int], list[SourceNote]]:
    """(channel, pitch) -> its notes by start."""
    found: dict[tuple[int, int], list[SourceNote]] = defaultdict(list)
    for note in notes:
        found[note.channel, note.pitch].append(note)
    return found


def _mended(notes: Sequence[Played], source: SourceMidi) -> tuple[Played, ...]:
    """No note shorter than half of what it was, and none that reaches the next of its pitch or the end of its track."""
    planned = {one.note: one for one in notes}
    for same in _by_pitch(source.notes).values():
        for note, following in zip(same, [*same[1:], None], strict=True):
            one = planned[note]
            if one.is_moved:
                limit = source.tracks[note.track][-1].tick
                limit = min(limit, planned[following].start) if following is not None else limit
                least = one.start + max(1, (note.end - note.start) // 2)
                planned[note] = replace(one, end=min(limit, max(least, one.end)))
    return tuple(planned[one.note] for one in notes)


def _changes(performance: Performance) -> bool:
    return bool(performance.added) or any(one.is_moved for one in performance.notes)


def _figures(source: SourceMidi, performance: Performance) -> Figures:
    clock = Clock(source)
    moved = [one for one in performance.notes if one.is_moved]
    late = [clock.milliseconds(one.start - one.note.start, one.note.start) for one in moved] or [0.0]
    louder = [one.velocity - one.note.velocity for one in moved] or [0]
    return Figures(
        notes=len(performance.notes), played=len(moved),
        free=performance.free, late_mean_ms=round(fmean(late), 2),
        late_sd_ms=round(pstdev(late), 2), velocity_sd=round(pstdev(louder), 2),
        pedal_events=len(performance.pedal), tempo_events=len(performance.tempi),
    )  # fmt: skip
