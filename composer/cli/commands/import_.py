"""``composer import``: a file back from a DAW is put back into the piece that it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.options import Force, Output
from composer.cli.terminal.show import Show


def import_(
    show: Show,
    file: Annotated[Path, typer.Argument(help="A MIDI file that your DAW exported.", show_default=False)],
    into: Annotated[Path, typer.Option("--into", help="The piece: its name, or one of its files.", show_default=False)],
    bars: Annotated[
        str | None,
        typer.Option("--bars", help="Where a clip belongs: 25-32, or a section's name.", show_default=False),
    ] = None,
    tracks: Annotated[
        str | None,
        typer.Option("--tracks", help="The tracks of the piece that it is of, with commas.", show_default=False),
    ] = None,
    output: Output = None,
    force: Force = False,
) -> int:
    """Put a file from your DAW back into its piece: what the DAW lost is rebuilt, what you changed stays."""
    from composer.steps.returning import run_import
    from composer.workspace.names import as_spelt

    file, into = as_spelt(file), as_spelt(into)
    with show.working(file.name):
        names = None if tracks is None else tuple(name.strip() for name in tracks.split(","))
        done = run_import(file, into, output, force, bars=bars, tracks=names)
    show.wrote(done.files[0])
    for line in done.notes:
        show.note(f"  {line}")
    show.result({"input": file, **done.as_json()})
    return 0
