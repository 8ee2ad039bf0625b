"""Chords as root, quality and bass, and the symbols that musicians write."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from composer.music.key import Key, spelled
from composer.music.pitch import LETTERS, PLAIN_NAMES, pitch_class_of

# Quality -> semitones above the root; the key is what stands after the root in a chord symbol.
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "mMaj7": (0, 3, 7, 11),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "7sus4": (0, 5, 7, 10),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
}
_ALIASES = {
    "M": "", "maj": "", "min": "m", "-": "m", "mi": "m", "o": "dim", "°": "dim", "+": "aug", "M7": "maj7",
    "Δ": "maj7", "Δ7": "maj7", "ma7": "maj7", "min7": "m7", "-7": "m7", "mi7": "m7", "ø": "m7b5", "ø7": "m7b5",
    "min7b5": "m7b5", "o7": "dim7", "°7": "dim7", "sus": "sus4", "min6": "m6", "mM7": "mMaj7", "dom7": "7",
}  # fmt: skip
# Letters from the root's to that of each member; the others are stacked in thirds.
_MEMBER_LETTERS = {"sus4": (0, 3, 4), "sus2": (0, 1, 4), "7sus4": (0, 3, 4, 6), "6": (0, 2, 4, 5), "m6": (0, 2, 4, 5)}
# Semitones from the root to a member -> to the other form of the same degree.
_PLAIN_FORM = {3: 4, 4: 3, 6: 7, 7: 6, 8: 7, 9: 8, 10: 11, 11: 10}
_DIMINISHED = ("dim", "dim7", "m7b5")
_ACCIDENTAL = "(?:#{1,2}|♯{1,2}|x|b{1,2}|♭{1,2})?"
_SYMBOL = re.compile(f"([A-Ga-g]{_ACCIDENTAL})([^/]*)(?:/([A-Ga-g]{_ACCIDENTAL}))?")
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")


@dataclass(frozen=True, slots=True)
class Chord:
    """``root`` and ``bass`` are pitch classes 0..11; ``quality`` is a key of ``QUALITIES``."""

    root: int
    quality: str = ""
    bass: int | None = None

    @property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes from the root up."""
        return tuple((self.root + step) % 12 for step in QUALITIES[self.quality])

    @property
    def bass_class(self) -> int:
        return self.root if self.bass is None else self.bass

    @property
    def third(self) -> int:
        """Pitch class of the second chord member (a suspension's 4th or 2nd where there is no third)."""
        return self.classes[1]

    @property
    def fifth(self) -> int:
        return self.classes[2]

    @property
    def seventh(self) -> int | None:
        return self.classes[3] if len(self.classes) > 3 and self.quality not in ("6", "m6") else None

    def steps_in(self, scale: Collection[int]) -> frozenset[int]:
        """The pitch classes to step on while the chord sounds: ``scale``, in which each member that is foreign to it
        takes the place of its own degree, as F# does that of F over D in G minor."""
        is_diminished = self.quality in _DIMINISHED
        plain = _PLAIN_FORM | {0: 11 if is_diminished else 1} | ({9: 10} if self.quality == "dim7" else {})
        foreign = ((member - self.root) % 12 for member in self.classes if member not in scale)
        gone = {(self.root + plain[step]) % 12 for step in foreign if step in plain}
        return frozenset(scale) - gone | frozenset(self.classes)

    def symbol(self, names: tuple[str, ...] = PLAIN_NAMES) -> str:
        """``"F#m7/C#"``, spelled by ``names`` (see ``spellings_in``)."""
        slash = "" if self.bass is None or self.bass == self.root else f"/{names[self.bass]}"
        return f"{names[self.root]}{self.quality}{slash}"

    def spellings_in(self, key: Key) -> tuple[str, ...]:
        """A name for each pitch class 0..11 while this chord sounds in ``key``.

        The scale is spelled as in the key, and so are tones foreign to key and chord. A foreign root is lowered (bVI
        and bII in major), under a diminished chord raised (#iv); foreign members are spelled in thirds from the root.
        Where that would take a double accidental, or a Cb, Fb, E# or B#, the plain name stands.
        """
        return _spellings(self, key)

    def roman(self, key: Key) -> str:
        """``"ii7"``, ``"V"``, ``"bVII"``: the degree in ``key``, lower case for a minor or diminished third."""
        steps = (self.root - key.tonic_class) % 12
        plain = {0: "I", 2: "II", 4: "III", 5: "IV", 7: "V", 9: "VI", 11: "VII"}
        if self.root in key.scale:
            degree = _NUMERALS[key.scale.index(self.root)]
        else:
            degree = plain.get(steps) or "b" + plain[(steps + 1) % 12]
        third_is_minor = QUALITIES[self.quality][1] == 3
        suffix = {"m": "", "dim": "°", "m7": "7", "m7b5": "ø7", "dim7": "°7", "aug": "+", "m6": "6"}
        return (degree.lower() if third_is_minor else degree) + suffix.get(self.quality, self.quality)


def chord_of(symbol: str) -> Chord:
    """The chord written as ``"Am"``, ``"F#m7b5"`` or ``"C/E"``; raises ``ValueError``."""
    match = _SYMBOL.fullmatch(symbol.strip())
    if match:
        quality = _ALIASES.get(match[2], match[2])
        if quality in QUALITIES:
            bass = pitch_class_of(match[3]) if match[3] else None
            return Chord(pitch_class_of(match[1]), quality, bass)
    raise ValueError(f"{symbol!r} is not a chord symbol such as C, Am, G7 or F/A")


def progression_of(text: str) -> list[list[Chord]]:
    """Chords of each bar: ``"C | Am | F G | C"`` is four bars, the third split evenly; raises ``ValueError``."""
    bars = [part.split() for part in text.strip().strip("|").split("|")]
    if any(not bar for bar in bars):
        raise ValueError(f"{text!r} has an empty bar; write one chord or more between the bar lines")
    return [[chord_of(symbol) for symbol in bar] for bar in bars]


@lru_cache(maxsize=1024)
def _spellings(chord: Chord, key: Key) -> tuple[str, ...]:
    names = list(key.spellings)
    if chord.root not in key.scale:
        names[chord.root] = _foreign_root(chord, key)
    first = LETTERS.index(names[chord.root][0])
    letters = _MEMBER_LETTERS.get(chord.quality, (0, 2, 4, 6))
    for member, steps in list(zip(chord.classes, letters, strict=False))[1:]:
        name = spelled(LETTERS[(first + steps) % 7], member)
        # The raised 7 of F# minor is E#, as the key spells it.
        leads = key.is_minor and (member - key.tonic_class) % 12 == 11 and len(key.spellings[member]) == 2
        if member not in key.scale and not leads:
            names[member] = _plain(name, member)
    foreign_bass = chord.bass_class not in key.scale and chord.bass_class not in chord.classes
    if foreign_bass:
        names[chord.bass_class] = _plain(names[chord.bass_class], chord.bass_class)
    return tuple(names)


def _foreign_root(chord: Chord, key: Key) -> str:
    name = key.spellings[chord.root]
    step = (chord.root - key.tonic_class) % 12
    if not key.is_minor and step in (1, 8) and chord.quality not in _DIMINISHED:
        name = spelled(LETTERS[(LETTERS.index(name[0]) + 1) % 7], chord.root)
    return _plain(name, chord.root)


def _plain(name: str, pitch_class: int) -> str:
    return PLAIN_NAMES[pitch_class] if len(name) > 2 or name in ("Cb", "Fb", "E#", "B#") else name
