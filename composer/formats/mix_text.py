"""A mix file to begin with: every key with its present value, most of them behind a # so that they decide nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from composer.formats.mix import (
    CHORUS_KEYS,
    DRUM_KITS,
    FORMAT,
    MASTER_KEYS,
    REVERB_KEYS,
    TRACK_KEYS,
    TRACKS,
    Chorus,
    Key,
    Master,
    Reverb,
    TrackMix,
)
from composer.music.instruments import INSTRUMENTS

# What is written without a #: as it is, each of these changes nothing.
SET = {"loudness_lufs", "gain_db"}
BARE = re.compile(r"[A-Za-z0-9_-]+")
COMMENT_COLUMN = 28


@dataclass(frozen=True, slots=True)
class PresentTrack:
    """A track as it sounds now; ``is_drums`` where its program is a kit."""

    name: str
    role: str
    mix: TrackMix
    is_drums: bool = False


def start_text(
    title: str,
    soundfont: str,
    tracks: Sequence[PresentTrack],
    master: Master,
    reverb: Reverb,
    chorus: Chorus,
) -> str:
    """The text of a new mix file for the piece ``title``, played now with ``soundfont``."""
    lines = [
        f"# How {title} sounds. `composer render` reads this file for every stage of the piece.",
        "# A line behind a # decides nothing: the MIDI file and the soundfont do. Take the # away to decide here.",
        "# Nothing but you ever changes this file.",
        "",
        f'format = "{FORMAT}"',
        f"# soundfont = {json.dumps(soundfont, ensure_ascii=False)}  # an installed font, or a path from this file",
        "",
        "[master]",
        *_lines(MASTER_KEYS, {**_values(master), "gain_db": 0.0}, explained=True, but={"gain_db"}),
        "",
        "[reverb]",
        *_lines(REVERB_KEYS, _values(reverb), explained=True),
        "",
        "[chorus]",
        *_lines(CHORUS_KEYS, _values(chorus), explained=True),
        "",
        "# The tracks, by name. A role stands for all tracks that play it: [tracks.melody], [tracks.accompaniment],",
        "# [tracks.bass], [tracks.drums].",
        *(f"#   {key.name:8} {key.about}" for key in TRACK_KEYS),
    ]
    for track in tracks:
        lines += ["", *table_lines(track)]
    return "\n".join(lines) + "\n"


def table_lines(track: PresentTrack) -> list[str]:
    """The table of one track."""
    return [
        f"[{TRACKS}.{_quoted(track.name)}]  # {track.role}",
        *_lines(TRACK_KEYS, _values(track.mix), track.is_drums),
    ]


def instrument_name(program: int, is_drums: bool = False) -> str | None:
    """What a mix file calls a program; None for one that has no name here."""
    named = DRUM_KITS.items() if is_drums else ((name, one.program) for name, one in INSTRUMENTS.items())
    return next((name for name, number in named if number == program), None)


def _values(table: Master | Reverb | Chorus | TrackMix) -> dict[str, object]:
    return {f.name: getattr(table, f.name) for f in fields(table)}


def _lines(
    keys: Iterable[Key],
    values: Mapping[str, object],
    is_drums: bool = False,
    explained: bool = False,
    but: Iterable[str] = (),
) -> list[str]:
    """A line for each key that has a value; set are those of SET that are not in ``but``."""
    lines = []
    for key in keys:
        value = values.get(key.name)
        if value is None:
            continue
        mark = "" if key.name in SET and key.name not in but else "# "
        line = f"{mark}{key.name} = {_value(key, value, is_drums)}"
        lines.append(f"{line:{COMMENT_COLUMN}}# {key.about}" if explained else line)
    return lines


def _value(key: Key, value: object, is_drums: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if key.name == "program" and isinstance(value, int):
        name = instrument_name(value, is_drums)
        return f'"{name}"' if name else str(value)
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0}"
    return str(value)


def _quoted(name: str) -> str:
    return name if BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
