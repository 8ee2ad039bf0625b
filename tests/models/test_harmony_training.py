"""Training with the real Keras model on tiny data: agreement with the runtime, learning, determinism, refusals."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from composer.errors import BadInput
from composer.models import harmony_training
from composer.models.epochs import EpochProgress
from composer.models.harmony_dataset import Passage, batch_of
from composer.models.harmony_export import Sources, measured, write_harmony_model
from composer.models.harmony_recipe import HarmonyRecipe
from composer.models.harmony_runtime import read_harmony_model
from tests.models.test_harmony_dataset import passages

pytest.importorskip("tensorflow")
RECIPE = HarmonyRecipe(units=8, embedding=6, epochs=3, batch=4, chords=32, learning_rate=0.02, chorale_copies=1)
SONG, DANCE = "C F G7 C Am Dm G7 C", "C G C G F C G C"


def made() -> list[Passage]:
    from dataclasses import replace

    splits = ["train"] * 8 + ["valid", "test"]
    return [
        replace(passage, split=split, id=f"{split}{number}")
        for number, split in enumerate(splits)
        for passage in passages(SONG if number % 2 else DANCE)
    ]


def test_the_runtime_gives_the_logits_of_keras_and_the_card_says_what_was_measured(tmp_path: Path) -> None:
    some, seen = made(), list[EpochProgress]()
    trainer = harmony_training.HarmonyTrainer(RECIPE)
    train, valid = ([p for p in some if p.split == split] for split in ("train", "valid"))
    epochs = trainer.train(train, valid, seen.append)
    assert 1 <= epochs <= 3 and seen[-1].valid_nats < seen[0].valid_nats
    figures = measured(some, trainer.nats)
    card = write_harmony_model(tmp_path / "m", RECIPE, Sources("0", ()), some, trainer.model, figures, epochs, 1.0)
    assert card["metrics"]["lstm"]["all"] == pytest.approx(float(trainer.nats([some[-1]]).mean()), abs=1e-3)
    model, batch = read_harmony_model(tmp_path / "m"), batch_of(some[:2], 2)
    expected = np.asarray(trainer.model(batch.columns, training=False))
    state = model.start(2)
    for step in range(len(some[0].tokens)):
        state, logits = model.step(state, batch.columns[:, step].astype(np.int64))
        possible = logits > -1e6
        np.testing.assert_allclose(logits[possible], expected[:, step][possible], atol=1e-4)


def test_too_small_a_corpus_is_refused() -> None:
    with pytest.raises(BadInput, match="too small"):
        harmony_training.HarmonyTrainer(RECIPE).train([], [])
