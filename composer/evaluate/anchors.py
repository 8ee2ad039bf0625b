"""What real tunes measure, and whether a piece keeps to the soft ranges.

Conventions: an anchor is the 10th, 50th and 90th percentile of a measure over tunes that no model was trained on;
``composer/weights/anchors/anchors.json`` holds them with the corpus' hash and counts, and ``tests/benchmarks`` makes
it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from composer.encoding.soft_ranges import SOFT_RANGES
from composer.errors import MissingTool
from composer.resources import shipped

FORMAT = "composer.anchors/1"
STYLES = ("dance", "chorale", "lied")
DEFAULT_STYLE = "dance"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Percentiles over the tunes that have the measure."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Anchors:
    """The anchors of one style by measure; ``tunes`` were measured."""

    style: str
    tunes: int
    measures: Mapping[str, Anchor]


def is_inside(name: str, value: float | None) -> bool | None:
    """Whether ``value`` lies in the soft range of the measure; ``None`` where there is no range or no value.

    A piece without a leap has nothing to recover from: no value is no failure.
    """
    return None if value is None or name not in SOFT_RANGES else value in SOFT_RANGES[name]


@cache
def load_anchors(style: str = DEFAULT_STYLE) -> Anchors:
    """The shipped anchors of ``style``; raises MissingTool when they are absent or damaged."""
    path = shipped("weights") / "anchors" / "anchors.json"
    try:
        return anchors_of(json.loads(path.read_text("utf-8")), style)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingTool(path, f"cannot be read ({error})", "install composer again") from None


def anchors_of(data: Mapping[str, Any], style: str) -> Anchors:
    """The anchors of ``style`` from the JSON content; raises KeyError or ValueError for anything else."""
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r}, not {FORMAT!r}")
    raw = data["styles"][style]
    measures = {
        str(name): Anchor(float(p["p10"]), float(p["p50"]), float(p["p90"])) for name, p in raw["measures"].items()
    }
    return Anchors(style, int(raw["tunes"]), measures)
