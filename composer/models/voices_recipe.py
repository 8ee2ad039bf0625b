"""The recipe of the voices model: how large the network is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from composer.models.recipe_files import out_of_range


@dataclass(frozen=True, slots=True)
class VoicesRecipe:
    """How to train; ``learning_rate`` falls along a cosine, shares are 0..1."""

    name: str = "voices"
    title: str = "Lower voices of Bach chorales"
    seed: int = 1
    units: int = 64
    embedding: int = 48
    hidden: int = 96
    dropout: float = 0.3
    epochs: int = 60
    batch: int = 16
    learning_rate: float = 3e-3
    label_smoothing: float = 0.0
    patience: int = 8

    def problems(self) -> list[str]:
        """What is out of range, a line each."""
        return out_of_range(
            self,
            sizes=("units", "embedding", "hidden", "epochs", "batch", "patience"),
            shares=("dropout", "label_smoothing"),
            rates=("learning_rate",),
        )
