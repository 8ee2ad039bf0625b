"""Pedal and tempo events put into a file and taken out of it; every other event keeps its tick, bytes and order."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence

from composer.formats.midi.scan import END_OF_TRACK, RawEvent
from composer.formats.midi.source import read_source, smf_bytes
from composer.humanize.layer import Added


def with_added(data: bytes, name: str, added: Sequence[Added]) -> bytes:
    """``data`` with the events of ``added``: at their tick after what ends and is set there, before what begins."""
    if not added:
        return data
    source = read_source(data, name)
    extra: dict[int, list[RawEvent]] = defaultdict(list)
    for one in added:
        extra[one.track].append(one.event)
    tracks = [_merged(track, extra[number]) for number, track in enumerate(source.tracks)]
    return smf_bytes(source.format, source.ticks_per_beat, tracks)


def without(data: bytes, name: str, removed: Sequence[Added]) -> bytes:
    """``data`` without one event for each of ``removed`` that is in it."""
    if not removed:
        return data
    source = read_source(data, name)
    unwanted = Counter((one.track, one.event) for one in removed)
    tracks: list[list[RawEvent]] = []
    for number, track in enumerate(source.tracks):
        tracks.append([])
        for event in track:
            if unwanted[number, event] > 0:
                unwanted[number, event] -= 1
            else:
                tracks[-1].append(event)
    return smf_bytes(source.format, source.ticks_per_beat, tracks)


def _merged(track: Sequence[RawEvent], extra: Sequence[RawEvent]) -> list[RawEvent]:
    """The events in order; a track that ended before ``extra`` (many a first track does) ends with it."""
    events = [event for event in track if event.meta != END_OF_TRACK]
    for event in sorted(extra, key=lambda e: e.tick):
        place = bisect_left(events, event.tick, key=lambda e: e.tick)
        while place < len(events) and events[place].tick == event.tick and not events[place].is_note_on:
            place += 1
        events.insert(place, event)
    ends = [event for event in track if event.meta == END_OF_TRACK]
    last = events[-1].tick if events else 0
    return [*events, *(end._replace(tick=max(end.tick, last)) for end in ends)]
