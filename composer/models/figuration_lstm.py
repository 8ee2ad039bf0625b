"""The accompaniment LSTM in Keras: layers, the functional model, and its configuration.

At the head of a bar p(pulse | past, plan); at each step p(left), p(right | left) and how long both strokes sound. The
columns share one embedding table and are summed, which a trained model folds into one look-up.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from composer.encoding.figuration import DURATIONS, PULSES, SHAPE_TOKENS
from composer.encoding.figure_reader import FEATURES, OFFSETS, TOTAL_CATEGORIES
from composer.models.column_embedding import ColumnEmbedding

_DENSE = ("left_hidden", "right_hidden", "length_hidden", "pulse", "left", "right", "left_length", "right_length")


@dataclass(frozen=True, slots=True)
class FigurationConfig:
    """Sizes of the network."""

    units: int = 128
    embedding: int = 96
    hidden: int = 96
    dropout: float = 0.25

    def build(self) -> keras.Model:
        """The untrained model: [columns (B, T, K), left (B, T), right (B, T)] -> logits of the five heads."""
        columns = keras.Input((None, len(FEATURES)), dtype="int32", name="columns")
        left = keras.Input((None,), dtype="int32", name="left_tokens")
        right = keras.Input((None,), dtype="int32", name="right_tokens")
        context = ColumnEmbedding(OFFSETS, TOTAL_CATEGORIES, self.embedding, name="columns_embedding")(columns)
        context = layers.Dropout(self.dropout, name="dropout_in")(context)
        state = layers.LSTM(self.units, return_sequences=True, name="lstm")(context)
        state = layers.Dropout(self.dropout, name="dropout_out")(state)
        seen = ops.concatenate([state, context], axis=-1)
        struck_left = layers.Embedding(SHAPE_TOKENS, self.hidden, name="left_embedding")(left)
        struck_right = layers.Embedding(SHAPE_TOKENS, self.hidden, name="right_embedding")(right)
        bare = ops.tanh(layers.Dense(self.hidden, name="left_hidden")(seen))
        after_left = ops.tanh(layers.Dense(self.hidden, name="right_hidden")(seen) + struck_left)
        lengths = layers.Dense(self.hidden, name="length_hidden")(seen)
        heads = [
            layers.Dense(len(PULSES), name="pulse")(bare),
            layers.Dense(SHAPE_TOKENS, name="left")(bare),
            layers.Dense(SHAPE_TOKENS, name="right")(after_left),
            layers.Dense(len(DURATIONS), name="left_length")(ops.tanh(lengths + struck_left)),
            layers.Dense(len(DURATIONS), name="right_length")(ops.tanh(lengths + struck_right)),
        ]
        return keras.Model([columns, left, right], heads, name="figuration_lstm")


def runtime_arrays(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """The trained weights under the names that the numpy runtime reads."""
    kernel, recurrent, bias = model.get_layer("lstm").get_weights()
    arrays = {"kernel": kernel, "recurrent": recurrent, "bias": bias}
    arrays["embedding"] = model.get_layer("columns_embedding").get_weights()[0]
    for name in ("left_embedding", "right_embedding"):
        arrays[name] = model.get_layer(name).get_weights()[0]
    for name in _DENSE:
        arrays[f"{name}_kernel"], arrays[f"{name}_bias"] = model.get_layer(name).get_weights()
    return arrays
