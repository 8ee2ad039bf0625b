"""Every command that the docs show is run, page by page, in the order in which a reader meets it.

Beside the commands, a reader edits files. A block headed ``json merge FILE`` changes those values in FILE, one headed
``toml write FILE`` (or ``json write``) is written to FILE, and ``console exit=5`` expects that exit code of its last
command.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pretty_midi
import pytest
from PIL import Image

from composer.cli.app import main
from composer.music.chord import chord_of
from tests.docs.pages import PAGES, ROOT, Block, blocks_of, name_of

# Commands that are not run here, and why.
EXCEPTIONS = {
    "make demo": "installs everything into a new environment; the check before a release runs it",
    "make test": "is this very run",
    "pip install": "needs the network",
    "git clone": "needs the network",
    "composer cleanup study.mid --review": "asks the reader",
    "composer train": "needs TensorFlow, and minutes",
    "composer generate lake.brief.json --model melody-small-my-songs": "uses what the training made",
    "composer generate lake.brief.json --model fine-tune-my-songs": "uses what the training made",
    "composer corpus prepare": "reads all tunes of music21: a minute the first time",
}
COMMAND_PAGES = [page for page in PAGES if any(block.commands for block in blocks_of(page))]
HAS_SYNTH = shutil.which("fluidsynth") is not None or importlib.util.find_spec("tinysoundfont") is not None
SOUNDFONT = Path(pretty_midi.__file__).parent / "TimGM6mb.sf2"


@pytest.fixture(scope="module")
def piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tutorial's piece, shortened, after three steps: what the how-to pages begin with."""
    folder = tmp_path_factory.mktemp("piece")
    subprocess.run([sys.executable, ROOT / "docs" / "make_picture.py", folder / "lake.png"], check=True)
    with _inside(folder):
        for line in ("brief lake.png --seed 7 --bars 8", "generate lake.brief.json", "cleanup lake.draft.mid"):
            assert main([*line.split(), "-q"]) == 0
    return folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No templates, models or soundfonts of the person who runs the tests."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    monkeypatch.setenv("COMPOSER_SOUNDFONT", str(SOUNDFONT))


class _inside:
    """The working folder, for a while."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, Path.cwd()

    def __enter__(self) -> None:
        os.chdir(self.folder)

    def __exit__(self, *_: object) -> None:
        os.chdir(self.before)


def _prepared(page: Path, folder: Path, piece: Path) -> None:
    """What a reader of ``page`` has before the first command."""
    (folder / "docs").mkdir(parents=True)
    for script in (ROOT / "docs").glob("*.py"):
        shutil.copy(script, folder / "docs")
    Image.new("RGB", (64, 48), (70, 110, 160)).save(folder / "art.png")  # little to see: a short piece
    (folder / "fonts").mkdir()
    (folder / "fonts" / "mine.sf2").symlink_to(SOUNDFONT)
    if page.parent.name == "how-to":
        for path in piece.iterdir():
            shutil.copy(path, folder)
        shutil.copy(piece / "lake.mid", folder / "song.mid")


def _is_exception(command: str) -> bool:
    needs_sound = any(f"composer {name}" in command for name in ("render", "make", "doctor"))
    return (needs_sound and not HAS_SYNTH) or any(command.startswith(start) for start in EXCEPTIONS)


def _run(command: str) -> int:
    words = shlex.split(command, comments=True)
    settings = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        settings[name] = value
    if words[0] == "composer":
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            return main(words[1:])
    if words[0] == "python":
        words[0] = sys.executable
    return subprocess.run(words, env={**os.environ, **settings}).returncode


def _merged(base: Any, change: Any) -> Any:
    """``base`` with the values of ``change``, table by table."""
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}
    return change


def _edit(block: Block, folder: Path) -> None:
    action, name = block.words[1], block.words[2]
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if action == "merge":
        brief = _merged(json.loads(target.read_text("utf-8")), json.loads(block.text))
        target.write_text(json.dumps(brief), encoding="utf-8")
    else:
        target.write_text(block.text, encoding="utf-8")


def _steps(page: Path) -> Iterator[tuple[Block, str]]:
    for block in blocks_of(page):
        if len(block.words) > 2 and block.words[1] in ("merge", "write"):
            yield block, ""
        for command in block.commands:
            yield block, command


@pytest.mark.parametrize("page", COMMAND_PAGES, ids=name_of)
def test_every_command_shown_does_what_it_should(
    page: Path, piece: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "work"
    _prepared(page, folder, piece)
    with _inside(folder):
        for block, command in _steps(page):
            if not command:
                _edit(block, folder)
            elif not _is_exception(command):
                where = f"{name_of(page)}, block at line {block.line}: {command}"
                is_last = command == block.commands[-1]
                code, (out, err) = _run(command), capfd.readouterr()
                assert code == (block.exit_code if is_last else 0), f"{where}\n{out}{err}"
                if is_last:
                    assert [line for line in block.output if line not in (out + err).splitlines()] == [], where


def test_every_exception_is_still_shown_somewhere() -> None:
    shown = [command for page in PAGES for block in blocks_of(page) for command in block.commands]
    unused = {start for start in EXCEPTIONS if not any(command.startswith(start) for command in shown)}
    assert unused <= {"git clone"}


def test_the_tutorial_makes_the_files_it_names(piece: Path) -> None:
    assert {"lake.brief.json", "lake.draft.mid", "lake.mid", "lake.musicxml", "lake.cleanup.json"} <= {
        path.name for path in piece.iterdir()
    }


def test_the_first_brief_of_the_reference_is_valid() -> None:
    from composer.formats.brief.brief import Brief

    block = next(b for b in blocks_of(ROOT / "docs/reference/brief.md") if b.words == ("json",))
    assert Brief.model_validate_json(block.text).bars == 8


def test_chords_in_the_docs_are_chords() -> None:
    text = (ROOT / "docs/how-to/edit-a-brief.md").read_text("utf-8")
    for chord in ("Eb", "Cm", "Ab", "Bb7"):
        assert chord in text and chord_of(chord)
