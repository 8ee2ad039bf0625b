"""The recipe of the accompaniment model: how large the network is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from composer.models.recipe_files import out_of_range


@dataclass(frozen=True, slots=True)
class FigurationRecipe:
    """``control_dropout`` (0..1): how often a plan value is hidden; the learning rate falls along a cosine."""

    name: str = "accompaniment"
    title: str = "Accompaniment figures of piano songs"
    corpus: str = "lieder"
    seed: int = 1
    units: int = 128
    embedding: int = 96
    hidden: int = 96
    dropout: float = 0.25
    epochs: int = 24
    batch: int = 24
    learning_rate: float = 3e-3
    clip_norm: float = 1.0
    patience: int = 4
    control_dropout: float = 0.2

    def problems(self) -> list[str]:
        """What is out of range, a line each."""
        return out_of_range(
            self,
            sizes=("units", "embedding", "hidden", "epochs", "batch", "patience"),
            shares=("dropout", "control_dropout"),
            rates=("learning_rate", "clip_norm"),
        )
