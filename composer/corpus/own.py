"""The user's own folder as a corpus: tunes in ABC, and the melodies of MIDI files.

A MIDI file says little for certain, so this is how it is read: the melody is the track whose name says so, else the
highest busy one; chords give their top note; onsets snap to sixteenths and triplets; the key is that of the signature
where the notes agree with it, else it is found from them; phrases are taken as four bars; files of more than 48 bars
are cut every 32 bars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from composer.corpus.abc import UnusableTune, read_tune, tunes_in
from composer.corpus.tune import (
    BARS_MAX,
    BARS_MIN,
    NOTES_MAX,
    NOTES_MIN,
    PHRASE_BARS,
    Tune,
    labelled,
    tonic_below_median,
    tune_of,
)
from composer.encoding.chord_labels import chords_of
from composer.encoding.melody import DURATIONS, Event
from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes
from composer.formats.source import SourceMidi, SourceNote, read_source
from composer.formats.tune import key_of_tune, melody_notes
from composer.limits import MIDI_BYTES
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

CUT_BARS = 32
_SHORT_CUT_BARS = 16  # where 32 bars have too many notes
_GRIDS = (120, 160)  # sixteenths and triplet eighths
_LOOSE = 22.0  # mean distance from the grid, in ticks, beyond which the file was played freely
_GAP = 240  # shorter rests belong to the note before
_TIME_SIGNATURE = 0x58

_Note = tuple[int, int, int]  # start, end in ticks at 480 to the quarter, MIDI pitch


@dataclass(frozen=True, slots=True)
class Skipped:
    """A MIDI file, or a tune of an ABC file (by its number from 1), that was left out, and why."""

    file: Path
    tune: int
    reason: str


def read_own(
    paths: Sequence[Path], corpus: str, progress: Callable[[int, int, str], None] | None = None
) -> tuple[list[Tune], dict[str, int]]:
    """The tunes in ``paths``, and how many files or tunes were left out for each reason."""
    tunes, skipped = read_files(paths, corpus, progress)
    return tunes, reasons_of(skipped)


def reasons_of(skipped: Sequence[Skipped]) -> dict[str, int]:
    """How many were left out for each reason."""
    return dict(Counter(one.reason for one in skipped))


def read_files(
    paths: Sequence[Path], corpus: str, progress: Callable[[int, int, str], None] | None = None
) -> tuple[list[Tune], list[Skipped]]:
    """The tunes in ``paths``, and what was left out; no file stops the others."""
    tunes: list[Tune] = []
    skipped: list[Skipped] = []
    for index, path in enumerate(paths):
        if progress:
            progress(index, len(paths), corpus)
        for number, find in enumerate(_readers(path, corpus), 1):
            try:
                tunes += find()
            except UnusableTune as reason:
                skipped.append(Skipped(path, number, str(reason)))
            except (ValueError, ArithmeticError, LookupError) as error:
                skipped.append(Skipped(path, number, f"cannot be read ({type(error).__name__})"))
    return tunes, skipped


def _readers(path: Path, corpus: str) -> list[Callable[[], list[Tune]]]:
    """One function for each tune of the file (a MIDI file counts as one)."""
    try:
        content = read_bytes(path, MIDI_BYTES)
        if path.suffix.lower() != ".abc":
            source = read_source(content, path.name)
            return [lambda: midi_tunes(source, f"{corpus}/{printable(path.stem)}", corpus)]
    except ComposerError as error:
        reason = error.reason

        def refuse() -> list[Tune]:
            raise UnusableTune(reason)

        return [refuse]
    texts = tunes_in(content.decode("utf-8", "replace"))
    return [
        lambda text=text, number=number: [  # type: ignore[misc]
            labelled(tune_of(read_tune(text), corpus, "song"), f"{corpus}/{printable(path.stem)}/{number}")
        ]
        for number, text in enumerate(texts)
    ]


def midi_tunes(source: SourceMidi, identity: str, corpus: str) -> list[Tune]:
    """The melody of a MIDI file, in pieces of 32 bars if it is longer than 48; raises UnusableTune."""
    meter = _meter(source)
    voice = melody_notes(source, NOTES_MIN)
    if voice is None:
        raise UnusableTune("no voice of 24 notes")
    notes = _snapped(_skyline(voice, source.ticks_per_beat))
    key = key_of_tune(source, notes, notes[-1][2])
    parts = [part for part in _cut(notes, meter) if _is_tune(part, meter)]
    if not parts:
        raise UnusableTune("no melody of 24-250 notes in 8 or more bars")
    return [_tune(part, meter, key, f"{identity}#{number}", corpus) for number, part in enumerate(parts)]


def _cut(notes: list[_Note], meter: Meter) -> list[list[_Note]]:
    """``notes`` in parts that each begin in their first bar; a part crossing its end is held to it."""
    first, last = (notes[index][0] // meter.bar_ticks for index in (0, -1))
    lengths = (last - first + 1, CUT_BARS, _SHORT_CUT_BARS) if last - first < BARS_MAX else (CUT_BARS, _SHORT_CUT_BARS)
    for length in lengths:
        groups: dict[int, list[_Note]] = {}
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


def _is_tune(part: list[_Note], meter: Meter) -> bool:
    return NOTES_MIN <= len(part) <= NOTES_MAX and -(-part[-1][1] // meter.bar_ticks) >= BARS_MIN


def _meter(source: SourceMidi) -> Meter:
    found = {(event.data[0], 2 ** event.data[1]) for event in source.metas(_TIME_SIGNATURE)}
    if len(found) > 1:
        raise UnusableTune("changes metre")
    numerator, denominator = found.pop() if found else (4, 4)
    try:
        return meter_of(f"{numerator}/{denominator}")
    except ValueError:
        raise UnusableTune("a metre that cannot be notated") from None


def _skyline(notes: list[SourceNote], ticks_per_beat: int) -> list[_Note]:
    """Top notes in order, at 480 ticks to the quarter."""
    scale = TICKS_PER_BEAT / ticks_per_beat
    top: dict[int, _Note] = {}
    for note in notes:
        start, end = round(note.start * scale), round(note.end * scale)
        if start not in top or note.pitch > top[start][2]:
            top[start] = (start, end, note.pitch)
    return [top[start] for start in sorted(top)]


def _snapped(notes: list[_Note]) -> list[_Note]:
    """Onsets on the grid, each note up to the next or to a rest; raises UnusableTune for free playing."""

    def nearest(tick: int) -> int:
        return min((round(tick / grid) * grid for grid in _GRIDS), key=lambda t: abs(t - tick))

    if np.mean([abs(nearest(s) - s) for s, _, _ in notes]) > _LOOSE:
        raise UnusableTune("played freely, not on the beat")
    starts: dict[int, _Note] = {}
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


def _tune(part: list[_Note], meter: Meter, key: Key, identity: str, corpus: str) -> Tune:
    bars = -(-part[-1][1] // meter.bar_ticks)
    base = tonic_below_median([p for _, _, p in part], key)
    events: list[Event] = []
    for index, (start, end, pitch) in enumerate(part):
        following = part[index + 1][0] if index + 1 < len(part) else bars * meter.bar_ticks
        events.append(Event(start, min(end, following) - start, pitch - base))
        if following > end:
            events.append(Event(end, following - end, None))
    while events[-1].pitch is None:
        events.pop()
    if sum(e.duration not in DURATIONS for e in events) > len(events) / 4:
        raise UnusableTune("rhythms outside the vocabulary")
    ends = tuple(range(PHRASE_BARS * meter.bar_ticks, bars * meter.bar_ticks, PHRASE_BARS * meter.bar_ticks))
    chords = chords_of(events, key, meter, bars)
    return Tune(
        identity, corpus, identity, key, meter, base, tuple(events), bars, (*ends, bars * meter.bar_ticks), chords, (),
        "song",
    )  # fmt: skip
