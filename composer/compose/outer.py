"""The outer voices after texture: a bass figure moves between the chords too, and must not run with the melody.

Each bass note that arrives in parallel fifths or octaves with the melody is moved to another tone of its chord, the
nearest that mends the fault without making one with the note after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from composer.music.notes import ChordSpan, Note

PERFECT = (0, 7)
MAX_LEAP = 12


def mended_bass(
    bass: Sequence[Note], melody: Sequence[Note], spans: Sequence[ChordSpan], low: int, high: int
) -> tuple[Note, ...]:
    """``bass`` (one line, in order) without parallels against ``melody``, within ``low``..``high`` MIDI pitches."""
    line = list(bass)
    for index, note in enumerate(line):
        if not _faults(line, index, melody):
            continue
        options = [replace(note, pitch=p) for p in _options(note, spans, low, high)]
        for option in sorted(options, key=lambda o: (abs(o.pitch - note.pitch) % 12 != 0, abs(o.pitch - note.pitch))):
            trial = [*line[:index], option, *line[index + 1 :]]
            if abs(option.pitch - line[index - 1].pitch) <= MAX_LEAP and _mends(line, trial, index, melody):
                line = trial
                break
    return tuple(line)


def _mends(line: Sequence[Note], trial: Sequence[Note], index: int, melody: Sequence[Note]) -> bool:
    """Whether ``trial`` has no fault at ``index`` and no new one right after."""
    if _faults(trial, index, melody):
        return False
    return index + 1 == len(trial) or not _faults(trial, index + 1, melody) or _faults(line, index + 1, melody)


def _options(note: Note, spans: Sequence[ChordSpan], low: int, high: int) -> list[int]:
    """Tones of the sounding chord in the bass' range; its own octaves only on the first note of the chord."""
    span = next((s for s in spans if s.start <= note.start < s.end), None)
    if span is None:
        return []
    classes = (note.pitch % 12,) if note.start == span.start else span.chord.classes
    return [p for p in range(low, high + 1) if p % 12 in classes and p != note.pitch]


def _faults(bass: Sequence[Note], index: int, melody: Sequence[Note]) -> bool:
    """Whether the move into ``bass[index]``, or a melody move while it sounds, is parallel at a fifth or octave."""
    if index == 0:
        return False
    before, after = bass[index - 1], bass[index]
    top_before, top_after = _sounding(melody, after.start - 1), _sounding(melody, after.start)
    if top_before is None or top_after is None or before.pitch == after.pitch or top_before == top_after:
        return False
    first, second = (top_before - before.pitch) % 12, (top_after - after.pitch) % 12
    same_way = (top_after > top_before) == (after.pitch > before.pitch)
    return first == second and first in PERFECT and same_way


def _sounding(melody: Sequence[Note], tick: int) -> int | None:
    """The melody's pitch at ``tick``: what sounds, or has just sounded."""
    low, high = 0, len(melody)
    while low < high:
        middle = (low + high) // 2
        if melody[middle].start <= tick:
            low = middle + 1
        else:
            high = middle
    return melody[low - 1].pitch if low else None
