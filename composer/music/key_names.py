"""Keys as musicians write them: "A minor", "Am", "a", "A moll", "fis-Moll", "B-Dur"."""

from __future__ import annotations

import re

from composer.music.key import MODES, Key, key_of

_NAME = re.compile(r"([A-Ha-h])((?:is|es|s|[#♯b♭])*)[\s_-]*(\D*)", re.IGNORECASE)
_MODES = {
    "m": "minor", "min": "minor", "moll": "minor", "aeolian": "minor",
    "maj": "major", "dur": "major", "ionian": "major",
} | {mode: mode for mode in MODES}  # fmt: skip
_GERMAN = ("moll", "dur")
_SIGNS = {"is": "#", "es": "b", "s": "b", "#": "#", "♯": "#", "b": "b", "♭": "b"}


def key_written(text: str) -> Key:
    """The key that ``text`` names; raises ValueError.

    A letter alone is a major key as a capital and a minor key as a small one. With Moll and Dur, and in names such as
    ``Es`` and ``fis``, H and B are the German ones.
    """
    match = _NAME.fullmatch(text.strip())
    mode = _mode(text, match[1], match[3].strip()) if match else None
    if match is None or mode is None:
        raise ValueError(f"{text[:30]!r} is not a key")
    letter, signs = match[1].upper(), re.findall("is|es|s|[#♯b♭]", match[2].lower())
    is_german = match[3].strip().lower() in _GERMAN or any(sign in ("is", "es", "s") for sign in signs)
    if letter == "H":
        letter = "B"
    elif letter == "B" and is_german and not signs:
        signs = ["b"]
    return key_of(letter + "".join(_SIGNS[sign] for sign in signs), mode)


def _mode(text: str, letter: str, word: str) -> str | None:
    if not word:
        return "minor" if letter.islower() else "major"
    return "major" if word == "M" else _MODES.get(word.lower())
