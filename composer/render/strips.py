"""Which table of a mix file is for which track: by its name, else by its role; and what of it fits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING

from composer.errors import BadInput
from composer.formats.midi.piece import part_lines, piece_of
from composer.formats.midi.source import SourceMidi
from composer.formats.mix import MISTAKES_MAX, Mix, NamedTrack, TrackMix, nearest
from composer.music.notes import Part
from composer.music.regions import Track
from composer.render.mixing import Strip
from composer.render.score import Score, Voice

if TYPE_CHECKING:
    from composer.formats.brief.brief import Brief

SOME_NAMES = 8


@dataclass(frozen=True, slots=True)
class NamedVoice:
    """A voice with what a mix file can call it; ``part`` is how the file has it, ``channel`` the first it plays on."""

    voice: Voice
    track: Track
    part: Part
    channel: int
    program: int

    @property
    def names(self) -> tuple[str, str]:
        return self.track.name, self.voice.name


class Tables:
    """The tables of a mix file by the voice they are for.

    A name means the track called so; else, if only its case differs, that one; else all tracks of the role.
    """

    def __init__(self, mix: Mix, voices: Sequence[NamedVoice]) -> None:
        self._by_name: dict[int, list[TrackMix]] = {}
        self._by_role: dict[int, list[TrackMix]] = {}
        self.unknown: list[NamedTrack] = []
        for table in mix.tracks:
            word = table.name.casefold()
            named = [v for v in voices if table.name in v.names] or [
                v for v in voices if word in (name.casefold() for name in v.names)
            ]
            played = [v for v in voices if word == v.track.role.casefold()]
            for voice in named or played:
                (self._by_name if named else self._by_role).setdefault(voice.voice.number, []).append(table.mix)
            if not named and not played:
                self.unknown.append(table)

    def of(self, voice: NamedVoice) -> list[TrackMix]:
        """What is for the voice, what has more weight first."""
        number = voice.voice.number
        return [*self._by_name.get(number, ()), *self._by_role.get(number, ())]


@dataclass(frozen=True, slots=True)
class Strips:
    """What sounds and how, and what to tell."""

    strips: tuple[Strip, ...]
    notes: tuple[str, ...] = ()


def named_voices(score: Score, source: SourceMidi, brief: Brief | None = None) -> tuple[NamedVoice, ...]:
    """The voices of ``score``, which is that of ``source``, with their names and roles."""
    by_channel = len(source.tracks) == 1
    parts = list(zip(part_lines(source), piece_of(source, brief).parts, strict=True))
    programs = {(note.track, note.channel): note.program for note in reversed(source.notes)}
    found = []
    for voice in score.voices:
        own = [(line, part) for line, part in parts if line[by_channel] == voice.number]
        line, main = max(own, key=lambda one: len(one[1].notes))
        name = main.name if len(own) == 1 else voice.name
        found.append(NamedVoice(voice, Track(name, main.role), main, line[1], programs[line]))
    return tuple(found)


def strips_of(mix: Mix, voices: Sequence[NamedVoice], name: str) -> Strips:
    """The strips of the voices in the file ``name`` that sound; a table for one track goes before that of its role.

    Raises BadInput when no table fits any track, and when nothing would be heard.
    """
    tables = Tables(mix, voices)
    names = list(dict.fromkeys(v.track.name for v in voices))
    if tables.unknown and len(tables.unknown) == len(mix.tracks):
        lines = (f"line {t.line}: tracks.{t.name}: {_no_track(t.name, name, names)}" for t in tables.unknown)
        details = tuple(islice(lines, MISTAKES_MAX))
        raise BadInput(mix.path, details[0], details=details)
    settings = [reduce(TrackMix.over, tables.of(voice), TrackMix()) for voice in voices]
    has_solo = any(setting.solo for setting in settings)
    heard = [not s.mute and (bool(s.solo) or not has_solo) for s in settings]
    if not any(heard):
        raise BadInput(mix.path, "every track is muted", "unmute one")
    strips = tuple(Strip(v.voice, s) for v, s, is_heard in zip(voices, settings, heard, strict=True) if is_heard)
    notes = [f"{mix.path.name} line {t.line}: {_no_track(t.name, name, names)}" for t in tables.unknown]
    silent = [v.track.name for v, is_heard in zip(voices, heard, strict=True) if not is_heard]
    if silent:
        notes.append(f"not heard, as {mix.path.name} says: {', '.join(silent)}")
    return Strips(strips, tuple(notes))


def _no_track(wanted: str, name: str, names: list[str]) -> str:
    return f'{name} has no track "{wanted[:40]}"; {nearest(wanted, names[:SOME_NAMES])}'
