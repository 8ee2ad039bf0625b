"""A command in a message can be copied into a shell as it stands, also where names have blanks in them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from composer.errors import command
from composer.formats.midi.writer import midi_bytes
from tests.cleanup.test_stage import PARALLEL
from tests.cli.conftest import ROOT, Program, paint
from tests.cli.test_wrong_files import BRIEF

NAME = "Größer Start"
SOURCE = ROOT / "composer"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _suggested(text: str) -> list[str]:
    """The words after ``composer`` of the one command in ``text``."""
    found = re.findall(r"`composer ([^`]+)`|(?:next, [^:]*|next): composer (.+)", text)
    assert len(found) == 1, text
    return shlex.split("".join(found[0]))


def test_only_names_that_need_it_are_quoted() -> None:
    assert command("cleanup", Path("art.draft.mid"), "--apply") == "composer cleanup art.draft.mid --apply"
    assert command("render", Path("a b/it's.mid")) == "composer render 'a b/it'\"'\"'s.mid'"


def test_no_message_puts_a_command_together_by_itself() -> None:
    by_hand = re.compile(r"""f["'].*composer [a-z]+ .*\{""")
    lines = [(path.name, line) for path in SOURCE.rglob("*.py") for line in path.read_text().splitlines()]
    assert lines and [found for found in lines if by_hand.search(found[1])] == []


@pytest.mark.parametrize("folder", ["", "My Pieces/"])
def test_a_picture_where_midi_was_wanted(composer: Program, folder: str) -> None:
    Path(folder).mkdir(exist_ok=True)
    paint(Path(f"{folder}{NAME}.png"))
    words = _suggested(composer("cleanup", f"{folder}{NAME}.png").err)
    assert words == ["make", f"{folder}{NAME}.png"]


def test_the_step_that_makes_what_is_missing(composer: Program) -> None:
    Path(f"{NAME}.brief.json").write_text(json.dumps(BRIEF))
    words = _suggested(composer("cleanup", f"{NAME}.draft.mid").err)
    assert composer(*words).code == 0
    words = _suggested(composer("cleanup", f"{NAME}.cleanup.json", "--apply").err)
    assert composer(*words).code == 0
    assert composer("cleanup", f"{NAME}.cleanup.json", "--apply").code == 0


def test_a_part_of_a_song(composer: Program) -> None:
    Path(f"{NAME}.mid").write_bytes(midi_bytes(PARALLEL))
    words = _suggested(composer("brief", f"{NAME}.mid").err)
    assert words[:2] == ["generate", f"{NAME}.brief.json"]
    assert words[-3:] == ["-o", f"{NAME}.mid", "--force"]


def test_a_report_that_was_edited(composer: Program) -> None:
    Path(f"{NAME}.mid").write_bytes(midi_bytes(PARALLEL))
    assert composer("cleanup", f"{NAME}.mid").code == 0
    report = Path(f"{NAME}.cleanup.json")
    content = json.loads(report.read_text())
    assert shlex.split(content["edit"].partition("composer ")[2]) == ["cleanup", "--apply", report.name]
    content["changes"][0]["accept"] = False
    report.write_text(json.dumps(content))
    words = _suggested(composer("cleanup", f"{NAME}.mid").err)
    assert composer(*words).code == 0


def test_another_report_than_the_file_has(composer: Program) -> None:
    Path("song.mid").write_bytes(midi_bytes(PARALLEL))
    line = "composer: chelsea.cleanup.json: no such file; "
    result = composer("cleanup", "song.mid", "--apply", "chelsea.cleanup.json")
    assert result.err == f"{line}run `composer cleanup song.mid` first, which writes song.cleanup.json\n"
    composer("cleanup", "song.mid")
    result = composer("cleanup", "song.mid", "--apply", "chelsea.cleanup.json")
    assert result.err == f"{line}that of song.mid is song.cleanup.json\n"
