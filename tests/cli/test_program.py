"""The conventions that every command keeps: help, JSON, exit codes, one line for each failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from composer import __version__
from composer.cli.app import app
from composer.cli.commands import doctor
from composer.limits import SEED_MAX
from tests.cli.conftest import Program, paint

Process = Callable[..., subprocess.CompletedProcess[bytes]]
HANDWRITTEN = {
    "key": {"tonic": "D", "mode": "minor"},
    "tempo_bpm": 90.0,
    "meter": "3/4",
    "form": [{"name": "A", "bars": 4}],
    "seed": 3,
}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = list(commands(typer.main.get_command(app)))


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    path = tmp_path / "mine.brief.json"
    path.write_text(json.dumps(HANDWRITTEN), "utf-8")
    return path


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help(composer: Program, path: tuple[str, ...]) -> None:
    result = composer(*path, "--help")
    assert result.code == 0
    assert result.err == ""
    assert "Usage: composer" in result.out


@pytest.mark.parametrize("path", [path for path in ALL if path and path[-1] not in ("templates", "corpus", "models")])
def test_every_command_has_the_common_options(path: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    assert {"--json", "--quiet", "--verbose", "--debug"} <= {flag for p in command.params for flag in p.opts}


def test_no_arguments_show_the_help(composer: Program) -> None:
    assert composer().out == composer("--help").out


def test_version(composer: Program) -> None:
    assert composer("--version").out == f"composer {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("templates",),
        ("templates", "list", "styles"),
        ("templates", "show", "block"),
        ("corpus",),
        ("corpus", "show", "chorales"),
        ("models",),
        ("models", "show", "melody"),
        ("doctor",),
        ("status", "."),
    ],
    ids=" ".join,
)
def test_json_is_one_object_on_stdout(composer: Program, words: tuple[str, ...]) -> None:
    result = composer(*words, "--json")
    assert isinstance(json.loads(result.out), dict)
    plain = composer(*words, "-q")
    assert (plain.code, plain.out, plain.err) == (result.code, "", "")


def test_a_handwritten_brief_goes_all_the_way_and_each_step_speaks_json(
    composer: Program, brief: Path, tmp_path: Path
) -> None:
    for words in (("generate", brief), ("cleanup", tmp_path / "mine.draft.mid"), ("render", tmp_path / "mine.mid")):
        result = composer(*words, "--json")
        assert result.code == 0
        said = json.loads(result.out)
        assert said["step"] == words[0]
        assert all(Path(name).is_file() for name in said["files"])
    evaluated = json.loads(composer("evaluate", tmp_path / "mine.mid", "--json").out)
    assert evaluated["bars"] == 4
    assert "pitch_entropy" in evaluated["measures"] or evaluated["measures"]


def test_the_seed_is_drawn_shown_and_recorded(composer: Program, brief: Path, tmp_path: Path) -> None:
    brief.write_text(json.dumps({key: value for key, value in HANDWRITTEN.items() if key != "seed"}), "utf-8")
    result = composer("generate", brief)
    record = json.loads((tmp_path / "mine.composer.json").read_text("utf-8"))
    assert f"seed {record['steps']['generate']['seed']}\n" in result.err


def test_output_may_be_a_folder_or_a_file(composer: Program, brief: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert composer("generate", brief, "-o", tmp_path / "there").code == 0
    assert composer("generate", brief, "-o", tmp_path / "other.draft.mid").code == 0
    drafts = [tmp_path / "there" / "mine.draft.mid", tmp_path / "other.draft.mid"]
    assert drafts[0].read_bytes() == drafts[1].read_bytes()


def _files(folder: Path) -> dict[str, Path]:
    """Inputs that stand for each kind of failure."""
    (folder / "text.png").write_text("no picture")
    (folder / "text.mid").write_text("no music")
    (folder / "bad.brief.json").write_text('{"key": 1}')
    (folder / "good.brief.json").write_text(json.dumps(HANDWRITTEN))
    (folder / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(51_000_000))
    return {"picture": paint(folder / "art.png")}


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (2, "breif art.png"),
        (2, "brief"),
        (2, "brief art.png --jsn"),
        (2, "brief art.png --bars many"),
        (2, "brief art.png --bars 0"),
        (2, "brief art.png --preset none"),
        (2, f"generate good.brief.json --seed {SEED_MAX + 1}"),
        (2, "templates list colours"),
        (2, "make art.png -o nowhere"),
        (2, "models show nobody"),
        (3, "brief missing.png"),
        (3, "brief text.png"),
        (3, "brief ."),
        (3, "generate bad.brief.json"),
        (3, "cleanup text.mid"),
        (3, "render text.mid"),
        (3, "evaluate text.mid"),
        (4, "render good.mid --soundfont none.sf2"),
        (6, "brief big.png"),
    ],
)
def test_exit_codes(composer: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, line: str) -> None:
    _files(tmp_path)
    monkeypatch.chdir(tmp_path)
    if "good.mid" in line:
        assert composer("generate", "good.brief.json", "-o", "good.mid").code == 0
    before = {path.name for path in tmp_path.iterdir()}
    result = composer(*line.split())
    assert result.code == code, result.err
    assert result.out == ""
    assert all(said.startswith("composer: ") and len(said) <= 200 for said in result.err.splitlines())
    assert len(result.err.splitlines()) == 1 or "bad.brief" in line
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "guess"), [(("genrate",), "generate"), (("brief", "x.png", "--forse"), "--force"), (("-o",), "")]
)
def test_mistyped_words_suggest_the_nearest(composer: Program, words: tuple[str, ...], guess: str) -> None:
    result = composer(*words)
    assert result.code == 2
    assert guess in result.err


def test_our_own_bug_leaves_one_line_and_a_report(
    composer: Program, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def broken() -> Iterator[Any]:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(doctor, "_findings", broken)
    result = composer("doctor")
    assert result.code == 1
    assert result.err.startswith("composer: internal error: ZeroDivisionError; a report is in ")
    assert len(result.err.splitlines()) == 1
    report = Path(result.err.split(" is in ")[1].strip())
    assert "ZeroDivisionError: oops" in report.read_text("utf-8")
    assert home in report.parents
    assert "Traceback" in composer("doctor", "--debug").err


def test_an_interrupt_is_130(composer: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> Iterator[Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "_findings", interrupted)
    assert composer("doctor").code == 130


def test_a_name_with_a_leading_dash_or_blanks_is_a_name(
    composer: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paint(tmp_path / "-dash.png")
    paint(tmp_path / "two words.png")
    assert composer("brief", "two words.png").code == 0
    assert composer("brief", "--", "-dash.png").code == 0
    assert (tmp_path / "-dash.brief.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only here may a name be any bytes")
def test_a_name_that_is_not_utf8(process: Process, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.png"
    paint(tmp_path / "art.png").rename(Path(os.fsdecode(name)))
    result = process("make", name, "--bars", "4", "--seed", "1", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["pieces"]
    assert os.path.exists(name.replace(b".png", b".wav"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_standard_output_is_exit_5(process: Process) -> None:
    with open("/dev/full", "wb") as full:
        result = process("templates", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 5
    assert result.stderr.startswith(b"composer: standard output: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_failure(process: Process) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = process("templates", "show", "block", capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (result.returncode, [line for line in result.stderr.splitlines() if not line.startswith(b"#")]) == (0, [])
