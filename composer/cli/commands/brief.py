"""``composer brief``: a picture or a song -> what the music shall be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.options import (
    Bars,
    Card,
    Duration,
    Ensemble,
    Force,
    Form,
    Output,
    Preset,
    Scheme,
    Seed,
    Style,
)
from composer.cli.terminal.show import Show


def brief(
    show: Show,
    files: Annotated[
        list[Path], typer.Argument(help="Pictures (PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF) or songs (MIDI files).")
    ],
    preset: Preset = None,
    scheme: Scheme = None,
    duration: Duration = None,
    bars: Bars = None,
    ensemble: Ensemble = None,
    style: Style = None,
    form: Form = None,
    seed: Seed = None,
    card: Card = False,
    output: Output = None,
    force: Force = False,
) -> int:
    """Read pictures, or songs, and write briefs: key, tempo, form and players of the music, each with its reason."""
    from composer.brief.analyse import BriefOptions
    from composer.cli.terminal.batch import each
    from composer.errors import UsageProblem
    from composer.steps.briefing import run_brief
    from composer.steps.done import Done
    from composer.steps.naming import output_of, without_cards
    from composer.steps.song_brief import is_midi, run_song_brief
    from composer.workspace import PieceFiles

    options = BriefOptions(preset or "emotion", scheme, seed, duration, ensemble, style, bars, form)
    of_pictures = {
        "--preset": preset, "--scheme": scheme, "--duration": duration, "--bars": bars, "--form": form,
        "--card": card or None,
    }  # fmt: skip
    named = without_cards(files)
    for line in named.lines:
        show.note(line)
    typed = [flag for flag, value in of_pictures.items() if value is not None]
    if output is not None and len(named.paths) > 1 and not output.is_dir():
        raise UsageProblem("--output", f"{output} is one file for {len(named.paths)} briefs", "name a folder")

    def one(path: Path) -> Done:
        target = output_of(output, PieceFiles.of(path).brief)
        if is_midi(path):
            return run_song_brief(path, target, options, typed, force)
        return run_brief(path, target, options, card, force)

    return each(show, named.paths, one)
