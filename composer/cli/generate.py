"""``composer generate``: a brief -> a draft in MIDI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.options import Force, Model, Output, Seed
from composer.cli.show import Show


def generate(
    show: Show,
    brief: Annotated[Path, typer.Argument(help="A brief: NAME.brief.json.", show_default=False)],
    seed: Seed = None,
    model: Model = None,
    output: Output = None,
    force: Force = False,
) -> int:
    """Compose a draft from a brief: form, chords, melody, bass and accompaniment, as MIDI for your DAW."""
    from composer.cli.batch import each
    from composer.cli.steps import output_of, run_generate
    from composer.workspace import PieceFiles

    return each(
        show,
        [brief],
        lambda path: run_generate(path, output_of(output, PieceFiles.of(path).draft), seed, model, force),
    )
