"""``composer undo``: a MIDI file as it was before composer last wrote over it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.show import Show


def undo(
    show: Show,
    file: Annotated[Path, typer.Argument(help="The MIDI file, or the piece: then what was written last of it.")],
) -> int:
    """Put a MIDI file back to what it was before `composer` last wrote over it; once more goes one step further."""
    from composer.errors import BadInput
    from composer.steps.naming import rewritten_meant
    from composer.workspace import PieceFiles, edited_bars, put_back

    meant = rewritten_meant(file)
    files = PieceFiles.of(meant.path)
    kept = put_back(files, meant.path)
    if kept is None:
        raise BadInput(meant.path, "the record knows nothing of it before", "look for a numbered copy beside it")
    lines = list(meant.lines)
    if kept != meant.path:
        lines.append(f"what was there is kept as {kept.name}")
    if edited_bars(files, meant.path):
        lines.append("with your edits of then")
    show.wrote(meant.path)
    for line in lines:
        show.note(f"  {line}")
    show.result({"files": [meant.path], "kept": None if kept == meant.path else kept})
    return 0
