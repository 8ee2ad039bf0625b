"""``composer evaluate``: one piece, a folder, two folders, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from composer.formats.midi.writer import midi_bytes
from tests.cli.conftest import Program
from tests.evaluate.pieces import random_in_key, tune

BRIEF = {
    "format": "composer.brief/1",
    "key": {"tonic": "C", "mode": "major"},
    "tempo_bpm": 100.0,
    "meter": "4/4",
    "form": [{"name": "A", "bars": 4, "density": 0.3}, {"name": "B", "bars": 4, "density": 0.5}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pieces of noise, one of them with a draft and a final file, a tune with its brief, and a broken file."""
    made = tmp_path / "set"
    made.mkdir()
    rng = np.random.default_rng(1)
    for index in range(5):
        (made / f"noise{index}.mid").write_bytes(midi_bytes(random_in_key(rng)))
    (made / "noise0.draft.mid").write_bytes(b"superseded")
    (made / "tune.draft.mid").write_bytes(midi_bytes(tune()))
    (made / "tune.brief.json").write_text(json.dumps(BRIEF), "utf-8")
    (made / "broken.mid").write_text("no music")
    return made


def test_one_piece_has_percentiles_originality_and_control(composer: Program, folder: Path) -> None:
    result = composer("evaluate", folder / "tune.draft.mid")
    assert result.code == 0
    columns = ["measure", "value", "percentile", "p10", "p50", "p90", "aim", "inside"]
    assert result.out.splitlines()[0].split() == columns
    assert "  originality: " in result.err
    assert "as the brief asks (Spearman): density" in result.err
    said = json.loads(composer("evaluate", folder / "tune.draft.mid", "--json").out)
    assert 0 <= said["measures"]["step"]["percentile"] <= 100
    assert said["control"]["not_as_in_the_brief"] == []


def test_a_folder_is_a_set_and_what_cannot_be_read_is_listed(composer: Program, folder: Path) -> None:
    result = composer("evaluate", folder)
    assert result.code == 0
    rows = [line.split()[0] for line in result.out.splitlines()]
    assert rows[:7] == ["piece", *(f"noise{i}.mid" for i in range(5)), "tune.draft.mid"]
    assert "broken.mid: left out" in result.err and "critic:" in result.err
    said = json.loads(composer("evaluate", folder, "--json", "--style", "dance").out)
    assert [Path(one["file"]).name for one in said["unread"]] == ["broken.mid"]
    assert len(said["pieces"]) == 6
    assert said["critic"]["broken"] is False and said["critic"]["auc"] > 0.8


def test_several_files_are_a_set(composer: Program, folder: Path) -> None:
    said = json.loads(composer("evaluate", folder / "noise0.mid", folder / "tune.draft.mid", "--json").out)
    assert said["format"] == "composer.evaluation-set/1"
    assert said["critic"] is None and said["diversity"]["ratio"] > 0


def test_two_folders_are_compared_with_or_without_the_option(composer: Program, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    rng = np.random.default_rng(2)
    for index in range(5):
        (other / f"other{index}.mid").write_bytes(midi_bytes(random_in_key(rng)))
    plain = composer("evaluate", folder, "--beside", other)
    assert plain.code == 0
    assert plain.out.splitlines()[0].split()[:3] == ["measure", "A", "B"]
    assert "critic between them" in plain.err
    said = json.loads(composer("evaluate", folder, other, "--json").out)
    assert [Path(said[side]["name"]) for side in ("one", "other")] == [folder, other]
    assert set(said["between"]) == {"measures", "shapes", "critic", "frechet"}


def test_the_distributions_are_drawn(composer: Program, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = composer("evaluate", folder, "--plots", tmp_path / "set.png")
    assert result.code == 0
    assert (tmp_path / "set.png").read_bytes().startswith(b"\x89PNG")
    assert "set.png" in result.err


def test_the_real_tunes_can_be_chosen(composer: Program, folder: Path) -> None:
    said = json.loads(composer("evaluate", folder, "--style", "chorale", "--json").out)
    assert said["anchors"]["style"] == "chorale"
    assert composer("evaluate", folder, "--style", "tango").code == 2


def test_a_folder_without_music_and_one_of_broken_files_are_refused(composer: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = composer("evaluate", tmp_path / "empty")
    assert (result.code, "holds no MIDI file" in result.err) == (3, True)
    (tmp_path / "empty" / "broken.mid").write_text("no music")
    result = composer("evaluate", tmp_path / "empty")
    assert (result.code, "none of 1 MIDI file can be read" in result.err) == (3, True)
