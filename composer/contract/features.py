"""What a file has that a program may drop or change on import: one table of features and how each is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from composer.contract.file_rules import PORT
from composer.contract.subject import Hit, Subject
from composer.formats.midi.chords import chord_track_of
from composer.formats.midi.scan import (
    BEND,
    CONTROL,
    KEY_PRESSURE,
    KEY_SIGNATURE,
    META,
    PRESSURE,
    PROGRAM,
    SET_TEMPO,
    SYSEX,
    TIME_SIGNATURE,
)
from composer.formats.midi.source import COPYRIGHT, CUE, LYRIC, MARKER, TEXT, TRACK_NAME
from composer.formats.midi.writer import DRUM_CHANNEL
from composer.music.notes import CC_BANK, CC_BANK_LOW, CC_PAN, CC_VOLUME
from composer.music.time import TICKS_PER_BEAT

# Notation has 32nds and triplets of 16ths: the smallest steps that a score would show, in 480ths of a quarter.
_GRIDS_TICKS = (60, 80)


@dataclass(frozen=True, slots=True)
class Feature:
    """``find`` gives each place where the file has it."""

    name: str
    about: str
    find: Callable[[Subject], Iterator[Hit]]


def _always(file: Subject) -> Iterator[Hit]:
    del file
    yield Hit("")


def _type_0(file: Subject) -> Iterator[Hit]:
    if file.is_type_0:
        yield Hit("")


def _type_1(file: Subject) -> Iterator[Hit]:
    if not file.is_type_0:
        yield Hit("")


def _resolution(file: Subject) -> Iterator[Hit]:
    if file.source.ticks_per_beat != TICKS_PER_BEAT:
        yield Hit("")


def _meta(kind: int, first: int = 0) -> Callable[[Subject], Iterator[Hit]]:
    def find(file: Subject) -> Iterator[Hit]:
        found = file.metas(kind)[first:]
        return (Hit("", track, event.tick) for track, event in found)

    return find


def _title(file: Subject) -> Iterator[Hit]:
    if file.source.track_names[0] and not any(track == 0 for track, _ in file.lines):
        yield Hit("", 0, 0)


def _names(file: Subject) -> Iterator[Hit]:
    for track in sorted({track for track, _ in file.lines}):
        if file.source.track_names[track]:
            yield Hit("", track, 0)


def _names_not_ascii(file: Subject) -> Iterator[Hit]:
    return (Hit("", t.track, t.tick) for t in file.source.texts(TRACK_NAME) if not t.text.isascii())


def _chord_symbols(file: Subject) -> Iterator[Hit]:
    chords = chord_track_of(file.source)
    return (Hit("", t.track, t.tick) for t in file.source.texts(TEXT) if t.track == chords)


def _texts(file: Subject) -> Iterator[Hit]:
    chords = chord_track_of(file.source)
    return (Hit("", t.track, t.tick) for t in file.source.texts(TEXT) if t.track != chords)


def _key_in_conductor(file: Subject) -> Iterator[Hit]:
    playing = {track for track, _ in file.lines}
    return (Hit("", track, e.tick) for track, e in file.metas(KEY_SIGNATURE) if track not in playing)


def _channel(kind: int) -> Callable[[Subject], Iterator[Hit]]:
    def find(file: Subject) -> Iterator[Hit]:
        for track in range(len(file.source.tracks)):
            for _, event in file.channel_events(track):
                if event.status & 0xF0 == kind:
                    yield Hit("", track, event.tick)

    return find


def _control(accept: Callable[[int], bool]) -> Callable[[Subject], Iterator[Hit]]:
    def find(file: Subject) -> Iterator[Hit]:
        for track in range(len(file.source.tracks)):
            for _, event in file.channel_events(track):
                if event.status & 0xF0 == CONTROL and accept(event.data[0]):
                    yield Hit("", track, event.tick)

    return find


def _program_changes(file: Subject) -> Iterator[Hit]:
    """Programs after a line's first."""
    for track, channel in file.lines:
        events = [e for _, e in file.channel_events(track) if e.status == PROGRAM | channel]
        yield from (Hit("", track, event.tick) for event in events[1:])


def _mixed_channels(file: Subject) -> Iterator[Hit]:
    tracks = [track for track, _ in file.lines]
    return (Hit("", track, 0) for track in sorted(set(tracks)) if tracks.count(track) > 1)


