"""Model folders with random weights: small, quick, and no TensorFlow."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from composer.encoding.melody import DURATIONS, PITCH_TOKENS, TOTAL_CATEGORIES
from composer.encoding.vocabulary import vocabulary_sha256

Arrays = dict[str, NDArray[np.float32]]
MakeModel = Callable[..., Path]


def random_arrays(units: int = 8, width: int = 6, hidden: int = 5) -> Arrays:
    generator = np.random.default_rng(4)
    shapes = {
        "embedding": (TOTAL_CATEGORIES, width), "kernel": (width, 4 * units), "recurrent": (units, 4 * units),
        "bias": (4 * units,), "duration_kernel": (units, len(DURATIONS)), "duration_bias": (len(DURATIONS),),
        "duration_embedding": (len(DURATIONS), hidden), "hidden_kernel": (units, hidden), "hidden_bias": (hidden,),
        "pitch_kernel": (hidden, PITCH_TOKENS), "pitch_bias": (PITCH_TOKENS,),
    }  # fmt: skip
    return {name: generator.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Writes a model folder; ``card`` and ``arrays`` replace parts of a good one."""

    def make(name: str = "made", arrays: Arrays | None = None, content: bytes | None = None, **card: object) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        if content is None:
            stream = io.BytesIO()
            np.savez(stream, **(random_arrays() | (arrays or {})))  # type: ignore[arg-type]
            content = stream.getvalue()
        (folder / "weights.npz").write_bytes(content)
        good = {
            "format": "composer.melody/1", "name": name, "title": "Random", "vocabulary_sha256": vocabulary_sha256(),
            "weights_sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
        (folder / "card.json").write_text(json.dumps(good | card))
        return folder

    return make
