"""The accompaniment LSTM in numpy: one step at a time with carried state, no TensorFlow."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from composer.encoding import figuration, figure_reader
from composer.encoding.figuration import DURATIONS, PULSES, SHAPE_TOKENS
from composer.encoding.figure_reader import OFFSETS, TOTAL_CATEGORIES
from composer.encoding.protocol import Columns, Logits
from composer.errors import MissingTool
from composer.models.lstm_cell import (
    Floats,
    LstmCell,
    LstmState,
    check_arrays,
    folded,
    read_arrays,
    read_card,
    width_of,
)
from composer.resources import PACKAGE

FORMAT = "composer.figuration/1"
FOLDER = PACKAGE / "weights" / "accompaniment"


def figuration_sha256() -> str:
    """sha256, hexadecimal, of every table that gives a column or a logit its meaning."""
    tables = (
        figuration.PULSES,
        figuration.METERS,
        figuration.DURATIONS,
        figuration.SHAPES,
        figuration.GRID_TICKS,
        figure_reader.FEATURES,
        figure_reader.edges(),
    )
    return hashlib.sha256(repr(tables).encode()).hexdigest()


class FigurationState:
    """What is carried from step to step: the LSTM's state, and the hidden layer inputs of the step at hand."""

    __slots__ = ("lstm", "seen")

    def __init__(self, lstm: LstmState, seen: Floats) -> None:
        self.lstm, self.seen = lstm, seen


class NumpyFigurationModel:
    """A trained accompaniment LSTM; implements ``encoding.protocol.FigurationModel`` for one sequence."""

    def __init__(self, name: str, arrays: dict[str, Floats]) -> None:
        self.name = name
        self._cell = LstmCell(arrays["recurrent"], arrays["bias"])
        self._table = folded(arrays)
        units = arrays["recurrent"].shape[0]
        # The heads read the state and the step's own columns: the second part is folded into a table too.
        kernels = np.concatenate([arrays[f"{n}_hidden_kernel"] for n in ("left", "right", "length")], axis=1)
        biases = np.concatenate([arrays[f"{n}_hidden_bias"] for n in ("left", "right", "length")])
        self._hidden_state: Floats = np.ascontiguousarray(kernels[:units])
        self._hidden_table: Floats = arrays["embedding"] @ kernels[units:]
        self._hidden_bias: Floats = biases
        self._width = arrays["left_hidden_bias"].shape[0]
        self._left_rows, self._right_rows = arrays["left_embedding"], arrays["right_embedding"]
        self._heads = {
            head: (arrays[f"{head}_kernel"], arrays[f"{head}_bias"])
            for head in ("pulse", "left", "right", "left_length", "right_length")
        }

    def start(self) -> FigurationState:
        """The state before the first bar."""
        return FigurationState(self._cell.start(1), np.zeros(3 * self._width, np.float32))

    def step(self, state: FigurationState, columns: Columns) -> FigurationState:
        """The state after the columns (K,) of the coming step."""
        rows = columns + OFFSETS
        lstm = self._cell.step(state.lstm, self._table[rows].sum(axis=0, keepdims=True))
        seen = lstm.hidden[0] @ self._hidden_state + self._hidden_table[rows].sum(axis=0) + self._hidden_bias
        return FigurationState(lstm, seen)

    def pulse_logits(self, state: FigurationState) -> Logits:
        """(len(PULSES),) for the bar that begins."""
        return self._logits("pulse", state.seen[: self._width])

    def left_logits(self, state: FigurationState) -> Logits:
        """(SHAPE_TOKENS,) for what the left hand strikes."""
        return self._logits("left", state.seen[: self._width])

    def right_logits(self, state: FigurationState, left: int) -> Logits:
        """(SHAPE_TOKENS,) for what the right hand strikes beside ``left``."""
        return self._logits("right", state.seen[self._width : 2 * self._width] + self._left_rows[left])

    def length_logits(self, state: FigurationState, token: int, is_left: bool) -> Logits:
        """(len(DURATIONS),) for how long the stroke ``token`` of one hand sounds."""
        rows = self._left_rows if is_left else self._right_rows
        head = "left_length" if is_left else "right_length"
        return self._logits(head, state.seen[2 * self._width :] + rows[token])

    def _logits(self, head: str, hidden: NDArray[np.float32]) -> Logits:
        kernel, bias = self._heads[head]
        found: Logits = np.tanh(hidden) @ kernel + bias
        return found


def load_figuration_model(folder: Path = FOLDER) -> NumpyFigurationModel:
    """The model in ``folder``; raises MissingTool when a file is absent, BadInput when it is not what it says."""
    if not folder.is_dir():
        raise MissingTool(folder, "is not in this installation", "install composer again")
    card = read_card(folder, FORMAT, figuration_sha256())
    arrays = read_arrays(folder, card)
    check_arrays(folder, arrays, _shapes(arrays))
    return NumpyFigurationModel(str(card.get("name", folder.name)), arrays)


def _shapes(arrays: dict[str, Floats]) -> dict[str, tuple[int, ...]]:
    width, units = width_of(arrays, "embedding", 1), width_of(arrays, "recurrent", 0)
    hidden = width_of(arrays, "left_embedding", 1)
    sizes = {
        "pulse": len(PULSES),
        "left": SHAPE_TOKENS,
        "right": SHAPE_TOKENS,
        "left_length": len(DURATIONS),
        "right_length": len(DURATIONS),
    }
    expected: dict[str, tuple[int, ...]] = {
        "embedding": (TOTAL_CATEGORIES, width),
        "kernel": (width, 4 * units),
        "recurrent": (units, 4 * units),
        "bias": (4 * units,),
        "left_embedding": (SHAPE_TOKENS, hidden),
        "right_embedding": (SHAPE_TOKENS, hidden),
    }
    for name in ("left", "right", "length"):
        expected[f"{name}_hidden_kernel"] = (units + width, hidden)
        expected[f"{name}_hidden_bias"] = (hidden,)
    for name, size in sizes.items():
        expected[f"{name}_kernel"], expected[f"{name}_bias"] = (hidden, size), (size,)
    return expected
