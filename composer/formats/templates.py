"""Templates: TOML files that musicians edit, found by kind and name.

The user's own folders come before the shipped one, so a template of the same name replaces ours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.errors import BadInput, did_you_mean
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.resources import template_folders


@dataclass(frozen=True, slots=True)
class Template:
    """One file: ``name`` is the file's stem, ``data`` its content as TOML reads it, ``text`` as it was written."""

    name: str
    path: Path
    data: dict[str, Any]
    text: str

    def line_of(self, key: str, table: str = "", index: int = 0) -> int:
        """The line (from 1) of ``key`` in the ``index``-th table headed ``table`` (``"[[pattern]]"``).

        Falls back to the table's own line, then to 1, so that an error can always name a line.
        """
        first = 0
        lines = self.text.splitlines()
        if table:
            heads = [i for i, line in enumerate(lines) if line.split("#")[0].strip().replace(" ", "") == table]
            if index >= len(heads):
                return 1
            first = heads[index] + 1
        for number, line in enumerate(lines[first:], first + 1):
            if table and line.lstrip().startswith("["):
                break
            if re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
                return number
        return max(first, 1)


@dataclass(frozen=True, slots=True)
class Description:
    """One line of ``composer templates``."""

    name: str
    description: str
    path: Path


def template_names(kind: str) -> list[str]:
    """The names of all templates of ``kind``, sorted."""
    return sorted(_paths(kind))


def in_its_case(name: str, names: Iterable[str]) -> str:
    """That one of ``names`` which is ``name`` but for capital letters; ``name`` where there is none, or several."""
    known = [*names]
    alike = [one for one in known if one.casefold() == name.casefold()]
    return alike[0] if name not in known and len(alike) == 1 else name


def load_template(kind: str, name: str) -> Template:
    """The template ``name`` of ``kind``; raises BadInput when there is none or when it is no valid TOML."""
    paths = _paths(kind)
    if name not in paths:
        raise _unknown(kind, name, sorted(paths))
    path = paths[name]
    try:
        text = read_bytes(path, TEMPLATE_BYTES, "template").decode("utf-8-sig")
        return Template(name, path, tomllib.loads(text), text)
    except UnicodeDecodeError:
        raise BadInput(path, "is not text in UTF-8", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(path, f"is not valid TOML: {error}", "mend that line") from None
    except RecursionError:
        raise BadInput(path, "is nested too deeply", "flatten it") from None
    except ValueError:
        raise BadInput(path, "holds a number that is too long", "write a shorter one") from None


def describe(kind: str) -> list[Description]:
    """Every template of ``kind`` with its one line; a broken file is described by what is wrong with it."""
    found = []
    for name, path in sorted(_paths(kind).items()):
        try:
            data = load_template(kind, name).data
            line = str(data.get("description") or data.get("title", ""))
        except BadInput as error:
            line = f"({error.reason})"
        found.append(Description(name, line, path))
    return found


def _paths(kind: str) -> dict[str, Path]:
    """Name to file; the first folder that has a name wins."""
    paths: dict[str, Path] = {}
    for folder in template_folders(kind):
        if folder.is_dir():
            for path in sorted(folder.glob("*.toml")):
                paths.setdefault(path.stem, path)
    return paths


def _unknown(kind: str, name: str, names: list[str]) -> BadInput:
    singular = kind.removesuffix("s")
    article = "an" if singular[0] in "aeiou" else "a"
    return BadInput(name, f"is not {article} {singular}{did_you_mean(name, names)}", "`composer templates` lists them")
