"""Writes the reference of the commands from the commands themselves.

    python tools/cli_reference.py docs/reference/cli.md

A test compares the page with what this makes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from composer.cli.app import app
from composer.cli.terminal.options import COMMON

HEADING = """# Commands

This page is written by `make docs` from the program itself; change the help texts there.

`composer COMMAND --help` shows the same on the terminal.
"""
_VALUES = {int: "NUMBER", float: "NUMBER", Path: "PATH"}


def page() -> str:
    """The whole page."""
    program = typer.main.get_command(app)
    parts = [HEADING, _common(program), *_commands("composer", program)]
    return "\n".join(parts).rstrip() + "\n"


def _commands(path: str, group: Any) -> Iterator[str]:
    """A section for each command; those of a group follow it."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        called = f"{path} {name}"
        yield f"## `{called}`\n"
        yield _text(command.help or "") + "\n"
        if hasattr(command, "commands"):
            yield from _commands(called, command)
            continue
        yield f"```text\n{_usage(called, command)}\n```\n"
        yield from _tables(command)


def _tables(command: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if _is_own_option(p)]
    if arguments:
        yield "| argument | |\n| --- | --- |"
        yield from (f"| `{_label(p)}` | {_text(p.help or '')} |" for p in arguments)
        yield ""
    if options:
        yield "| option | |\n| --- | --- |"
        yield from (f"| {_names(p)} | {_text(p.help or '')}{_default(p)} |" for p in options)
        yield ""


def _common(program: Any) -> str:
    """The options that every command has, once."""
    first = next(c for c in _leaves(program) if any(_is_common(p) for p in c.params))
    rows = [f"| {_names(p)} | {_text(p.help or '')} |" for p in first.params if _is_common(p)]
    rows.append("| `-h`, `--help` | Show the help and stop. |")
    return "Every command has these options:\n\n| option | |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def _leaves(group: Any) -> Iterator[Any]:
    for command in group.commands.values():
        if hasattr(command, "commands"):
            yield from _leaves(command)
        else:
            yield command


def _is_common(parameter: Any) -> bool:
    return getattr(parameter, "rich_help_panel", None) == COMMON


def _is_own_option(parameter: Any) -> bool:
    return (
        parameter.param_type_name == "option"
        and not _is_common(parameter)
        and parameter.name != "help"
        and not parameter.hidden
    )


def _usage(called: str, command: Any) -> str:
    words = [called]
    words += ["[OPTIONS]"] if any(p.param_type_name == "option" for p in command.params) else []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            label = _label(parameter) + ("..." if parameter.nargs == -1 else "")
            words.append(label if parameter.required else f"[{label}]")
    return " ".join(words)


def _label(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name).strip("[].").upper()


def _names(parameter: Any) -> str:
    names = sorted([*parameter.opts, *parameter.secondary_opts], key=lambda name: name.startswith("--"))
    value = "" if parameter.is_flag or getattr(parameter, "count", False) else f" {_value(parameter)}"
    return ", ".join(f"`{name}{value if name == names[-1] else ''}`" for name in names)


def _value(parameter: Any) -> str:
    return _VALUES.get(parameter.type_descriptor.annotation, "TEXT")


def _default(parameter: Any) -> str:
    if parameter.is_flag or parameter.default in (None, (), [], 0, "") or callable(parameter.default):
        return ""
    return f" Default: `{parameter.default}`."


def _text(help_text: str) -> str:
    """One line, safe inside a table."""
    return re.sub(r"\s+", " ", help_text).strip().replace("|", "\\|")


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference/cli.md")
    target.write_text(page(), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
