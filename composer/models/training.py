"""Training of the melody LSTM: an epoch at a time, with a checkpoint that survives a kill at any moment.

The random state of an epoch depends on the seed and the epoch's number only, so a resumed training gives the same
weights as one that was never stopped.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from composer.corpus.prepare import Prepared
from composer.corpus.tune import Tune
from composer.encoding.melody import DURATIONS, FEATURES, OFFSETS, PITCH_TOKENS, REST
from composer.errors import BadInput, counted
from composer.models.base import Base, use_arrays
from composer.models.dataset import (
    CHORD_COLUMNS,
    CONTROL_COLUMNS,
    PIECE_COLUMNS,
    Batch,
    Sequence_,
    epoch_batches,
    plain_batches,
    sequence_of,
    training_tunes,
)
from composer.models.epochs import EpochProgress, Point, Progress
from composer.models.export import UNKNOWN, Comparison, Score, TrainingResult, write_model
from composer.models.folder import make_folder
from composer.models.learner import CHECKPOINT, Learner, checked_loss, start_keras
from composer.models.recipe import Recipe

log = logging.getLogger(__name__)
_MIN_GAIN_NATS = 0.001


@dataclass(frozen=True, slots=True)
class Before:
    """What a training starts from: a model, tunes that it knows and shall see again, and held-out ones of its corpus.

    ``identity`` names the mixed tunes in the checkpoint.
    """

    base: Base
    mixed: tuple[Tune, ...] = ()
    kept: tuple[Tune, ...] = ()
    identity: str = ""


def train(
    recipe: Recipe,
    prepared: Prepared,
    output: Path,
    *,
    progress: Progress | None = None,
    resume: bool = True,
    before: Before | None = None,
) -> TrainingResult:
    """Train on ``prepared`` and write weights, card and checkpoint under ``output``; ``before`` is what to start from.

    With a start the best epoch must beat it on the held-out tunes, else the weights stay as they were.
    """
    learned = [*training_tunes(prepared.tunes, recipe), *(before.mixed if before else ())]
    train_set = [sequence_of(t) for t in learned]
    valid_set = [sequence_of(t) for t in prepared.split("valid")]
    if not train_set or not valid_set:
        reason = (
            f"is too small to train on: {counted(len(train_set), 'tune')} to learn from, {len(valid_set)} to check on"
        )
        raise BadInput(recipe.corpus, reason, "add tunes until there are some dozen that are not alike")
    make_folder(output)
    trainer = Trainer(recipe, prepared.report.source_sha256, before)
    point = trainer.restored(output / CHECKPOINT) if resume else None
    point = point or Point(best_nats=sum(trainer.nats(valid_set)) if before else math.inf)
    while not point.is_done(recipe.epochs, recipe.patience):
        point = _epoch(trainer, train_set, valid_set, point, progress)
        trainer.save(output / CHECKPOINT, point)
    comparison = _comparison(trainer, before, prepared.split("test")) if before else None
    trainer.use_best()
    if before is None:
        trainer.fill_in(train_set)
    return write_model(
        output, recipe, prepared, trainer.model, trainer.nats, point.best_epoch, point.seconds, comparison
    )


def _comparison(trainer: Trainer, before: Before, held_out: Sequence[Tune]) -> Comparison:
    """The start and the best weights on ``held_out`` and on what the start came from."""
    new, kept = [sequence_of(t) for t in held_out], [sequence_of(t) for t in before.kept]
    figures: list[tuple[Score, Score, float]] = []
    for is_after in (False, True):
        if is_after:
            trainer.use_best()
        else:
            use_arrays(trainer.model, before.base)
        scores = [Score(*trainer.nats(some)) if some else UNKNOWN for some in (new, kept)]
        figures.append((scores[0], scores[1], trainer.first_guesses(new)))
    (was, knew, guessed), (now, knows, guesses) = figures
    return Comparison(
        before.base.name, before.base.sha256, before.base.corpora, len(before.mixed), len(new),
        sum(e.pitch is not None for tune in held_out for e in tune.events), was, now, guessed, guesses, len(kept),
        knew, knows,
    )  # fmt: skip


def _epoch(
    trainer: Trainer, train_set: list[Sequence_], valid_set: list[Sequence_], point: Point, progress: Progress | None
) -> Point:
    began, recipe, epoch = time.monotonic(), trainer.recipe, point.epoch + 1
    trainer.begin(epoch)
    batches = -(-len(train_set) // recipe.batch)
    total = 0.0
    for number, batch in enumerate(epoch_batches(train_set, recipe, np.random.default_rng([recipe.seed, epoch])), 1):
        total += checked_loss(trainer.step(batch), epoch)
        if progress and number < batches:
            progress(EpochProgress(epoch, recipe.epochs, number, batches, total / number, point.best_nats))
    valid = sum(trainer.nats(valid_set))
    log.info("epoch %d: train %.4f, valid %.4f nats a note", epoch, total / batches, valid)
    if progress:
        progress(EpochProgress(epoch, recipe.epochs, batches, batches, total / batches, valid))
    later = point.after(valid, time.monotonic() - began, _MIN_GAIN_NATS)
    if later.is_best:
        trainer.keep_as_best()
    return later


class Trainer(Learner):
    """The melody's loss, and what its checkpoint belongs to."""

    def __init__(self, recipe: Recipe, corpus_sha256: str = "", before: Before | None = None) -> None:
        start_keras(recipe.seed)
        import tensorflow as tf

        from composer.models.melody_lstm import MelodyConfig

        model = MelodyConfig(recipe.units, recipe.embedding, recipe.pitch_hidden, recipe.dropout).build()
        super().__init__(model, recipe.learning_rate, recipe.clip_norm)
        self.recipe, self.corpus_sha256 = recipe, corpus_sha256
        self.start = f"{before.base.sha256} {before.identity}" if before else ""
        if before:
            use_arrays(self.model, before.base)
            self.keep_as_best()
        self._step = tf.function(self._gradient_step, reduce_retracing=False)
        self._losses = tf.function(self._plain_losses, reduce_retracing=False)
        self._right = tf.function(self._right_guesses, reduce_retracing=False)

    def begin(self, epoch: int) -> None:
        """Set learning rate and dropout seeds for ``epoch`` (1-based)."""
        self.set_rate(epoch, self.recipe.epochs)
        self.set_dropout_seeds(self.recipe.seed, epoch)

    def step(self, batch: Batch) -> float:
        """One gradient step; the training loss in nats per note (with label smoothing)."""
        return float(self._step(batch.columns, batch.durations, batch.pitches, batch.weights))

    def _gradient_step(self, columns: Any, durations: Any, pitches: Any, weights: Any) -> Any:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            outputs = self.model([columns, durations], training=True)
            loss = sum(
                self._mean(self._smoothed(targets, logits, size), weights)
                for targets, logits, size in zip(
                    (durations, pitches), outputs, (len(DURATIONS), PITCH_TOKENS), strict=True
                )
            )
        self.descend(tape, loss)
        return loss

    def _smoothed(self, targets: Any, logits: Any, size: int) -> Any:
        import tensorflow as tf

        smoothing = self.recipe.label_smoothing
        wanted = tf.one_hot(targets, size) * (1 - smoothing) + smoothing / size
        return tf.nn.softmax_cross_entropy_with_logits(wanted, logits)

    @staticmethod
    def _mean(losses: Any, weights: Any) -> Any:
        import tensorflow as tf

        return tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)

    def _plain_losses(self, columns: Any, durations: Any, pitches: Any, weights: Any) -> Any:
        import tensorflow as tf

        outputs = self.model([columns, durations], training=False)
        return tf.stack(
            [
                tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits) * weights)
                for targets, logits in zip((durations, pitches), outputs, strict=True)
            ]
        )

    def nats(self, sequences: Sequence[Sequence_], hide: Sequence[int] = ()) -> tuple[float, float]:
        """Mean duration and pitch cross-entropy in nats per event, no smoothing, the columns ``hide`` unknown."""
        total, count = np.zeros(2), 0.0
        for batch in plain_batches(sequences, self.recipe.batch, hide):
            total += np.asarray(self._losses(batch.columns, batch.durations, batch.pitches, batch.weights))
            count += float(batch.weights.sum())
        return float(total[0] / count), float(total[1] / count)

    def _right_guesses(self, columns: Any, durations: Any, pitches: Any, weights: Any) -> Any:
        import tensorflow as tf

        guesses = tf.argmax(self.model([columns, durations], training=False)[1], axis=-1, output_type=pitches.dtype)
        notes = weights * tf.cast(pitches != REST, tf.float32)
        return tf.stack([tf.reduce_sum(tf.cast(guesses == pitches, tf.float32) * notes), tf.reduce_sum(notes)])

    def first_guesses(self, sequences: Sequence[Sequence_]) -> float:
        """Share of the notes whose pitch is the likeliest one; nan without notes."""
        total = np.zeros(2)
        for batch in plain_batches(sequences, self.recipe.batch):
            total += np.asarray(self._right(batch.columns, batch.durations, batch.pitches, batch.weights))
        return float(total[0] / total[1]) if total[1] else math.nan

    def fill_in(self, sequences: Sequence[Sequence_]) -> None:
        """Give categories that no training tune has (a metre, a style) the mean of their column, not noise."""
        # "Unknown" is learnt while training hides parts of the plan, not from the tunes themselves.
        hidden = OFFSETS[[*CONTROL_COLUMNS, *PIECE_COLUMNS, *CHORD_COLUMNS]]
        self.fill_unseen(np.concatenate([s.columns for s in sequences]), hidden, OFFSETS, FEATURES)

    def save(self, path: Path, point: Point) -> None:
        """Write the checkpoint whole or not at all."""
        head = {"recipe": self._identity(), "corpus": self.corpus_sha256, "start": self.start}
        self.save_checkpoint(path, point, head)

    def restored(self, path: Path) -> Point | None:
        """Continue from ``path``; ``None`` when there is none. Raises BadInput for one of another training."""
        return self.read_checkpoint(path, self._foreign)

    def _foreign(self, head: Mapping[str, Any]) -> str:
        """Why the checkpoint is of another training; empty when it is of this one."""
        if head["recipe"] != self._identity():
            return "belongs to another recipe, seed or corpus"
        if self.corpus_sha256 and head.get("corpus", self.corpus_sha256) != self.corpus_sha256:
            return "belongs to the corpus as it was before its files changed"
        if head.get("start", "") != self.start:
            return "began from another model, or from other tunes that it knew"
        return ""

    def _identity(self) -> str:
        # The title may change; anything else would make the continued training a different one.
        return repr(replace(self.recipe, title="", name=""))
