"""How surprised a model is by the accompaniment of songs: one type for the network and the baselines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FigureNats:
    """Cross-entropy of each head in nats per bar; ``onsets_per_bar`` tells how many strokes a bar has."""

    pulse: float
    left: float
    right: float
    left_length: float
    right_length: float
    onsets_per_bar: float

    @property
    def per_bar(self) -> float:
        return self.pulse + self.left + self.right + self.left_length + self.right_length

    @property
    def per_onset(self) -> float:
        return self.per_bar / self.onsets_per_bar

    def as_dict(self) -> dict[str, float]:
        """For the card."""
        return {
            "pulse": round(self.pulse, 4),
            "left": round(self.left, 4),
            "right": round(self.right, 4),
            "lengths": round(self.left_length + self.right_length, 4),
            "per_bar": round(self.per_bar, 4),
            "per_onset": round(self.per_onset, 4),
        }
