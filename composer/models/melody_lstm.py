"""The melody LSTM in Keras: layers, the functional model, and its configuration.

p(duration | history, plan) and p(pitch | history, plan, duration). All context columns share one embedding table
(each column has its own rows) and are summed, which a trained model can fold into one look-up table.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from composer.encoding.melody import DURATIONS, FEATURES, OFFSETS, PITCH_TOKENS, TOTAL_CATEGORIES
from composer.models.column_embedding import ColumnEmbedding


@dataclass(frozen=True, slots=True)
class MelodyConfig:
    """Sizes of the network."""

    units: int = 192
    embedding: int = 96
    pitch_hidden: int = 128
    dropout: float = 0.25

    def build(self) -> keras.Model:
        """The untrained model: [columns (B, T, K), durations (B, T)] -> [duration, pitch] logits."""
        columns = keras.Input((None, len(FEATURES)), dtype="int32", name="columns")
        durations = keras.Input((None,), dtype="int32", name="durations")
        context = ColumnEmbedding(OFFSETS, TOTAL_CATEGORIES, self.embedding, name="columns_embedding")(columns)
        context = layers.Dropout(self.dropout, name="dropout_in")(context)
        hidden = layers.LSTM(self.units, return_sequences=True, name="lstm")(context)
        hidden = layers.Dropout(self.dropout, name="dropout_out")(hidden)
        duration_logits = layers.Dense(len(DURATIONS), name="duration")(hidden)
        chosen = layers.Embedding(len(DURATIONS), self.pitch_hidden, name="duration_embedding")(durations)
        blended = layers.Dense(self.pitch_hidden, name="pitch_hidden")(hidden) + chosen
        pitch_logits = layers.Dense(PITCH_TOKENS, name="pitch")(ops.tanh(blended))
        return keras.Model([columns, durations], [duration_logits, pitch_logits], name="melody_lstm")


def runtime_arrays(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """The trained weights under the names that the numpy runtime reads."""
    lstm = model.get_layer("lstm").get_weights()
    return {
        "embedding": model.get_layer("columns_embedding").get_weights()[0],
        "kernel": lstm[0],
        "recurrent": lstm[1],
        "bias": lstm[2],
        "duration_kernel": model.get_layer("duration").get_weights()[0],
        "duration_bias": model.get_layer("duration").get_weights()[1],
        "duration_embedding": model.get_layer("duration_embedding").get_weights()[0],
        "hidden_kernel": model.get_layer("pitch_hidden").get_weights()[0],
        "hidden_bias": model.get_layer("pitch_hidden").get_weights()[1],
        "pitch_kernel": model.get_layer("pitch").get_weights()[0],
        "pitch_bias": model.get_layer("pitch").get_weights()[1],
    }
