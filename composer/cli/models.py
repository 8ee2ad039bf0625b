"""``composer models``: the melody models that there are."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from composer.cli.command import ListFirst, add
from composer.cli.show import Show

app = typer.Typer(cls=ListFirst, help="Melody models: list them, show a model's card.")


def _list(show: Show) -> None:
    """List the models with one line each; your own come before the shipped ones."""
    from composer.models.registry import list_models

    found = list_models()
    rows = [(m.name, "shipped" if m.is_shipped else "yours", m.problem or m.title) for m in found]
    show.table(("name", "from", "what it is"), rows)
    show.result(
        {
            "models": [
                {"name": m.name, "shipped": m.is_shipped, "title": m.title, "folder": m.folder, "problem": m.problem}
                for m in found
            ]
        }
    )


def _show(show: Show, name: Annotated[str, typer.Argument(help="The model's name.")]) -> None:
    """Print a model's card: what it learned from, how well, and its licence."""
    from composer.models import registry

    card = registry.show(name)
    if not (show.as_json or show.quiet):
        for key, value in card.items():
            print(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    show.result(card)


add(app, "list", _list)
add(app, "show", _show)
