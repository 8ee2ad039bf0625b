"""How a command joins the program: its own parameters, and the common options that every command has."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup

from composer.cli.terminal.options import AsJson, Debug, Quiet, Verbose
from composer.cli.terminal.show import Show

_COMMON: dict[str, Any] = {"as_json": AsJson, "quiet": Quiet, "verbose": Verbose, "debug": Debug}
_DEFAULTS: dict[str, bool | int] = {"as_json": False, "quiet": False, "verbose": 0, "debug": False}


class ListFirst(TyperGroup):
    """A group whose plain name means its command ``list``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")) or self._is_for_list(args[0]):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def _is_for_list(self, word: str) -> bool:
        """Whether ``word`` is what ``list`` takes (``composer templates styles``) and no misspelt command."""
        takes_words = any(p.param_type_name == "argument" for p in self.commands["list"].params)
        return takes_words and not word.startswith("-") and not get_close_matches(word, self.commands)


def with_common_options(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """``function(show, ...)`` as Typer wants it: without ``show``, with the options that make one."""

    @functools.wraps(function)
    def run(**values: Any) -> int | None:
        common = {name: values.pop(name) for name in _COMMON}
        _set_logging(common["quiet"], common["verbose"])
        return function(Show(common["as_json"], common["quiet"], common["verbose"]), **values)

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[name], annotation=annotation)
        for name, annotation in _COMMON.items()
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + common
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def add(app: typer.Typer, name: str, function: Callable[..., int | None], panel: str | None = None) -> None:
    """Register ``function(show, ...)`` as the command ``name``."""
    app.command(name, rich_help_panel=panel)(with_common_options(function))


def _set_logging(quiet: bool, verbose: int) -> None:
    level = logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(level=level, format="%(name)s: %(message)s")
