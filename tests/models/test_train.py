"""A recipe of each family that is no melody's, through the one way to train, on made-up music."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from composer.errors import BadInput
from composer.models import harmony_corpus, registry, voices_dataset
from composer.models.epochs import EpochProgress
from composer.models.harmony_export import Sources
from composer.models.train import TrainingOptions, train_recipe
from tests.models.test_figuration import songs
from tests.models.test_harmony_training import made
from tests.models.test_voices import chorale

pytest.importorskip("tensorflow")
HEAD = 'format = "composer.recipe/1"\nname = "tiny"\ntitle = "Tiny"\nunits = 4\nembedding = 4\nepochs = 3\nbatch = 4\n'
Patch = Callable[[pytest.MonkeyPatch], None]


def harmony(patch: pytest.MonkeyPatch) -> None:
    source = {"name": "made", "title": "Made", "tunes": 10, "licence": "none"}
    patch.setattr(harmony_corpus, "harmony_passages", lambda corpus: (made(), Sources(corpus, (source,))))


def voices(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(voices_dataset, "chorales", lambda: [*[chorale()] * 8, chorale("valid"), chorale("test")])


def accompaniment(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("composer.corpus.catalog.brought_path", lambda name: Path(name))
    patch.setattr("composer.corpus.lieder.songs_in", lambda path: [])
    patch.setattr("composer.corpus.figurations.figured_songs", lambda found: songs())


@pytest.mark.parametrize("music", [harmony, voices, accompaniment], ids=lambda music: music.__name__)
def test_a_recipe_trains_its_network_and_the_card_is_read(
    music: Patch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music(monkeypatch)
    family = getattr(music, "__name__", "")
    recipe, folder = tmp_path / "tiny.toml", tmp_path / "models" / "tiny"
    recipe.write_text(f'{HEAD}family = "{family}"\n', "utf-8")
    seen: list[EpochProgress] = []
    done = train_recipe(recipe, TrainingOptions(folder, epochs=1, seed=5), seen.append)
    assert (done.family.name, done.folder, done.comparison) == (family, folder, None)
    assert (done.card["name"], done.card["recipe"]["seed"], done.card["epochs"]) == ("tiny", 5, 1)
    assert seen[-1].epochs == 1 and seen[-1].batch == seen[-1].batches and seen[-1].train_nats > 0
    assert done.summary.held_out is not None and done.summary.learned_from.endswith(done.family.pieces)
    monkeypatch.setattr(registry, "models_folder", lambda: folder.parent)
    mine = registry.list_models()[0]
    assert (mine.name, mine.problem, mine.summary) == ("tiny", "", done.summary)
    assert registry.show("tiny") == dict(done.card)


def test_an_accompaniment_needs_songs_with_two_hands(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(f'{HEAD}family = "accompaniment"\ncorpus = "oneill"\n', "utf-8")
    with pytest.raises(BadInput, match="no piano with two hands"):
        train_recipe(recipe, TrainingOptions(tmp_path / "m"))
