"""How well a tune that stands fits a chord: which of its notes in a span belong, pass by, or clash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from composer.encoding.melody import Event
from composer.music.time import TICKS_PER_BEAT, Meter

ACCENT_WEIGHT = 1.5  # of a note on a strong beat
STRONG = 2  # accent from which a beat is strong
STEP = 2
CLASH = -2.0  # a note beside a chromatic tone of the chord


@dataclass(frozen=True, slots=True)
class Sung:
    """A note in a span: its class above the tonic, its weight (ticks), and whether it may pass without belonging."""

    pitch_class: int
    weight: float
    passes: bool


def sung_in(events: Sequence[Event], start: int, end: int, meter: Meter, shift: int = 0) -> tuple[Sung, ...]:
    """What of ``events`` sounds between the ticks; classes count from ``shift`` semitones above the tune's tonic."""
    notes = [e for e in events if e.pitch is not None]
    found = []
    for note, following in pairwise([*notes, None]):
        if note is None or note.pitch is None or note.end <= start or note.start >= end:
            continue
        begins = note.start >= start
        is_strong = not begins or meter.accent(note.start) >= STRONG
        steps = following is not None and following.pitch is not None and 0 < abs(following.pitch - note.pitch) <= STEP
        length = min(note.end, end) - max(note.start, start)
        weight = length * (ACCENT_WEIGHT if is_strong else 1.0)
        passes = steps and not is_strong and note.duration <= TICKS_PER_BEAT
        found.append(Sung((note.pitch - shift) % 12, weight, passes))
    return tuple(found)


def fit_of(sung: Sequence[Sung], classes: frozenset[int], scale: frozenset[int]) -> float:
    """-2..1: 1 where all belong to the chord, 0 where they pass by, less where they stand beside it; 0 without notes.

    ``classes`` are the chord's tones and ``scale`` the key's, above the tonic.
    """
    total = sum(note.weight for note in sung)
    if not total:
        return 0.0
    foreign = classes - scale
    return sum(note.weight * _worth(note, classes, foreign) for note in sung) / total


def _worth(note: Sung, classes: frozenset[int], foreign: frozenset[int]) -> float:
    if note.pitch_class in classes:
        return 1.0
    if any((note.pitch_class - tone) % 12 in (1, 11) for tone in foreign):
        return CLASH
    return 0.0 if note.passes else -1.0
