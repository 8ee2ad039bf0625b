"""The recipe of the voices model: how large the network is and how it is trained."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from composer.errors import BadInput
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.resources import shipped

FORMAT = "composer.voices-recipe/1"
_SIZES = ("units", "embedding", "hidden", "epochs", "batch", "patience")
_SHARES = ("dropout", "label_smoothing")


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


def read_voices_recipe(path: Path | None = None) -> VoicesRecipe:
    """The recipe in ``path``, the shipped one if ``None``; raises BadInput."""
    path = path or shipped("templates") / "recipes" / "voices.toml"
    try:
        table = tomllib.loads(read_bytes(path, TEMPLATE_BYTES, "recipe").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is not TOML ({error})", "see the shipped recipes") from None
    if table.pop("format", None) != FORMAT:
        raise BadInput(path, f'has no format = "{FORMAT}"', "see the shipped recipes")
    defaults = VoicesRecipe()
    known = [field.name for field in fields(VoicesRecipe)]
    for name, value in table.items():
        if name not in known:
            raise BadInput(path, f'unknown field "{name}"', f"use {', '.join(known)}")
        wanted = type(getattr(defaults, name))
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise BadInput(path, f"{name}: {value!r} is not of type {wanted.__name__}", "correct it")
        if (name in _SIZES and not 1 <= value <= 4096) or (name in _SHARES and not 0 <= value < 1):
            raise BadInput(path, f"{name}: {value!r} is out of range", "correct it")
    return VoicesRecipe(**table)
