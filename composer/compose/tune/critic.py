"""How good a melody is so far: the network's likelihood, its likeness to real tunes, and what was asked of it.

Every term is a mean over notes or bars, so that hypotheses of one length compare and the weights keep their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.compose.form.plan import Plan
from composer.compose.tune.rules import BANNED_INTERVALS, OCTAVE
from composer.encoding.melody import Event
from composer.encoding.profile import NAMES, TypicalTunes
from composer.encoding.soft_ranges import SOFT_RANGES
from composer.music.time import TICKS_PER_BEAT

Floats = NDArray[np.float64]
# Where a soft range is open, what the measure has at least and at most; a close of three mean notes is long enough.
_LEAST, _MOST = 0.0, {"leap_recovery": 1.0, "phrase_end_ratio": 3.0}
# The ranges of what a profile tells, both ends of each.
RANGES: dict[str, tuple[float, float]] = {
    name: SOFT_RANGES[name].within(_LEAST, _MOST.get(name, np.inf)) for name in NAMES if name in SOFT_RANGES
}
_STRUCTURE = frozenset(
    {"bar_repeats", "bar_rhythm_repeats", "bar_contour_repeats", "self_similarity", "repeated_4grams"}
)
STRUCTURE_BARS = 12  # before, what returns depends on what the plan has yet to bring back
CHARACTER_SPREAD = 0.8  # standard deviations of real tunes
MARGIN = 0.06  # share of a range that counts as its edge
LIKELIHOOD_WEIGHT, UNLIKE_COST, RANGE_COST = 0.4, 4.0, 14.0
DENSITY_COST, REGISTER_COST = 1.6, 0.12  # per octave of density, per semitone
RELAXED_COST, FAULT_COST = 0.25, 8.0
SHARED_NOTES, SHARED_COST = 11, 0.6  # a run of more notes shared with a known tune, and what each costs


@dataclass(frozen=True, slots=True)
class MelodyScore:
    """The parts of a score; ``total`` is what hypotheses are ranked by, higher is better.

    likelihood: nats per sampled note; unlike: distance from real tunes (1: as a real tune); outside: how far the
    measures lie outside their soft ranges, summed; control: distance from density and register asked; relaxed:
    rules that gave way; faults: bars that repeat twice in a row and what cannot be sung; shared: notes in a row that a
    known tune has; seam: what the seams with notes that stand cost, where bars are redone.
    """

    likelihood: float
    unlike: float
    outside: float
    control: float
    relaxed: int
    faults: int
    shared: int
    seam: float = 0.0

    @property
    def total(self) -> float:
        return (
            LIKELIHOOD_WEIGHT * self.likelihood
            - UNLIKE_COST * self.unlike
            - RANGE_COST * self.outside
            - self.control
            - RELAXED_COST * self.relaxed
            - FAULT_COST * self.faults
            - SHARED_COST * max(0, self.shared - SHARED_NOTES)
            - self.seam
        )


UNJUDGED = MelodyScore(0.0, 0.0, 0.0, 0.0, 0, 0, 0)


def character_of(tunes: TypicalTunes | None, rng: np.random.Generator) -> TypicalTunes | None:
    """What this piece shall be like: one tune drawn from around the mean of real ones, within the soft ranges.

    Aiming every piece at the mean would make them all alike, which no collection of real tunes is.
    """
    drawn = CHARACTER_SPREAD * rng.standard_normal(len(NAMES))
    if tunes is None:
        return None
    bounds = [RANGES.get(name, (-np.inf, np.inf)) for name in NAMES]
    edges = [MARGIN * (high - low) if np.isfinite(high - low) else 0.0 for low, high in bounds]
    lowest = np.array([low + edge for (low, _), edge in zip(bounds, edges, strict=True)])
    highest = np.array([high - edge for (_, high), edge in zip(bounds, edges, strict=True)])
    return tunes.like_one(drawn, lowest, highest)


def unlike_and_outside(vector: Floats, bars: int, tunes: TypicalTunes | None) -> tuple[float, float]:
    """How far a profile lies from real tunes', and how far outside the soft ranges."""
    unlike = tunes.after(bars).distance(vector) if tunes is not None else 0.0
    outside = 0.0
    for name, value in zip(NAMES, vector.tolist(), strict=True):
        if name in RANGES and value == value and (bars >= STRUCTURE_BARS or name not in _STRUCTURE):
            low, high = RANGES[name]
            edge = MARGIN * (high - low)
            floor = low + edge if low > 0 else low
            outside += max(0.0, floor - value, value - (high - edge)) / (high - low)
    return unlike, outside


def control_error(bars: Sequence[Sequence[Event]], first: int, plan: Plan) -> float:
    """Summed distance of bars ``first`` .. from their density (octaves) and register (semitones), weighted."""
    error = 0.0
    quarters = plan.meter.bar_ticks / TICKS_PER_BEAT
    for index, bar in enumerate(bars):
        target = plan.bars[first + index]
        pitches = [e.pitch for e in bar if e.pitch is not None]
        if not pitches:
            error += DENSITY_COST
            continue
        if target.role != "cadence":
            error += DENSITY_COST * abs(float(np.log2(len(pitches) / quarters / target.density_npq)))
        error += REGISTER_COST * abs(sum(pitches) / len(pitches) + plan.tonic_midi - target.register)
    return error


def stuck_bars(bars: Sequence[Sequence[Event]], bar_ticks: int) -> int:
    """Bars that equal the two before them."""
    contents = [tuple((e.start % bar_ticks, e.duration, e.pitch) for e in bar) for bar in bars]
    return sum(a == b == c for a, b, c in zip(contents, contents[1:], contents[2:], strict=False))


def unsingable(pitches: Sequence[int]) -> int:
    """Tritones, sevenths and leaps over an octave, and notes beyond the fourth of one pitch in a row."""
    sizes = [abs(b - a) for a, b in pairwise(pitches)]
    harsh = sum(size in BANNED_INTERVALS or size > OCTAVE for size in sizes)
    return harsh + sum(len(set(pitches[i : i + 5])) == 1 for i in range(len(pitches) - 4))
