"""One way to train them all: each recipe finds its trainer, and gets only the options that it can use."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import BadInput, UsageProblem
from composer.models import train as training
from composer.models.epochs import Point, rate_at
from composer.models.families import FAMILIES, family_of_card, family_of_recipe, summary_of
from composer.models.recipe_files import FAMILIES as RECIPE_FAMILIES
from composer.models.recipe_files import RecipeFile, read_recipe_file, recipe_names
from composer.models.train import TrainingOptions, check_options, recipe_file, train_recipe

OUT = Path("out")


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_has_a_trainer(name: str) -> None:
    file = read_recipe_file(name)
    assert file.family in training._TRAINERS
    assert file.family in family_of_recipe(file.family).recipes


def test_every_family_of_recipes_belongs_to_one_family_of_networks() -> None:
    assert sorted(name for family in FAMILIES for name in family.recipes) == sorted(RECIPE_FAMILIES)
    assert len({family.card_format for family in FAMILIES}) == len(FAMILIES)


def test_without_a_recipe_it_is_the_one_that_goes_on_from_a_model() -> None:
    assert recipe_file(None).family == "fine-tune"


@pytest.mark.parametrize(
    ("family", "options", "said"),
    [
        ("harmony", TrainingOptions(OUT, base="default"), "only a melody model can go on"),
        ("voices", TrainingOptions(OUT, base="default"), "of the family voices"),
        ("voices", TrainingOptions(OUT, corpus="mine"), "only the chorales have four voices"),
        ("accompaniment", TrainingOptions(OUT, corpus="mine"), "a piano with two hands"),
    ],
)
def test_options_that_a_family_cannot_use_are_refused_in_one_line(
    family: str, options: TrainingOptions, said: str
) -> None:
    with pytest.raises(UsageProblem) as caught:
        check_options(RecipeFile(Path("x.toml"), family, {}), options)
    assert said in caught.value.lines()[0] and len(caught.value.lines()) == 1


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("melody", TrainingOptions(OUT, corpus="mine", base="default")),
        ("fine-tune", TrainingOptions(OUT, corpus="mine")),
        ("harmony", TrainingOptions(OUT, corpus="mine")),
        ("voices", TrainingOptions(OUT, epochs=1, seed=2, resume=False)),
    ],
)
def test_options_that_a_family_can_use_are_taken(family: str, options: TrainingOptions) -> None:
    check_options(RecipeFile(Path("x.toml"), family, {}), options)


def test_options_are_checked_like_the_recipe_itself(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="epochs: 9999 is not within 1 to 4096"):
        train_recipe("voices", TrainingOptions(tmp_path, epochs=9999))


def test_a_card_of_nothing_known_has_no_family_and_an_empty_one_no_figures() -> None:
    assert family_of_card({"format": "composer.profile/1"}) is None
    summary = summary_of({"metrics": {"plan_only": {"sum": None}}}, FAMILIES[0])
    assert (summary.learned_from, summary.held_out, summary.words()) == ("", None, "")


def test_counts_of_a_card_are_added_up() -> None:
    harmony = family_of_recipe("harmony")
    assert (
        summary_of({"corpus": {"chords": {"train": {"dance": 1200, "lied": 34}}}}, harmony).learned_from
        == "1,234 chords"
    )


def test_a_training_stops_after_the_epochs_or_when_nothing_is_gained() -> None:
    point = Point()
    for nats in (2.0, 1.5, 1.4999, 1.6):
        assert not point.is_done(9, 2)
        point = point.after(nats, 1.0, 0.001)
    assert (point.epoch, point.best_epoch, point.best_nats, point.seconds) == (4, 2, 1.5, 4.0)
    assert point.is_done(9, 2) and point.is_done(4, 9) and not point.is_done(9, 3)


def test_the_learning_rate_falls_to_a_twentieth() -> None:
    rates = [rate_at(epoch, 10, 0.01) for epoch in range(1, 12)]
    assert rates[0] == pytest.approx(0.01) and rates[-1] == pytest.approx(0.0005)
    assert rates == sorted(rates, reverse=True)
