"""The distributions of measures over sets of pieces, drawn one below the other.

One panel a measure, one row a set: the density of its values, their quartiles as a bar and the median as a stroke. The
grey band is the soft range. Matplotlib is the extra ``plots``; nothing else needs it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.soft_ranges import SOFT_RANGES
from composer.errors import MissingTool
from composer.evaluate.measures import MEASURES

Floats = NDArray[np.float64]

COLUMNS = 4
PANEL_INCHES = (3.5, 0.42)  # width, and height of each row of a panel
EXTRA_INCHES = 0.85  # of a panel's height for its title and scale
DOTS_PER_INCH = 100
COLOURS = ("#3b5b92", "#c44e52", "#dd8452", "#8172b3", "#64b5a5", "#937860", "#55a868", "#4c72b0")
BAND = "#e8e4d8"
LEGEND = "shade: density   bar: quartiles   stroke: median   band: soft range"
TAILS = (0.5, 99.5)  # percentiles of all values within which a panel is drawn


def distributions_png(
    sets: Mapping[str, Mapping[str, Floats]], names: Sequence[str] = tuple(SOFT_RANGES), title: str = ""
) -> bytes:
    """A picture of the measures ``names`` over ``sets`` (name of the set -> measure -> values).

    Measures that no set has are left out. Raises MissingTool without matplotlib.
    """
    drawn = [name for name in names if any(len(values.get(name, ())) for values in sets.values())]
    figure = _figure(len(drawn), len(sets))
    for index, name in enumerate(drawn):
        axes = figure.add_subplot(-(-len(drawn) // COLUMNS), COLUMNS, index + 1)
        _draw(axes, name, {label: values[name] for label, values in sets.items() if name in values})
        if index % COLUMNS:
            axes.set_yticklabels([])
    figure.suptitle(title or "Measures over sets of pieces", x=0.01, ha="left", fontsize=13, fontweight="bold")
    figure.text(0.99, 1 - 0.22 / figure.get_figheight(), LEGEND, ha="right", fontsize=9, color="#555555")
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.35 / figure.get_figheight()))
    stream = io.BytesIO()
    # No date and no version: the same values give the same bytes.
    figure.savefig(stream, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return stream.getvalue()


def _figure(panels: int, rows: int) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        hint = "pip install 'composer[plots]'"
        raise MissingTool("matplotlib", "is not installed, and plots need it", hint) from None
    height = (PANEL_INCHES[1] * rows + EXTRA_INCHES) * max(1, -(-panels // COLUMNS)) + 0.4
    figure = Figure(figsize=(PANEL_INCHES[0] * COLUMNS, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _draw(axes: Any, name: str, sets: Mapping[str, Floats]) -> None:
    """One panel."""
    everything = np.concatenate([values for values in sets.values() if len(values)])
    low, high = (float(p) for p in np.percentile(everything, TAILS))
    margin = 0.08 * (high - low) or 0.5
    low, high = low - margin, high + margin
    soft = SOFT_RANGES.get(name)
    if soft is not None:
        axes.axvspan(max(low, soft.low), min(high, soft.high), color=BAND, lw=0, zorder=0)
    for row, (values, colour) in enumerate(zip(sets.values(), COLOURS * len(sets), strict=False)):
        _draw_row(axes, np.asarray(values), len(sets) - 1 - row, colour, low, high)
    axes.set_xlim(low, high)
    axes.set_ylim(-0.45, len(sets) - 0.1)
    axes.set_yticks(range(len(sets) - 1, -1, -1), list(sets), fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_title(f"{name} ({MEASURES[name].unit})", fontsize=9.5, loc="left")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_row(axes: Any, values: Floats, base: int, colour: str, low: float, high: float) -> None:
    """The density, quartiles and median of one set."""
    if not len(values):
        return
    grid = np.linspace(low, high, 160)
    width = max(float(values.std()) * len(values) ** -0.2, (high - low) / 60)
    density = np.exp(-0.5 * ((grid[:, None] - values[None, :]) / width) ** 2).sum(axis=1)
    axes.fill_between(grid, base, base + 0.78 * density / density.max(), color=colour, alpha=0.45, lw=0, zorder=2)
    quartiles = np.percentile(values, (25, 50, 75))
    axes.plot(quartiles[[0, 2]], [base - 0.12] * 2, color=colour, lw=3.5, solid_capstyle="butt", zorder=3)
    axes.plot([quartiles[1]] * 2, [base - 0.26, base + 0.02], color="black", lw=1.6, zorder=4)
