"""What is known before each step of an accompaniment, as columns of categories for the network.

Every column is one categorical value; 0 is always "unknown", so a plan may leave controls open (training drops them).
Look-back at the place that comes next follows Waite (2016), Lookback RNN.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.encoding.figuration import (
    GRID_TICKS,
    METERS,
    NOTHING,
    PULSES,
    SHAPE_TOKENS,
    Figure,
    FigureFrame,
    Step,
)
from composer.music.chord import QUALITIES
from composer.music.time import TICKS_PER_BEAT

LOOKBACK_BARS = (1, 2)
DENSITY_EDGES = (0.4, 0.7, 1.05, 1.4, 1.75, 2.1, 3.1)  # onsets per quarter, both hands together
THICKNESS_EDGES = (1.25, 1.6, 2.0, 2.6, 3.3, 4.2)  # notes for each onset
REGISTER_EDGES = (46.0, 50.0, 54.0, 58.0, 62.0, 67.0)  # mean MIDI pitch
_MELODY_DENSITY_EDGES = (0.01, 0.3, 0.55, 0.8, 1.05, 1.55, 2.05)  # onsets per quarter
_ROOM_EDGES = (10, 14, 18, 22, 26, 32)  # semitones from the bass to the lowest melody note of the bar
_BARS_LEFT_EDGES = (1, 2, 3, 4, 5, 9)
_AGE_EDGES = (1, 240, 480, 960, 1920)  # ticks
_LEFT_EDGES = (160, 240, 480, 720, 960, 1920)
_POSITIONS = 2880 // GRID_TICKS
_MODES = ("major", "minor")
_QUALITIES = tuple(QUALITIES)

_LOOKBACK_SIZES = (("pulse", len(PULSES) + 1), ("left", SHAPE_TOKENS + 1), ("right", SHAPE_TOKENS + 1), ("repeats", 3))

# One table: column name -> number of categories, "unknown" (0) included.
FEATURES: dict[str, int] = {
    "mode": 3,
    "meter": len(METERS) + 1,
    "pulse": len(PULSES) + 1,  # 0 where the pulse is what comes next
    "position": _POSITIONS + 1,
    "in_beat": 1 + 18,
    "accent": 5,
    "bars_left": len(_BARS_LEFT_EDGES) + 2,
    "melody_density": len(_MELODY_DENSITY_EDGES) + 2,
    "room": len(_ROOM_EDGES) + 2,
    "quality": len(_QUALITIES) + 1,
    "root": 13,
    "bass_member": 6,
    "motion": 14,
    "chord_age": len(_AGE_EDGES) + 2,
    "chord_left": len(_LEFT_EDGES) + 2,
    "melody_age": len(_AGE_EDGES) + 3,
    "melody_next": len(_LEFT_EDGES) + 3,
    "melody_member": 7,
    "left_last": SHAPE_TOKENS + 1,
    "right_last": SHAPE_TOKENS + 1,
    "left_age": len(_AGE_EDGES) + 2,
    "right_age": len(_AGE_EDGES) + 2,
    **{
        f"{what}_{bars}": size
        for bars in LOOKBACK_BARS
        for what, size in _LOOKBACK_SIZES
    },
    # Controls: descriptions of the bar, dropped at random in training.
    "density": len(DENSITY_EDGES) + 2,
    "thickness": len(THICKNESS_EDGES) + 2,
    "register": len(REGISTER_EDGES) + 2,
    "fresh": 3,
}  # fmt: skip
CONTROLS = ("density", "thickness", "register", "fresh")
OFFSETS: NDArray[np.int64] = np.concatenate([[0], np.cumsum(list(FEATURES.values()))[:-1]]).astype(np.int64)
TOTAL_CATEGORIES = int(sum(FEATURES.values()))


def edges() -> tuple[tuple[float, ...], ...]:
    """All borders of categories, for the fingerprint of the tables."""
    return (
        DENSITY_EDGES,
        THICKNESS_EDGES,
        REGISTER_EDGES,
        _MELODY_DENSITY_EDGES,
        _ROOM_EDGES,
        _BARS_LEFT_EDGES,
        _AGE_EDGES,
        _LEFT_EDGES,
    )


def bucket(value: float | None, edges: Sequence[float]) -> int:
    """1 + how many ``edges`` (ascending) lie at or below ``value``; 0 when unknown."""
    return 0 if value is None else 1 + bisect_right(edges, value)


class FigureReader:
    """Builds the columns before each step, from the frame and the steps so far.

    Training and composing both use it, so they cannot drift apart: ``begin_bar`` once for a bar, then ``columns``,
    ``push_pulse``, and for each step ``columns`` and ``push``.
    """

    def __init__(self, frame: FigureFrame) -> None:
        self.frame = frame
        self.bar = -1
        self.figures: list[Figure] = []
        self._pulse: int | None = None
        self._steps: list[Step] = []
        self._struck: list[dict[int, Step]] = []  # for each bar: offset -> step
        self._last = [(NOTHING, -9999), (NOTHING, -9999)]  # for each hand: shape, tick
        self._repeats = [True, True]
        self._chord = 0
        self._note = -1
        starts = [n.start for n in frame.melody]
        bar_ticks = frame.meter.bar_ticks
        counts = np.bincount([s // bar_ticks for s in starts if s >= 0], minlength=frame.bars + 1)
        quarters = bar_ticks / TICKS_PER_BEAT
        self._melody_density = [bucket(float(c) / quarters, _MELODY_DENSITY_EDGES) for c in counts]
        self._room = [self._room_of(bar) for bar in range(frame.bars)]
        text = str(frame.meter)
        self._meter = 1 + METERS.index(text) if text in METERS else 0
        self._fixed: list[int] = []

    def copy(self) -> FigureReader:
        """An independent reader with the same history."""
        twin = object.__new__(FigureReader)
        twin.__dict__.update(self.__dict__)
        twin.figures, twin._steps = list(self.figures), list(self._steps)
        twin._struck = [*self._struck[:-1], dict(self._struck[-1])] if self._struck else []
        twin._last, twin._repeats = list(self._last), list(self._repeats)
        return twin

    @property
    def offset(self) -> int:
        """Ticks from the bar line of the step that comes next."""
        return len(self._steps) * PULSES[self._pulse] if self._pulse is not None else 0

    @property
    def tick(self) -> int:
        """Tick of the step that comes next."""
        return self.bar * self.frame.meter.bar_ticks + self.offset

    @property
    def is_full(self) -> bool:
        """Whether the bar at hand has all its steps."""
        return len(self.figures) > self.bar

    @property
    def pulse(self) -> int:
        """Index of the pulse of the bar at hand; 0 before it is chosen."""
        return self._pulse or 0

    @property
    def last_step(self) -> Step:
        """The step before the one that comes next; silence where the bar begins."""
        return self._steps[-1] if self._steps else Step()

    @property
    def span_index(self) -> int:
        """Index of the chord that sounds at the step that comes next."""
        return self._chord

    def begin_bar(self) -> None:
        self.bar += 1
        self._pulse, self._steps = None, []
        self._struck.append({})
        self._repeats = [True, True]
        self._fixed = self._bar_columns()
        self._seek()

    def push_pulse(self, pulse: int) -> None:
        self._pulse = pulse
        for place, bars in enumerate(LOOKBACK_BARS):
            self._repeats[place] = self._pulse_before(bars) == 1 + pulse

    def push(self, step: Step) -> None:
        """The step is chosen; after the bar's last one the figure is complete."""
        assert self._pulse is not None
        offset, tick = self.offset, self.tick
        for place, bars in enumerate(LOOKBACK_BARS):
            before = self._step_before(bars, offset)
            same = before is not None and (before.left, before.right) == (step.left, step.right)
            self._repeats[place] = self._repeats[place] and same
        if not step.is_silent:
            self._struck[-1][offset] = step
        for hand, token in enumerate((step.left, step.right)):
            if token != NOTHING:
                self._last[hand] = (token, tick)
        self._steps.append(step)
        if self.offset >= self.frame.meter.bar_ticks:
            self.figures.append(Figure(self._pulse, tuple(self._steps)))
        else:
            self._seek()

    def columns(self) -> NDArray[np.int64]:
        """(K,) category of each column of ``FEATURES``, in that order."""
        return np.array(
            [*self._head(), *self._chord_columns(), *self._melody_columns(), *self._past(), *self._fixed[3:]]
        )

    def _seek(self) -> None:
        """Move on to the chord and the melody note at the coming step."""
        tick, chords, melody = self.tick, self.frame.chords, self.frame.melody
        while self._chord + 1 < len(chords) and chords[self._chord + 1].start <= tick:
            self._chord += 1
        while self._note + 1 < len(melody) and melody[self._note + 1].start <= tick:
            self._note += 1

    def _head(self) -> list[int]:
        meter, offset = self.frame.meter, self.offset
        bars_left, density, room = self._fixed[:3]
        return [
            2 if self.frame.key.is_minor else 1,
            self._meter,
            0 if self._pulse is None else 1 + self._pulse,
            1 + min(offset // GRID_TICKS, _POSITIONS - 1),
            1 + offset % meter.beat_ticks // GRID_TICKS % 18,
            1 + meter.accent(offset),
            bars_left,
            density,
            room,
        ]

    def _bar_columns(self) -> list[int]:
        controls = self.frame.controls[self.bar]
        return [
            bucket(self.frame.bars - self.bar, _BARS_LEFT_EDGES),
            self._melody_density[self.bar],
            self._room[self.bar],
            bucket(controls.density, DENSITY_EDGES),
            bucket(controls.thickness, THICKNESS_EDGES),
            bucket(controls.register, REGISTER_EDGES),
            0 if controls.fresh is None else 1 + int(controls.fresh),
        ]

    def _room_of(self, bar: int) -> int:
        start, end = bar * self.frame.meter.bar_ticks, (bar + 1) * self.frame.meter.bar_ticks
        over = [n.pitch for n in self.frame.melody if n.start < end and n.end > start]
        span = next((i for i, s in enumerate(self.frame.chords) if s.start <= start < s.end), None)
        return 0 if span is None or not over else bucket(min(over) - self.frame.basses[span], _ROOM_EDGES)

    def _chord_columns(self) -> list[int]:
        span, tick = self.frame.chords[self._chord], self.tick
        chord = span.chord
        following = self.frame.chords[self._chord + 1].chord if self._chord + 1 < len(self.frame.chords) else None
        bass = self.frame.basses[self._chord] % 12
        return [
            1 + _QUALITIES.index(chord.quality),
            1 + (chord.root - self.frame.key.tonic_class) % 12,
            1 + (chord.classes.index(bass) if bass in chord.classes else 4),
            1 if following is None else 2 + (following.root - chord.root) % 12,
            bucket(tick - span.start, _AGE_EDGES),
            bucket(span.end - tick, _LEFT_EDGES),
        ]

    def _melody_columns(self) -> list[int]:
        melody, tick = self.frame.melody, self.tick
        note = melody[self._note] if self._note >= 0 else None
        following = melody[self._note + 1].start if self._note + 1 < len(melody) else None
        upcoming = len(_LEFT_EDGES) + 2 if following is None else bucket(following - tick, _LEFT_EDGES)
        if note is None or note.end <= tick:
            return [len(_AGE_EDGES) + 2, upcoming, 1]
        classes = self.frame.chords[self._chord].chord.classes
        member = 2 + (classes.index(note.pitch % 12) if note.pitch % 12 in classes else 4)
        return [bucket(tick - note.start, _AGE_EDGES), upcoming, member]

    def _past(self) -> list[int]:
        tick, offset = self.tick, self.offset
        (left, left_at), (right, right_at) = self._last
        found = [
            1 + left,
            1 + right,
            bucket(tick - left_at, _AGE_EDGES),
            bucket(tick - right_at, _AGE_EDGES),
        ]
        for place, bars in enumerate(LOOKBACK_BARS):
            before = self._step_before(bars, offset)
            found += [
                self._pulse_before(bars),
                0 if before is None else 1 + before.left,
                0 if before is None else 1 + before.right,
                1 + int(self._repeats[place]),
            ]
        return found

    def _pulse_before(self, bars: int) -> int:
        """1 + the pulse of the bar ``bars`` before this one, 0 where there is none."""
        return 1 + self.figures[self.bar - bars].pulse if self.bar >= bars else 0

    def _step_before(self, bars: int, offset: int) -> Step | None:
        return self._struck[self.bar - bars].get(offset, Step()) if self.bar >= bars else None
