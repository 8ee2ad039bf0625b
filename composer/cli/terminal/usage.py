"""What Typer complains about, in our form: the command that was meant, and where else the word goes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from typer.exceptions import TyperException

from composer.errors import UsageProblem, did_you_mean

_LIKE = 0.6  # options that are less alike, their dashes aside, were not meant
_PLACES = 3
_KINDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}


def usage_problem(error: TyperException, argv: Sequence[str]) -> UsageProblem:
    """``error`` of the command line ``argv``, with what to do about it."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else _called(argv)
    subject = command.partition(" ")[2] or "composer"
    text = error.format_message().partition(" (Possible options")[0].rstrip(".")
    hint = f"see `{command} --help`"
    if unknown := re.match(r"No such command '(.*?)'", text):
        near = did_you_mean(unknown[1], context.command.commands) if context is not None else ""
        places = [] if near else _places(context, lambda name, _: name == unknown[1])
        return UsageProblem(unknown[1] or subject, f"no such command{near}", _goes("there is", places) or hint)
    if option := str(getattr(error, "option_name", "")):
        alike = [one for one in getattr(error, "possibilities", None) or () if _alike(one, option)]
        text += f" (did you mean {' or '.join(alike)}?)" if alike else ""
        is_unknown = text.startswith("No such option")
        places = [] if alike or not is_unknown else _places(context, lambda _, command: option in _options(command))
        hint = _goes("it goes with", places) or hint
    elif (wrong := getattr(error, "param", None)) is not None and (
        kind := re.search(r"unable to parse \w+ as an? (\w+)", text)
    ):
        text = f"{wrong.opts[0]} takes {_KINDS.get(kind[1], kind[1])}"
    return UsageProblem(subject, text[:1].lower() + text[1:], hint)


def _called(argv: Sequence[str]) -> str:
    return f"composer {argv[0]}" if argv and not argv[0].startswith("-") else "composer"


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one.strip("-"), other.strip("-")).ratio() >= _LIKE


def _goes(words: str, places: Sequence[str]) -> str:
    shown = [f"`{place}`" for place in places[:_PLACES]]
    return f"{words} {' or '.join(shown)}" if shown else ""


def _options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}


def _places(context: Any, is_there: Any) -> list[str]:
    """The commands of the program that ``is_there`` holds for."""
    if context is None:
        return []
    root = context.find_root()
    return [path for path, name, command in _commands(root.info_name, root.command) if is_there(name, command)]


def _commands(path: str, group: Any) -> Iterator[tuple[str, str, Any]]:
    for name, command in group.commands.items():
        called = f"{path} {name}"
        if hasattr(command, "commands"):
            yield from _commands(called, command)
        else:
            yield called, name, command
