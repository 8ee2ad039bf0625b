"""Bass line and structural voicings by Viterbi: least motion, no parallels, resolved tendency tones.

Voices are judged once per chord; the texture then moves inside them. Costs follow Harrison & Pearce (2020) in kind;
their sizes were fitted on chorales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from composer.music.chord import Chord
from composer.music.key import Key

Costs = NDArray[np.float64]
PARALLEL, ANTI_PARALLEL, STRUCTURAL_PARALLEL, DIRECT, DIRECT_LEAP, OVERLAP = 20.0, 8.0, 15.0, 1.0, 3.0, 2.5
NO_THIRD, NO_ROOT, NO_SEVENTH, DOUBLED_LEADING_TONE, UNRESOLVED_LEADING_TONE, UNRESOLVED_SEVENTH = (
    6.0,
    1.5,
    4.0,
    5.0,
    0.8,
    4.0,
)
MOTION_COST, BASS_MOTION_COST = 0.12, 0.06
MAX_GAP = 12  # semitones between neighbouring upper voices
TENOR_BASS_GAP = 19  # a twelfth, between the lowest voice and the bass
MUD_PITCH = 48  # below C3, thirds and seconds blur
MAX_CANDIDATES = 90
TIGHT, NARROW = 15, 5  # semitones of room: too little for three free voices; too little for any
ROOM_FOR_VOICES = 22  # semitones between bass and melody that three voices want


@dataclass(frozen=True, slots=True)
class Slot:
    """One chord with what the melody does over it (MIDI pitches).

    ``melody_at``: sounding at its start; ``melody_before``: just before it; ``melody_low``: the lowest while it lasts.
    """

    chord: Chord
    melody_at: int
    melody_before: int
    melody_low: int
    is_cadence: bool  # root position wanted


@dataclass(frozen=True, slots=True)
class Voicing:
    """Bass and upper voices from low to high, MIDI pitches."""

    bass: int
    voices: tuple[int, ...]


def voicings_of(
    slots: Sequence[Slot], key: Key, voices: int, upper: tuple[int, int], bass: tuple[int, int]
) -> tuple[Voicing, ...]:
    """The best bass line, then the best upper voices over it, within the ranges (low, high)."""
    if not slots:
        return ()
    bass_line = _bass_line(slots, key, *bass)
    options = [_candidates(slot, line, voices, upper, key) for slot, line in zip(slots, bass_line, strict=True)]
    local = [_local_costs(o, s, b, key) for o, s, b in zip(options, slots, bass_line, strict=True)]
    steps = [
        _transition(options[i - 1], options[i], slots[i - 1 : i + 1], bass_line[i - 1 : i + 1], key)
        for i in range(1, len(slots))
    ]
    path = _viterbi(local, steps)
    return tuple(
        Voicing(line, tuple(int(p) for p in o[i])) for line, o, i in zip(bass_line, options, path, strict=True)
    )


def _viterbi(local: Sequence[Costs], steps: Sequence[Costs]) -> list[int]:
    """Indices of the cheapest path; ``steps[i]`` is (n_i, n_{i+1})."""
    total = local[0]
    back: list[NDArray[np.int64]] = []
    for cost, step in zip(local[1:], steps, strict=True):
        table = total[:, None] + step
        back.append(table.argmin(axis=0))
        total = table.min(axis=0) + cost
    path = [int(total.argmin())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


# -- bass


def _bass_line(slots: Sequence[Slot], key: Key, low: int, high: int) -> list[int]:
    options = [_bass_options(slot, low, high) for slot in slots]
    local = [np.array([_bass_cost(int(p), s, low, high) for p in o]) for o, s in zip(options, slots, strict=True)]
    steps = []
    for (before, after), (a, b) in zip(pairwise(options), pairwise(slots), strict=True):
        steps.append(_outer_cost(before, after, a, b))
    return [int(o[i]) for o, i in zip(options, _viterbi(local, steps), strict=True)]


def _bass_options(slot: Slot, low: int, high: int) -> NDArray[np.int64]:
    chord = slot.chord
    if chord.bass is not None:
        classes: tuple[int, ...] = (chord.bass,)
    elif slot.is_cadence:
        classes = (chord.root,)
    else:
        classes = (chord.root, chord.third) if chord.quality not in ("sus4", "sus2") else (chord.root,)
    pitches = [p for p in range(low, high + 1) if p % 12 in classes and p < slot.melody_low]
    return np.array(pitches or [next(p for p in range(low, low + 12) if p % 12 == classes[0])])


def _bass_cost(pitch: int, slot: Slot, low: int, high: int) -> float:
    inversion = 0.0 if pitch % 12 == slot.chord.bass_class else 1.1
    centre = low + (high - low) * 0.4
    doubled_third = 1.5 if pitch % 12 == slot.chord.third == slot.melody_at % 12 else 0.0
    crowded = 0.3 * max(0, pitch + ROOM_FOR_VOICES - slot.melody_low)
    return inversion + 0.06 * abs(pitch - centre) + crowded + doubled_third


def _outer_cost(before: NDArray[np.int64], after: NDArray[np.int64], a: Slot, b: Slot) -> Costs:
    """Cost of each bass move under the melody's move."""
    move = after[None, :] - before[:, None]
    size = np.abs(move)
    cost = BASS_MOTION_COST * size + 1.5 * (size > 7) + 4.0 * (size > 12) + 3.0 * np.isin(size, (6, 10, 11))
    cost = cost + 0.4 * (size == 0)
    for melody_before, weight in ((a.melody_at, STRUCTURAL_PARALLEL), (b.melody_before, PARALLEL)):
        cost = cost + _parallel_cost(melody_before, b.melody_at, before[:, None], after[None, :], weight)
    melody_move = b.melody_at - b.melody_before
    arrives = np.isin((b.melody_at - after[None, :]) % 12, (0, 7))
    direct = arrives & (np.sign(move) == np.sign(melody_move)) & (melody_move != 0)
    cost = cost + direct * (DIRECT + (DIRECT_LEAP if abs(melody_move) > 2 else 0.0))
    return np.asarray(cost - 0.3 * (np.sign(move) == -np.sign(melody_move)))


