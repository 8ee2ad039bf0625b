"""A lossless view of any accepted MIDI file, and edits that leave everything else as it was, to the tick.

Nothing is rounded, renamed or reordered: the events of the file are kept as stored, notes only point at them, and
``edited`` puts changes in their place. ``source_piece`` turns the view into a ``Piece`` for the stages that read music.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from composer.formats.midi.events import KEPT, OFF, ON, end_of_track, in_order, note_off, note_on
from composer.formats.midi.scan import (
    END_OF_TRACK,
    META,
    PROGRAM,
    SYSEX,
    TIME_SIGNATURE,
    RawEvent,
    scan,
)
from composer.music.bars import BarMap

if TYPE_CHECKING:
    import mido

TEXT, COPYRIGHT, TRACK_NAME, LYRIC, MARKER, CUE = 0x01, 0x02, 0x03, 0x05, 0x06, 0x07
# Latin-1 bytes are often valid Shift-JIS too; two kana or kanji in a row are not a western name by chance.
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]{2}")


@dataclass(frozen=True, slots=True)
class SourceNote:
    """A note of a file, in the file's own ticks; the indices are those of its events in the track.

    ``off_index`` is None for a note that the file never ends: it sounds until its key is struck again, else to the
    end of its track, for a tick at least.
    """

    track: int
    channel: int
    start: int
    end: int
    pitch: int
    velocity: int
    on_index: int
    off_index: int | None
    program: int


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text, marker or name at a tick of the file, without control characters."""

    track: int
    tick: int
    text: str


@dataclass(frozen=True, slots=True)
class SourceMidi:
    """A whole file: ``tracks`` hold its events in file order at absolute ticks, ``notes`` are sorted by start."""

    name: str
    format: int
    ticks_per_beat: int
    tracks: tuple[tuple[RawEvent, ...], ...]
    notes: tuple[SourceNote, ...]
    hanging_notes: int
    skipped_chunks: int
    seconds: float

    @property
    def end_tick(self) -> int:
        return max((track[-1].tick for track in self.tracks if track), default=0)

    @property
    def track_names(self) -> tuple[str, ...]:
        """The first name of each track, ``""`` where there is none."""
        first: dict[int, str] = {}
        for found in self.texts(TRACK_NAME):
            first.setdefault(found.track, found.text)
        return tuple(first.get(number, "") for number in range(len(self.tracks)))

    @property
    def markers(self) -> tuple[SourceText, ...]:
        return self.texts(MARKER)

    @property
    def metres(self) -> tuple[tuple[int, int, int], ...]:
        """(tick, upper number, lower number) of every time signature, by tick, whichever track it stands in."""
        return metres_in(self.metas(TIME_SIGNATURE))

    @property
    def bar_map(self) -> BarMap:
        """The bars in the file's ticks; 4/4 holds where it says nothing."""
        return BarMap(self.metres, self.ticks_per_beat)

    def texts(self, kind: int = TEXT) -> tuple[SourceText, ...]:
        """All texts of that meta type, track by track."""
        return tuple(SourceText(number, e.tick, decoded(e.data)) for number, e in self._metas(kind))

    def metas(self, kind: int) -> list[RawEvent]:
        """All meta events of that type by tick, whichever track they stand in."""
        return sorted((e for _, e in self._metas(kind)), key=lambda e: e.tick)

    def messages(self, track: int) -> list[mido.Message | mido.MetaMessage]:
        """The events of a track as mido messages, ``time`` in absolute ticks; escape (F7) packets are left out."""
        return [_message(event) for event in self.tracks[track] if event.status != 0xF7]

    def _metas(self, kind: int) -> list[tuple[int, RawEvent]]:
        return [(n, e) for n, track in enumerate(self.tracks) for e in track if e.meta == kind]


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """New values for a note; None keeps the old. Times are in the file's ticks."""

    note: SourceNote
    pitch: int | None = None
    start: int | None = None
    end: int | None = None
    velocity: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteNote:
    note: SourceNote


@dataclass(frozen=True, slots=True)
class InsertNote:
    track: int
    channel: int
    start: int
    end: int
    pitch: int
    velocity: int


Edit = ChangeNote | DeleteNote | InsertNote


def read_source(data: bytes, name: str, *, may_be_silent: bool = False) -> SourceMidi:
    """The view of ``data``; raises BadInput or OverLimit as ``smf_scan.scan`` does, which refuses a file without notes
    unless it ``may_be_silent``."""
    facts = scan(data, name, may_be_silent=may_be_silent)
    programs = _Programs(facts.tracks)
    notes = sorted(
        (note for number, track in enumerate(facts.tracks) for note in _notes(number, track, programs)),
        key=lambda n: (n.start, n.track, n.on_index),
    )
    return SourceMidi(
        name, facts.format, facts.ticks_per_beat, facts.tracks, tuple(notes), facts.hanging_notes,
        facts.skipped_chunks, facts.seconds,
    )  # fmt: skip


