"""``composer watch``: every save runs the steps after it and renders a preview."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.terminal.options import Soundfont
from composer.cli.terminal.show import Show

if TYPE_CHECKING:
    from composer.cli.watching.loop import Target
    from composer.workspace import PieceFiles


def watch(
    show: Show,
    subject: Annotated[
        Path,
        typer.Argument(metavar="[PIECE]", help="A piece, by its name or any of its files, or a folder of them."),
    ] = Path(),
    once: Annotated[bool, typer.Option("--once", help="Bring everything up to date, and stop.")] = False,
    preview: Annotated[bool, typer.Option("--preview/--no-preview", help="Render NAME.preview.wav.")] = True,
    play: Annotated[
        str | None,
        typer.Option("--play", help="A program that plays each new preview, such as aplay or afplay."),
    ] = None,
    soundfont: Soundfont = None,
) -> int:
    """Run what is stale after each save, in your editor or your DAW, and render NAME.preview.wav. Ctrl-C stops it."""
    from composer.cli.terminal.stopping import Terminated, stoppable
    from composer.cli.watching.lock import only_watch
    from composer.cli.watching.loop import Says, Watch
    from composer.cli.watching.player import Player
    from composer.errors import UsageProblem
    from composer.steps.due.asked import Asked
    from composer.steps.due.stages import UNHEARD, WATCHED

    if play is not None and (once or not preview):
        clash = "--once" if once else "--no-preview"
        raise UsageProblem("--play", f"has nothing to play with {clash}", "leave one of the two out")
    target, picture = _target(subject)
    asked, finds = Asked(picture=picture, soundfont=soundfont), WATCHED if preview else UNHEARD
    says = Says(show)
    try:
        with stoppable(), only_watch(target.folder, target.name), ExitStack() as stack:
            player = stack.enter_context(Player(play)) if play is not None else None
            loop = Watch(target, asked, says, finds=finds, play=player.play if player else None)
            if once:
                return loop.bring_up_to_date(target.pieces())
            pieces = target.pieces()
            says.line(f"watching {_named(target, len(pieces))}; Ctrl-C stops", "watching", pieces=len(pieces))
            loop.bring_up_to_date(_at_once(pieces))
            loop.run()
    except KeyboardInterrupt as stop:
        says.line("stopped", "stopped")
        if not isinstance(stop, Terminated):
            raise
    return 0


def _target(subject: Path) -> tuple[Target, Path | None]:
    """What to watch, and the picture that was named; raises UsageProblem for what is nothing of a piece."""
    from composer.cli.watching.loop import Target
    from composer.errors import UsageProblem
    from composer.workspace import SUFFIXES, PieceFiles, pieces_in
    from composer.workspace.names import as_spelt

    subject = as_spelt(subject)
    if subject.is_dir():
        return Target(subject), None
    files = PieceFiles.of(subject)
    if subject.is_file():
        is_picture = subject.name[len(files.name) :].lower() not in SUFFIXES
        return Target(files.folder, files.name), subject if is_picture else None
    known = pieces_in(subject.parent) if subject.parent.is_dir() else ()
    if PieceFiles(subject.parent, subject.name) in known:
        return Target(subject.parent, subject.name), None
    if files in known:
        return Target(files.folder, files.name), None
    raise UsageProblem(subject, "no piece and no folder has this name", "name a file of the piece, or its folder")


def _named(target: Target, count: int) -> str:
    if target.name is not None:
        return target.name
    return f"{count} piece{'' if count == 1 else 's'} in {target.folder.absolute().name or target.folder}"


def _at_once(pieces: tuple[PieceFiles, ...]) -> list[PieceFiles]:
    """The pieces that are brought up to date before anything is saved: of many only those that were watched before."""
    return [files for files in pieces if len(pieces) == 1 or files.preview.exists()]
