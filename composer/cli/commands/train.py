"""``composer train``: a recipe and prepared corpora -> a network."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from composer.cli.terminal.options import Seed
from composer.cli.terminal.show import Show
from composer.errors import UsageProblem, command, counted, printable

if TYPE_CHECKING:
    from composer.models.export import Comparison
    from composer.models.train import Trained


def train(
    show: Show,
    recipe: Annotated[
        str | None,
        typer.Argument(help="A recipe of `composer templates list recipes`, or a .toml file; fine-tune with --from."),
    ] = None,
    corpus: Annotated[
        str | None,
        typer.Option("--corpus", help="A corpus, or a folder; the recipe's own if absent. Melodies and harmony only."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--from", help="A model that goes on with your corpus; default is the shipped one. Melodies only."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="At most so many.")] = None,
    seed: Seed = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the model; among your models if absent.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew instead of at the last checkpoint.")] = False,
) -> None:
    """Train a network with Keras: melody, harmony, voices or accompaniment, as the recipe says.

    Each stops by itself when held-out pieces are told no better. A training of a melody or of an accompaniment that was
    stopped goes on where it was; harmony (some minutes) and voices (a minute or two) begin anew.

    With --from a melody model that is trained already learns your style: minutes, and a table of before and after.
    """
    from composer.models.recipe_files import recipe_names
    from composer.models.train import TrainingOptions, check_options, recipe_file, train_recipe
    from composer.resources import models_folder

    if recipe is None and base is None:
        raise UsageProblem("train", "needs a recipe", f"choose one of {', '.join(recipe_names())}")
    file = recipe_file(recipe)
    folder = output or models_folder() / _name(str(file.fields.get("name", file.path.stem)), corpus)
    options = TrainingOptions(folder, corpus, base, epochs, seed, resume=not restart)
    check_options(file, options)
    with show.training() as progress:
        done = train_recipe(file.path, options, progress)
    _tell(show, done, named=output is None)
    show.result(_as_json(done))


def _tell(show: Show, done: Trained, named: bool) -> None:
    """What was trained, how well it tells held-out pieces, and how it is used."""
    card = done.card
    learned = f"{counted(card['epochs'], 'epoch')} on {done.summary.learned_from} in {card['training_seconds']} s"
    show.wrote(done.folder, learned)
    if done.comparison is not None:
        _compare(show, done.comparison)
    elif words := done.summary.words():
        show.note(f"  {words}")
    if not done.family.can_be_chosen:
        show.note(f"  composing reads the one in {done.family.shipped}")
    elif named:
        show.note(f"  use it: {command('generate', 'NAME.brief.json', '--model', done.folder.name)}")


def _as_json(done: Trained) -> dict[str, Any]:
    card = done.card
    return {
        "folder": done.folder,
        "family": done.family.name,
        **{key: card[key] for key in ("name", "epochs", "training_seconds", "weights_bytes", "metrics")},
        "learned_from": done.summary.learned_from,
        "held_out_nats": done.summary.held_out,
        "baseline_nats": done.summary.baseline,
        "comparison": asdict(done.comparison) if done.comparison else None,
    }


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
