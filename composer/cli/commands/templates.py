"""``composer templates``: the styles, schemes, forms, ensembles and recipes that there are."""

from __future__ import annotations

from typing import Annotated

import typer

from composer.cli.terminal.command import ListFirst, add
from composer.cli.terminal.show import Show

app = typer.Typer(cls=ListFirst, help="Styles, colour schemes, ensembles and recipes: list them, show one.")

Kind = Annotated[str | None, typer.Argument(help="styles, schemes, forms, ensembles or recipes; all if absent.")]


def _list(show: Show, kind: Kind = None) -> None:
    """List the templates with one line each; your own replace the shipped ones of the same name."""
    from composer.errors import UsageProblem, did_you_mean
    from composer.formats.templates import describe
    from composer.resources import TEMPLATE_KINDS

    if kind is not None and kind not in TEMPLATE_KINDS:
        raise UsageProblem(
            kind,
            f"is no kind of template{did_you_mean(kind, TEMPLATE_KINDS)}",
            f"use one of {', '.join(TEMPLATE_KINDS)}",
        )
    found = [(name, one) for name in TEMPLATE_KINDS if kind in (None, name) for one in describe(name)]
    show.table(("kind", "name", "what it is"), [(name, one.name, one.description) for name, one in found])
    show.result(
        {
            "templates": [
                {"kind": name, "name": one.name, "description": one.description, "file": one.path}
                for name, one in found
            ]
        }
    )


def _show(show: Show, name: Annotated[str, typer.Argument(help="The template's name.")]) -> None:
    """Print a template's file, to learn from or to copy into ./templates and change."""
    from composer.errors import BadInput, did_you_mean
    from composer.formats.templates import load_template, template_names
    from composer.resources import TEMPLATE_KINDS

    found = [load_template(kind, name) for kind in TEMPLATE_KINDS if name in template_names(kind)]
    if not found:
        near = did_you_mean(name, (known for kind in TEMPLATE_KINDS for known in template_names(kind)))
        raise BadInput(name, f"is not a template{near}", "`composer templates list` names them")
    for template in found:
        show.note(f"# {template.path}")
        if not (show.as_json or show.quiet):
            print(template.text.rstrip())
    show.result({"templates": [{"name": one.name, "file": one.path, "text": one.text} for one in found]})


add(app, "list", _list)
add(app, "show", _show)
