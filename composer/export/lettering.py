"""The letters of a printed page: how wide the four faces of Times are, and the outlines of musical signs in texts.

Both come from the data files of Verovio, by which it laid the page out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

from composer.export.outlines import operators_of

CODING = "cp1252"  # what PDF calls WinAnsiEncoding
# Face -> what PDF calls it; every reader has it, so nothing is embedded.
FACES = {
    "Times": "Times-Roman", "Times-bold": "Times-Bold", "Times-italic": "Times-Italic",
    "Times-bold-italic": "Times-BoldItalic",
}  # fmt: skip
_PRIVATE = range(0xE000, 0xF900)  # where musical signs stand
_EM, _LETTER_SHARE = 1000.0, 0.5  # of the em, for a letter without a known width
# The commonest width of each face, which the files leave out: capitals, or the figures of the slanted faces.
_COMMON = {"Times": 0.722, "Times-bold": 0.722, "Times-italic": 0.5, "Times-bold-italic": 0.5}


@dataclass(frozen=True, slots=True)
class Sign:
    """The outline of a musical sign as path operators (1000 to the em, y down), and its width."""

    operators: str
    width: float


class Lettering:
    """Widths and signs, read once from the folder of Verovio's data."""

    def __init__(self, resources: Path) -> None:
        self._resources = resources
        self._signs: dict[tuple[str, str], Sign | None] = {}

    def width(self, text: str, face: str) -> float:
        """Of ``text`` as printed, in ems."""
        return sum(self._widths[face].get(letter, _LETTER_SHARE) for letter in text)

    @cached_property
    def _widths(self) -> dict[str, dict[str, float]]:
        return {face: _widths_in(self._resources / "text" / f"{face}.xml", _COMMON[face]) for face in FACES}

    def sign(self, letter: str, font: str) -> Sign | None:
        """The musical sign of a private character in a music font, None where the font has none."""
        key = (letter, re.sub(r"\W", "", font))
        if key not in self._signs:
            self._signs[key] = self._read(*key)
        return self._signs[key]

    def _read(self, letter: str, font: str) -> Sign | None:
        code = f"{ord(letter):04X}"
        try:
            outline = ElementTree.parse(self._resources / font / f"{code}.xml").getroot().find(".//{*}path")
            width = re.search(rf'c="{code}"[^>]*h-a-x="([\d.]+)"', (self._resources / f"{font}.xml").read_text("utf-8"))
        except (OSError, ElementTree.ParseError):
            return None
        if outline is None:
            return None
        return Sign(operators_of(outline.get("d", "")), float(width[1]) / _EM if width else _LETTER_SHARE)


def is_sign(letter: str) -> bool:
    return ord(letter) in _PRIVATE


def printable_in_times(text: str) -> str:
    """``text`` in the letters that every PDF reader has; others lose their accent, or become a question mark."""
    made = ""
    for letter in text.replace("♯", "#").replace("♭", "b"):
        plain = unicodedata.normalize("NFKD", letter).encode(CODING, "ignore").decode(CODING)
        made += letter if letter.encode(CODING, "ignore") else plain or ("" if unicodedata.combining(letter) else "?")
    return made


def _widths_in(path: Path, common: float) -> dict[str, float]:
    """Character -> width in ems, ``common`` where the file gives none; empty without the file."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return {}
    em = float(root.get("units-per-em", "2048"))
    found = {}
    for glyph in root:
        letter = bytes.fromhex(glyph.get("c", "")).decode("utf-8", "ignore")
        found[letter] = float(glyph.get("h-a-x", common * em)) / em
    return {**found, "\xa0": found.get(" ", common)}
