"""``composer generate``: a draft in MIDI from a brief, from a tune, from a beginning, or from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.terminal.options import (
    Continued,
    Force,
    Free,
    Model,
    NewBars,
    Output,
    Players,
    Seed,
    Takes,
    Texture,
    Tracks,
    Tune,
)
from composer.cli.terminal.show import Show

if TYPE_CHECKING:
    from composer.steps.done import Done


def generate(
    show: Show,
    brief: Annotated[Path | None, typer.Argument(help="A brief: NAME.brief.json.", show_default=False)] = None,
    melody: Tune = None,
    continued: Continued = None,
    bars: NewBars = None,
    tracks: Tracks = None,
    free: Free = False,
    takes: Takes = 1,
    ensemble: Players = None,
    style: Texture = None,
    seed: Seed = None,
    model: Model = None,
    output: Output = None,
    force: Force = False,
) -> int:
    """Compose a draft as MIDI for your DAW: from a brief, around your tune, on from what you played, or freely."""
    from composer.cli.terminal.batch import each
    from composer.steps.composing.generation import job_of
    from composer.steps.composing.job import run_job
    from composer.steps.composing.wish import Wish, words_of
    from composer.steps.naming import brief_meant

    meant = brief_meant(brief) if brief is not None else None
    source, named = meant.path if meant else None, ", ".join(bars) if bars else None
    wish = Wish(
        source, melody, continued, named, words_of(tracks), free, takes, ensemble, style, seed, output, force
    )  # fmt: skip

    def run(_: Path) -> Done:
        done = run_job(job_of(wish), wish.takes, model, force)
        return done if meant is None else meant.told(done)

    return each(show, [wish.subject], run)
