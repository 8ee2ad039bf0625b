"""The obvious wrong file, for every command that takes one: it is said what it is, and what to do with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from composer.formats.midi import midi_bytes
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


@pytest.mark.parametrize("words", [("cleanup",), ("render",), ("evaluate",), ("check",), ("humanize",)])
def test_a_piece_for_one_of_its_files(composer: Program, words: tuple[str, ...]) -> None:
    result = composer(*words, "art")
    assert (result.code, result.err) == (3, "composer: art: no such file; did you mean art.draft.mid?\n")


def test_a_midi_file_or_a_brief_for_a_picture(composer: Program) -> None:
    assert "art.draft.mid: is a MIDI file, not a picture" in composer("brief", "art.draft.mid").err
    assert "it goes to `composer generate art.brief.json`" in composer("brief", "art.brief.json").err
    assert "did you mean coffee.png?" in composer("brief", "coffee").err
    assert "did you mean art.brief.json?" in composer("generate", "art").err
