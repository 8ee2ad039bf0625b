"""The voices model: reading chorales, numpy against Keras, training, and folders that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.corpus.chorales import FourParts
from composer.corpus.tune import Tune
from composer.encoding.melody import Event
from composer.encoding.voices import COLUMNS, START, TOKENS
from composer.errors import BadInput, MissingTool
from composer.models.voices_dataset import Chorale, steps_of
from composer.models.voices_recipe import VoicesRecipe
from composer.models.voices_runtime import NumpyVoicesModel, read_voices_model
from composer.models.voices_training import bigram_nats, train_voices
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.time import Meter

FOUR = Meter(4, 4)
VOICES = {"C": (72, 67, 64, 48), "F": (72, 69, 65, 53), "G": (71, 67, 62, 55), "Am": (72, 69, 64, 57)}


def four_parts(symbols: str = "C C F G C Am F G C G F C", split: str = "train") -> FourParts:
    """A chorale of one chord a beat; the first two beats are one chord."""
    names = symbols.split()
    pitches = [VOICES[name] for name in names]
    voices = tuple(tuple((i * 480, (i + 1) * 480, p[v]) for i, p in enumerate(pitches)) for v in range(4))
    events = tuple(Event(i * 480, 480, p[0] - 72) for i, p in enumerate(pitches))
    chords = tuple(chord_of(name) for name in names)
    ends = (4 * 480, len(names) * 480)
    tune = Tune("chorales/x", "chorales", "x", key_of("C", "major"), FOUR, 72, events, 3, ends, (), chords, "chorale")
    return FourParts(tune, voices)


def chorale(split: str = "train") -> Chorale:
    found = steps_of(four_parts())
    assert found is not None
    return Chorale(found.id, split, found.key, found.meter, found.given, found.pitches)


def test_equal_chords_are_one_step_and_voices_are_told_from_the_bass() -> None:
    steps = chorale()
    assert len(steps.given) == 11 and steps.given[0].beats == 2
    assert [g.is_fermata for g in steps.given][:4] == [False, False, True, False]
    assert steps.pitches[1].tolist() == [72, 69, 65, 53]
    assert steps.before[0].tolist() == [START] * 3
    assert (steps.before[1:] == steps.now[:-1]).all()
    assert steps.now[0, 0] < steps.now[0, 2] < steps.now[0, 1]
    assert steps.columns.shape == (11, len(COLUMNS))


def test_a_chorale_of_few_chords_is_left_out() -> None:
    assert steps_of(four_parts("C F G C")) is None


def test_the_bigram_is_less_surprised_by_what_it_has_seen() -> None:
    known, other = bigram_nats([chorale()] * 4, [chorale()]), bigram_nats([], [chorale()])
    assert known.mean < 1.0 < other.mean == pytest.approx(np.log(TOKENS))


def log_softmax(logits: Any) -> Any:
    shifted = np.asarray(logits, dtype=float) - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def test_numpy_gives_what_keras_gives() -> None:
    from composer.models.voices_lstm import VoicesConfig, runtime_arrays

    model = VoicesConfig(units=8, embedding=6, hidden=7).build()
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0, 0.4, w.shape).astype(np.float32) for w in model.get_weights()])
    steps = chorale()
    mask = np.ones((1, len(steps.given)), dtype=bool)
    told = [log_softmax(x)[0] for x in model([steps.columns[None], steps.before[None], steps.now[None], mask])]
    ours = NumpyVoicesModel("made", runtime_arrays(model))
    contexts = ours.read(steps.columns)
    for index, (before, now) in enumerate(zip(steps.before, steps.now, strict=True)):
        bass = ours.bass(contexts, index, before[:1])[0]
        alto = ours.alto(contexts, index, before[1:2], int(now[0]), int(before[0]))[0]
        tenor = ours.tenor(contexts, index, before[2:], now[1:2], int(now[0]))[0, 0]
        for mine, theirs in zip((bass, alto, tenor), told, strict=True):
            np.testing.assert_allclose(mine, theirs[index], atol=1e-4)


def test_training_learns_writes_a_card_and_can_be_read(tmp_path: Path) -> None:
    seen: list[float] = []
    recipe = VoicesRecipe(units=4, embedding=4, hidden=6, dropout=0.0, epochs=3, batch=4, learning_rate=0.02)
    pieces = [*[chorale()] * 8, chorale("valid"), chorale("test")]
    result = train_voices(recipe, pieces, tmp_path / "voices", lambda at: seen.append(at.valid_nats))
    assert len(seen) == 3 and seen[-1] < seen[0]
    card = json.loads((tmp_path / "voices" / "card.json").read_text("utf-8"))
    assert card["metrics"]["test"]["mean"] == pytest.approx(result.test.mean, abs=1e-3)
    assert read_voices_model(tmp_path / "voices").name == "voices"
    (tmp_path / "voices" / "weights.npz").write_bytes(b"no")
    with pytest.raises(BadInput, match="sha256"):
        read_voices_model(tmp_path / "voices")


def test_the_shipped_model_beats_the_bigram_and_is_small() -> None:
    from composer.resources import shipped

    folder = shipped("weights") / "voices"
    card = json.loads((folder / "card.json").read_text("utf-8"))
    assert card["metrics"]["test"]["mean"] < 0.7 * card["metrics"]["bigram"]["mean"]
    assert (folder / "weights.npz").stat().st_size < 1_500_000
    told = read_voices_model().bass(read_voices_model().read(chorale().columns), 0, np.array([START]))
    assert float(np.exp(told).sum()) == pytest.approx(1.0, abs=1e-4)


def test_a_folder_without_a_model_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(MissingTool):
        read_voices_model(tmp_path)
