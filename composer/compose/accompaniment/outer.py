"""The outer voices after texture: a bass figure moves between the chords too, and must not run with the melody.

The whole line is chosen at once (Viterbi): what the pattern wrote where nothing speaks against it, else another tone
of the chord. The first note of a chord is the structural bass and changes at most its octave.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from composer.compose.voices.slots import PARALLEL, Costs, Pitches, cheapest_path, parallel_cost
from composer.music.notes import ChordSpan, Note

DIRECT_LEAP, DIRECT = 6.0, 0.3
OTHER_TONE, OTHER_OCTAVE, DISTANCE = 1.2, 4.0, 0.05  # what leaving the pattern's note costs; a semitone
LEADING_TONE = 3.0  # the dominant's third, which a voice above holds
HARSH, TOO_LARGE, LARGE = 3.0, 8.0, 0.6  # a tritone or seventh; over an octave; over a fifth
REACH = 12  # semitones from the pattern's own note


def mended_bass(
    bass: Sequence[Note],
    melody: Sequence[Note],
    spans: Sequence[ChordSpan],
    low: int,
    high: int,
    leading: Sequence[int] = (),
) -> tuple[Note, ...]:
    """``bass`` (one line, in order) clear of parallels with ``melody``, within ``low``..``high`` MIDI pitches.

    ``leading`` has the pitch class of the leading tone over each chord: a figure leaves it to the voices above.
    """
    if not bass or not melody:
        return tuple(bass)
    starts = [n.start for n in melody]
    options = [_options(note, spans, low, high) for note in bass]
    tones = {span.start: tone for span, tone in zip(spans, leading, strict=False)}
    local = [_leaving(note, found, spans, tones) for note, found in zip(bass, options, strict=True)]
    steps = []
    for index in range(1, len(bass)):
        tick = bass[index].start
        tops = _sounding(melody, starts, tick - 1), _sounding(melody, starts, tick)
        steps.append(_moves(options[index - 1], options[index], *tops))
    path = cheapest_path(local, steps)
    return tuple(replace(note, pitch=int(o[i])) for note, o, i in zip(bass, options, path, strict=True))


def _options(note: Note, spans: Sequence[ChordSpan], low: int, high: int) -> Pitches:
    """The pattern's own pitch first, then tones of the sounding chord; of a chord's first note only its octaves."""
    span = _span_at(spans, note.start)
    if span is None:
        return np.array([note.pitch])
    classes = (note.pitch % 12,) if note.start == span.start else span.chord.classes
    near = range(max(low, note.pitch - REACH), min(high, note.pitch + REACH) + 1)
    return np.array([note.pitch, *(p for p in near if p % 12 in classes and p != note.pitch)])


def _leaving(note: Note, options: Pitches, spans: Sequence[ChordSpan], leading: Mapping[int, int]) -> Costs:
    span = _span_at(spans, note.start)
    opens = span is not None and span.start == note.start
    distance = np.abs(options - note.pitch)
    price = OTHER_OCTAVE if opens else OTHER_TONE
    cost = (distance > 0) * price + DISTANCE * distance
    if span is not None and not opens and span.chord.third == leading.get(span.start):
        cost = cost + LEADING_TONE * (options % 12 == span.chord.third)
    return np.asarray(cost)


def _moves(before: Pitches, after: Pitches, top_before: int, top_after: int) -> Costs:
    """(n, m) cost of each move of the bass while the melody goes from ``top_before`` to ``top_after``."""
    low0, low1 = before[:, None], after[None, :]
    move, rise = low1 - low0, top_after - top_before
    size = np.abs(move)
    cost = parallel_cost(top_before, top_after, low0, low1, PARALLEL)
    similar = (np.sign(move) == np.sign(rise)) & (move != 0) & np.isin((top_after - low1) % 12, (0, 7))
    cost = cost + similar * (DIRECT_LEAP if abs(rise) > 2 else DIRECT)
    cost = cost + HARSH * np.isin(size, (6, 10, 11)) + TOO_LARGE * (size > 12) + LARGE * (size > 7)
    # Voices that cross: the bass stays under the tune.
    return np.asarray(cost + PARALLEL * (low1 >= top_after))


def _span_at(spans: Sequence[ChordSpan], tick: int) -> ChordSpan | None:
    index = bisect_right(spans, tick, key=lambda s: s.start) - 1
    return spans[index] if index >= 0 and tick < spans[index].end else None


def _sounding(melody: Sequence[Note], starts: Sequence[int], tick: int) -> int:
    """The melody's pitch at ``tick``: what sounds, or has just sounded; before its first note, that note."""
    return melody[max(0, bisect_right(starts, tick) - 1)].pitch
