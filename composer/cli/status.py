"""``composer status``: which files of each piece are fresh, stale, edited by hand or missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.show import Show

if TYPE_CHECKING:
    from composer.workspace import PieceFiles, State


def status(show: Show, folder: Annotated[Path, typer.Argument(help="The folder to look at.")] = Path()) -> None:
    """Show for each piece which files are fresh, stale, edited by hand or missing. Nothing is written."""
    from composer.workspace import State, pieces_in

    found = [(piece, {path.name: _state(path, piece) for path in _shown(piece)}) for piece in pieces_in(folder)]
    rows = [(piece.name, name, state.value) for piece, states in found for name, state in states.items()]
    show.table(("piece", "file", "state"), rows)
    if not found:
        show.note(f"{folder}: no pieces here")
    show.result(
        {
            "folder": folder,
            "pieces": [
                {"name": piece.name, "files": {name: state.value for name, state in states.items()}}
                for piece, states in found
            ],
            "edited": [name for _, states in found for name, state in states.items() if state is State.EDITED],
        }
    )


def _state(path: Path, piece: PieceFiles) -> State:
    """What the record knows of ``path``; a draft of other weights, or audio of another mix, is stale too."""
    from composer.cli.rendering import has_other_mix
    from composer.cli.steps import is_of_today
    from composer.workspace import State, state_of, step_of

    state = state_of(path, piece)
    step = step_of(piece, path) if state is State.FRESH else None
    if step is None:
        return state
    if path in (piece.wav, piece.stems):
        return State.STALE if has_other_mix(piece, step) else state
    return State.STALE if path in (piece.draft, *piece.takes) and not is_of_today(step) else state


def _shown(piece: PieceFiles) -> list[Path]:
    """The files that every piece has, and those optional ones that are there."""
    always = [piece.brief, piece.draft, piece.midi, piece.musicxml, piece.report, piece.wav]
    there = [p for p in (piece.clean, piece.human, piece.grid, piece.mix, piece.card, piece.stems) if p.exists()]
    return [*always, *there, *piece.exports, *piece.takes]
