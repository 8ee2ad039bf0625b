"""What every numpy LSTM shares: the cell, and reading a model folder whose card and weights are checked.

A folder holds ``weights.npz`` and ``card.json``. The card names its format, the fingerprint of the token tables that
the weights were trained on, and the sha256 of the weights; what does not agree is refused, never run.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.errors import BadInput, MissingTool
from composer.formats.files import read_bytes
from composer.limits import JSON_BYTES, MODEL_BYTES

Floats = NDArray[np.float32]
WEIGHTS, CARD = "weights.npz", "card.json"
_AGAIN = "train it again or choose another model"


@dataclass(frozen=True, slots=True)
class LstmState:
    """Hidden and cell state, (B, units) each."""

    hidden: Floats
    cell: Floats

    def select(self, rows: NDArray[np.int64]) -> LstmState:
        """The state with its rows re-ordered or repeated."""
        return LstmState(self.hidden[rows], self.cell[rows])

    @classmethod
    def joined(cls, states: Sequence[LstmState]) -> LstmState:
        """The rows of all ``states``, in order."""
        return cls(np.concatenate([s.hidden for s in states]), np.concatenate([s.cell for s in states]))


class LstmCell:
    """One Keras LSTM layer, a step at a time; the input kernel is the caller's (usually folded into a table)."""

    def __init__(self, recurrent: Floats, bias: Floats) -> None:
        """``recurrent`` (units, 4 * units) and ``bias`` (4 * units,) in the order of Keras: i, f, c, o."""
        self.units = recurrent.shape[0]
        self._recurrent: Floats = np.ascontiguousarray(recurrent)
        self._bias = bias
        # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one tanh over all four gates
        self._scale = np.full(4 * self.units, 0.5, np.float32)
        self._scale[2 * self.units : 3 * self.units] = 1.0

    def start(self, batch: int) -> LstmState:
        """The state before the first step."""
        zeros = np.zeros((batch, self.units), np.float32)
        return LstmState(zeros, zeros)

    def step(self, state: LstmState, inputs: Floats) -> LstmState:
        """The state after ``inputs`` (B, 4 * units), which are the step's inputs times the input kernel."""
        gates = inputs + state.hidden @ self._recurrent
        gates += self._bias
        gates *= self._scale
        np.tanh(gates, out=gates)
        u = self.units
        opened = gates * np.float32(0.5) + np.float32(0.5)
        cell = opened[:, u : 2 * u] * state.cell + opened[:, :u] * gates[:, 2 * u : 3 * u]
        return LstmState(opened[:, 3 * u :] * np.tanh(cell), cell)


def read_any_card(folder: Path) -> dict[str, Any]:
    """The card in ``folder``, of whatever kind; raises MissingTool when there is none, BadInput when it is no card."""
    path = folder / CARD
    if not path.is_file():
        raise MissingTool(folder, f"has no {CARD}", _AGAIN)
    try:
        card = json.loads(read_bytes(path, JSON_BYTES, "model card"))
    except (ValueError, RecursionError):
        raise BadInput(path, "is not JSON", _AGAIN) from None
    if not isinstance(card, dict):
        raise BadInput(path, "is no card", _AGAIN)
    return card


def read_card(folder: Path, card_format: str, vocabulary_sha256: str) -> dict[str, Any]:
    """The card in ``folder``; raises MissingTool when there is none, BadInput when it is of another kind."""
    card, path = read_any_card(folder), folder / CARD
    if card.get("format") != card_format:
        raise BadInput(path, f"is not a card of format {card_format}", _AGAIN)
    if card.get("vocabulary_sha256") != vocabulary_sha256:
        raise BadInput(path, "was trained on other token tables", _AGAIN)
    return card


def read_arrays(folder: Path, card: Mapping[str, Any]) -> dict[str, Floats]:
    """The weights in ``folder`` by name; raises MissingTool, or BadInput when they are not those of ``card``."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise MissingTool(folder, f"has no {WEIGHTS}", _AGAIN)
    content = read_bytes(path, MODEL_BYTES, "model")
    if hashlib.sha256(content).hexdigest() != card.get("weights_sha256"):
        raise BadInput(path, "is not the file that its card describes (sha256 differs)", _AGAIN)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MODEL_BYTES:
                raise BadInput(path, "unpacks to more than a model may hold", _AGAIN)
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {key: np.asarray(stored[key], dtype=np.float32) for key in stored.files}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, TypeError):
        raise BadInput(path, "is not a file of weights", _AGAIN) from None


def width_of(arrays: Mapping[str, Floats], name: str, axis: int) -> int:
    """The size of a matrix along ``axis``, -1 when there is no such matrix (no shape can then agree)."""
    array = arrays.get(name)
    return array.shape[axis] if array is not None and array.ndim == 2 else -1


def check_arrays(folder: Path, arrays: Mapping[str, Floats], expected: Mapping[str, tuple[int, ...]]) -> None:
    """Raises BadInput unless every array of ``expected`` is there, has that shape, and is finite."""
    for name, shape in expected.items():
        if name not in arrays or arrays[name].shape != shape:
            found = arrays[name].shape if name in arrays else "nothing"
            raise BadInput(folder / WEIGHTS, f"{name} should have shape {shape}, found {found}", _AGAIN)
        if not np.isfinite(arrays[name]).all():
            raise BadInput(folder / WEIGHTS, f"{name} holds values that are not finite", _AGAIN)


def folded(arrays: Mapping[str, Floats], embedding: str = "embedding", kernel: str = "kernel") -> Floats:
    """(categories, 4 * units) one row to look up for each category: its embedding times the input kernel."""
    table: Floats = arrays[embedding] @ arrays[kernel]
    return table
