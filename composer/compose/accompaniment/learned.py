"""The accompaniment that a network writes: figures for every bar, one texture to a section.

A section opens with several candidates for its first bars; one is kept, the likelier and better fitting ones with a
higher chance. Then the network goes on at a low temperature, so the texture stays and still answers chords and tune.
A section that returns opens with the figure that it had. The last bar is a held chord.

Here only figures are chosen (``composer.encoding.figuration``); ``hands`` turns them into pitches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.figuration import (
    DURATIONS,
    NOTHING,
    PULSES,
    SHAPES,
    Figure,
    FigureControls,
    FigureFrame,
    Shape,
    Step,
    length_token,
    pitches_of,
    pulses_of,
    shape_token,
)
from composer.encoding.figure_reader import FigureReader
from composer.encoding.protocol import FigurationModel
from composer.music.chord import Chord
from composer.music.time import TICKS_PER_BEAT, Meter, seconds_of

LEARNED = "learned"
CANDIDATES = 10
OPENING_BARS = 2  # bars by which candidates for a section's texture are judged
OPENING_WARMTH, STEADY_WARMTH, LENGTH_WARMTH = 0.9, 0.5, 0.4  # temperatures
TOP_SHARE = 0.92  # of the probability is drawn from
CHOICE_WARMTH = 0.3
ANSWERING = 2.0  # nats by which the right hand rests less while the tune holds a note
FASTEST_SECONDS = 0.11  # between two strokes
HAMMERING_SECONDS = 0.21  # the same notes again within this time
STROKES_PER_SECOND = 6.5
# Strokes per quarter and notes per stroke at energy 0, 0.5 and 1: about the songs' own 10 %, 50 % and 90 %.
DENSITIES, THICKNESSES = (0.7, 1.9, 4.2), (1.4, 2.1, 3.0)
THINNED = 0.6  # what is left of the density in the last bar but one
LOWEST_LEFT, HIGHEST_LEFT = 31, 62
STRETCH_LEFT, STRETCH_RIGHT, HAND_NOTES = 12, 12, 4
MUD_PITCH, MUD_SEMITONES = 46, 5
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where figures are wanted: the frame, the highest pitch over each chord, bars where sections begin and the tune
    (letter) that each stands for, and the tempo."""

    frame: FigureFrame
    ceilings: tuple[int, ...]
    borders: tuple[int, ...]
    letters: tuple[str, ...]
    tempo_bpm: float


def figure_controls(
    energies: Sequence[float], borders: Sequence[int], tempo_bpm: float, meter: Meter
) -> tuple[FigureControls, ...]:
    """What each bar shall be, from the energy (0..1) of the bars: even within a section, thinner before the end."""
    fastest = STROKES_PER_SECOND * 60.0 / tempo_bpm
    controls: list[FigureControls] = []
    for start, end in zip(borders, [*borders[1:], len(energies)], strict=True):
        energy = float(np.mean(energies[start:end])) if end > start else 0.5
        density = min(float(np.interp(energy, (0, 0.5, 1), DENSITIES)), fastest)
        thickness = float(np.interp(energy, (0, 0.5, 1), THICKNESSES))
        controls += [FigureControls(density, thickness, None, bar == start) for bar in range(start, end)]
    if len(controls) > 2:
        thin = controls[-2]
        controls[-2] = FigureControls((thin.density or 1.0) * THINNED, thin.thickness, None, thin.fresh)
    return tuple(controls)


def figures_of(setting: Setting, model: FigurationModel, rng: np.random.Generator) -> tuple[Figure, ...]:
    """A figure for each bar of the frame."""
    frame = setting.frame
    hands = _Hands(setting)
    take = _Take(FigureReader(frame), model.start(), model, hands, rng)
    openings: dict[str, Figure] = {}
    borders = set(setting.borders)
    letters = dict(zip(setting.borders, setting.letters, strict=True))
    bar = 0
    while bar < frame.bars - 1:
        if bar in borders:
            known = openings.get(letters[bar])
            end = min([b for b in setting.borders if b > bar], default=frame.bars - 1)
            bars = min(OPENING_BARS, max(1, end - bar), frame.bars - 1 - bar)
            take = _opened(take, known, bars, rng)
            openings.setdefault(letters[bar], take.reader.figures[bar])
            bar += bars
        else:
            take.write(STEADY_WARMTH)
            bar += 1
    take.follow(hands.last_bar())
    return tuple(take.reader.figures)


