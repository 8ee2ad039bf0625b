"""Figured songs -> padded batches for the accompaniment LSTM, with the controls partly hidden as a plan may leave them.

A song is cut at bar lines into windows of at most ``WINDOW`` steps. The columns of a window still look back into the
bars before it; only the recurrence begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.corpus.figurations import FiguredSong
from composer.encoding.figure_reader import CONTROLS, FEATURES, FigureReader

Ints = NDArray[np.int32]
WINDOW = 160
LENGTHS = (64, 112, WINDOW)  # windows are padded to the next of these, so that few shapes are compiled
_NAMES = tuple(FEATURES)
CONTROL_COLUMNS = tuple(_NAMES.index(name) for name in CONTROLS)
# The targets of a step: the pulse where a bar begins, else shapes and lengths. -1 where there is nothing to tell.
PULSE, LEFT, RIGHT, LEFT_LENGTH, RIGHT_LENGTH = range(5)
HEADS = ("pulse", "left", "right", "left_length", "right_length")


@dataclass(frozen=True, slots=True)
class FigureSequence:
    """Some bars of one song: columns (T, K), targets (T, 5) and the bar of each step (T,)."""

    columns: Ints
    targets: Ints
    bars: Ints


@dataclass(frozen=True, slots=True)
class FigureBatch:
    """Padded arrays (B, T, K) and (B, T, 5)."""

    columns: Ints
    targets: Ints


def sequence_of(song: FiguredSong) -> FigureSequence:
    """All steps of ``song``."""
    reader = FigureReader(song.frame)
    rows, targets, bars = [], [], []
    for bar, figure in enumerate(song.figures):
        reader.begin_bar()
        rows.append(reader.columns())
        targets.append((figure.pulse, -1, -1, -1, -1))
        reader.push_pulse(figure.pulse)
        for step in figure.steps:
            rows.append(reader.columns())
            left_length = step.left_length if step.left else -1
            targets.append((-1, step.left, step.right, left_length, step.right_length if step.right else -1))
            reader.push(step)
        bars += [bar] * (1 + len(figure.steps))
    return FigureSequence(np.array(rows, np.int32), np.array(targets, np.int32), np.array(bars, np.int32))


def windows_of(sequence: FigureSequence) -> list[FigureSequence]:
    """``sequence`` cut at bar lines into windows of at most ``WINDOW`` steps."""
    starts = np.flatnonzero(sequence.targets[:, PULSE] >= 0).tolist()
    ends = [*starts[1:], len(sequence.bars)]
    found, first = [], 0
    for start, end in zip(starts, ends, strict=True):
        if end - first > WINDOW and start > first:
            found.append(_cut(sequence, first, start))
            first = start
    found.append(_cut(sequence, first, ends[-1]))
    return found


def epoch_batches(
    windows: Sequence[FigureSequence], size: int, dropout: float, generator: np.random.Generator
) -> Iterator[FigureBatch]:
    """All windows once, in random order, grouped by length, with controls hidden at the rate ``dropout``."""
    lengths = np.array([len(w.bars) for w in windows])
    order = np.argsort(lengths + generator.uniform(0, 24, len(lengths)), kind="stable").tolist()
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    for index in generator.permutation(len(groups)):
        yield batch_of([_with_unknowns(windows[i], dropout, generator) for i in groups[index]], size)


def plain_batches(windows: Sequence[FigureSequence], size: int, hide: Sequence[int] = ()) -> Iterator[FigureBatch]:
    """All windows once, by length, with the columns in ``hide`` unknown."""
    ordered = sorted(windows, key=lambda w: len(w.bars))
    for first in range(0, len(ordered), size):
        yield batch_of([_hidden(w, hide) for w in ordered[first : first + size]], size)


def batch_of(windows: Sequence[FigureSequence], size: int) -> FigureBatch:
    """``windows`` padded to one length of ``LENGTHS`` and to ``size`` rows."""
    longest = max(len(w.bars) for w in windows)
    length = next((n for n in LENGTHS if n >= longest), longest)
    columns = np.zeros((size, length, len(FEATURES)), np.int32)
    targets = np.full((size, length, len(HEADS)), -1, np.int32)
    for row, window in enumerate(windows):
        columns[row, : len(window.bars)], targets[row, : len(window.bars)] = window.columns, window.targets
    return FigureBatch(columns, targets)


def _cut(sequence: FigureSequence, first: int, last: int) -> FigureSequence:
    return FigureSequence(sequence.columns[first:last], sequence.targets[first:last], sequence.bars[first:last])


def _hidden(window: FigureSequence, hide: Sequence[int]) -> FigureSequence:
    if not hide:
        return window
    columns = window.columns.copy()
    columns[:, list(hide)] = 0
    return replace(window, columns=columns)


def _with_unknowns(window: FigureSequence, dropout: float, generator: np.random.Generator) -> FigureSequence:
    """Each control unknown with that chance: half of it for the whole window, half bar by bar."""
    columns = window.columns.copy()
    bars = window.bars - window.bars[0]
    for column in CONTROL_COLUMNS:
        if generator.random() < dropout / 2:
            columns[:, column] = 0
        else:
            columns[(generator.random(int(bars[-1]) + 1) < dropout / 2)[bars], column] = 0
    if generator.random() < dropout / 2:
        columns[:, list(CONTROL_COLUMNS)] = 0
    return replace(window, columns=columns)
