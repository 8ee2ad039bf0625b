"""Recipes of all families as files: TOML with one format, a family, and the fields of that family's recipe."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from composer.errors import BadInput, UsageProblem
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.resources import template_folders

FORMAT = "composer.recipe/1"
MELODY, FINE_TUNE, HARMONY, VOICES, ACCOMPANIMENT = "melody", "fine-tune", "harmony", "voices", "accompaniment"
FAMILIES = (MELODY, FINE_TUNE, HARMONY, VOICES, ACCOMPANIMENT)
SIZE_MAX = 4096
RATE_MAX = 100
_MISTAKES_MAX = 10
_ACCEPTED = {"str": (str,), "bool": (bool,), "int": (int,), "float": (int, float)}


class TrainingRecipe(Protocol):
    """What the recipe of every family is: a frozen dataclass of texts, numbers and switches."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def problems(self) -> list[str]:
        """What is out of range, a line each."""


R = TypeVar("R", bound=TrainingRecipe)


@dataclass(frozen=True, slots=True)
class RecipeFile:
    """A recipe as it was written; a file that names no family is a melody's."""

    path: Path
    family: str
    fields: Mapping[str, Any]


def read_recipe_file(name_or_path: str | Path) -> RecipeFile:
    """The file of a recipe, by path or by its name among the templates; raises UsageProblem or BadInput."""
    path = _path_of(name_or_path)
    try:
        table = tomllib.loads(read_bytes(path, TEMPLATE_BYTES, "recipe").decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is not TOML ({error})", "see the shipped recipes") from None
    if table.pop("format", None) != FORMAT:
        raise BadInput(path, f'has no format = "{FORMAT}"', "see the shipped recipes")
    family = table.pop("family", MELODY)
    if family not in FAMILIES:
        raise BadInput(path, f"family: {family!r} is none", f"use one of {', '.join(FAMILIES)}")
    return RecipeFile(path, family, table)


def recipe_in(file: RecipeFile, kind: type[R], families: Sequence[str]) -> R:
    """The recipe of one of ``families`` in ``file``; raises BadInput with all mistakes."""
    if file.family not in families:
        raise BadInput(file.path, f'is a recipe of the family "{file.family}"', f"use one of {', '.join(families)}")
    wrong = _mistakes(file.fields, kind)
    if not wrong:
        recipe = kind(**file.fields)
        wrong = recipe.problems()
        if not wrong:
            return recipe
    raise BadInput(file.path, "is not a valid recipe", "", tuple(wrong[:_MISTAKES_MAX]))


def recipe_names() -> list[str]:
    """The names of all recipes that can be found, in order."""
    return sorted({path.stem for folder in template_folders("recipes") for path in folder.glob("*.toml")})


def out_of_range(
    recipe: object, sizes: Sequence[str] = (), shares: Sequence[str] = (), rates: Sequence[str] = ()
) -> list[str]:
    """A line for each field of ``recipe`` that is no size (1 to 4096), no share (0 to below 1), or no rate above 0."""
    values = {name: getattr(recipe, name) for name in (*sizes, *shares, *rates)}
    return [
        *(
            f"{name}: {values[name]} is not within 1 to {SIZE_MAX}"
            for name in sizes
            if not 1 <= values[name] <= SIZE_MAX
        ),
        *(f"{name}: {values[name]} is not within 0 to 1" for name in shares if not 0 <= values[name] < 1),
        *(f"{name}: {values[name]} is not above 0" for name in rates if not 0 < values[name] <= RATE_MAX),
    ]


def recipe_fields(recipe: TrainingRecipe) -> dict[str, Any]:
    """All fields by name, as a card keeps them."""
    return {field.name: getattr(recipe, field.name) for field in fields(recipe)}


def _path_of(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    for folder in template_folders("recipes"):
        if (folder / f"{name_or_path}.toml").is_file():
            return folder / f"{name_or_path}.toml"
    raise UsageProblem(str(name_or_path), "is no recipe", f"choose one of {', '.join(recipe_names())}")


def _mistakes(table: Mapping[str, Any], kind: type[TrainingRecipe]) -> list[str]:
    """Unknown, missing and mistyped fields, a line each."""
    known = {field.name: str(field.type) for field in fields(kind)}
    wrong = [f'unknown field "{name}"' for name in table if name not in known]
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    wrong += [f"{name}: is missing" for name in needed if name not in table]
    for name, value in table.items():
        accepted = _ACCEPTED.get(known.get(name, ""), ())
        if accepted and (not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted)):
            wrong.append(f"{name}: {value!r} is not of type {known[name]}")
    return wrong
