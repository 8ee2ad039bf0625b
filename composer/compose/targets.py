"""What each bar aims at: density, register, energy and tension, from the brief's sections bent by its curves.

The climax lies where the brief's own values peak; the bars around it lead up to it and away from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.compose.phrase import BarPlan
from composer.encoding.melody import bar_role
from composer.formats.brief import Brief, SectionPlan
from composer.formats.forms import contrasted
from composer.music.time import Meter

DENSITY_NPQ = (0.75, 2.6)  # notes per quarter for density 0 and 1
NOTES_PER_SECOND_MAX = 6.0
REGISTER_SEMITONES = 7.0  # a register of 1 lies this far above the middle of the range
CURVE_WEIGHT = 0.8  # how far the picture's curve bends a section's own value
CLIMAX_PLACES = (0.15, 0.85)  # share of the piece within which the climax may lie
CLIMAX_SEMITONES, CLIMAX_ENERGY = 1.5, 0.06  # what the climax adds, falling to nothing ...
CLIMAX_BARS = 3  # ... so many bars before and after
# Tension where the brief says nothing: weights of energy and register, and what the way to the climax adds.
_TENSION_ENERGY, _TENSION_REGISTER, _TENSION_RISE = 0.65, 0.15, 0.2
Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Targets:
    """The bars' targets and the bar (from 0) of the climax."""

    bars: tuple[BarPlan, ...]
    climax_bar: int


def targets_of(brief: Brief, meter: Meter, low: int, high: int, phrase_ends: Sequence[int]) -> Targets:
    """The targets of every bar of ``brief``; the melody ranges from ``low`` to ``high``, phrases end at ticks."""
    form = contrasted(_filled(brief))
    energy, density, register = (_levels(brief, form, name) for name in ("energy", "density", "register"))
    written = np.array([section.tension is not None for section in form for _ in range(section.bars)])
    written[[change.bar - 1 for change in brief.bars_ if change.tension is not None]] = True
    plain = _TENSION_ENERGY * energy + _TENSION_REGISTER * (register + 1) / 2
    tension = np.where(written, _levels(brief, form, "tension"), plain)
    climax = climax_of(energy + tension)
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
            role=bar_role(bar, meter.bar_ticks, phrase_ends),
            tension=float(np.clip(tension[bar], 0.0, 1.0)),
        )
        for bar in range(len(energy))
    )
    return Targets(bars, climax)


def climax_of(levels: Levels) -> int:
    """The bar of the highest level between 15 and 85 % of the piece; of equals the one nearest to the middle of
    their run, the later of two."""
    count = len(levels)
    first = int(CLIMAX_PLACES[0] * count)
    inner = np.round(levels[first : max(first + 1, count - first)], 6)
    best = first + np.flatnonzero(inner == inner.max())
    middle = float(best.mean())
    return int(min(best, key=lambda bar: (abs(bar - middle), -bar)))


def _filled(brief: Brief) -> list[SectionPlan]:
    """The sections; levels that one does not write are those of the curves over its bars, if there are any."""
    form: list[SectionPlan] = []
    first = 0
    for section in brief.form:
        means: dict[str, float] = {}
        for name in ("energy", "density", "register", "tension"):
            curve = _curve(brief, name, first, section.bars)
            if curve is not None and _attribute(name) not in section.model_fields_set:
                means[_attribute(name)] = float(curve.mean())
        form.append(section.model_copy(update=means) if means else section)
        first += section.bars
    return form


def _levels(brief: Brief, form: Sequence[SectionPlan], name: str) -> Levels:
    """The level of each bar: its section's value with the bend of the curve, or what the brief says of the bar."""
    values: list[float] = []
    for section in form:
        bend = _bend(brief, name, len(values), section.bars)
        values += [_own(section, name) + b for b in bend]
    for change in brief.bars_:
        value = getattr(change, _attribute(name))
        if value is not None:
            values[change.bar - 1] = float(value)
    return np.asarray(np.clip(values, -1.0 if name == "register" else 0.0, 1.0))


def _attribute(name: str) -> str:
    return "register_" if name == "register" else name


def _own(section: SectionPlan, name: str) -> float:
    value = getattr(section, _attribute(name))
    return 0.5 if value is None else float(value)


def _bend(brief: Brief, name: str, first: int, bars: int) -> list[float]:
    """What the brief's curve adds to each bar of a section: its deviation from the section's mean."""
    curve = _curve(brief, name, first, bars)
    if curve is None and name == "tension":
        curve = _curve(brief, "energy", first, bars)
    return [0.0] * bars if curve is None else [float(v) for v in CURVE_WEIGHT * (curve - curve.mean())]


def _curve(brief: Brief, name: str, first: int, bars: int) -> Levels | None:
    """The brief's curve over those bars; None where it has none, or one of a single value."""
    written = None if brief.curves is None else getattr(brief.curves, _attribute(name))
    if written is None or len(written) < 2:
        return None
    places = (first + np.arange(bars) + 0.5) / brief.bars * (len(written) - 1)
    return np.asarray(np.interp(places, np.arange(len(written)), written))


def _nearness(count: int, climax: int) -> Levels:
    """1 at the climax, falling to 0 within ``CLIMAX_BARS``."""
    return np.asarray(np.clip(1.0 - np.abs(np.arange(count) - climax) / (CLIMAX_BARS + 1), 0.0, 1.0))


def _rise(count: int, climax: int) -> Levels:
    """From 0 at the beginning to 1 at the climax, and back to 0 at the end."""
    bars = np.arange(count)
    before = bars / max(1, climax)
    after = (count - 1 - bars) / max(1, count - 1 - climax)
    return np.asarray(np.where(bars <= climax, before, after))
