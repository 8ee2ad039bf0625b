"""The layer by which every network reads its context: columns of categories, embedded and summed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike


@keras.saving.register_keras_serializable(package="composer")
class ColumnEmbedding(layers.Layer):  # type: ignore[misc]
    """(B, T, K) categories -> (B, T, width): the sum of one embedding for each column.

    The columns share one table of ``categories`` rows, in which column k has its own from ``offsets[k]`` on; summed
    rows of one table are what the numpy runtimes fold into a look-up.
    """

    def __init__(self, offsets: ArrayLike, categories: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.offsets, self.categories, self.width = np.asarray(offsets).tolist(), categories, width
        self.table = layers.Embedding(categories, width, name="table")

    def call(self, columns: Any) -> Any:
        return ops.sum(self.table(columns + ops.convert_to_tensor(self.offsets, dtype="int32")), axis=2)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:2], self.width)

    def get_config(self) -> dict[str, Any]:
        sizes = {"offsets": self.offsets, "categories": self.categories, "width": self.width}
        return {**super().get_config(), **sizes}
