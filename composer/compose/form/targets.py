"""What each bar aims at: density, register, energy and tension, from the brief's sections bent by its curves.

The climax lies where the brief's own values peak; the bars around it lead up to it and away from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.compose.form.phrase import BarPlan
from composer.encoding.melody import bar_role
from composer.formats.brief.brief import Brief
from composer.formats.brief.curves import Levels, filled, levels_of, writes_tension
from composer.formats.forms import contrasted
from composer.music.time import Meter

DENSITY_NPQ = (0.8, 3.0)  # notes per quarter for density 0 and 1
NOTES_PER_SECOND_MAX = 6.0
REGISTER_SEMITONES = 7.0  # a register of 1 lies this far above the middle of the range
CLIMAX_PLACES = (0.15, 0.85)  # share of the piece within which the climax may lie
CLIMAX_SEMITONES, CLIMAX_ENERGY = 1.5, 0.06  # what the climax adds, falling to nothing ...
CLIMAX_BARS = 3  # ... so many bars before and after
# Tension where the brief says nothing: weights of energy and register, and what the way to the climax adds.
_TENSION_ENERGY, _TENSION_REGISTER, _TENSION_RISE = 0.65, 0.15, 0.2


@dataclass(frozen=True, slots=True)
class Targets:
    """The bars' targets and the bar (from 0) of the climax."""

    bars: tuple[BarPlan, ...]
    climax_bar: int


def targets_of(brief: Brief, meter: Meter, low: int, high: int, phrase_ends: Sequence[int]) -> Targets:
    """The targets of every bar of ``brief``; the melody ranges from ``low`` to ``high``, phrases end at ticks."""
    form = contrasted(filled(brief))
    energy, density, register = (levels_of(brief, form, name) for name in ("energy", "density", "register"))
    written = writes_tension(brief, form)
    # By energy beside its mean: a piece that is louder as a whole has the same chords and the same tune.
    plain = _TENSION_ENERGY * (0.5 + energy - energy.mean()) + _TENSION_REGISTER * (register + 1) / 2
    tension = np.where(written, levels_of(brief, form, "tension"), plain)
    roles = [bar_role(bar, meter.bar_ticks, phrase_ends) for bar in range(len(energy))]
    climax = climax_of(energy + tension, np.array([role == "cadence" for role in roles]))
    near = _nearness(len(energy), climax)
    tension = np.where(written, tension, plain + _TENSION_RISE * _rise(len(energy), climax))
    energy = np.clip(energy + CLIMAX_ENERGY * near, 0.0, 1.0)
    cap = NOTES_PER_SECOND_MAX * 60.0 / brief.tempo_bpm
    centre = (low + high) / 2
    npq = np.minimum(DENSITY_NPQ[0] + density * (DENSITY_NPQ[1] - DENSITY_NPQ[0]), cap)
    pitch = centre + REGISTER_SEMITONES * register + CLIMAX_SEMITONES * near
    bars = tuple(
        BarPlan(
            density_npq=float(npq[bar]),
            register=float(pitch[bar]),
            energy=float(energy[bar]),
            role=roles[bar],
            tension=float(np.clip(tension[bar], 0.0, 1.0)),
        )
        for bar in range(len(energy))
    )
    return Targets(bars, climax)


def climax_of(levels: Levels, is_cadence: NDArray[np.bool_] | None = None) -> int:
    """The bar of the highest level between 15 and 85 % of the piece.

    Of equals the one nearest to the middle of their run, the later of two; rather no cadence, where the tune rests.
    """
    count = len(levels)
    first = int(CLIMAX_PLACES[0] * count)
    inner = np.round(levels[first : max(first + 1, count - first)], 6)
    best = first + np.flatnonzero(inner == inner.max())
    middle = float(best.mean())
    rests = np.zeros(count, dtype=bool) if is_cadence is None else is_cadence
    return int(min(best, key=lambda bar: (bool(rests[bar]), abs(bar - middle), -bar)))


def _nearness(count: int, climax: int) -> Levels:
    """1 at the climax, falling to 0 within ``CLIMAX_BARS``."""
    return np.asarray(np.clip(1.0 - np.abs(np.arange(count) - climax) / (CLIMAX_BARS + 1), 0.0, 1.0))


def _rise(count: int, climax: int) -> Levels:
    """From 0 at the beginning to 1 at the climax, and back to 0 at the end."""
    bars = np.arange(count)
    before = bars / max(1, climax)
    after = (count - 1 - bars) / max(1, count - 1 - climax)
    return np.asarray(np.where(bars <= climax, before, after))
