"""Which durations may begin where in a bar, so that every bar is full and reads well.

A segment is a stretch that must be filled exactly: a bar, or in a cadence bar what comes before the final note.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from composer.encoding.melody import DURATIONS
from composer.music.time import TICKS_PER_BEAT, Meter

SIXTEENTH, EIGHTH, QUARTER = 120, 240, TICKS_PER_BEAT
# Triplets, thirty-seconds and tied values are left to the hand editor: they cannot be read at sight in a draft.
_PLAIN = tuple(d for d in DURATIONS if d % SIXTEENTH == 0 and d not in (600, 840, 1200, 1680, 2400, 3840))
DENSITY_PULL = 1.0  # nats per squared octave away from the wanted duration
REST_COST = 0.35  # octaves of misfit that a rest after the final note weighs
CADENCE_DENSITY_COST = 1.2  # octaves of misfit that a halved density of the last bar weighs
ENDING_SPREAD = 0.45


def starts_well(meter: Meter, offset: int, duration: int) -> bool:
    """Whether a note of ``duration`` at ``offset`` of the bar can be read: it shows the beat it stands on."""
    if duration not in _PLAIN:
        return False
    beat = meter.beat_ticks
    into_beat = offset % beat
    if meter.is_compound:
        if into_beat:
            return duration <= beat - into_beat and (offset % EIGHTH == 0 or duration == SIXTEENTH)
        return duration in (SIXTEENTH, EIGHTH, QUARTER, beat, 2 * beat) or duration == 360
    if offset % EIGHTH:
        return duration in (SIXTEENTH, EIGHTH + SIXTEENTH)[: 1 + (duration + into_beat == beat)]
    if into_beat:
        return duration in (SIXTEENTH, EIGHTH, QUARTER)
    return not (duration in (1440, 2880) and meter.numerator == 4 and offset not in (0, beat))


@lru_cache(maxsize=4096)
def duration_mask(meter: Meter, offset: int, end: int) -> NDArray[np.float64]:
    """(D,) 0 for durations that may begin at ``offset`` and still fill the segment up to ``end``, else -inf."""
    mask = np.full(len(DURATIONS), -np.inf)
    for index, duration in enumerate(DURATIONS):
        after = offset + duration
        if after <= end and starts_well(meter, offset, duration) and fillable(meter, after, end):
            mask[index] = 0.0
    return mask


@lru_cache(maxsize=4096)
def fillable(meter: Meter, offset: int, end: int) -> bool:
    """Whether the segment from ``offset`` to ``end`` can be filled with readable durations."""
    if offset == end:
        return True
    return any(offset + d <= end and starts_well(meter, offset, d) and fillable(meter, offset + d, end) for d in _PLAIN)


@lru_cache(maxsize=4096)
def fewest_notes(meter: Meter, offset: int, end: int) -> int:
    """The least number of readable notes that fill the segment; ``end`` may lie in a later bar."""
    if offset >= end:
        return 0
    if end > meter.bar_ticks:
        return fewest_notes(meter, offset, meter.bar_ticks) + fewest_notes(meter, 0, end - meter.bar_ticks)
    longest = [
        d for d in _PLAIN if offset + d <= end and starts_well(meter, offset, d) and fillable(meter, offset + d, end)
    ]
    return 1 + min((fewest_notes(meter, offset + d, end) for d in longest), default=0)


@lru_cache(maxsize=1024)
def density_bias(notes_wanted: float, ticks_left: int) -> NDArray[np.float64]:
    """(D,) pull toward the duration that leaves room for the notes still wanted in the ticks still left of a bar."""
    wanted = ticks_left / max(notes_wanted, 0.5)
    return -DENSITY_PULL * np.log2(np.array(DURATIONS) / wanted) ** 2


@dataclass(frozen=True, slots=True)
class Ending:
    """Where the final note of a phrase begins and stops sounding, and where the phrase ends (ticks).

    Between ``stop`` and ``end`` the melody rests.
    """

    onset: int
    stop: int
    end: int

    def moved(self, ticks: int) -> Ending:
        return Ending(self.onset + ticks, self.stop + ticks, self.end + ticks)


@dataclass(frozen=True, slots=True)
class EndingAim:
    """What the final note of a phrase shall be: its length over the mean length, whether it ends the piece."""

    ratio: float
    is_final: bool


def ending_of(
    meter: Meter, start: int, end: int, density_npq: float, aim: EndingAim, rng: np.random.Generator
) -> Ending:
    """The final note of a phrase whose last bar begins at ``start``: on a strong beat, about as long as ``aim`` asks.

    Long notes are the easiest close and the dullest; in real tunes the last note of a phrase is less than twice as
    long as the others. What is left of the bar rests. In triple time a phrase inside the piece may end on beat 2.
    """
    wanted = aim.ratio * TICKS_PER_BEAT / density_npq
    choices: list[tuple[float, Ending]] = []
    for offset in _final_onsets(meter, aim.is_final):
        room = end - start - offset
        for length in _PLAIN:
            stops = room if room - length < QUARTER else length
            if length > room or length < QUARTER or stops not in DURATIONS:
                continue
            rest = room - stops
            error = abs(float(np.log2(stops / wanted))) + (REST_COST if rest else 0.0)
            notes = 1 + offset * density_npq / TICKS_PER_BEAT
            error += CADENCE_DENSITY_COST * abs(
                float(np.log2(notes / (meter.bar_ticks * density_npq / TICKS_PER_BEAT)))
            )
            if rest == 0 or rest in DURATIONS:
                choices.append((error, Ending(start + offset, start + offset + stops, end)))
    unique = {choice: error for error, choice in sorted(choices, key=lambda c: -c[0])}
    weights = np.exp(-np.array(list(unique.values())) / ENDING_SPREAD)
    return list(unique)[int(rng.choice(len(unique), p=weights / weights.sum()))]


def _final_onsets(meter: Meter, is_final: bool) -> tuple[int, ...]:
    """Offsets in the last bar where a phrase may come to rest."""
    if len(meter.strong_ticks) > 1 and meter.bar_ticks // 2 >= QUARTER:
        return (0, meter.strong_ticks[1])
    if meter.numerator == 3 and not meter.is_compound and not is_final:
        return (0, meter.beat_ticks)
    return (0,)
