"""Which table of a mix file is for which track: by its name, else by its role; and what of it fits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from composer.errors import BadInput
from composer.formats.mix import Mix, TrackMix, nearest
from composer.formats.source import SourceMidi
from composer.formats.source_piece import part_lines, piece_of
from composer.music.notes import Part
from composer.music.regions import Track
from composer.render.mixing import Strip
from composer.render.score import Score, Voice

if TYPE_CHECKING:
    from composer.formats.brief import Brief

SOME_NAMES = 8


@dataclass(frozen=True, slots=True)
class NamedVoice:
    """A voice with what a mix file can call it; ``part`` is how the file has it."""

    voice: Voice
    track: Track
    part: Part

    def is_called(self, name: str) -> bool:
        return name.casefold() in (self.track.name.casefold(), self.voice.name.casefold())

    def has_role(self, name: str) -> bool:
        return name.casefold() == self.track.role.casefold()


@dataclass(frozen=True, slots=True)
class Strips:
    """What sounds and how, and what to tell."""

    strips: tuple[Strip, ...]
    notes: tuple[str, ...] = ()


def named_voices(score: Score, source: SourceMidi, brief: Brief | None = None) -> tuple[NamedVoice, ...]:
    """The voices of ``score``, which is that of ``source``, with their names and roles."""
    by_channel = len(source.tracks) == 1
    parts = list(zip(part_lines(source), piece_of(source, brief).parts, strict=True))
    found = []
    for voice in score.voices:
        own = [part for (track, channel), part in parts if (channel if by_channel else track) == voice.number]
        main = max(own, key=lambda part: len(part.notes))
        name = main.name if len(own) == 1 else voice.name
        found.append(NamedVoice(voice, Track(name, main.role), main))
    return tuple(found)


def strips_of(mix: Mix, voices: Sequence[NamedVoice], name: str) -> Strips:
    """The strips of the voices in the file ``name`` that sound; a table for one track goes before that of its role.

    Raises BadInput when no table fits any track, and when nothing would be heard.
    """
    unknown = [t for t in mix.tracks if not any(v.is_called(t.name) or v.has_role(t.name) for v in voices)]
    names = list(dict.fromkeys(v.track.name for v in voices))
    if unknown and len(unknown) == len(mix.tracks):
        details = tuple(f"line {t.line}: tracks.{t.name}: {_no_track(t.name, name, names)}" for t in unknown[:10])
        raise BadInput(mix.path, details[0], details=details)
    settings = [_setting(mix, voice) for voice in voices]
    has_solo = any(setting.solo for setting in settings)
    heard = [not s.mute and (bool(s.solo) or not has_solo) for s in settings]
    if not any(heard):
        raise BadInput(mix.path, "every track is muted", "unmute one")
    strips = tuple(Strip(v.voice, s) for v, s, is_heard in zip(voices, settings, heard, strict=True) if is_heard)
    notes = [f"{mix.path.name} line {t.line}: {_no_track(t.name, name, names)}" for t in unknown]
    silent = [v.track.name for v, is_heard in zip(voices, heard, strict=True) if not is_heard]
    if silent:
        notes.append(f"not heard, as {mix.path.name} says: {', '.join(silent)}")
    return Strips(strips, tuple(notes))


def _setting(mix: Mix, voice: NamedVoice) -> TrackMix:
    """What the tables say of the voice, those for its name first."""
    setting = TrackMix()
    by_name = [t.mix for t in mix.tracks if voice.is_called(t.name)]
    by_role = [t.mix for t in mix.tracks if voice.has_role(t.name) and not voice.is_called(t.name)]
    for one in (*by_name, *by_role):
        setting = setting.over(one)
    return setting


def _no_track(wanted: str, name: str, names: list[str]) -> str:
    return f'{name} has no track "{wanted[:40]}"; {nearest(wanted, names[:SOME_NAMES])}'
