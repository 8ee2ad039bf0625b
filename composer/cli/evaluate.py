"""``composer evaluate``: what can be measured in a piece, beside what real tunes measure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.show import Show


def evaluate(
    show: Show,
    files: Annotated[list[Path], typer.Argument(help="MIDI files.")],
    brief: Annotated[Path | None, typer.Option("--brief", help="The brief; the one beside the file if absent.")] = None,
) -> None:
    """Measure MIDI files beside real tunes: percentiles, the range of a good piece, and faults."""
    from composer.cli.steps import brief_in
    from composer.errors import printable
    from composer.evaluate.stage import evaluated
    from composer.formats.files import read_bytes
    from composer.limits import MIDI_BYTES
    from composer.workspace import PieceFiles

    results = []
    for path in files:
        beside = brief or PieceFiles.of(path).brief
        plan = brief_in(beside) if brief or beside.is_file() else None
        found = evaluated(read_bytes(path, MIDI_BYTES, "MIDI file"), printable(path.name), plan)
        show.note(f"{path}: {found.bars} bars, {found.notes} notes in the melody")
        show.note(f"  beside {found.anchors.tunes} real tunes ({found.anchors.style})")
        columns = ("measure", "value", "p10", "p50", "p90", "aim", "inside")
        show.table(columns, [row.cells() for row in found.rows()])
        faults = [gate for gate in found.gates if not gate.passed]
        for gate in faults:
            bars = ", ".join(map(str, gate.where[:8]))
            show.note(f"  {gate.name}: {gate.note} (bar {bars})")
        if not faults:
            show.note(f"  none of {len(found.gates)} kinds of fault")
        results.append({"file": path, **found.as_json()})
    show.result(results[0] if len(results) == 1 else {"results": results})
