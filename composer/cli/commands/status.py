"""``composer status``: which files and bars of each piece are fresh, stale or edited by hand, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.terminal.show import Show

if TYPE_CHECKING:
    from composer.steps.due.overview import Overview
    from composer.workspace import PieceFiles

COLUMNS = ("piece", "file", "state", "why")


def status(
    show: Show,
    folder: Annotated[Path, typer.Argument(help="The folder to look at, or one piece or file of it.")] = Path(),
    bars: Annotated[
        bool, typer.Option("--bars", help="Show every bar of every track: fresh, stale, edited by hand or locked.")
    ] = False,
) -> None:
    """Show which files of each piece are fresh, stale or edited by hand, and why. Nothing is written."""
    from composer.cli.commands.bar_lines import print_maps
    from composer.steps.due.bar_map import maps_of
    from composer.steps.due.overview import Overview
    from composer.workspace import State

    place, pieces = _pieces(folder)
    found = [Overview(piece) for piece in pieces]
    show.table(COLUMNS, [row for one in found for row in _rows(one, in_full=len(found) == 1)])
    if not found:
        show.note(f"{folder}: no pieces here")
    if bars and not show.as_json and not show.quiet:
        print_maps([one for overview in found for one in maps_of(overview)])
    show.result(
        {
            "folder": place,
            "pieces": [_as_json(one) for one in found] if show.as_json else [],
            "edited": [e.path.name for one in found for e in one.entries if e.state is State.EDITED],
        }
    )


def _pieces(asked: Path) -> tuple[Path, tuple[PieceFiles, ...]]:
    """The folder, and the pieces to show: all of them, or the one that is named; raises UsageProblem."""
    from composer.errors import UsageProblem
    from composer.workspace import PieceFiles, pieces_in
    from composer.workspace.names import as_spelt

    asked = as_spelt(asked)
    if asked.is_dir() and asked.suffix not in (".stems", ".pages", ".midi-stems"):
        return asked, pieces_in(asked)
    if not asked.parent.is_dir():
        raise UsageProblem(asked, "is no folder and no piece", "name a folder, a piece or one of its files")
    wanted = (asked.name, PieceFiles.of(asked).name)
    named = [piece for piece in pieces_in(asked.parent) if piece.name in wanted]
    if not named:
        raise UsageProblem(asked, "is no folder and no piece", "name a folder, a piece or one of its files")
    return asked.parent, tuple(sorted(named, key=lambda piece: wanted.index(piece.name))[:1])


def _rows(overview: Overview, in_full: bool) -> list[tuple[str, str, str, str]]:
    """A row for each file that is or was there and for the next one to make; one for all where all is well."""
    from composer.errors import counted
    from composer.workspace import State

    name, following = overview.files.name, overview.next_step
    advice = f"next: {following[1]}" if following else ""
    if not in_full and overview.is_quiet:
        states = sorted({entry.state.value for entry in overview.shown})
        return [(name, counted(len(overview.shown), "file"), ", ".join(states), advice)]
    problem = overview.state.record_problem
    rows = [(name, overview.files.record.name, "", problem)] if problem else []
    rows += [(name, e.path.name, e.state.value, "; ".join(e.why)) for e in overview.shown]
    if following is None:
        return rows
    is_shown = any(e.path == following[0] for e in overview.shown)
    return [*rows, (name, "" if is_shown else following[0].name, "" if is_shown else State.MISSING.value, advice)]


def _as_json(overview: Overview) -> dict[str, object]:
    from composer.steps.due.bar_map import maps_of

    following, problem = overview.next_step, overview.state.record_problem
    return {
        "name": overview.files.name,
        "files": {entry.path.name: entry.state.value for entry in overview.entries},
        "why": {entry.path.name: list(entry.why) for entry in overview.entries if entry.why},
        "record": problem or None,
        "next": following[1] if following else None,
        "bars": [one.as_json() for one in maps_of(overview)],
    }
