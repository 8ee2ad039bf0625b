"""``composer humanize``: music on the grid -> a performance of it, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.options import Force, Output, Seed
from composer.cli.terminal.show import Show


def humanize(
    show: Show,
    midi: Annotated[Path, typer.Argument(help="A MIDI file, or a performance to take back.", show_default=False)],
    strength: Annotated[
        float | None, typer.Option("--strength", help="From 0, nothing, to 1; 0.5 if absent.", show_default=False)
    ] = None,
    seed: Seed = None,
    keep_dynamics: Annotated[bool, typer.Option("--keep-dynamics", help="Leave every velocity as it is.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", "--grid", help="Back to the grid: NAME.grid.mid, with what you changed since.")
    ] = False,
    output: Output = None,
    force: Force = False,
) -> int:
    """Play it: dynamics, timing, articulation, pedal, ritardandi. NAME.human.mid, with NAME.grid.mid to go back to."""
    from composer.errors import UsageProblem
    from composer.humanize.layer import DEFAULT_STRENGTH
    from composer.steps.humanizing import Wished, run_humanize, run_undo
    from composer.steps.naming import output_of, performance_meant, written_meant
    from composer.workspace import PieceFiles

    if undo and (strength is not None or seed is not None or keep_dynamics):
        raise UsageProblem("--undo", "takes the layer off, so it has no strength, seed or dynamics", "leave them out")
    meant = performance_meant(midi) if undo else written_meant(midi)
    midi = meant.path
    with show.working(midi.name):
        if undo:
            done = run_undo(midi, output_of(output, PieceFiles.of(midi).grid))
        else:
            wished = Wished(DEFAULT_STRENGTH if strength is None else strength, seed, keep_dynamics, force)
            done = run_humanize(midi, output_of(output, PieceFiles.of(midi).human), wished)
    done = meant.told(done)
    for path in done.files:
        show.wrote(path)
    for line in done.notes:
        show.note(f"  {line}")
    show.result({"input": midi, **done.as_json()})
    return 0
