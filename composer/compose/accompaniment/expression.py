"""How it is played: dynamics, accents, articulation, pedal and the final ritardando. The notes stay on the grid.

Onsets are not moved: a draft goes to a DAW next, and there the grid is worth more than jitter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.compose.form.plan import Plan
from composer.music.notes import BASS, CC_PEDAL, CHORDS, DRUMS, MELODY, ChordSpan, Control, Note, Tempo
from composer.music.time import TICKS_PER_BEAT, seconds_of

Ints = NDArray[np.int64]
SOFTEST, LOUDEST = 44, 104  # melody velocity at energy 0 and 1 with full dynamics
ACCENTS = {3: 6, 2: 3, 1: 1, 0: -2}
PHRASE_ARCH, PITCH_WEIGHT, SPREAD = 5.0, 4.0 / 12.0, 2
QUIETEST, STRONGEST = 12, 124  # velocities
ROLE_OFFSET = {MELODY: 8, BASS: -4, CHORDS: -12, DRUMS: -8}
PEDAL_ON, PEDAL_OFF = 100, 0
RITARDANDO = 0.12  # slower by this share in the last bar ...
RITARDANDO_MAX_SECONDS = 0.3  # ... but never longer than this in all, so that a planned duration holds
_MIN_TICKS = 60


def with_dynamics(
    notes: Sequence[Note], role: str, plan: Plan, dynamics: float, rng: np.random.Generator
) -> tuple[Note, ...]:
    """The notes with velocities: each bar is as loud in the mean as its energy, and inside it metre, phrase and pitch
    shape the line. Accompaniment keeps its pattern's accents."""
    if not notes:
        return ()
    jitter = rng.integers(-SPREAD, SPREAD + 1, size=len(notes))
    shape = [float(j) + _shape(note, role, plan) for note, j in zip(notes, jitter, strict=True)]
    in_bars: dict[int, list[int]] = {}
    for index, note in enumerate(notes):
        in_bars.setdefault(min(note.start // plan.meter.bar_ticks, len(plan.bars) - 1), []).append(index)
    velocity = np.zeros(len(notes), dtype=np.int64)
    for bar, places in in_bars.items():
        level = round(loudness_of(plan.bars[bar].energy, dynamics)) + ROLE_OFFSET[role]
        velocity[places] = np.clip(level + _balanced([shape[i] for i in places]), QUIETEST, STRONGEST)
    return tuple(replace(note, velocity=int(v)) for note, v in zip(notes, velocity, strict=True))


def loudness_of(energy: float, dynamics: float) -> float:
    """The mean velocity of a melody's bar of that energy (0..1); ``dynamics`` (0..1) spreads soft and loud."""
    spread = 0.25 + 0.75 * dynamics
    return (SOFTEST + LOUDEST) / 2 + (LOUDEST - SOFTEST) * spread * (energy - 0.5)


def _shape(note: Note, role: str, plan: Plan) -> float:
    """What makes a note louder than its bar, in steps of velocity from anywhere."""
    if role != MELODY:
        return (note.velocity - 90) * 0.5  # the pattern's own accents, as percentages around 90
    return ACCENTS[plan.meter.accent(note.start)] + PHRASE_ARCH * _arch(note.start, plan) + PITCH_WEIGHT * note.pitch


def _balanced(shape: Sequence[float]) -> Ints:
    """Whole offsets that follow ``shape`` and sum to nothing, so that a bar's accents leave its mean alone."""
    offsets = np.asarray(shape) - np.mean(shape)
    # Rounding the running sum carries each note's rounding over to the next one.
    return np.diff(np.round(np.cumsum(offsets)), prepend=0.0).astype(np.int64)


def articulated(notes: Sequence[Note], articulation: float, phrase_ends: Sequence[int]) -> tuple[Note, ...]:
    """Shortens the notes of a tune, given in order: legato keeps 97 % of their length, staccato about half; phrases
    breathe at their ends. A note before a rest and the last note of all are held, however short the others are."""
    ends = set(phrase_ends)
    result = []
    for place, note in enumerate(notes, 1):
        goes_on = place < len(notes) and notes[place].start == note.end
        share = 0.97 - 0.45 * articulation * (note.duration <= TICKS_PER_BEAT and goes_on)
        if note.end in ends:
            share = min(share, 0.9)
        result.append(replace(note, duration=max(_MIN_TICKS, round(note.duration * share))))
    return tuple(result)


def pedal_of(chords: Sequence[ChordSpan]) -> tuple[Control, ...]:
    """Sustain pedal pressed shortly after each chord and lifted before the next."""
    controls: list[Control] = []
    for span in chords:
        length = span.end - span.start
        if length < TICKS_PER_BEAT:
            continue
        controls.append(Control(span.start + 30, CC_PEDAL, PEDAL_ON))
        controls.append(Control(span.end - 30, CC_PEDAL, PEDAL_OFF))
    return tuple(controls)


def tempi_of(plan: Plan) -> tuple[Tempo, ...]:
    """The tempo at tick 0 and a short ritardando in the last bar."""
    start = Tempo(0, plan.tempo_bpm)
    bar_ticks = plan.meter.bar_ticks
    if len(plan.bars) < 4:
        return (start,)
    plain = seconds_of(bar_ticks, plan.tempo_bpm)
    extra = min(RITARDANDO * plain, RITARDANDO_MAX_SECONDS)
    slower = plan.tempo_bpm * plain / (plain + extra)
    return (start, Tempo((len(plan.bars) - 1) * bar_ticks, round(slower, 3)))


def _arch(tick: int, plan: Plan) -> float:
    """-1 at the ends of a phrase, 1 at two thirds of it."""
    bar = tick // plan.meter.bar_ticks
    phrase = next((p for p in plan.phrases if p.first <= bar <= p.last), plan.phrases[-1])
    place = (tick / plan.meter.bar_ticks - phrase.first) / phrase.bars
    return float(1.0 - 2.0 * abs(place - 0.62) / 0.62)
