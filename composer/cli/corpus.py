"""``composer corpus``: the music that models learn from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from composer.cli.command import ListFirst, add
from composer.cli.show import Show

app = typer.Typer(cls=ListFirst, help="Corpora: list them, show one, prepare them for training.")


def _list(show: Show) -> None:
    """List the corpora with licence and size."""
    from composer.corpus.catalog import list_corpora

    found = list_corpora()
    rows = [(c.name, str(c.tunes), c.licence, f"{c.title}{' (on request only)' if c.opt_in else ''}") for c in found]
    show.table(("name", "tunes", "licence", "what it is"), rows)
    show.result({"corpora": [asdict(c) for c in found]})


def _show(show: Show, name: Annotated[str, typer.Argument(help="The corpus' name.")]) -> None:
    """Show where a corpus comes from: source, licence, citation and counts."""
    from composer.corpus import catalog

    found = asdict(catalog.show(name))
    show.table(("field", "value"), [(key, str(value)) for key, value in found.items()])
    show.result(found)


def _prepare(
    show: Show,
    name: Annotated[str, typer.Argument(help="A corpus; all that need no opt-in if absent.")] = "default",
    with_essen: Annotated[bool, typer.Option("--with-essen", help="Take Essen too: free for research only.")] = False,
) -> None:
    """Read a corpus, merge near-duplicates, split it, and cache it for training."""
    from composer.corpus.prepare import prepare

    with show.working(f"preparing {name}"):
        report = prepare(name, with_essen=with_essen).report
    for changed in report.changed:
        show.note(f"{changed}: its files are not those of the manifest")
    rows = [("tunes", str(report.tunes)), ("notes", str(report.notes)), ("near-duplicates", str(report.duplicates))]
    rows += [(f"split {split}", str(count)) for split, count in report.by_split.items()]
    rows += [(f"left out: {why}", str(count)) for why, count in report.refused.items()]
    show.table(("what", "count"), rows)
    show.result(asdict(report))


add(app, "list", _list)
add(app, "show", _show)
add(app, "prepare", _prepare)
