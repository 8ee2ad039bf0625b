"""Chords of a song with accompaniment: up to two a bar, by Viterbi over what sounds and what lies lowest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.encoding.chord_labels import best_path, label_tables
from composer.encoding.chord_states import STATES
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import Meter

Note = tuple[int, int, int]  # start, end in ticks, MIDI pitch
Floats = NDArray[np.float64]
_HEARD_WEIGHT = 7.0
_BASS_WEIGHT = 2.0
# What the bass speaks for: the chord with this root, third, fifth or seventh; any other note speaks against.
_BASS_MEMBERS = (1.0, 0.45, 0.25, 0.25)
_FOREIGN_BASS = -0.3
_STEP_TICKS = 60


def slots_per_bar(meter: Meter) -> int:
    """How many chords a bar may have: two where it has an even number of beats, else one."""
    return 2 if meter.beats % 2 == 0 else 1


def slot_chords(
    melody: Sequence[Note], accompaniment: Sequence[Note], key: Key, meter: Meter, bars: int
) -> tuple[Chord, ...]:
    """The likeliest chord of each slot (``slots_per_bar``)."""
    mode = "minor" if key.is_minor else "major"
    states, (tones, prior, moves) = STATES[mode], label_tables(mode, key.mode)
    slots = bars * slots_per_bar(meter)
    heard, bass = _heard(melody, accompaniment, bars * meter.bar_ticks, slots)
    heard, bass = (np.roll(found, -key.tonic_class, axis=1) for found in (heard, bass))
    speaks = np.full((len(states), 12), _FOREIGN_BASS)
    for index, state in enumerate(states):
        for step, weight in zip(state.classes, _BASS_MEMBERS, strict=False):
            speaks[index, step % 12] = weight
    emission = _HEARD_WEIGHT * heard @ tones.T + _BASS_WEIGHT * bass @ speaks.T + prior
    return tuple(states[i].chord(key) for i in best_path(emission, moves))


def _heard(melody: Sequence[Note], accompaniment: Sequence[Note], end: int, slots: int) -> tuple[Floats, Floats]:
    """(slots, 12) shares of the pitch classes that sound, and of those that lie lowest; zeros in silence.

    The lowest note of a slot so far counts as held, as the pedal holds it.
    """
    steps = -(-end // _STEP_TICKS)
    sounding, lowest = np.zeros((steps, 12)), np.full(steps, 128)
    for start, stop, pitch in (*accompaniment, *melody):
        first = start // _STEP_TICKS
        span = slice(first, max(first + 1, stop // _STEP_TICKS))
        sounding[span, pitch % 12] = 1.0
        lowest[span] = np.minimum(lowest[span], pitch)
    edges = [slot * end // slots // _STEP_TICKS for slot in range(slots + 1)]
    heard, bass = np.zeros((slots, 12)), np.zeros((slots, 12))
    for slot, (first, last) in enumerate(pairwise(edges)):
        heard[slot] = sounding[first:last].sum(axis=0)
        held = np.minimum.accumulate(lowest[first:last])
        np.add.at(bass[slot], held[held < 128] % 12, 1.0)
    return _shares(heard), _shares(bass)


def _shares(weights: Floats) -> Floats:
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0))
