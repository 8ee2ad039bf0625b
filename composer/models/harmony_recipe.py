"""The recipe of the harmony model: how large the network is and how it is trained."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from composer.errors import BadInput
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.resources import shipped

FORMAT = "composer.harmony-recipe/1"


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


def read_harmony_recipe(path: Path | None = None) -> HarmonyRecipe:
    """The recipe in ``path``, the shipped one if ``None``; raises BadInput."""
    path = path or shipped("templates") / "recipes" / "harmony.toml"
    try:
        table = tomllib.loads(read_bytes(path, TEMPLATE_BYTES, "recipe").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is not TOML ({error})", "see the shipped recipes") from None
    if table.pop("format", None) != FORMAT:
        raise BadInput(path, f'has no format = "{FORMAT}"', "see the shipped recipes")
    defaults = HarmonyRecipe()
    known = {field.name for field in fields(HarmonyRecipe)}
    if unknown := sorted(set(table) - known):
        raise BadInput(path, f'unknown field "{unknown[0]}"', f"use {', '.join(sorted(known))}")
    for name, value in table.items():
        wanted = type(getattr(defaults, name))
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise BadInput(path, f"{name}: {value!r} is not of type {wanted.__name__}", "correct it")
    recipe = HarmonyRecipe(**table)
    if (
        min(
            recipe.units,
            recipe.embedding,
            recipe.epochs,
            recipe.batch,
            recipe.chords,
            recipe.patience,
            recipe.chorale_copies,
        )
        < 1
    ):
        raise BadInput(path, "holds a size below 1", "choose a larger one")
    if not all(
        0 <= share < 1
        for share in (recipe.dropout, recipe.label_smoothing, recipe.control_dropout, recipe.tension_dropout)
    ):
        raise BadInput(path, "holds a share that is not within 0 to 1", "choose another value")
    return recipe
