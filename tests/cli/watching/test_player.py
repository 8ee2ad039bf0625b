"""The program that plays each new preview."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from composer.cli.watching.player import Player
from composer.errors import MissingTool, UsageProblem
from tests.cli.conftest import Program

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a script as a program")

# Says which file it plays and as which process, then goes on for a minute with a child of its own.
SCRIPT = """#!{python}
import os, signal, subprocess, sys
child = subprocess.Popen(["sleep", "60"])
with open(sys.argv[1] + ".new", "w") as log:
    log.write(" ".join([sys.argv[2], str(os.getpid()), str(child.pid)]))
os.replace(sys.argv[1] + ".new", sys.argv[1])
child.wait()
"""
DEAF = '(["sleep", "60"], preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))'


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "my player"
    path.write_text(SCRIPT.format(python=sys.executable))
    path.chmod(0o755)
    return path


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as state:
            return state.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def played(log: Path) -> tuple[str, int, int]:
    wait_for(log.exists)
    name, *processes = log.read_text().rsplit(" ", 2)
    return name, int(processes[0]), int(processes[1])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_the_next_preview_silences_the_one_before_and_the_end_silences_all(program: Path, tmp_path: Path) -> None:
    first, second, log = tmp_path / "one; rm x.wav", tmp_path / "two.wav", tmp_path / "log"
    with Player(f"'{program}' {log}") as player:
        player.play(first)
        name, process, child = played(log)
        assert name == str(first)
        log.unlink()
        player.play(second)
        wait_for(lambda: not is_running(process) and not is_running(child))
        name, process, child = played(log)
        assert name == str(second)
        assert is_running(process) and is_running(child)
    wait_for(lambda: not is_running(process) and not is_running(child))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize(
    ("old", "new", "is_ended"),
    [("child.wait()", "os._exit(0)", True), ('(["sleep", "60"])', DEAF, False)],
)
def test_what_the_program_started_is_silenced_when_it_is_gone_itself_and_when_it_will_not_hear(
    tmp_path: Path, old: str, new: str, is_ended: bool
) -> None:
    path, log = tmp_path / "player", tmp_path / "log"
    path.write_text(SCRIPT.replace(old, new).format(python=sys.executable))
    path.chmod(0o755)
    with Player(f"{path} {log}") as player:
        player.play(tmp_path / "one.wav")
        _, process, child = played(log)
        wait_for(lambda: is_running(process) is not is_ended)
        assert is_running(child)
    wait_for(lambda: not is_running(process) and not is_running(child))


@pytest.mark.parametrize("command", ["", "   ", "aplay 'x"])
def test_a_command_that_says_nothing_is_refused(command: str) -> None:
    with pytest.raises(UsageProblem):
        Player(command)


def test_a_program_that_is_not_there_is_told_before_anything_runs(tmp_path: Path, composer: Program) -> None:
    with pytest.raises(MissingTool):
        Player("no-such-player-anywhere")
    refused = composer("watch", tmp_path, "--play", "no-such-player-anywhere")
    assert refused.code == 4
    assert refused.err.startswith("composer: no-such-player-anywhere: is not installed")


def test_nothing_can_be_played_without_a_preview_or_of_a_watch_that_ends(tmp_path: Path, composer: Program) -> None:
    assert composer("watch", tmp_path, "--play", "true", "--once").code == 2
    assert composer("watch", tmp_path, "--play", "true", "--no-preview").code == 2
