"""``composer train``: a recipe and prepared corpora -> a model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from composer.cli.options import Seed
from composer.cli.show import Show
from composer.errors import UsageProblem, printable

if TYPE_CHECKING:
    from composer.models.export import Comparison


class _Options(TypedDict):
    """What both ways of training take."""

    output: Path
    corpus: str | None
    epochs: int | None
    seed: int | None
    resume: bool


def train(
    show: Show,
    recipe: Annotated[
        str | None,
        typer.Argument(help="A recipe of `composer templates recipes`, or a .toml file; fine-tune with --from."),
    ] = None,
    corpus: Annotated[
        str | None, typer.Option("--corpus", help="A corpus, or a folder; the recipe's own if absent.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--from", help="A model that goes on with your corpus; default is the shipped one.")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="At most so many.")] = None,
    seed: Seed = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the model; among your models if absent.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew instead of at the last checkpoint.")] = False,
) -> None:
    """Train a melody model with Keras. A training that was stopped goes on where it was.

    With --from a model that is trained already learns your style: minutes, and a table of before and after.
    """
    from composer.models import fine_tuning
    from composer.models.recipe import read_recipe, recipe_names
    from composer.models.training import train_recipe
    from composer.resources import models_folder

    if recipe is None and base is None:
        raise UsageProblem("train", "needs a recipe", f"choose one of {', '.join(recipe_names())}")
    recipe = recipe or fine_tuning.RECIPE
    folder = output or models_folder() / _name(read_recipe(recipe).name, corpus)
    options: _Options = {"output": folder, "corpus": corpus, "epochs": epochs, "seed": seed, "resume": not restart}
    with show.training() as progress:
        if base is None:
            result = train_recipe(recipe, progress=progress, **options)
        else:
            result = fine_tuning.fine_tune(recipe, base=base, progress=progress, **options)
    show.wrote(result.folder, f"{result.epochs} epochs on {result.tunes} tunes in {result.seconds:.0f} s")
    if result.comparison is not None:
        _compare(show, result.comparison)
    show.result(asdict(result))
    if output is None:
        show.note(f"  use it: composer generate NAME.brief.json --model {folder.name}")


def _compare(show: Show, found: Comparison) -> None:
    """The table of before and after."""
    if not found.pieces:
        show.note("  too few pieces to hold one out, so nobody can tell what changed: add some dozen")
        return
    rows = [
        (f"{name}, nats a note", f"{getattr(found.before, part):.3f}", f"{getattr(found.after, part):.3f}")
        for name, part in (("rhythm", "duration"), ("pitch", "pitch"), ("both", "total"))
    ]
    rows.append(("pitches guessed right", f"{found.right_before:.1%}", f"{found.right_after:.1%}"))
    if found.kept_pieces:
        rows.append(("what it knew, nats a note", f"{found.kept_before.total:.3f}", f"{found.kept_after.total:.3f}"))
    show.table((f"{found.pieces} held-out pieces", "before", "after"), rows)
    if not found.mixed:
        show.note(
            "  the corpus it came from is not prepared, so it may forget: composer corpus prepare, then --restart"
        )
    elif found.before.total <= found.after.total:
        show.note("  your held-out pieces are told no better than before: add more, or more alike, pieces")


def _name(recipe: str, corpus: str | None) -> str:
    """The model's name: the recipe's, then the corpus' where one was named, so that the two do not meet."""
    if corpus is None:
        return recipe
    parts = [Path(part).resolve().name if Path(part).is_dir() else part for part in corpus.split("+")]
    return printable(f"{recipe}-{'+'.join(parts)}").replace("/", "-")
