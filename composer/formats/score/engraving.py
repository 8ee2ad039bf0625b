"""Single signs of a score as music21 objects: notes, clefs, key signatures, chord symbols, drum heads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

# Imported only by musicxml, which the CLI imports late.
from music21 import (  # noqa: TID253
    articulations,
    chord,
    clef,
    duration,
    expressions,
    harmony,
    instrument,
    key,
    note,
    percussion,
    pitch,
    stream,
    tie,
)
from music21.exceptions21 import InstrumentException  # noqa: TID253

from composer.formats.midi.lyrics import under_notes
from composer.formats.score.notation import Value, written_starts
from composer.music.chord import Chord
from composer.music.instruments import DRUM_KEYS, instrument_of_program
from composer.music.key import Key
from composer.music.notes import Part
from composer.music.pitch import note_name
from composer.music.time import TICKS_PER_BEAT, Meter

MIDDLE_C = 60
# Instruments written an octave above or below their sound, and the viola's clef.
_OCTAVE_DOWN = frozenset(("guitar", "steel guitar", "electric guitar"))
_BASS_DOWN = frozenset(("acoustic bass", "electric bass", "double bass"))
_OCTAVE_UP = frozenset(("piccolo", "recorder", "celesta", "music box"))
# What composer calls its tracks.
_ROLE_NAMES = ("Melody", "Accompaniment", "Bass")
_KINDS = {
    "": "major", "m": "minor", "dim": "diminished", "aug": "augmented", "7": "dominant-seventh",
    "maj7": "major-seventh", "m7": "minor-seventh", "m7b5": "half-diminished-seventh", "dim7": "diminished-seventh",
    "mMaj7": "minor-major-seventh", "sus4": "suspended-fourth", "sus2": "suspended-second",
    "7sus4": "suspended-fourth-seventh", "6": "major-sixth", "m6": "minor-sixth",
}  # fmt: skip
# Drum name -> place on the staff and notehead.
_DRUM_PLACES = {
    "kick": ("F4", "normal"), "stick": ("C5", "x"), "snare": ("C5", "normal"), "clap": ("C5", "triangle"),
    "hat": ("G5", "x"), "pedal": ("D4", "x"), "open": ("G5", "circle-x"), "low-tom": ("A4", "normal"),
    "mid-tom": ("D5", "normal"), "high-tom": ("E5", "normal"), "crash": ("A5", "x"), "ride": ("F5", "x"),
    "tambourine": ("B5", "triangle"), "cowbell": ("E5", "triangle"), "conga": ("D5", "diamond"),
    "shaker": ("B5", "x"), "claves": ("D5", "x"), "triangle": ("B5", "diamond"),
}  # fmt: skip
DRUM_NAMES = {number: name for name, number in DRUM_KEYS.items()}


def element_of(value: Value, spelled: tuple[str, ...], bar_ticks: int) -> note.GeneralNote:
    length = duration.Duration(quarters(value.length))
    if not value.pitches:
        rest = note.Rest(duration=length)
        if value.length == bar_ticks:
            rest.fullMeasure = True
        if value.hidden:
            rest.style.hideObjectOnPrint = True
        return rest
    pitches = [pitch_of(p, spelled) for p in value.pitches]
    made: note.NotRest
    made = note.Note(pitches[0], duration=length) if len(pitches) == 1 else chord.Chord(pitches, duration=length)
    if value.tied_from or value.tied_to:
        kind = "continue" if value.tied_from and value.tied_to else "stop" if value.tied_from else "start"
        for head in made.notes if isinstance(made, chord.Chord) else (made,):
            head.tie = tie.Tie(kind)
    if value.staccato:
        made.articulations.append(articulations.Staccato())
    return made


def pitch_of(midi: int, spelled: tuple[str, ...]) -> pitch.Pitch:
    name = spelled[midi % 12]
    octave = int(re.sub(r"^[A-G][#b]*", "", note_name(midi, spelled)))
    made = pitch.Pitch(step=name[0], octave=octave)
    if len(name) > 1:
        made.accidental = pitch.Accidental(name[1:].replace("b", "-"))
    return made


def quarters(ticks: int) -> Fraction:
    return Fraction(ticks, TICKS_PER_BEAT)


def clef_of(part: Part, pitches: Sequence[int]) -> clef.Clef:
    name = instrument_of_program(part.program).name
    middle = sorted(pitches)[len(pitches) // 2] if pitches else MIDDLE_C
    if name in _BASS_DOWN:
        return clef.Bass8vbClef() if middle < 48 else clef.BassClef()
    if name in _OCTAVE_DOWN:
        return clef.Treble8vbClef()
    if name == "viola":
        return clef.AltoClef()
    if name in _OCTAVE_UP and middle >= 84:
        return clef.Treble8vaClef()
    return clef.TrebleClef() if middle >= 57 else clef.BassClef()


def hit_of(value: Value, bar_ticks: int, place: str) -> note.GeneralNote:
    if not value.pitches:
        return element_of(value, (), bar_ticks)
    heads = []
    for number in value.pitches:
        position, shape = _DRUM_PLACES.get(DRUM_NAMES.get(number, ""), ("E5", "diamond"))
        head = note.Unpitched(displayName=position)
        head.notehead = shape
        head.id = f"hit-{number}-{place}"
        head.duration = duration.Duration(quarters(value.length))
        heads.append(head)
    if len(heads) == 1:
        return heads[0]
    return percussion.PercussionChord(heads, duration=duration.Duration(quarters(value.length)))


def signature_of(written: Key) -> key.Key:
    return key.Key(written.tonic.replace("b", "-"), written.mode)


class _Player(instrument.Instrument):  # type: ignore[misc]
    """An instrument that shares a MIDI channel where there are more players than channels, without a warning each."""

    def autoAssignMidiChannel(self, usedChannels: list[int] | None = None) -> int:
        try:
            return int(super().autoAssignMidiChannel(usedChannels))
        except InstrumentException:
            self.midiChannel = 0
            return 0


def instrument_of(part: Part) -> instrument.Instrument:
    made = instrument.UnpitchedPercussion() if part.is_drums else _Player()
    made.partName = made.instrumentName = clean_text(part.name) or part.role
    made.partAbbreviation = made.instrumentAbbreviation = _abbreviated(made.partName)
    if not part.is_drums:
        made.midiProgram = part.program
    return made


def printed_parts(parts: Sequence[Part]) -> tuple[Part, ...]:
    """``parts`` as players look for theirs: one that is called by its role has the name of its instrument.

    Where two would share that name, the roles tell them apart better.
    """
    names = ["" if part.is_drums else instrument_of_program(part.program).name.capitalize() for part in parts]
    others = {part.name for part in parts if part.name not in _ROLE_NAMES}
    return tuple(
        replace(part, name=name)
        if name and part.name in _ROLE_NAMES and names.count(name) == 1 and name not in others
        else part
        for part, name in zip(parts, names, strict=True)
    )


def symbol_of(written: Chord, spelled: tuple[str, ...]) -> harmony.ChordSymbol:
    bass = None if written.bass in (None, written.root) else spelled[written.bass_class].replace("b", "-")
    kind = _KINDS[written.quality]
    return harmony.ChordSymbol(root=spelled[written.root].replace("b", "-"), bass=bass, kind=kind)


def remark(text: str) -> expressions.TextExpression:
    """Plain words above the staff."""
    made = expressions.TextExpression(clean_text(text))
    made.placement = "above"
    return made


def sing(staves: Sequence[stream.Part], part: Part, meter: Meter) -> None:
    """Put the part's lyrics under the first heads of its notes on ``staves``; words between notes go above the bar."""
    words, free = under_notes(part.lyrics, (n.start for n in part.notes))
    written = written_starts(part.notes, meter)
    heads = _heads(staves, meter)
    for start, syllable in words.items():
        head = heads.get(written[start])
        if head is None:
            free = (*free, (start, syllable))
        else:
            text = clean_text(syllable.text)
            head.lyrics.append(note.Lyric(text, number=1, applyRaw=True, syllabic=syllable.syllabic))
    measures = list(staves[0].getElementsByClass(stream.Measure))
    for tick, syllable in free:
        number = min(tick // meter.bar_ticks, len(measures) - 1)
        measures[number].insert(quarters(tick % meter.bar_ticks), remark(syllable.text))


def _heads(staves: Sequence[stream.Part], meter: Meter) -> dict[int, note.NotRest]:
    """Tick -> the note or chord that begins there, in the upper voice of the upper staff that has one."""
    found: dict[int, note.NotRest] = {}
    for staff in staves:
        for number, measure in enumerate(staff.getElementsByClass(stream.Measure)):
            for voice in measure.voices or (measure,):
                for element in voice.getElementsByClass(note.NotRest):
                    held = element.tie is not None and element.tie.type != "start"
                    if not held and not isinstance(element, harmony.ChordSymbol):
                        tick = number * meter.bar_ticks + round(element.offset * TICKS_PER_BEAT)
                        found.setdefault(tick, element)
    return found


def clean_text(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(c if c.isprintable() else " " for c in text.encode("utf-8", "replace").decode()).strip()


def _abbreviated(name: str) -> str:
    """The name before the later systems: short names whole, longer ones cut after a consonant; of several words the
    last says most ("A. bass")."""
    if len(name) <= 6:
        return name
    *first, last = name.split()
    if first:
        return " ".join((*(f"{word[0]}." for word in first), _abbreviated(last)))
    end = 4 if name[3].lower() not in "aeiou" else 3
    return name[:end] + "."
