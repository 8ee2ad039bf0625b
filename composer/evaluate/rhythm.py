"""Lengths and onsets of the melody.

Conventions: durations are written lengths in ticks; onsets are compared within the bar on a grid of 12 to the
quarter. A measure is ``None`` where the melody has too few notes or bars to have it.

Sources: groove consistency as in MusPy (Dong et al. 2020; 1 - Hamming distance of neighbouring bars); the same over
all pairs of bars is the grooving pattern similarity of MusDr (Wu and Yang 2020). Both are near 1 for anything because
most grid places are empty, so ``onset_f1`` compares the onsets alone. The mean time between onsets is that of mgeval
(Yang and Lerch 2020), in quarters where they count seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from composer.evaluate.line import Line, Measure
from composer.evaluate.line import validate as validate
from composer.evaluate.pitch import entropy_bits
from composer.music.notes import Piece
from composer.music.time import TICKS_PER_BEAT

GRID_PER_QUARTER = 12

MEASURES: tuple[Measure, ...] = (
    Measure("duration_entropy", "bits", "variety of note lengths"),
    Measure("durations", "count", "different note lengths", 0),
    Measure("notes_per_quarter", "notes", "density of the melody"),
    Measure("inter_onset", "quarters", "mean time from one onset to the next (mgeval)"),
    Measure("groove", "share", "likeness of neighbouring bars' onset grids (MusPy)"),
    Measure("groove_all", "share", "likeness of all pairs of bars' onset grids (MusDr GS)"),
    Measure("onset_f1", "share", "likeness of neighbouring bars' onsets (F1)"),
    Measure("last_note_ratio", "ratio", "length of the last note over the mean length"),
    Measure("phrase_end_ratio", "ratio", "mean length of phrase-final notes over the mean length"),
    Measure("close_ratio", "ratio", "longest note in the last bar of each phrase over the mean length"),
)


def evaluate(piece: Piece, line: Line) -> Mapping[str, float | None]:
    """Every measure of the family by name."""
    validate(line)
    return {
        "duration_entropy": duration_entropy(line),
        "durations": float(len({n.duration for n in line.notes})) if line.notes else None,
        "notes_per_quarter": len(line.notes) * TICKS_PER_BEAT / line.length if line.length else None,
        "inter_onset": inter_onset(line),
        "groove": groove(line),
        "groove_all": groove_all(line),
        "onset_f1": onset_f1(line),
        "last_note_ratio": last_note_ratio(line),
        "phrase_end_ratio": phrase_end_ratio(line),
        "close_ratio": close_ratio(line),
    }


def duration_entropy(line: Line) -> float | None:
    """Bits; 0 when all notes are equally long."""
    return entropy_bits(Counter(n.duration for n in line.notes)) if line.notes else None


def bar_onsets(line: Line) -> list[frozenset[int]]:
    """The grid places of each bar at which a note begins."""
    grid_ticks = TICKS_PER_BEAT // GRID_PER_QUARTER
    return [frozenset(line.offset(n) // grid_ticks for n in bar) for bar in line.bars]


def groove(line: Line) -> float | None:
    bars = bar_onsets(line)
    places = line.meter.bar_ticks * GRID_PER_QUARTER / TICKS_PER_BEAT
    if len(bars) < 2 or not line.notes:
        return None
    return 1 - sum(len(a ^ b) for a, b in pairwise(bars)) / places / (len(bars) - 1)


def groove_all(line: Line) -> float | None:
    """1 - Hamming distance of the onset grids, the mean over all pairs of bars."""
    bars = bar_onsets(line)
    places = line.meter.bar_ticks * GRID_PER_QUARTER / TICKS_PER_BEAT
    if len(bars) < 2 or not line.notes:
        return None
    # A place held by k of n bars differs in k (n - k) pairs.
    held = Counter(place for bar in bars for place in bar)
    pairs = len(bars) * (len(bars) - 1) / 2
    return 1 - sum(k * (len(bars) - k) for k in held.values()) / places / pairs


def inter_onset(line: Line) -> float | None:
    """Quarters from the first onset to the last, over the number of steps between."""
    if len(line.notes) < 2:
        return None
    return (line.notes[-1].start - line.notes[0].start) / (len(line.notes) - 1) / TICKS_PER_BEAT


def onset_f1(line: Line) -> float | None:
    """Mean F1 of neighbouring bars' onsets; a pair of empty bars counts 1."""
    bars = bar_onsets(line)
    if len(bars) < 2 or not line.notes:
        return None
    return sum(f1(a, b) for a, b in pairwise(bars)) / (len(bars) - 1)


def f1(one: frozenset[Any], other: frozenset[Any]) -> float:
    """2 |A and B| / (|A| + |B|), 1 for two empty sets."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def last_note_ratio(line: Line) -> float | None:
    return line.notes[-1].duration / _mean_duration(line) if line.notes else None


def phrase_end_ratio(line: Line) -> float | None:
    ends = [phrase[-1].duration for phrase in line.phrases]
    return sum(ends) / len(ends) / _mean_duration(line) if ends else None


def close_ratio(line: Line) -> float | None:
    """Like ``phrase_end_ratio``, but a pick-up to the next phrase does not hide the end of this one."""
    closes = [note.duration for note in line.closes]
    return sum(closes) / len(closes) / _mean_duration(line) if closes else None


def _mean_duration(line: Line) -> float:
    return sum(n.duration for n in line.notes) / len(line.notes)
