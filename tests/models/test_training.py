"""Training with the real Keras model on tiny data: agreement with the runtime, resuming, refusals."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from composer.corpus.prepare import Prepared, Report
from composer.encoding.melody import FEATURES, OFFSETS, STYLES
from composer.errors import BadInput, Bug
from composer.models import training
from composer.models.dataset import batch_of, sequence_of, training_tunes
from composer.models.epochs import EpochProgress
from composer.models.learner import CHECKPOINT
from composer.models.recipe import Recipe
from composer.models.runtime import read_model
from composer.models.training import train
from tests.corpus.conftest import made_tune

RECIPE = Recipe(
    "tiny", "Tiny", units=8, embedding=6, pitch_hidden=7, epochs=2, batch=4, dropout=0.2, patience=9, learning_rate=0.01
)
pytest.importorskip("tensorflow")


def prepared() -> Prepared:
    splits = ["train"] * 8 + ["valid"] * 2 + ["test"] * 2
    tunes = tuple(made_tune(seed, split=split) for seed, split in enumerate(splits))
    report = Report(("made",), len(tunes), 1, {"made": 12}, {}, {}, {}, 12, 0, {}, (), "0" * 64, False)
    return Prepared(tunes, report)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[EpochProgress]]]:
    folder, seen = tmp_path_factory.mktemp("tiny"), list[EpochProgress]()
    train(RECIPE, prepared(), folder, progress=seen.append)
    yield folder, seen


def test_the_runtime_gives_the_logits_of_keras(trained: tuple[Path, list[EpochProgress]]) -> None:
    trainer = training.Trainer(RECIPE)
    assert trainer.restored(trained[0] / CHECKPOINT) is not None
    trainer.use_best()
    trainer.fill_in([sequence_of(t) for t in training_tunes(prepared().tunes, RECIPE)])
    batch = batch_of([sequence_of(made_tune(70)), sequence_of(made_tune(71))], 2)
    expected = [np.asarray(x) for x in trainer.model([batch.columns, batch.durations], training=False)]
    model = read_model(trained[0])
    state = model.start(2)
    for step in range(batch.durations.shape[1]):
        state, durations = model.step(state, batch.columns[:, step].astype(np.int64))
        np.testing.assert_allclose(durations, expected[0][:, step], atol=1e-4)
        pitches = model.pitch_logits(state, batch.durations[:, step].astype(np.int64))
        np.testing.assert_allclose(pitches, expected[1][:, step], atol=1e-4)


def test_training_learns_and_reports_its_progress(trained: tuple[Path, list[EpochProgress]]) -> None:
    seen = trained[1]
    assert seen[-1].valid_nats < seen[0].train_nats
    assert (seen[-1].epoch, seen[-1].epochs) == (2, 2)
    assert {p.batch for p in seen} == set(range(1, seen[0].batches + 1))


def test_the_card_says_what_the_model_is(trained: tuple[Path, list[EpochProgress]]) -> None:
    card = json.loads((trained[0] / "card.json").read_text())
    assert card["recipe"]["seed"] == 1 and card["metrics"]["full"]["sum"] > 0
    assert card["metrics"]["markov"]["sum"] > 0 and card["corpus"]["sources"][0]["licence"]


def test_a_training_that_was_killed_goes_on_to_the_same_weights(
    trained: tuple[Path, list[EpochProgress]], tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    def killer(progress: EpochProgress) -> None:
        if progress.epoch == 2 and progress.batch == 2:
            raise Killed

    with pytest.raises(Killed):
        train(RECIPE, prepared(), tmp_path, progress=killer)
    assert not (tmp_path / "weights.npz").exists()
    epochs: list[int] = []
    train(RECIPE, prepared(), tmp_path, progress=lambda p: epochs.append(p.epoch))
    assert set(epochs) == {2}
    assert (tmp_path / "weights.npz").read_bytes() == (trained[0] / "weights.npz").read_bytes()


@pytest.mark.parametrize("cut", [0, 100, -1])
def test_a_damaged_checkpoint_is_refused(trained: tuple[Path, list[EpochProgress]], tmp_path: Path, cut: int) -> None:
    content = (trained[0] / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(content[: len(content) // 2] if cut < 0 else content[:cut])
    with pytest.raises(BadInput, match="not a whole checkpoint"):
        train(RECIPE, prepared(), tmp_path)


def test_a_checkpoint_of_another_recipe_is_refused(trained: tuple[Path, list[EpochProgress]]) -> None:
    with pytest.raises(BadInput, match="another recipe"):
        train(replace(RECIPE, dropout=0.3), prepared(), trained[0])


def test_a_loss_that_is_no_number_stops_the_training_without_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.Trainer, "step", lambda self, batch: float("nan"))
    with pytest.raises(Bug, match="became nan in epoch 1"):
        train(RECIPE, prepared(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="too small"):
        train(RECIPE, Prepared((), prepared().report), tmp_path / "model")


def test_only_categories_that_training_never_shows_are_filled(trained: tuple[Path, list[EpochProgress]]) -> None:
    trainer = training.Trainer(RECIPE)
    before = trainer.model.get_layer("columns_embedding").get_weights()[0].copy()
    trainer.fill_in([sequence_of(t) for t in prepared().split("train")])
    after = trainer.model.get_layer("columns_embedding").get_weights()[0]
    names, style = list(FEATURES), OFFSETS[list(FEATURES).index("style")]
    dance, song = style + 1 + STYLES.index("dance"), style + 1 + STYLES.index("song")
    np.testing.assert_array_equal(after[dance], before[dance])
    np.testing.assert_array_equal(after[style], before[style])  # unknown is learnt by hiding
    np.testing.assert_allclose(after[song], before[[style, dance]].mean(axis=0), atol=1e-6)
    density = OFFSETS[names.index("density")]
    np.testing.assert_array_equal(after[density], before[density])
