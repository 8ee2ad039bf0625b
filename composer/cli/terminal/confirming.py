"""Asking a person before something is deleted."""

from __future__ import annotations

import sys

import typer

from composer.cli.terminal.show import Show
from composer.errors import UsageProblem


def is_confirmed(show: Show, name: str, question: str, yes: bool) -> bool:
    """Whether to go on: ``yes``, or the answer on a terminal; raises UsageProblem where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageProblem(name, "would be removed, and nobody is there to ask", "add --yes")
    if typer.confirm(question, err=True):
        return True
    show.note(f"{name}: stays")
    return False
