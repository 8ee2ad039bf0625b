"""What a brief asks of each bar: its section's values, bent by the picture's curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.formats.brief import Brief, SectionPlan

CURVE_WEIGHT = 0.6  # how far the picture's curve bends a section's own value
NAMES = ("density", "register", "energy", "tension")
Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BarTarget:
    """density, energy and tension 0..1, register -1..1. Where the brief says nothing of tension it follows energy."""

    density: float
    register: float
    energy: float
    tension: float


def bar_targets(brief: Brief) -> tuple[BarTarget, ...]:
    """One for each bar of the form."""
    density, register, energy = (levels_of(brief, name) for name in ("density", "register", "energy"))
    is_written = np.array([s.tension is not None for s in brief.form for _ in range(s.bars)])
    tension = np.where(is_written, levels_of(brief, "tension"), energy)
    columns = (density, register, energy, tension)
    return tuple(BarTarget(*map(float, values)) for values in zip(*columns, strict=True))


def levels_of(brief: Brief, name: str) -> Levels:
    """(bars,) the level of ``name`` in each bar; a section without tension counts as 0.5."""
    values: list[float] = []
    lowest = -1.0 if name == "register" else 0.0
    for section in brief.form:
        bent = _own(section, name) + _bend(brief, name, len(values), section.bars)
        values += np.clip(bent, lowest, 1.0).tolist()
    return np.array(values)


def _own(section: SectionPlan, name: str) -> float:
    value = getattr(section, "register_" if name == "register" else name)
    return 0.5 if value is None else float(value)


def _bend(brief: Brief, name: str, first: int, bars: int) -> Levels:
    """What the brief's curve adds to each bar of a section: its deviation from the section's mean."""
    if brief.curves is None:
        return np.zeros(bars)
    written = getattr(brief.curves, "register_" if name == "register" else name)
    curve = np.asarray(brief.curves.energy if written is None else written, dtype=float)
    if curve.size < 2:
        return np.zeros(bars)
    places = (first + np.arange(bars) + 0.5) / brief.bars * (curve.size - 1)
    values = np.interp(places, np.arange(curve.size), curve)
    return np.asarray(CURVE_WEIGHT * (values - values.mean()))
