"""The figure: how two hands move under a melody for one bar, told relative to the chord so that it fits any chord.

A bar is a **pulse** (the coarsest step that catches all its onsets: a quarter, an eighth, a triplet ...) and then, for
each step of that pulse, what the left and what the right hand strike there, and how long it sounds. A hand's stroke is
a **shape**: rungs on the ladder of chord tones, counted from the hand's **anchor**. The left hand's anchor is its first
note over the chord (the structural bass), the right hand's the lowest note that it plays over the chord. So the figure
"bass, fifth, octave, fifth" is 0 2 3 2 on every triad, and whoever composes decides where each hand lies.

Steps instead of a list of onsets, because then what the melody does, what sounded one and two bars ago and which chord
sounds are known at the very place that is to be filled; the pulse keeps the steps few (eight for a bar of eighths).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.notes import ChordSpan, Note
from composer.music.time import Meter

GRID_TICKS = 40  # a twelfth of a quarter: sixteenths and triplets both lie on it
# Steps that a bar may be told in, from coarse to fine; those that do not divide a metre's beat are not used in it.
PULSES: tuple[int, ...] = (1440, 960, 720, 480, 240, 160, 120, 80)
METERS = ("2/4", "3/4", "4/4", "6/8", "2/2", "3/8", "9/8", "12/8")
DURATIONS: tuple[int, ...] = (80, 120, 160, 240, 360, 480, 720, 960, 1440, 1920)

# What one hand strikes: rungs above a start, with the start's octave on top where the sign is set.
_FORMS: tuple[tuple[tuple[int, ...], bool], ...] = (
    ((0,), False), ((0,), True), ((0, 1), False), ((0, 2), False), ((0, 1), True), ((0, 2), True), ((0, 1, 2), False),
    ((0, 1, 2), True), ((0, 3), False), ((0, 4), False), ((0, 1, 3), False), ((0, 2, 3), False), ((0, 2, 4), False),
)  # fmt: skip
LOWEST_RUNG, HIGHEST_RUNG = -4, 9


@dataclass(frozen=True, slots=True)
class Shape:
    """Notes struck together: ``start`` is the lowest rung, ``above`` the rungs over it (0 itself first).

    With ``octave`` the lowest note sounds an octave higher too. A ``passing`` shape is the scale step above its rung.
    """

    start: int
    above: tuple[int, ...] = (0,)
    octave: bool = False
    passing: bool = False


def _shapes() -> tuple[Shape | None, ...]:
    starts = range(LOWEST_RUNG, HIGHEST_RUNG + 1)
    chords = [Shape(start, above, octave) for above, octave in _FORMS for start in starts]
    return (None, *chords, *(Shape(start, passing=True) for start in starts))


# Index 0: nothing is struck.
SHAPES: tuple[Shape | None, ...] = _shapes()
NOTHING = 0
SHAPE_TOKENS = len(SHAPES)
_TOKEN_OF = {shape: token for token, shape in enumerate(SHAPES)}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the pulse: shape tokens of both hands, and indices of their lengths (0 where nothing is struck)."""

    left: int = NOTHING
    right: int = NOTHING
    left_length: int = 0
    right_length: int = 0

    @property
    def is_silent(self) -> bool:
        return self.left == NOTHING and self.right == NOTHING


@dataclass(frozen=True, slots=True)
class Figure:
    """A bar of accompaniment: ``pulse`` is an index of ``PULSES``, ``steps`` fill the bar."""

    pulse: int
    steps: tuple[Step, ...]

    @property
    def onsets(self) -> frozenset[int]:
        """Ticks from the bar line at which a hand strikes."""
        return frozenset(i * PULSES[self.pulse] for i, step in enumerate(self.steps) if not step.is_silent)


@dataclass(frozen=True, slots=True)
class FigureControls:
    """What a bar shall be (composing) or is (training); ``None`` means unknown.

    density: onsets per quarter; thickness: notes for each onset; register: mean MIDI pitch; fresh: whether a new
    texture begins here.
    """

    density: float | None = None
    thickness: float | None = None
    register: float | None = None
    fresh: bool | None = None


UNKNOWN_FIGURE = FigureControls()


