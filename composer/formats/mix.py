"""The mix file ``NAME.mix.toml``: how a piece sounds, apart from its notes. A person writes it; nothing else does.

What a mix does not say is as the MIDI file says. All its mistakes are told at once, each with its line.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from composer.errors import BadInput
from composer.music.instruments import INSTRUMENTS

FORMAT = "composer.mix/1"
MISTAKES_MAX = 10
LONG_BITS = 14_000  # Python writes no integer of more than 4300 digits
_ENDLESS = re.compile(r"\d[\d_]{4000}")  # what Python does not take for a number
TRACKS = "tracks"
# General MIDI level 2 and Roland GS: the program of a drum channel.
DRUM_KITS = {
    "standard kit": 0, "room kit": 8, "power kit": 16, "electronic kit": 24, "analog kit": 25, "jazz kit": 32,
    "brush kit": 40, "orchestra kit": 48,
}  # fmt: skip
PROGRAMS = {**{name: instrument.program for name, instrument in INSTRUMENTS.items()}, **DRUM_KITS}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its least and its highest value (None: it is true or false), and what it is."""

    name: str
    about: str
    low: float | None = None
    high: float | None = None
    is_whole: bool = False


TRACK_KEYS = (
    Key("program", "instrument: a name, or a General MIDI number from 0 to 127; on drums, the kit", 0, 127, True),
    Key("bank", "bank of the soundfont (CC0); drums have one of their own", 0, 127, True),
    Key("gain_db", "louder or softer than the MIDI file has it, in dB", -60, 24),
    Key("pan", "place between the loudspeakers: -1 left, 0 middle, 1 right", -1, 1),
    Key("reverb", "how much goes to the reverb: 0 is dry, 1 is all", 0, 1),
    Key("chorus", "how much goes to the chorus: 0 is none, 1 is all", 0, 1),
    Key("mute", "true: not heard, and no stem"),
    Key("solo", "true: only tracks with this are heard"),
)
MASTER_KEYS = (
    Key("loudness_lufs", "loudness of the whole", -60, 0),
    Key("peak_dbtp", "no peak goes over this", -20, 0),
    Key("gain_db", "instead of loudness_lufs: leave the loudness as it comes, louder or softer by this", -60, 60),
)
REVERB_KEYS = (
    Key("room", "size of the room", 0, 1),
    Key("damping", "how soon its high sounds die away", 0, 1),
    Key("width", "how wide it is", 0, 1),
    Key("level", "how loud it is", 0, 1),
)
CHORUS_KEYS = (
    Key("voices", "how many", 0, 99, True),
    Key("depth", "how far they go out of tune", 0, 256),
    Key("speed", "how fast, in Hz", 0.1, 5),
    Key("level", "how loud they are", 0, 10),
)
TABLES = {"master": MASTER_KEYS, "reverb": REVERB_KEYS, "chorus": CHORUS_KEYS}
TEXT_KEYS = ("format", "soundfont")


@dataclass(frozen=True, slots=True)
class TrackMix:
    """How a track sounds; None leaves it as the MIDI file and the soundfont have it."""

    program: int | None = None
    bank: int | None = None
    gain_db: float | None = None
    pan: float | None = None
    reverb: float | None = None
    chorus: float | None = None
    mute: bool | None = None
    solo: bool | None = None

    def over(self, other: TrackMix) -> TrackMix:
        """This, and what it leaves open as ``other`` has it."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return TrackMix(**{name: b if a is None else a for name, (a, b) in pairs.items()})


@dataclass(frozen=True, slots=True)
class Master:
    """The loudness and the highest true peak of the whole; ``gain_db`` stands instead of a loudness."""

    loudness_lufs: float | None = None
    peak_dbtp: float | None = None
    gain_db: float | None = None


@dataclass(frozen=True, slots=True)
class Reverb:
    """The room, in FluidSynth's measures."""

    room: float | None = None
    damping: float | None = None
    width: float | None = None
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Chorus:
    """The chorus, in FluidSynth's measures."""

    voices: int | None = None
    depth: float | None = None
    speed: float | None = None
    level: float | None = None


@dataclass(frozen=True, slots=True)
class NamedTrack:
    """The table of one track, or of all tracks of a role; ``line`` is where it begins in the file."""

    name: str
    mix: TrackMix
    line: int = 0


@dataclass(frozen=True, slots=True)
class Mix:
    """A whole mix file; ``soundfont`` is a path relative to it, or the name of an installed font."""

    path: Path
    soundfont: str | None = None
    soundfont_line: int = 0
    master: Master = Master()
    reverb: Reverb = Reverb()
    chorus: Chorus = Chorus()
    tracks: tuple[NamedTrack, ...] = ()


def read_mix(data: bytes, path: Path) -> Mix:
    """The mix in ``data``, which the file ``path`` holds; raises BadInput with every mistake in it, ten at most."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(path, "is not text in UTF-8", "save it as UTF-8") from None
    try:
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(path, *_unreadable(str(error))) from None
    except RecursionError:
        raise BadInput(path, "is nested too deeply", "flatten it") from None
    except ValueError:
        raise BadInput(path, f"{_place(text)}holds a number that is too long", "write a shorter one") from None
    return _Reading(path, content, _lines(text)).mix()


def nearest(word: str, known: list[str]) -> str:
    """``did you mean "flute"?``, or what there is."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.5)
    return f'did you mean "{folded[near[0]]}"?' if near else f"there are {', '.join(known)}"


