"""The melody LSTM in numpy: one step per note with carried state, no TensorFlow.

Look-ups replace the embedding and the input kernel (folded once at loading), so a step is one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.melody import DURATIONS, OFFSETS, PITCH_TOKENS, TOTAL_CATEGORIES
from composer.encoding.protocol import Columns, Logits
from composer.encoding.vocabulary import vocabulary_sha256
from composer.models import lstm_cell
from composer.models.lstm_cell import CARD, WEIGHTS, Floats, LstmCell, LstmState

__all__ = ["CARD", "FORMAT", "WEIGHTS", "LstmState", "NumpyMelodyModel", "read_card", "read_model"]
FORMAT = "composer.melody/1"


class NumpyMelodyModel:
    """A trained melody LSTM; implements ``encoding.protocol.MelodyModel``."""

    def __init__(self, name: str, arrays: dict[str, Floats]) -> None:
        self.name = name
        self._lstm = LstmCell(arrays["recurrent"], arrays["bias"])
        self.units = self._lstm.units
        self._table = lstm_cell.folded(arrays)
        self._duration = (arrays["duration_kernel"], arrays["duration_bias"])
        self._hidden = arrays["hidden_kernel"]
        self._chosen: Floats = arrays["duration_embedding"] + arrays["hidden_bias"]
        self._pitch = (arrays["pitch_kernel"], arrays["pitch_bias"])

    def start(self, batch: int) -> LstmState:
        """The state before the first note."""
        return self._lstm.start(batch)

    def step(self, state: LstmState, columns: Columns) -> tuple[LstmState, Logits]:
        """Columns (B, K) -> the new state and duration logits (B, len(DURATIONS))."""
        after = self._lstm.step(state, self._table[columns + OFFSETS].sum(axis=1))
        kernel, bias = self._duration
        return after, after.hidden @ kernel + bias

    def pitch_logits(self, state: LstmState, durations: NDArray[np.int64]) -> Logits:
        """Pitch logits (B, PITCH_TOKENS) given duration indices (B,)."""
        kernel, bias = self._pitch
        blended: Floats = np.tanh(state.hidden @ self._hidden + self._chosen[durations])
        return blended @ kernel + bias

    def select(self, state: LstmState, rows: NDArray[np.int64]) -> LstmState:
        """The state with its rows re-ordered or repeated."""
        return state.select(rows)

    def join(self, states: Sequence[LstmState]) -> LstmState:
        """One state with the rows of all ``states``."""
        return LstmState.joined(states)


def read_model(folder: Path, name: str | None = None) -> NumpyMelodyModel:
    """The model in ``folder``; raises MissingTool when a file is absent, BadInput when it is not what it says."""
    card = read_card(folder)
    arrays = lstm_cell.read_arrays(folder, card)
    lstm_cell.check_arrays(folder, arrays, _shapes(arrays))
    return NumpyMelodyModel(name or str(card.get("name", folder.name)), arrays)


def read_card(folder: Path) -> dict[str, Any]:
    """The model card in ``folder``; raises MissingTool or BadInput."""
    return lstm_cell.read_card(folder, FORMAT, vocabulary_sha256())


def _shapes(arrays: dict[str, Floats]) -> dict[str, tuple[int, ...]]:
    """The shape that every array must have, given the sizes of the network."""
    width = lstm_cell.width_of(arrays, "embedding", 1)
    units = lstm_cell.width_of(arrays, "recurrent", 0)
    hidden = lstm_cell.width_of(arrays, "hidden_kernel", 1)
    return {
        "embedding": (TOTAL_CATEGORIES, width),
        "kernel": (width, 4 * units),
        "recurrent": (units, 4 * units),
        "bias": (4 * units,),
        "duration_kernel": (units, len(DURATIONS)),
        "duration_bias": (len(DURATIONS),),
        "duration_embedding": (len(DURATIONS), hidden),
        "hidden_kernel": (units, hidden),
        "hidden_bias": (hidden,),
        "pitch_kernel": (hidden, PITCH_TOKENS),
        "pitch_bias": (PITCH_TOKENS,),
    }
