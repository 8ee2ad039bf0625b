"""``composer plan``: the form that a brief gets, phrase by phrase, before any note is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from composer.cli.terminal.options import Seed
from composer.cli.terminal.show import Show

if TYPE_CHECKING:
    from composer.formats.brief.brief import Brief


def plan(
    show: Show,
    brief: Annotated[Path, typer.Argument(help="A brief: NAME.brief.json.", show_default=False)],
    seed: Seed = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the phrases into the brief, to edit; a numbered backup is kept.")
    ] = False,
) -> int:
    """Show the plan of a brief: its phrases, how they close, what they are made from, and where the climax is."""
    from composer.compose.planned import COLUMNS, plan_for, rows_of, written_phrases
    from composer.errors import command
    from composer.steps.briefing import brief_in
    from composer.steps.naming import brief_meant
    from composer.steps.seeds import checked_seed

    meant = brief_meant(brief)
    brief = meant.path
    content = brief_in(brief, to_compose=True)
    _check_locked(brief, content)
    chosen = checked_seed(seed if seed is not None else content.seed)
    drawn = plan_for(content, chosen)
    rows = rows_of(drawn, content)
    show.table(COLUMNS, [row.cells() for row in rows])
    for line in meant.lines:
        show.note(line)
    show.note(f"seed {chosen}, climax in bar {drawn.climax_bar + 1}")
    if seed is None and content.seed is None:
        show.note(f"next, to compose this: {command('generate', brief, '--seed', str(chosen))}")
    backup = _write(brief, written_phrases(drawn)) if write else None
    if backup is not None:
        show.wrote(brief, f"its phrases are written out; the brief before is {backup.name}")
    show.result(
        {
            "seed": chosen,
            "climax_bar": drawn.climax_bar + 1,
            "phrases": [asdict(row) for row in rows],
            "bars": [{"bar": number, **asdict(bar)} for number, bar in enumerate(drawn.bars, 1)],
            "written": None if backup is None else {"brief": brief, "backup": backup},
        }
    )
    return 0


def _check_locked(path: Path, brief: Brief) -> None:
    """Raise BadInput for what the brief at ``path`` locks and the draft beside it does not have: no step would run."""
    from composer.errors import ComposerError, printable
    from composer.formats.midi.regions import locked_cells
    from composer.formats.midi.source import read_source
    from composer.steps.returning import read_whole
    from composer.workspace import PieceFiles

    draft = PieceFiles.of(path).draft
    if not brief.locked or not draft.is_file():
        return
    try:
        source = read_source(read_whole(draft)[0], printable(draft.name))
    except ComposerError:  # a plan needs no draft
        return
    locked_cells(source, brief, printable(path.name))


def _write(path: Path, phrases: Sequence[Sequence[Mapping[str, Any]]]) -> Path:
    """Put ``phrases`` into the brief at ``path`` and leave the rest as the person wrote it; the copy kept before."""
    from composer.formats.files import read_bytes, write_whole
    from composer.formats.strict_json import dump_json, parse_json
    from composer.limits import JSON_BYTES
    from composer.workspace import backup

    content: Any = parse_json(read_bytes(path, JSON_BYTES, "brief"), path.name)
    form = [{**section, "phrases": list(own)} for section, own in zip(content["form"], phrases, strict=True)]
    kept = backup(path)
    write_whole(path, dump_json({**content, "form": form}))
    return kept
