"""The voices LSTM in Keras: an LSTM in each direction over what is given, and a small network for each lower voice.

The LSTMs read soprano, chords, metre and fermatas, all known beforehand; the voices enter only as those of the chord
before and as those already told of this chord. So each log-probability depends on two neighbouring chords alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from composer.encoding.voices import (
    CATEGORIES,
    CHORD,
    COLUMNS,
    HEADS,
    IN_CHORD,
    INTERVALS,
    OFFSETS,
    SOPRANO,
    TOKENS,
    UNDER_SOPRANO,
    VOICES,
    Head,
)
from composer.models.column_embedding import ColumnEmbedding

_SPREADS = {"intervals": INTERVALS, "under_soprano": UNDER_SOPRANO, "in_chord": IN_CHORD}


@keras.saving.register_keras_serializable(package="composer")
class SpreadTable(layers.Layer):  # type: ignore[misc]
    """(B, T) categories -> (B, T, TOKENS) biases: one weight for each entry of the named index table."""

    def __init__(self, spread: str, **options: Any) -> None:
        super().__init__(**options)
        self.spread = spread
        self.indices = _SPREADS[spread]

    def build(self, shape: Any) -> None:
        self.weight = self.add_weight(shape=(int(self.indices.max()) + 1,), initializer="zeros", name="weight")

    def call(self, categories: Any) -> Any:
        spread = ops.take(ops.convert_to_tensor(self.indices, dtype="int32"), categories, axis=0)
        return ops.take(self.weight, spread, axis=0)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape, TOKENS)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spread": self.spread}


@dataclass(frozen=True, slots=True)
class VoicesConfig:
    """Sizes of the network."""

    units: int = 64
    embedding: int = 48
    hidden: int = 96
    dropout: float = 0.3

    def build(self) -> keras.Model:
        """The untrained model: [columns (B, T, K), before (B, T, 3), now (B, T, 3), mask (B, T)] -> logits of
        bass, alto and tenor, (B, T, TOKENS) each."""
        columns = keras.Input((None, len(COLUMNS)), dtype="int32", name="columns")
        before = keras.Input((None, len(VOICES)), dtype="int32", name="before")
        now = keras.Input((None, len(VOICES)), dtype="int32", name="now")
        mask = keras.Input((None,), dtype="bool", name="mask")
        dropout = layers.Dropout(self.dropout, name="dropout_in")
        read = dropout(ColumnEmbedding(OFFSETS, CATEGORIES, self.embedding, name="given")(columns))
        forward = layers.LSTM(self.units, return_sequences=True, name="forward")(read, mask=mask)
        backward = layers.LSTM(self.units, return_sequences=True, go_backwards=True, name="backward")(read, mask=mask)
        context = layers.Concatenate(name="context")([forward, ops.flip(backward, axis=1)])
        context = layers.Dropout(self.dropout, name="dropout_out")(context)
        logits = [self._head(head, context, columns, before, now) for head in HEADS]
        return keras.Model([columns, before, now, mask], logits, name="voices_lstm")

    def _head(self, head: Head, context: Any, columns: Any, before: Any, now: Any) -> Any:
        name = head.voice
        blended = layers.Dense(self.hidden, name=f"{name}_context")(context)
        others = [before[:, :, i] for i in head.before] + [now[:, :, i] for i in head.now]
        for index, other in enumerate(others):
            blended = blended + layers.Embedding(TOKENS + 1, self.hidden, name=f"{name}_other{index}")(other)
        blended = layers.Dropout(self.dropout, name=f"{name}_dropout")(ops.tanh(blended))
        logits = layers.Dense(TOKENS, name=f"{name}_logits")(blended)
        for index, other in enumerate(others):
            logits = logits + SpreadTable("intervals", name=f"{name}_intervals{index}")(other)
        logits = logits + SpreadTable("under_soprano", name=f"{name}_soprano")(columns[:, :, SOPRANO])
        return logits + SpreadTable("in_chord", name=f"{name}_chord")(columns[:, :, CHORD])


def runtime_arrays(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """The trained weights under the names that the numpy runtime reads."""
    arrays = {"embedding": model.get_layer("given").get_weights()[0]}
    for name in ("forward", "backward"):
        kernel, recurrent, bias = model.get_layer(name).get_weights()
        arrays |= {f"{name}_kernel": kernel, f"{name}_recurrent": recurrent, f"{name}_bias": bias}
    for head in HEADS:
        for part in ("context", "logits"):
            kernel, bias = model.get_layer(f"{head.voice}_{part}").get_weights()
            arrays |= {f"{head.voice}_{part}_kernel": kernel, f"{head.voice}_{part}_bias": bias}
        tables = [f"{kind}{i}" for kind in ("other", "intervals") for i in range(head.conditions)]
        for part in (*tables, "soprano", "chord"):
            arrays[f"{head.voice}_{part}"] = model.get_layer(f"{head.voice}_{part}").get_weights()[0]
    return arrays
