"""What a brief asks of each bar: its section's values bent by the picture's curves, or what it says of the bar itself.

The engine composes towards these levels, and evaluation compares what came out with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.formats.brief.brief import Brief
from composer.formats.brief.form import SectionPlan

CURVE_WEIGHT = 0.8  # how far the picture's curve bends a section's own value
NAMES = ("energy", "density", "register", "tension")
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
    form = filled(brief)
    density, register, energy, tension = (
        levels_of(brief, form, name) for name in ("density", "register", "energy", "tension")
    )
    tension = np.where(writes_tension(brief, form), tension, energy)
    return tuple(BarTarget(*map(float, values)) for values in zip(density, register, energy, tension, strict=True))


def filled(brief: Brief) -> list[SectionPlan]:
    """The sections; levels that one does not write are those of the curves over its bars, if there are any."""
    form: list[SectionPlan] = []
    first = 0
    for section in brief.form:
        means: dict[str, float] = {}
        for name in NAMES:
            curve = _curve(brief, name, first, section.bars)
            if curve is not None and _attribute(name) not in section.model_fields_set:
                means[_attribute(name)] = float(curve.mean())
        form.append(section.model_copy(update=means) if means else section)
        first += section.bars
    return form


def writes_tension(brief: Brief, form: Sequence[SectionPlan]) -> NDArray[np.bool_]:
    """(bars,) whether the tension of a bar is written, by its section or for itself."""
    written = np.array([section.tension is not None for section in form for _ in range(section.bars)])
    written[[change.bar - 1 for change in brief.bars_ if change.tension is not None]] = True
    return written


def levels_of(brief: Brief, form: Sequence[SectionPlan], name: str) -> Levels:
    """(bars,) the level of each bar: its section's value with the bend of the curve, or what the brief says of the bar.

    A tension that is not written counts as 0.5.
    """
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
