"""What the layer is asked to do, and what it does to one note: the types that the rules share."""

from __future__ import annotations

from dataclasses import dataclass

from composer.formats.midi.scan import RawEvent
from composer.formats.midi.source import SourceNote
from composer.music.regions import Cells

DEFAULT_STRENGTH = 0.5


@dataclass(frozen=True, slots=True, order=True)
class LineBar:
    """One bar (from 1) of what a track (from 0) plays on a channel (0..15)."""

    track: int
    channel: int
    bar: int


@dataclass(frozen=True, slots=True)
class Outline:
    """The bars (from 1) at which sections and phrases begin, in order; each section begins a phrase."""

    sections: tuple[int, ...] = (1,)
    phrases: tuple[int, ...] = (1,)


@dataclass(frozen=True, slots=True)
class Layer:
    """``strength`` is 0 (nothing) to 1; the same layer over the same notes gives the same performance.

    Notes that begin in the cells of ``kept`` (track, bar) stay as they are. With ``keep_dynamics`` all velocities do.
    """

    strength: float
    seed: int
    outline: Outline = Outline()
    keep_dynamics: bool = False
    kept: Cells = frozenset()


@dataclass(frozen=True, slots=True)
class Played:
    """A note of the file and how it is played; times in the file's ticks."""

    note: SourceNote
    start: int
    end: int
    velocity: int

    @property
    def is_moved(self) -> bool:
        return (self.start, self.end, self.velocity) != (self.note.start, self.note.end, self.note.velocity)


@dataclass(frozen=True, slots=True)
class Added:
    """An event that the layer adds to a track (from 0), at the event's own tick."""

    track: int
    event: RawEvent


@dataclass(frozen=True, slots=True)
class Performance:
    """All notes of a file as they are played, in the file's order, and the pedal and tempo events beside them.

    ``free`` of the notes stand off the grid, or in a bar that was played freely, and are left alone.
    """

    notes: tuple[Played, ...]
    pedal: tuple[Added, ...] = ()
    tempi: tuple[Added, ...] = ()
    free: int = 0

    @property
    def added(self) -> tuple[Added, ...]:
        return (*self.pedal, *self.tempi)
