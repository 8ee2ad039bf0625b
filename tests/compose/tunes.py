"""MIDI files of tunes as other programs write them, made here."""

from __future__ import annotations

import io
from collections.abc import Sequence

import mido

Sung = tuple[float, float, int]  # start and length in quarters, MIDI pitch

# Four phrases of four bars in C: question, answer, contrast, return.
_BARS = (
    "60 62 64 65", "67 67 69 67", "65 64 62 64", "62:2 67:2",
    "60 62 64 65", "67 67 69 67", "65 64 62 59", "60:4",
    "67 69 71 72", "71 69 67:2", "65 67 69 71", "67:4",
    "60 62 64 65", "67 67 69 67", "65 64 62 59", "60:4",
)  # fmt: skip


def song(bars: Sequence[str] = _BARS, beats: int = 4) -> list[Sung]:
    """A tune in quarters; ``60:2`` lasts two, ``-`` rests."""
    notes: list[Sung] = []
    for bar, content in enumerate(bars):
        at = float(bar * beats)
        for word in content.split():
            pitch, _, length = word.partition(":")
            beat = float(length or 1)
            if pitch != "-":
                notes.append((at, beat, int(pitch)))
            at += beat
    return notes


def low_chords(bars: int = 16, beats: int = 4) -> list[Sung]:
    """C, F, G, C in half notes, three notes each."""
    roots = (48, 53, 55, 48)
    return [
        (bar * beats + half * beats / 2, beats / 2, roots[bar % 4] + step)
        for bar in range(bars)
        for half in (0, 1)
        for step in (0, 4, 7)
    ]


def midi(
    tracks: dict[str, Sequence[Sung]],
    *,
    ppq: int = 480,
    kind: int = 1,
    meter: tuple[int, int] | None = (4, 4),
    tempo_bpm: float | None = 100.0,
    velocity: int = 80,
    channels: Sequence[int] = (),
    extra: Sequence[mido.Message | mido.MetaMessage] = (),
    off_by: int = 0,
) -> bytes:
    """A file of these tracks; ``extra`` (absolute ticks in ``time``) goes into the first of them.

    ``off_by`` moves every other onset by so many ticks, as a hand does.
    """
    file = mido.MidiFile(type=kind, ticks_per_beat=ppq)
    head: list[mido.Message | mido.MetaMessage] = []
    if tempo_bpm is not None:
        head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo_bpm), time=0))
    if meter is not None:
        head.append(mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1], time=0))
    for number, (name, notes) in enumerate(tracks.items()):
        channel = channels[number] if channels else number
        events = [*head, *extra] if number == 0 else []
        if name:
            events.append(mido.MetaMessage("track_name", name=name, time=0))
        for index, (start, length, pitch) in enumerate(notes):
            on = round(start * ppq) + (off_by if index % 2 else 0)
            off = round((start + length) * ppq)
            events.append(mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=on))
            events.append(mido.Message("note_off", channel=channel, note=pitch, velocity=0, time=off))
        if kind == 0 and file.tracks:
            file.tracks[0] = mido.MidiTrack([*file.tracks[0], *events])
        else:
            file.tracks.append(mido.MidiTrack(events))
    file.tracks[:] = [_in_order(track) for track in file.tracks]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _in_order(track: mido.MidiTrack) -> mido.MidiTrack:
    """The track with its absolute times as deltas."""
    ordered = sorted(track, key=lambda m: (m.time, m.type == "note_on"))
    now = 0
    result = mido.MidiTrack()
    for message in ordered:
        result.append(message.copy(time=message.time - now))
        now = message.time
    return result


def heard(data: bytes, track: int | None = None) -> list[tuple[float, float, int, int]]:
    """(start, end, pitch, velocity) of the notes of a file or one of its tracks; times in quarters."""
    file = mido.MidiFile(file=io.BytesIO(data))
    found = []
    for number, messages in enumerate(file.tracks):
        now, waiting = 0, dict[tuple[int, int], list[tuple[int, int]]]()
        for message in messages:
            now += message.time
            if message.type == "note_on" and message.velocity:
                waiting.setdefault((message.channel, message.note), []).append((now, message.velocity))
            elif message.type in ("note_on", "note_off") and waiting.get((message.channel, message.note)):
                start, velocity = waiting[message.channel, message.note].pop(0)
                if track is None or number == track:
                    times = start / file.ticks_per_beat, now / file.ticks_per_beat
                    found.append((*times, message.note, velocity))
    return sorted(found)