def metres_in(events: Iterable[RawEvent]) -> tuple[tuple[int, int, int], ...]:
    """(tick, upper number, lower number) of the time signatures among the events, in their order."""
    return tuple((e.tick, e.data[0], 1 << e.data[1]) for e in events if e.meta == TIME_SIGNATURE)


def decoded(data: bytes) -> str:
    """Text of a file in UTF-8, else Shift-JIS, else Latin-1, without control characters."""
    text = _decoded(data, "utf-8")
    if text is None:
        text = _decoded(data, "cp932")
        if text is None or not _JAPANESE.search(text):
            text = data.decode("latin-1")
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _decoded(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        return None


def closed_notes(source: SourceMidi) -> tuple[ChangeNote, ...]:
    """Edits that end every hanging note where it is taken to end."""
    return tuple(ChangeNote(n, end=n.end) for n in source.notes if n.off_index is None)


def edited(source: SourceMidi, edits: Iterable[Edit]) -> bytes:
    """The file with ``edits`` applied; every other event keeps its tick, its bytes and its place in the order.

    A note that only changes pitch or velocity keeps its place too. Moved and new note-offs come first at their tick,
    moved and new note-ons last. The caller sees to it that notes of one pitch and channel do not overlap.
    """
    kept = [dict(enumerate(track)) for track in source.tracks]
    moved: list[list[tuple[int, RawEvent]]] = [[] for _ in source.tracks]
    for edit in edits:
        if isinstance(edit, InsertNote):
            moved[edit.track].append((ON, note_on(edit.start, edit.channel, edit.pitch, edit.velocity)))
            moved[edit.track].append((OFF, note_off(edit.end, edit.channel, edit.pitch)))
        elif isinstance(edit, DeleteNote):
            _delete(edit.note, kept[edit.note.track])
        else:
            _change(edit, kept[edit.note.track], moved[edit.note.track])
    tracks = [_merged(events, extra) for events, extra in zip(kept, moved, strict=True)]
    return smf_bytes(source.format, source.ticks_per_beat, tracks)


def smf_bytes(kind: int, ticks_per_beat: int, tracks: Sequence[Sequence[RawEvent]]) -> bytes:
    """A MIDI file of these events, with running status."""
    header = b"".join(n.to_bytes(2) for n in (kind, len(tracks), ticks_per_beat))
    chunks = [b"MThd" + len(header).to_bytes(4) + header]
    for track in tracks:
        content = _track_bytes(track)
        chunks.append(b"MTrk" + len(content).to_bytes(4) + content)
    return b"".join(chunks)


class _Programs:
    """The program in force at a tick: of the track's own changes if it has any, else of the channel's."""

    def __init__(self, tracks: Sequence[Sequence[RawEvent]]) -> None:
        self.own: dict[tuple[int, int], list[RawEvent]] = defaultdict(list)
        self.shared: dict[int, list[RawEvent]] = defaultdict(list)
        for number, track in enumerate(tracks):
            for event in track:
                if event.status & 0xF0 == PROGRAM:
                    self.own[number, event.status & 0x0F].append(event)
                    self.shared[event.status & 0x0F].append(event)
        for changes in self.shared.values():
            changes.sort(key=lambda e: e.tick)

    def at(self, track: int, channel: int, tick: int) -> int:
        """0..127; the first that comes where none came yet, 0 without any."""
        changes = self.own.get((track, channel)) or self.shared.get(channel)
        if not changes:
            return 0
        return changes[max(0, bisect_right(changes, tick, key=lambda e: e.tick) - 1)].data[0]


def _notes(number: int, track: Sequence[RawEvent], programs: _Programs) -> list[SourceNote]:
    """The notes of one track; the first note-on of a pitch is ended by the first note-off.

    Where a pitch has more beginnings than ends, those lack one that no end comes next after: a note that lost its end
    must not take that of the next. It sounds until its key is struck again, else to the end of the track.
    """
    found = []
    for (channel, _), indices in _by_key(track).items():
        waiting: deque[int] = deque()
        for tick, index in _with_missing_ends(track, indices):
            if index is not None and track[index].is_note_on:
                waiting.append(index)
            elif waiting:
                on_index = waiting.popleft()
                on = track[on_index]
                program = programs.at(number, channel, on.tick)
                pitch, velocity = on.data
                found.append(SourceNote(number, channel, on.tick, tick, pitch, velocity, on_index, index, program))
    return found


def _with_missing_ends(track: Sequence[RawEvent], indices: Sequence[int]) -> list[tuple[int, int | None]]:
    """Tick and index of the events of one key, with an end (without an index) for each note that has none."""
    struck = [i for i in indices if track[i].is_note_on]
    open_notes: list[int] = []
    for index in indices:
        if track[index].is_note_on:
            open_notes.append(index)
        elif open_notes:
            open_notes.pop()
    following = dict(pairwise(struck))
    ends = [_open_end(track, index, following.get(index)) for index in open_notes]
    keyed = [(track[i].tick, 1, n, i) for n, i in enumerate(indices)] + [(tick, 0, 0, None) for tick in ends]
    return [(tick, index) for tick, _, _, index in sorted(keyed, key=lambda item: item[:3])]


def _by_key(track: Sequence[RawEvent]) -> dict[tuple[int, int], list[int]]:
    """Channel and pitch -> the indices of its note-ons and note-offs."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, event in enumerate(track):
        if event.status < SYSEX and (event.is_note_on or event.is_note_off):
            found[event.status & 0x0F, event.data[0]].append(index)
    return found


def _open_end(track: Sequence[RawEvent], index: int, following: int | None) -> int:
    """Where a note that never ends is taken to end; ``following`` is the next note-on of its pitch."""
    start, last = track[index].tick, track[-1].tick
    return max(start + 1, last if following is None else min(last, track[following].tick))


def _delete(note: SourceNote, kept: dict[int, RawEvent]) -> None:
    kept.pop(note.on_index, None)
    if note.off_index is not None:
        kept.pop(note.off_index, None)


def _change(edit: ChangeNote, kept: dict[int, RawEvent], moved: list[tuple[int, RawEvent]]) -> None:
    note = edit.note
    pitch = note.pitch if edit.pitch is None else edit.pitch
    velocity = note.velocity if edit.velocity is None else edit.velocity
    start = note.start if edit.start is None else edit.start
    end = note.end if edit.end is None else edit.end
    on = kept[note.on_index]._replace(tick=start, data=bytes((pitch, velocity)))
    if start == note.start:
        kept[note.on_index] = on
    else:
        del kept[note.on_index]
        moved.append((ON, on))
    if note.off_index is None:
        if edit.end is not None:
            moved.append((OFF, note_off(end, note.channel, pitch)))
        return
    off = kept[note.off_index]
    off = off._replace(tick=end, data=bytes((pitch, off.data[1])))
    if end == note.end:
        kept[note.off_index] = off
    else:
        del kept[note.off_index]
        moved.append((OFF, off))


def _merged(kept: dict[int, RawEvent], moved: Sequence[tuple[int, RawEvent]]) -> list[RawEvent]:
    """Kept events in their order with the moved ones between; the end of the track last."""
    if not moved:
        return [kept[index] for index in sorted(kept)]
    events = in_order([*((KEPT, kept[index]) for index in sorted(kept) if kept[index].meta != END_OF_TRACK), *moved])
    ends = [e.tick for e in kept.values() if e.meta == END_OF_TRACK]
    return [*events, end_of_track(max([*ends, events[-1].tick]))]


def _track_bytes(track: Sequence[RawEvent]) -> bytes:
    content = bytearray()
    now = running = 0
    for event in track:
        content += _variable_length(event.tick - now)
        now = event.tick
        if event.status < SYSEX:
            if event.status != running:
                content.append(event.status)
            running = event.status
        else:
            content.append(event.status)
            if event.status == META:
                content.append(event.meta)
            content += _variable_length(len(event.data))
            running = 0
        content += event.data
    if not track or track[-1].meta != END_OF_TRACK:
        content += bytes((0, META, END_OF_TRACK, 0))
    return bytes(content)


def _variable_length(value: int) -> bytes:
    if value < 0:
        raise ValueError("events out of order")
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _message(event: RawEvent) -> mido.Message | mido.MetaMessage:
    import mido  # here, as to most of what reads MIDI files its start is a tenth of their own

    if event.status == META:
        return mido.MetaMessage.from_bytes([META, event.meta, *_variable_length(len(event.data)), *event.data]).copy(
            time=event.tick
        )
    data = bytes(b for b in event.data if b < 0x80) + b"\xf7" if event.status == SYSEX else event.data
    return mido.Message.from_bytes([event.status, *data], time=event.tick)
