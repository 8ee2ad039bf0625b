"""How notes must begin and end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from composer.contract.subject import Hit, Subject
from composer.formats.midi.scan import NOTE_ON
from composer.formats.midi.source import SourceNote
from composer.music.pitch import note_name


def implicit_note_off(file: Subject) -> Iterator[Hit]:
    for track in range(len(file.source.tracks)):
        for _, event in file.channel_events(track):
            if event.status & 0xF0 == NOTE_ON and event.data[1] == 0:
                yield Hit("a note ends by a note-on of velocity 0 instead of a note-off", track, event.tick)


def late_note_off(file: Subject) -> Iterator[Hit]:
    """At one tick a note that sounds ends after another has begun (a note without length is another rule's)."""
    for track in range(len(file.source.tracks)):
        begun: dict[int, set[int]] = defaultdict(set)
        now = -1
        for _, event in file.channel_events(track):
            if event.tick != now:
                begun.clear()
                now = event.tick
            channel = event.status & 0x0F
            if event.is_note_on:
                begun[channel].add(event.data[0])
            elif event.is_note_off and begun[channel] and event.data[0] not in begun[channel]:
                yield Hit(
                    "a note ends after the next has begun at the same tick: single voices stumble", track, event.tick
                )


def hanging_note(file: Subject) -> Iterator[Hit]:
    for note in file.source.notes:
        if note.off_index is None:
            yield Hit(f"{note_name(note.pitch)} is never ended: it rings on for ever", note.track, note.start)


def stray_note_off(file: Subject) -> Iterator[Hit]:
    ended = {(note.track, note.off_index) for note in file.source.notes}
    for track in range(len(file.source.tracks)):
        for index, event in file.channel_events(track):
            if event.is_note_off and (track, index) not in ended:
                yield Hit(f"{note_name(event.data[0])} ends without having begun", track, event.tick)


def empty_note(file: Subject) -> Iterator[Hit]:
    for note in file.source.notes:
        if note.off_index is not None and note.end == note.start:
            yield Hit(f"{note_name(note.pitch)} has no length: many programs leave it out", note.track, note.start)


def overlapping_notes(file: Subject) -> Iterator[Hit]:
    """One pitch sounds twice at once on a channel."""
    last: dict[tuple[int, int], SourceNote] = {}
    for note in file.source.notes:
        key = note.channel, note.pitch
        before = last.get(key)
        if before is not None and before.end > note.start:
            where = "" if before.track == note.track else f" (it also sounds in {file.label(before.track)!r})"
            yield Hit(
                f"{note_name(note.pitch)} begins while it still sounds: one of the two is cut short{where}",
                note.track, note.start,
            )  # fmt: skip
        if before is None or note.end >= before.end:
            last[key] = note
