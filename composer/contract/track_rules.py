"""What every track that plays must have: a name, one instrument on one channel, its sound set before its notes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from composer.contract.subject import Hit, Subject
from composer.formats.midi.piece import ROLE_WORDS
from composer.formats.midi.scan import BEND, CONTROL, PROGRAM
from composer.formats.midi.source import TRACK_NAME, decoded
from composer.formats.midi.writer import DRUM_CHANNEL
from composer.music.notes import CC_PAN, CC_PEDAL, CC_VOLUME, DRUMS, PEDAL_DOWN

_BEND_CENTRE = (0, 64)


def unnamed_track(file: Subject) -> Iterator[Hit]:
    if not file.is_type_0:
        for track in sorted({track for track, _ in file.lines}):
            if not file.source.track_names[track]:
                yield Hit("the track has no name", track, 0)


def late_name(file: Subject) -> Iterator[Hit]:
    seen: set[int] = set()
    for track, event in file.metas(TRACK_NAME):
        if event.tick and track not in seen:
            yield Hit(f"the track's name comes only at {file.place(event.tick)}", track, event.tick)
        seen.add(track)


def name_not_ascii(file: Subject) -> Iterator[Hit]:
    for track, event in file.metas(TRACK_NAME):
        name = decoded(event.data)
        if not name.isascii():
            yield Hit(f"the name {name!r} is not plain ASCII: some programs show it garbled", track, event.tick)


def same_name(file: Subject) -> Iterator[Hit]:
    seen: set[str] = set()
    for track in sorted({track for track, _ in file.lines}):
        name = file.source.track_names[track]
        if name and name in seen:
            yield Hit(f"a second track called {name!r}: hard to tell apart when it comes back", track, 0)
        seen.add(name)


def several_channels(file: Subject) -> Iterator[Hit]:
    if file.is_type_0:
        return
    for track in sorted({track for track, _ in file.lines}):
        found = [channel + 1 for t, channel in file.lines if t == track]
        if len(found) > 1:
            yield Hit(f"the track plays on channels {', '.join(map(str, found))}: programs mix or split them", track, 0)


def shared_channel(file: Subject) -> Iterator[Hit]:
    for channel, tracks in sorted(file.channels.items()):
        for track in tracks[1:]:
            others = file.label(tracks[0])
            yield Hit(
                f"plays on channel {channel + 1} like {others!r}: they share instrument, volume and pedal", track, 0
            )


def several_programs(file: Subject) -> Iterator[Hit]:
    for (track, channel), notes in file.lines.items():
        for _, event in file.channel_events(track):
            is_later = event.tick > notes[0].start
            if event.status == PROGRAM | channel and is_later and event.data[0] != notes[0].program:
                yield Hit("the instrument changes within the track; give each its own", track, event.tick)


def drums_elsewhere(file: Subject) -> Iterator[Hit]:
    for track, channel in file.lines:
        name = file.source.track_names[track].replace("_", " ")
        if channel != DRUM_CHANNEL and not file.is_type_0 and is_called_drums(name):
            yield Hit(
                f"is called {name!r} and plays on channel {channel + 1}, not 10: it will sound as notes", track, 0
            )


def is_called_drums(name: str) -> bool:
    return re.search(ROLE_WORDS[DRUMS], name.replace("_", " "), re.IGNORECASE) is not None


def no_program(file: Subject) -> Iterator[Hit]:
    for track, channel in file.lines:
        if channel != DRUM_CHANNEL and not any(e.status == PROGRAM | channel for _, e in file.channel_events(track)):
            yield Hit("no instrument is set: it will sound as a piano, or as whatever was there", track, 0)


def no_volume(file: Subject) -> Iterator[Hit]:
    yield from _no_control(file, CC_VOLUME, "no volume (CC7) is set at the start")


def no_pan(file: Subject) -> Iterator[Hit]:
    yield from _no_control(file, CC_PAN, "no place in the stereo picture (CC10) is set at the start")


def setup_order(file: Subject) -> Iterator[Hit]:
    """Program, then volume, then pan, at the start and before the first note."""
    for track, channel in file.lines:
        programs = [(i, e) for i, e in file.channel_events(track) if e.status == PROGRAM | channel]
        found = [programs, file.controls(track, channel, CC_VOLUME), file.controls(track, channel, CC_PAN)]
        firsts = [events[0] for events in found if events]
        order = [index for index, _ in firsts]
        if order != sorted(order):
            yield Hit("instrument, volume and pan are not set in this order", track, firsts[0][1].tick)
        elif order and (order[-1] > file.first_note_index(track, channel) or firsts[-1][1].tick):
            yield Hit("instrument, volume or pan are set only after the start", track, firsts[-1][1].tick)


def pedal_held(file: Subject) -> Iterator[Hit]:
    for track in range(len(file.source.tracks)):
        down: dict[int, int] = {}
        for _, event in file.channel_events(track):
            if event.status & 0xF0 == CONTROL and event.data[0] == CC_PEDAL:
                channel = event.status & 0x0F
                if event.data[1] >= PEDAL_DOWN:
                    down.setdefault(channel, event.tick)
                else:
                    down.pop(channel, None)
        for channel, tick in down.items():
            yield Hit(
                f"the pedal (CC64, channel {channel + 1}) is never lifted again: the last notes ring on", track, tick
            )


def bend_held(file: Subject) -> Iterator[Hit]:
    for track in range(len(file.source.tracks)):
        bent: dict[int, int] = {}
        for _, event in file.channel_events(track):
            if event.status & 0xF0 == BEND:
                bent.pop(event.status & 0x0F, None)
                if tuple(event.data) != _BEND_CENTRE:
                    bent[event.status & 0x0F] = event.tick
        for tick in bent.values():
            yield Hit("the pitch bend does not come back to the middle: what follows is out of tune", track, tick)


def _no_control(file: Subject, number: int, message: str) -> Iterator[Hit]:
    for track, channel in file.lines:
        first = file.lines[track, channel][0].start
        if not any(event.tick <= first for _, event in file.controls(track, channel, number)):
            yield Hit(message, track, 0)
