"""How loud a note is played, as decibels on top of the velocity that it has.

A velocity is taken for a loudness of 40 log10(velocity / 127) dB, as General MIDI has it. Quantities of the rules are
those of the KTH system (Friberg, Bresin & Sundberg 2006), some of them smaller, as drafts carry dynamics already:
- phrase arch: up to 2 dB softer at the ends of a phrase and louder at its height;
- high loud: 3 dB an octave in the rule, half of it here, around the mean of the line's phrase;
- duration contrast: short notes are up to 0.8 dB softer;
- metrical accents: 1.5 dB on the downbeat; the highest note of a phrase gets 1.2 dB besides;
- 1/f fluctuation of 0.8 dB.
Each line is as loud in each phrase as it was in the mean, so that the balance of the parts stays.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from composer.formats.midi.source import SourceMidi, SourceNote
from composer.humanize.clock import Clock
from composer.humanize.grid import Grid
from composer.humanize.layer import Layer
from composer.humanize.lines import Line
from composer.humanize.noise import fluctuation
from composer.humanize.phrasing import Phrasing
from composer.humanize.timing import PLACES_PER_QUARTER
from composer.music.notes import DRUMS, MELODY
from composer.music.time import TICKS_PER_BEAT, Meter

# In decibels, at strength 1.
ARCH_DB, HIGH_DB_PER_OCTAVE, SHORT_DB, CLIMAX_DB, FLUCTUATION_DB = 2.0, 1.5, 0.8, 1.2, 0.8
ACCENT_DB = {3: 1.5, 2: 0.7, 1: 0.0, 0: -0.8}
HIGH_LIMIT_DB = 2.5
SHORT_MS = 600.0  # notes below this are short; the effect is greatest at a third of it
DB_PER_DECADE = 40.0
QUIETEST, LOUDEST = 10, 122  # where the layer takes a velocity at most; one that was beyond stays


@dataclass(frozen=True, slots=True)
class Stress:
    """Where a note stands in the bar; metres by bar may change."""

    grid: Grid
    metres: tuple[tuple[int, Meter], ...]

    def accent(self, tick: int) -> int:
        """3 on the downbeat, 2 on another strong beat, 1 on a beat, 0 off the beat."""
        meter = [metre for start, metre in self.metres if start <= tick][-1]
        offset = (tick - self.grid.bar_start(self.grid.bar(tick))) * TICKS_PER_BEAT / self.grid.quarter
        return meter.accent(int(offset)) if offset.denominator == 1 else 0


def stress_of(source: SourceMidi, grid: Grid) -> Stress:
    """The metres of ``source``, 4/4 where none is written or where one cannot be notated."""
    metres = [(0, Meter(4, 4))]
    for tick, upper, lower in source.metres:
        metres.append((tick, Meter(upper, lower) if lower in (1, 2, 4, 8, 16, 32) and upper else Meter(4, 4)))
    return Stress(grid, tuple(metres))


def velocities(
    line: Line, notes: Sequence[SourceNote], layer: Layer, stress: Stress, clock: Clock, phrasing: Phrasing,
    rng: np.random.Generator,
) -> dict[SourceNote, int]:  # fmt: skip
    """The velocity of each of ``notes`` of ``line``."""
    if not notes:
        return {}
    quarter = stress.grid.quarter
    places = line.notes[-1].start * PLACES_PER_QUARTER // quarter + 1
    sway = fluctuation(rng, places)
    phrases: dict[int, list[SourceNote]] = defaultdict(list)
    for note in notes:
        phrases[phrasing.phrase(note.start)].append(note)
    result: dict[SourceNote, int] = {}
    for phrase in phrases.values():
        shapes = _shapes(line, phrase, stress, clock, phrasing)
        louder = [
            shape + FLUCTUATION_DB * sway.at(n.start * PLACES_PER_QUARTER // quarter)
            for n, shape in zip(phrase, shapes, strict=True)
        ]
        mean = fmean(louder)
        for note, decibels in zip(phrase, louder, strict=True):
            result[note] = _louder(note.velocity, (decibels - mean) * layer.strength)
    return result


def _shapes(line: Line, phrase: Sequence[SourceNote], stress: Stress, clock: Clock, phrasing: Phrasing) -> list[float]:
    """What metre, phrase, pitch and length say of the notes of one phrase, in decibels."""
    accents = [ACCENT_DB[stress.accent(note.start)] for note in phrase]
    if line.role == DRUMS:
        return accents
    mean, top = fmean(n.pitch for n in phrase), max(n.pitch for n in phrase)
    shapes = []
    for note, accent in zip(phrase, accents, strict=True):
        high = HIGH_DB_PER_OCTAVE * (note.pitch - mean) / 12.0
        high = max(-HIGH_LIMIT_DB, min(HIGH_LIMIT_DB, high))
        climax = CLIMAX_DB if line.role == MELODY and note.pitch == top else 0.0
        shapes.append(accent + ARCH_DB * phrasing.arch(note.start) + high + climax - _shortness(note, clock) * SHORT_DB)
    return shapes


def _shortness(note: SourceNote, clock: Clock) -> float:
    """0 for notes of 600 ms and more, 1 for 200 ms, 0 again for the very shortest (KTH "Duration contrast")."""
    length = clock.milliseconds(note.end - note.start, note.start)
    third = SHORT_MS / 3.0
    return max(0.0, min(length / third, (SHORT_MS - length) / (SHORT_MS - third)))


def _louder(velocity: int, decibels: float) -> int:
    wanted = round(velocity * math.pow(10.0, decibels / DB_PER_DECADE))
    return max(min(velocity, QUIETEST), min(max(velocity, LOUDEST), wanted))
