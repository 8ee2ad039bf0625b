from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import BadInput, UsageProblem
from composer.models.recipe import read_recipe

GOOD = 'format = "composer.recipe/1"\nname = "x"\ntitle = "X"\n'


def recipe(folder: Path, text: str) -> Path:
    path = folder / "x.toml"
    path.write_text(text)
    return path


def test_a_recipe_needs_only_its_name_and_title(tmp_path: Path) -> None:
    found = read_recipe(recipe(tmp_path, GOOD + "dropout = 0\n"))
    assert (found.name, found.units, found.dropout) == ("x", 192, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format = 1", "has no format"),
        ("not toml", "is not TOML"),
        (GOOD + "unitz = 3\n", 'unknown field "unitz"'),
        (GOOD + 'units = "many"\n', "units: 'many' is not of type int"),
        (GOOD + "units = true\n", "units: True is not of type int"),
        (GOOD + "units = 0\n", "units: 0 is not within"),
        (GOOD + "dropout = 1.5\n", "dropout: 1.5 is not within 0 to 1"),
        (GOOD + "learning_rate = nan\n", "learning_rate: nan is not above 0"),
        ('format = "composer.recipe/1"\nname = "x"\n', "title: is missing"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_recipe(recipe(tmp_path, text))
    assert message in "\n".join(caught.value.lines())


def test_an_unknown_recipe_lists_the_known() -> None:
    with pytest.raises(UsageProblem, match="is no recipe") as caught:
        read_recipe("melodee")
    assert "melody-small" in caught.value.lines()[0]
