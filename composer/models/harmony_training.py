"""Training of the harmony LSTM, and the folder it is shipped in: ``weights.npz`` and a card with honest figures.

A training takes some minutes on two cores and is run whole: the same recipe and corpora give the same weights.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.errors import BadInput, counted
from composer.models.epochs import EpochProgress, Point, Progress
from composer.models.harmony_dataset import Batch, Passage, batches, excerpts, hidden, with_unknowns
from composer.models.harmony_recipe import HarmonyRecipe
from composer.models.learner import Learner, checked_loss, start_keras

log = logging.getLogger(__name__)
_MIN_GAIN_NATS = 0.0005


class HarmonyTrainer(Learner):
    """The loss of the harmony model."""

    def __init__(self, recipe: HarmonyRecipe) -> None:
        start_keras(recipe.seed)
        import tensorflow as tf

        from composer.models.harmony_lstm import HarmonyConfig

        model = HarmonyConfig(recipe.units, recipe.embedding, recipe.dropout).build()
        super().__init__(model, recipe.learning_rate, recipe.clip_norm)
        self.recipe = recipe
        self._step = tf.function(self._gradient_step, reduce_retracing=False)
        self._losses = tf.function(self._plain_losses, reduce_retracing=False)

    def train(self, train: Sequence[Passage], valid: Sequence[Passage], progress: Progress | None = None) -> int:
        """Train until the validation split gains nothing more; the number of the best epoch."""
        if not train or not valid:
            reason = f"is too small to train on: {counted(len(train), 'piece')} to learn from, {len(valid)} to check on"
            raise BadInput(self.recipe.corpus, reason, "add pieces until there are some dozen that are not alike")
        point = Point()
        # Without tension as well, for a plan need not say it and the comparison with tables is without it.
        checks = [*valid, *(hidden(p, ("tension",)) for p in valid)]
        while not point.is_done(self.recipe.epochs, self.recipe.patience):
            epoch = point.epoch + 1
            loss = checked_loss(self._epoch(epoch, train), epoch)
            nats = float(np.mean(self.nats(checks)))
            log.info("epoch %d: train %.4f, valid %.4f nats a chord", epoch, loss, nats)
            if progress:
                progress(EpochProgress(epoch, self.recipe.epochs, 1, 1, loss, nats))
            point = point.after(nats, 0.0, _MIN_GAIN_NATS)
            if point.is_best:
                self.keep_as_best()
        self.use_best()
        return point.best_epoch

    def _epoch(self, epoch: int, train: Sequence[Passage]) -> float:
        self.set_rate(epoch, self.recipe.epochs)
        generator = np.random.default_rng([self.recipe.seed, epoch])
        shown = [
            with_unknowns(passage, self.recipe.control_dropout, self.recipe.tension_dropout, generator)
            for passage in excerpts(self._weighted(train), self.recipe.chords, generator)
        ]
        losses = [self._loss(batch) for batch in batches(shown, self.recipe.batch, generator)]
        return float(np.mean(losses))

    def _weighted(self, train: Sequence[Passage]) -> list[Passage]:
        copies = self.recipe.chorale_copies
        return [p for p in train for _ in range(copies if p.corpus.startswith("chorale") else 1)]

    def _loss(self, batch: Batch) -> float:
        return float(self._step(batch.columns, batch.tokens, batch.weights))

    def _gradient_step(self, columns: Any, tokens: Any, weights: Any) -> Any:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            logits = self.model(columns, training=True)
            plain = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
            # Smoothing over the chords of the mode only: the others are ruled out.
            possible = tf.cast(logits > -1e8, tf.float32)
            each = tf.nn.log_softmax(logits) * possible
            spread = -tf.reduce_sum(each, axis=-1) / tf.maximum(tf.reduce_sum(possible, axis=-1), 1.0)
            smoothing = self.recipe.label_smoothing
            losses = (1 - smoothing) * plain + smoothing * spread
            loss = tf.reduce_sum(losses * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)
        self.descend(tape, loss)
        return loss

    def _plain_losses(self, columns: Any, tokens: Any) -> Any:
        import tensorflow as tf

        return tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, self.model(columns, training=False))

    def nats(self, passages: Sequence[Passage]) -> NDArray[np.float64]:
        """(targets,) the surprise of every target chord in nats; by passage length, then as given."""
        found = []
        for batch in batches(passages, self.recipe.batch):
            losses = np.asarray(self._losses(batch.columns, batch.tokens))
            found.append(losses[batch.weights > 0])
        return np.concatenate(found).astype(float) if found else np.zeros(0)


def train_harmony(
    recipe: HarmonyRecipe, output: Path, *, corpus: str | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Train as the recipe says and write the model folder ``output``; the model card.

    Raises BadInput for a corpus that is too small, MissingTool without TensorFlow or without the songs' files.
    """
    from composer.models.harmony_corpus import harmony_passages
    from composer.models.harmony_export import measured, write_harmony_model

    passages, sources = harmony_passages(corpus or recipe.corpus)
    began = time.monotonic()
    trainer = HarmonyTrainer(recipe)
    epochs = trainer.train(
        [p for p in passages if p.split == "train"], [p for p in passages if p.split == "valid"], progress
    )
    seconds = time.monotonic() - began
    figures = measured(passages, trainer.nats)
    return write_harmony_model(output, recipe, sources, passages, trainer.model, figures, epochs, seconds)
