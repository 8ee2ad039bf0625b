"""``composer train``: a recipe and prepared corpora -> a model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from composer.cli.options import Seed
from composer.cli.show import Show
from composer.errors import printable


def train(
    show: Show,
    recipe: Annotated[str, typer.Argument(help="A recipe of `composer templates recipes`, or a .toml file.")],
    corpus: Annotated[
        str | None, typer.Option("--corpus", help="A corpus, or a folder; the recipe's own if absent.")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="At most so many.")] = None,
    seed: Seed = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the model; among your models if absent.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew instead of at the last checkpoint.")] = False,
) -> None:
    """Train a melody model with Keras. A training that was stopped goes on where it was."""
    from composer.models.recipe import read_recipe
    from composer.models.training import train_recipe
    from composer.resources import models_folder

    folder = output or models_folder() / _name(read_recipe(recipe).name, corpus)
    with show.training() as progress:
        result = train_recipe(
            recipe, output=folder, corpus=corpus, epochs=epochs, seed=seed, progress=progress, resume=not restart
        )
    show.wrote(result.folder, f"{result.epochs} epochs on {result.tunes} tunes in {result.seconds:.0f} s")
    show.result(asdict(result))
    if output is None:
        show.note(f"  use it: composer generate NAME.brief.json --model {folder.name}")


def _name(recipe: str, corpus: str | None) -> str:
    """The model's name: the recipe's, then the corpus' where one was named, so that the two do not meet."""
    if corpus is None:
        return recipe
    parts = [Path(part).resolve().name if Path(part).is_dir() else part for part in corpus.split("+")]
    return printable(f"{recipe}-{'+'.join(parts)}").replace("/", "-")
