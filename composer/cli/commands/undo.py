"""``composer undo``: a MIDI file as it was before composer last wrote over it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.show import Show


def undo(
    show: Show,
    file: Annotated[Path, typer.Argument(help="The MIDI file, or the piece: then what was last composed anew of it.")],
) -> None:
    """Put a MIDI file back to what it was before `composer` last wrote over it; once more goes one step further."""
    from composer.cli.terminal.batch import tell
    from composer.steps.undoing import run_undo

    done = run_undo(file)
    tell(show, done)
    show.result({"files": done.files, "kept": done.facts["kept"]})
