"""Training of the melody LSTM: an epoch at a time, with a checkpoint that survives a kill at any moment.

The random state of an epoch depends on the seed and the epoch's number only, so a resumed training gives the same
weights as one that was never stopped.
"""

from __future__ import annotations

import io
import json
import logging
import math
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.corpus.prepare import Prepared, prepare
from composer.corpus.tune import Tune
from composer.encoding.melody import DURATIONS, FEATURES, OFFSETS, PITCH_TOKENS, REST
from composer.errors import BadInput, Bug, MissingTool
from composer.formats.files import cannot_write, read_bytes, write_whole
from composer.limits import MODEL_BYTES
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
from composer.models.export import UNKNOWN, Comparison, Score, TrainingResult, write_model
from composer.models.quiet import silent_stderr
from composer.models.recipe import Recipe, read_recipe

log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.npz"
_LAST_RATE_SHARE = 0.05
_MIN_GAIN_NATS = 0.001


@dataclass(frozen=True, slots=True)
class EpochProgress:
    """Where the training stands; ``valid_nats`` is of the last finished epoch, nan before the first."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    train_nats: float
    valid_nats: float


Progress = Callable[[EpochProgress], None]


@dataclass(frozen=True, slots=True)
class Before:
    """What a training starts from: a model, tunes that it knows and shall see again, and held-out ones of its corpus.

    ``identity`` names the mixed tunes in the checkpoint.
    """

    base: Base
    mixed: tuple[Tune, ...] = ()
    kept: tuple[Tune, ...] = ()
    identity: str = ""


@dataclass(frozen=True, slots=True)
class _Point:
    """What a checkpoint holds beside the arrays: the last finished epoch and the best one."""

    epoch: int
    best_epoch: int
    best_nats: float
    seconds: float


def train_recipe(
    recipe_name_or_path: str | Path,
    *,
    output: Path,
    corpus: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    resume: bool = True,
) -> TrainingResult:
    """Train as the recipe says and write the model folder ``output``; the options replace the recipe's own.

    Raises UsageProblem or BadInput for a bad recipe or an empty corpus, CannotWrite, and Bug when the loss is NaN.
    """
    recipe = read_recipe(recipe_name_or_path)
    recipe = replace(
        recipe,
        corpus=corpus or recipe.corpus,
        epochs=recipe.epochs if epochs is None else epochs,
        seed=recipe.seed if seed is None else seed,
    )
    if problems := recipe.problems():
        raise BadInput(str(recipe_name_or_path), problems[0], "choose another value")
    return train(recipe, prepare(recipe.corpus, with_essen=recipe.with_essen), output, progress=progress, resume=resume)


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
        reason = f"is too small to train on: {len(train_set)} tune(s) to learn from, {len(valid_set)} to check on"
        raise BadInput(recipe.corpus, reason, "add tunes until there are some dozen that are not alike")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(output, error) from None
    trainer = Trainer(recipe, prepared.report.source_sha256, before)
    point = trainer.restored(output / CHECKPOINT) if resume else None
    point = point or _Point(0, 0, sum(trainer.nats(valid_set)) if before else math.inf, 0.0)
    while point.epoch < recipe.epochs and point.epoch - point.best_epoch < recipe.patience:
        point = _epoch(trainer, train_set, valid_set, point, progress)
        trainer.save(output / CHECKPOINT, point)
    comparison = _comparison(trainer, before, prepared.split("test")) if before else None
    trainer.use_best()
    if before is None:
        trainer.fill_unseen(train_set)
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
    trainer: Trainer, train_set: list[Sequence_], valid_set: list[Sequence_], point: _Point, progress: Progress | None
) -> _Point:
    began, recipe, epoch = time.monotonic(), trainer.recipe, point.epoch + 1
    trainer.begin(epoch)
    batches = -(-len(train_set) // recipe.batch)
    total = 0.0
    for number, batch in enumerate(epoch_batches(train_set, recipe, np.random.default_rng([recipe.seed, epoch])), 1):
        loss = trainer.step(batch)
        if not math.isfinite(loss):
            raise Bug("training", f"the loss became {loss} in epoch {epoch}", "try a lower learning_rate in the recipe")
        total += loss
        if progress and number < batches:
            progress(EpochProgress(epoch, recipe.epochs, number, batches, total / number, point.best_nats))
    valid = sum(trainer.nats(valid_set))
    log.info("epoch %d: train %.4f, valid %.4f nats a note", epoch, total / batches, valid)
    if progress:
        progress(EpochProgress(epoch, recipe.epochs, batches, batches, total / batches, valid))
    seconds = point.seconds + time.monotonic() - began
    if valid < point.best_nats - _MIN_GAIN_NATS:
        trainer.keep_as_best()
        return _Point(epoch, epoch, valid, seconds)
    return _Point(epoch, point.best_epoch, point.best_nats, seconds)


class Trainer:
    """The Keras model with its optimizer and the best weights so far."""

    def __init__(self, recipe: Recipe, corpus_sha256: str = "", before: Before | None = None) -> None:
        try:
            with silent_stderr():
                import keras
                import tensorflow as tf

                tf.zeros(1) + 1  # the first sum is the last thing that it talks about
        except ImportError:
            raise MissingTool(
                "tensorflow", "is not installed, and training needs it", "pip install 'composer[train]'"
            ) from None

        from composer.models.melody_lstm import MelodyConfig

        tf.get_logger().setLevel("ERROR")  # it warns of every length of tune that it compiles
        keras.utils.set_random_seed(recipe.seed)
        tf.config.experimental.enable_op_determinism()
        self.recipe, self.corpus_sha256 = recipe, corpus_sha256
        self.model = MelodyConfig(recipe.units, recipe.embedding, recipe.pitch_hidden, recipe.dropout).build()
        self.optimizer = keras.optimizers.Adam(recipe.learning_rate, global_clipnorm=recipe.clip_norm)
        self.optimizer.build(self.model.trainable_variables)
        self.start = f"{before.base.sha256} {before.identity}" if before else ""
        if before:
            use_arrays(self.model, before.base)
        self.best: list[NDArray[np.float32]] = [np.array(w) for w in self.model.get_weights()]
        self._step = tf.function(self._gradient_step, reduce_retracing=False)
        self._losses = tf.function(self._plain_losses, reduce_retracing=False)
        self._right = tf.function(self._right_guesses, reduce_retracing=False)

    def begin(self, epoch: int) -> None:
        """Set learning rate and dropout seeds for ``epoch`` (1-based)."""
        share = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / self.recipe.epochs))
        rate = self.recipe.learning_rate * (_LAST_RATE_SHARE + (1 - _LAST_RATE_SHARE) * share)
        self.optimizer.learning_rate.assign(rate)
        for index, name in enumerate(("dropout_in", "dropout_out")):
            state = self.model.get_layer(name).seed_generator.state
            state.assign(np.array([self.recipe.seed * 2 + index, epoch], dtype=state.dtype))

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
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
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

    def keep_as_best(self) -> None:
        self.best = [np.array(w) for w in self.model.get_weights()]

    def use_best(self) -> None:
        self.model.set_weights(self.best)

    def fill_unseen(self, sequences: Sequence[Sequence_]) -> None:
        """Give categories that no training tune has (a metre, a style) the mean of their column, not noise."""
        layer = self.model.get_layer("columns_embedding")
        table = layer.get_weights()[0]
        seen = np.zeros(len(table), dtype=bool)
        seen[np.unique(np.concatenate([s.columns for s in sequences]) + OFFSETS)] = True
        # "Unknown" is learnt while training hides parts of the plan, not from the tunes themselves.
        seen[OFFSETS[[*CONTROL_COLUMNS, *PIECE_COLUMNS, *CHORD_COLUMNS]]] = True
        for first, size in zip(OFFSETS.tolist(), FEATURES.values(), strict=True):
            known = seen[first : first + size]
            rows = table[first : first + size]
            if known.any():
                rows[~known] = rows[known].mean(axis=0)
        layer.set_weights([table])

    def save(self, path: Path, point: _Point) -> None:
        """Write the checkpoint whole or not at all."""
        arrays: dict[str, NDArray[Any]] = {f"w{i}": w for i, w in enumerate(self.model.get_weights())}
        arrays |= {f"b{i}": w for i, w in enumerate(self.best)}
        arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(self.optimizer.variables)}
        head = {
            "recipe": self._identity(),
            "corpus": self.corpus_sha256,
            "start": self.start,
            "point": [point.epoch, point.best_epoch, point.best_nats, point.seconds],
        }
        arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        write_whole(path, stream.getvalue())

    def restored(self, path: Path) -> _Point | None:
        """Continue from ``path``; ``None`` when there is none. Raises BadInput for one of another training."""
        if not path.exists():
            return None
        hint = "begin anew with --restart, or name another folder with -o"
        try:
            with np.load(io.BytesIO(read_bytes(path, MODEL_BYTES, "checkpoint")), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            head = json.loads(arrays["head"].tobytes())
            if head["recipe"] != self._identity():
                raise BadInput(path, "belongs to another recipe, seed or corpus", hint)
            if self.corpus_sha256 and head.get("corpus", self.corpus_sha256) != self.corpus_sha256:
                raise BadInput(path, "belongs to the corpus as it was before its files changed", hint)
            if head.get("start", "") != self.start:
                raise BadInput(path, "began from another model, or from other tunes that it knew", hint)
            self.model.set_weights([arrays[f"w{i}"] for i in range(len(self.best))])
            self.best = [arrays[f"b{i}"] for i in range(len(self.best))]
            for index, variable in enumerate(self.optimizer.variables):
                variable.assign(arrays[f"o{index}"])
            epoch, best_epoch, best_nats, seconds = head["point"]
        except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile):
            raise BadInput(path, "is not a whole checkpoint", hint) from None
        return _Point(int(epoch), int(best_epoch), float(best_nats), float(seconds))

    def _identity(self) -> str:
        # The title may change; anything else would make the continued training a different one.
        return repr(replace(self.recipe, title="", name=""))
