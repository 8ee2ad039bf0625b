"""A performance is no music to clean: its notes lie off the grid on purpose, and what was written is another file."""

from __future__ import annotations

from pathlib import Path

from composer.errors import UsageProblem, command, printable
from composer.formats.record import path_of_key
from composer.workspace import HUMAN, PieceFiles, PieceState, State, cleanup_output, state_of, step_of


def check_written(midi: Path, output: Path) -> None:
    """Raise UsageProblem for a performance, naming what to clean instead, unless ``output`` is a name of its own.

    The name that cleanup chooses by itself, ``art.human.clean.mid``, would begin another piece.
    """
    if not midi.name.lower().endswith(HUMAN) or output.name != cleanup_output(midi).name or not midi.is_file():
        return
    files = PieceFiles.of(midi)
    origin = _origin(midi, files)
    if origin is None:
        return
    written, grid = printable(origin.name), printable(files.grid.name)
    if state_of(midi, files) is State.EDITED:
        what, first = "that you edited", f"`{command('humanize', midi, '--undo')}`, then clean {grid}"
    else:
        what, first = f"of {written}", f"clean {written} and humanize that"
    raise UsageProblem(midi, f"is a performance {what}", f"{first}, or clean it as it is played with -o and a name")


def _origin(midi: Path, files: PieceFiles) -> Path | None:
    """What was played: as the record has it, else the music of the piece; None where neither is there."""
    step = step_of(files, midi)
    read = [path_of_key(files.folder, key) for key in step.inputs] if step is not None else []
    return next((path for path in read if path.is_file() and path != midi), PieceState(files).written_midi)
