"""Chords for a tune that is given: one or two a bar, as the melody asks, by Viterbi over half bars.

The states, the weight of chord tones and the moves between functions are those that label the training tunes. To them
come what a musician adds: a change inside a bar must pay for itself, phrases come to rest on tonic or dominant, the
last chord is the tonic and wants a dominant before it. On 160 folk tunes that no weight was set by, 70 % of the half
bars get the root that their own editor chose, and 65 % with one labelled chord a bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.harmony import Bar
from composer.encoding.chord_labels import bar_weights, best_path, label_tables
from composer.encoding.chord_states import STATES, State, state_of
from composer.encoding.melody import Event
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import Meter

Floats = NDArray[np.float64]
_EMISSION = 5.0  # nats for a whole bar of chord tones in a tune, which leaves much open ...
_EMISSION_HEARD = 14.0  # ... and in all that sounds, which leaves little
_CHANGE_INSIDE = -1.0
_START_FOREIGN = -1.0  # the first chord is neither tonic nor dominant
_END_FOREIGN = -6.0
_REST_TONIC, _REST_DOMINANT, _REST_OTHER = 0.6, 0.4, -0.4  # where a phrase ends
_DOMINANT_BEFORE_END = 0.8
# Nats for a whole bar of (semitones above the tonic, quality): plain tunes want their three main chords first.
_LIKING = {(7, ""): 0.1, (7, "7"): 0.2, (2, "m"): -0.5, (4, "m"): -0.8, (9, "m"): -0.5, (11, "dim"): -1.0}
_FREEDOM = 0.4  # standard deviation of a seed's liking for each chord: enough to decide between equals


def slots_of(meter: Meter) -> int:
    """Chords that a bar may hold: two where it falls into equal halves, else one."""
    return 2 if meter.beats % 2 == 0 and meter.numerator % 2 == 0 else 1


def harmonised(
    events: Sequence[Event],
    key: Key,
    meter: Meter,
    bars: int,
    rests: Sequence[int],
    written: Mapping[int, Bar] | None = None,
    rng: np.random.Generator | None = None,
    closes: bool = True,
    is_heard: bool = False,
) -> tuple[Bar, ...]:
    """The chords of every bar; event pitches are semitones above the tonic.

    ``rests`` are the bars (from 0) in which a phrase comes to rest; ``written`` are the bars whose chords a person
    wrote: those are kept, and what stands around them fits to them. ``rng`` decides where the tune leaves a choice.
    ``closes`` says that the last bar ends the piece, ``is_heard`` that the events hold an accompaniment too.
    """
    mode = "minor" if key.is_minor else "major"
    states, slots = STATES[mode], slots_of(meter)
    tones, prior, moves = label_tables(mode, key.mode)
    half = Meter(meter.numerator // slots, meter.denominator)
    local = bar_weights(events, half, bars * slots)
    totals = np.maximum(local.sum(axis=1, keepdims=True), half.bar_ticks / 2)
    prior = prior + np.array([_LIKING.get((s.root, s.quality), 0.0) for s in states])
    emission = ((_EMISSION_HEARD if is_heard else _EMISSION) * (local / totals) @ tones.T + prior) / slots
    if rng is not None:
        emission += rng.normal(0.0, _FREEDOM, len(states))
    emission += _form(states, bars, slots, rests, closes)
    for bar, given in (written or {}).items():
        _hold(emission, states, key, bar * slots, [given[i * len(given) // slots] for i in range(slots)])
    inside = moves + _CHANGE_INSIDE
    np.fill_diagonal(inside, 0.0)
    every = np.array([inside if step % slots else moves for step in range(1, len(emission))])
    path = best_path(emission, every) if len(emission) > 1 else [int(emission[0].argmax())]
    chords = [states[i].chord(key) for i in path]
    found = [tuple(dict.fromkeys(chords[b * slots : (b + 1) * slots])) for b in range(bars)]
    return tuple((written or {}).get(bar, chord) for bar, chord in enumerate(found))


def _form(states: Sequence[State], bars: int, slots: int, rests: Sequence[int], closes: bool) -> Floats:
    """(bars * slots, states) what the place of a chord in the form is worth."""
    tonic = np.array([s.root == 0 and s.is_plain for s in states])
    dominant = np.array([s.root == 7 and s.is_plain and s.quality != "m" for s in states])
    form = np.zeros((bars * slots, len(states)))
    form[0, ~(tonic | dominant)] += _START_FOREIGN
    for bar in rests:
        last = (bar + 1) * slots - 1
        form[last] += np.where(tonic, _REST_TONIC, np.where(dominant, _REST_DOMINANT, _REST_OTHER))
    if closes:
        form[-1, ~tonic] += _END_FOREIGN
    if closes and bars > 1:
        form[(bars - 1) * slots - 1, dominant] += _DOMINANT_BEFORE_END
    return form


def _hold(emission: Floats, states: Sequence[State], key: Key, first: int, chords: Sequence[Chord]) -> None:
    """Hold the slots from ``first`` on to ``chords``; a chord that is no state leaves its slot open."""
    for slot, chord in enumerate(chords, first):
        index = state_of(chord, key)
        emission[slot] = 0.0
        if index is not None:
            emission[slot, np.arange(len(states)) != index] = -1e3
