"""`composer watch` as a program: true saves, true signals, and one true preview."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Program, paint

PATIENCE_SECONDS = 30
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and scripts as programs")

Start = Callable[..., "Running"]


class Running:
    """A watch at work; its stderr goes to a file that grows."""

    def __init__(self, folder: Path, log: Path, words: tuple[str, ...], path: str) -> None:
        self.folder, self.log = folder, log
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
        with log.open("wb") as err, (log.parent / "out.txt").open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "composer", "watch", *words],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip

    @property
    def lines(self) -> list[str]:
        return self.log.read_text("utf-8").splitlines()

    def count(self, text: str) -> int:
        return sum(text in line for line in self.lines)

    def wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline and self.process.poll() is None, f"{what}: {self.lines}"
            time.sleep(0.02)

    def wait_for_line(self, text: str, times: int = 1) -> None:
        self.wait_for(lambda: self.count(text) >= times, text)

    def stop(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """The exit code, and how many seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS), time.monotonic() - started


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "piece"))


@pytest.fixture
def start(folder: Path, tmp_path: Path) -> Iterator[Start]:
    running: list[Running] = []

    def begin(*words: str, path: str = os.environ["PATH"], wait: bool = True) -> Running:
        watch = Running(folder, tmp_path / f"log{len(running)}.txt", words, path)
        running.append(watch)
        if wait:
            watch.wait_for_line("watching ")
        return watch

    yield begin
    for watch in running:
        if watch.process.poll() is None:
            watch.process.kill()
            watch.process.wait()


@pytest.fixture
def slow_synth(tmp_path: Path) -> str:
    """A PATH whose fluidsynth says who it is and then plays for a minute."""
    programs = tmp_path / "programs"
    programs.mkdir()
    script = programs / "fluidsynth"
    pid = tmp_path / "synth.pid"
    script.write_text(f"#!/bin/sh\necho $$ > {pid}.new\nmv {pid}.new {pid}\nexec sleep 60\n")
    script.chmod(0o755)
    return f"{programs}{os.pathsep}{os.environ['PATH']}"


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def edit_like_a_daw(draft: Path) -> None:
    subprocess.run([sys.executable, ROOT / "docs" / "edit_like_a_daw.py", draft], check=True, capture_output=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_session_from_the_first_save_to_ctrl_c(folder: Path, start: Start) -> None:
    watch = start("art", "--json")
    watch.wait_for_line("preview (")
    assert (folder / "art.preview.wav").read_bytes()[:4] == b"RIFF"
    edit_like_a_daw(folder / "art.draft.mid")
    watch.wait_for_line("art.draft.mid: tempo, key or markers of bar 1, Melody bar 3 edited")
    watch.wait_for_line("preview (", times=2)
    brief, draft = folder / "art.brief.json", folder / "art.draft.mid"
    before = draft.read_bytes()
    whole = brief.read_bytes()
    brief.write_bytes(whole.replace(b'"tempo_bpm": ', b'"tempo_bpm": -', 1))
    watch.wait_for_line("composer: art.brief.json: tempo_bpm")
    changed = json.loads(whole)
    changed["tempo_bpm"] = 66.0
    beside = folder / ".art.brief.json.swp"
    beside.write_text(json.dumps(changed), "utf-8")
    beside.replace(brief)
    watch.wait_for_line("generate (")
    watch.wait_for_line("preview (", times=3)
    assert draft.read_bytes() != before
    assert watch.stop()[0] == 130
    events = [json.loads(line) for line in (watch.log.parent / "out.txt").read_text("utf-8").splitlines()]
    assert [e["step"] for e in events if e["event"] == "ran"] == [
        "preview", "cleanup", "preview", "generate", "cleanup", "preview",
    ]  # fmt: skip
    assert not [name for name in contents(folder) if name.endswith(".part")]


def test_storms_and_halves_are_one_save_each(folder: Path, start: Start) -> None:
    watch = start("--no-preview")
    draft = folder / "art.draft.mid"
    edit_like_a_daw(draft)
    edited = draft.read_bytes()
    for _ in range(20):
        draft.write_bytes(edited)
        time.sleep(0.05)
    watch.wait_for_line("cleanup (")
    edit_like_a_daw(draft)
    whole = draft.read_bytes()
    with draft.open("wb") as stream:
        stream.write(whole[: len(whole) // 2])
        stream.flush()
        time.sleep(1.2)
        assert watch.count("art.draft.mid:") == 1, watch.lines
        stream.write(whole[len(whole) // 2 :])
    watch.wait_for_line("cleanup (", times=2)
    time.sleep(1.0)
    assert watch.count("cleanup (") == 2
    assert watch.count("composer:") == 0


@posix_only
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_during_a_render_stops_at_once_with_the_synthesizer(
    folder: Path, tmp_path: Path, start: Start, slow_synth: str, number: int, code: int
) -> None:
    before = contents(folder)
    watch = start("art", path=slow_synth)
    watch.wait_for((tmp_path / "synth.pid").exists, "the synthesizer")
    synth = int((tmp_path / "synth.pid").read_text())
    assert is_running(synth)
    found, seconds = watch.stop(number)
    assert found == code, watch.lines
    assert seconds < 10  # at once, on a busy machine too
    assert not is_running(synth)
    assert {name: data for name, data in contents(folder).items() if name != "art.composer.json"} == {
        name: data for name, data in before.items() if name != "art.composer.json"
    }


def test_a_second_watch_of_the_piece_says_so(folder: Path, start: Start, composer: Program) -> None:
    start("art", "--no-preview")
    for subject in (folder / "art.mid", folder):
        refused = composer("watch", subject, "--no-preview")
        assert refused.code == 5
        assert refused.err.endswith(": is watched already; stop the other `composer watch` first\n")
    shutil.copy(folder / "art.mid", folder / "other.mid")
    assert composer("watch", folder / "other.mid", "--once", "--no-preview").code == 0


def test_once_brings_everything_up_to_date_and_stops(folder: Path, composer: Program) -> None:
    (folder / "art.mid").unlink()
    first = composer("watch", folder, "--once", "--no-preview")
    assert first.code == 0 and "cleanup (" in first.err
    before = contents(folder)
    again = composer("watch", folder, "--once", "--no-preview")
    assert (again.code, again.err) == (0, "")
    assert contents(folder) == before


def test_once_fails_as_the_first_step_that_failed(folder: Path, composer: Program) -> None:
    (folder / "art.brief.json").write_text("{")
    failed = composer("watch", folder, "--once", "-q", "--no-preview")
    assert failed.code == 3
    assert "composer: art.brief.json: line 1" in failed.err


def test_a_picture_that_is_named_begins_a_piece(tmp_path: Path, composer: Program) -> None:
    picture = paint(tmp_path / "sea.png", seed=4)
    assert composer("watch", tmp_path, "--once", "--no-preview").code == 0
    assert not (tmp_path / "sea.brief.json").exists()
    assert composer("watch", picture, "--once", "--no-preview").code == 0
    assert (tmp_path / "sea.mid").exists()


def test_a_name_that_is_no_piece_is_refused(folder: Path, composer: Program) -> None:
    assert composer("watch", folder / "sea").code == 2
    assert composer("watch", folder / "nowhere" / "sea.mid").code == 2
