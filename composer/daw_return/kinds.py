"""Events besides notes and controllers: to what they belong, and which of them a returned file has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from composer.formats.midi.scan import (
    END_OF_TRACK,
    KEY_SIGNATURE,
    META,
    SET_TEMPO,
    SMPTE_OFFSET,
    SYSEX,
    TIME_SIGNATURE,
    RawEvent,
)
from composer.formats.midi.source import COPYRIGHT, CUE, LYRIC, MARKER, TEXT, TRACK_NAME, SourceMidi, decoded
from composer.formats.midi.writer import KEY_TEXT, TITLE_TEXT

Kind = tuple[int, int]
Places = frozenset[tuple[int, int]]
_SEQUENCER = 0x7F
# Old-style routing, which programs read differently.
ROUTING = frozenset({0x20, 0x21})
_SONG_KINDS = frozenset({0x00, COPYRIGHT, MARKER, CUE, SET_TEMPO, SMPTE_OFFSET, TIME_SIGNATURE, KEY_SIGNATURE})
# Kinds that have a rule of their own, by which they come back.
_TOLD_ELSEWHERE = frozenset({END_OF_TRACK, TRACK_NAME, MARKER, SET_TEMPO, TIME_SIGNATURE, KEY_SIGNATURE})
_NAMES = {
    0x00: "sequence number", TEXT: "text", COPYRIGHT: "copyright", 0x04: "instrument name", LYRIC: "lyric",
    CUE: "cue point", 0x08: "program name", 0x09: "device name", 0x20: "channel assignment", 0x21: "port",
    SMPTE_OFFSET: "SMPTE offset", _SEQUENCER: "event of one make of sequencer",
}  # fmt: skip
# What people write; the others are what programs write.
_WORDS = frozenset({(META, TEXT), (META, LYRIC), (META, CUE)})


def is_of_song(event: RawEvent) -> bool:
    """Whether an event belongs in the conductor whatever track it stands in."""
    return event.status == META and event.meta in _SONG_KINDS


def is_of_conductor(event: RawEvent) -> bool:
    """Whether an event that no other rule places stays in a conductor where it stands: what only one make of program
    or synthesizer reads."""
    return SYSEX <= event.status < META or event.meta == _SEQUENCER


def is_text(event: RawEvent, start: str) -> bool:
    return event.meta == TEXT and decoded(event.data).startswith(start)


def has_rule(event: RawEvent) -> bool:
    """Whether an event comes back by a rule of its own: notes, controllers, the song's, title and key in words."""
    if event.status < SYSEX:
        return True
    return event.meta in _TOLD_ELSEWHERE or is_text(event, TITLE_TEXT) or is_text(event, KEY_TEXT)


def kind_of(event: RawEvent) -> Kind:
    return event.status, event.meta


def kinds_in(source: SourceMidi, symbols: Places) -> frozenset[Kind]:
    """The kinds of events of a file that have no rule of their own; ``symbols`` are its chord symbols."""
    return frozenset(
        kind_of(e) for n, track in enumerate(source.tracks) for i, e in enumerate(track)
        if not has_rule(e) and (n, i) not in symbols
    )  # fmt: skip


def lacking(events: Iterable[RawEvent], present: frozenset[Kind]) -> list[RawEvent]:
    """Those of the piece's events whose kind a file does not have at all, as a program that loses it would lose it."""
    return [e for e in events if not has_rule(e) and kind_of(e) not in present]


def is_word(event: RawEvent) -> bool:
    """Whether people write such events: words, remarks, cue points."""
    return kind_of(event) in _WORDS


def in_words(events: Iterable[RawEvent], counted: Callable[[int, str], str]) -> str:
    """``"64 lyrics, 1 cue point"``; ``counted`` tells a number of things."""
    found = Counter(kind_of(event) for event in events)
    names = {kind: _NAMES.get(kind[1], "other event") if kind[0] == META else "system exclusive" for kind in found}
    totals = Counter({name: sum(n for kind, n in found.items() if names[kind] == name) for name in names.values()})
    return ", ".join(_plural(name, number, counted) for name, number in totals.items())


def _plural(name: str, number: int, counted: Callable[[int, str], str]) -> str:
    head, of, rest = name.partition(" of ")
    return "copyright" if name == "copyright" else f"{counted(number, head)}{of}{rest}"