def _opened(take: _Take, known: Figure | None, bars: int, rng: np.random.Generator) -> _Take:
    """``take`` with the first bars of a section: as it was before, or the best of several."""
    if known is not None and take.hands.fits(known, take.reader.bar + 1):
        take.follow(known)
        for _ in range(bars - 1):
            take.write(STEADY_WARMTH)
        return take
    tries = []
    for _ in range(CANDIDATES):
        twin = take.copy()
        twin.write(OPENING_WARMTH)
        for _ in range(bars - 1):
            twin.write(STEADY_WARMTH)
        tries.append(twin)
    scores = np.array([_score(t, bars) for t in tries]) / CHOICE_WARMTH
    weights = np.exp(scores - scores.max())
    return tries[int(rng.choice(len(tries), p=weights / weights.sum()))]


def _score(take: _Take, bars: int) -> float:
    """How good the last ``bars`` bars are: likely, near their density and thickness, moving, and not with the tune."""
    frame = take.reader.frame
    figures = take.reader.figures[-bars:]
    first = len(take.reader.figures) - bars
    quarters = frame.meter.bar_ticks / TICKS_PER_BEAT
    strokes = sum(len(f.onsets) for f in figures)
    controls = frame.controls[first]
    density = strokes / (quarters * bars)
    missed = abs(np.log((density + 0.25) / ((controls.density or density) + 0.25)))
    sung = {n.start for n in frame.melody}
    ticks = [(first + i) * frame.meter.bar_ticks + t for i, f in enumerate(figures) for t in f.onsets]
    between = sum(t not in sung for t in ticks) / max(1, len(ticks))
    notes = [len(take.hands.sizes[s.left]) + len(take.hands.sizes[s.right]) for f in figures for s in f.steps]
    thickness = sum(notes) / max(1, strokes)
    stout = abs(np.log((thickness + 0.5) / ((controls.thickness or thickness) + 0.5)))
    shapes = [(s.left, s.right) for f in figures for s in f.steps if not s.is_silent]
    moving = sum(a != b for a, b in pairwise(shapes)) / max(1, len(shapes) - 1)
    return float(-0.3 * take.nats_of(bars) / max(4, strokes) - 1.2 * missed - 0.8 * stout + 0.5 * between + moving)


