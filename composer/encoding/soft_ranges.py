"""The ranges that a good piece keeps to: what composing aims inside of and evaluation counts.

They are our targets: nine pieces in ten shall lie inside. They were set from the 10th and 90th percentile of real
dances and songs (``composer.evaluate.anchors``), widened where the accompaniment needs room, and narrowed where a
listener wants more than the average tune has. The names are those of the measures in ``composer.evaluate``.
"""

from __future__ import annotations

from dataclasses import dataclass

_INFINITE = float("inf")


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

    def within(self, lowest: float, highest: float) -> tuple[float, float]:
        """Both ends, an open one at what the measure has at least or at most."""
        return max(self.low, lowest), min(self.high, highest)


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
