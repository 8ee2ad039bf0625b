"""Notes, parts and pieces: what the stages hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT, Meter

MELODY, CHORDS, BASS, DRUMS = "melody", "accompaniment", "bass", "drums"
ROLES = (MELODY, CHORDS, BASS, DRUMS)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One sounding note: times in ticks (480 to the quarter), pitch and velocity as in MIDI."""

    start: int
    pitch: int
    duration: int
    velocity: int = 80

    @property
    def end(self) -> int:
        return self.start + self.duration


CC_BANK, CC_VOLUME, CC_PAN, CC_BANK_LOW, CC_PEDAL, CC_NOTES_OFF = 0, 7, 10, 32, 64, 123  # numbers of controllers
PEDAL_DOWN = 64  # the lowest value that means "down"


@dataclass(frozen=True, slots=True, order=True)
class Control:
    """A controller change (CC) at a tick."""

    tick: int
    number: int
    value: int


@dataclass(frozen=True, slots=True, order=True)
class Lyric:
    """A word or syllable as a person typed it, at a tick."""

    tick: int
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument: a track and a channel of its own in MIDI, a staff in the score.

    ``program`` is 0..127 (General MIDI); ``gain`` is CC7 and ``pan`` CC10, both 0..127. ``lyrics`` are those of the
    file it was read from, for the score.
    """

    name: str
    role: str
    program: int
    notes: tuple[Note, ...]
    controls: tuple[Control, ...] = ()
    gain: int = 100
    pan: int = 64
    lyrics: tuple[Lyric, ...] = ()

    @property
    def is_drums(self) -> bool:
        return self.role == DRUMS


@dataclass(frozen=True, slots=True)
class Marker:
    """A section's name at the tick where it begins, or, where ``is_section`` is False, another remark of a person."""

    tick: int
    text: str
    is_section: bool = field(default=True, compare=False)  # how the text is read, not what the file holds


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord from ``start`` to ``end`` ticks."""

    start: int
    end: int
    chord: Chord


@dataclass(frozen=True, slots=True)
class Tempo:
    tick: int
    bpm: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole piece at 480 ticks per quarter; ``length`` is the end of the last bar in ticks.

    ``tempi`` begins with one at tick 0. One metre and one key signature hold for the piece; ``keys`` lists later
    key changes as (tick, key).
    """

    title: str
    meter: Meter
    key: Key
    tempi: tuple[Tempo, ...]
    parts: tuple[Part, ...]
    length: int
    markers: tuple[Marker, ...] = ()
    chords: tuple[ChordSpan, ...] = ()
    keys: tuple[tuple[int, Key], ...] = ()

    @property
    def bars(self) -> int:
        return -(-self.length // self.meter.bar_ticks)

    @property
    def seconds(self) -> float:
        """Playing time of the written bars."""
        changes = sorted(self.tempi, key=lambda t: t.tick)
        total = 0.0
        for tempo, following in zip(changes, [*changes[1:], Tempo(self.length, 1.0)], strict=True):
            total += max(0, min(following.tick, self.length) - tempo.tick) / TICKS_PER_BEAT * 60.0 / tempo.bpm
        return total

    @property
    def section_ticks(self) -> frozenset[int]:
        """Where sections begin, as far as markers say so."""
        return frozenset(m.tick for m in self.markers if m.is_section)

    def part(self, role: str) -> Part | None:
        """The first part with that role."""
        return next((p for p in self.parts if p.role == role), None)

    def chord_at(self, tick: int) -> Chord | None:
        return next((s.chord for s in self.chords if s.start <= tick < s.end), None)

    def with_part(self, part: Part) -> Piece:
        """A copy in which ``part`` replaces the part of the same name."""
        return replace(self, parts=tuple(part if p.name == part.name else p for p in self.parts))