class _Hands:
    """Which shapes each hand can play where, and what a last bar is."""

    sizes = tuple(() if shape is None else (*shape.above, *((8,) if shape.octave else ())) for shape in SHAPES)

    def __init__(self, setting: Setting) -> None:
        self.setting, self.frame = setting, setting.frame
        self.scale = setting.frame.key.scale
        self._masks: dict[tuple[Chord, int, int, bool], Mask] = {}
        self.starts = frozenset(s.start for s in self.frame.chords)

    def pulses(self, bar: int) -> Mask:
        """Which pulses meet every chord of ``bar`` and can be played at the tempo."""
        meter = self.frame.meter
        first = bar * meter.bar_ticks
        changes = [s.start - first for s in self.frame.chords if first < s.start < first + meter.bar_ticks]
        allowed = np.zeros(len(PULSES), dtype=bool)
        for index in pulses_of(meter):
            meets = all(change % PULSES[index] == 0 for change in changes)
            allowed[index] = meets and seconds_of(PULSES[index], self.setting.tempo_bpm) >= FASTEST_SECONDS
        if not allowed.any():
            allowed[list(pulses_of(meter))] = True
        return allowed

    def fits(self, figure: Figure, bar: int) -> bool:
        """Whether ``figure`` may open ``bar``: its pulse meets the chords, and the bass is struck with each."""
        first, ticks = bar * self.frame.meter.bar_ticks, PULSES[figure.pulse]
        if not self.pulses(bar)[figure.pulse]:
            return False
        struck = {
            first + i * ticks for i, s in enumerate(figure.steps) if (shape := SHAPES[s.left]) and not shape.start
        }
        return all(s in struck for s in self.starts if first <= s < first + self.frame.meter.bar_ticks)

    def left(self, span: int, tick: int) -> Mask:
        """Shapes for the left hand; where a chord begins it strikes its bass."""
        chord, bass = self.frame.chords[span].chord, self.frame.basses[span]
        ceiling = min(HIGHEST_LEFT, self.setting.ceilings[span] - 1)
        mask = self._mask(chord, bass, ceiling, True)
        if tick in self.starts:
            return mask & _ON_ANCHOR | _BARE_BASS
        return mask if self._is_weak(tick) else mask & _IN_CHORD

    def right(self, span: int, tick: int) -> Mask:
        chord = self.frame.chords[span].chord
        mask = self._mask(chord, self.anchor(span), self.setting.ceilings[span], False)
        return mask if self._is_weak(tick) else mask & _IN_CHORD

    def unrepeated(self, mask: Mask, last: int, pulse: int) -> Mask:
        """``mask`` without what the hand struck just before, where that would be hammering."""
        if last == NOTHING or seconds_of(PULSES[pulse], self.setting.tempo_bpm) >= HAMMERING_SECONDS:
            return mask
        found = mask.copy()
        found[last] = False
        return found if found.any() else mask

    def anchor(self, span: int) -> int:
        """About where the right hand will lie: a chord tone some way under the tune and over the bass."""
        classes = self.frame.chords[span].chord.classes
        wanted = max(self.frame.basses[span] + 5, min(64, self.setting.ceilings[span] - 8))
        return next(p for p in range(wanted, wanted - 12, -1) if p % 12 in classes)

    def tune_holds(self, tick: int) -> bool:
        """Whether the tune is in the middle of a note of over a beat."""
        melody, beat = self.frame.melody, self.frame.meter.beat_ticks
        place = bisect_right(melody, tick, key=lambda n: n.start) - 1
        return place >= 0 and melody[place].duration > beat and tick - melody[place].start >= beat // 2

    def _is_weak(self, tick: int) -> bool:
        return self.frame.meter.accent(tick) == 0

    def _mask(self, chord: Chord, anchor: int, ceiling: int, is_left: bool) -> Mask:
        key = (chord, anchor, ceiling, is_left)
        if key not in self._masks:
            play = [s is None or self._is_playable(s, chord, anchor, ceiling, is_left) for s in SHAPES]
            self._masks[key] = np.array(play)
        return self._masks[key]

    def _is_playable(self, shape: Shape, chord: Chord, anchor: int, ceiling: int, is_left: bool) -> bool:
        pitches = pitches_of(shape, anchor, chord, self.scale)
        stretch = STRETCH_LEFT if is_left else STRETCH_RIGHT
        if pitches[-1] > ceiling or pitches[-1] - pitches[0] > stretch or len(pitches) > HAND_NOTES:
            return False
        if not is_left:
            return shape.start >= -1 and pitches[0] > anchor - 8
        muddy = any(a < MUD_PITCH and b - a < MUD_SEMITONES for a, b in pairwise(pitches))
        return not muddy and pitches[0] >= LOWEST_LEFT and shape.start >= -2

    def last_bar(self) -> Figure:
        """Each chord of the last bar struck once and held."""
        meter, bar = self.frame.meter, self.frame.bars - 1
        first = bar * meter.bar_ticks
        pulse = int(np.flatnonzero(self.pulses(bar))[0])
        ticks = PULSES[pulse]
        steps = []
        for index in range(meter.bar_ticks // ticks):
            tick = first + index * ticks
            if tick in self.starts or index == 0:
                end = min([s for s in self.starts if s > tick], default=first + meter.bar_ticks)
                length = length_token(end - tick)
                steps.append(Step(_BASS_NOTE, _TRIAD, length, length))
            else:
                steps.append(Step())
        return Figure(pulse, tuple(steps))


class _Take:
    """Bars written so far, with the network's state."""

    def __init__(
        self, reader: FigureReader, state: Any, model: FigurationModel, hands: _Hands, rng: np.random.Generator
    ) -> None:
        self.reader, self.state, self.model, self.hands, self.rng = reader, state, model, hands, rng
        self._nats: list[float] = []

    def copy(self) -> _Take:
        """An independent take with the same past; the generator is shared."""
        twin = _Take(self.reader.copy(), self.state, self.model, self.hands, self.rng)
        twin._nats = list(self._nats)
        return twin

    def nats_of(self, bars: int) -> float:
        """How surprised the network was by the last ``bars`` bars."""
        return sum(self._nats[-bars:])

    def write(self, warmth: float) -> None:
        """Draw the next bar."""
        self._begin()
        self.reader.push_pulse(
            self._drawn(self.model.pulse_logits(self.state), warmth, self.hands.pulses(self.reader.bar))
        )
        while not self.reader.is_full:
            self._read()
            span, tick = self.reader.span_index, self.reader.tick
            last, pulse = self.reader.last_step, self.reader.pulse
            left_mask = self.hands.unrepeated(self.hands.left(span, tick), last.left, pulse)
            left = self._drawn(self.model.left_logits(self.state), warmth, left_mask)
            answers = self.model.right_logits(self.state, left)
            if self.hands.tune_holds(tick):
                answers = answers - _REST * ANSWERING
            right_mask = self.hands.unrepeated(self.hands.right(span, tick), last.right, pulse)
            right = self._drawn(answers, warmth, right_mask)
            self.reader.push(Step(left, right, self._length(left, True), self._length(right, False)))

    def follow(self, figure: Figure) -> None:
        """Take ``figure`` as the next bar; the network reads it."""
        self._begin()
        self.reader.push_pulse(figure.pulse)
        for step in figure.steps:
            self._read()
            self.reader.push(step)

    def _begin(self) -> None:
        self.reader.begin_bar()
        self._nats.append(0.0)
        self._read()

    def _read(self) -> None:
        self.state = self.model.step(self.state, self.reader.columns())

    def _length(self, token: int, is_left: bool) -> int:
        if token == NOTHING:
            return 0
        logits = self.model.length_logits(self.state, token, is_left)
        return self._drawn(logits, LENGTH_WARMTH, _ANY_LENGTH, counts=False)

    def _drawn(self, logits: NDArray[np.float32], warmth: float, mask: Mask, counts: bool = True) -> int:
        """An index that ``mask`` allows, drawn from the likelier part of ``logits`` at the temperature ``warmth``."""
        allowed = np.where(mask, logits, -np.inf).astype(np.float64)
        allowed -= allowed.max()
        chances = np.exp(allowed / warmth)
        chances /= chances.sum()
        order = np.argsort(-chances, kind="stable")
        kept = order[: int(np.searchsorted(np.cumsum(chances[order]), TOP_SHARE)) + 1]
        place = np.searchsorted(np.cumsum(chances[kept]), self.rng.random() * chances[kept].sum())
        index = int(kept[min(int(place), len(kept) - 1)])
        if counts:
            self._nats[-1] += float(np.log(np.exp(allowed).sum()) - allowed[index])
        return index


_REST = np.eye(1, len(SHAPES), NOTHING, dtype=np.float32)[0]
_ON_ANCHOR: Mask = np.array([s is not None and s.start == 0 and not s.passing for s in SHAPES])
_BARE_BASS: Mask = np.array([s == Shape(0) for s in SHAPES])  # always possible, however low the bass lies
_IN_CHORD: Mask = np.array([s is None or not s.passing for s in SHAPES])
_ANY_LENGTH: Mask = np.ones(len(DURATIONS), dtype=bool)
_BASS_NOTE, _TRIAD = shape_token(Shape(0)), shape_token(Shape(0, (0, 1, 2)))
