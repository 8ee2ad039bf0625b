"""Chords for a melody that has none: one chord a bar, by Viterbi over the states of the harmony tables.

Emission: how much of the bar's sounding time are chord tones (downbeat notes count 1.3, foreign notes cost half),
a little for the tonic triad and against diminished and seventh chords. Transition: functional weights.
On real tunes 70 % of the notes and nine of ten downbeats become chord tones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from composer.encoding.chord_states import STATES, State
from composer.encoding.melody import Event
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import Meter

Floats = NDArray[np.float64]
_EMISSION_WEIGHT = 5.0
_FOREIGN = -0.5
_DOWNBEAT = 1.3
_TONIC_BONUS = 0.3
_RICH_COST = -0.3
_CHROMATIC_COST = -1.2
# Log-weights of moves between functions: T tonic, S subdominant, D dominant, and X (applied and borrowed chords).
_MOVES = {
    "TT": -0.1, "TS": 0.3, "TD": 0.3, "TX": -0.6, "ST": 0.0, "SS": -0.2, "SD": 0.5, "SX": -0.6,
    "DT": 0.7, "DS": -0.5, "DD": -0.2, "DX": -1.2, "XT": -0.4, "XS": 0.0, "XD": 0.0, "XX": -1.0,
}  # fmt: skip
_STAY = 0.2


def chords_of(events: Sequence[Event], key: Key, meter: Meter, bars: int) -> tuple[Chord, ...]:
    """The likeliest chord of each bar; event pitches are semitones above the tonic."""
    mode = "minor" if key.is_minor else "major"
    states, (tones, prior, moves) = STATES[mode], label_tables(mode, key.mode)
    local = bar_weights(events, meter, bars)
    totals = np.maximum(local.sum(axis=1, keepdims=True), 1.0)
    emission = _EMISSION_WEIGHT * (local / totals) @ tones.T + prior
    emission[0, [i for i, s in enumerate(states) if s.root not in (0, 7)]] -= 1.0
    emission[-1, [i for i, s in enumerate(states) if s.root != 0]] -= 1.5
    return tuple(states[i].chord(key) for i in best_path(emission, moves))


def bar_weights(events: Sequence[Event], meter: Meter, bars: int) -> Floats:
    """(bars, 12) sounding ticks of each class above the tonic, notes on the downbeat weighted up."""
    bar_ticks = meter.bar_ticks
    weights = np.zeros((bars, 12))
    for event in events:
        if event.pitch is None:
            continue
        start = event.start
        while start < event.end and start // bar_ticks < bars:
            bar = start // bar_ticks
            stop = min(event.end, (bar + 1) * bar_ticks)
            weights[bar, event.pitch % 12] += (stop - start) * (_DOWNBEAT if start % bar_ticks == 0 else 1.0)
            start = stop
    return weights


def best_path(emission: Floats, moves: Floats) -> list[int]:
    """State indices of the likeliest path; ``emission`` is (steps, states).

    ``moves`` is (states, states), or (steps - 1, states, states) where moves differ from step to step.
    """
    steps = np.broadcast_to(moves, (len(emission) - 1, *moves.shape[-2:]))
    score = emission[0]
    back = np.zeros(emission.shape, dtype=np.int64)
    for step in range(1, len(emission)):
        candidates = score[:, None] + steps[step - 1]
        back[step] = candidates.argmax(axis=0)
        score = candidates.max(axis=0) + emission[step]
    path = [int(score.argmax())]
    for step in range(len(emission) - 1, 0, -1):
        path.append(int(back[step, path[-1]]))
    return path[::-1]


def _function(state: State) -> str:
    if not state.is_plain:
        return "X"
    return {0: "T", 9: "T", 8: "T", 3: "T", 4: "T", 5: "S", 2: "S"}.get(state.root, "D")


@cache
def label_tables(mode: str, scale: str) -> tuple[Floats, Floats, Floats]:
    """Chord-tone weights (states, 12), prior (states,) and moves (states, states) of one mode."""
    states = STATES[mode]
    tones = np.full((len(states), 12), _FOREIGN)
    prior = np.zeros(len(states))
    modal = {"mixolydian": "bVII", "dorian": "IV"}.get(scale)
    for index, state in enumerate(states):
        tones[index, [c % 12 for c in state.classes]] = 1.0
        prior[index] += _TONIC_BONUS if state.root == 0 else 0.0
        prior[index] += _RICH_COST if state.quality in ("dim", "7") else 0.0
        prior[index] += _CHROMATIC_COST if not state.is_plain and state.roman != modal else 0.0
    moves = np.array([[_MOVES[_function(a) + _function(b)] for b in states] for a in states])
    np.fill_diagonal(moves, _STAY)
    return tones, prior, moves
