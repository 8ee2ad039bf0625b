"""``composer plan``: what it shows is what generate does, and what it writes stays a brief of the person's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from composer.formats.midi.writer import midi_bytes
from composer.workspace import State, state_of
from tests.cleanup.test_stage import PARALLEL
from tests.cli.conftest import Program

BRIEF = {
    "key": {"tonic": "D", "mode": "minor"},
    "tempo_bpm": 96.0,
    "meter": "4/4",
    "form": [{"name": "A", "bars": 8}, {"name": "B", "bars": 6}, {"name": "A'", "bars": 8, "density": 0.9}],
}


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    path = tmp_path / "mine.brief.json"
    path.write_text(json.dumps(BRIEF), "utf-8")
    return path


def _plan(composer: Program, *words: str | Path) -> dict[str, Any]:
    result = composer("plan", *words, "--json", "-q")
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_the_table_shows_every_phrase_and_the_climax(composer: Program, brief: Path) -> None:
    result = composer("plan", brief, "--seed", "7")
    lines = result.out.splitlines()
    assert lines[0].split()[:4] == ["section", "phrase", "bars", "close"]
    assert "PAC" in lines[-1] and "A'" in lines[-1]
    assert sum("climax" in line for line in lines) == 1
    assert "seed 7, climax in bar" in result.err


def test_a_seed_that_was_drawn_comes_with_the_command_that_composes_it(composer: Program, brief: Path) -> None:
    shown = composer("plan", brief)
    command = re.search(r"next, to compose this: composer generate mine.brief.json --seed (\d+)\n", shown.err)
    assert command is not None and f"seed {command[1]}, climax" in shown.err
    assert "next" not in composer("plan", brief, "--seed", "7").err
    brief.write_text(json.dumps({**BRIEF, "seed": 7}), "utf-8")
    assert "next" not in composer("plan", brief).err


def test_a_lock_that_the_draft_has_nothing_for_is_a_mistake_of_the_brief(composer: Program, brief: Path) -> None:
    brief.write_text(json.dumps({**BRIEF, "locked": [{"bars": "A"}, {"tracks": ["Bas"]}]}), "utf-8")
    draft = brief.with_name("mine.draft.mid")
    assert composer("plan", brief).code == 0
    draft.write_bytes(midi_bytes(PARALLEL))
    refused = composer("plan", brief)
    line = 'locked[1].tracks: mine.draft.mid has no track "Bas" (did you mean Bass?); its tracks are Melody'
    assert refused.code == 3 and refused.err.startswith(f"composer: mine.brief.json: {line}")
    draft.write_bytes(b"MThd")
    assert composer("plan", brief).code == 0


def test_the_same_seed_gives_the_same_plan_and_nothing_is_written(composer: Program, brief: Path) -> None:
    before = brief.read_bytes()
    assert _plan(composer, brief, "--seed", "7") == _plan(composer, brief, "--seed", "7")
    assert brief.read_bytes() == before
    assert [path.name for path in brief.parent.iterdir()] == [brief.name]


def test_write_puts_the_phrases_into_the_brief_and_keeps_the_one_before(composer: Program, brief: Path) -> None:
    before = brief.read_bytes()
    drawn = _plan(composer, brief, "--seed", "7", "--write")
    backup = brief.with_name("mine.brief.1.json")
    assert backup.read_bytes() == before
    assert drawn["written"] == {"brief": str(brief), "backup": str(backup)}
    content = json.loads(brief.read_bytes())
    assert [sum(p["bars"] for p in s["phrases"]) for s in content["form"]] == [8, 6, 8]
    assert {key: value for key, value in content.items() if key != "form"} == {
        k: v for k, v in BRIEF.items() if k != "form"
    }
    assert state_of(brief) is State.FOREIGN  # theirs: no step may replace it


def test_after_writing_every_seed_has_these_phrases(composer: Program, brief: Path) -> None:
    drawn = _plan(composer, brief, "--seed", "7", "--write")
    for seed in (7, 8, 9):
        assert _plan(composer, brief, "--seed", seed)["phrases"] == drawn["phrases"]
    assert _plan(composer, brief, "--seed", "7")["bars"] == drawn["bars"]


def test_the_draft_of_a_seed_is_the_same_before_and_after_writing(composer: Program, brief: Path) -> None:
    outputs = []
    for name in ("one", "two"):
        assert composer("generate", brief, "--seed", "7", "-o", brief.with_name(f"{name}.draft.mid")).code == 0
        outputs.append(brief.with_name(f"{name}.draft.mid").read_bytes())
        _plan(composer, brief, "--seed", "7", "--write")
    assert outputs[0] == outputs[1]


def test_a_brief_with_a_mistake_is_named(composer: Program, brief: Path) -> None:
    brief.write_text(json.dumps({**BRIEF, "meter": "7/4"}), "utf-8")
    result = composer("plan", brief)
    assert result.code == 3
    assert "meter" in result.err


def test_the_pitches_of_a_plan_are_spelled_in_its_keys(composer: Program, tmp_path: Path) -> None:
    path = tmp_path / "flat.brief.json"
    form = [{"name": "A", "bars": 16}]
    path.write_text(
        json.dumps({"key": {"tonic": "Gb", "mode": "major"}, "tempo_bpm": 90, "meter": "4/4", "form": form})
    )
    around = re.findall(r" \d\.\d\d +([A-G][#b]?\d) ", composer("plan", path, "--seed", "1").out)
    assert around and all(re.fullmatch(r"[A-G]b?\d", pitch) for pitch in around), around
    assert any("b" in pitch for pitch in around)
