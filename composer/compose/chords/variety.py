"""Which of several paths of chords to take: by likelihood, by variety, and by how well the tension follows the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.search import HELD_BARS, Paths
from composer.compose.chords.table import ModeTable
from composer.encoding.harmony import raw_of_level

Floats = NDArray[np.float64]
SEE_SAW_BARS = 4  # bars that may swing between two chords
RICH_BARS, RICH_CHORDS = 4, 3  # in four bars three chords at least, however calm
_FAULT = 4.0  # nats for each breach of a rule
_TENSION = 6.0  # nats for a raw tension that misses its target by 1
_LIKELIHOOD = 1.0  # nats for a nat a chord
_PREPARED = 0.4  # nats for a predominant before the dominant of a cadence
_SPREAD = 0.35  # nats: how freely the choice falls on a worse path


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the paths stand: the bar (from 0, in the phrase's part) of each slot, the target tension of each bar, and
    the downbeat chords of the section's bars before (state indices, -1: in no table)."""

    bars: tuple[int, ...]
    targets: tuple[float, ...]
    before: tuple[int, ...]


def chosen(paths: Paths, table: ModeTable, setting: Setting, rng: np.random.Generator) -> list[int]:
    """One path, the better the likelier."""
    unique, first = np.unique(paths.states, axis=0, return_index=True)
    scores = np.array(
        [
            _LIKELIHOOD * paths.log_likelihood[index] / len(path) + score(path.tolist(), table, setting)
            for path, index in zip(unique, first, strict=True)
        ]
    )
    weights = np.exp((scores - scores.max()) / _SPREAD)
    return [int(state) for state in unique[rng.choice(len(unique), p=weights / weights.sum())]]


def score(path: Sequence[int], table: ModeTable, setting: Setting) -> float:
    """What speaks for a path beside its likelihood, in nats."""
    raw = _bar_means([float(table.tension[state]) for state in path], setting.bars)
    missed = float(np.abs(raw - raw_of_level(np.asarray(setting.targets))).mean())
    prepared = len(path) > 2 and table.states[path[-3]].root in (2, 5)
    return _PREPARED * prepared - _TENSION * missed - _FAULT * faults(path, table, setting)


def faults(path: Sequence[int], table: ModeTable, setting: Setting) -> int:
    """How many rules of variety the path breaks, seen with the bars before it."""
    mains = _mains(path, setting.bars)
    line = [*setting.before[-(SEE_SAW_BARS + 1) :], *mains]
    roots = [table.states[s].root if s >= 0 else -1 - i for i, s in enumerate(line)]
    held = max(len(list(run)) for _, run in groupby(roots[-(len(mains) + HELD_BARS) :]))
    found = int(held > HELD_BARS) + see_saws(roots)
    is_poor = len(mains) >= RICH_BARS
    return found + int(is_poor and len({table.states[s].root for s in path}) < RICH_CHORDS)


def see_saws(roots: Sequence[int]) -> int:
    """How often more than ``SEE_SAW_BARS`` bars in a row have only two roots, to and fro."""
    size = SEE_SAW_BARS + 1
    windows = (roots[i : i + size] for i in range(len(roots) - size + 1))
    return sum(
        len(set(window)) == 2
        and all(a == c and a != b for a, b, c in zip(window, window[1:], window[2:], strict=False))
        for window in windows
    )


def _mains(path: Sequence[int], bars: Sequence[int]) -> list[int]:
    """The chord on the downbeat of each bar."""
    return [state for i, (state, bar) in enumerate(zip(path, bars, strict=True)) if i == 0 or bars[i - 1] != bar]


def _bar_means(values: Sequence[float], bars: Sequence[int]) -> Floats:
    found: dict[int, list[float]] = {}
    for value, bar in zip(values, bars, strict=True):
        found.setdefault(bar, []).append(value)
    return np.array([np.mean(group) for group in found.values()])
