"""A Keras model while it is trained: optimizer, the best weights so far, and a checkpoint that survives a kill."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from composer.errors import BadInput, Bug, MissingTool
from composer.formats.files import read_bytes, write_whole
from composer.limits import MODEL_BYTES
from composer.models.epochs import Point, rate_at
from composer.models.quiet import silent_stderr

if TYPE_CHECKING:
    import keras

CHECKPOINT = "checkpoint.npz"
RESTART_HINT = "begin anew with --restart, or name another folder with -o"
Check = Callable[[Mapping[str, Any]], str]  # the head of a checkpoint -> why it is of another training, else ""


def start_keras(seed: int) -> None:
    """Import TensorFlow without its remarks and make it repeat itself; raises MissingTool where it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its compiled code tells what this processor lacks
    try:
        with silent_stderr():
            import keras
            import tensorflow as tf

            tf.zeros(1) + 1  # the first sum is the last thing that it talks about
    except ImportError:
        raise MissingTool(
            "tensorflow", "is not installed, and training needs it", "pip install 'composer[train]'"
        ) from None
    tf.get_logger().setLevel("ERROR")  # it warns of every length of tune that it compiles
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def checked_loss(loss: float, epoch: int) -> float:
    """``loss``, unless the training has blown up; raises Bug then."""
    if not math.isfinite(loss):
        raise Bug("training", f"the loss became {loss} in epoch {epoch}", "try a lower learning_rate in the recipe")
    return loss


class Learner:
    """``model`` with Adam; what a family's trainer adds is its loss."""

    def __init__(self, model: keras.Model, learning_rate: float, clip_norm: float) -> None:
        import keras

        self.model = model
        self.first_rate = learning_rate
        self.optimizer = keras.optimizers.Adam(learning_rate, global_clipnorm=clip_norm)
        self.optimizer.build(model.trainable_variables)
        self.best: list[NDArray[np.float32]] = []
        self.keep_as_best()

    def set_rate(self, epoch: int, epochs: int) -> None:
        """The learning rate of ``epoch`` (from 1)."""
        self.optimizer.learning_rate.assign(rate_at(epoch, epochs, self.first_rate))

    def set_dropout_seeds(self, seed: int, epoch: int) -> None:
        """Let what drops out depend on seed and epoch only, so that a resumed training gives the same weights."""
        for index, name in enumerate(("dropout_in", "dropout_out")):
            state = self.model.get_layer(name).seed_generator.state
            state.assign(np.array([seed * 2 + index, epoch], dtype=state.dtype))

    def descend(self, tape: Any, loss: Any) -> None:
        """One step of the optimizer along the gradient of ``loss``."""
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)

    def keep_as_best(self) -> None:
        self.best = [np.array(w) for w in self.model.get_weights()]

    def use_best(self) -> None:
        self.model.set_weights(self.best)

    def fill_unseen(
        self, columns: NDArray[Any], always: NDArray[Any], offsets: NDArray[Any], sizes: Mapping[str, int]
    ) -> None:
        """Give categories that no training step has (a metre, a style) the mean of their column, not noise.

        ``columns`` (N, K) are all training steps, ``always`` rows of the table that are learned by hiding.
        """
        layer = self.model.get_layer("columns_embedding")
        table = layer.get_weights()[0]
        seen = np.zeros(len(table), dtype=bool)
        seen[np.unique(columns + offsets)] = True
        seen[always] = True
        for first, size in zip(offsets.tolist(), sizes.values(), strict=True):
            known, rows = seen[first : first + size], table[first : first + size]
            if known.any():
                rows[~known] = rows[known].mean(axis=0)
        layer.set_weights([table])

    def save_checkpoint(self, path: Path, point: Point, head: Mapping[str, Any]) -> None:
        """Write the checkpoint whole or not at all; ``head`` says which training it belongs to."""
        arrays: dict[str, NDArray[Any]] = {f"w{i}": w for i, w in enumerate(self.model.get_weights())}
        arrays |= {f"b{i}": w for i, w in enumerate(self.best)}
        arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(self.optimizer.variables)}
        whole = {**head, "point": list(asdict(point).values())}
        arrays["head"] = np.frombuffer(json.dumps(whole).encode(), np.uint8)
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        write_whole(path, stream.getvalue())

    def read_checkpoint(self, path: Path, check: Check) -> Point | None:
        """Continue from ``path``; ``None`` when there is none. Raises BadInput for one of another training."""
        if not path.exists():
            return None
        try:
            with np.load(io.BytesIO(read_bytes(path, MODEL_BYTES, "checkpoint")), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            head = json.loads(arrays["head"].tobytes())
            if why := check(head):
                raise BadInput(path, why, RESTART_HINT)
            self.model.set_weights([arrays[f"w{i}"] for i in range(len(self.best))])
            self.best = [arrays[f"b{i}"] for i in range(len(self.best))]
            for index, variable in enumerate(self.optimizer.variables):
                variable.assign(arrays[f"o{index}"])
            epoch, best_epoch, best_nats, seconds = head["point"]
        except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile):
            raise BadInput(path, "is not a whole checkpoint", RESTART_HINT) from None
        return Point(int(epoch), int(best_epoch), float(best_nats), float(seconds))
