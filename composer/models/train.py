"""A recipe of any family -> a model folder: which trainer it needs, and which options that trainer can use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from composer.errors import BadInput, UsageProblem
from composer.models import recipe_files
from composer.models.epochs import Progress
from composer.models.families import Family, Summary, family_of_recipe, summary_of
from composer.models.lstm_cell import read_any_card
from composer.models.recipe_files import R, RecipeFile, read_recipe_file, recipe_in
from composer.models.registry import DEFAULT

if TYPE_CHECKING:
    from composer.models.export import Comparison

FINE_TUNE = recipe_files.FINE_TUNE
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What a person asked of a training; ``None`` leaves it to the recipe. ``base`` is the model to start from."""

    output: Path
    corpus: str | None = None
    base: str | None = None
    epochs: int | None = None
    seed: int | None = None
    resume: bool = True


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training gave: its folder, the card in it, and what became of a model that was the start."""

    folder: Path
    family: Family
    card: Mapping[str, Any]
    summary: Summary
    comparison: Comparison | None = None


Trainer = Callable[[RecipeFile, TrainingOptions, Progress | None], "Comparison | None"]


def train_recipe(
    name_or_path: str | Path | None, options: TrainingOptions, progress: Progress | None = None
) -> Trained:
    """Train the recipe and write the model folder; without a recipe the one that goes on from ``options.base``.

    Raises UsageProblem for options that the family cannot use, and what its trainer raises.
    """
    file = recipe_file(name_or_path)
    check_options(file, options)
    comparison = _TRAINERS[file.family](file, options, progress)
    family, card = family_of_recipe(file.family), read_any_card(options.output)
    return Trained(options.output, family, card, summary_of(card, family), comparison)


def recipe_file(name_or_path: str | Path | None) -> RecipeFile:
    """The recipe's file; the one for going on from a model if ``None``."""
    return read_recipe_file(FINE_TUNE if name_or_path is None else name_or_path)


def check_options(file: RecipeFile, options: TrainingOptions) -> None:
    """Raise UsageProblem for the first option that recipes of this family cannot use."""
    if options.base is not None and file.family not in (recipe_files.MELODY, FINE_TUNE):
        hint = "leave it away; only a melody model can go on from another"
        raise UsageProblem("--from", f"is nothing for a recipe of the family {file.family}", hint)
    if options.corpus is not None and file.family in _FIXED_CORPUS:
        hint = f"leave it away; {_FIXED_CORPUS[file.family]}"
        raise UsageProblem("--corpus", f"is nothing for a recipe of the family {file.family}", hint)


def _melody(file: RecipeFile, options: TrainingOptions, progress: Progress | None) -> Comparison | None:
    from composer.corpus.prepare import prepare
    from composer.models.recipe import Recipe
    from composer.models.training import train

    if options.base is not None:
        return _fine_tune(file, options, progress)
    recipe = _changed(file, Recipe, options)
    recipe = replace(recipe, corpus=options.corpus or recipe.corpus)
    prepared = prepare(recipe.corpus, with_essen=recipe.with_essen)
    return train(recipe, prepared, options.output, progress=progress, resume=options.resume).comparison


def _fine_tune(file: RecipeFile, options: TrainingOptions, progress: Progress | None) -> Comparison | None:
    from composer.models.fine_tuning import fine_tune
    from composer.models.recipe import Recipe

    return fine_tune(
        _changed(file, Recipe, options),
        base=options.base or DEFAULT,
        corpus=options.corpus,
        output=options.output,
        progress=progress,
        resume=options.resume,
    ).comparison


def _harmony(file: RecipeFile, options: TrainingOptions, progress: Progress | None) -> None:
    from composer.models.harmony_recipe import HarmonyRecipe
    from composer.models.harmony_training import train_harmony

    recipe = _changed(file, HarmonyRecipe, options)
    recipe = replace(recipe, corpus=options.corpus or recipe.corpus)
    train_harmony(recipe, options.output, progress=progress)


def _voices(file: RecipeFile, options: TrainingOptions, progress: Progress | None) -> None:
    from composer.models.voices_dataset import chorales
    from composer.models.voices_recipe import VoicesRecipe
    from composer.models.voices_training import train_voices

    train_voices(_changed(file, VoicesRecipe, options), chorales(), options.output, progress)


def _accompaniment(file: RecipeFile, options: TrainingOptions, progress: Progress | None) -> None:
    from composer.corpus import catalog
    from composer.corpus.figurations import figured_songs
    from composer.corpus.lieder import songs_in
    from composer.models.figuration_recipe import FigurationRecipe
    from composer.models.figuration_training import CORPUS, train_figuration

    recipe = _changed(file, FigurationRecipe, options)
    if recipe.corpus != CORPUS:
        raise BadInput(file.path, f'corpus: "{recipe.corpus}" has no piano with two hands', f'use "{CORPUS}"')
    songs = figured_songs(songs_in(catalog.brought_path(CORPUS)))
    train_figuration(recipe, songs, options.output, progress=progress, resume=options.resume)


def _changed(file: RecipeFile, kind: type[R], options: TrainingOptions) -> R:
    """The recipe in ``file`` with the person's seed and number of epochs; raises BadInput."""
    recipe = recipe_in(file, kind, (file.family,))
    given = {name: value for name in ("epochs", "seed") if (value := getattr(options, name)) is not None}
    recipe = replace(recipe, **given)
    if problems := recipe.problems():
        raise BadInput(file.path, problems[0], "choose another value")
    return recipe


_TRAINERS: dict[str, Trainer] = {
    recipe_files.MELODY: _melody,
    FINE_TUNE: _fine_tune,
    recipe_files.HARMONY: _harmony,
    recipe_files.VOICES: _voices,
    recipe_files.ACCOMPANIMENT: _accompaniment,
}
# Families that learn from sources of one kind only, and why.
_FIXED_CORPUS = {
    recipe_files.VOICES: "only the chorales have four voices",
    recipe_files.ACCOMPANIMENT: "only the songs of lieder have a piano with two hands",
}
