"""What a whole file must have: its type, its conductor track, its ends."""

from __future__ import annotations

from collections.abc import Iterator

from composer.contract.subject import Hit, Subject
from composer.formats.midi.scan import KEY_SIGNATURE, META, SET_TEMPO, SYSEX, TIME_SIGNATURE
from composer.formats.midi.source import MARKER
from composer.music.time import TICKS_PER_BEAT

PORT, CHANNEL_PREFIX = 0x21, 0x20
LAST_TEXT_TYPE = 0x0F
THIRTY_SECONDS_PER_QUARTER = 8


def not_type_1(file: Subject) -> Iterator[Hit]:
    if file.is_type_0:
        yield Hit("is a type 0 file: all parts are in one track; export it as type 1")


def wrong_resolution(file: Subject) -> Iterator[Hit]:
    found = file.source.ticks_per_beat
    if found != TICKS_PER_BEAT:
        yield Hit(f"counts {found} ticks to the quarter instead of {TICKS_PER_BEAT}")


def notes_in_conductor(file: Subject) -> Iterator[Hit]:
    if file.is_type_0 or len(file.source.tracks) < 2:
        return
    event = next((e for _, e in file.channel_events(0)), None)
    if event is not None:
        yield Hit("the first track plays; it should hold only tempo, metre, key and markers", 0, event.tick)


def no_title(file: Subject) -> Iterator[Hit]:
    if not file.source.track_names[0]:
        yield Hit("has no title: the first track has no name", 0, 0)


def no_tempo_at_start(file: Subject) -> Iterator[Hit]:
    yield from _missing_at_start(file, SET_TEMPO, "no tempo at the start: programs take 120 bpm, or their own")


def no_metre_at_start(file: Subject) -> Iterator[Hit]:
    yield from _missing_at_start(file, TIME_SIGNATURE, "no time signature at the start: programs take 4/4")


def no_key_at_start(file: Subject) -> Iterator[Hit]:
    yield from _missing_at_start(file, KEY_SIGNATURE, "no key signature at the start: scores show none, or guess")


def several_tempos_at_start(file: Subject) -> Iterator[Hit]:
    yield from _several_at_start(file, SET_TEMPO, "tempos")


def several_metres_at_start(file: Subject) -> Iterator[Hit]:
    yield from _several_at_start(file, TIME_SIGNATURE, "time signatures")


def odd_time_signature(file: Subject) -> Iterator[Hit]:
    for track, event in file.metas(TIME_SIGNATURE):
        _, _, clocks, thirty_seconds = event.data
        if thirty_seconds != THIRTY_SECONDS_PER_QUARTER or not clocks:
            yield Hit(
                f"a time signature with {thirty_seconds} 32nds to the quarter and {clocks} clocks to the click "
                "(8, and a number over 0, are right)", track, event.tick,
            )  # fmt: skip


def metre_within_bar(file: Subject) -> Iterator[Hit]:
    for tick in file.bars.cuts:
        yield Hit("the metre changes within a bar: the bar lines of programs will differ from here on", 0, tick)


def conductor_event_elsewhere(file: Subject) -> Iterator[Hit]:
    names = {
        SET_TEMPO: "a tempo",
        TIME_SIGNATURE: "a time signature",
        KEY_SIGNATURE: "a key signature",
        MARKER: "a marker",
    }
    for kind, name in names.items():
        for track, event in file.metas(kind):
            if track and not file.is_type_0:
                yield Hit(f"{name} outside the first track: many programs read it only there", track, event.tick)


def unequal_ends(file: Subject) -> Iterator[Hit]:
    last = max(file.end_ticks)
    for track, end in enumerate(file.end_ticks):
        if end != last:
            yield Hit(f"ends before the others: at {file.place(end)}, the file at {file.place(last)}", track, end)


def end_within_bar(file: Subject) -> Iterator[Hit]:
    last = max(file.end_ticks)
    if not file.bars.is_bar_line(last):
        yield Hit(f"ends within a bar ({file.place(last)}): loops and clips come out too short", None, last)


def no_end_of_track(file: Subject) -> Iterator[Hit]:
    for track in range(len(file.source.tracks)):
        if not file.has_end(track):
            yield Hit("the track has no end-of-track event", track)


def empty_start(file: Subject) -> Iterator[Hit]:
    first = min(note.start for note in file.source.notes)
    if file.place(first).bar > 1:
        yield Hit(f"the music begins only in bar {file.place(first).bar}; the bars before it are empty", None, first)


def system_exclusive(file: Subject) -> Iterator[Hit]:
    for track, events in enumerate(file.source.tracks):
        for event in events:
            if SYSEX <= event.status < META:
                yield Hit("a system exclusive message, meant for one make of synthesizer", track, event.tick)


def port_event(file: Subject) -> Iterator[Hit]:
    for kind in (CHANNEL_PREFIX, PORT):
        for track, event in file.metas(kind):
            yield Hit("an old-style port or channel prefix event, which programs read differently", track, event.tick)


def text_not_utf8(file: Subject) -> Iterator[Hit]:
    for kind in range(1, LAST_TEXT_TYPE + 1):
        for track, event in file.metas(kind):
            try:
                event.data.decode("utf-8")
            except UnicodeDecodeError:
                yield Hit(
                    "a text that is not in UTF-8: its accents will look wrong in most programs", track, event.tick
                )


def _missing_at_start(file: Subject, kind: int, message: str) -> Iterator[Hit]:
    if not any(event.tick == 0 for _, event in file.metas(kind)):
        yield Hit(message, None, 0)


def _several_at_start(file: Subject, kind: int, things: str) -> Iterator[Hit]:
    count = sum(event.tick == 0 for _, event in file.metas(kind))
    if count > 1:
        yield Hit(f"{count} {things} at the start: which of them counts differs between programs", None, 0)
