"""The recipe of the harmony model: how large the network is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from composer.models.recipe_files import out_of_range


@dataclass(frozen=True, slots=True)
class HarmonyRecipe:
    """``chords``: the longest excerpt in chords; ``control_dropout`` and ``tension_dropout``: how often a plan value is
    hidden, 0..1; ``chorale_copies``: how often each chorale stands in the training set, for chorales are few."""

    name: str = "harmony"
    title: str = "Harmony LSTM"
    corpus: str = "default+lieder"
    seed: int = 1
    units: int = 64
    embedding: int = 48
    dropout: float = 0.25
    epochs: int = 40
    batch: int = 32
    chords: int = 64
    learning_rate: float = 3e-3
    clip_norm: float = 1.0
    label_smoothing: float = 0.02
    patience: int = 6
    control_dropout: float = 0.15
    tension_dropout: float = 0.5
    chorale_copies: int = 3

    def problems(self) -> list[str]:
        """What is out of range, a line each."""
        return out_of_range(
            self,
            sizes=("units", "embedding", "epochs", "batch", "chords", "patience", "chorale_copies"),
            shares=("dropout", "label_smoothing", "control_dropout", "tension_dropout"),
            rates=("learning_rate", "clip_norm"),
        )