def _parallel_cost(
    high_before: NDArray[np.int64] | int,
    high_after: NDArray[np.int64] | int,
    low_before: NDArray[np.int64],
    low_after: NDArray[np.int64],
    weight: float = PARALLEL,
) -> Costs:
    """``weight`` where two voices move in parallel fifths or octaves, less where they do so in contrary motion."""
    first, second = (high_before - low_before) % 12, (high_after - low_after) % 12
    perfect = (first == second) & ((first == 0) | (first == 7))
    upper, lower = np.sign(high_after - high_before), np.sign(low_after - low_before)
    both = (upper != 0) & (lower != 0)
    return np.asarray(perfect & both & (upper == lower)) * weight + np.asarray(perfect & both & (upper != lower)) * min(
        weight, ANTI_PARALLEL
    )


# -- upper voices


def _candidates(slot: Slot, bass: int, voices: int, upper: tuple[int, int], key: Key) -> NDArray[np.int64]:
    """(C, voices) voicings from low to high below the melody."""
    low, high = upper
    ceiling = min(high, slot.melody_low - 1)
    is_tight = ceiling - low < TIGHT
    if ceiling - low < NARROW:
        # A melody this low leaves no room: the voices go beneath it as far as they can, and never cross the bass.
        low = max(bass + 3, ceiling - TIGHT)
    tones = [p for p in range(max(low, bass + 1), ceiling + 1) if p % 12 in slot.chord.classes]
    found = [c for c in product(tones, repeat=voices) if _is_playable(c, is_tight)]
    if not found:
        tones = [p for p in range(bass + 1, bass + 30) if p % 12 in slot.chord.classes]
        found = [tuple(tones[i : i + voices]) for i in range(max(1, len(tones) - voices + 1))]
    array = np.array(found, dtype=np.int64)
    if len(array) > MAX_CANDIDATES:
        cost = _local_costs(array, slot, bass, key)
        array = array[np.argsort(cost, kind="stable")[:MAX_CANDIDATES]]
    return array


