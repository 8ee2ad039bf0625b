"""The recipe of a melody model: which corpus, how large a network and how to train it, anew or from another model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from composer.models.recipe_files import FINE_TUNE, MELODY, out_of_range, read_recipe_file, recipe_in


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe. Shares and probabilities are 0..1; ``learning_rate`` falls along a cosine.

    chorale_copies: how often each chorale stands in the training set, for chorales are few and dances many;
    parallel_minor: share of the major tunes that also appear in the parallel minor, for minor is rare;
    control_dropout and chord_dropout: how often a plan value is hidden, so that a partial brief works;
    mix: share of the tunes that come from the corpus of the model that a fine-tuning starts from.
    """

    name: str
    title: str
    corpus: str = "default"
    with_essen: bool = False
    seed: int = 1
    units: int = 192
    embedding: int = 96
    pitch_hidden: int = 128
    dropout: float = 0.25
    epochs: int = 40
    batch: int = 64
    learning_rate: float = 2e-3
    clip_norm: float = 1.0
    label_smoothing: float = 0.05
    patience: int = 5
    chorale_copies: int = 3
    parallel_minor: float = 0.25
    control_dropout: float = 0.15
    chord_dropout: float = 0.08
    tunes_limit: int = 0  # 0: all tunes
    mix: float = 0.0

    def problems(self) -> list[str]:
        """What is out of range, a line each."""
        return out_of_range(
            self,
            sizes=("units", "embedding", "pitch_hidden", "epochs", "batch", "patience", "chorale_copies"),
            shares=("dropout", "label_smoothing", "parallel_minor", "control_dropout", "chord_dropout", "mix"),
            rates=("learning_rate", "clip_norm"),
        )


def read_recipe(name_or_path: str | Path) -> Recipe:
    """The recipe in a file, or the one so called among the templates; raises UsageProblem or BadInput."""
    return recipe_in(read_recipe_file(name_or_path), Recipe, (MELODY, FINE_TUNE))
