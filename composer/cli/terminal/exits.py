"""The one place where a failure becomes lines on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable

from typer.exceptions import Abort, TyperException

from composer import __version__
from composer.errors import ComposerError, printable

DONE, BUG, CANNOT_WRITE, INTERRUPTED = 0, 1, 5, 130
# What our own files refuse is told by their writer; without a file name it is standard output.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def exit_code_of(run: Callable[[], object], argv: list[str], debug: bool) -> int:
    """Run the program; what the process exits with. Nothing but SystemExit's kin leaves this function."""
    try:
        code = run()
        sys.stdout.flush()
        return code if isinstance(code, int) else DONE
    except BrokenPipeError:
        return _closed_pipe()
    except SystemExit as stop:
        # Typer turns a closed pipe into exit 1, and nothing else.
        return _closed_pipe() if stop.code == BUG else int(stop.code or DONE)
    except (KeyboardInterrupt, Abort):
        _say("composer: interrupted; files that were complete are kept")
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        return reported(error, argv)


def reported(error: Exception, argv: list[str]) -> int:
    """Say what went wrong, a line for each problem; the exit code it stands for."""
    if isinstance(error, ComposerError):
        problem: ComposerError = error
    elif isinstance(error, TyperException):
        from composer.cli.terminal.usage import usage_problem

        problem = usage_problem(error, argv)
    elif isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
        _discard_stdout()
        _say(f"composer: standard output: cannot be written ({error.strerror}); free some disk space")
        return CANNOT_WRITE
    else:
        _say(f"composer: internal error: {type(error).__name__}; a report is in {_log_written(argv)}")
        return BUG
    for line in problem.lines():
        _say(line)
    return problem.exit_code


def _log_written(argv: list[str]) -> str:
    """Keep the traceback in the user's log folder; where it went."""
    from composer.resources import log_folder

    report = "\n".join(
        [
            f"composer {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"composer {' '.join(printable(word) for word in argv)}",
            traceback.format_exc(),
        ]
    )
    try:
        folder = log_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        path.write_text(report, encoding="utf-8", errors="backslashreplace")
        return str(path)
    except OSError:
        return "no file, as the log folder cannot be written (--debug shows it)"


def _closed_pipe() -> int:
    """Whoever read our output has had enough: no failure."""
    _discard_stdout()
    return DONE


def _discard_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(line: str) -> None:
    """A line on stderr, if there is one."""
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):
        return
