"""Pitch names and numbers. MIDI 60 is C4; pitch class 0 is C."""

from __future__ import annotations

import re

LETTERS = "CDEFGAB"
LETTER_CLASSES = (0, 2, 4, 5, 7, 9, 11)
# Spellings of the twelve classes outside any key, as most musicians read them.
PLAIN_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def pitch_class_of(name: str) -> int:
    """0..11 for ``"C"``, ``"F#"``, ``"Bb"``, ``"B-"`` (music21) or ``"E♭"``; raises ``ValueError``."""
    match = re.fullmatch(r"([A-Ga-g])([#♯x]*|[b♭-]*)", name.strip())
    if not match:
        raise ValueError(f"{name!r} is not a note name such as C, F# or Bb")
    letter, accidentals = match[1].upper(), match[2]
    shift = sum(2 if c == "x" else 1 if c in "#♯" else -1 for c in accidentals)
    return (LETTER_CLASSES[LETTERS.index(letter)] + shift) % 12


def octave_of(midi: int) -> int:
    return midi // 12 - 1


def folded(midi: int, low: int, high: int) -> int:
    """``midi`` moved by octaves into ``low``..``high``, or to just above ``low`` where no octave of it fits."""
    while midi > high:
        midi -= 12
    while midi < low:
        midi += 12
    return midi


def note_name(midi: int, names: tuple[str, ...] = PLAIN_NAMES) -> str:
    """``"F#4"`` for 66; ``names`` spells the twelve classes (see ``Key.spellings``)."""
    name = names[midi % 12]
    octave = octave_of(midi)
    # B# and Cb belong to the neighbouring octave number.
    if midi % 12 == 0 and name.startswith("B"):
        octave -= 1
    if midi % 12 == 11 and name.startswith("C"):
        octave += 1
    return f"{name}{octave}"


def midi_of(name: str) -> int:
    """66 for ``"F#4"``; raises ``ValueError``."""
    match = re.fullmatch(r"([A-Ga-g][#♯xb♭-]*?)(-?\d+)", name.strip())
    if not match:
        raise ValueError(f"{name!r} is not a pitch such as C4 or F#3")
    letter_class = LETTER_CLASSES[LETTERS.index(match[1][0].upper())]
    shift = (pitch_class_of(match[1]) - letter_class + 6) % 12 - 6
    midi = 12 * (int(match[2]) + 1) + letter_class + shift
    if not 0 <= midi <= 127:
        raise ValueError(f"{name!r} is outside MIDI's range C-1 to G9")
    return midi