def _is_playable(pitches: tuple[int, ...], may_join: bool) -> bool:
    """No gap over an octave and no mud; voices may join on one pitch where room is short."""
    return all(-may_join < b - a <= MAX_GAP for a, b in pairwise(pitches)) and not any(
        a < MUD_PITCH and 0 < b - a < 5 for a, b in pairwise(pitches)
    )


def _local_costs(options: NDArray[np.int64], slot: Slot, bass: int, key: Key) -> Costs:
    chord = slot.chord
    classes = options % 12
    everything = np.concatenate([classes, np.full((len(options), 1), bass % 12)], axis=1)
    with_melody = np.concatenate([everything, np.full((len(options), 1), slot.melody_at % 12)], axis=1)
    cost = NO_THIRD * ~(everything == chord.third).any(axis=1) + NO_ROOT * ~(everything == chord.root).any(axis=1)
    cost = cost + 0.8 * ~(with_melody == chord.fifth).any(axis=1)
    if chord.seventh is not None:
        count = (with_melody == chord.seventh).sum(axis=1)
        cost = cost + NO_SEVENTH * (count == 0) + NO_SEVENTH * (count > 1)
    leading = (key.tonic_class - 1) % 12
    if leading in chord.classes:
        cost = cost + DOUBLED_LEADING_TONE * ((with_melody == leading).sum(axis=1) > 1)
    cost = cost + 1.0 * ((with_melody == chord.third).sum(axis=1) > 1)
    cost = cost + 1.2 * (np.diff(options, axis=1) == 0).sum(axis=1)
    spread = options[:, -1] - options[:, 0]
    cost = cost + 0.15 * np.maximum(0, spread - 12) + 0.25 * np.maximum(0, 5 - spread)
    cost = cost + 0.6 * (options[:, 0] - bass < 3) + 0.1 * np.maximum(0, options[:, 0] - bass - TENOR_BASS_GAP)
    cost = cost + 0.3 * np.maximum(0, slot.melody_at - options[:, -1] - MAX_GAP)
    # Comfortable middle of the keyboard.
    return np.asarray(cost + 0.02 * np.abs(options.mean(axis=1) - 59))


def _transition(
    before: NDArray[np.int64], after: NDArray[np.int64], slots: Sequence[Slot], bass: Sequence[int], key: Key
) -> Costs:
    """(n, m) cost of moving from each voicing to each next one."""
    a, b = before[:, None, :], after[None, :, :]
    move = b - a
    size = np.abs(move)
    cost = MOTION_COST * size.sum(axis=2) + 1.5 * (size > 7).sum(axis=2)
    count = before.shape[1]
    low_before, low_after = np.asarray(bass[0]), np.asarray(bass[1])
    # Against the melody twice: the note just before the change, and the one that the chord before began with.
    tops = {slots[1].melody_before, slots[0].melody_at}
    for high in range(count):
        cost = cost + _parallel_cost(a[..., high], b[..., high], low_before, low_after)
        for top in tops:
            cost = cost + _parallel_cost(top, slots[1].melody_at, a[..., high], b[..., high])
        for low in range(high):
            cost = cost + _parallel_cost(a[..., high], b[..., high], a[..., low], b[..., low])
            cost = cost + OVERLAP * ((b[..., low] > a[..., high]) | (b[..., high] < a[..., low]))
    return np.asarray(cost + _tendency_cost(a, b, slots[0].chord, slots[1].chord, key))


def _tendency_cost(a: NDArray[np.int64], b: NDArray[np.int64], chord: Chord, following: Chord, key: Key) -> Costs:
    """Leading tones that do not rise and sevenths that do not fall (in the voice that holds them)."""
    shape = np.broadcast_shapes(a.shape, b.shape)
    cost = np.zeros(shape[:2])
    leading = (key.tonic_class - 1) % 12
    if leading in chord.classes and key.tonic_class in following.classes:
        cost = cost + UNRESOLVED_LEADING_TONE * ((a % 12 == leading) & (b - a != 1)).sum(axis=2)
    if chord.seventh is not None and following.root != chord.root:
        falls = ((a - b) == 1) | ((a - b) == 2) | (a == b)
        cost = cost + UNRESOLVED_SEVENTH * ((a % 12 == chord.seventh) & ~falls).sum(axis=2)
    return np.asarray(cost)
