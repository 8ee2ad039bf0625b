"""ABC notation of single melodies -> notes with exact times.

Why not music21's reader: on version-less files it drops accidentals at the next note of the bar, takes slurs written
with ``-`` for ties and loses dotted rhythms written ``d>-c``; and it is a hundred times slower.

Conventions: ABC 2.1 (accidentals hold to the end of the bar in all octaves). Ties join equal pitches only. Grace notes
and decorations are dropped, a chord gives its top note, repeats are read once, and of two endings the last is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from composer.music.key import Key, key_of
from composer.music.pitch import LETTER_CLASSES, LETTERS
from composer.music.time import WHOLE_TICKS, Meter, meter_of

_FIELD = re.compile(r"([A-Za-z]):(?![|:])(.*)")
_TOKEN = re.compile(
    r"""(?P<inline>\[[A-Za-z]:[^\]]*\])
    |(?P<quote>"[^"]*")
    |(?P<decoration>![^!\s|]{1,20}!)
    |(?P<bar>(?:\[?:*\|[|\]:]*|::+)(?:\s*\[?\s*(?P<ending>[1-9])(?:[.,\-][0-9]+)*)?|\[(?P<ending2>[1-9])(?:[.,\-][0-9]+)*)
    |(?P<grace>\{[^}]*\})
    |\((?P<tuplet>[2-9])(?::(?P<q>\d*))?(?::(?P<r>\d*))?
    |(?P<broken>>+|<+)
    |(?P<chord>\[[^\]|]*\])(?P<chordlen>\d*(?:/+\d*)?)
    |(?P<accidental>\^\^|\^|__|_|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>\d*(?:/+\d*)?)
    |(?P<rest>[zx])(?P<restlen>\d*(?:/+\d*)?)
    |Z(?P<bars>\d*)
    |(?P<tie>-)
    |(?P<overlay>&)""",
    re.VERBOSE,
)
_MODES = {
    "": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor", "aeo": "minor", "dor": "dorian",
    "mix": "mixolydian", "lyd": "lydian", "phr": "phrygian",
}  # fmt: skip
_ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}


class UnusableTune(Exception):
    """The tune cannot be read as one melody in one key and metre; the text says why."""


@dataclass(slots=True)
class AbcNote:
    """A note or rest; times in ticks from the first note, ``midi`` is ``None`` for a rest."""

    start: int
    duration: int
    midi: int | None


@dataclass(frozen=True, slots=True)
class BarLine:
    """Where a bar line stands (ticks from the first note) and whether it closes a section (double or repeat)."""

    tick: int
    is_section: bool


@dataclass(frozen=True, slots=True)
class AbcTune:
    """One melody as written."""

    number: str
    title: str
    key: Key
    meter: Meter
    notes: tuple[AbcNote, ...]
    bar_lines: tuple[BarLine, ...]
    line_ends: tuple[int, ...] = ()  # ticks at which a line of the source ends (phrases in some collections)


def tunes_in(text: str) -> Iterator[str]:
    """The text of each tune; a tune runs from its ``X:`` to the next, whatever blank lines it holds."""
    starts = [m.start() for m in re.finditer(r"^X:", text, re.MULTILINE)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text[start:end]


def read_tune(text: str) -> AbcTune:
    """The one melody in ``text``; raises UnusableTune."""
    reader = _Reader()
    for raw in text.replace("\r", "").split("\n"):
        line = re.sub(r"%.*", "", raw)
        field = _FIELD.match(line)
        if field:
            reader.field(field[1], field[2].strip())
        elif line.strip():
            reader.music(line)
    return reader.finished()


def key_in(text: str) -> Key:
    """The key of a ``K:`` field such as ``G``, ``Ador``, ``E Minor``; raises UnusableTune."""
    match = re.match(r"\s*([A-G])([#b]?)\s*([A-Za-z]*)", text)
    if not match:
        raise UnusableTune(f"key {text!r}")
    word = match[3].lower()
    mode = _MODES.get(word) or _MODES.get(word[:3], "major")
    try:
        return key_of(match[1] + match[2], mode)
    except ValueError:
        raise UnusableTune(f"key {text!r}") from None


def _length(text: str) -> Fraction:
    """``"3/2"`` -> 3/2, ``"/"`` -> 1/2, ``"//"`` -> 1/4, ``""`` -> 1."""
    number, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    value = Fraction(int(number or 1))
    if slashes:
        value /= int(below) if below else 2 ** len(slashes)
    return value


class _Reader:
    """Reads the lines of one tune in order; holds what the notation carries from sign to sign."""

    def __init__(self) -> None:
        self.number = self.title = ""
        self.key: Key | None = None
        self.meter: Meter | None = None
        self.unit: Fraction | None = None
        self.notes: list[AbcNote] = []
        self.bar_lines: list[BarLine] = []
        self.line_ends: list[int] = []
        self.now = Fraction(0)  # whole notes since the first note
        self.bar_accidentals: dict[str, int] = {}
        self.signature: dict[str, int] = {}
        self.tied: tuple[str, int] | None = None  # letter with octave marks, midi
        self.tie_open = False
        self.next_factor = Fraction(1)
        self.tuplet_left, self.tuplet_factor = 0, Fraction(1)
        self.in_first_ending = False
        self.last_length = Fraction(0)

    def field(self, name: str, value: str) -> None:
        if name == "X":
            self.number = value
        elif name == "T" and not self.title:
            self.title = value
        elif name == "L":
            match = re.match(r"(\d+)/(\d+)", value)
            if not match or int(match[2]) == 0:
                raise UnusableTune(f"unit length {value!r}")
            self.unit = Fraction(int(match[1]), int(match[2]))
        elif name == "M":
            self._set_meter(value)
        elif name == "K":
            key = key_in(value)
            if self.key is not None and key != self.key:
                raise UnusableTune("changes key")
            self.key, self.signature = key, _signature_of(key)
        elif name == "V" and not re.match(r"\s*1\b", value):
            raise UnusableTune("several voices")

    def _set_meter(self, value: str) -> None:
        text = {"C": "4/4", "C|": "2/2"}.get(value.split()[0] if value else "", value)
        try:
            meter = meter_of(text)
        except ValueError:
            raise UnusableTune(f"metre {value!r}") from None
        if self.meter is not None and meter != self.meter:
            raise UnusableTune("changes metre")
        self.meter = meter

    def music(self, line: str) -> None:
        if self.key is None or self.meter is None:
            return  # free text before the header is complete
        for match in _TOKEN.finditer(line):
            self._sign(match)
        self.line_ends.append(_ticks(self.now))

    def _sign(self, match: re.Match[str]) -> None:
        kind = match.lastgroup
        if match["inline"]:
            self.field(match["inline"][1], match["inline"][3:-1].strip())
        elif match["overlay"]:
            raise UnusableTune("several voices")
        elif kind in ("bar", "ending", "ending2") or match["bar"]:
            self._bar_line(match["bar"], match["ending"] or match["ending2"])
        elif match["grace"]:
            for accidental, letter in re.findall(r"(\^\^|\^|__|_|=)([A-Ga-g])", match["grace"]):
                self.bar_accidentals[letter.upper()] = _ACCIDENTALS[accidental]
        elif self.in_first_ending or match["quote"] or match["decoration"]:
            return
        elif match["tuplet"]:
            self._tuplet(int(match["tuplet"]), match["q"], match["r"])
        elif match["broken"]:
            self._broken(match["broken"])
        elif match["chord"]:
            self._chord(match["chord"][1:-1], _length(match["chordlen"]))
        elif match["letter"]:
            self._note(self._midi(match), match["letter"] + match["octave"], _length(match["length"]))
        elif match["rest"]:
            self._note(None, "", _length(match["restlen"]))
        elif match["bars"] is not None:
            assert self.meter is not None
            self._add(None, Fraction(self.meter.numerator, self.meter.denominator) * int(match["bars"] or 1))
        elif match["tie"]:
            self.tie_open = bool(self.notes)

    def _bar_line(self, text: str, ending: str | None) -> None:
        self.bar_accidentals = {}
        is_repeat = ":" in text
        if self.in_first_ending and (is_repeat or "||" in text or (ending and ending != "1")):
            self.in_first_ending = False
        elif not self.in_first_ending:
            is_section = is_repeat or "||" in text or "]" in text or "[|" in text
            self.bar_lines.append(BarLine(_ticks(self.now), is_section))
        if ending == "1":
            self.in_first_ending = True

    def _tuplet(self, count: int, space: str | None, notes: str | None) -> None:
        assert self.meter is not None
        n = 3 if self.meter.is_compound else 2
        usual = {2: 3, 3: 2, 4: 3, 5: n, 6: 2, 7: n, 8: 3, 9: n}[count]
        self.tuplet_factor = Fraction(int(space) if space else usual, count)
        self.tuplet_left = int(notes) if notes else count

    def _broken(self, marks: str) -> None:
        if not self.notes:
            return
        short = Fraction(1, 2 ** len(marks))
        here, there = (2 - short, short) if marks[0] == ">" else (short, 2 - short)
        change = self.last_length * (here - 1)
        self.now += change
        self.notes[-1].duration += _ticks(change)
        self.next_factor = there

    def _midi(self, match: re.Match[str]) -> int:
        letter, octave = match["letter"], match["octave"]
        name = letter.upper()
        if match["accidental"]:
            self.bar_accidentals[name] = _ACCIDENTALS[match["accidental"]]
        elif self.tie_open and self.tied and self.tied[0] == letter + octave:
            return self.tied[1]  # a tie carries its accidental over the bar line
        shift = self.bar_accidentals.get(name, self.signature[name])
        register = 60 + 12 * letter.islower() + 12 * octave.count("'") - 12 * octave.count(",")
        return register + LETTER_CLASSES[LETTERS.index(name)] + shift

    def _chord(self, inside: str, factor: Fraction) -> None:
        found = [m for m in _TOKEN.finditer(inside) if m["letter"]]
        if not found:
            return
        top = max(((self._midi(m), m) for m in found), key=lambda pair: pair[0])
        self._note(top[0], top[1]["letter"] + top[1]["octave"], _length(found[0]["length"]) * factor)

    def _note(self, midi: int | None, name: str, length: Fraction) -> None:
        assert self.meter is not None
        unit = self.unit
        if unit is None:
            unit = Fraction(1, 16) if self.meter.numerator / self.meter.denominator < 0.75 else Fraction(1, 8)
        whole = length * unit * self.next_factor
        self.next_factor = Fraction(1)
        if self.tuplet_left:
            whole *= self.tuplet_factor
            self.tuplet_left -= 1
        tied = self.tie_open and midi is not None and bool(self.notes) and self.notes[-1].midi == midi
        self.tie_open = False
        if tied:
            self.notes[-1].duration += _ticks(whole)
            self.now += whole
        else:
            self._add(midi, whole)
        self.last_length = whole
        self.tied = (name, midi) if midi is not None else None

    def _add(self, midi: int | None, whole: Fraction) -> None:
        if whole <= 0:
            raise UnusableTune("a note without length")
        if midi is None and self.notes and self.notes[-1].midi is None:
            self.notes[-1].duration += _ticks(whole)
        else:
            self.notes.append(AbcNote(_ticks(self.now), _ticks(whole), midi))
        self.now += whole

    def finished(self) -> AbcTune:
        if self.key is None or self.meter is None:
            raise UnusableTune("no key" if self.key is None else "no metre")
        while self.notes and self.notes[-1].midi is None:
            self.now -= Fraction(self.notes.pop().duration, WHOLE_TICKS)
        if not self.notes:
            raise UnusableTune("no notes")
        return AbcTune(
            self.number,
            self.title,
            self.key,
            self.meter,
            tuple(self.notes),
            tuple(self.bar_lines),
            tuple(self.line_ends),
        )


def _signature_of(key: Key) -> dict[str, int]:
    order = "FCGDAEB" if key.fifths >= 0 else "BEADGCF"
    step = 1 if key.fifths >= 0 else -1
    return {letter: step if letter in order[: abs(key.fifths)] else 0 for letter in LETTERS}


def _ticks(whole: Fraction) -> int:
    ticks = whole * WHOLE_TICKS
    if ticks.denominator != 1:
        raise UnusableTune("a rhythm finer than a tick")
    return int(ticks)
