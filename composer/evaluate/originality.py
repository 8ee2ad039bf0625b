"""How long a melody goes along with a known tune, which tune that is, and in which bars.

The search itself is in ``composer.encoding.originality``, which composing uses too; here the run gets its bars.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from composer.encoding.originality import KnownRuns, KnownTune, SharedRun, known_runs
from composer.evaluate.line import Line

WARNING_MOVES = 15  # sixteen notes in a row are worth a look
COMMON_MOVES, LONG_MOVES = 12, 16


@dataclass(frozen=True, slots=True)
class Originality:
    """The longest run that a melody shares: ``length`` moves (one fewer than notes), in bars ``first_bar`` to
    ``last_bar`` (from 1), with ``tune``; ``coverage`` is the share of moves in runs of 12 or more."""

    length: int
    coverage: float
    first_bar: int = 0
    last_bar: int = 0
    tune: KnownTune | None = None

    @property
    def is_warning(self) -> bool:
        return self.length >= WARNING_MOVES

    def words(self) -> str:
        """One line for a person."""
        if self.tune is None:
            return "shares no run of 9 notes or more with a known tune"
        title = f" ({self.tune.title})" if self.tune.title else ""
        bars = f"bar {self.first_bar}" if self.first_bar == self.last_bar else f"bars {self.first_bar}-{self.last_bar}"
        return f"{self.length + 1} notes in a row, {bars}, are also in {self.tune.id}{title}"

    def as_json(self) -> Mapping[str, Any]:
        tune = self.tune
        return {
            "longest_run_moves": self.length,
            "bars": [self.first_bar, self.last_bar] if tune else None,
            "tune": {"id": tune.id, "title": tune.title, "split": tune.split} if tune else None,
            "coverage": round(self.coverage, 4),
            "warning": self.is_warning,
        }


def originality_of(line: Line, known: KnownRuns | None = None, ignore: Collection[int] = ()) -> Originality:
    """What ``line`` shares with the known tunes (the shipped index unless another is given)."""
    return originalities_of([line], known, ignore)[0]


def originalities_of(
    lines: Sequence[Line], known: KnownRuns | None = None, ignore: Collection[int] = ()
) -> list[Originality]:
    """The same for many melodies in one search."""
    index = known or known_runs()
    found = index.longest_runs([line.notes for line in lines], ignore)
    return [_placed(run, line, index) for run, line in zip(found, lines, strict=True)]


def _placed(run: SharedRun, line: Line, index: KnownRuns) -> Originality:
    if run.tune is None:
        return Originality(0, run.coverage)
    first, last = line.notes[run.note], line.notes[run.note + run.length]
    bars = line.bar_number(first.start), line.bar_number(last.start)
    return Originality(run.length, run.coverage, *bars, index.tunes[run.tune])


@dataclass(frozen=True, slots=True)
class SharedRuns:
    """Figures over a set of melodies: median and largest run in moves, shares with runs of 12 and 16 or more, and
    mean coverage."""

    median: float
    largest: int
    share_12: float
    share_16: float
    coverage: float


def shared_runs(found: Sequence[Originality]) -> SharedRuns:
    """Raises ValueError for no melodies."""
    if not found:
        raise ValueError("no melodies to look up")
    lengths = np.array([one.length for one in found])
    return SharedRuns(
        median=float(np.median(lengths)),
        largest=int(lengths.max()),
        share_12=float((lengths >= COMMON_MOVES).mean()),
        share_16=float((lengths >= LONG_MOVES).mean()),
        coverage=float(np.mean([one.coverage for one in found])),
    )
