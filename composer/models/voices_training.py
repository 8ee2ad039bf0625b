"""Training of the voices LSTM: a few minutes on two cores, and what it knows beside a bigram of each voice.

Half of what a piece of ours gives the network a chorale hardly has (whole bars on one chord), so lengths and
fermatas are hidden from it now and then: then they read as a plain beat inside a phrase.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.corpus import catalog
from composer.encoding.voices import CHORD, COLUMNS, TOKENS, VOICES
from composer.errors import BadInput
from composer.models.backoff import BackoffCounts
from composer.models.epochs import EpochProgress, Point, Progress
from composer.models.folder import CardText, write_folder
from composer.models.learner import Learner, checked_loss, start_keras
from composer.models.voices_dataset import CORPUS, Chorale, corpus_sha256
from composer.models.voices_recipe import VoicesRecipe
from composer.models.voices_runtime import FORMAT, voices_sha256

_MIN_GAIN_NATS = 0.001
_CLIP_NORM = 1.0
_HIDDEN_SHARE = 0.3  # of chorales that are read without lengths and fermatas
_FERMATA, _BEATS = list(COLUMNS).index("fermata"), list(COLUMNS).index("beats")


@dataclass(frozen=True, slots=True)
class VoiceNats:
    """Cross-entropy of each voice on held-out chorales, nats per note."""

    bass: float
    alto: float
    tenor: float

    @property
    def mean(self) -> float:
        return (self.bass + self.alto + self.tenor) / 3


@dataclass(frozen=True, slots=True)
class VoicesResult:
    """What a training gave."""

    folder: Path
    epochs: int
    seconds: float
    bytes: int
    test: VoiceNats
    bigram: VoiceNats


@dataclass(frozen=True, slots=True)
class _Batch:
    columns: NDArray[np.int32]
    before: NDArray[np.int32]
    now: NDArray[np.int32]
    mask: NDArray[np.bool_]


def train_voices(
    recipe: VoicesRecipe, chorales: Sequence[Chorale], output: Path, progress: Progress | None = None
) -> VoicesResult:
    """Train on the train split, stop by the valid split, measure on the test split; write the folder ``output``."""
    sides = {side: [c for c in chorales if c.split == side] for side in ("train", "valid", "test")}
    if not all(sides.values()):
        counts = ", ".join(f"{len(found)} to {side}" for side, found in sides.items())
        raise BadInput(recipe.name, f"has too few chorales: {counts}", "install music21 with its corpus")
    trainer = _Trainer(recipe)
    began, point = time.monotonic(), Point()
    while not point.is_done(recipe.epochs, recipe.patience):
        epoch = point.epoch + 1
        loss = checked_loss(trainer.epoch(sides["train"], epoch), epoch)
        valid = trainer.nats(sides["valid"]).mean
        if progress:
            progress(EpochProgress(epoch, recipe.epochs, 1, 1, loss, valid))
        point = point.after(valid, 0.0, _MIN_GAIN_NATS)
        if point.is_best:
            trainer.keep_as_best()
    trainer.use_best()
    test, bigram = trainer.nats(sides["test"]), bigram_nats(sides["train"], sides["test"])
    seconds = time.monotonic() - began
    size = _write(output, recipe, trainer.model, sides, test, bigram, point.best_epoch, seconds)
    return VoicesResult(output, point.best_epoch, seconds, size, test, bigram)


def bigram_nats(train: Sequence[Chorale], test: Sequence[Chorale]) -> VoiceNats:
    """Each voice from the chord and its own pitch before, backing off to the chord, to nothing, to uniform."""
    losses = []
    for voice in range(len(VOICES)):
        counts = BackoffCounts(TOKENS)
        for contexts, token in _bigrams(train, voice):
            counts.add(contexts, token)
        losses.append(float(np.mean([-math.log(counts.chance(*item)) for item in _bigrams(test, voice)])))
    return VoiceNats(*losses)


def _bigrams(chorales: Sequence[Chorale], voice: int) -> Iterator[tuple[list[Hashable], int]]:
    """(contexts from none to the longest, token) of every note of a voice."""
    for chorale in chorales:
        minor = chorale.key.is_minor
        for columns, before, now in zip(chorale.columns, chorale.before, chorale.now, strict=True):
            chord = (minor, int(columns[CHORD]))
            yield [(), chord, (chord, int(before[voice]))], int(now[voice])


class _Trainer(Learner):
    """The loss of the voices model."""

    def __init__(self, recipe: VoicesRecipe) -> None:
        start_keras(recipe.seed)
        import tensorflow as tf

        from composer.models.voices_lstm import VoicesConfig

        model = VoicesConfig(recipe.units, recipe.embedding, recipe.hidden, recipe.dropout).build()
        super().__init__(model, recipe.learning_rate, _CLIP_NORM)
        self.recipe = recipe
        self._step = tf.function(self._gradient_step, reduce_retracing=True)
        self._losses = tf.function(self._plain_losses, reduce_retracing=True)

    def epoch(self, chorales: Sequence[Chorale], number: int) -> float:
        """One pass over the chorales in an order that the seed and ``number`` decide; the mean loss in nats a chord."""
        self.set_rate(number, self.recipe.epochs)
        rng = np.random.default_rng([self.recipe.seed, number])
        order = rng.permutation(len(chorales))
        losses = []
        for start in range(0, len(order), self.recipe.batch):
            batch = _batch([chorales[i] for i in order[start : start + self.recipe.batch]], rng)
            losses.append(float(self._step(batch.columns, batch.before, batch.now, batch.mask)))
        return float(np.mean(losses))

    def nats(self, chorales: Sequence[Chorale]) -> VoiceNats:
        """Cross-entropy in nats per note, without dropout and smoothing."""
        total, count = np.zeros(len(VOICES)), 0
        for start in range(0, len(chorales), self.recipe.batch):
            batch = _batch(chorales[start : start + self.recipe.batch])
            total += np.asarray(self._losses(batch.columns, batch.before, batch.now, batch.mask))
            count += int(batch.mask.sum())
        return VoiceNats(*(float(t) / count for t in total))

    def _gradient_step(self, columns: Any, before: Any, now: Any, mask: Any) -> Any:
        import tensorflow as tf

        smoothing = self.recipe.label_smoothing
        with tf.GradientTape() as tape:
            outputs = self.model([columns, before, now, mask], training=True)
            weights = tf.cast(mask, tf.float32)
            loss = 0.0
            for voice, logits in enumerate(outputs):
                wanted = tf.one_hot(now[:, :, voice], TOKENS) * (1 - smoothing) + smoothing / TOKENS
                loss += tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(wanted, logits) * weights)
            loss /= tf.reduce_sum(weights)
        self.descend(tape, loss)
        return loss

    def _plain_losses(self, columns: Any, before: Any, now: Any, mask: Any) -> Any:
        import tensorflow as tf

        outputs = self.model([columns, before, now, mask], training=False)
        weights = tf.cast(mask, tf.float32)
        losses = [
            tf.nn.sparse_softmax_cross_entropy_with_logits(now[:, :, voice], logits)
            for voice, logits in enumerate(outputs)
        ]
        return tf.stack([tf.reduce_sum(loss * weights) for loss in losses])


def _batch(chorales: Sequence[Chorale], rng: np.random.Generator | None = None) -> _Batch:
    """The chorales padded to one length; with ``rng`` some of them without lengths and fermatas."""
    size = -(-max(len(c.given) for c in chorales) // 16) * 16
    columns = np.zeros((len(chorales), size, len(COLUMNS)), dtype=np.int32)
    before, now = (np.zeros((len(chorales), size, len(VOICES)), dtype=np.int32) for _ in range(2))
    mask = np.zeros((len(chorales), size), dtype=bool)
    for row, chorale in enumerate(chorales):
        count = len(chorale.given)
        columns[row, :count], before[row, :count], now[row, :count] = chorale.columns, chorale.before, chorale.now
        mask[row, :count] = True
        if rng is not None and rng.random() < _HIDDEN_SHARE:
            columns[row, :, [_FERMATA, _BEATS]] = 0
    return _Batch(columns, before, now, mask)


def _write(
    output: Path,
    recipe: VoicesRecipe,
    model: Any,
    sides: dict[str, list[Chorale]],
    test: VoiceNats,
    bigram: VoiceNats,
    epochs: int,
    seconds: float,
) -> int:
    """Write weights and card; the size of the weights in bytes. The card comes last, so that a cut is noticed."""
    from composer.models.voices_lstm import runtime_arrays

    source = catalog.show(CORPUS)
    corpus = {
        "sha256": corpus_sha256([chorale for found in sides.values() for chorale in found]),
        "sources": [{"name": source.name, "title": source.title, "licence": source.licence}],
        "chorales": {side: len(found) for side, found in sides.items()},
        "chords": {side: sum(len(c.given) for c in found) for side, found in sides.items()},
    }
    metrics = {
        "unit": "nats per note of the voice on held-out chorales, given soprano, chords and the voices before",
        "test": _rounded(test),
        "bigram": _rounded(bigram),
    }
    text = CardText(FORMAT, "voices_lstm", recipe, corpus, metrics, epochs, seconds, voices_sha256(), {})
    return int(write_folder(output, runtime_arrays(model), text)["weights_bytes"])


def _rounded(nats: VoiceNats) -> dict[str, float]:
    return {**{name: round(value, 4) for name, value in asdict(nats).items()}, "mean": round(nats.mean, 4)}
