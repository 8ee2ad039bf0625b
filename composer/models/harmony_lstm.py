"""The harmony LSTM in Keras: p(chord | chords before, plan), the chords of the other mode ruled out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from composer.encoding.harmony import (
    COLUMNS,
    FEATURES,
    OFFSETS,
    PARENTS,
    STATE_TOKENS,
    TOKEN_COUNT,
    TOTAL_CATEGORIES,
)
from composer.models.column_embedding import ColumnEmbedding

FORBIDDEN = -1e9


def mode_masks() -> NDArray[np.float32]:
    """(modes + 1, TOKEN_COUNT) what is added to the logits: 0 for the states of a mode, -1e9 for other tokens."""
    masks = np.zeros((len(PARENTS) + 1, TOKEN_COUNT), np.float32)
    for index, mode in enumerate(PARENTS, 1):
        masks[index] = FORBIDDEN
        masks[index, STATE_TOKENS[mode]] = 0.0
    return masks


@keras.saving.register_keras_serializable(package="composer")
class ModeMask(layers.Layer):  # type: ignore[misc]
    """Rules out the chords that the mode (a column) does not have."""

    def call(self, columns: Any, logits: Any) -> Any:
        return logits + ops.take(ops.convert_to_tensor(mode_masks()), columns[:, :, COLUMNS["mode"]], axis=0)


@dataclass(frozen=True, slots=True)
class HarmonyConfig:
    """Sizes of the network."""

    units: int = 64
    embedding: int = 48
    dropout: float = 0.25

    def build(self) -> keras.Model:
        """The untrained model: columns (B, T, K) -> logits (B, T, TOKEN_COUNT)."""
        columns = keras.Input((None, len(FEATURES)), dtype="int32", name="columns")
        context = ColumnEmbedding(OFFSETS, TOTAL_CATEGORIES, self.embedding, name="columns_embedding")(columns)
        context = layers.Dropout(self.dropout, name="dropout_in")(context)
        hidden = layers.LSTM(self.units, return_sequences=True, name="lstm")(context)
        hidden = layers.Dropout(self.dropout, name="dropout_out")(hidden)
        logits = layers.Dense(TOKEN_COUNT, name="chord")(hidden)
        return keras.Model(columns, ModeMask(name="mode_mask")(columns, logits), name="harmony_lstm")


def runtime_arrays(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """The trained weights under the names that the numpy runtime reads."""
    kernel, recurrent, bias = model.get_layer("lstm").get_weights()
    head = model.get_layer("chord").get_weights()
    return {
        "embedding": model.get_layer("columns_embedding").get_weights()[0],
        "kernel": kernel,
        "recurrent": recurrent,
        "bias": bias,
        "chord_kernel": head[0],
        "chord_bias": head[1],
    }
