"""Training of the voices LSTM: a few minutes on two cores, and what it knows beside a bigram of each voice.

Half of what a piece of ours gives the network a chorale hardly has (whole bars on one chord), so lengths and
fermatas are hidden from it now and then: then they read as a plain beat inside a phrase.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import platform
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.corpus import catalog
from composer.encoding.voices import CHORD, COLUMNS, TOKENS, VOICES
from composer.errors import MissingTool
from composer.formats.files import write_whole
from composer.models.lstm_cell import CARD, WEIGHTS
from composer.models.voices_dataset import CORPUS, Chorale
from composer.models.voices_recipe import VoicesRecipe
from composer.models.voices_runtime import FORMAT, voices_sha256

_MIN_GAIN_NATS = 0.001
_LAST_RATE_SHARE = 0.05
_BACKOFF = 4.0  # pseudo-count of the shorter context
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
    recipe: VoicesRecipe,
    chorales: Sequence[Chorale],
    output: Path,
    progress: Callable[[int, int, float], None] | None = None,
) -> VoicesResult:
    """Train on the train split, stop by the valid split, measure on the test split; write the folder ``output``.

    ``progress`` is told the epoch, how many there may be, and the nats per note on the valid split.
    """
    sides = {side: [c for c in chorales if c.split == side] for side in ("train", "valid", "test")}
    trainer = _Trainer(recipe)
    began, best, best_epoch = time.monotonic(), math.inf, 0
    kept = trainer.model.get_weights()
    for epoch in range(1, recipe.epochs + 1):
        trainer.epoch(sides["train"], epoch)
        valid = trainer.nats(sides["valid"]).mean
        if progress:
            progress(epoch, recipe.epochs, valid)
        if valid < best - _MIN_GAIN_NATS:
            best, best_epoch, kept = valid, epoch, trainer.model.get_weights()
        if epoch - best_epoch >= recipe.patience:
            break
    trainer.model.set_weights(kept)
    test, bigram = trainer.nats(sides["test"]), bigram_nats(sides["train"], sides["test"])
    seconds = time.monotonic() - began
    size = _write(output, recipe, trainer.model, sides, test, bigram, best_epoch, seconds)
    return VoicesResult(output, best_epoch, seconds, size, test, bigram)


def bigram_nats(train: Sequence[Chorale], test: Sequence[Chorale]) -> VoiceNats:
    """Each voice from the chord and its own pitch before, backing off to the chord, to nothing, to uniform."""
    losses = []
    for voice in range(len(VOICES)):
        counts: dict[Hashable, Counter[int]] = defaultdict(Counter)
        for contexts, token in _bigrams(train, voice):
            for context in contexts:
                counts[context][token] += 1
        totals = {context: seen.total() for context, seen in counts.items()}
        nats = []
        for contexts, token in _bigrams(test, voice):
            chance = 1.0 / TOKENS
            for context in contexts:
                if context in totals:
                    chance = (counts[context][token] + _BACKOFF * chance) / (totals[context] + _BACKOFF)
            nats.append(-math.log(chance))
        losses.append(float(np.mean(nats)))
    return VoiceNats(*losses)


def _bigrams(chorales: Sequence[Chorale], voice: int) -> Iterator[tuple[list[Hashable], int]]:
    """(contexts from none to the longest, token) of every note of a voice."""
    for chorale in chorales:
        minor = chorale.key.is_minor
        for columns, before, now in zip(chorale.columns, chorale.before, chorale.now, strict=True):
            chord = (minor, int(columns[CHORD]))
            yield [(), chord, (chord, int(before[voice]))], int(now[voice])


class _Trainer:
    """The Keras model and its optimizer."""

    def __init__(self, recipe: VoicesRecipe) -> None:
        try:
            import keras
            import tensorflow as tf
        except ImportError:
            raise MissingTool(
                "tensorflow", "is not installed, and training needs it", "pip install 'composer[train]'"
            ) from None
        from composer.models.voices_lstm import VoicesConfig

        keras.utils.set_random_seed(recipe.seed)
        tf.config.experimental.enable_op_determinism()
        self.recipe = recipe
        self.model = VoicesConfig(recipe.units, recipe.embedding, recipe.hidden, recipe.dropout).build()
        self.optimizer = keras.optimizers.Adam(recipe.learning_rate, global_clipnorm=1.0)
        self.optimizer.build(self.model.trainable_variables)
        self._step = tf.function(self._gradient_step, reduce_retracing=True)
        self._losses = tf.function(self._plain_losses, reduce_retracing=True)

    def epoch(self, chorales: Sequence[Chorale], number: int) -> None:
        """One pass over the chorales in an order that the seed and ``number`` decide."""
        share = 0.5 * (1 + math.cos(math.pi * (number - 1) / self.recipe.epochs))
        self.optimizer.learning_rate.assign(
            self.recipe.learning_rate * (_LAST_RATE_SHARE + (1 - _LAST_RATE_SHARE) * share)
        )
        rng = np.random.default_rng([self.recipe.seed, number])
        order = rng.permutation(len(chorales))
        for start in range(0, len(order), self.recipe.batch):
            batch = _batch([chorales[i] for i in order[start : start + self.recipe.batch]], rng)
            self._step(batch.columns, batch.before, batch.now, batch.mask)

    def nats(self, chorales: Sequence[Chorale]) -> VoiceNats:
        """Cross-entropy in nats per note, without dropout and smoothing."""
        total, count = np.zeros(len(VOICES)), 0
        for start in range(0, len(chorales), self.recipe.batch):
            batch = _batch(chorales[start : start + self.recipe.batch])
            total += np.asarray(self._losses(batch.columns, batch.before, batch.now, batch.mask))
            count += int(batch.mask.sum())
        return VoiceNats(*(float(t) / count for t in total))

    def _gradient_step(self, columns: Any, before: Any, now: Any, mask: Any) -> None:
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
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)

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

    stream = io.BytesIO()
    np.savez(stream, **runtime_arrays(model))  # type: ignore[arg-type]
    content = stream.getvalue()
    corpus = catalog.show(CORPUS)
    card = {
        "format": FORMAT,
        "name": recipe.name,
        "title": recipe.title,
        "family": "voices_lstm",
        "recipe": asdict(recipe),
        "corpus": {
            "sources": [{"name": corpus.name, "title": corpus.title, "licence": corpus.licence}],
            "chorales": {side: len(found) for side, found in sides.items()},
            "chords": {side: sum(len(c.given) for c in found) for side, found in sides.items()},
        },
        "licence": "Weights: the licence of composer. Each source keeps its own licence, stated above.",
        "metrics": {
            "unit": "nats per note of the voice on held-out chorales, given soprano, chords and the voices before",
            "test": {**{k: round(v, 4) for k, v in asdict(test).items()}, "mean": round(test.mean, 4)},
            "bigram": {**{k: round(v, 4) for k, v in asdict(bigram).items()}, "mean": round(bigram.mean, 4)},
        },
        "epochs": epochs,
        "training_seconds": round(seconds),
        "versions": {"python": platform.python_version(), **{n: _version(n) for n in ("numpy", "keras", "music21")}},
        "vocabulary_sha256": voices_sha256(),
        "weights_sha256": hashlib.sha256(content).hexdigest(),
        "weights_bytes": len(content),
    }
    output.mkdir(parents=True, exist_ok=True)
    write_whole(output / WEIGHTS, content)
    write_whole(output / CARD, (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return len(content)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"