def _shared_channel(file: Subject) -> Iterator[Hit]:
    return (Hit("", tracks[1], 0) for tracks in file.channels.values() if len(tracks) > 1)


def _drums(file: Subject) -> Iterator[Hit]:
    return (Hit("", track, 0) for track, channel in file.lines if channel == DRUM_CHANNEL)


def _system_exclusive(file: Subject) -> Iterator[Hit]:
    for track, events in enumerate(file.source.tracks):
        yield from (Hit("", track, e.tick) for e in events if SYSEX <= e.status < META)


def _performed(file: Subject) -> Iterator[Hit]:
    """Notes whose onset no score would show."""
    unit = file.source.ticks_per_beat
    for note in file.source.notes:
        tick = note.start * TICKS_PER_BEAT
        if all(tick % (grid * unit) for grid in _GRIDS_TICKS):
            yield Hit("", note.track, note.start)


def _overlaps(file: Subject) -> Iterator[Hit]:
    """A line in which a note sounds on while another begins and ends differently: more than one voice."""
    for notes in file.lines.values():
        for before, after in pairwise(notes):
            if before.start < after.start < before.end:
                yield Hit("", after.track, after.start)


def _empty_start(file: Subject) -> Iterator[Hit]:
    first = min(note.start for note in file.source.notes)
    if file.place(first).bar > 1:
        yield Hit("", None, first)


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("type 0", "all parts in one track", _type_0),
        Feature("type 1", "a track for each part", _type_1),
        Feature("resolution", "other than 480 ticks to the quarter", _resolution),
        Feature("title", "the name of a first track without notes", _title),
        Feature("track names", "names of tracks that play", _names),
        Feature("accented names", "track names beyond ASCII", _names_not_ascii),
        Feature("tempo", "the first tempo", lambda file: iter(list(_meta(SET_TEMPO)(file))[:1])),
        Feature("tempo changes", "tempos after the first", _meta(SET_TEMPO, 1)),
        Feature("metre", "the first time signature", lambda file: iter(list(_meta(TIME_SIGNATURE)(file))[:1])),
        Feature("metre changes", "time signatures after the first", _meta(TIME_SIGNATURE, 1)),
        Feature("key signature", "key signatures", _meta(KEY_SIGNATURE)),
        Feature("key in conductor", "key signatures in a track without notes", _key_in_conductor),
        Feature("markers", "section names", _meta(MARKER)),
        Feature("cue points", "cue points", _meta(CUE)),
        Feature("texts", "text events other than chord symbols", _texts),
        Feature("chord symbols", "chord symbols as text in a track of their own", _chord_symbols),
        Feature("lyrics", "lyrics", _meta(LYRIC)),
        Feature("copyright", "a copyright text", _meta(COPYRIGHT)),
        Feature("program", "an instrument for each track", _channel(PROGRAM)),
        Feature("program changes", "instrument changes within a track", _program_changes),
        Feature("bank select", "bank select (CC0, CC32)", _control(lambda n: n in (CC_BANK, CC_BANK_LOW))),
        Feature("volume and pan", "volume (CC7) and pan (CC10)", _control(lambda n: n in (CC_VOLUME, CC_PAN))),
        Feature("pan", "pan (CC10)", _control(lambda n: n == CC_PAN)),
        Feature("controllers", "pedal, expression and other controllers",
                _control(lambda n: n not in (CC_BANK, CC_BANK_LOW, CC_VOLUME, CC_PAN))),
        Feature("pitch bend", "pitch bend", _channel(BEND)),
        Feature("aftertouch", "channel pressure", _channel(PRESSURE)),
        Feature("key aftertouch", "pressure of single keys", _channel(KEY_PRESSURE)),
        Feature("mixed channels", "several channels in one track", _mixed_channels),
        Feature("shared channel", "several tracks on one channel", _shared_channel),
        Feature("drums", "drums on channel 10", _drums),
        Feature("system exclusive", "system exclusive messages", _system_exclusive),
        Feature("ports", "port events", _meta(PORT)),
        Feature("performed timing", "notes beside the grid of 32nds and triplets", _performed),
        Feature("overlapping lines", "notes that sound on while the next begins", _overlaps),
        Feature("empty start", "empty bars at the beginning", _empty_start),
        Feature("any file", "every file", _always),
    )
}  # fmt: skip
