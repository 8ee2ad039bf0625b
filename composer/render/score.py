"""What the synthesizer gets: a clean single-track MIDI file made from any file, whole or one voice of it.

Notes that never end are closed, alien chunks are dropped, any number of tracks becomes one, and after the last note
there is time for its sound to die away.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from composer.errors import BadInput
from composer.formats.midi.events import control_change
from composer.formats.midi.scan import (
    CONTROL,
    DEFAULT_TEMPO_US,
    META,
    NOTE_OFF,
    NOTE_ON,
    SET_TEMPO,
    SYSEX,
    RawEvent,
    SmfFacts,
    scan,
)
from composer.formats.midi.source import decoded, smf_bytes
from composer.music.notes import CC_NOTES_OFF, CC_PEDAL

TAIL_SECONDS = 6.0
CHANNELS = 16
TRACK_NAME = 0x03


@dataclass(frozen=True, slots=True)
class Voice:
    """The notes that make one stem: of one track, or of one channel where a single track holds all.

    ``place`` counts the voices of a file from 1.
    """

    number: int
    name: str
    place: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """A raw event; ``voice`` is the number of the voice for notes and None for all that every voice needs."""

    voice: int | None
    raw: RawEvent


class Playable(Protocol):
    """What a synthesizer plays: a score, or a score with its mix."""

    @property
    def seconds(self) -> float: ...

    @property
    def voices(self) -> tuple[Voice, ...]: ...

    def midi_bytes(self, voice: Voice | None = None) -> bytes:
        """A type 0 file of all voices or of one, with its tail; every choice gives the same length."""
        ...


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
        return self.closed([e.raw for e in self.events if voice is None or e.voice in (None, voice.number)])

    def closed(self, events: Sequence[RawEvent]) -> bytes:
        """A type 0 file of ``events`` in which every note ends with the last one, and then has time to die away."""
        chosen = list(events)
        for channel in range(CHANNELS):
            for control in (CC_PEDAL, CC_NOTES_OFF):
                chosen.append(control_change(self.end_tick, channel, control, 0))
        tempi = [e.raw for e in self.events if e.raw.meta == SET_TEMPO]
        tempo_us = int.from_bytes(tempi[-1].data) if tempi else DEFAULT_TEMPO_US
        tail = math.ceil(TAIL_SECONDS * 1e6 / tempo_us * self.ticks_per_beat)
        chosen.append(control_change(self.end_tick + tail, 0, CC_NOTES_OFF, 0))
        return smf_bytes(0, self.ticks_per_beat, [chosen])


def score_of(data: bytes, name: str) -> Score:
    """The score in the bytes of a MIDI file.

    Raises BadInput for what is no MIDI file or holds no note, OverLimit for more than an hour.
    """
    facts = scan(data, name)
    if not facts.notes:
        raise BadInput(name, "holds no notes", "choose a file with notes")
    events = sorted(_events(facts), key=lambda e: e.raw.tick)
    last_tick = max(track[-1].tick for track in facts.tracks if track)
    end_tick = last_tick if facts.hanging_notes else _end_tick(events)
    kept = tuple(e for e in events if e.raw.tick <= end_tick)
    seconds = _seconds(kept, end_tick, facts.ticks_per_beat)
    return Score(facts.ticks_per_beat, kept, _voices(facts, kept), end_tick, seconds)


def _events(facts: SmfFacts) -> Iterable[Event]:
    by_channel = len(facts.tracks) == 1
    for index, track in enumerate(facts.tracks):
        for raw in track:
            if raw.status & 0xF0 in (NOTE_OFF, NOTE_ON):
                yield Event(raw.status & 0x0F if by_channel else index, raw)
            elif raw.status <= SYSEX or raw.meta == SET_TEMPO:
                yield Event(None, raw)


def _end_tick(events: list[Event]) -> int:
    """The last end of a note or move of a pedal."""
    return max(
        e.raw.tick
        for e in events
        if e.voice is not None or (e.raw.status & 0xF0 == CONTROL and e.raw.data[0] == CC_PEDAL)
    )


def _seconds(events: tuple[Event, ...], end_tick: int, ticks_per_beat: int) -> float:
    seconds, now, tempo_us = 0.0, 0, DEFAULT_TEMPO_US
    for raw in (e.raw for e in events if e.raw.meta == SET_TEMPO):
        seconds += (raw.tick - now) * tempo_us / ticks_per_beat / 1e6
        now, tempo_us = raw.tick, int.from_bytes(raw.data)
    return seconds + (end_tick - now) * tempo_us / ticks_per_beat / 1e6


def _voices(facts: SmfFacts, events: tuple[Event, ...]) -> tuple[Voice, ...]:
    counts = Counter(e.voice for e in events if e.voice is not None and e.raw.is_note_on)
    numbers = sorted(counts)
    if len(facts.tracks) == 1:
        return tuple(Voice(n, f"Channel {n + 1}", place) for place, n in enumerate(numbers, start=1))
    names = {n: _name(facts.tracks[n]) or f"Track {n + 1}" for n in numbers}
    return tuple(Voice(n, names[n], place) for place, n in enumerate(numbers, start=1))


def _name(track: tuple[RawEvent, ...]) -> str:
    names = (decoded(e.data) for e in track if e.status == META and e.meta == TRACK_NAME)
    return next(names, "").strip()
