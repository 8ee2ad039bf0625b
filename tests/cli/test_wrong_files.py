"""The obvious wrong file, for every command that takes one: it is said what it is, and what to do with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from composer.formats.midi.writer import midi_bytes
from tests.cli.conftest import Program
from tests.formats.pieces import small_piece

BRIEF = {"key": {"tonic": "C", "mode": "major"}, "tempo_bpm": 96, "meter": "4/4", "form": [{"name": "A", "bars": 8}]}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8), "red").save("coffee.png")
    Path("art.brief.json").write_text(json.dumps(BRIEF))
    Path("art.draft.mid").write_bytes(midi_bytes(small_piece()))


@pytest.mark.parametrize("words", [("generate",), ("plan",), ("cleanup", "art.draft.mid", "--brief")])
def test_a_picture_for_a_brief(composer: Program, words: tuple[str, ...]) -> None:
    result = composer(*words, "coffee.png")
    line = "composer: coffee.png: is a picture, not a brief; run `composer brief coffee.png` first\n"
    assert (result.code, result.err) == (3, line)


@pytest.mark.parametrize(
    "words", [("cleanup",), ("render",), ("evaluate",), ("check",), ("humanize",), ("diff", "art.draft.mid")]
)
def test_a_brief_for_a_midi_file(composer: Program, words: tuple[str, ...]) -> None:
    result = composer(*words, "art.brief.json")
    assert result.code == 3
    assert "is a brief, not a MIDI file; run `composer generate art.brief.json` first" in result.err


def test_a_midi_file_or_a_brief_for_a_picture(composer: Program) -> None:
    line = "art.draft.mid: is a MIDI file, not a picture; it goes to `composer brief art.draft.mid`"
    assert line in composer("make", "art.draft.mid").err
    assert "it goes to `composer generate art.brief.json`" in composer("brief", "art.brief.json").err
    assert "did you mean coffee.png?" in composer("brief", "coffee").err


def test_another_file_of_a_piece_for_its_brief_names_the_brief(composer: Program) -> None:
    Path("coffee.brief.json").write_text(json.dumps(BRIEF))
    line = "composer: coffee.png: is a picture, not a brief; its brief is coffee.brief.json: name that\n"
    assert composer("generate", "coffee.png").err == line
    assert "name art.brief.json, or use --melody" in composer("generate", "art.draft.mid", "--bars", "1-2").err


@pytest.mark.parametrize(
    ("words", "way"),
    [
        (("render", "art.mid"), "cleanup art.draft.mid"),
        (("humanize", "art.mid"), "cleanup art.draft.mid"),
        (("render", "art.human.mid"), "humanize art.draft.mid"),
        (("cleanup", "coffee"), "make coffee.png"),
        (("plan", "coffee"), "brief coffee.png"),
        (("generate", "coffee.brief.json"), "brief coffee.png"),
    ],
)
def test_a_file_that_is_still_to_be_made_names_the_command(composer: Program, words: tuple[str, ...], way: str) -> None:
    result = composer(*words)
    assert result.code == 3 and result.err.endswith(f"; run `composer {way}` first\n")


@pytest.mark.parametrize("command", ["mix", "render", "cleanup", "generate", "evaluate"])
def test_a_misspelt_piece_is_guessed(composer: Program, command: str) -> None:
    Path("album.brief.json").write_text(json.dumps(BRIEF))
    result = composer(command, "albun")
    assert result.code == 3 and result.err.endswith("; did you mean album?\n")


def test_a_file_is_told_with_the_folder_that_it_was_named_with(composer: Program, tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    assert composer("check", "songs/a.mid").err.startswith("composer: songs/a.mid: no such file; ")
    assert composer("check", tmp_path / "songs" / "a.mid").err.startswith("composer: a.mid: no such file; ")
    assert composer("check", Path("x" * 70) / "songs" / "a.mid").err.startswith("composer: a.mid: no such file; ")
