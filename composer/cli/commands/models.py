"""``composer models``: the trained networks that there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from composer.cli.terminal.command import ListFirst, add
from composer.cli.terminal.options import Yes
from composer.cli.terminal.show import Show

if TYPE_CHECKING:
    from composer.models.registry import ModelEntry

app = typer.Typer(cls=ListFirst, help="Trained networks: list them, show a network's card.")


def _list(show: Show) -> None:
    """List the networks with one line each: what each writes, what it learned from, and how well.

    Your own come first. Held-out figures are in nats (less is better), beside what a simple table of counts has.
    """
    from composer.models.registry import list_models

    found = list_models()
    rows = [(m.name, "shipped" if m.is_shipped else "yours", *_cells(m)) for m in found]
    show.table(("name", "from", "writes", "learned from", "held out"), rows)
    show.result({"models": [_as_json(m) for m in found]})


def _cells(model: ModelEntry) -> tuple[str, str, str]:
    if model.family is None or model.summary is None:
        return model.problem, "", ""
    return model.family.writes, f"{model.summary.learned_from}: {model.title}", model.summary.words()


def _as_json(model: ModelEntry) -> dict[str, Any]:
    summary = model.summary
    return {
        "name": model.name,
        "shipped": model.is_shipped,
        "title": model.title,
        "folder": model.folder,
        "problem": model.problem,
        "family": model.family.name if model.family else None,
        "learned_from": summary.learned_from if summary else None,
        "held_out_nats": summary.held_out if summary else None,
        "baseline_nats": summary.baseline if summary else None,
        "unit": summary.unit if summary else None,
    }


def _show(show: Show, name: Annotated[str, typer.Argument(help="The network's name, or a folder.")]) -> None:
    """Print a network's card: what it learned from, how well, and its licence."""
    from composer.models import registry

    card = registry.show(name)
    if not (show.as_json or show.quiet):
        for key, value in card.items():
            print(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    show.result(card)


def _remove(
    show: Show,
    name: Annotated[str, typer.Argument(help="A network that you trained.", show_default=False)],
    yes: Yes = False,
) -> None:
    """Delete a network that you trained; those that came with composer stay."""
    from composer.cli.terminal.confirming import is_confirmed
    from composer.models.registry import checked_own, remove_own

    folder = checked_own(name)
    if is_confirmed(show, name, f"Delete the network {name} in {folder}?", yes):
        remove_own(name)
        show.note(f"{name}: removed")
        show.result({"removed": name, "folder": folder})


add(app, "list", _list)
add(app, "show", _show)
add(app, "remove", _remove)
