"""A second reader and writer of MIDI files, for the round-trip kit: nothing of ``composer`` and no MIDI library in it.

It takes what it is given: no limits, no refusals but for what is no MIDI file at all. Ticks are the file's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
NAME, MARKER, TEXT, LYRIC, TEMPO, METRE, KEY, END = 0x03, 0x06, 0x01, 0x05, 0x51, 0x58, 0x59, 0x2F
OFF, ON, KEY_PRESSURE, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0


class Event(NamedTuple):
    """``body`` begins with the status byte; of a meta event the type follows, its length is left out."""

    tick: int
    body: bytes

    @property
    def status(self) -> int:
        """The kind of a channel message without its channel, else the whole status."""
        return self.body[0] if self.body[0] >= 0xF0 else self.body[0] & 0xF0

    @property
    def channel(self) -> int:
        return self.body[0] & 0x0F

    @property
    def is_note(self) -> bool:
        return self.status in (ON, OFF)

    @property
    def begins(self) -> bool:
        return self.status == ON and self.body[2] > 0

    def is_meta(self, kind: int) -> bool:
        return self.body[0] == META and self.body[1] == kind

    @property
    def content(self) -> bytes:
        return self.body[2:] if self.body[0] == META else self.body[1:]


class Played(NamedTuple):
    """A note; where the file never ends it, ``end`` is below 0: -1 less the tick where it is taken to end."""

    track: int
    channel: int
    start: int
    end: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Song:
    """A MIDI file: its type, its ticks to the quarter and the events of its tracks at absolute ticks."""

    kind: int
    resolution: int
    tracks: tuple[tuple[Event, ...], ...]

    def name(self, track: int) -> str:
        """The first name of a track, ``""`` without one."""
        found = (e.content for e in self.tracks[track] if e.is_meta(NAME))
        return next(found, b"").decode("utf-8", "replace").strip()

    def metas(self, kind: int) -> list[Event]:
        return sorted((e for track in self.tracks for e in track if e.is_meta(kind)), key=lambda e: e.tick)

    @property
    def notes(self) -> list[Played]:
        """All notes by track and start; the first of a pitch that begins is the first that ends."""
        return sorted(note for number, track in enumerate(self.tracks) for note in _notes(number, track))

    def with_track(self, number: int, events: Iterable[Event]) -> Song:
        """The song with other events in one track, sorted by tick with ends of notes first; the end stays."""
        return replace(self, tracks=tuple(ordered(events) if n == number else t for n, t in enumerate(self.tracks)))


def _notes(number: int, track: Sequence[Event]) -> Iterator[Played]:
    keys: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in track:
        if event.is_note:
            keys[event.channel, event.body[1]].append(event)
    last = max((e.tick for e in track), default=0)
    for events in keys.values():
        sounding: deque[Event] = deque()
        for event in _closed(events, last):
            if event.begins:
                sounding.append(event)
            elif sounding:
                on = sounding.popleft()
                end = event.tick if event.body[0] else -1 - event.tick
                yield Played(number, on.channel, on.tick, end, on.body[1], on.body[2])


def _closed(events: Sequence[Event], last: int) -> list[Event]:
    """The events of one key with an end of status 0 for each beginning that lacks one."""
    lacking: list[int] = []
    for place, event in enumerate(events):
        if event.begins:
            lacking.append(place)
        elif lacking:
            lacking.pop()
    made = []
    for place in lacking:
        later = [e.tick for e in events[place + 1 :] if e.begins]
        made.append(Event(max(events[place].tick + 1, min([*later[:1], last])), b"\0\0\0"))
    return sorted([*made, *events], key=lambda e: (e.tick, e.body[0] != 0))


def ordered(events: Iterable[Event]) -> tuple[Event, ...]:
    """By tick: ends of notes, other events, beginnings; the end of the track last, not before any of them.

    An end that follows its own beginning at one tick, of a note without length, stays behind it.
    """
    given = list(events)
    kept = [(before, e) for before, e in zip([None, *given], given, strict=False) if not e.is_meta(END)]
    ends = [e.tick for e in given if e.is_meta(END)]
    found = [event for _, event in sorted(kept, key=lambda pair: (pair[1].tick, _rank(*pair)))]
    return (*found, Event(max([*ends, *(e.tick for e in found[-1:])], default=0), bytes((META, END))))


def _rank(before: Event | None, event: Event) -> int:
    if not event.is_note:
        return 1
    if event.begins:
        return 2
    own = before is not None and before.begins and (before.tick, before.body[1]) == (event.tick, event.body[1])
    return 3 if own else 0


def read_song(data: bytes) -> Song:
    """The file ``data``; raises ValueError for what is no MIDI file."""
    if data[:4] != b"MThd":
        raise ValueError("no MIDI file")
    header = int.from_bytes(data[4:8])
    kind, _, resolution = (int.from_bytes(data[i : i + 2]) for i in (8, 10, 12))
    tracks, at = [], 8 + header
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8])
        if data[at : at + 4] == b"MTrk":
            tracks.append(tuple(_events(data[at + 8 : at + 8 + length])))
        at += 8 + length
    return Song(kind, resolution, tuple(tracks))


def _events(data: bytes) -> Iterator[Event]:
    at = tick = running = 0
    while at < len(data):
        delta, at = _number(data, at)
        tick += delta
        status = data[at]
        if status >= 0x80:
            at += 1
        else:
            status = running
        if status in (META, SYSEX, ESCAPE):
            head = data[at - 1 : at + (status == META)]
            size, start = _number(data, at + (status == META))
            at = start + size
            yield Event(tick, head + data[start:at])
        else:
            running = status
            size = 1 if status & 0xF0 in (PROGRAM, PRESSURE) else 2
            yield Event(tick, bytes((status,)) + data[at : at + size])
            at += size


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        value, at = value << 7 | data[at] & 0x7F, at + 1
        if data[at - 1] < 0x80:
            return value, at


def song_bytes(song: Song, *, running: bool = False) -> bytes:
    """The file of a song; with ``running`` a status is left out where it is the last one's."""
    head = b"".join(n.to_bytes(2) for n in (song.kind, len(song.tracks), song.resolution))
    chunks = [b"MThd" + len(head).to_bytes(4) + head]
    for track in song.tracks:
        content = b"".join(_stored(track, running))
        chunks.append(b"MTrk" + len(content).to_bytes(4) + content)
    return b"".join(chunks)


def _stored(track: Sequence[Event], running: bool) -> Iterator[bytes]:
    now = last = 0
    for event in track:
        yield _stored_number(event.tick - now)
        now = event.tick
        status = event.body[0]
        if status >= 0xF0:
            split = 2 if status == META else 1
            yield event.body[:split] + _stored_number(len(event.body) - split) + event.body[split:]
            last = 0
        else:
            yield event.body[1:] if running and status == last else event.body
            last = status


def _stored_number(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def other_events(song: Song, track: int) -> Counter[Event]:
    """What a track holds besides notes and its end."""
    return Counter(e for e in song.tracks[track] if not e.is_note and not e.is_meta(END))
