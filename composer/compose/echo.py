"""Echoes: a bar that takes up an earlier one, as it was or some scale steps away. Tunes live on them.

The plan brings whole phrases back; an echo is what happens within and between phrases without a plan, and a candidate
that has it competes with those that do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.compose.prospect import Prospect
from composer.compose.rules import STEP
from composer.compose.variation import moved, sequence
from composer.encoding.melody import Event
from composer.music.time import TICKS_PER_BEAT

CHANCE = 0.3  # of a bar to look for something to take up
HALF_CHANCE = 0.35  # of an echo to be of the first half of a bar only
STEPS, STEP_WEIGHTS = (0, 1, -1, 2, -2), (0.2, 0.25, 0.25, 0.15, 0.15)
MEMORY_BARS = 8
DENSITY_NEAR = 1.3  # an echo has at most so many times more or fewer notes than the bar asks
STRONG = 2  # accent from which a note must fit its chord


def echo_of(
    prospect: Prospect, events: Sequence[Event], now: int, limit: int, owes_step: bool, rng: np.random.Generator
) -> list[Event]:
    """The events of an echo that fills the bar at ``now``, or half of it; none where nothing fits or chance says so.

    ``events`` is the melody so far, ``limit`` the tick that the echo must not cross.
    """
    draws = rng.random(4)
    if draws[0] >= CHANCE:
        return []
    bar_ticks = prospect.bar_ticks
    bar = now // bar_ticks
    length = bar_ticks // 2 if draws[1] < HALF_CHANCE and bar_ticks % (2 * TICKS_PER_BEAT // 2) == 0 else bar_ticks
    if now + length > limit:
        return []
    sources = list(range(max(0, bar - MEMORY_BARS), bar))
    if not sources:
        return []
    # The bar just before comes up as often as all the others.
    source = bar - 1 if draws[2] < 0.3 else sources[int(draws[2] * len(sources)) % len(sources)]
    motif = [e for e in events if source * bar_ticks <= e.start and e.end <= source * bar_ticks + length]
    if not _fills(motif, source * bar_ticks, length) or any(e.pitch is None for e in motif):
        return []
    wanted = prospect.plan.bars[bar].density_npq * length / TICKS_PER_BEAT
    if not wanted / DENSITY_NEAR <= len(motif) <= wanted * DENSITY_NEAR:
        return []
    steps = STEPS[int(np.searchsorted(np.cumsum(STEP_WEIGHTS), draws[3]))]
    echo = sequence(moved(motif, now - source * bar_ticks), steps, prospect.plan.key)
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
    return prospect.is_singable(echo, before[-4:])
