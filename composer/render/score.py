"""What the synthesizer gets: a clean single-track MIDI file made from any file, whole or one voice of it.

Notes that never end are closed, alien chunks are dropped, any number of tracks becomes one, and after the last note
there is time for its sound to die away.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass

import mido

from composer.errors import BadInput, OverLimit
from composer.limits import AUDIO_SECONDS

TAIL_SECONDS = 6.0
DEFAULT_TEMPO_US = 500_000  # microseconds a quarter
CC_PEDAL, CC_NOTES_OFF = 64, 123
CHANNELS = 16


@dataclass(frozen=True, slots=True)
class Voice:
    """The notes that make one stem: of one track, or of one channel where a single track holds all."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """A message at a tick; ``voice`` is the number of the voice for notes and None for all that every voice needs."""

    tick: int
    voice: int | None
    message: mido.Message | mido.MetaMessage


@dataclass(frozen=True, slots=True)
class Score:
    """All that sounds, in order of time; ``seconds`` is the time of the last note's end."""

    ticks_per_beat: int
    events: tuple[Event, ...]
    voices: tuple[Voice, ...]
    end_tick: int
    seconds: float

    def midi_bytes(self, voice: Voice | None = None) -> bytes:
        """A type 0 file of all voices or of one, with its tail; every choice gives the same length."""
        track = mido.MidiTrack()
        now, tempo = 0, DEFAULT_TEMPO_US
        for event in self.events:
            if event.message.type == "set_tempo":
                tempo = event.message.tempo
            if voice is None or event.voice in (None, voice.number):
                track.append(event.message.copy(time=event.tick - now))
                now = event.tick
        gap = self.end_tick - now
        for channel in range(CHANNELS):
            for control in (CC_PEDAL, CC_NOTES_OFF):
                track.append(mido.Message("control_change", channel=channel, control=control, value=0, time=gap))
                gap = 0
        tail = math.ceil(mido.second2tick(TAIL_SECONDS, self.ticks_per_beat, tempo))
        track.append(mido.Message("control_change", control=CC_NOTES_OFF, value=0, time=tail))
        track.append(mido.MetaMessage("end_of_track", time=0))
        stream = io.BytesIO()
        mido.MidiFile(type=0, ticks_per_beat=self.ticks_per_beat, tracks=[track]).save(file=stream)
        return stream.getvalue()


def score_of(data: bytes, name: str) -> Score:
    """The score in the bytes of a MIDI file.

    Raises BadInput for what is no MIDI file or holds no note, OverLimit for more than an hour.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(_without_alien_chunks(data)), clip=True, charset="latin-1")
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        raise BadInput(name, f"is no MIDI file that can be read ({error})", "export it again") from None
    if not 0 < file.ticks_per_beat < 0x8000:
        raise BadInput(name, "counts time in film frames (SMPTE)", "export it with ticks per quarter note")
    events = sorted(_events(file), key=lambda e: e.tick)
    sounding = [e for e in events if e.voice is not None]
    if not any(e.message.type == "note_on" and e.message.velocity for e in sounding):
        raise BadInput(name, "holds no notes", "choose a file with notes")
    end_tick = _end_tick(events, sounding)
    kept = tuple(e for e in events if e.tick <= end_tick)
    seconds = _seconds(kept, end_tick, file.ticks_per_beat)
    if seconds > AUDIO_SECONDS:
        raise OverLimit(name, f"lasts {seconds / 60:.0f} minutes, the limit is {AUDIO_SECONDS / 60:.0f}", "cut it")
    return Score(file.ticks_per_beat, kept, _voices(file, sounding), end_tick, seconds)


def _events(file: mido.MidiFile) -> Iterable[Event]:
    by_channel = len(file.tracks) == 1
    for index, track in enumerate(file.tracks):
        tick = 0
        for message in track:
            tick += message.time
            if message.type in ("note_on", "note_off"):
                yield Event(tick, message.channel if by_channel else index, message)
            elif message.type in ("set_tempo", "sysex") or not message.is_meta:
                yield Event(tick, None, message)


def _end_tick(events: list[Event], sounding: list[Event]) -> int:
    """The last end of a note or release of a pedal; where a note hangs, the last event of any kind."""
    open_notes: dict[tuple[int, int], int] = {}
    for event in sounding:
        key = (event.message.channel, event.message.note)
        if event.message.type == "note_on" and event.message.velocity:
            open_notes[key] = open_notes.get(key, 0) + 1
        elif open_notes.get(key):
            open_notes[key] -= 1
    if any(open_notes.values()):
        return max(e.tick for e in events)
    pedals = [e for e in events if e.message.type == "control_change" and e.message.control == CC_PEDAL]
    return max(e.tick for e in [*sounding, *pedals])


def _seconds(events: tuple[Event, ...], end_tick: int, ticks_per_beat: int) -> float:
    seconds, now, tempo = 0.0, 0, DEFAULT_TEMPO_US
    for event in events:
        if event.message.type == "set_tempo":
            seconds += mido.tick2second(event.tick - now, ticks_per_beat, tempo)
            now, tempo = event.tick, event.message.tempo
    return float(seconds + mido.tick2second(end_tick - now, ticks_per_beat, tempo))


def _voices(file: mido.MidiFile, sounding: list[Event]) -> tuple[Voice, ...]:
    numbers = sorted({e.voice for e in sounding if e.voice is not None and e.message.type == "note_on"})
    if len(file.tracks) == 1:
        return tuple(Voice(n, f"Channel {n + 1}") for n in numbers)
    return tuple(Voice(n, file.tracks[n].name.strip() or f"Track {n + 1}") for n in numbers)


def _without_alien_chunks(data: bytes) -> bytes:
    """``data`` with its header and tracks only (the format allows other chunks, mido does not)."""
    kept, at = [data[:14]], 8 + int.from_bytes(data[4:8], "big")
    if data[:4] != b"MThd" or at < 14:
        return data
    kept[0] = data[:4] + (6).to_bytes(4, "big") + data[8:14]
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
