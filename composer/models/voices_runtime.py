"""The voices LSTM in numpy: both LSTMs once over the piece, then each voice's small network for many candidates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.voices import (
    CATEGORIES,
    CHORD,
    HEADS,
    IN_CHORD,
    INTERVALS,
    OFFSETS,
    SOPRANO,
    TOKENS,
    UNDER_SOPRANO,
    Head,
    Ints,
    voices_vocabulary,
)
from composer.models.lstm_cell import LstmCell, check_arrays, read_arrays, read_card, width_of
from composer.resources import shipped

Floats = NDArray[np.float32]
FORMAT = "composer.voices/1"
SHIPPED = "voices"


@dataclass(frozen=True, slots=True)
class Contexts:
    """What the LSTMs made of the given: (T, hidden) for each voice, and the logits that need nothing else."""

    blended: dict[str, Floats]
    logits: dict[str, Floats]


class NumpyVoicesModel:
    """A trained voices LSTM; implements ``encoding.voices.VoicesModel``."""

    def __init__(self, name: str, arrays: dict[str, Floats]) -> None:
        self.name = name
        self._arrays = arrays
        self._cells = {
            direction: LstmCell(arrays[f"{direction}_recurrent"], arrays[f"{direction}_bias"])
            for direction in ("forward", "backward")
        }
        self._tables = {
            f"{head.voice}{i}": arrays[f"{head.voice}_intervals{i}"][INTERVALS]
            for head in HEADS
            for i in range(head.conditions)
        }

    def read(self, columns: Ints) -> Contexts:
        """The contexts of all T chords from ``columns_of`` (T, K)."""
        arrays = self._arrays
        given = arrays["embedding"][columns + OFFSETS].sum(axis=1)
        context = np.concatenate([self._run("forward", given), self._run("backward", given[::-1])[::-1]], axis=1)
        blended, logits = {}, {}
        for head in HEADS:
            name = head.voice
            blended[name] = context @ arrays[f"{name}_context_kernel"] + arrays[f"{name}_context_bias"]
            logits[name] = (
                arrays[f"{name}_logits_bias"]
                + arrays[f"{name}_soprano"][UNDER_SOPRANO[columns[:, SOPRANO]]]
                + arrays[f"{name}_chord"][IN_CHORD[columns[:, CHORD]]]
            )
        return Contexts(blended, logits)

    def bass(self, contexts: Contexts, index: int, before: Ints) -> Floats:
        """(N, TOKENS) for the bass of chord ``index``, for each bass before it (N,)."""
        return self._log_probs(HEADS[0], contexts, index, [np.asarray(before)])

    def alto(self, contexts: Contexts, index: int, before: Ints, bass: int, bass_before: int) -> Floats:
        """(N, TOKENS) for the alto, for each alto before it (N,)."""
        return self._log_probs(HEADS[1], contexts, index, [np.asarray(before), *map(np.asarray, (bass_before, bass))])

    def tenor(self, contexts: Contexts, index: int, before: Ints, alto: Ints, bass: int) -> Floats:
        """(N, M, TOKENS) for the tenor, for each tenor before it (N,) and each alto above it (M,)."""
        others = [np.asarray(before)[:, None], np.asarray(alto)[None, :], np.asarray(bass)]
        return self._log_probs(HEADS[2], contexts, index, others)

    def _run(self, direction: str, given: Floats) -> Floats:
        cell = self._cells[direction]
        state = cell.start(1)
        hidden = []
        for row in given @ self._arrays[f"{direction}_kernel"]:
            state = cell.step(state, row[None, :])
            hidden.append(state.hidden[0])
        return np.array(hidden, dtype=np.float32)

    def _log_probs(self, head: Head, contexts: Contexts, index: int, others: list[Any]) -> Floats:
        name = head.voice
        blended = contexts.blended[name][index]
        biases = contexts.logits[name][index]
        for i, other in enumerate(others):
            blended = blended + self._arrays[f"{name}_other{i}"][other]
            biases = biases + self._tables[f"{name}{i}"][other]
        logits = np.tanh(blended) @ self._arrays[f"{name}_logits_kernel"] + biases
        top = logits.max(axis=-1, keepdims=True)
        return np.asarray(logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True)), dtype=np.float32)


def voices_sha256() -> str:
    """The fingerprint of the tables that the weights were trained on."""
    return hashlib.sha256(voices_vocabulary().encode()).hexdigest()


def read_voices_model(folder: Path | None = None) -> NumpyVoicesModel:
    """The model in ``folder``, the shipped one by default; raises MissingTool or BadInput."""
    folder = folder or shipped("weights") / SHIPPED
    card = read_card(folder, FORMAT, voices_sha256())
    arrays = read_arrays(folder, card)
    check_arrays(folder, arrays, _shapes(arrays))
    return NumpyVoicesModel(str(card.get("name", folder.name)), arrays)


def _shapes(arrays: dict[str, Floats]) -> dict[str, tuple[int, ...]]:
    width, units = width_of(arrays, "embedding", 1), width_of(arrays, "forward_recurrent", 0)
    hidden = width_of(arrays, "bass_context_kernel", 1)
    shapes: dict[str, tuple[int, ...]] = {"embedding": (CATEGORIES, width)}
    for direction in ("forward", "backward"):
        shapes[f"{direction}_kernel"] = (width, 4 * units)
        shapes[f"{direction}_recurrent"] = (units, 4 * units)
        shapes[f"{direction}_bias"] = (4 * units,)
    for head in HEADS:
        name = head.voice
        shapes[f"{name}_context_kernel"], shapes[f"{name}_context_bias"] = (2 * units, hidden), (hidden,)
        shapes[f"{name}_logits_kernel"], shapes[f"{name}_logits_bias"] = (hidden, TOKENS), (TOKENS,)
        for i in range(head.conditions):
            shapes[f"{name}_other{i}"] = (TOKENS + 1, hidden)
            shapes[f"{name}_intervals{i}"] = (int(INTERVALS.max()) + 1,)
        shapes[f"{name}_soprano"] = (int(UNDER_SOPRANO.max()) + 1,)
        shapes[f"{name}_chord"] = (int(IN_CHORD.max()) + 1,)
    return shapes
