"""How good a candidate phrase is: the network's likelihood, minus what a teacher would mark.

Ranges are the 10th and 90th percentiles of real tunes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.compose.plan import Plan
from composer.encoding.melody import Event
from composer.music.time import TICKS_PER_BEAT

STEP_SHARE = (0.38, 0.65)
TURN_SHARE = (0.38, 0.54)
MEAN_INTERVAL = (1.7, 3.0)
RELAXED_COST = 0.6
EXACT_SHARE, RHYTHM_SHARE = 0.32, 0.62
EXACT_COST, RHYTHM_COST, STUCK_COST = 6.0, 6.0, 4.0
DENSITY_COST, REGISTER_COST = 1.2, 0.12


def candidate_score(
    events: Sequence[Event], start: int, mean_log_likelihood: float, relaxed: int, plan: Plan, tonic: int
) -> float:
    """The score of the phrase ``events[start:]``; higher is better. Likelihood is in nats per sampled note."""
    phrase = [e for e in events[start:] if e.pitch is not None]
    pitches = np.array([e.pitch for e in events[max(0, start - 8) :] if e.pitch is not None], dtype=float)
    intervals = np.diff(pitches)
    score = mean_log_likelihood - RELAXED_COST * relaxed
    if len(intervals) >= 4:
        sizes = np.abs(intervals)
        score -= 3.0 * _outside(float(np.mean((sizes >= 1) & (sizes <= 2))), STEP_SHARE)
        score -= 0.5 * _outside(float(sizes.mean()), MEAN_INTERVAL)
        moves = np.sign(intervals[intervals != 0])
        if len(moves) > 2:
            score -= 5.0 * _outside(float(np.mean(moves[1:] != moves[:-1])), TURN_SHARE)
        score -= 1.5 * max(0.0, float(np.mean(sizes >= 8)) - 0.06)
        score -= 1.5 * max(0.0, float(np.mean(sizes == 0)) - 0.15)
    return score - _control_error(phrase, plan, tonic) - _repetition_error(events, start, plan)


def _repetition_error(events: Sequence[Event], start: int, plan: Plan) -> float:
    """How far the share of repeated bars so far lies outside what real tunes do, and stuck bars."""
    bar_ticks = plan.meter.bar_ticks
    bars: dict[int, list[tuple[int, int, int | None]]] = {}
    for event in events:
        bars.setdefault(event.start // bar_ticks, []).append((event.start % bar_ticks, event.duration, event.pitch))
    contents = [tuple(bars[index]) for index in sorted(bars)]
    rhythms = [tuple((at, length) for at, length, _ in bar) for bar in contents]
    count = len(contents)
    first = max(1, events[start].start // bar_ticks)
    error = 0.0
    if count > first:
        exact = sum(contents[i] in contents[:i] for i in range(1, count)) / count
        rhythm = sum(rhythms[i] in rhythms[:i] for i in range(1, count)) / count
        error += EXACT_COST * max(0.0, exact - EXACT_SHARE) + RHYTHM_COST * max(0.0, rhythm - RHYTHM_SHARE)
    stuck = sum(contents[i] == contents[i - 1] == contents[i - 2] for i in range(max(2, first), count))
    return error + STUCK_COST * stuck


def _control_error(phrase: Sequence[Event], plan: Plan, tonic: int) -> float:
    """Distance from the bars' density (octaves) and register (semitones)."""
    bar_ticks = plan.meter.bar_ticks
    error = 0.0
    bars = sorted({e.start // bar_ticks for e in phrase})
    for bar in bars:
        inside = [e for e in phrase if e.start // bar_ticks == bar]
        density = len(inside) / (bar_ticks / TICKS_PER_BEAT)
        target = plan.bars[bar]
        if target.role != "cadence":
            error += DENSITY_COST * abs(float(np.log2(density / target.density_npq)))
        mean = float(np.mean([e.pitch for e in inside if e.pitch is not None])) + tonic
        error += REGISTER_COST * abs(mean - target.register)
    return error / max(1, len(bars))


def _outside(value: float, bounds: tuple[float, float]) -> float:
    return max(0.0, bounds[0] - value, value - bounds[1])
