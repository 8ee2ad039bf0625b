"""The pages of the docs and their fenced blocks, for the tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: the words behind the fence, its text, and its line in the page."""

    words: tuple[str, ...]
    text: str
    line: int

    @property
    def commands(self) -> list[str]:
        """The lines that a reader types: after ``$`` in a console block, all of a sh block."""
        lines = self.text.splitlines()
        if self.words[:1] == ("console",):
            return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line.strip()] if self.words[:1] == ("sh",) else []

    @property
    def output(self) -> list[str]:
        """The lines of a console block that the program prints."""
        is_console = self.words[:1] == ("console",)
        return [line for line in self.text.splitlines() if is_console and not line.startswith("$ ")]

    @property
    def exit_code(self) -> int:
        """What the last command ends with: ``exit=5`` behind the fence, else 0."""
        return next((int(word[5:]) for word in self.words if word.startswith("exit=")), 0)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks in order."""
    text = page.read_text("utf-8")
    return [Block(tuple(m[1].split()), m[2], text.count("\n", 0, m.start()) + 1) for m in _FENCE.finditer(text)]


def prose_of(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def table_names(page: Path, heading: str) -> list[str]:
    """The first code word of each row of the tables under a heading, up to the next heading of the same level."""
    level = heading.split(" ")[0]
    section = page.read_text("utf-8").split(f"\n{heading}\n", 1)[1]
    section = re.split(rf"^#{{1,{len(level)}}} ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)