def _unreadable(error: str) -> tuple[str, str]:
    """tomllib's words as ours: the line first."""
    reason, _, place = error.partition(" (at ")
    where = place.rstrip(")").replace(",", "")
    reason = reason[:1].lower() + reason[1:]
    return f"{where}: {reason}" if where.startswith("line") else reason, "mend the TOML there"


def _place(text: str) -> str:
    """``"line 3: "`` for the number in ``text`` that is too long to be read."""
    found = _ENDLESS.search(text)
    return f"line {text.count(chr(10), 0, found.start()) + 1}: " if found else ""


def _shown(value: float) -> str:
    """A number as a message has it; one in hexadecimals may be too long to be written in decimals."""
    return hex(value)[:20] if isinstance(value, int) and value.bit_length() > LONG_BITS else str(value)[:20]


class _Reading:
    """Takes a file apart key by key, and keeps what is wrong."""

    def __init__(self, path: Path, data: dict[str, Any], lines: Mapping[tuple[str, ...], int]) -> None:
        self._path = path
        self._data = data
        self._lines = lines
        self._mistakes: list[tuple[int, str]] = []

    def mix(self) -> Mix:
        for key in self._data:
            if key not in (*TEXT_KEYS, *TABLES, TRACKS):
                self._wrong((key,), f"no such key; {nearest(key, [*TEXT_KEYS, *TABLES, TRACKS])}")
        kind = self._text("format")
        if kind is not None and kind != FORMAT:
            self._wrong(("format",), f'"{kind[:40]}" is not "{FORMAT}"; this composer reads no other')
        master = Master(**self._table(("master",), MASTER_KEYS))
        if master.gain_db is not None and master.loudness_lufs is not None:
            self._wrong(("master", "gain_db"), "stands instead of loudness_lufs; take one of the two out")
        mix = Mix(
            self._path, self._text("soundfont"), self._line(("soundfont",)), master,
            Reverb(**self._table(("reverb",), REVERB_KEYS)), Chorus(**self._table(("chorus",), CHORUS_KEYS)),
            tuple(self._tracks()),
        )  # fmt: skip
        if self._mistakes:
            ordered = sorted(self._mistakes, key=lambda mistake: mistake[0])
            shown = tuple(f"line {line}: {what}" for line, what in ordered[:MISTAKES_MAX])
            raise BadInput(self._path, shown[0], details=shown)
        return mix

    def _tracks(self) -> Iterator[NamedTrack]:
        tables = self._data.get(TRACKS, {})
        if not isinstance(tables, dict):
            self._wrong(
                (TRACKS,), 'is no table; write [tracks.melody], or [tracks."Piano left"] for a name with spaces'
            )
            return
        for name in tables:
            values = self._table((TRACKS, name), TRACK_KEYS)
            yield NamedTrack(name, TrackMix(**values), self._line((TRACKS, name)))

    def _table(self, path: tuple[str, ...], keys: tuple[Key, ...]) -> dict[str, Any]:
        table: Any = self._data
        for word in path:
            table = table.get(word, {})
        if not isinstance(table, dict):
            self._wrong(path, f"is no table; write [{'.'.join(path)}] and its keys on lines below")
            return {}
        known = {key.name: key for key in keys}
        found = {}
        for name, value in table.items():
            if name not in known:
                self._wrong((*path, name), f"no such key; {nearest(name, list(known))}")
                continue
            found[name] = self._value((*path, name), known[name], value)
        return found

    def _value(self, path: tuple[str, ...], key: Key, value: Any) -> float | int | bool | None:
        if key.low is None or key.high is None:
            if not isinstance(value, bool):
                self._wrong(path, "must be true or false")
            return value is True
        if key.name == "program" and isinstance(value, str):
            return self._program(path, value)
        if isinstance(value, bool) or not isinstance(value, int if key.is_whole else (int, float)):
            self._wrong(path, f"must be a {'whole ' if key.is_whole else ''}number from {key.low:g} to {key.high:g}")
            return None
        if not key.low <= value <= key.high:
            self._wrong(path, f"{_shown(value)} is outside {key.low:g} to {key.high:g}")
            return None
        return value if key.is_whole else float(value)

    def _program(self, path: tuple[str, ...], name: str) -> int | None:
        program = PROGRAMS.get(name.strip().casefold())
        if program is None:
            close = difflib.get_close_matches(name.casefold(), list(PROGRAMS), n=1, cutoff=0.5)
            advice = f'did you mean "{close[0]}"?' if close else "give its General MIDI number, 0 to 127"
            self._wrong(path, f'"{name[:40]}" is no instrument known by name; {advice}')
        return program

    def _text(self, key: str) -> str | None:
        value = self._data.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip() or "\0" in value):
            self._wrong(
                (key,), 'must be text in quotes, such as "FluidR3_GM.sf2"' if key == "soundfont" else "is no text"
            )
            return None
        return value

    def _line(self, path: tuple[str, ...]) -> int:
        """The line of a key, else of the table that it stands in."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _wrong(self, path: tuple[str, ...], what: str) -> None:
        self._mistakes.append((self._line(path), f"{'.'.join(path)}: {what}"))


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Where each key and each table begins, by its path; keys inside one-line tables are left out."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if words.startswith("["):
            table = _path(words)
            path = table
        else:
            path = (*table, *_path(f"{words.partition('=')[0]}= 0")) if "=" in words else ()
        for length in range(1, len(path) + 1):
            found.setdefault(path[:length], number)
    return found


def _path(line: str) -> tuple[str, ...]:
    """The path of names in a TOML header, or in the key of a line; empty for what is neither."""
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path = []
    while isinstance(value, dict) and len(value) == 1:
        (name, value), *_ = value.items()
        path.append(name)
    return tuple(path)
