"""The letters of the pictures that we draw: Pillow's own font, and for what it lacks the one that matplotlib has.

music21 brings matplotlib along; only its font file is opened, never the package. Where it is absent, a letter becomes
the one that it is made of (``ö`` an ``o``).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_WIDE_FONT = Path("mpl-data") / "fonts" / "ttf" / "DejaVuSans.ttf"
# No font has a letter for this code: it is drawn as the sign for what is missing.
_NO_LETTER = "\ufffe"
_PROBE_SIZE = 20
_UNKNOWN = "?"


def font_for(text: str, size: float) -> Font:
    """The font, ``size`` pixels high, that has the letters of ``text``: the plain one if it does."""
    wide = _wide(size) if any(not _is_in_plain(letter) for letter in set(text)) else None
    return wide or _plain(size)


def printable(text: str) -> str:
    """``text`` in letters that can be drawn; ``?`` for each that has none."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


@cache
def _letter(letter: str) -> str:
    """The letter, the one that it is made of, or ``?``."""
    if _is_drawn(letter):
        return letter
    bare = unicodedata.normalize("NFKD", _WRITTEN.get(letter, letter))
    return "".join(c for c in bare if not unicodedata.combining(c) and _is_drawn(c)) or _UNKNOWN


_WRITTEN = {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "đ": "d", "ł": "l", "Ł": "L"}


def _is_drawn(letter: str) -> bool:
    wide = _wide(_PROBE_SIZE)
    return _is_in_plain(letter) or (wide is not None and _has(wide, letter))


@cache
def _is_in_plain(letter: str) -> bool:
    return _has(_plain(_PROBE_SIZE), letter)


def _has(font: Font, letter: str) -> bool:
    return letter.isprintable() and bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))


@cache
def _plain(size: float) -> Font:
    return ImageFont.load_default(size=size)


@cache
def _wide(size: float) -> Font | None:
    """None where the font is not installed."""
    package = find_spec("matplotlib")
    for folder in (package.submodule_search_locations or []) if package else []:
        if (path := Path(folder) / _WIDE_FONT).is_file():
            return ImageFont.truetype(path, size)
    return None
