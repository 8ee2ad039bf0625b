"""One strict pass over the bytes of a MIDI file, before anything else looks at them.

No MIDI library refuses what it must: cut files load in part, wrong statuses stretch the music, one endless number
hangs the reader. So every chunk, length and status is checked here, once, and the events that were read are handed on.

Reference: Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from composer.errors import BadInput, OverLimit, counted
from composer.limits import (
    MEGABYTE,
    MIDI_BYTES,
    MIDI_EVENTS,
    MIDI_NOTES,
    MIDI_SECONDS,
    MIDI_TEMPO_CHANGES,
    MIDI_TEMPO_MAX_BPM,
    MIDI_TEMPO_MIN_BPM,
    MIDI_TEXT_BYTES,
    MIDI_TRACKS,
)

# Statuses of channel messages, without the channel.
NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0
SYSEX, ESCAPE, META = 0xF0, 0xF7, 0xFF
END_OF_TRACK, SET_TEMPO, TIME_SIGNATURE, KEY_SIGNATURE, SMPTE_OFFSET = 0x2F, 0x51, 0x58, 0x59, 0x54
DEFAULT_TEMPO_US = 500_000  # 120 quarter notes a minute, where no tempo is written
LAST_TEXT_TYPE = 0x0F
VLQ_BYTES = 4
# Lengths that the standard gives to meta events; an empty number means "as stored in this file".
META_LENGTHS = {
    0x00: (0, 2), 0x20: (1,), 0x21: (0, 1), END_OF_TRACK: (0,), SET_TEMPO: (3,), SMPTE_OFFSET: (5,),
    TIME_SIGNATURE: (4,), KEY_SIGNATURE: (2,),
}  # fmt: skip
META_NAMES = {
    0x00: "sequence number", 0x20: "channel prefix", 0x21: "port", END_OF_TRACK: "end of track", SET_TEMPO: "tempo",
    SMPTE_OFFSET: "SMPTE offset", TIME_SIGNATURE: "time signature", KEY_SIGNATURE: "key signature",
}  # fmt: skip
AGAIN = "export it again from the program it came from"


class RawEvent(NamedTuple):
    """One event as stored: ``meta`` is the type of a meta event, else -1; ``data`` follows status, type and length."""

    tick: int
    status: int
    meta: int
    data: bytes

    @property
    def is_note_on(self) -> bool:
        return self.status & 0xF0 == NOTE_ON and self.data[1] > 0

    @property
    def is_note_off(self) -> bool:
        """A note-off, or the note-on of velocity 0 that means the same."""
        return self.status & 0xF0 == NOTE_OFF or (self.status & 0xF0 == NOTE_ON and self.data[1] == 0)


@dataclass(frozen=True, slots=True)
class SmfFacts:
    """A file that passed: its events (absolute ticks, file order, one tuple a track) and what was counted."""

    format: int
    ticks_per_beat: int
    tracks: tuple[tuple[RawEvent, ...], ...]
    notes: int
    hanging_notes: int
    seconds: float
    skipped_chunks: int


def scan(data: bytes, name: str, *, may_be_silent: bool = False) -> SmfFacts:
    """What ``data`` holds; raises BadInput or OverLimit, naming the file, with one sentence on the first fault.

    That no note begins is a fault too, unless it ``may_be_silent``.
    """
    if len(data) > MIDI_BYTES:
        raise OverLimit(name, f"is over {MIDI_BYTES / MEGABYTE:g} MB, the limit for a MIDI file", "use a smaller file")
    kind, declared, division = _header(data, name)
    chunks, skipped = _chunks(data, name)
    if len(chunks) > MIDI_TRACKS:
        raise OverLimit(name, f"{len(chunks)} tracks, the limit is {MIDI_TRACKS}", "export fewer tracks")
    if len(chunks) != declared:
        raise BadInput(name, f"the header says {counted(declared, 'track')} and the file has {len(chunks)}", AGAIN)
    if kind == 0 and declared != 1:
        raise BadInput(name, f"a type 0 file has one track and this has {declared}", AGAIN)
    tracks, room = [], MIDI_EVENTS
    for number, (start, end) in enumerate(chunks):
        events = _TrackReader(data, start, end, number, name, room).events()
        room -= len(events)
        tracks.append(events)
    notes, hanging = _note_counts(tracks, name)
    if not notes and not may_be_silent:
        raise BadInput(name, "holds no notes", "export the tracks that play")
    seconds = _seconds(tracks, division, name)
    return SmfFacts(kind, division, tuple(tracks), notes, hanging, seconds, skipped)


def _header(data: bytes, name: str) -> tuple[int, int, int]:
    """Type, number of tracks and ticks per quarter."""
    if not data:
        raise BadInput(name, "the file is empty", AGAIN)
    if data[:4] != b"MThd":
        hint = "extract the MIDI file from this RIFF file first" if data[:4] == b"RIFF" else "use a .mid file"
        raise BadInput(name, "is not a MIDI file (it does not begin with MThd)", hint)
    length = int.from_bytes(data[4:8])
    if len(data) < 14 or length < 6 or 8 + length > len(data):
        raise BadInput(name, "the MIDI header is cut off or has a wrong length", AGAIN)
    kind, declared, division = (int.from_bytes(data[i : i + 2]) for i in (8, 10, 12))
    if kind == 2:
        raise BadInput(name, "is a type 2 MIDI file (independent patterns)", "save it as type 0 or type 1")
    if kind > 2:
        raise BadInput(name, f"is of MIDI file type {kind}, which does not exist", AGAIN)
    if division & 0x8000:
        raise BadInput(
            name,
            "counts time in SMPTE frames, not in beats",
            "export it with ticks per quarter note (PPQ), for example 480",
        )
    if division == 0:
        raise BadInput(name, "has zero ticks per quarter note", AGAIN)
    return kind, declared, division


def _chunks(data: bytes, name: str) -> tuple[list[tuple[int, int]], int]:
    """(start, end) of the content of each track, and how many chunks of other kinds were passed over."""
    tracks: list[tuple[int, int]] = []
    skipped = 0
    position = 8 + int.from_bytes(data[4:8])
    while position < len(data):
        kind, length = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8])
        start, end = position + 8, position + 8 + length
        if start > len(data) and b"MTrk".startswith(kind):
            raise BadInput(name, f"the file is cut off in the head of track {len(tracks) + 1}", AGAIN)
        if start > len(data) or not all(0x20 <= c <= 0x7E for c in kind):
            raise BadInput(name, f"unreadable bytes where a track should begin (byte {position})", AGAIN)
        if end > len(data):
            what = f"track {len(tracks) + 1}" if kind == b"MTrk" else "the last chunk"
            raise BadInput(
                name, f"the file is cut off: {what} should have {length} bytes, {len(data) - start} are there", AGAIN
            )
        if kind == b"MTrk":
            tracks.append((start, end))
        elif kind == b"MThd":
            raise BadInput(name, f"a second MIDI header at byte {position}", AGAIN)
        else:
            skipped += 1
        position = end
    if not tracks:
        raise BadInput(name, "has a MIDI header but no tracks", AGAIN)
    return tracks, skipped


class _TrackReader:
    """Reads the events of one track chunk; stops at the first fault."""

    def __init__(self, data: bytes, start: int, end: int, number: int, name: str, room: int) -> None:
        self.data, self.position, self.end = data, start, end
        self.number, self.name, self.room = number, name, room

    def events(self) -> tuple[RawEvent, ...]:
        found: list[RawEvent] = []
        tick, running = 0, 0
        while self.position < self.end:
            tick += self.variable_length()
            event, running = self.event(tick, running)
            found.append(event)
            if len(found) > self.room:
                raise OverLimit(
                    self.name, f"over {MIDI_EVENTS} events, the limit", "split the file or thin its controllers"
                )
            if event.meta == END_OF_TRACK:
                break
        if self.position < self.end:
            self.refuse(f"{self.end - self.position} bytes after its end-of-track event")
        return tuple(found)

    def event(self, tick: int, running: int) -> tuple[RawEvent, int]:
        """The event at the position, and the status that holds for the next (0: none)."""
        status = self.byte()
        if status < 0x80:
            if not running:
                self.refuse("a data byte without a status before it")
            self.position -= 1
            status = running
        if status < 0xF0:
            return RawEvent(tick, status, -1, self.channel_data(status)), status
        if status == META:
            kind = self.byte()
            if kind > 0x7F:
                self.refuse(f"meta event type {kind:02X}, which does not exist")
            content = self.block(self.variable_length())
            self.check_meta(kind, content)
            return RawEvent(tick, status, kind, content), 0
        if status in (SYSEX, ESCAPE):
            content = self.block(self.variable_length())
            if status == SYSEX and any(byte > 0x7F for byte in content[:-1]):
                self.refuse("a system exclusive message with a status byte inside")
            return RawEvent(tick, status, -1, content), 0
        self.refuse(f"status {status:02X}, which has no place in a MIDI file")

    def channel_data(self, status: int) -> bytes:
        length = 1 if status & 0xF0 in (PROGRAM, PRESSURE) else 2
        content = self.block(length)
        if any(byte > 0x7F for byte in content):
            self.refuse("a data byte over 127")
        return content

    def check_meta(self, kind: int, content: bytes) -> None:
        if kind <= LAST_TEXT_TYPE and kind > 0 and len(content) > MIDI_TEXT_BYTES:
            raise OverLimit(
                self.name, f"track {self.number + 1}: a text of {len(content)} bytes, the limit is {MIDI_TEXT_BYTES}",
                "shorten it",
            )  # fmt: skip
        what = META_NAMES.get(kind, "")
        if kind in META_LENGTHS and len(content) not in META_LENGTHS[kind]:
            self.refuse(f"a {what} event of {counted(len(content), 'byte')} (it should have {META_LENGTHS[kind][-1]})")
        if kind == SET_TEMPO:
            self.check_tempo(int.from_bytes(content))
        elif kind == TIME_SIGNATURE and (content[0] == 0 or content[1] > 6):
            self.refuse(f"a time signature of {content[0]}/2^{content[1]}")
        elif kind == KEY_SIGNATURE:
            fifths = int.from_bytes(content[:1], signed=True)
            if not -7 <= fifths <= 7 or content[1] > 1:
                self.refuse(f"a key signature of {abs(fifths)} accidentals, mode {content[1]}")
        elif kind == SMPTE_OFFSET and (content[0] > 0x7F or max(content[1:3]) > 59 or content[4] > 99):
            self.refuse("an SMPTE offset that is no time")

    def check_tempo(self, tempo_us: int) -> None:
        if tempo_us == 0:
            self.refuse("a tempo of zero microseconds a beat")
        bpm = 60_000_000 / tempo_us
        if not MIDI_TEMPO_MIN_BPM <= bpm <= MIDI_TEMPO_MAX_BPM:
            raise OverLimit(
                self.name,
                f"track {self.number + 1}: a tempo of {bpm:.4g} bpm",
                f"the limits are {MIDI_TEMPO_MIN_BPM:g} and {MIDI_TEMPO_MAX_BPM:g}",
            )

    def variable_length(self) -> int:
        value = 0
        for _ in range(VLQ_BYTES):
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        self.refuse("a number of more than four bytes")

    def byte(self) -> int:
        if self.position >= self.end:
            self.refuse("it ends in the middle of an event")
        self.position += 1
        return self.data[self.position - 1]

    def block(self, length: int) -> bytes:
        if self.position + length > self.end:
            self.refuse("an event that is longer than the track")
        self.position += length
        return self.data[self.position - length : self.position]

    def refuse(self, reason: str) -> NoReturn:
        raise BadInput(self.name, f"track {self.number + 1}, byte {self.position}: {reason}", AGAIN)


def _note_counts(tracks: Iterable[tuple[RawEvent, ...]], name: str) -> tuple[int, int]:
    """How many notes begin, and how many of them never end."""
    notes = hanging = 0
    for track in tracks:
        sounding: Counter[tuple[int, int]] = Counter()
        for event in track:
            if event.status >= SYSEX:
                continue
            if event.is_note_on:
                notes += 1
                sounding[event.status & 0x0F, event.data[0]] += 1
            elif event.is_note_off and sounding[event.status & 0x0F, event.data[0]]:
                sounding[event.status & 0x0F, event.data[0]] -= 1
        hanging += sounding.total()
    if notes > MIDI_NOTES:
        raise OverLimit(name, f"{notes} notes, the limit is {MIDI_NOTES}", "split the file")
    return notes, hanging


def _seconds(tracks: list[tuple[RawEvent, ...]], division: int, name: str) -> float:
    """Playing time with all tempo changes, whichever track they stand in."""
    changes = sorted((e.tick, int.from_bytes(e.data)) for track in tracks for e in track if e.meta == SET_TEMPO)
    if len(changes) > MIDI_TEMPO_CHANGES:
        raise OverLimit(
            name, f"{len(changes)} tempo changes, the limit is {MIDI_TEMPO_CHANGES}", "thin the tempo track"
        )
    end = max((track[-1].tick for track in tracks if track), default=0)
    seconds, now, tempo_us = 0.0, 0, DEFAULT_TEMPO_US
    for tick, following_us in [*changes, (end, 0)]:
        seconds += (min(tick, end) - now) * tempo_us / division / 1e6
        now, tempo_us = min(tick, end), following_us
    if seconds > MIDI_SECONDS:
        raise OverLimit(
            name, f"lasts {seconds / 60:,.0f} minutes, the limit is {MIDI_SECONDS / 60:g}",
            "look for an event far beyond the end, or split the file",
        )  # fmt: skip
    return seconds
