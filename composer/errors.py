"""Every failure that a user can meet, as one line on stderr and one exit code.

The CLI is the only place that turns these into output. A message always names the subject (a file, an option),
what was found, and what to do about it.
"""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Iterable

LINE_LENGTH = 200
NEAREST_NAMES = 3
PATH_LENGTH = 80


def printable(text: str) -> str:
    """``text`` without control characters or undecodable bytes, so that it is safe to show on a terminal."""
    shown = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else " " for c in shown)


def counted(number: int, one: str, many: str = "") -> str:
    """``"1 bar"`` or ``"3 bars"``; ``many`` where the plural is not just an s more."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``" (did you mean waltz?)"``: the nearest of ``names``, three at most; empty where none is near."""
    nearest = difflib.get_close_matches(name, list(names), NEAREST_NAMES, 0.5)
    return f" (did you mean {' or '.join(nearest)}?)" if nearest else ""


def typed(word: str | os.PathLike[str]) -> str:
    """``word`` as it is typed in a shell, in quotes where it needs them; a path as messages name it."""
    return shlex.quote(word if isinstance(word, str) else _short_name(word))


def command(*words: str | os.PathLike[str]) -> str:
    """``composer cleanup 'Big Start.mid'``: a command to suggest, as it can be copied into a shell."""
    return " ".join(["composer", *map(typed, words)])


class ComposerError(Exception):
    """A failure with its subject, its reason and a hint; ``details`` are further lines of the same kind."""

    exit_code = 1

    def __init__(
        self, subject: str | os.PathLike[str], reason: str, hint: str = "", details: tuple[str, ...] = ()
    ) -> None:
        self.subject = os.fsdecode(subject)
        self._name = _short_name(subject)
        self.reason = reason
        self.hint = hint
        self.details = details
        super().__init__(self.reason)

    def __str__(self) -> str:
        return self.lines()[0]

    def lines(self) -> list[str]:
        """What to print: one line for each problem, each within 200 characters."""
        name = printable(self._name)
        problems = self.details or (f"{self.reason}; {self.hint}" if self.hint else self.reason,)
        return [_shortened(f"composer: {name}: {printable(problem)}") for problem in problems]


def _short_name(subject: str | os.PathLike[str]) -> str:
    """A file with the folders that a person named it with, where they leave room for the message; else its own name."""
    text = os.fsdecode(subject)
    if not isinstance(subject, str) and not os.path.isabs(text) and len(text) <= PATH_LENGTH:
        return text
    return os.path.basename(text) or text


class UsageProblem(ComposerError):
    """Options that contradict each other or name nothing."""

    exit_code = 2


class BadInput(ComposerError):
    """A file that cannot be used as it is."""

    exit_code = 3


class MissingTool(ComposerError):
    """A program, model, template or soundfont that is absent or broken."""

    exit_code = 4


class CannotWrite(ComposerError):
    """The disk or the folder refuses a file."""

    exit_code = 5


class OverLimit(ComposerError):
    """An input beyond a limit stated in ``limits``."""

    exit_code = 6


class Bug(ComposerError):
    """Our own mistake: a promise of the program that did not hold."""

    exit_code = 1


def _shortened(line: str) -> str:
    return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"
