"""``composer evaluate``: what can be measured in pieces, beside what real tunes measure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.terminal.show import Show
from composer.errors import counted

if TYPE_CHECKING:
    from composer.evaluate.stage import Evaluation
    from composer.formats.brief.brief import Brief


def evaluate(
    show: Show,
    paths: Annotated[list[Path], typer.Argument(help="MIDI files, or folders of pieces.", metavar="PATHS...")],
    beside: Annotated[
        Path | None, typer.Option("--beside", help="A folder to compare with; `A B` means `A --beside B`.")
    ] = None,
    brief: Annotated[Path | None, typer.Option("--brief", help="The brief; the one beside the file if absent.")] = None,
    style: Annotated[
        str | None,
        typer.Option("--style", help="Real tunes to compare with: dance, chorale or lied; by density if absent."),
    ] = None,
    plots: Annotated[Path | None, typer.Option("--plots", help="Draw the distributions of a set: a PNG file.")] = None,
) -> int:
    """Measure pieces beside real tunes: one file in full, several or a folder as a set, two folders side by side."""
    from composer.cli.commands.evaluate_sets import read_set, tell_beside, tell_set, write_plots
    from composer.errors import UsageProblem
    from composer.evaluate.anchors import STYLES
    from composer.evaluate.beside import Beside
    from composer.steps.naming import written_meant

    paths = [path if path.is_dir() else written_meant(path).path for path in paths]
    style = style.lower() if style is not None else None
    if style is not None and style not in STYLES:
        raise UsageProblem("--style", f"{style!r} is no style of real tunes", f"choose {' or '.join(STYLES)}")
    if beside is None and len(paths) == 2 and all(path.is_dir() for path in paths):
        paths, beside = paths[:1], paths[1]
    if beside is None and plots is None and len(paths) == 1 and not paths[0].is_dir():
        return _tell_one(show, paths[0], _evaluated(paths[0], brief, style))

    def piece(path: Path) -> Evaluation:
        return _evaluated(path, brief, style)

    one = read_set(show, paths, piece, style)
    if beside is None:
        tell_set(show, one)
        write_plots(show, plots, (one,))
        show.result(one.as_json())
        return 0
    other = read_set(show, [beside], piece, style)
    both = Beside(one, other)
    tell_beside(show, both)
    write_plots(show, plots, (one, other))
    show.result(both.as_json())
    return 0


def _evaluated(path: Path, brief: Path | None, style: str | None) -> Evaluation:
    """The evaluation of one file by the brief named or the one beside it."""
    from composer.errors import printable
    from composer.evaluate.stage import evaluated
    from composer.formats.files import read_bytes
    from composer.limits import MIDI_BYTES

    plan = _plan(path, brief)
    return evaluated(read_bytes(path, MIDI_BYTES, "MIDI file"), printable(path.name), plan, style)


def _plan(path: Path, brief: Path | None) -> Brief | None:
    from composer.steps.briefing import brief_in
    from composer.workspace import PieceFiles

    beside = brief or PieceFiles.of(path).brief
    return brief_in(beside) if brief or beside.is_file() else None


def _tell_one(show: Show, path: Path, found: Evaluation) -> int:
    """Everything about one piece."""
    from composer.cli.commands.evaluate_sets import control_words

    show.note(f"{path}: {counted(found.bars, 'bar')}, {counted(found.notes, 'note')} in the melody")
    show.note(f"  beside {found.anchors.tunes} real tunes ({found.anchors.style})")
    columns = ("measure", "value", "percentile", "p10", "p50", "p90", "aim", "inside")
    show.table(columns, [row.cells() for row in found.rows()])
    for fault in found.faults():
        show.note(f"  {fault}")
    if found.passed:
        show.note(f"  none of {len(found.gates)} kinds of fault")
    show.note(f"  originality: {found.originality.words()}")
    if found.control is not None:
        show.note(f"  as the brief asks (Spearman): {control_words(found.control.rho)}")
        for words in found.control.broken:
            show.note(f"  {words}")
    show.result({"file": path, **found.as_json()})
    return 0
