"""MIDI files as mido alone reads them."""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

import mido


@dataclass(frozen=True)
class Heard:
    """A note in absolute ticks; ``quarter`` is the file's resolution."""

    track: int
    channel: int
    start: int
    end: int
    pitch: int
    velocity: int
    quarter: int


def heard(data: bytes) -> list[Heard]:
    """All notes, track by track in the order in which they begin; the first note-off ends the first note-on."""
    file = mido.MidiFile(file=io.BytesIO(data))
    found = []
    for number, track in enumerate(file.tracks):
        now, notes = 0, []
        waiting: dict[tuple[int, int], deque[int]] = defaultdict(deque)
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                waiting[message.channel, message.note].append(len(notes))
                notes.append([number, message.channel, now, None, message.note, message.velocity])
            elif message.type in ("note_on", "note_off") and waiting[message.channel, message.note]:
                notes[waiting[message.channel, message.note].popleft()][3] = now
        for note in notes:
            note[3] = now if note[3] is None else note[3]
        found += [Heard(*note, file.ticks_per_beat) for note in notes]
    return found


def others(data: bytes) -> list[list[tuple[int, str]]]:
    """Every event but notes, pedal and tempo, with its tick, by track; and where the last track ends."""
    file = mido.MidiFile(file=io.BytesIO(data))
    found = []
    for track in file.tracks:
        now, events = 0, []
        for message in track:
            now += message.time
            is_pedal = message.type == "control_change" and message.control == 64
            if message.type not in ("note_on", "note_off", "set_tempo", "end_of_track") and not is_pedal:
                events.append((now, str(message.copy(time=0))))
        found.append(sorted(events))
    length = max(sum(message.time for message in track) for track in file.tracks)
    return [*found, [(length, "end")]]


def overlaps(notes: list[Heard]) -> int:
    """How many notes begin while their pitch sounds on their channel."""
    ends: dict[tuple[int, int], int] = defaultdict(int)
    count = 0
    for note in sorted(notes, key=lambda n: (n.start, n.end)):
        count += note.start < ends[note.channel, note.pitch]
        ends[note.channel, note.pitch] = max(ends[note.channel, note.pitch], note.end)
    return count


def tempos(data: bytes) -> list[tuple[int, int]]:
    """(tick, microseconds to the quarter) of every tempo."""
    return _events(data, lambda m: m.tempo if m.type == "set_tempo" else None)


def pedals(data: bytes, track: int) -> list[tuple[int, int]]:
    """(tick, value) of the pedal in a track."""
    return _events(data, lambda m: m.value if m.type == "control_change" and m.control == 64 else None, track)


def _events(data: bytes, value: Callable[[mido.Message], int | None], only: int | None = None) -> list[tuple[int, int]]:
    """(tick, value) of the messages that have one, of one track or of all."""
    file = mido.MidiFile(file=io.BytesIO(data))
    found = []
    for number, track in enumerate(file.tracks):
        now = 0
        for message in track:
            now += message.time
            if (shown := value(message)) is not None and only in (None, number):
                found.append((now, shown))
    return found
