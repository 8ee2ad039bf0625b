"""Repetition: what a listener recognises when it comes back.

Conventions: a bar is the notes that begin in it; each measure is a share 0..1 over the bars after the first that
have notes (or over 4-grams). ``None`` where there is nothing that could repeat.

Sources: our own definitions. They tell real tunes from a Markov chain and from shuffled bars where the usual
measures do not (see the anchors). ``returning_phrase`` stands in for the structureness indicator of MusDr (Wu and Yang
2020): theirs is the largest fitness of a stretch in the scape plot of a recording, ours the likeness of the four bars
that return best, on the bars of the score.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise

from composer.evaluate.line import Line, Measure
from composer.evaluate.line import validate as validate
from composer.evaluate.rhythm import f1
from composer.music.notes import Note, Piece

GRAM = 4
STRETCH_BARS = 4

MEASURES: tuple[Measure, ...] = (
    Measure("bar_repeats", "share", "bars that repeat an earlier bar to the note"),
    Measure("bar_rhythm_repeats", "share", "bars with the rhythm of an earlier bar"),
    Measure("bar_contour_repeats", "share", "bars with the rhythm and the ups and downs of an earlier bar"),
    Measure("self_similarity", "share", "mean likeness (F1 of onset and pitch) to the most similar earlier bar"),
    Measure("returning_phrase", "share", "likeness (F1 of onset and pitch) of the four bars that return best"),
    Measure("repeated_4grams", "share", "four moves (interval, length) in a row heard before"),
)


def evaluate(piece: Piece, line: Line) -> Mapping[str, float | None]:
    """Every measure of the family by name."""
    validate(line)
    bars = [bar for bar in line.bars if bar]
    return {
        "bar_repeats": seen_share([exact(line, bar) for bar in bars]),
        "bar_rhythm_repeats": seen_share([rhythm(line, bar) for bar in bars]),
        "bar_contour_repeats": seen_share([(rhythm(line, bar), contour(bar)) for bar in bars]),
        "self_similarity": self_similarity(line),
        "returning_phrase": returning_phrase(line),
        "repeated_4grams": repeated_grams(line),
    }


def exact(line: Line, bar: Sequence[Note]) -> Hashable:
    """Places, pitches and lengths of a bar."""
    return tuple((line.offset(n), n.pitch, n.duration) for n in bar)


def rhythm(line: Line, bar: Sequence[Note]) -> Hashable:
    return tuple((line.offset(n), n.duration) for n in bar)


def contour(bar: Sequence[Note]) -> Hashable:
    """Up (1), down (-1) or level (0) from each note to the next."""
    return tuple((b.pitch > a.pitch) - (b.pitch < a.pitch) for a, b in pairwise(bar))


def seen_share(items: Sequence[Hashable]) -> float | None:
    """The share of items after the first that equal an earlier one."""
    if len(items) < 2:
        return None
    return (len(items) - len(set(items))) / (len(items) - 1)


def self_similarity(line: Line) -> float | None:
    bars = [frozenset((line.offset(n), n.pitch) for n in bar) for bar in line.bars if bar]
    if len(bars) < 2:
        return None
    best = [max(f1(bar, earlier) for earlier in bars[:i]) for i, bar in enumerate(bars) if i]
    return sum(best) / len(best)


def returning_phrase(line: Line) -> float | None:
    """The largest mean likeness of four bars in a row to four later ones that do not overlap them; ``None`` where the
    melody is shorter than two such stretches."""
    bars = [frozenset((line.offset(n), n.pitch) for n in bar) for bar in line.bars]
    if len(bars) < 2 * STRETCH_BARS or not line.notes:
        return None
    best = 0.0
    for lag in range(STRETCH_BARS, len(bars) - STRETCH_BARS + 1):
        # A pair of empty bars is no likeness here.
        along = [f1(bars[i], bars[i + lag]) if bars[i] else 0.0 for i in range(len(bars) - lag)]
        best = max(best, *(sum(along[i : i + STRETCH_BARS]) for i in range(len(along) - STRETCH_BARS + 1)))
    return best / STRETCH_BARS


def repeated_grams(line: Line) -> float | None:
    """The share of 4-grams of (interval, length of the note that it leaves) heard before."""
    moves = [(i, note.duration) for i, note in zip(line.intervals, line.notes, strict=False)]
    grams = [tuple(moves[i : i + GRAM]) for i in range(len(moves) - GRAM + 1)]
    return seen_share(grams)
