"""``composer export``: a piece as other programs take it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.terminal.options import Force, Output
from composer.cli.terminal.show import Show

if TYPE_CHECKING:
    pass


def export(
    show: Show,
    name: Annotated[Path, typer.Argument(help="A piece, such as art, or one of its files; or any MIDI file.")],
    to: Annotated[str, typer.Option("--to", help="dawproject, rpp, midi-stems, musicxml, svg or pdf.")],
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Leave the rendered stems out of the session.")] = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """Write a piece for other programs: a DAW session, a MIDI file for each track, the score, its printed pages."""
    from composer.cli.terminal.batch import tell
    from composer.steps.exporting import run_export
    from composer.steps.naming import piece_meant

    to = to.lower()
    meant = piece_meant(name)
    with show.working(name.name):
        done = meant.told(run_export(meant.path, to, not no_audio, output, force))
    tell(show, done)
    show.result({"to": to, **done.as_json()})
