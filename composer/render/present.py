"""How the tracks of a MIDI file sound without any mix, in the words of a mix file."""

from __future__ import annotations

from dataclasses import dataclass

from composer.formats.brief.brief import Brief
from composer.formats.midi.source import read_source
from composer.formats.mix import Chorus, Mix, Reverb, TrackMix
from composer.formats.mix_text import PresentTrack
from composer.music.notes import CC_BANK
from composer.render.mixing import CC_CHORUS, CC_REVERB, DRUM_CHANNEL, PAN_MIDDLE, SEND_FULL
from composer.render.presets import DRUM_BANK, Presets
from composer.render.score import score_of
from composer.render.soundfonts import Soundfont
from composer.render.strips import NamedVoice, Tables, named_voices

# FluidSynth's defaults.
ROOM = Reverb(room=0.2, damping=0.0, width=0.5, level=0.9)
VOICES = Chorus(voices=3, depth=8.0, speed=0.3, level=2.0)
CC_SEND = 200  # what CC91 or CC93 at 127 add to a send, in tenths of a percent


@dataclass(frozen=True, slots=True)
class Strangers:
    """Tracks that a mix file has no table for, neither by name nor by role; and its tables that are for no track."""

    unnamed: tuple[str, ...]
    unknown: tuple[str, ...]


def present_tracks(
    data: bytes, name: str, font: Soundfont | None, brief: Brief | None = None
) -> tuple[PresentTrack, ...]:
    """The tracks of the MIDI file ``data``; the sends are those of ``font``, left out without one."""
    presets = Presets(font.path) if font is not None else None
    return tuple(_present(voice, presets) for voice in _voices(data, name, brief))


def strangers(mix: Mix, data: bytes, name: str, brief: Brief | None = None) -> Strangers:
    """What ``mix`` and the MIDI file ``data`` do not have in common."""
    voices = _voices(data, name, brief)
    tables = Tables(mix, voices)
    unnamed = tuple(voice.track.name for voice in voices if not tables.of(voice))
    return Strangers(unnamed, tuple(table.name for table in tables.unknown))


def _voices(data: bytes, name: str, brief: Brief | None) -> tuple[NamedVoice, ...]:
    return named_voices(score_of(data, name), read_source(data, name), brief)


def _present(voice: NamedVoice, presets: Presets | None) -> PresentTrack:
    first = {control.number: control.value for control in reversed(voice.part.controls)}
    is_drums = voice.channel == DRUM_CHANNEL
    bank = 0 if is_drums else first.get(CC_BANK, 0)
    mix = TrackMix(
        program=voice.program, bank=None if is_drums else bank, gain_db=0.0,
        pan=(voice.part.pan - PAN_MIDDLE) / PAN_MIDDLE, mute=False, solo=False,
    )  # fmt: skip
    if presets:
        own = presets.sends(DRUM_BANK if is_drums else bank, voice.program)
        sends = TrackMix(
            reverb=_share(own.reverb, first.get(CC_REVERB, 0)), chorus=_share(own.chorus, first.get(CC_CHORUS, 0))
        )
        mix = mix.over(sends)
    return PresentTrack(voice.track.name, voice.track.role, mix, is_drums)


def _share(of_font: int, control: int) -> float:
    return min(SEND_FULL, of_font + CC_SEND * control / 127) / SEND_FULL
