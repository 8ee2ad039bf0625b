"""``composer make``: pictures -> everything, step by step, with what is up to date skipped and what is edited kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from composer.cli.terminal.options import (
    Bars,
    Duration,
    Ensemble,
    Force,
    Form,
    Images,
    Model,
    Preset,
    Scheme,
    Seed,
    Soundfont,
    Style,
)
from composer.cli.terminal.show import Show


def make(
    show: Show,
    images: Images,
    preset: Preset = None,
    scheme: Scheme = None,
    duration: Duration = None,
    bars: Bars = None,
    ensemble: Ensemble = None,
    style: Style = None,
    form: Form = None,
    seed: Seed = None,
    card: Annotated[
        bool | None, typer.Option("--card", help="Draw the brief as a picture too: NAME.card.png.", show_default=False)
    ] = None,
    model: Model = None,
    soundfont: Soundfont = None,
    stems: Annotated[
        bool | None,
        typer.Option("--stems/--no-stems", help="Write a file for each track too, in NAME.stems/.", show_default=False),
    ] = None,
    humanize: Annotated[
        float | None,
        typer.Option("--humanize", help="Have it played, from 0 to 1: see `composer humanize`.", metavar="STRENGTH"),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write to.")] = None,
    force: Force = False,
) -> int:
    """Do everything: brief, draft, score and audio. Steps that are up to date are skipped, your edits are kept.

    What you asked of a piece before holds until you ask for something else.
    """
    from composer.brief.analyse import BriefOptions
    from composer.cli.commands.pipeline import Wanted, make_all
    from composer.steps.due.asked import Asked
    from composer.steps.naming import without_cards

    typed: dict[str, Any] = {
        "preset": preset, "scheme": scheme, "duration_s": duration, "ensemble": ensemble, "style": style, "bars": bars,
        "form": form,
    }  # fmt: skip
    brief = {name: value for name, value in typed.items() if value is not None}
    BriefOptions(**brief)
    asked = Asked(
        brief=brief, card=card, seed=seed, model=model, strength=humanize, soundfont=soundfont, stems=stems, force=force
    )  # fmt: skip
    named = without_cards(images)
    for line in named.lines:
        show.note(line)
    return make_all(show, named.paths, Wanted(asked, output))