@dataclass(frozen=True, slots=True)
class FigureFrame:
    """All that is known before the accompaniment: chords with the pitch of their bass, the tune, controls per bar.

    ``chords`` cover the bars without a gap; ``basses`` has the MIDI pitch of the left hand's anchor for each of them;
    ``melody`` is one line in order.
    """

    key: Key
    meter: Meter
    bars: int
    chords: tuple[ChordSpan, ...]
    basses: tuple[int, ...]
    melody: tuple[Note, ...]
    controls: tuple[FigureControls, ...]


@cache
def pulses_of(meter: Meter) -> tuple[int, ...]:
    """Indices of the pulses that a bar of ``meter`` may have, coarse to fine."""
    coarse = (meter.bar_ticks, meter.beat_ticks, 2 * meter.beat_ticks)
    return tuple(
        index
        for index, ticks in enumerate(PULSES)
        if meter.bar_ticks % ticks == 0 and (meter.beat_ticks % ticks == 0 or ticks in coarse)
        and not (meter.is_compound and ticks in (160, 480))
    )  # fmt: skip


def pulse_of(onsets: Sequence[int], meter: Meter) -> int:
    """Index of the coarsest pulse that meets all ``onsets`` (ticks in the bar), else the one that meets most."""
    allowed = pulses_of(meter)
    for index in allowed:
        if all(onset % PULSES[index] == 0 for onset in onsets):
            return index
    return max(allowed, key=lambda i: (sum(onset % PULSES[i] == 0 for onset in onsets), PULSES[i]))


def shape_token(shape: Shape) -> int:
    """Index of ``shape`` in ``SHAPES``, of the nearest one where the table lacks it."""
    token = _TOKEN_OF.get(shape)
    if token is not None:
        return token
    start = min(max(shape.start, LOWEST_RUNG), HIGHEST_RUNG)
    for above, octave in ((shape.above[:3], shape.octave), (shape.above[:3], False), (shape.above[:2], False)):
        token = _TOKEN_OF.get(Shape(start, above, octave))
        if token is not None:
            return token
    return _TOKEN_OF[Shape(start, passing=shape.passing)]


@cache
def length_token(ticks: int) -> int:
    """Index of the length nearest to ``ticks``, by ratio."""
    return min(range(len(DURATIONS)), key=lambda i: abs(math.log(DURATIONS[i] / max(1, ticks))))


def rung_of(pitch: int, anchor: int, chord: Chord) -> tuple[int, bool]:
    """The rung of ``pitch`` on the ladder of ``chord`` from ``anchor`` (a chord tone), and whether it lies above it.

    A tone outside the chord is said to lie above the next lower rung.
    """
    ladder = _ladder(chord, anchor % 12)
    octave, rest = divmod(pitch - anchor, 12)
    place = max(i for i, step in enumerate(ladder) if step <= rest)
    return octave * len(ladder) + place, ladder[place] != rest


def pitch_of(rung: int, anchor: int, chord: Chord) -> int:
    """The MIDI pitch of ``rung``; the inverse of ``rung_of``."""
    ladder = _ladder(chord, anchor % 12)
    octave, place = divmod(rung, len(ladder))
    return anchor + 12 * octave + ladder[place]


@lru_cache(maxsize=1 << 16)
def pitches_of(shape: Shape, anchor: int, chord: Chord, scale: tuple[int, ...]) -> tuple[int, ...]:
    """MIDI pitches of ``shape``, ascending; a passing shape takes the next tone of ``scale`` above its rung."""
    lowest = pitch_of(shape.start, anchor, chord)
    if shape.passing:
        return (next((lowest + s for s in (1, 2, 3) if (lowest + s) % 12 in scale), lowest),)
    found = {pitch_of(shape.start + rung, anchor, chord) for rung in shape.above}
    return tuple(sorted(found | {lowest + 12} if shape.octave else found))


@cache
def _ladder(chord: Chord, anchor_class: int) -> tuple[int, ...]:
    """Semitones of the chord tones above the anchor within one octave; the anchor itself is always one."""
    return tuple(sorted({0, *((c - anchor_class) % 12 for c in chord.classes)}))
