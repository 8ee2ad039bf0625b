"""Operators that make a phrase out of an earlier one: what returns, and how it differs.

Events are at absolute ticks; ``shift`` moves them to the new phrase. What an operator returns is a prefix of the
phrase, kept as it is; the rest is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from composer.compose.rules import chord_scale
from composer.encoding.melody import Event
from composer.music.chord import Chord
from composer.music.key import MODES, Key
from composer.music.time import Meter

ORNAMENT_SHARE = 0.5  # share of the notes of a quarter or more that are divided


def moved(events: Sequence[Event], shift: int) -> list[Event]:
    """The events ``shift`` ticks later."""
    return [replace(e, start=e.start + shift) for e in events]


def transposed_steps(pitch: int, steps: int, key: Key) -> int:
    """``pitch`` moved by scale steps; a chromatic tone keeps its distance to the scale tone below."""
    scale = MODES[key.mode]
    octave, within = divmod(pitch, 12)
    below = max(i for i, s in enumerate(scale) if s <= within)
    alteration = within - scale[below]
    octaves, degree = divmod(below + steps, 7)
    return 12 * (octave + octaves) + scale[degree] + alteration


def sequence(events: Sequence[Event], steps: int, key: Key) -> list[Event]:
    """The events moved by scale steps: the same shape on another degree."""
    return [e if e.pitch is None else replace(e, pitch=transposed_steps(e.pitch, steps, key)) for e in events]


def fit_to_chords(
    events: Sequence[Event], chords: Sequence[Chord], starts: Sequence[int], key: Key, meter: Meter
) -> list[Event]:
    """Moves notes on the beat to the nearest chord tone, others to the nearest tone of the chord's scale."""
    fitted: list[Event] = []
    for event in events:
        if event.pitch is None:
            fitted.append(event)
            continue
        chord = chords[int(np.searchsorted(starts, event.start, side="right")) - 1]
        classes = chord_scale(chord, key)
        if meter.accent(event.start) >= 2 or event.duration >= 480:
            classes = frozenset((c - key.tonic_class) % 12 for c in chord.classes)
        fitted.append(replace(event, pitch=_nearest(event.pitch, classes)))
    return fitted


def _nearest(pitch: int, classes: frozenset[int]) -> int:
    """The pitch of ``classes`` nearest to ``pitch``, the lower of two."""
    return min(range(pitch - 6, pitch + 7), key=lambda p: (p % 12 not in classes, abs(p - pitch), p))


def ornamented(events: Sequence[Event], key: Key, meter: Meter, rng: np.random.Generator) -> list[Event]:
    """Divides some longer notes: the second half passes toward the next note, or is a neighbour that returns."""
    result: list[Event] = []
    for index, event in enumerate(events):
        following = events[index + 1].pitch if index + 1 < len(events) else None
        long_enough = event.duration in (480, 960) and event.start % meter.beat_ticks == 0 and not meter.is_compound
        if event.pitch is None or following is None or not long_enough or rng.random() >= ORNAMENT_SHARE:
            result.append(event)
            continue
        half = event.duration // 2
        gap = following - event.pitch
        direction = int(np.sign(gap)) or (1 if rng.random() < 0.5 else -1)
        # A passing tone fills a third; a neighbour decorates a repeated note or a step. Larger gaps stay open.
        if abs(gap) > 4:
            result.append(event)
            continue
        middle = transposed_steps(event.pitch, direction if abs(gap) >= 3 or gap == 0 else -direction, key)
        if abs(middle - event.pitch) > 2 or abs(middle - following) > 4:
            result.append(event)
            continue
        result += [replace(event, duration=half), Event(event.start + half, half, middle)]
    return result
