"""The recipe of the accompaniment model: how large the network is and how it is trained."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from composer.errors import BadInput
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.resources import shipped

FORMAT = "composer.accompaniment-recipe/1"
_SIZES = ("units", "embedding", "hidden", "epochs", "batch", "patience")
_SHARES = ("dropout", "control_dropout")


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


def read_figuration_recipe(path: Path | None = None) -> FigurationRecipe:
    """The recipe in ``path``, the shipped one if ``None``; raises BadInput."""
    path = path or shipped("templates") / "recipes" / "accompaniment.toml"
    try:
        table = tomllib.loads(read_bytes(path, TEMPLATE_BYTES, "recipe").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is not TOML ({error})", "see the shipped recipes") from None
    if table.pop("format", None) != FORMAT:
        raise BadInput(path, f'has no format = "{FORMAT}"', "see the shipped recipes")
    defaults = FigurationRecipe()
    known = [field.name for field in fields(FigurationRecipe)]
    for name, value in table.items():
        if name not in known:
            raise BadInput(path, f'unknown field "{name}"', f"use {', '.join(known)}")
        wanted = type(getattr(defaults, name))
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise BadInput(path, f"{name}: {value!r} is not of type {wanted.__name__}", "correct it")
        if (name in _SIZES and not 1 <= value <= 4096) or (name in _SHARES and not 0 <= value < 1):
            raise BadInput(path, f"{name}: {value!r} is out of range", "correct it")
    return FigurationRecipe(**table)
