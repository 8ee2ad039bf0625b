"""Structural voicings by Viterbi: least motion, no parallels, resolved tendency tones.

Voices are judged once per chord; the texture then moves inside them. Bass lines come first (``bass``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise

import numpy as np

from composer.compose.voices.bass import bass_line
from composer.compose.voices.chorale import INNER_VOICES, ChoraleTerm
from composer.compose.voices.slots import PARALLEL, Costs, Pitches, Slot, cheapest_path, parallel_cost
from composer.compose.voices.sounding import MUD_PITCH, MUD_SEMITONES
from composer.encoding.voices import VoicesModel
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import Meter

PASSING_PARALLEL = 9.0  # between an inner voice and the last note of the tune before the change
OVERLAP, OUTER_OVERLAP = 9.0, 9.0  # among the inner voices; between them and bass or melody
NO_THIRD, NO_ROOT, NO_FIFTH, NO_SEVENTH = 6.0, 1.5, 0.8, 4.0
DOUBLED_LEADING_TONE, DOUBLED_THIRD = 8.0, 1.0
# Two voices on one pitch: where room is short, elsewhere, and where there are only two.
UNISON, UNISON_IN_ROOM, UNISON_OF_PLAYERS = 2.5, 4.5, 6.0
UNRESOLVED_LEADING_TONE, UNRESOLVED_SEVENTH = 0.8, 6.0
MOTION, LEAP = 0.15, 1.5  # a semitone in any voice; a voice that moves over a fifth
STAYING = 1.5  # a voice that moves though the chord goes on
MAX_GAP = 12  # semitones between neighbouring upper voices
TENOR_BASS_GAP = 19  # a twelfth, between the lowest voice and the bass
MUD = 12.0
GONE, LIKING = 8.0, 5.0  # voices that are to go; the most that a liking for other ones is worth
NOT_HEARD = 12.0  # a voice that is none of those that stand there already
MAX_CANDIDATES = 90
TIGHT, NARROW = 17, 5  # semitones of room: too little for three free voices; too little for any
MIDDLE = 59  # B3: the comfortable middle of the keyboard


@dataclass(frozen=True, slots=True)
class Voicing:
    """Bass and upper voices from low to high, MIDI pitches."""

    bass: int
    voices: tuple[int, ...]


def voicings_of(
    slots: Sequence[Slot],
    key: Key,
    voices: int,
    upper: tuple[int, int],
    bass: tuple[int, int],
    *,
    seats: Sequence[tuple[int, int]] = (),
    model: VoicesModel | None = None,
    meter: Meter | None = None,
) -> tuple[Voicing, ...]:
    """The best bass line, then the best upper voices over it, within the ranges (low, high).

    ``seats`` are the ranges of the upper voices, from low to high, where each has a player of its own.
    ``model`` with the ``meter`` adds what chorales do to the costs: of the bass, and of two upper voices.
    """
    if not slots:
        return ()
    term = ChoraleTerm(model, slots, key, meter) if model is not None and meter is not None else None
    line = bass_line(slots, key, bass, term)
    options = [_candidates(slot, low, voices, upper, key, seats) for slot, low in zip(slots, line, strict=True)]
    local = [_local_costs(o, s, b, upper[0], key) for o, s, b in zip(options, slots, line, strict=True)]
    steps = [
        _transition(options[i - 1], options[i], slots[i - 1 : i + 1], line[i - 1 : i + 1], key)
        for i in range(1, len(slots))
    ]
    if term is not None and voices == INNER_VOICES:
        local[0] = local[0] + term.upper(0, None, options[0], None, line[0])[0]
        steps = [
            step + term.upper(i + 1, options[i], options[i + 1], line[i], line[i + 1]) for i, step in enumerate(steps)
        ]
    path = cheapest_path(local, steps)
    return tuple(Voicing(low, tuple(int(p) for p in o[i])) for low, o, i in zip(line, options, path, strict=True))


def _candidates(
    slot: Slot, bass: int, voices: int, upper: tuple[int, int], key: Key, seats: Sequence[tuple[int, int]]
) -> Pitches:
    """(C, voices) voicings from low to high below the melody."""
    if slot.heard is not None and len(slot.heard.upper) == voices:
        return np.array([slot.heard.upper], dtype=np.int64)
    low, high = upper
    ceiling = min(high, slot.melody_low - 1)
    if ceiling - low < NARROW:
        # A melody this low leaves no room: the voices go beneath it as far as they can, and never cross the bass.
        low = max(bass + 3, ceiling - TIGHT)
    tones = [p for p in range(max(low, bass + 1), ceiling + 1) if p % 12 in slot.chord.classes]
    found = [c for c in combinations_with_replacement(tones, voices) if _is_playable(c)]
    if not found:
        tones = [p for p in range(bass + 1, bass + 30) if p % 12 in slot.chord.classes]
        found = [tuple(tones[i : i + voices]) for i in range(max(1, len(tones) - voices + 1))]
    array = np.array(found, dtype=np.int64)
    if seats:
        lows, highs = np.array(seats).T
        within = ((array >= lows) & (array <= highs)).all(axis=1)
        array = array[within] if within.any() else array
    if len(array) > MAX_CANDIDATES:
        cost = _local_costs(array, slot, bass, upper[0], key)
        array = array[np.argsort(cost, kind="stable")[:MAX_CANDIDATES]]
    return array


def _is_playable(pitches: tuple[int, ...]) -> bool:
    """No gap over an octave and no mud; voices may join on one pitch."""
    return all(b - a <= MAX_GAP for a, b in pairwise(pitches)) and not any(
        a < MUD_PITCH and 0 < b - a < 5 for a, b in pairwise(pitches)
    )


def _local_costs(options: Pitches, slot: Slot, bass: int, low: int, key: Key) -> Costs:
    chord = slot.chord
    sounding = np.concatenate([options % 12, np.full((len(options), 1), bass % 12)], axis=1)
    with_melody = np.concatenate([sounding, np.full((len(options), 1), slot.melody_at % 12)], axis=1)
    # Few voices count on the tune for a member of the chord.
    told = with_melody if options.shape[1] <= INNER_VOICES else sounding
    cost = NO_THIRD * ~(told == chord.third).any(axis=1) + NO_ROOT * ~(told == chord.root).any(axis=1)
    cost = cost + NO_FIFTH * ~(with_melody == chord.fifth).any(axis=1)
    if chord.seventh is not None:
        count = (with_melody == chord.seventh).sum(axis=1)
        cost = cost + NO_SEVENTH * (count == 0) + NO_SEVENTH * (count > 1)
    leading = slot.leading(key)
    if leading in chord.classes:
        cost = cost + DOUBLED_LEADING_TONE * ((with_melody == leading).sum(axis=1) > 1)
    cost = cost + DOUBLED_THIRD * ((with_melody == chord.third).sum(axis=1) > 1)
    if options.shape[1] <= INNER_VOICES:
        unison = UNISON_OF_PLAYERS
    else:
        unison = UNISON if slot.melody_low - low <= TIGHT else UNISON_IN_ROOM
    cost = cost + unison * (np.diff(options, axis=1) == 0).sum(axis=1)
    spread = options[:, -1] - options[:, 0]
    cost = cost + 0.8 * np.maximum(0, spread - 12) + 0.25 * np.maximum(0, 5 - spread)
    if slot.heard is not None and slot.heard.upper:
        cost = cost + NOT_HEARD * (~np.isin(options, slot.heard.upper)).sum(axis=1)
    if slot.heard is not None:
        cost = cost + slot.heard.dislike(options, GONE, LIKING)
    # What blurs with the bass will not be struck, and then the chord lacks a voice.
    cost = cost + MUD * ((options[:, 0] < MUD_PITCH) & (options[:, 0] - bass < MUD_SEMITONES))
    cost = cost + 0.6 * (options[:, 0] - bass < 3) + 0.1 * np.maximum(0, options[:, 0] - bass - TENOR_BASS_GAP)
    cost = cost + 0.3 * np.maximum(0, slot.melody_at - options[:, -1] - MAX_GAP)
    return np.asarray(cost + 0.02 * np.abs(options.mean(axis=1) - MIDDLE))


def _transition(before: Pitches, after: Pitches, slots: Sequence[Slot], bass: Sequence[int], key: Key) -> Costs:
    """(n, m) cost of moving from each voicing to each next one."""
    a, b = before[:, None, :], after[None, :, :]
    size = np.abs(b - a)
    cost = MOTION * size.sum(axis=2) + LEAP * (size > 7).sum(axis=2)
    if slots[0].chord == slots[1].chord:
        cost = cost + STAYING * (size > 0).sum(axis=2)
    count = before.shape[1]
    low_before, low_after = np.asarray(bass[0]), np.asarray(bass[1])
    # Against the melody twice: the one that the chord before began with, and the note just before the change.
    tops = {slots[1].melody_before: PASSING_PARALLEL, slots[0].melody_at: PARALLEL}
    for high in range(count):
        cost = cost + parallel_cost(a[..., high], b[..., high], low_before, low_after)
        for top, weight in tops.items():
            cost = cost + parallel_cost(top, slots[1].melody_at, a[..., high], b[..., high], weight)
        for low in range(high):
            cost = cost + parallel_cost(a[..., high], b[..., high], a[..., low], b[..., low])
    for low in range(count - 1):
        cost = cost + OVERLAP * ((b[..., low] > a[..., low + 1]) | (b[..., low + 1] < a[..., low]))
    cost = cost + OUTER_OVERLAP * ((b[..., 0] < low_before) | (low_after > a[..., 0]))
    top_before, top_after = slots[0].melody_at, slots[1].melody_at
    cost = cost + OUTER_OVERLAP * ((b[..., -1] > top_before) | (top_after < a[..., -1]))
    return np.asarray(cost + _tendency_cost(a, b, slots[0], slots[1].chord, key))


def _tendency_cost(a: Pitches, b: Pitches, slot: Slot, following: Chord, key: Key) -> Costs:
    """Leading tones that do not rise and sevenths that do not fall (in the voice that holds them)."""
    cost = np.zeros(np.broadcast_shapes(a.shape, b.shape)[:2])
    chord, leading = slot.chord, slot.leading(key)
    if leading in chord.classes and (leading + 1) % 12 in following.classes:
        cost = cost + UNRESOLVED_LEADING_TONE * ((a % 12 == leading) & (b - a != 1)).sum(axis=2)
    if chord.seventh is not None and following.root != chord.root:
        falls = ((a - b) == 1) | ((a - b) == 2) | (a == b)
        cost = cost + UNRESOLVED_SEVENTH * ((a % 12 == chord.seventh) & ~falls).sum(axis=2)
    return np.asarray(cost)
