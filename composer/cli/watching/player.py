"""A program of the person that plays each new preview: one at a time, and none is left when the watch ends."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType

from composer.errors import MissingTool, UsageProblem

OPTION = "--play"
FADE_SECONDS = 1.0  # for a program to end by itself


class Player:
    """Runs ``command`` (words as a shell splits them, but no shell) with the name of a file behind it.

    Raises UsageProblem for a command that cannot be read, MissingTool for a program that is not there.
    """

    def __init__(self, command: str) -> None:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UsageProblem(OPTION, f"{command!r} cannot be read ({error})", "close its quotes") from None
        if not words:
            raise UsageProblem(OPTION, "names no program", "name one that plays a WAV file, such as aplay")
        if shutil.which(words[0]) is None:
            raise MissingTool(words[0], "is not installed", f"name another program with {OPTION}")
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None

    def play(self, path: Path) -> None:
        """Play ``path`` instead of what is being played; raises MissingTool where the program does not start."""
        self.stop()
        try:
            self._process = subprocess.Popen(
                [*self._words, os.path.abspath(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            hint = f"name another program with {OPTION}"
            raise MissingTool(self._words[0], f"cannot be started ({error.strerror})", hint) from None

    def stop(self) -> None:
        """Silence, also of what the program started, unless that made itself a session of its own."""
        process, self._process = self._process, None
        if process is None:
            return
        # Not asked before whether it still runs: its id is its own, and its group's, until it is waited for.
        _tell(process, "SIGTERM")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(FADE_SECONDS)
        _tell(process, "SIGKILL")
        process.wait()

    def __enter__(self) -> Player:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _tell(process: subprocess.Popen[bytes], name: str) -> None:
    """Send the signal ``name`` to the program and all that it started, whether or not it has ended itself."""
    if os.name != "posix":
        process.terminate()
        return
    # Nobody is left, or (on macOS) nobody who is still running.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.Signals[name])
