from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import BadInput, UsageProblem
from composer.models.figuration_recipe import FigurationRecipe
from composer.models.harmony_recipe import HarmonyRecipe
from composer.models.recipe import Recipe, read_recipe
from composer.models.recipe_files import FAMILIES, TrainingRecipe, read_recipe_file, recipe_in, recipe_names
from composer.models.voices_recipe import VoicesRecipe

GOOD = 'format = "composer.recipe/1"\nname = "x"\ntitle = "X"\n'
KINDS: dict[str, type[TrainingRecipe]] = {
    "melody": Recipe,
    "fine-tune": Recipe,
    "harmony": HarmonyRecipe,
    "voices": VoicesRecipe,
    "accompaniment": FigurationRecipe,
}


def recipe(folder: Path, text: str) -> Path:
    path = folder / "x.toml"
    path.write_text(text)
    return path


def test_a_recipe_needs_only_its_name_and_title_and_is_a_melodys(tmp_path: Path) -> None:
    path = recipe(tmp_path, GOOD + "dropout = 0\n")
    found = read_recipe(path)
    assert (found.name, found.units, found.dropout) == ("x", 192, 0)
    assert read_recipe_file(path).family == "melody"


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipes_are_valid(name: str) -> None:
    file = read_recipe_file(name)
    assert recipe_in(file, KINDS[file.family], (file.family,)).name == name


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unitz = 3\n", 'unknown field "unitz"'),
        ('units = "many"\n', "units: 'many' is not of type int"),
        ("units = true\n", "units: True is not of type int"),
        ("units = 0\n", "units: 0 is not within"),
        ("dropout = 1.5\n", "dropout: 1.5 is not within 0 to 1"),
        ("learning_rate = nan\n", "learning_rate: nan is not above 0"),
    ],
)
def test_mistakes_are_named_in_recipes_of_every_family(tmp_path: Path, family: str, text: str, message: str) -> None:
    file = read_recipe_file(recipe(tmp_path, f'{GOOD}family = "{family}"\n{text}'))
    with pytest.raises(BadInput) as caught:
        recipe_in(file, KINDS[family], (family,))
    assert message in "\n".join(caught.value.lines())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format = 1", "has no format"),
        ("not toml", "is not TOML"),
        ('format = "composer.recipe/1"\nname = "x"\n', "title: is missing"),
        (GOOD + 'family = "drums"\n', "use one of melody, fine-tune, harmony"),
        (GOOD + 'family = "voices"\n', 'of the family "voices"'),
    ],
)
def test_what_is_no_recipe_of_a_melody_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_recipe(recipe(tmp_path, text))
    assert message in "\n".join(caught.value.lines())


def test_an_unknown_recipe_lists_the_known() -> None:
    with pytest.raises(UsageProblem, match="is no recipe") as caught:
        read_recipe("melodee")
    assert "melody-small" in caught.value.lines()[0]
