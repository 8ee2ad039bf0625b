"""Training of the harmony LSTM, and the folder it is shipped in: ``weights.npz`` and a card with honest figures.

A training takes some minutes on two cores and is run whole: the same recipe and corpora give the same weights.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.errors import BadInput, Bug, MissingTool
from composer.models.harmony_dataset import Batch, Passage, batches, excerpts, hidden, with_unknowns
from composer.models.harmony_recipe import HarmonyRecipe

log = logging.getLogger(__name__)
_LAST_RATE_SHARE = 0.05
_MIN_GAIN_NATS = 0.0005
Progress = Callable[[int, float, float], None]  # epoch, loss in training, nats on the validation split


class HarmonyTrainer:
    """The Keras model with its optimizer and the best weights so far."""

    def __init__(self, recipe: HarmonyRecipe) -> None:
        try:
            import keras
            import tensorflow as tf
        except ImportError:
            raise MissingTool(
                "tensorflow", "is not installed, and training needs it", "pip install 'composer[train]'"
            ) from None

        from composer.models.harmony_lstm import HarmonyConfig

        keras.utils.set_random_seed(recipe.seed)
        tf.config.experimental.enable_op_determinism()
        self.recipe = recipe
        self.model = HarmonyConfig(recipe.units, recipe.embedding, recipe.dropout).build()
        self.optimizer = keras.optimizers.Adam(recipe.learning_rate, global_clipnorm=recipe.clip_norm)
        self.optimizer.build(self.model.trainable_variables)
        self.best: list[NDArray[np.float32]] = [np.array(w) for w in self.model.get_weights()]
        self._step = tf.function(self._gradient_step, reduce_retracing=False)
        self._losses = tf.function(self._plain_losses, reduce_retracing=False)

    def train(self, train: Sequence[Passage], valid: Sequence[Passage], progress: Progress | None = None) -> int:
        """Train until the validation split gains nothing more; the number of the best epoch."""
        if not train or not valid:
            reason = f"is too small to train on: {len(train)} piece(s) to learn from, {len(valid)} to check on"
            raise BadInput(self.recipe.corpus, reason, "add pieces until there are some dozen that are not alike")
        best_epoch, best = 0, math.inf
        # Without tension as well, for a plan need not say it and the comparison with tables is without it.
        checks = [*valid, *(hidden(p, ("tension",)) for p in valid)]
        for epoch in range(1, self.recipe.epochs + 1):
            loss = self._epoch(epoch, train)
            if not math.isfinite(loss):
                raise Bug("training", f"the loss became {loss} in epoch {epoch}", "try a lower learning_rate")
            nats = float(np.mean(self.nats(checks)))
            log.info("epoch %d: train %.4f, valid %.4f nats a chord", epoch, loss, nats)
            if progress:
                progress(epoch, loss, nats)
            if nats < best - _MIN_GAIN_NATS:
                best_epoch, best = epoch, nats
                self.best = [np.array(w) for w in self.model.get_weights()]
            elif epoch - best_epoch >= self.recipe.patience:
                break
        self.model.set_weights(self.best)
        return best_epoch

    def _epoch(self, epoch: int, train: Sequence[Passage]) -> float:
        share = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / self.recipe.epochs))
        self.optimizer.learning_rate.assign(
            self.recipe.learning_rate * (_LAST_RATE_SHARE + (1 - _LAST_RATE_SHARE) * share)
        )
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
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
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
