"""``composer train --from``: a model goes on with a person's own pieces."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
from pathlib import Path

import numpy as np
import pytest

from composer.encoding.vocabulary import vocabulary_sha256
from tests.cli.conftest import Program
from tests.corpus.test_own import walk, written
from tests.models.conftest import random_arrays

HAS_KERAS = importlib.util.find_spec("keras") is not None and importlib.util.find_spec("tensorflow") is not None


@pytest.fixture
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of fourteen melodies, and no corpus added yet."""
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    folder = tmp_path / "songs"
    folder.mkdir()
    for seed in range(14):
        written(folder / f"{seed}.mid", {"Melody": walk(8, seed)})
    return folder


@pytest.fixture
def small_model(tmp_path: Path) -> Path:
    """A model with random weights that says how large it is."""
    stream, folder = io.BytesIO(), tmp_path / "small"
    np.savez(stream, **random_arrays())  # type: ignore[arg-type]
    folder.mkdir()
    (folder / "weights.npz").write_bytes(stream.getvalue())
    card = {
        "format": "composer.melody/1", "name": "small", "title": "Small", "vocabulary_sha256": vocabulary_sha256(),
        "weights_sha256": hashlib.sha256(stream.getvalue()).hexdigest(), "corpus": {"sources": [{"name": "oneill"}]},
        "recipe": {"units": 8, "embedding": 6, "pitch_hidden": 5},
    }  # fmt: skip
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def test_a_recipe_or_a_start_is_needed(composer: Program) -> None:
    run = composer("train")
    assert run.code == 2 and "needs a recipe; choose one of" in run.err


def test_a_start_needs_music_to_learn_from(composer: Program) -> None:
    run = composer("train", "--from", "default")
    assert run.code == 2 and "name it with --corpus" in run.err


def test_an_unknown_start_is_refused_by_name(composer: Program, songs: Path) -> None:
    run = composer("train", "--from", "nobody", "--corpus", songs)
    assert run.code == 2 and "nobody: is no model" in run.err and "choose one of default" in run.err


@pytest.mark.skipif(not HAS_KERAS, reason="training needs Keras")
def test_a_model_learns_ones_style_and_shows_before_and_after(
    composer: Program, songs: Path, small_model: Path
) -> None:
    assert composer("corpus", "add", songs, "--name", "mine").code == 0
    run = composer("train", "--from", small_model, "--corpus", "mine", "--epochs", "2")
    assert run.code == 0, run.err
    assert "--model fine-tune-mine" in run.err and "is not prepared" in run.err
    rows = [line.split() for line in run.out.splitlines()]
    assert rows[0][-2:] == ["before", "after"]
    both = next(row for row in rows if row[0] == "both,")
    assert float(both[-1]) < float(both[-2])
    card = json.loads(composer("models", "show", "fine-tune-mine", "--json").out)
    assert card["fine_tuning"]["base"] == "small" and card["fine_tuning"]["base_learned_from"] == ["oneill"]
    again = json.loads(composer("train", "--from", small_model, "--corpus", "mine", "--epochs", "2", "--json").out)
    assert again["comparison"]["after"]["duration"] == pytest.approx(card["fine_tuning"]["after"]["duration"], abs=1e-4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("harmony", "--from", "default"), "--from: is nothing for a recipe of the family harmony"),
        (("voices", "--corpus", "oneill"), "only the chorales have four voices"),
        (("accompaniment", "--corpus", "oneill"), "a piano with two hands"),
    ],
)
def test_what_a_family_cannot_use_is_refused(composer: Program, words: tuple[str, ...], said: str) -> None:
    run = composer("train", *words)
    assert run.code == 2 and said in run.err and run.err.count("\n") == 1


def test_the_networks_are_listed_with_what_they_learned_from_and_how_well(composer: Program, songs: Path) -> None:
    listed = json.loads(composer("models", "--json").out)["models"]
    assert [one["name"] for one in listed] == ["melody", "harmony", "voices", "accompaniment"]
    assert all(one["held_out_nats"] < one["baseline_nats"] and one["learned_from"] for one in listed)
    table = composer("models").out
    assert "nats a chord held out" in table and "chorales" in table
    assert composer("models", "show", "voices").out.startswith("format: composer.voices/1")


def test_a_network_that_writes_no_tunes_is_refused_as_a_melody_model(
    composer: Program, songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = composer("generate", "--free", "--seed", "3", "--model", "harmony")
    assert run.code == 2 and "writes chords of phrases, not tunes; choose one of default, melody" in run.err
