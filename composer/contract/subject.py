"""A MIDI file as the rules look at it: its events, its bars, and which track plays what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from composer.formats.midi.scan import CONTROL, END_OF_TRACK, SYSEX, RawEvent
from composer.formats.midi.source import SourceMidi, SourceNote
from composer.music.bars import BarMap, Place


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: in which track (None: the whole file), at which tick (None: nowhere in particular)."""

    message: str
    track: int | None = None
    tick: int | None = None


class Subject:
    """What every rule may ask about a file."""

    def __init__(self, source: SourceMidi) -> None:
        self.source = source

    @property
    def is_type_0(self) -> bool:
        return self.source.format == 0

    @cached_property
    def bars(self) -> BarMap:
        return self.source.bar_map

    def place(self, tick: int) -> Place:
        return self.bars.place(tick)

    def label(self, track: int) -> str:
        """The track's name, else its number from 1."""
        return self.source.track_names[track] or f"track {track + 1}"

    @cached_property
    def lines(self) -> dict[tuple[int, int], list[SourceNote]]:
        """(track, channel 0..15) -> its notes by start."""
        found: dict[tuple[int, int], list[SourceNote]] = defaultdict(list)
        for note in self.source.notes:
            found[note.track, note.channel].append(note)
        return dict(sorted(found.items()))

    @cached_property
    def channels(self) -> dict[int, list[int]]:
        """Channel 0..15 -> the tracks that play on it."""
        found: dict[int, list[int]] = defaultdict(list)
        for track, channel in self.lines:
            found[channel].append(track)
        return dict(found)

    @cached_property
    def end_ticks(self) -> tuple[int, ...]:
        return tuple(track[-1].tick if track else 0 for track in self.source.tracks)

    def metas(self, kind: int) -> list[tuple[int, RawEvent]]:
        """(track, event) of all meta events of a type, by tick."""
        found = [(n, e) for n, track in enumerate(self.source.tracks) for e in track if e.meta == kind]
        return sorted(found, key=lambda item: (item[1].tick, item[0]))

    def channel_events(self, track: int) -> Iterator[tuple[int, RawEvent]]:
        """(index, event) of the notes, controllers, programs ... of a track."""
        return ((i, e) for i, e in enumerate(self.source.tracks[track]) if e.status < SYSEX)

    def controls(self, track: int, channel: int, number: int) -> list[tuple[int, RawEvent]]:
        """(index, event) of one controller of a line."""
        return [(i, e) for i, e in self.channel_events(track) if e.status == CONTROL | channel and e.data[0] == number]

    def first_note_index(self, track: int, channel: int) -> int:
        return min(note.on_index for note in self.lines[track, channel])

    def has_end(self, track: int) -> bool:
        events = self.source.tracks[track]
        return bool(events) and events[-1].meta == END_OF_TRACK
