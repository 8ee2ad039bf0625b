"""A person's own MIDI files: added as a corpus, trained on, and composed with."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from composer.corpus.prepare import prepare
from composer.resources import cache_folder, corpora_folder
from tests.cli.conftest import Program
from tests.corpus.test_own import walk, written

HAS_KERAS = importlib.util.find_spec("keras") is not None and importlib.util.find_spec("tensorflow") is not None


@pytest.fixture
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of twelve melodies, in a home where no corpus was added yet."""
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    folder = tmp_path / "songs"
    (folder / "more").mkdir(parents=True)
    for seed in range(12):
        written(folder / ("more" if seed % 2 else "") / f"{seed}.mid", {"Melody": walk(8, seed)})
    return folder


def test_a_folder_becomes_a_corpus_that_is_listed_and_shown(composer: Program, songs: Path) -> None:
    (songs / "bad.mid").write_bytes(b"MThd")
    (songs / "no music.txt").write_text("notes")
    (songs / "two.abc").write_text("X:1\nM:4/4\nL:1/8\nK:C\n" + "CDEF GABc |" * 8 + "\nX:2\nK:C\nC\n")
    result = composer("corpus", "add", songs, "--name", "mine", "--json")
    assert result.code == 0
    found = json.loads(result.out)
    assert (found["files"], found["tunes"], found["skipped"]) == (14, 13, 2)
    assert {"train", "valid"} <= set(found["by_split"])
    lines = Path(found["listed"]).read_text("utf-8").splitlines()
    assert lines[0] == "file\ttune\treason"
    left_out = [str(songs / "bad.mid"), "1"], [str(songs / "two.abc"), "2"]
    assert [line.split("\t")[:2] for line in lines[1:]] == [*left_out]
    listed = {c["name"]: c for c in json.loads(composer("corpus", "list", "--json").out)["corpora"]}
    assert (listed["mine"]["tunes"], listed["mine"]["files"]) == (13, 14)
    assert json.loads(composer("corpus", "show", "mine", "--json").out)["folder"] == str(songs)
    assert prepare("mine").report.cached


def test_what_was_left_out_is_said_to_a_person(composer: Program, songs: Path) -> None:
    (songs / "bad.mid").write_bytes(b"MThd")
    result = composer("corpus", "add", songs)
    assert result.code == 0
    assert "1 left out; each with its reason in " in result.err and "skipped.tsv" in result.err
    assert (corpora_folder() / "songs" / "manifest.toml").is_file()


def test_a_folder_without_a_good_file_is_refused_with_the_reasons(composer: Program, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    assert composer("corpus", "add", folder).code == 3
    (folder / "bad.mid").write_bytes(b"MThd")
    result = composer("corpus", "add", folder)
    assert result.code == 3
    listed = corpora_folder() / "broken" / "skipped.tsv"
    assert str(listed) in result.err and "bad.mid\t1\tthe MIDI header" in listed.read_text("utf-8")
    assert "broken" not in composer("corpus", "list").out


@pytest.mark.parametrize("name", ["aird", "default", "a/b", "a+b", ".."])
def test_names_that_mean_something_else_are_refused(composer: Program, songs: Path, name: str) -> None:
    result = composer("corpus", "add", songs, "--name", name)
    assert result.code == 2
    assert "--name: " in result.err


def test_what_is_no_folder_is_refused(composer: Program, tmp_path: Path) -> None:
    assert composer("corpus", "add", tmp_path / "absent").code == 2


def test_a_damaged_manifest_hides_only_itself(composer: Program, songs: Path) -> None:
    assert composer("corpus", "add", songs).code == 0
    (corpora_folder() / "songs" / "manifest.toml").write_bytes(b"name = ")
    assert "oneill" in composer("corpus", "list").out
    assert composer("corpus", "show", "songs").code == 2


@pytest.mark.skipif(not HAS_KERAS, reason="training needs Keras")
def test_a_model_of_ones_own_music_is_trained_listed_and_used(composer: Program, songs: Path, tmp_path: Path) -> None:
    assert composer("corpus", "add", songs, "--name", "mine").code == 0
    trained = composer("train", "melody-small", "--corpus", "mine", "--epochs", "1")
    assert trained.code == 0, trained.err
    assert "--model melody-small-mine" in trained.err
    listed = {m["name"]: m for m in json.loads(composer("models", "--json").out)["models"]}
    assert listed["melody-small-mine"] | {"shipped": False, "problem": ""} == listed["melody-small-mine"]
    card = json.loads(composer("models", "show", "melody-small-mine", "--json").out)
    assert [source["name"] for source in card["corpus"]["sources"]] == ["mine"]
    brief = tmp_path / "art.brief.json"
    music = {"key": {"tonic": "D", "mode": "major"}, "tempo_bpm": 90.0, "meter": "4/4"}
    brief.write_text(json.dumps({**music, "form": [{"name": "A", "bars": 4}]}))
    assert composer("generate", brief, "--model", "melody-small-mine", "--seed", "1").code == 0
    assert (tmp_path / "art.draft.mid").stat().st_size > 0


@pytest.mark.skipif(not HAS_KERAS, reason="training needs Keras")
def test_a_training_does_not_go_on_with_other_songs(composer: Program, songs: Path) -> None:
    train = ("train", "melody-small", "--corpus", "mine", "--epochs", "1")
    assert composer("corpus", "add", songs, "--name", "mine").code == 0
    assert composer(*train).code == 0
    written(songs / "new.mid", {"Melody": walk(8, 99)})
    assert composer("corpus", "add", songs, "--name", "mine").code == 0
    refused = composer(*train)
    assert refused.code == 3 and "before its files changed; begin anew with --restart" in refused.err
    assert composer(*train, "--restart").code == 0


@pytest.mark.skipif(not HAS_KERAS, reason="training needs Keras")
@pytest.mark.parametrize(("count", "code"), [(1, 3), (2, 0)])
def test_very_few_songs_train_or_are_refused_clearly(composer: Program, songs: Path, count: int, code: int) -> None:
    folder = songs / "few"
    folder.mkdir()
    for seed in range(count):
        written(folder / f"{seed}.mid", {"Melody": walk(8, seed)})
    assert composer("corpus", "add", folder).code == 0
    result = composer("train", "melody-small", "--corpus", "few", "--epochs", "1")
    assert result.code == code, result.err
    if code:
        assert "1 tune to learn from, 0 to check on" in result.err
    else:
        card = composer("models", "show", "melody-small-few", "--json")
        assert json.loads(card.out)["metrics"]["full"]["sum"] is None
    assert cache_folder("corpora").is_dir()
