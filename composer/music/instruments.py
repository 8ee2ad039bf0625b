"""Instruments: one table of names, General MIDI programs and playable ranges."""

from __future__ import annotations

from dataclasses import dataclass

# GM family -> how it behaves for the composer.
PLUCKED, STRUCK, BOWED, BLOWN, SUNG, PAD = "plucked", "struck", "bowed", "blown", "sung", "pad"


@dataclass(frozen=True, slots=True)
class Instrument:
    """``low`` and ``high`` are MIDI pitches of the comfortable range; ``voices`` is 1 for a melody instrument."""

    name: str
    program: int
    low: int
    high: int
    family: str
    voices: int = 1


INSTRUMENTS: dict[str, Instrument] = {
    i.name: i
    for i in (
        Instrument("piano", 0, 28, 100, STRUCK, 10),
        Instrument("electric piano", 4, 28, 100, STRUCK, 10),
        Instrument("harpsichord", 6, 36, 89, PLUCKED, 10),
        Instrument("celesta", 8, 60, 100, STRUCK, 10),
        Instrument("music box", 10, 60, 96, STRUCK, 10),
        Instrument("vibraphone", 11, 53, 89, STRUCK, 4),
        Instrument("marimba", 12, 45, 96, STRUCK, 4),
        Instrument("organ", 19, 36, 96, PAD, 10),
        Instrument("accordion", 21, 53, 89, BLOWN, 5),
        Instrument("guitar", 24, 40, 83, PLUCKED, 6),
        Instrument("steel guitar", 25, 40, 83, PLUCKED, 6),
        Instrument("electric guitar", 27, 40, 86, PLUCKED, 6),
        Instrument("acoustic bass", 32, 28, 60, PLUCKED),
        Instrument("electric bass", 33, 28, 60, PLUCKED),
        Instrument("violin", 40, 55, 96, BOWED),
        Instrument("viola", 41, 48, 84, BOWED),
        Instrument("cello", 42, 36, 76, BOWED),
        Instrument("double bass", 43, 28, 60, BOWED),
        Instrument("harp", 46, 28, 98, PLUCKED, 8),
        Instrument("strings", 48, 36, 96, PAD, 8),
        Instrument("synth strings", 50, 36, 96, PAD, 8),
        Instrument("choir", 52, 43, 81, SUNG, 8),
        Instrument("voice", 53, 55, 79, SUNG),
        Instrument("trumpet", 56, 55, 82, BLOWN),
        Instrument("trombone", 57, 40, 72, BLOWN),
        Instrument("horn", 60, 41, 77, BLOWN),
        Instrument("brass", 61, 40, 82, BLOWN, 5),
        Instrument("soprano sax", 64, 56, 87, BLOWN),
        Instrument("alto sax", 65, 49, 80, BLOWN),
        Instrument("tenor sax", 66, 44, 75, BLOWN),
        Instrument("oboe", 68, 58, 89, BLOWN),
        Instrument("bassoon", 70, 34, 72, BLOWN),
        Instrument("clarinet", 71, 50, 89, BLOWN),
        Instrument("piccolo", 72, 74, 102, BLOWN),
        Instrument("flute", 73, 60, 93, BLOWN),
        Instrument("recorder", 74, 72, 98, BLOWN),
        Instrument("pan flute", 75, 60, 91, BLOWN),
        Instrument("ocarina", 79, 60, 84, BLOWN),
        Instrument("pad", 89, 36, 96, PAD, 8),
        Instrument("kalimba", 108, 60, 88, PLUCKED, 4),
        Instrument("fiddle", 110, 55, 96, BOWED),
    )
}

# Drum names used in style templates -> General MIDI percussion key.
DRUM_KEYS: dict[str, int] = {
    "kick": 36, "stick": 37, "snare": 38, "clap": 39, "hat": 42, "pedal": 44, "open": 46, "low-tom": 45,
    "mid-tom": 47, "high-tom": 50, "crash": 49, "ride": 51, "tambourine": 54, "cowbell": 56, "conga": 63,
    "shaker": 70, "claves": 75, "triangle": 81,
}  # fmt: skip


def instrument_of_program(program: int) -> Instrument:
    """The nearest instrument in the table to a GM program (same family of eight first)."""
    return min(INSTRUMENTS.values(), key=lambda i: (i.program // 8 != program // 8, abs(i.program - program)))
