"""The melody LSTM in numpy: one step per note with carried state, no TensorFlow.

Look-ups replace the embedding and the input kernel (folded once at loading), so a step is one matrix product.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.melody import DURATIONS, OFFSETS, PITCH_TOKENS, TOTAL_CATEGORIES
from composer.encoding.protocol import Columns, Logits
from composer.encoding.vocabulary import vocabulary_sha256
from composer.errors import BadInput, MissingTool
from composer.formats.files import read_bytes
from composer.limits import JSON_BYTES, MODEL_BYTES

Floats = NDArray[np.float32]
FORMAT = "composer.melody/1"
WEIGHTS, CARD = "weights.npz", "card.json"
_AGAIN = "train it again or choose another model"


@dataclass(frozen=True, slots=True)
class LstmState:
    """Hidden and cell state, (B, units) each."""

    hidden: Floats
    cell: Floats


class NumpyMelodyModel:
    """A trained melody LSTM; implements ``encoding.protocol.MelodyModel``."""

    def __init__(self, name: str, arrays: dict[str, Floats]) -> None:
        self.name = name
        self.units = arrays["recurrent"].shape[0]
        self._table: Floats = arrays["embedding"] @ arrays["kernel"]
        self._bias: Floats = arrays["bias"]
        self._recurrent: Floats = np.ascontiguousarray(arrays["recurrent"])
        self._duration = (arrays["duration_kernel"], arrays["duration_bias"])
        self._hidden = arrays["hidden_kernel"]
        self._chosen: Floats = arrays["duration_embedding"] + arrays["hidden_bias"]
        self._pitch = (arrays["pitch_kernel"], arrays["pitch_bias"])
        # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one tanh over all four gates
        self._scale = np.full(4 * self.units, 0.5, np.float32)
        self._scale[2 * self.units : 3 * self.units] = 1.0

    def start(self, batch: int) -> LstmState:
        """The state before the first note."""
        zeros = np.zeros((batch, self.units), np.float32)
        return LstmState(zeros, zeros)

    def step(self, state: LstmState, columns: Columns) -> tuple[LstmState, Logits]:
        """Columns (B, K) -> the new state and duration logits (B, len(DURATIONS))."""
        gates = self._table[columns + OFFSETS].sum(axis=1)
        gates += state.hidden @ self._recurrent
        gates += self._bias
        gates *= self._scale
        np.tanh(gates, out=gates)
        u = self.units
        opened = gates * np.float32(0.5) + np.float32(0.5)
        cell = opened[:, u : 2 * u] * state.cell + opened[:, :u] * gates[:, 2 * u : 3 * u]
        hidden = opened[:, 3 * u :] * np.tanh(cell)
        kernel, bias = self._duration
        return LstmState(hidden, cell), hidden @ kernel + bias

    def pitch_logits(self, state: LstmState, durations: NDArray[np.int64]) -> Logits:
        """Pitch logits (B, PITCH_TOKENS) given duration indices (B,)."""
        kernel, bias = self._pitch
        blended: Floats = np.tanh(state.hidden @ self._hidden + self._chosen[durations])
        return blended @ kernel + bias

    def select(self, state: LstmState, rows: NDArray[np.int64]) -> LstmState:
        """The state with its rows re-ordered or repeated."""
        return LstmState(state.hidden[rows], state.cell[rows])


def read_model(folder: Path, name: str | None = None) -> NumpyMelodyModel:
    """The model in ``folder``; raises MissingTool when a file is absent, BadInput when it is not what it says."""
    card = read_card(folder)
    path = folder / WEIGHTS
    if not path.is_file():
        raise MissingTool(folder, f"has no {WEIGHTS}", _AGAIN)
    content = read_bytes(path, MODEL_BYTES, "model")
    if hashlib.sha256(content).hexdigest() != card.get("weights_sha256"):
        raise BadInput(path, "is not the file that its card describes (sha256 differs)", _AGAIN)
    arrays = _arrays(path, content)
    _check_shapes(path, arrays)
    return NumpyMelodyModel(name or str(card.get("name", folder.name)), arrays)


def read_card(folder: Path) -> dict[str, Any]:
    """The model card in ``folder``; raises MissingTool or BadInput."""
    path = folder / CARD
    if not path.is_file():
        raise MissingTool(folder, f"has no {CARD}", _AGAIN)
    try:
        card = json.loads(read_bytes(path, JSON_BYTES, "model card"))
    except (ValueError, RecursionError):
        raise BadInput(path, "is not JSON", _AGAIN) from None
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise BadInput(path, f"is not a card of format {FORMAT}", _AGAIN)
    if card.get("vocabulary_sha256") != vocabulary_sha256():
        raise BadInput(path, "was trained on other token tables", _AGAIN)
    return card


def _arrays(path: Path, content: bytes) -> dict[str, Floats]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MODEL_BYTES:
                raise BadInput(path, "unpacks to more than a model may hold", _AGAIN)
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {key: np.asarray(stored[key], dtype=np.float32) for key in stored.files}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, TypeError):
        raise BadInput(path, "is not a file of weights", _AGAIN) from None


def _check_shapes(path: Path, arrays: dict[str, Floats]) -> None:
    def size(name: str, axis: int) -> int:
        array = arrays.get(name)
        return array.shape[axis] if array is not None and array.ndim == 2 else -1

    width, units, hidden = size("embedding", 1), size("recurrent", 0), size("hidden_kernel", 1)
    expected = {
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
    for name, shape in expected.items():
        if name not in arrays or arrays[name].shape != shape:
            found = arrays[name].shape if name in arrays else "nothing"
            raise BadInput(path, f"{name} should have shape {shape}, found {found}", _AGAIN)
        if not np.isfinite(arrays[name]).all():
            raise BadInput(path, f"{name} holds values that are not finite", _AGAIN)
