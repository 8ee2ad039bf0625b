"""Random pieces, random hands in a DAW, and a reader of its own: what the tests of splicing stand on."""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import mido
import numpy as np

from composer.formats.midi.writer import without_overlaps
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import (
    BASS,
    CHORDS,
    DRUMS,
    MELODY,
    ChordSpan,
    Control,
    Marker,
    Note,
    Part,
    Piece,
    Tempo,
)
from composer.music.time import Meter

PLAYERS = (("Melody", MELODY, 73), ("Piano", CHORDS, 0), ("Bass", BASS, 32), ("Drums", DRUMS, 0))
SYMBOLS = ("C", "Am", "F", "G7", "Dm", "E7/G#")


@dataclass(frozen=True, slots=True)
class Played:
    """A note as a program that knows nothing of composer plays it."""

    track: int
    channel: int
    start: int
    end: int
    pitch: int
    velocity: int


def random_piece(rng: np.random.Generator, bars: int = 8, meter: Meter = Meter(4, 4)) -> Piece:  # noqa: B008
    """Four parts with notes over bar lines, a pedal over them too, and chords of uneven lengths."""
    length = bars * meter.bar_ticks
    parts = []
    for number, (name, role, program) in enumerate(PLAYERS):
        starts = np.sort(rng.integers(0, length // 120, size=bars * 5)) * 120
        notes = [
            Note(int(start), int(pitch) + 12 * number, int(length_60) * 60, int(velocity))
            for start, pitch, length_60, velocity in zip(
                starts, *(rng.integers(*span, size=len(starts)) for span in ((40, 52), (1, 12), (1, 128))), strict=True
            )
        ]
        inside = without_overlaps(n if n.end <= length else replace(n, duration=length - n.start) for n in notes)
        parts.append(Part(name, role, program, tuple(inside), _pedal(rng, length) if role == CHORDS else ()))
    return Piece(
        "Random", meter, key_of("C", "major"), (Tempo(0, 100.0),), tuple(parts), length,
        (Marker(0, "A"), Marker(length // 2, "B")), _chords(rng, length),
    )  # fmt: skip


def _pedal(rng: np.random.Generator, length: int) -> tuple[Control, ...]:
    ticks = np.unique(rng.integers(0, length - 60, size=14))
    return tuple(Control(int(tick), 64, 127 * (index % 2 == 0)) for index, tick in enumerate(ticks))


def _chords(rng: np.random.Generator, length: int) -> tuple[ChordSpan, ...]:
    ticks = [0, *(int(t) * 480 for t in np.unique(rng.integers(1, length // 480, size=8))), length]
    return tuple(
        ChordSpan(start, end, chord_of(SYMBOLS[int(rng.integers(len(SYMBOLS)))])) for start, end in pairwise(ticks)
    )


def opened(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="latin-1")


def saved(file: mido.MidiFile) -> bytes:
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def timed(track: mido.MidiTrack) -> list[tuple[int, Any]]:
    """(tick, message) of a track, the end of it left out."""
    now, found = 0, []
    for message in track:
        now += message.time
        if message.type != "end_of_track":
            found.append((now, message.copy(time=0)))
    return found


def untimed(events: list[tuple[int, Any]], end: int) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for tick, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track


def end_of(track: mido.MidiTrack) -> int:
    return sum(message.time for message in track)


def played(file: mido.MidiFile) -> list[Played]:
    """All notes that end, the first of a pitch ended first."""
    found = []
    for number, track in enumerate(file.tracks):
        sounding: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for tick, message in timed(track):
            if message.type not in ("note_on", "note_off"):
                continue
            waiting = sounding[message.channel, message.note]
            if message.type == "note_on" and message.velocity:
                waiting.append((tick, message.velocity))
            elif waiting:
                start, velocity = waiting.pop(0)
                found.append(Played(number, message.channel, start, tick, message.note, velocity))
    return sorted(found, key=lambda n: (n.track, n.start, n.pitch, n.end))


def handled(data: bytes, rng: np.random.Generator) -> bytes:
    """The file with what people draw in a DAW: controllers, bends, lyrics, sysex, notes gone and notes moved."""
    file = opened(data)
    for number, track in enumerate(file.tracks):
        events, end = timed(track), end_of(track)
        channels = [m.channel for _, m in events if m.type == "program_change"]
        extra: list[tuple[int, Any]] = [
            (int(rng.integers(end)), mido.MetaMessage("lyrics", text=f"la{index}")) for index in range(3)
        ]
        extra.append((int(rng.integers(end)), mido.Message("sysex", data=(1, 2, number))))
        extra.append((int(rng.integers(end)), mido.MetaMessage("sequencer_specific", data=(7, number))))
        for channel in channels:
            extra += [(int(rng.integers(end)), message) for message in _drawn(rng, channel)]
        gone = _some_notes(rng, events)
        kept = [event for index, event in enumerate(events) if index not in gone]
        file.tracks[number] = untimed(sorted([*kept, *extra], key=lambda event: event[0]), end)
    return saved(file)


def _drawn(rng: np.random.Generator, channel: int) -> list[Any]:
    values = [int(v) for v in rng.integers(0, 128, size=40)]
    drawn = [mido.Message("control_change", channel=channel, control=c, value=v) for c in (1, 11) for v in values[:8]]
    drawn += [mido.Message("pitchwheel", channel=channel, pitch=v * 20) for v in values[8:14]]
    drawn += [mido.Message("aftertouch", channel=channel, value=v) for v in values[14:20]]
    return drawn + [mido.Message("polytouch", channel=channel, note=60, value=v) for v in values[20:24]]


def _some_notes(rng: np.random.Generator, events: list[tuple[int, Any]]) -> set[int]:
    """Indices of the two events of some notes."""
    gone, waiting = set(), {}
    for index, (_, message) in enumerate(events):
        if message.type == "note_on":
            waiting[message.note] = index if rng.random() < 0.2 else None
        elif message.type == "note_off" and (on := waiting.pop(message.note, None)) is not None:
            gone |= {on, index}
    return gone


def resolved(data: bytes, ticks_per_beat: int) -> bytes:
    """The file at another resolution."""
    file = opened(data)
    factor = ticks_per_beat / file.ticks_per_beat
    tracks = [
        untimed([(round(t * factor), m) for t, m in timed(track)], round(end_of(track) * factor))
        for track in file.tracks
    ]
    return saved(mido.MidiFile(type=file.type, ticks_per_beat=ticks_per_beat, charset="latin-1", tracks=tracks))


def in_one_track(data: bytes) -> bytes:
    """The file as type 0, as many programs export it."""
    file = opened(data)
    events = [event for track in file.tracks for event in timed(track) if event[1].type != "track_name"]
    order = {"note_off": 0, "note_on": 2}
    events.sort(key=lambda event: (event[0], order.get(event[1].type, 1)))
    name = (0, mido.MetaMessage("track_name", name="Random"))
    track = untimed([name, *events], max(map(end_of, file.tracks)))
    return saved(mido.MidiFile(type=0, ticks_per_beat=file.ticks_per_beat, charset="latin-1", tracks=[track]))


def without_note_offs(data: bytes) -> bytes:
    """The file with note-ons of velocity 0 in the place of note-offs."""
    file = opened(data)
    for number, track in enumerate(file.tracks):
        events = [
            (t, mido.Message("note_on", channel=m.channel, note=m.note, velocity=0) if m.type == "note_off" else m)
            for t, m in timed(track)
        ]
        file.tracks[number] = untimed(events, end_of(track))
    return saved(file)
