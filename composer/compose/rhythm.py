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
DENSITY_PULL = 1.4  # nats per squared octave away from the wanted duration


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


@lru_cache(maxsize=256)
def density_bias(notes_per_quarter: float) -> NDArray[np.float64]:
    """(D,) pull toward the durations that give this many notes per quarter."""
    wanted = TICKS_PER_BEAT / notes_per_quarter
    return -DENSITY_PULL * np.log2(np.array(DURATIONS) / wanted) ** 2


@dataclass(frozen=True, slots=True)
class Ending:
    """Where the final note of a phrase begins (tick) and ends (tick)."""

    onset: int
    end: int


def ending_of(meter: Meter, last_bar: int, is_final: bool, density_npq: float, rng: np.random.Generator) -> Ending:
    """The final note of a phrase: on the downbeat, or on a later strong beat when there is more motion.

    In triple time only a phrase inside the piece may end on its second beat.
    """
    start = last_bar * meter.bar_ticks
    busy = min(1.0, density_npq / 1.6)
    choices, weights = [0], [1.0]
    if len(meter.strong_ticks) > 1 and meter.bar_ticks // 2 >= QUARTER:
        choices.append(meter.strong_ticks[1])
        weights.append((1.0 if is_final else 2.5) * busy)
    elif meter.numerator == 3 and not meter.is_compound and not is_final:
        choices.append(meter.beat_ticks)
        weights.append(1.5 * busy)
    offset = choices[int(rng.choice(len(choices), p=np.array(weights) / sum(weights)))]
    return Ending(start + offset, start + meter.bar_ticks)
