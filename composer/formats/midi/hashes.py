"""A hash for every track and bar of a MIDI file, to see which bars a person changed."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from math import ceil
from typing import Any

from composer.formats.midi.chords import chord_places, chord_track_of
from composer.formats.midi.scan import KEY_SIGNATURE, SET_TEMPO, SYSEX, TIME_SIGNATURE, RawEvent
from composer.formats.midi.source import LYRIC, MARKER, SourceMidi, decoded, read_source
from composer.formats.midi.writer import CHORD_TRACK
from composer.music.time import TICKS_PER_BEAT

HASH_CHARS = 8  # 32 bits: enough to tell one bar from its edited self
EMPTY = "-"  # a bar without events
# Files with more bars times tracks are not worth a record of this size.
CELLS_MAX = 50_000
CONDUCTOR = "(conductor)"  # tempo, metre, key and markers, whichever track they stand in
CHORD_NOTES = f"{CHORD_TRACK} (notes)"  # a track that plays and is called like that of the chord symbols
MICROSECONDS_PER_MINUTE = 60_000_000
# A track under another name with at least this share of the old one's bars is the old one, renamed.
SAME_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class EditedBars:
    """The bars (from 1) of a track that are not as written; a track that is new or gone has all its bars."""

    track: str
    bars: tuple[int, ...]


def by_track(cells: Iterable[tuple[str, int]]) -> tuple[EditedBars, ...]:
    """Cells (track, bar) as the bars of each track."""
    bars: dict[str, list[int]] = defaultdict(list)
    for track, bar in sorted(cells):
        bars[track].append(bar)
    return tuple(EditedBars(track, tuple(numbers)) for track, numbers in bars.items())


def bar_hashes(data: bytes, name: str) -> dict[str, str]:
    """Track name -> the hashes of its bars with spaces between: of what plays and is sung, under ``CONDUCTOR`` of what
    leads.

    Of the chord track its symbols count too. Times are hashed in 480ths of a quarter, so that a DAW's other resolution
    alone is no edit. Raises BadInput or OverLimit for a file that cannot be read.
    """
    source = read_source(data, name)
    bars, chords = _Bars(source), chord_track_of(source)
    symbols = chord_places(source, chords) if chords is not None else frozenset()
    if bars.count * (len(source.tracks) + 1) > CELLS_MAX:
        return {}
    cells: dict[str, dict[int, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
    labels = track_labels(source)
    for note in source.notes:
        start, end = (bars.fine(tick) for tick in (note.start, note.end))
        cells[labels[note.track]][bars.index(note.start)].append((start, end, note.pitch, note.velocity))
    for number, track in enumerate(source.tracks):
        for index, event in enumerate(track):
            if 0xA0 <= event.status < SYSEX:
                found = (bars.fine(event.tick), event.status >> 4, *event.data)
                cells[labels[number]][bars.index(event.tick)].append(found)
            elif (led := _leading(event)) is not None:
                cells[CONDUCTOR][bars.index(event.tick)].append((bars.fine(event.tick), *led))
            elif event.meta == LYRIC:
                sung = (bars.fine(event.tick), -LYRIC, decoded(event.data))  # unlike any end of a note
                cells[labels[number]][bars.index(event.tick)].append(sung)
            elif (number, index) in symbols:
                cells[CHORD_TRACK][bars.index(event.tick)].append((bars.fine(event.tick), decoded(event.data)))
    return {CONDUCTOR: EMPTY, **{label: _joined(own) for label, own in cells.items()}}


def changed_bars(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[EditedBars, ...]:
    """Where two results of ``bar_hashes`` differ, track by track, under the names that the tracks have in ``after``.

    What leads is left out where ``before`` knows nothing of it, and so are chord symbols, also where they are gone:
    many a DAW loses them.
    """
    former = renamed(before, after)
    unknown = {label for label in (CONDUCTOR, CHORD_TRACK) if label not in before}
    lost = {CHORD_TRACK} - {*after}
    labels = {*before, *after} - set(former.values()) - unknown - lost
    found = []
    for label in sorted(labels):
        old, new = _split(before, former.get(label, label)), _split(after, label)
        length = max(len(old), len(new))
        old, new = (bars + [EMPTY] * (length - len(bars)) for bars in (old, new))
        bars = tuple(i + 1 for i in range(length) if old[i] != new[i])
        if bars:
            found.append(EditedBars(label, bars))
    return tuple(found)


def renamed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """New name -> old name of the tracks that have another name in ``after`` but mostly the bars they had."""
    # Records of old have a track that plays under the name of the chord symbols; with those it shares no bar.
    gone = [label for label in before if label == CHORD_TRACK or label not in {*after, CONDUCTOR}]
    new = [label for label in after if label not in {*before, CONDUCTOR, CHORD_TRACK}]
    pairs = sorted((-_share(before[old], after[label]), old, label) for old in gone for label in new)
    found: dict[str, str] = {}
    for share, old, label in pairs:
        if -share >= SAME_SHARE and label not in found and old not in found.values():
            found[label] = old
    return found


def united(*edits: Iterable[EditedBars]) -> tuple[EditedBars, ...]:
    """All the bars of all the tracks, each once."""
    bars: dict[str, set[int]] = defaultdict(set)
    for edit in (edit for some in edits for edit in some):
        bars[edit.track].update(edit.bars)
    return tuple(EditedBars(track, tuple(sorted(bars[track]))) for track in sorted(bars) if bars[track])


class _Bars:
    """The bars of a file by its ticks."""

    def __init__(self, source: SourceMidi) -> None:
        self._ticks_per_beat = source.ticks_per_beat
        places = source.bar_map
        self.count = places.place(source.end_tick).bar
        # A file of more bars is not hashed at all.
        shown = min(self.count, CELLS_MAX)
        self._starts = [ceil(places.start(bar)) for bar in range(1, shown + 1)]

    def index(self, tick: int) -> int:
        """The bar that holds ``tick``, from 0."""
        return max(0, bisect_right(self._starts, tick) - 1)

    def fine(self, tick: int) -> int:
        """``tick`` in 480ths of a quarter."""
        return tick * TICKS_PER_BEAT // self._ticks_per_beat


def _leading(event: RawEvent) -> tuple[Any, ...] | None:
    """What of a tempo, metre, key or marker counts: not the clicks of a metronome, and no millionths of a beat."""
    if event.meta == SET_TEMPO:
        return event.meta, round(MICROSECONDS_PER_MINUTE / max(1, int.from_bytes(event.data)), 2)
    if event.meta == TIME_SIGNATURE:
        return event.meta, *event.data[:2]
    if event.meta == KEY_SIGNATURE:
        return event.meta, *event.data
    return (event.meta, decoded(event.data)) if event.meta == MARKER else None


def track_labels(source: SourceMidi) -> list[str]:
    """A name for each track, as cells are called: its own, numbered where it is taken or empty, and no two alike.

    ``CHORD_TRACK`` is that of the chord symbols alone, whatever its name; a track of that name that plays is
    ``CHORD_NOTES``.
    """
    chords, playing = chord_track_of(source), {note.track for note in source.notes}
    taken, labels = {CONDUCTOR, CHORD_TRACK}, []
    for number, name in enumerate(source.track_names):
        wanted = CHORD_NOTES if name == CHORD_TRACK and number in playing else name or f"track {number + 1}"
        names = chain([wanted], (f"{wanted} ({n})" for n in count(number + 1)))
        free = (label for label in names if label not in taken)
        labels.append(CHORD_TRACK if number == chords else next(free))
        taken.add(labels[-1])
    return labels


def _share(old: str, new: str) -> float:
    """Which part of the bars with events, in either, is the same in both."""
    pairs = list(zip(old.split(), new.split(), strict=False))
    same = sum(one == other != EMPTY for one, other in pairs)
    filled = max(sum(bar != EMPTY for bar in text.split()) for text in (old, new))
    return same / filled if filled else 0.0


def _split(hashes: Mapping[str, str], label: str) -> list[str]:
    return hashes.get(label, "").split()


def _joined(bars: Mapping[int, Sequence[tuple[Any, ...]]]) -> str:
    return " ".join(_hash(bars[number]) if number in bars else EMPTY for number in range(max(bars) + 1))


def _hash(events: Sequence[tuple[Any, ...]]) -> str:
    return hashlib.sha256(repr(sorted(events)).encode()).hexdigest()[:HASH_CHARS]
