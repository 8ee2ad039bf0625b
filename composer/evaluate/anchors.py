"""What real tunes measure, and the ranges that a good piece keeps to.

Conventions: an anchor is the 10th, 50th and 90th percentile of a measure over tunes that no model was trained on;
``composer/weights/anchors/anchors.json`` holds them with the corpus' hash and counts, and ``tests/benchmarks`` makes
it. The soft ranges are our targets: nine pieces in ten shall lie inside. They were set from the anchors of dance and
song, widened where the accompaniment needs room, and narrowed where a listener wants more than the average tune has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from composer.errors import MissingTool
from composer.resources import shipped

FORMAT = "composer.anchors/1"
STYLES = ("dance", "chorale", "lied")
DEFAULT_STYLE = "dance"
_INFINITE = float("inf")


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


@dataclass(frozen=True, slots=True)
class Range:
    """Where a measure of a good piece lies, both ends included."""

    low: float = -_INFINITE
    high: float = _INFINITE

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.low == -_INFINITE:
            return f"≤ {self.high:g}"
        return f"≥ {self.low:g}" if self.high == _INFINITE else f"{self.low:g}–{self.high:g}"


SOFT_RANGES: dict[str, Range] = {
    "step": Range(0.35, 0.67),
    "mean_interval": Range(1.6, 3.3),
    "large_leap": Range(high=0.08),
    "leap_recovery": Range(low=0.6),
    "direction_changes": Range(0.38, 0.62),
    "duration_entropy": Range(0.5, 1.9),
    "bar_repeats": Range(0.10, 0.45),
    "bar_rhythm_repeats": Range(0.35, 0.78),
    "bar_contour_repeats": Range(0.15, 0.53),
    "self_similarity": Range(0.38, 0.68),
    "repeated_4grams": Range(0.08, 0.43),
    "chord_tones": Range(0.60, 0.88),
    "chord_or_resolved": Range(low=0.90),
    "pitch_consonance": Range(low=1.3),
    "tonal_distance": Range(high=1.40),
    "downbeat_chord_tones": Range(low=0.80),
    "long_chord_tones": Range(low=0.80),
    "phrase_end_ratio": Range(low=1.2),
    "direct_outer": Range(high=0.5),
    "overlap": Range(high=3.0),
}


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
