"""``composer make``: pictures -> everything, step by step, with what is up to date skipped and what is edited kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.options import (
    Bars,
    Card,
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
    Stems,
    Style,
)
from composer.cli.show import Show


def make(
    show: Show,
    images: Images,
    preset: Preset = "emotion",
    scheme: Scheme = None,
    duration: Duration = None,
    bars: Bars = None,
    ensemble: Ensemble = None,
    style: Style = None,
    form: Form = None,
    seed: Seed = None,
    card: Card = False,
    model: Model = None,
    soundfont: Soundfont = None,
    stems: Stems = False,
    humanize: Annotated[
        float | None,
        typer.Option("--humanize", help="Have it played, from 0 to 1: see `composer humanize`.", metavar="STRENGTH"),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write to.")] = None,
    force: Force = False,
) -> int:
    """Do everything: brief, draft, score and audio. Steps that are up to date are skipped, your edits are kept."""
    from composer.brief.analyse import BriefOptions
    from composer.cli.pipeline import Wanted, make_all
    from composer.render.stage import RenderOptions

    wanted = Wanted(
        brief=BriefOptions(preset, scheme, None, duration, ensemble, style, bars, form),
        render=RenderOptions(soundfont, stems=stems),
        card=card,
        seed=seed,
        model=model,
        folder=output,
        force=force,
        humanize=humanize,
    )
    return make_all(show, images, wanted)
