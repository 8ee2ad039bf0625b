"""Echoes: a bar or half a bar that takes up an earlier one, as it was or some scale steps away. Tunes live on them.

The plan brings whole phrases back; an echo is what happens within and between phrases without a plan, and a candidate
that has it competes with those that do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.compose.tune.prospect import Prospect
from composer.compose.tune.rules import STEP
from composer.compose.tune.variation import moved, sequence
from composer.encoding.melody import Event
from composer.music.time import TICKS_PER_BEAT, Meter

CHANCE = 0.35  # of a place to look for something to take up
NEAR_CHANCE = 0.45  # of an echo to be of what just went before
# Scale steps away, and how often. A fourth or fifth away the intervals stay as they were.
STEPS, STEP_WEIGHTS = (0, 1, -1, 2, -2, 3, -3, 4, -4), (0.16, 0.12, 0.16, 0.1, 0.1, 0.08, 0.1, 0.08, 0.1)
MEMORY_BARS = 8
NOTES_BACK = 160  # the melody is searched no further back
DENSITY_NEAR = 1.4  # an echo has at most so many times more or fewer notes than the bar asks
STRONG = 2  # accent from which a note must fit its chord


def unit_of(meter: Meter) -> int:
    """The stretch in ticks that echoes begin at and have the length of: half a bar, or all of it in three beats."""
    return meter.bar_ticks // 2 if meter.beats % 2 == 0 and meter.bar_ticks // 2 >= TICKS_PER_BEAT else meter.bar_ticks


def echo_of(
    prospect: Prospect, events: Sequence[Event], now: int, limit: int, owes_step: bool, rng: np.random.Generator
) -> list[Event]:
    """The events of an echo that begins at ``now`` and fills a unit or two; none where nothing fits or chance says so.

    ``events`` is the melody so far, ``limit`` the tick that the echo must not cross.
    """
    draws = rng.random(4)
    if draws[0] >= CHANCE:
        return []
    unit, bar_ticks = unit_of(prospect.plan.meter), prospect.bar_ticks
    is_whole = now % bar_ticks == 0 and (unit == bar_ticks or draws[1] < 0.5)
    length = bar_ticks if is_whole else unit
    furthest = min(now // unit, MEMORY_BARS * bar_ticks // unit)
    if now + length > limit or furthest * unit < length:
        return []
    back = length // unit
    if draws[2] >= NEAR_CHANCE:
        back += int((draws[2] - NEAR_CHANCE) / (1 - NEAR_CHANCE) * (furthest - back + 1))
    source = now - back * unit
    if is_whole and source % bar_ticks:
        source -= unit
    motif = [e for e in events[-NOTES_BACK:] if source <= e.start and e.end <= source + length]
    if not _fills(motif, source, length) or any(e.pitch is None for e in motif):
        return []
    wanted = prospect.plan.bars[now // bar_ticks].density_npq * length / TICKS_PER_BEAT
    if not wanted / DENSITY_NEAR <= len(motif) <= wanted * DENSITY_NEAR:
        return []
    steps = STEPS[min(int(np.searchsorted(np.cumsum(STEP_WEIGHTS), draws[3])), len(STEPS) - 1)]
    echo = sequence(moved(motif, now - source), steps, prospect.plan.key)
    return echo if _fits(prospect, echo, events, owes_step) else []


def _fills(motif: Sequence[Event], start: int, length: int) -> bool:
    """Whether the motif covers the stretch without a gap."""
    return bool(motif) and motif[0].start == start and motif[-1].end == start + length


def _fits(prospect: Prospect, echo: Sequence[Event], before: Sequence[Event], owes_step: bool) -> bool:
    """Whether the echo can be sung here: on strong beats and long notes in the chord, elsewhere in its scale."""
    heard = [e.pitch for e in before[-4:] if e.pitch is not None]
    if owes_step and heard and echo[0].pitch is not None and not 0 < abs(echo[0].pitch - heard[-1]) <= STEP:
        return False
    for event in echo:
        strong = prospect.plan.meter.accent(event.start) >= STRONG or event.duration >= TICKS_PER_BEAT
        allowed = prospect.tones_at(event.start) if strong else prospect.scale_at(event.start)
        if event.pitch is None or event.pitch % 12 not in allowed:
            return False
    return prospect.is_singable(echo, before[-4:]) and not makes_stuck(
        [*before[-NOTES_BACK:], *echo], prospect.bar_ticks
    )


def makes_stuck(events: Sequence[Event], bar_ticks: int) -> bool:
    """Whether the events end with the third bar in a row that is the same."""
    end = events[-1].end
    starts = range(end - 3 * bar_ticks, end, bar_ticks)
    first, second, third = (
        [(e.start - start, e.duration, e.pitch) for e in events if start <= e.start < start + bar_ticks]
        for start in starts
    )
    return end % bar_ticks == 0 and first == second == third
