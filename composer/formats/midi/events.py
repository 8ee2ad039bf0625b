"""Events as they are made for a file, and the order in which they stand at one tick."""

from __future__ import annotations

from collections.abc import Iterable

from composer.formats.midi.scan import CONTROL, END_OF_TRACK, META, NOTE_OFF, NOTE_ON, PROGRAM, RawEvent

# At one tick: names and what sets up the track, notes that end, events that a file had, new controllers and texts,
# notes that begin, and then the ends of those without length.
HEAD, OFF, KEPT, SET, ON, LATE_OFF = range(6)


def in_order(placed: Iterable[tuple[int, RawEvent]]) -> list[RawEvent]:
    """The events of (place at its tick, event) by tick and place; those that share both stay as they were given."""
    return [event for _, event in sorted(placed, key=lambda item: (item[1].tick, item[0]))]


def note_on(tick: int, channel: int, pitch: int, velocity: int) -> RawEvent:
    """``channel`` is 0..15 here and below."""
    return RawEvent(tick, NOTE_ON | channel, -1, bytes((pitch, velocity)))


def note_off(tick: int, channel: int, pitch: int, velocity: int = 0) -> RawEvent:
    return RawEvent(tick, NOTE_OFF | channel, -1, bytes((pitch, velocity)))


def control_change(tick: int, channel: int, number: int, value: int) -> RawEvent:
    return RawEvent(tick, CONTROL | channel, -1, bytes((number, value)))


def program_change(tick: int, channel: int, program: int) -> RawEvent:
    return RawEvent(tick, PROGRAM | channel, -1, bytes((program,)))


def meta_event(tick: int, kind: int, content: bytes) -> RawEvent:
    return RawEvent(tick, META, kind, content)


def end_of_track(tick: int) -> RawEvent:
    return meta_event(tick, END_OF_TRACK, b"")
