"""A line of notes from a file of the user -> tunes: on the grid, cut into pieces, with rests, phrases and chords."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from composer.corpus.abc import UnusableTune
from composer.corpus.phrases import phrase_ends
from composer.corpus.tune import BARS_MAX, BARS_MIN, NOTES_MAX, NOTES_MIN, Tune, tonic_below_median
from composer.encoding.chord_labels import chords_of
from composer.encoding.melody import DURATIONS, Event
from composer.music.key import Key
from composer.music.phrases import PHRASE_BARS
from composer.music.time import Meter

CUT_BARS = 32
_SHORT_CUT_BARS = 16  # where 32 bars have too many notes
_GRIDS = (120, 160)  # sixteenths and triplet eighths
_LOOSE = 22.0  # mean distance from the grid, in ticks, beyond which the file was played freely
_GAP = 240  # shorter rests belong to the note before
_BARS_PER_REST = 8  # a melody that rests at least so often tells its phrases

Note = tuple[int, int, int]  # start, end in ticks at 480 to the quarter, MIDI pitch


def snapped(notes: Sequence[Note]) -> list[Note]:
    """Onsets on the grid, each note up to the next or to a rest; raises UnusableTune for free playing."""

    def nearest(tick: int) -> int:
        return min((round(tick / grid) * grid for grid in _GRIDS), key=lambda t: abs(t - tick))

    if np.mean([abs(nearest(s) - s) for s, _, _ in notes]) > _LOOSE:
        raise UnusableTune("played freely, not on the beat")
    starts: dict[int, Note] = {}
    for start, end, pitch in notes:
        at = nearest(start)
        if at not in starts or pitch > starts[at][2]:
            starts[at] = (at, max(at + min(_GRIDS), nearest(end)), pitch)
    ordered = [starts[at] for at in sorted(starts)]
    closed = []
    for index, (start, end, pitch) in enumerate(ordered):
        following = ordered[index + 1][0] if index + 1 < len(ordered) else end
        closed.append((start, following if following - end < _GAP else end, pitch))
    return closed


def tunes_of_line(
    notes: list[Note],
    meter: Meter,
    key: Key,
    identity: str,
    corpus: str,
    title: str = "",
    beats_per_minute: float | None = None,
) -> list[Tune]:
    """``notes`` (see ``snapped``) in pieces of 32 bars if they are longer than 48; raises UnusableTune without any."""
    parts = [part for part in _cut(notes, meter) if _is_tune(part, meter)]
    if not parts:
        raise UnusableTune("no melody of 24-250 notes in 8 or more bars")
    tunes = []
    for number, part in enumerate(parts):
        bars = -(-part[-1][1] // meter.bar_ticks)
        base = tonic_below_median([p for _, _, p in part], key)
        events = _events(part, bars * meter.bar_ticks, base)
        chords = chords_of(events, key, meter, bars)
        name = f"{identity}#{number}"
        tunes.append(
            Tune(name, corpus, title or name, key, meter, base, events, bars, _phrases(part, meter, bars), chords, (),
                 "song", beats_per_minute=beats_per_minute)
        )  # fmt: skip
    return tunes


def _cut(notes: list[Note], meter: Meter) -> list[list[Note]]:
    """``notes`` in parts that each begin in their first bar; a part crossing its end is held to it."""
    first, last = (notes[index][0] // meter.bar_ticks for index in (0, -1))
    lengths = (last - first + 1, CUT_BARS, _SHORT_CUT_BARS) if last - first < BARS_MAX else (CUT_BARS, _SHORT_CUT_BARS)
    for length in lengths:
        groups: dict[int, list[Note]] = {}
        for note in notes:
            groups.setdefault((note[0] // meter.bar_ticks - first) // length, []).append(note)
        if all(len(group) <= NOTES_MAX for group in groups.values()):
            break
    parts = []
    for number, group in groups.items():
        begin = group[0][0] // meter.bar_ticks * meter.bar_ticks
        end = (first + (number + 1) * length) * meter.bar_ticks
        parts.append([(s - begin, min(e, end) - begin, p) for s, e, p in group])
    return parts


def _is_tune(part: list[Note], meter: Meter) -> bool:
    return NOTES_MIN <= len(part) <= NOTES_MAX and -(-part[-1][1] // meter.bar_ticks) >= BARS_MIN


def _events(part: list[Note], end: int, base: int) -> tuple[Event, ...]:
    """Notes and the rests between them; raises UnusableTune for rhythms that the vocabulary cannot say."""
    events: list[Event] = []
    for index, (start, stop, pitch) in enumerate(part):
        following = part[index + 1][0] if index + 1 < len(part) else end
        events.append(Event(start, min(stop, following) - start, pitch - base))
        if following > stop:
            events.append(Event(stop, following - stop, None))
    while events[-1].pitch is None:
        events.pop()
    if sum(e.duration not in DURATIONS for e in events) > len(events) / 4:
        raise UnusableTune("rhythms outside the vocabulary")
    return tuple(events)


def _phrases(part: list[Note], meter: Meter, bars: int) -> tuple[int, ...]:
    """Where the rests tell it, else every four bars."""
    bar = meter.bar_ticks
    rests = sum(two[0] - one[1] >= _GAP for one, two in pairwise(part))
    if rests * _BARS_PER_REST >= bars:
        return phrase_ends(part, meter, bars * bar)
    return (*range(PHRASE_BARS * bar, bars * bar, PHRASE_BARS * bar), bars * bar)
