"""Models, corpora and templates by name: a slip is met with the nearest name, what is yours can be removed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from composer.models.families import FAMILIES
from composer.resources import corpora_folder, models_folder
from tests.cli.conftest import Program
from tests.corpus.test_own import walk, written


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (("models", "show", "harmny"), "is no model (did you mean harmony?)"),
        (("models", "show", "zzz"), "is no model; `composer models` lists them"),
        (("templates", "show", "walz"), "is not a template (did you mean waltz"),
        (("templates", "show", "sting-quartet"), "(did you mean string-quartet or"),
        (("templates", "list", "style"), "is no kind of template (did you mean styles?)"),
        (("corpus", "show", "esen"), "is no corpus (did you mean essen?)"),
    ],
)
def test_a_misspelt_name_is_met_with_the_nearest(composer: Program, words: tuple[str, ...], guess: str) -> None:
    result = composer(*words)
    assert result.code in (2, 3) and guess in result.err


def test_a_model_of_ones_own_is_removed_after_a_yes(composer: Program) -> None:
    folder = models_folder() / "mine"
    shutil.copytree(FAMILIES[0].shipped, folder)
    asked = composer("models", "remove", "mine")
    assert asked.code == 2 and "nobody is there to ask; add --yes" in asked.err
    assert folder.is_dir()
    assert composer("models", "remove", "mine", "--yes").code == 0
    assert not folder.exists()
    assert "is no model of yours" in composer("models", "remove", "mine", "--yes").err


def test_a_linked_model_loses_its_link_only(composer: Program, tmp_path: Path) -> None:
    shutil.copytree(FAMILIES[0].shipped, tmp_path / "elsewhere")
    models_folder().mkdir(parents=True)
    (models_folder() / "mine").symlink_to(tmp_path / "elsewhere")
    assert composer("models", "remove", "mine", "--yes").code == 0
    assert (tmp_path / "elsewhere" / "card.json").is_file() and not (models_folder() / "mine").exists()


@pytest.mark.parametrize(
    "words", [("models", "remove", "melody"), ("models", "remove", "default"), ("corpus", "remove", "essen")]
)
def test_what_came_with_composer_stays(composer: Program, words: tuple[str, ...]) -> None:
    result = composer(*words, "--yes")
    assert result.code == 2 and "came with composer" in result.err


def test_a_corpus_of_ones_own_is_forgotten_and_its_files_stay(composer: Program, tmp_path: Path) -> None:
    songs = tmp_path / "songs"
    songs.mkdir()
    for seed in range(4):
        written(songs / f"{seed}.mid", {"Melody": walk(8, seed)})
    assert composer("corpus", "add", songs).code == 0
    assert (corpora_folder() / "songs").is_dir()
    assert "add --yes" in composer("corpus", "remove", "songs").err
    result = composer("corpus", "remove", "songs", "--yes")
    assert (result.code, result.err) == (0, "songs: removed; your files stay\n")
    assert len(list(songs.iterdir())) == 4 and not (corpora_folder() / "songs").exists()
    assert "is no corpus" in composer("corpus", "show", "songs").err
