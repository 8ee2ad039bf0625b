"""What leads a file (title, tempi, metre, keys, markers) as a piece has it, and its chord symbols as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from composer.formats.midi.events import end_of_track
from composer.formats.midi.scan import END_OF_TRACK, KEY_SIGNATURE, SET_TEMPO, TIME_SIGNATURE, RawEvent
from composer.formats.midi.source import (
    MARKER,
    TEXT,
    TRACK_NAME,
    SourceMidi,
    decoded,
    metres_in,
    read_source,
    smf_bytes,
)
from composer.formats.midi.weaving import Clock
from composer.formats.midi.writer import KEY_TEXT, TITLE_TEXT, end_tick_of, midi_bytes
from composer.music.bars import BarMap
from composer.music.notes import Piece

_LEADING = (SET_TEMPO, TIME_SIGNATURE, KEY_SIGNATURE, MARKER)


def with_conductor(source: SourceMidi, composed: Piece) -> bytes:
    """The file with title, tempi, metre, keys and markers of ``composed``; every other event stays at its tick.

    They come first at their tick in the first track; where that plays, its name stays (a type 0 file's is the title).
    Later metres stay where the first is that of ``composed``, which has one only. The end moves to the bar line that
    the new metre asks for, or to that of ``composed`` where this has markers or tempi after the end of the file.
    """
    plays = source.format == 1 and any(note.track == 0 for note in source.notes)
    clock, (ours, _) = Clock(source), _frame(composed)
    new = [
        e._replace(tick=clock.near(e.tick)) for e in ours
        if e.meta != END_OF_TRACK and not (plays and e.meta == TRACK_NAME)
    ]  # fmt: skip
    named = _title_index(source) if not plays else None
    tracks = [
        [e for i, e in enumerate(track) if not (_leads(e) or (number == 0 and i == named)) or _stays(e, source, ours)]
        for number, track in enumerate(source.tracks)
    ]
    tracks[0] = sorted([*new, *tracks[0]], key=lambda e: (e.tick, e.meta == END_OF_TRACK))
    end = _end(source, composed, new, tracks, clock)
    return smf_bytes(source.format, source.ticks_per_beat, [_ended(t, source.end_tick, end) for t in tracks])


def chord_texts(composed: Piece) -> list[tuple[int, bytes]]:
    """The tick (480 to the quarter) and the bytes of each chord symbol, as a file of ``composed`` says them."""
    return [(e.tick, e.data) for e in _frame(composed)[1] if e.meta == TEXT]


def _frame(composed: Piece) -> tuple[Sequence[RawEvent], Sequence[RawEvent]]:
    """The conductor and the chord track that ``midi`` writes."""
    piece = replace(composed, parts=(), length=end_tick_of(composed))
    tracks = read_source(midi_bytes(piece), composed.title, may_be_silent=True).tracks
    return tracks[0], tracks[-1]


def _leads(event: RawEvent) -> bool:
    if event.meta in _LEADING:
        return True
    return event.meta == TEXT and decoded(event.data).startswith((TITLE_TEXT, KEY_TEXT))


def _stays(event: RawEvent, source: SourceMidi, ours: Sequence[RawEvent]) -> bool:
    """Whether it is a later metre of a file that begins in the metre of the piece."""
    metres = [e.data[:2] for e in (*source.metas(TIME_SIGNATURE)[:1], *ours) if e.meta == TIME_SIGNATURE]
    return event.meta == TIME_SIGNATURE and event.tick > 0 and metres[0] == metres[-1]


def _title_index(source: SourceMidi) -> int | None:
    return next((i for i, e in enumerate(source.tracks[0]) if e.meta == TRACK_NAME), None)


def _end(
    source: SourceMidi, composed: Piece, new: Sequence[RawEvent], tracks: Sequence[Sequence[RawEvent]], clock: Clock
) -> int:
    """The first bar line that no event comes after; where the file ended, if that was within a bar and still holds."""
    bars = BarMap(metres_in(e for track in tracks for e in track), source.ticks_per_beat)
    last = max([source.end_tick, *(e.tick for track in tracks for e in track)])
    if any(event.tick >= source.end_tick for event in new):
        last = max(last, clock.near(end_tick_of(composed)))
    if last == source.end_tick and not clock.bars.is_bar_line(last):
        return last
    return ceil(bars.start(bars.bars_until(last) + 1))


def _ended(track: Sequence[RawEvent], old_end: int, end: int) -> list[RawEvent]:
    events = [e for e in track if e.meta != END_OF_TRACK]
    ends = [e.tick for e in track if e.meta == END_OF_TRACK]
    if not ends:
        return events
    tick = end if ends[-1] == old_end else max([ends[-1], *(e.tick for e in events)])
    return [*events, end_of_track(tick)]
