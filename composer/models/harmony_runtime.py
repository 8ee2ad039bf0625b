"""The harmony LSTM in numpy: one step per chord with carried state, no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.harmony import (
    COLUMNS,
    OFFSETS,
    PARENTS,
    STATE_TOKENS,
    TOKEN_COUNT,
    TOTAL_CATEGORIES,
    Ints,
    vocabulary_sha256,
)
from composer.models import lstm_cell
from composer.models.lstm_cell import Floats, LstmCell, LstmState
from composer.resources import PACKAGE

FORMAT = "composer.harmony-lstm/1"
FOLDER = PACKAGE / "weights" / "harmony" / "lstm"
_FORBIDDEN = np.float32(-1e9)


class NumpyHarmonyModel:
    """A trained harmony LSTM; implements ``encoding.harmony.HarmonyModel``."""

    def __init__(self, name: str, arrays: dict[str, Floats]) -> None:
        self.name = name
        self._lstm = LstmCell(arrays["recurrent"], arrays["bias"])
        self._table = lstm_cell.folded(arrays)
        self._head = (arrays["chord_kernel"], arrays["chord_bias"])
        self._masks = np.zeros((len(PARENTS) + 1, TOKEN_COUNT), np.float32)
        for index, mode in enumerate(PARENTS, 1):
            self._masks[index] = _FORBIDDEN
            self._masks[index, STATE_TOKENS[mode]] = 0.0
        self._bigrams = {
            mode: (arrays[f"start_{mode}"].astype(float), arrays[f"bigram_{mode}"].astype(float)) for mode in PARENTS
        }

    def start(self, batch: int) -> LstmState:
        """The state before the first chord."""
        return self._lstm.start(batch)

    def step(self, state: LstmState, columns: Ints) -> tuple[LstmState, Floats]:
        """Columns (B, K) -> the new state and logits (B, TOKEN_COUNT), -1e9 for chords of the other mode."""
        after = self._lstm.step(state, self._table[columns + OFFSETS].sum(axis=1))
        kernel, bias = self._head
        return after, after.hidden @ kernel + bias + self._masks[columns[:, COLUMNS["mode"]]]

    def select(self, state: LstmState, rows: Ints) -> LstmState:
        """The state with its rows re-ordered or repeated."""
        return state.select(rows)

    def bigram(self, mode: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(S,) start and (S, S) transition probabilities over the states of ``mode``."""
        return self._bigrams[mode]


def read_harmony_model(folder: Path = FOLDER, name: str | None = None) -> NumpyHarmonyModel:
    """The model in ``folder``; raises MissingTool when a file is absent, BadInput when it is not what it says."""
    card = read_harmony_card(folder)
    arrays = lstm_cell.read_arrays(folder, card)
    lstm_cell.check_arrays(folder, arrays, _shapes(arrays))
    return NumpyHarmonyModel(name or str(card.get("name", folder.name)), arrays)


def read_harmony_card(folder: Path = FOLDER) -> dict[str, Any]:
    """The model card in ``folder``; raises MissingTool or BadInput."""
    return lstm_cell.read_card(folder, FORMAT, vocabulary_sha256())


def _shapes(arrays: dict[str, Floats]) -> dict[str, tuple[int, ...]]:
    width = lstm_cell.width_of(arrays, "embedding", 1)
    units = lstm_cell.width_of(arrays, "recurrent", 0)
    shapes: dict[str, tuple[int, ...]] = {
        "embedding": (TOTAL_CATEGORIES, width),
        "kernel": (width, 4 * units),
        "recurrent": (units, 4 * units),
        "bias": (4 * units,),
        "chord_kernel": (units, TOKEN_COUNT),
        "chord_bias": (TOKEN_COUNT,),
    }
    for mode in PARENTS:
        count = len(STATE_TOKENS[mode])
        shapes |= {f"start_{mode}": (count,), f"bigram_{mode}": (count, count)}
    return shapes
