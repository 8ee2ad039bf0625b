"""Ensembles: which instrument plays which part, where it stands, and how voices are dealt to single players."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from composer.compose.accompaniment.styles import DEFAULT, style_names
from composer.errors import BadInput
from composer.formats.templates import Template, load_template, template_names
from composer.music.instruments import INSTRUMENTS, Instrument
from composer.music.notes import Note

CENTRE, LOUDNESS = 64, 96
AUTO = "auto"
_KEYS = {"name", "description", "style", "melody", "accompaniment", "bass", "drums"}
_PLAYER_KEYS = {"name", "instrument", "gain", "pan"}


@dataclass(frozen=True, slots=True)
class Player:
    """One part: ``name`` is the track's name, ``instrument`` a key of ``INSTRUMENTS``; ``gain`` (CC7), ``pan`` (CC10).

    For drums ``instrument`` is "drums".
    """

    name: str
    instrument: str
    gain: int = LOUDNESS
    pan: int = CENTRE

    @property
    def sound(self) -> Instrument:
        return INSTRUMENTS[self.instrument]

    @property
    def program(self) -> int:
        """The MIDI program, 0..127; a drum kit's is 0."""
        return 0 if self.instrument == "drums" else self.sound.program


@dataclass(frozen=True, slots=True)
class Ensemble:
    """``split`` lists single-line players for the accompaniment's voices, highest first; empty where one plays all.

    ``accompaniment`` is then the first of them. ``drum_style`` is "auto" for the accompaniment style's own drums.
    """

    name: str
    description: str
    style: str
    melody: Player
    accompaniment: Player | None
    split: tuple[Player, ...] = ()
    bass: Player | None = None
    drums: Player | None = None
    drum_style: str = AUTO


def ensemble_names() -> list[str]:
    return template_names("ensembles")


def load_ensemble(name: str) -> Ensemble:
    """The ensemble ``name``; raises BadInput naming file and line."""
    return ensemble_of(load_template("ensembles", name))


def ensemble_of(template: Template) -> Ensemble:
    """The ensemble written in ``template``; raises BadInput with every problem found, ten at most."""
    data, problems = template.data, list[str]()
    for key in data:
        if key not in _KEYS:
            problems.append(f"line {template.line_of(key)}: {key!r} is not a key here; use {', '.join(sorted(_KEYS))}")
    melody = _player(template, "melody", data.get("melody"), "Melody", problems)
    if melody is None and not problems:
        problems.append("line 1: [melody] is missing; an ensemble needs an instrument for the tune")
    accompaniment, split = _accompaniment(template, problems)
    bass = _player(template, "bass", data.get("bass"), "Bass", problems)
    drums, drum_style = _drums(template, problems)
    style = data.get("style", DEFAULT)
    if style not in style_names():
        problems.append(f"line {template.line_of('style')}: style {style!r} is not one of {', '.join(style_names())}")
    if problems or melody is None:
        raise BadInput(template.path, problems[0], details=tuple(problems[:10]))
    return Ensemble(
        template.name, str(data.get("description", "")), style, melody, accompaniment, split, bass, drums, drum_style
    )


def split_voices(notes: Sequence[Note], count: int) -> tuple[tuple[Note, ...], ...]:
    """``notes`` dealt to ``count`` single lines, highest first; no line ever has two notes at once.

    Notes struck together go in order of pitch, each to a line that is free and last played near it.
    """
    lines: list[list[Note]] = [[] for _ in range(count)]
    for start in sorted({n.start for n in notes}):
        chord = sorted((n for n in notes if n.start == start), key=lambda n: -n.pitch)
        for line, note in zip(_seats(chord, lines), chord, strict=False):
            own = lines[line]
            if own and own[-1].end > start:
                own[-1] = Note(own[-1].start, own[-1].pitch, start - own[-1].start, own[-1].velocity)
            own.append(note)
    return tuple(tuple(line) for line in lines)


def _seats(chord: Sequence[Note], lines: Sequence[Sequence[Note]]) -> tuple[int, ...]:
    """The line for each note of ``chord`` (highest first), in order: nearest to what each line played last, and if
    possible none that still holds a note."""
    if len(chord) >= len(lines):
        return tuple(range(len(lines)))

    def price(seats: tuple[int, ...]) -> tuple[int, int]:
        taken = [(lines[seat], note) for seat, note in zip(seats, chord, strict=True) if lines[seat]]
        cut = sum(line[-1].end > note.start for line, note in taken)
        return cut, sum(abs(line[-1].pitch - note.pitch) for line, note in taken)

    return min(combinations(range(len(lines)), len(chord)), key=price)


def _player(
    template: Template, table: str, value: Any, name: str, problems: list[str], head: str = "", index: int = 0
) -> Player | None:
    """The player of one table, or None where there is none or something is wrong with it."""
    if value is None:
        return None
    head = head or f"[{table}]"
    if not isinstance(value, dict):
        problems.append(f"line {template.line_of(table)}: {table} is not a table; head it with {head}")
        return None
    before = len(problems)
    allowed = _PLAYER_KEYS | ({"style"} if table == "drums" else {"split"} if head == "[accompaniment]" else set())
    for key in value:
        if key not in allowed:
            line = template.line_of(key, head, index)
            problems.append(f"line {line}: {key!r} is not a key of {head}; use {', '.join(sorted(allowed))}")
    instrument = value.get("instrument", "drums" if table == "drums" else None)
    if instrument not in INSTRUMENTS and table != "drums":
        line = template.line_of("instrument", head, index)
        problems.append(f"line {line}: instrument {instrument!r} is not known; `composer templates` lists them")
    for key, default in (("gain", LOUDNESS), ("pan", CENTRE)):
        number = value.get(key, default)
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 127:
            line = template.line_of(key, head, index)
            problems.append(f"line {line}: {key} {number!r} is not a number from 0 to 127")
    if len(problems) > before:
        return None
    return Player(str(value.get("name", name)), str(instrument), value.get("gain", LOUDNESS), value.get("pan", CENTRE))


def _accompaniment(template: Template, problems: list[str]) -> tuple[Player | None, tuple[Player, ...]]:
    """The player of all voices, or the players of one voice each."""
    value = template.data.get("accompaniment")
    entries = value.get("split") if isinstance(value, dict) else None
    if entries is None:
        return _player(template, "accompaniment", value, "Accompaniment", problems), ()
    if not isinstance(entries, list) or not entries:
        problems.append(f"line {template.line_of('split')}: split is not a list; head each [[accompaniment.split]]")
        return None, ()
    head = "[[accompaniment.split]]"
    players = [
        _player(template, "accompaniment", entry, f"Voice {i + 2}", problems, head, i)
        for i, entry in enumerate(entries)
    ]
    split = tuple(p for p in players if p is not None)
    return (split[0] if split else None), split


def _drums(template: Template, problems: list[str]) -> tuple[Player | None, str]:
    value = template.data.get("drums")
    drums = _player(template, "drums", value, "Drums", problems)
    style = value.get("style", AUTO) if isinstance(value, dict) else AUTO
    if style != AUTO and style not in style_names():
        line = template.line_of("style", "[drums]")
        problems.append(f"line {line}: style {style!r} is not one of {AUTO}, {', '.join(style_names())}")
    return drums, str(style)
