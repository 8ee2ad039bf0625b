"""When a note is played: late by some milliseconds, never early, and always within its cell.

References, with the quantities that they measured:
- melody lead: pianists play the melody some 20 to 30 ms before the other voices (Palmer 1989; Goebl 2001, J. Acoust.
  Soc. Am. 110: 563). Here the others come up to 18 ms later, in a line of their own; within one line the order of a
  chord's notes is kept.
- asynchrony of a chord: onsets of ensembles and hands spread over tens of milliseconds (Rasch 1979); here 3 ms a note,
  from the bottom, as notes stand in the file.
- phrase arch: tempo falls towards both ends of a phrase (Friberg 1995; Todd 1985). Here it is lateness of a line
  against the grid; the tempo itself changes only at the ends of sections.
- tones after a leap come a little late (KTH rule "Leap tone duration", Friberg, Bresin & Sundberg 2006).
- the rest is 1/f fluctuation with the deviations of good players, some 10 ms (Hennig et al. 2011), less in the drums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.formats.midi.source import SourceNote
from composer.humanize.clock import Clock
from composer.humanize.grid import Grid
from composer.humanize.layer import Layer
from composer.humanize.lines import Line, onsets_of
from composer.humanize.noise import LARGEST, fluctuation
from composer.humanize.phrasing import Phrasing
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY

# In milliseconds, at strength 1.
JITTER_MS = {MELODY: 10.0, CHORDS: 10.0, BASS: 8.0, DRUMS: 4.0}
LAG_MS = {MELODY: 0.0, BASS: 9.0, DRUMS: 6.0, CHORDS: 18.0}
PHRASE_END_MS = 10.0
LEAP_MS, LEAP_SEMITONES = 5.0, 7
SPREAD_MS, SPREAD_NOTES = 3.0, 5
# The fluctuation is about this lateness, as notes can only be late; reach is the latest that is at all likely.
CENTRE_MS = LARGEST * max(JITTER_MS.values())
REACH_MS = (
    CENTRE_MS + max(LAG_MS.values()) + 1.5 * max(JITTER_MS.values()) + (PHRASE_END_MS + SPREAD_MS * SPREAD_NOTES) / 2
)
# Players listen to each other: this share of a line's fluctuation (in variance) is everybody's.
SHARED = 0.3
PLACES_PER_QUARTER = 8


@dataclass(frozen=True, slots=True)
class Sway:
    """The fluctuations of one line."""

    rng: np.random.Generator
    shared: np.random.Generator


def late_ticks(
    line: Line, layer: Layer, grid: Grid, clock: Clock, phrasing: Phrasing, sway: Sway
) -> dict[SourceNote, int]:
    """By how many ticks each note on the grid is late; 0 .. ``grid.room_ticks``."""
    places = line.notes[-1].start * PLACES_PER_QUARTER // grid.quarter + 1
    own, everybody = fluctuation(sway.rng, places), fluctuation(sway.shared, places)
    late: dict[SourceNote, int] = {}
    before: int | None = None
    for chord in onsets_of(line.notes):
        tick = chord[0].start
        place = tick * PLACES_PER_QUARTER // grid.quarter
        swing = (1 - SHARED) ** 0.5 * own.at(place) + SHARED**0.5 * everybody.at(place)
        swing = max(-LARGEST, min(LARGEST, swing))
        lateness = CENTRE_MS + LAG_MS[line.role] + JITTER_MS[line.role] * swing + _shape(line, chord, before, phrasing)
        for index, note in enumerate(chord):
            spread = SPREAD_MS * min(index, SPREAD_NOTES) if line.role in (MELODY, CHORDS) else 0.0
            late[note] = _in_cell((lateness + spread) * layer.strength, layer.strength, tick, grid, clock)
        before = chord[-1].pitch
    return late


def _shape(line: Line, chord: Sequence[SourceNote], before: int | None, phrasing: Phrasing) -> float:
    """What the phrase and a leap into a single note add, in milliseconds."""
    if line.role == DRUMS:
        return 0.0
    arch = PHRASE_END_MS * (1.0 - phrasing.arch(chord[0].start)) / 2.0
    has_leapt = before is not None and len(chord) == 1 and abs(chord[0].pitch - before) > LEAP_SEMITONES
    return arch + (LEAP_MS if has_leapt and line.is_one_voice else 0.0)


def _in_cell(lateness_ms: float, strength: float, tick: int, grid: Grid, clock: Clock) -> int:
    """The lateness in ticks; where cells are small everything in the bar shrinks alike, so that nothing piles up at
    the end of the cell."""
    room = grid.room_ticks(tick)
    reach = clock.ticks(REACH_MS * strength, tick)
    scale = min(1.0, room / reach) if reach > 0 else 0.0
    return max(0, min(room, round(clock.ticks(lateness_ms, tick) * scale)))
