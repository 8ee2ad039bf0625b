"""Training recipes: TOML files that say which corpus, how large a network and how to train it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from composer.errors import BadInput, UsageProblem
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.resources import template_folders

FORMAT = "composer.recipe/1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe. Shares and probabilities are 0..1; ``learning_rate`` falls to a tenth along a cosine.

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
        found = []
        for name in ("units", "embedding", "pitch_hidden", "epochs", "batch", "patience", "chorale_copies"):
            if not 1 <= getattr(self, name) <= 4096:
                found.append(f"{name}: {getattr(self, name)} is not within 1 to 4096")
        for name in ("dropout", "label_smoothing", "parallel_minor", "control_dropout", "chord_dropout", "mix"):
            if not 0 <= getattr(self, name) < 1:
                found.append(f"{name}: {getattr(self, name)} is not within 0 to 1")
        for name in ("learning_rate", "clip_norm"):
            if not 0 < getattr(self, name) <= 100:
                found.append(f"{name}: {getattr(self, name)} is not above 0")
        return found


def read_recipe(name_or_path: str | Path) -> Recipe:
    """The recipe in a file, or the one so called among the templates; raises UsageProblem or BadInput."""
    path = _path_of(name_or_path)
    try:
        table = tomllib.loads(read_bytes(path, TEMPLATE_BYTES, "recipe").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is not TOML ({error})", "see the shipped recipes") from None
    if table.pop("format", None) != FORMAT:
        raise BadInput(path, f'has no format = "{FORMAT}"', "see the shipped recipes")
    return _recipe(path, table)


def recipe_names() -> list[str]:
    """The names of all melody recipes that can be found, in order; other networks have a format of their own."""
    found = (p for folder in template_folders("recipes") for p in folder.glob("*.toml"))
    return sorted({p.stem for p in found if f'"{FORMAT}"'.encode() in read_bytes(p, TEMPLATE_BYTES, "recipe")})


def _path_of(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    for folder in template_folders("recipes"):
        if (folder / f"{name_or_path}.toml").is_file():
            return folder / f"{name_or_path}.toml"
    raise UsageProblem(str(name_or_path), "is no recipe", f"choose one of {', '.join(recipe_names())}")


def _recipe(path: Path, table: dict[str, Any]) -> Recipe:
    known = {field.name: field.type for field in fields(Recipe)}
    wrong = [f'unknown field "{name}"' for name in table if name not in known]
    wrong += [f"{name}: is missing" for name in ("name", "title") if name not in table]
    for name, value in table.items():
        accepted = {"str": (str,), "bool": (bool,), "int": (int,), "float": (int, float)}.get(str(known.get(name)), ())
        is_bool = isinstance(value, bool)
        if accepted and (not isinstance(value, accepted) or (is_bool and bool not in accepted)):
            wrong.append(f"{name}: {value!r} is not of type {known[name]}")
    if not wrong:
        recipe = Recipe(**table)
        wrong = recipe.problems()
        if not wrong:
            return recipe
    raise BadInput(path, "is not a valid recipe", "", tuple(wrong[:10]))
