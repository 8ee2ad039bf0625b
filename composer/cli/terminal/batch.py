"""The same step over several files: one that fails does not stop the others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from composer.cli.terminal.exits import DONE, reported
from composer.cli.terminal.show import Show
from composer.steps.done import Done


def each(show: Show, paths: Sequence[Path], step: Callable[[Path], Done]) -> int:
    """Run ``step`` on every path and say what came of it; the exit code of the first failure."""
    results, first_failure = [], DONE
    for path in paths:
        try:
            with show.working(path.name):
                done = step(path)
        except Exception as error:
            if len(paths) == 1:
                raise
            first_failure = first_failure or reported(error, sys.argv[1:])
            continue
        tell(show, done)
        results.append({"input": str(path), **done.as_json()})
    show.result(results[0] if len(paths) == 1 else {"results": results})
    return first_failure


def tell(show: Show, done: Done) -> None:
    """Say what a step wrote, and what the person should know."""
    for path in done.files:
        show.wrote(path)
    for line in done.notes:
        show.note(f"  {line}")
