"""Runs ``composer`` in this process, for the round-trip kit, and collects what is wrong."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from composer.cli.app import main

# No command may take longer over a file of these sizes.
LIMIT_S = 90
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Run:
    """Exit code, the object on stdout (empty without ``--json``) and what stood on stderr."""

    code: int
    result: dict[str, Any]
    told: str


def run(*words: object) -> Run:
    """``composer`` with these words and ``--json``."""
    out, told = io.StringIO(), io.StringIO()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LIMIT_S)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
            code = main([*(str(word) for word in words), "--json"])
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        signal.alarm(0)
    text = out.getvalue()
    late = f" (over {LIMIT_S} s)" if code == INTERRUPTED else ""
    return Run(code, json.loads(text) if text.strip() else {}, told.getvalue() + late)


def _too_long(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


@dataclass(slots=True)
class Ledger:
    """What was done how often, and what was wrong where."""

    done: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    faults: list[tuple[str, str, str]] = field(default_factory=list)  # flow, file, what

    @contextlib.contextmanager
    def doing(self, flow: str) -> Any:
        start = time.perf_counter()
        yield
        self.done[flow] += 1
        self.seconds[flow] += time.perf_counter() - start

    def check(self, flow: str, file: str, faults: Iterable[str]) -> None:
        found = [(flow, file, fault) for fault in faults]
        self.faults += found
        for _, _, fault in found[:3]:
            print(f"VIOLATION {flow}: {file}: {fault}", flush=True)

    def table(self) -> str:
        """A line for each flow."""
        rows = []
        for flow, count in sorted(self.done.items()):
            wrong = len({file for f, file, _ in self.faults if f == flow})
            rows.append(f"{flow:34} {count:6} done {wrong:5} with violations {self.seconds[flow]:8.1f} s")
        return "\n".join(rows)


def fresh(folder: Path) -> Path:
    """An empty folder of that name."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
