"""Keys: scale, signature and the spelling of all twelve pitch classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from composer.music.pitch import LETTER_CLASSES, LETTERS, PLAIN_NAMES, pitch_class_of

# Semitones above the tonic.
MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
# Fifths to add to the signature of the major key on the same tonic.
_SIGNATURE_SHIFT = {"major": 0, "minor": -3, "dorian": -2, "phrygian": -4, "lydian": 1, "mixolydian": -1}
_MAJOR_FIFTHS = {"C": 0, "D": 2, "E": 4, "F": -1, "G": 1, "A": 3, "B": 5}


@dataclass(frozen=True)
class Key:
    """A tonic as spelled (``"Eb"``) and a mode of ``MODES``."""

    tonic: str
    mode: str

    def __str__(self) -> str:
        return f"{self.tonic} {self.mode}"

    @cached_property
    def tonic_class(self) -> int:
        return pitch_class_of(self.tonic)

    @property
    def is_minor(self) -> bool:
        """Whether the third above the tonic is minor (minor, dorian, phrygian)."""
        return 3 in MODES[self.mode]

    @cached_property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes from the tonic up."""
        return tuple((self.tonic_class + step) % 12 for step in MODES[self.mode])

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats of the signature, -7..7 for a tonic from ``key_of``."""
        accidental = sum(1 if c == "#" else -1 for c in self.tonic[1:])
        return _MAJOR_FIFTHS[self.tonic[0]] + 7 * accidental + _SIGNATURE_SHIFT[self.mode]

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """A name for each pitch class 0..11, as written in this key.

        Scale tones take their own letter; chromatic tones are spelled as raised degrees going up from 1, 2, 4, 5
        and as lowered 7 (the leading tones of V/ii, V/V, V/vi ...), and in minor the raised 6 and 7.
        """
        names: dict[int, str] = {}
        first = LETTERS.index(self.tonic[0])
        for degree, pitch_class in enumerate(self.scale):
            names[pitch_class] = spelled(LETTERS[(first + degree) % 7], pitch_class)
        for step, degree in _CHROMATIC_DEGREES[self.is_minor]:
            pitch_class = (self.tonic_class + step) % 12
            names.setdefault(pitch_class, spelled(LETTERS[(first + degree) % 7], pitch_class))
        return tuple(names[c] for c in range(12))

    @cached_property
    def plain_spellings(self) -> tuple[str, ...]:
        """``spellings`` for a single pitch without a context: a tone foreign to the scale is no B#, E#, Cb or Fb, and
        has one accidental at most."""
        return tuple(
            PLAIN_NAMES[number] if number not in self.scale and (len(name) > 2 or name in _WHITE) else name
            for number, name in enumerate(self.spellings)
        )

    def degree_of(self, midi: int) -> int | None:
        """0..6 for a scale tone, ``None`` for a chromatic one."""
        pitch_class = midi % 12
        return self.scale.index(pitch_class) if pitch_class in self.scale else None


_WHITE = ("Cb", "Fb", "E#", "B#")  # white keys under the name of the next one
# (semitones above the tonic, degree 0..6 whose letter spells it); the first that is free wins.
_CHROMATIC_DEGREES = {
    False: ((1, 0), (3, 2), (6, 3), (8, 4), (10, 6), (11, 6), (5, 3)),
    True: ((11, 6), (9, 5), (8, 5), (10, 6), (1, 1), (4, 2), (6, 3), (2, 1)),
}


def spelled(letter: str, pitch_class: int) -> str:
    """The pitch class as a note on that letter, with as many accidentals as it takes."""
    shift = (pitch_class - LETTER_CLASSES[LETTERS.index(letter)] + 6) % 12 - 6
    return letter + ("#" * shift if shift > 0 else "b" * -shift)


def key_of(tonic: str | int, mode: str) -> Key:
    """The key on ``tonic`` (a name or a pitch class), respelled where its signature would pass seven accidentals.

    Raises ``ValueError`` for an unknown tonic or mode.
    """
    if mode not in MODES:
        raise ValueError(f"{mode!r} is not a mode; use one of {', '.join(MODES)}")
    if isinstance(tonic, str):
        pitch_class = pitch_class_of(tonic)
        written = Key(tonic[0].upper() + tonic[1:].replace("♯", "#").replace("♭", "b").replace("-", "b"), mode)
        if len(written.tonic) <= 2 and abs(written.fifths) <= 7:
            return written
    else:
        pitch_class = tonic % 12
    candidates = [Key(spelled(letter, pitch_class), mode) for letter in LETTERS]
    return min(
        (k for k in candidates if len(k.tonic) <= 2),
        key=lambda k: (abs(k.fifths), k.tonic in ("Cb", "Fb", "E#", "B#"), k.fifths),
    )


def key_of_signature(fifths: int, mode: str = "major") -> Key:
    """The key with that many sharps (negative: flats)."""
    return key_of((fifths - _SIGNATURE_SHIFT[mode]) * 7 % 12, mode)
