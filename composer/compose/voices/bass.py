"""The structural bass line, one pitch to a chord: roots where it counts, else steps, against the tune.

All pairs of neighbouring chords are judged at once (Viterbi), twice against the melody: from the note just before the
change, and from the note that the chord before began with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from composer.compose.voices.chorale import ChoraleTerm
from composer.compose.voices.slots import (
    PARALLEL,
    STRUCTURAL_PARALLEL,
    Costs,
    Pitches,
    Slot,
    cheapest_path,
    parallel_cost,
)
from composer.music.key import Key

DIMINISHED_ROOT = 1.5
FIFTH_BELOW, SEVENTH_BELOW, UNRESOLVED_SEVENTH = 2.2, 2.6, 10.0  # more than the third, in seventh chords only
DOUBLED_THIRD, DOUBLED_LEADING_TONE, UNRESOLVED_LEADING_TONE = 1.5, 8.0, 6.0
DIRECT, DIRECT_LEAP, STRUCTURAL_DIRECT_LEAP = 0.7, 8.0, 6.0
MOTION, REPEATED, LEAVING, CONTRARY, STEP = 0.08, 0.4, 1.0, -0.3, -0.3
LARGE, VERY_LARGE, HARSH, TOO_LARGE = 1.2, 2.5, 3.0, 8.0  # over a fifth, over a sixth, tritone and sevenths, over 8ve
REGISTER, CROWDED = 0.09, 0.12  # a semitone off the middle; a semitone too little room above
HIGH, EASY = 0.3, 7  # a semitone more for what lies more than a fifth over the middle
ROOM_FOR_VOICES = 22  # semitones between bass and melody that three voices want
NEVER = 100.0
GONE, LIKING = 2.0, 2.0  # a bass that is to go; the most that a liking for another one is worth
WITHOUT_THIRD = ("sus4", "sus2", "7sus4")


def bass_line(
    slots: Sequence[Slot], key: Key, reach: tuple[int, int], term: ChoraleTerm | None = None
) -> tuple[int, ...]:
    """A pitch for each chord within ``reach`` (low, high), below the melody."""
    options = [_options(slot, *reach) for slot in slots]
    local = [_local_costs(o, s, key, *reach) for o, s in zip(options, slots, strict=True)]
    steps = [
        _outer_costs(before, after, a, b, key)
        for (before, after), (a, b) in zip(pairwise(options), pairwise(slots), strict=True)
    ]
    if term is not None:
        local[0] = local[0] + term.bass(0, None, options[0])[0]
        steps = [step + term.bass(i + 1, options[i], options[i + 1]) for i, step in enumerate(steps)]
    return tuple(int(o[i]) for o, i in zip(options, cheapest_path(local, steps), strict=True))


def _options(slot: Slot, low: int, high: int) -> Pitches:
    if slot.heard is not None and slot.heard.bass is not None:
        return np.array([slot.heard.bass])
    chord = slot.chord
    if chord.bass is not None:
        classes: tuple[int, ...] = (chord.bass,)
    elif math.isinf(slot.inversion) or chord.quality in WITHOUT_THIRD:
        classes = (chord.root,)
    else:
        classes = (chord.root, chord.third) if chord.seventh is None else chord.classes
    pitches = [p for p in range(low, high + 1) if p % 12 in classes and p < slot.melody_low]
    return np.array(pitches or [next(p for p in range(low, low + 12) if p % 12 == classes[0])])


def _local_costs(pitches: Pitches, slot: Slot, key: Key, low: int, high: int) -> Costs:
    chord, leading = slot.chord, slot.leading(key)
    classes = pitches % 12
    middle = low + (high - low) * 0.4
    cost = REGISTER * np.abs(pitches - middle) + HIGH * np.maximum(0, pitches - middle - EASY)
    if chord.quality in ("dim", "m7b5") and chord.bass is None:
        cost = cost + DIMINISHED_ROOT * (classes == chord.root)
    else:
        cost = cost + np.where(classes != chord.bass_class, min(slot.inversion, NEVER), 0.0)
    if chord.seventh is not None and chord.bass is None:
        cost = cost + FIFTH_BELOW * (classes == chord.fifth) + SEVENTH_BELOW * (classes == chord.seventh)
    doubles = classes == slot.melody_at % 12
    cost = cost + DOUBLED_THIRD * (doubles & (classes == chord.third))
    cost = cost + DOUBLED_LEADING_TONE * (doubles & (classes == leading))
    if slot.heard is not None:
        cost = cost + slot.heard.dislike(pitches, GONE, LIKING)
    return np.asarray(cost + CROWDED * np.maximum(0, pitches + ROOM_FOR_VOICES - slot.floor))


def _outer_costs(before: Pitches, after: Pitches, a: Slot, b: Slot, key: Key) -> Costs:
    """(n, m) cost of each bass move by itself and under the melody's move."""
    low0, low1 = before[:, None], after[None, :]
    move = low1 - low0
    size = np.abs(move)
    cost = MOTION * size + LARGE * (size > 7) + VERY_LARGE * (size > 9) * (size != 12) + TOO_LARGE * (size > 12)
    cost = cost + HARSH * np.isin(size, (6, 10, 11)) + STEP * np.isin(size, (1, 2))
    # A bass that stays through a change of chord is dull; one that leaves a chord that goes on is restless.
    cost = cost + (LEAVING * (size > 0) if a.chord == b.chord else REPEATED * (size == 0))
    leading = a.leading(key)
    if leading in a.chord.classes and (leading + 1) % 12 in b.chord.classes:
        cost = cost + UNRESOLVED_LEADING_TONE * ((low0 % 12 == leading) & (move != 1))
    if a.chord.seventh is not None and a.chord != b.chord:
        cost = cost + UNRESOLVED_SEVENTH * ((low0 % 12 == a.chord.seventh) & ~np.isin(move, (0, -1, -2)))
    arrives = np.isin((b.melody_at - low1) % 12, (0, 7))
    for top, parallel, direct in (
        (b.melody_before, PARALLEL, DIRECT_LEAP),
        (a.melody_at, STRUCTURAL_PARALLEL, STRUCTURAL_DIRECT_LEAP),
    ):
        cost = cost + parallel_cost(top, b.melody_at, low0, low1, parallel)
        rise = b.melody_at - top
        similar = arrives & (np.sign(move) == np.sign(rise)) & (rise != 0)
        cost = cost + similar * (DIRECT + (direct if abs(rise) > 2 else 0.0))
    return np.asarray(cost + CONTRARY * (np.sign(move) == -np.sign(b.melody_at - b.melody_before)))
