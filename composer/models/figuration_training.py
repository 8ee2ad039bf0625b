"""Training of the accompaniment LSTM: an epoch at a time, with a checkpoint that survives a kill at any moment.

The random state of an epoch depends on the seed and the epoch's number only, so a resumed training gives the same
weights as one that was never stopped.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import math
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.corpus.figurations import FiguredSong
from composer.encoding.figure_reader import FEATURES, OFFSETS
from composer.errors import BadInput, MissingTool
from composer.formats.files import cannot_write, read_bytes, write_whole
from composer.limits import MODEL_BYTES
from composer.models.figuration_baselines import repeating_nats, unigram_nats
from composer.models.figuration_dataset import (
    CONTROL_COLUMNS,
    HEADS,
    LEFT,
    RIGHT,
    FigureBatch,
    FigureSequence,
    epoch_batches,
    plain_batches,
    sequence_of,
    windows_of,
)
from composer.models.figuration_recipe import FigurationRecipe
from composer.models.figuration_runtime import FORMAT, figuration_sha256
from composer.models.figuration_scores import FigureNats
from composer.models.lstm_cell import CARD, WEIGHTS

log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.npz"
_LAST_RATE_SHARE = 0.05
_MIN_GAIN_NATS = 0.001
CREDIT = "OpenScore Lieder (github.com/OpenScore/Lieder), CC0 1.0"


@dataclass(frozen=True, slots=True)
class FigurationResult:
    """What a training gave, on the test split."""

    folder: Path
    epochs: int
    seconds: float
    bytes: int
    full: FigureNats
    no_controls: FigureNats
    repeating: FigureNats
    unigram: FigureNats


@dataclass(frozen=True, slots=True)
class _Point:
    """What a checkpoint holds beside the arrays: the last finished epoch and the best one."""

    epoch: int = 0
    best_epoch: int = 0
    best_nats: float = math.inf
    seconds: float = 0.0


Progress = Callable[[int, int, float], None]


def train_figuration(
    recipe: FigurationRecipe,
    songs: Sequence[FiguredSong],
    output: Path,
    *,
    progress: Progress | None = None,
    resume: bool = True,
) -> FigurationResult:
    """Train on the train split, stop by the valid split, measure on the test split; write the folder ``output``.

    ``progress`` is told the epoch, how many there may be, and the nats per bar on the valid split. Raises BadInput for
    a corpus that is too small or a checkpoint of another training, and CannotWrite.
    """
    windows = {split: [w for s in songs if s.split == split for w in windows_of(sequence_of(s))] for split in _SPLITS}
    if not all(windows.values()):
        counts = ", ".join(f"{len(found)} to {name}" for name, found in windows.items())
        raise BadInput(recipe.name, f"has too few songs: windows {counts}", "add songs that are not alike")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(output, error) from None
    digest = corpus_sha256(songs)
    trainer = FigurationTrainer(recipe, digest)
    point = (trainer.restored(output / CHECKPOINT) if resume else None) or _Point()
    while point.epoch < recipe.epochs and point.epoch - point.best_epoch < recipe.patience:
        point = _epoch(trainer, windows["train"], windows["valid"], point, progress)
        trainer.save(output / CHECKPOINT, point)
    trainer.use_best()
    trainer.fill_unseen(windows["train"])
    return _written(output, trainer, songs, windows["test"], point)


_SPLITS = ("train", "valid", "test")


def corpus_sha256(songs: Sequence[FiguredSong]) -> str:
    """Fingerprint of everything that the network is shown."""
    digest = hashlib.sha256()
    for song in songs:
        digest.update(repr((song.name, song.split, song.frame, song.figures)).encode())
    return digest.hexdigest()


def _epoch(
    trainer: FigurationTrainer,
    train: Sequence[FigureSequence],
    valid: Sequence[FigureSequence],
    point: _Point,
    progress: Progress | None,
) -> _Point:
    began, recipe, epoch = time.monotonic(), trainer.recipe, point.epoch + 1
    trainer.begin(epoch)
    rng = np.random.default_rng([recipe.seed, epoch])
    for batch in epoch_batches(train, recipe.batch, recipe.control_dropout, rng):
        trainer.step(batch)
    nats = trainer.nats(valid).per_bar
    seconds = point.seconds + time.monotonic() - began
    log.info("epoch %d: valid %.4f nats a bar, %.0f s", epoch, nats, seconds)
    if progress:
        progress(epoch, recipe.epochs, nats)
    if nats < point.best_nats - _MIN_GAIN_NATS:
        trainer.keep_as_best()
        return _Point(epoch, epoch, nats, seconds)
    return _Point(epoch, point.best_epoch, point.best_nats, seconds)


class FigurationTrainer:
    """The Keras model with its optimizer and the best weights so far."""

    def __init__(self, recipe: FigurationRecipe, digest: str = "") -> None:
        try:
            import keras
            import tensorflow as tf
        except ImportError:
            raise MissingTool(
                "tensorflow", "is not installed, and training needs it", "pip install 'composer[train]'"
            ) from None
        from composer.models.figuration_lstm import FigurationConfig

        keras.utils.set_random_seed(recipe.seed)
        tf.config.experimental.enable_op_determinism()
        self.recipe, self.digest = recipe, digest
        self.model = FigurationConfig(recipe.units, recipe.embedding, recipe.hidden, recipe.dropout).build()
        self.optimizer = keras.optimizers.Adam(recipe.learning_rate, global_clipnorm=recipe.clip_norm)
        self.optimizer.build(self.model.trainable_variables)
        self.best: list[NDArray[np.float32]] = [np.array(w) for w in self.model.get_weights()]
        self._step = tf.function(self._gradient_step, reduce_retracing=False)
        self._losses = tf.function(self._plain_losses, reduce_retracing=False)

    def begin(self, epoch: int) -> None:
        """Set learning rate and dropout seeds for ``epoch`` (1-based)."""
        share = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / self.recipe.epochs))
        self.optimizer.learning_rate.assign(
            self.recipe.learning_rate * (_LAST_RATE_SHARE + (1 - _LAST_RATE_SHARE) * share)
        )
        for index, name in enumerate(("dropout_in", "dropout_out")):
            state = self.model.get_layer(name).seed_generator.state
            state.assign(np.array([self.recipe.seed * 2 + index, epoch], dtype=state.dtype))

    def step(self, batch: FigureBatch) -> float:
        """One gradient step; the loss in nats per step."""
        return float(self._step(batch.columns, batch.targets))

    def _sums(self, columns: Any, targets: Any, training: bool) -> Any:
        """(5,) summed cross-entropy of the heads."""
        import tensorflow as tf

        known = tf.maximum(targets, 0)
        outputs = self.model([columns, known[..., LEFT], known[..., RIGHT]], training=training)
        weights = tf.cast(targets >= 0, tf.float32)
        return tf.stack(
            [
                tf.reduce_sum(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(known[..., head], logits) * weights[..., head]
                )
                for head, logits in enumerate(outputs)
            ]
        )

    def _gradient_step(self, columns: Any, targets: Any) -> Any:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            steps = tf.reduce_sum(tf.cast(tf.reduce_any(targets >= 0, axis=-1), tf.float32))
            loss = tf.reduce_sum(self._sums(columns, targets, True)) / steps
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _plain_losses(self, columns: Any, targets: Any) -> Any:
        return self._sums(columns, targets, False)

    def nats(self, windows: Sequence[FigureSequence], hide: Sequence[int] = ()) -> FigureNats:
        """Cross-entropy on ``windows``, the columns ``hide`` unknown."""
        sums, bars, onsets = np.zeros(len(HEADS)), 0, 0
        for batch in plain_batches(windows, self.recipe.batch, hide):
            sums += np.asarray(self._losses(batch.columns, batch.targets))
            bars += int((batch.targets[..., 0] >= 0).sum())
            onsets += int(((batch.targets[..., LEFT] > 0) | (batch.targets[..., RIGHT] > 0)).sum())
        return FigureNats(*(float(s) / bars for s in (*sums, onsets)))

    def keep_as_best(self) -> None:
        self.best = [np.array(w) for w in self.model.get_weights()]

    def use_best(self) -> None:
        self.model.set_weights(self.best)

    def fill_unseen(self, windows: Sequence[FigureSequence]) -> None:
        """Give categories that no training bar has the mean of their column, not noise."""
        layer = self.model.get_layer("columns_embedding")
        table = layer.get_weights()[0]
        seen = np.zeros(len(table), dtype=bool)
        seen[np.unique(np.concatenate([w.columns for w in windows]) + OFFSETS)] = True
        seen[OFFSETS[list(CONTROL_COLUMNS)]] = True  # learnt while training hides controls
        for first, size in zip(OFFSETS.tolist(), FEATURES.values(), strict=True):
            known, rows = seen[first : first + size], table[first : first + size]
            if known.any():
                rows[~known] = rows[known].mean(axis=0)
        layer.set_weights([table])

    def save(self, path: Path, point: _Point) -> None:
        """Write the checkpoint whole or not at all."""
        arrays: dict[str, NDArray[Any]] = {f"w{i}": w for i, w in enumerate(self.model.get_weights())}
        arrays |= {f"b{i}": w for i, w in enumerate(self.best)}
        arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(self.optimizer.variables)}
        head = {"training": self._identity(), "point": list(asdict(point).values())}
        arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        write_whole(path, stream.getvalue())

    def restored(self, path: Path) -> _Point | None:
        """Continue from ``path``; ``None`` when there is none. Raises BadInput for one of another training."""
        if not path.exists():
            return None
        hint = "delete it, or name another folder"
        try:
            with np.load(io.BytesIO(read_bytes(path, MODEL_BYTES, "checkpoint")), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            head = json.loads(arrays["head"].tobytes())
            if head["training"] != self._identity():
                raise BadInput(path, "belongs to another recipe, seed or corpus", hint)
            self.model.set_weights([arrays[f"w{i}"] for i in range(len(self.best))])
            self.best = [arrays[f"b{i}"] for i in range(len(self.best))]
            for index, variable in enumerate(self.optimizer.variables):
                variable.assign(arrays[f"o{index}"])
            epoch, best_epoch, best_nats, seconds = head["point"]
        except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile):
            raise BadInput(path, "is not a whole checkpoint", hint) from None
        return _Point(int(epoch), int(best_epoch), float(best_nats), float(seconds))

    def _identity(self) -> str:
        return repr((self.recipe, self.digest, figuration_sha256()))


def _written(
    output: Path,
    trainer: FigurationTrainer,
    songs: Sequence[FiguredSong],
    test: Sequence[FigureSequence],
    point: _Point,
) -> FigurationResult:
    """Measure on the test split and write the folder; the card last, so that a cut-off write is noticed."""
    from composer.models.figuration_lstm import runtime_arrays

    sides = {split: [s for s in songs if s.split == split] for split in _SPLITS}
    scores = {
        "full": trainer.nats(test),
        "no_controls": trainer.nats(test, CONTROL_COLUMNS),
        "repeating": repeating_nats(sides["train"], sides["test"]),
        "unigram": unigram_nats(sides["train"], sides["test"]),
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **runtime_arrays(trainer.model))  # type: ignore[arg-type]
    content = stream.getvalue()
    write_whole(output / WEIGHTS, content)
    recipe = trainer.recipe
    card = {
        "format": FORMAT,
        "name": recipe.name,
        "title": recipe.title,
        "family": "figuration_lstm",
        "recipe": asdict(recipe),
        "corpus": {
            "sha256": trainer.digest,
            "credit": CREDIT,
            "songs": {split: len(found) for split, found in sides.items()},
            "bars": {split: sum(s.frame.bars for s in found) for split, found in sides.items()},
        },
        "metrics": {
            "unit": "nats on the test split, which shares no near-duplicate melody and no file with training",
            **{name: score.as_dict() for name, score in scores.items()},
        },
        "epochs": point.best_epoch,
        "training_seconds": round(point.seconds),
        "vocabulary_sha256": figuration_sha256(),
        "weights_sha256": hashlib.sha256(content).hexdigest(),
        "weights_bytes": len(content),
    }
    write_whole(output / CARD, (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return FigurationResult(output, point.best_epoch, point.seconds, len(content), **scores)
