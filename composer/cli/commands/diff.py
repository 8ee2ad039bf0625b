"""``composer diff``: what is different between two versions of a piece."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.show import Show


def diff(
    show: Show,
    before: Annotated[Path, typer.Argument(help="The old MIDI file.")],
    after: Annotated[Path, typer.Argument(help="The new MIDI file.")],
    tolerance: Annotated[
        int, typer.Option("--tolerance", min=0, max=60, help="Times so many 480ths of a quarter apart are equal.")
    ] = 0,
    png: Annotated[Path | None, typer.Option("--png", help="Draw both as a piano roll, differences in colour.")] = None,
) -> None:
    """Tell by bar and track what changed between two MIDI files. Ends with 0 whether they differ or not."""
    from composer.compare.report import as_json
    from composer.compare.stage import compared
    from composer.compare.summary import rounding_hint, summary_of
    from composer.compare.words import rows_of
    from composer.errors import UsageProblem, printable
    from composer.formats.files import read_bytes, write_whole
    from composer.limits import MIDI_BYTES
    from composer.steps.naming import written_meant

    if png is not None and png.suffix.lower() != ".png":
        raise UsageProblem("--png", f"{png.name!r} does not end in .png", "name a picture, such as changes.png")
    before, after = written_meant(before).path, written_meant(after).path
    old, new = (read_bytes(path, MIDI_BYTES, "MIDI file") for path in (before, after))
    found = compared(old, printable(before.name), new, printable(after.name), tolerance)
    if png is not None:
        from composer.compare.roll import roll_png

        write_whole(png, roll_png(found))
        show.wrote(png)
    show.note(f"{before} -> {after}: {summary_of(found)}")
    if not tolerance and (hint := rounding_hint(found)):
        show.note(f"  {hint}")
    rows = rows_of(found)
    if rows:
        show.table(("bar", "track", "difference"), [row.cells for row in rows])
    show.result({**as_json(found), "png": png})
