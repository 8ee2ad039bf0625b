"""Training of the accompaniment LSTM: an epoch at a time, with a checkpoint that survives a kill at any moment.

The random state of an epoch depends on the seed and the epoch's number only, so a resumed training gives the same
weights as one that was never stopped.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from composer.corpus import catalog
from composer.corpus.figurations import FiguredSong
from composer.encoding.figure_reader import FEATURES, OFFSETS
from composer.errors import BadInput
from composer.models.epochs import EpochProgress, Point, Progress
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
from composer.models.folder import CardText, make_folder, write_folder
from composer.models.learner import CHECKPOINT, Learner, checked_loss, start_keras

log = logging.getLogger(__name__)
CORPUS = "lieder"
_MIN_GAIN_NATS = 0.001
_SPLITS = ("train", "valid", "test")


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


def train_figuration(
    recipe: FigurationRecipe,
    songs: Sequence[FiguredSong],
    output: Path,
    *,
    progress: Progress | None = None,
    resume: bool = True,
) -> FigurationResult:
    """Train on the train split, stop by the valid split, measure on the test split; write the folder ``output``.

    Figures are nats per bar. Raises BadInput for a corpus that is too small or a checkpoint of another training, and
    CannotWrite.
    """
    windows = {split: [w for s in songs if s.split == split for w in windows_of(sequence_of(s))] for split in _SPLITS}
    if not all(windows.values()):
        counts = ", ".join(f"{len(found)} to {name}" for name, found in windows.items())
        raise BadInput(recipe.name, f"has too few songs: windows {counts}", "add songs that are not alike")
    make_folder(output)
    digest = corpus_sha256(songs)
    trainer = FigurationTrainer(recipe, digest)
    point = (trainer.restored(output / CHECKPOINT) if resume else None) or Point()
    while not point.is_done(recipe.epochs, recipe.patience):
        point = _epoch(trainer, windows["train"], windows["valid"], point, progress)
        trainer.save(output / CHECKPOINT, point)
    trainer.use_best()
    trainer.fill_in(windows["train"])
    return _written(output, trainer, songs, windows["test"], point)


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
    point: Point,
    progress: Progress | None,
) -> Point:
    began, recipe, epoch = time.monotonic(), trainer.recipe, point.epoch + 1
    trainer.set_rate(epoch, recipe.epochs)
    trainer.set_dropout_seeds(recipe.seed, epoch)
    rng = np.random.default_rng([recipe.seed, epoch])
    total, batches = 0.0, -(-len(train) // recipe.batch)
    for number, batch in enumerate(epoch_batches(train, recipe.batch, recipe.control_dropout, rng), 1):
        total += checked_loss(trainer.step(batch), epoch)
        if progress and number < batches:
            progress(EpochProgress(epoch, recipe.epochs, number, batches, total / number, point.best_nats))
    nats = trainer.nats(valid).per_bar
    seconds = time.monotonic() - began
    log.info("epoch %d: valid %.4f nats a bar, %.0f s", epoch, nats, seconds)
    if progress:
        progress(EpochProgress(epoch, recipe.epochs, batches, batches, total / batches, nats))
    later = point.after(nats, seconds, _MIN_GAIN_NATS)
    if later.is_best:
        trainer.keep_as_best()
    return later


class FigurationTrainer(Learner):
    """The loss of the accompaniment model, and what its checkpoint belongs to."""

    def __init__(self, recipe: FigurationRecipe, digest: str = "") -> None:
        start_keras(recipe.seed)
        import tensorflow as tf

        from composer.models.figuration_lstm import FigurationConfig

        model = FigurationConfig(recipe.units, recipe.embedding, recipe.hidden, recipe.dropout).build()
        super().__init__(model, recipe.learning_rate, recipe.clip_norm)
        self.recipe, self.digest = recipe, digest
        self._step = tf.function(self._gradient_step, reduce_retracing=False)
        self._losses = tf.function(self._plain_losses, reduce_retracing=False)

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
        self.descend(tape, loss)
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

    def fill_in(self, windows: Sequence[FigureSequence]) -> None:
        """Give categories that no training bar has the mean of their column, not noise."""
        hidden = OFFSETS[list(CONTROL_COLUMNS)]  # learnt while training hides controls
        self.fill_unseen(np.concatenate([w.columns for w in windows]), hidden, OFFSETS, FEATURES)

    def save(self, path: Path, point: Point) -> None:
        """Write the checkpoint whole or not at all."""
        self.save_checkpoint(path, point, {"training": self._identity()})

    def restored(self, path: Path) -> Point | None:
        """Continue from ``path``; ``None`` when there is none. Raises BadInput for one of another training."""
        return self.read_checkpoint(path, self._foreign)

    def _foreign(self, head: Mapping[str, Any]) -> str:
        """Why the checkpoint is of another training; empty when it is of this one."""
        return "" if head["training"] == self._identity() else "belongs to another recipe, seed or corpus"

    def _identity(self) -> str:
        return repr((self.recipe, self.digest, figuration_sha256()))


def _written(
    output: Path,
    trainer: FigurationTrainer,
    songs: Sequence[FiguredSong],
    test: Sequence[FigureSequence],
    point: Point,
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
    source = catalog.show(CORPUS)
    corpus = {
        "sha256": trainer.digest,
        "sources": [{"name": source.name, "title": source.title, "licence": source.licence}],
        "songs": {split: len(found) for split, found in sides.items()},
        "bars": {split: sum(s.frame.bars for s in found) for split, found in sides.items()},
    }
    metrics = {
        "unit": "nats on the test split, which shares no near-duplicate melody and no file with training",
        **{name: score.as_dict() for name, score in scores.items()},
    }
    text = CardText(
        FORMAT, "figuration_lstm", trainer.recipe, corpus, metrics, point.best_epoch, point.seconds,
        figuration_sha256(), {},
    )  # fmt: skip
    card = write_folder(output, runtime_arrays(trainer.model), text, is_compressed=True)
    return FigurationResult(output, point.best_epoch, point.seconds, int(card["weights_bytes"]), **scores)
