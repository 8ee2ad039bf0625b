"""The rules of melody as a list of small biases over the pitch vocabulary, for a batch of candidates at once.

Each rule looks at the next note of every candidate and returns log-weights (R, P): 0 where it has nothing against a
pitch, ``-inf`` where it forbids one, small numbers where it leans. Where all pitches of a candidate are forbidden,
rules give way in ``RELAX_ORDER``; range, scale and cadence never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from composer.encoding.melody import PITCHES
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT

Bias = NDArray[np.float64]
Flags = NDArray[np.bool_]
P = np.array(PITCHES)
FORBIDDEN = -np.inf
STEP, SMALL_LEAP, LEAP, OCTAVE = 2, 4, 5, 12
BANNED_INTERVALS = (6, 10, 11)  # tritone and sevenths
HISTORY = 8  # notes that the rules look back on
NO_NOTE = -99  # where the history is shorter
REGISTER_NOTES = 4  # notes before the next one whose mean with it is pulled toward the register ...
REGISTER_WIDTH, SINGLE_WIDTH = 3.2, 14.0  # ... semitones, standard deviations of that pull and of each note's own
CONTOUR_PULL = 0.4
MAX_REPEATED = 3
WIDE = 8  # a minor sixth
WIDE_BONUS, LEAP_BONUS, THIRD_BONUS = 1.0, 0.3, 0.3  # nats for an interval of that size
TURN_COST = 0.6  # nats for turning again right after a turn


@dataclass(frozen=True, slots=True)
class NoteBatch:
    """What the rules know of the note to come in each of R candidates. Pitches are semitones above the tonic.

    Masks are (R, P), numbers (R,). ``history`` (R, ``HISTORY``) holds the last pitches, the newest last, ``NO_NOTE``
    where there is none. ``coins`` (R, 2) are the note's random numbers in 0..1, one for each probabilistic rule.
    """

    in_range: Flags
    in_scale: Flags
    chord_tones: Flags
    reachable: Flags  # pitches from which the phrase can still arrive at its cadence
    near_goal: Flags  # a step from a cadence tone, where the next note is the last
    accent: NDArray[np.int64]  # 3 downbeat ... 0 off the beat
    duration: NDArray[np.int64]  # ticks
    history: NDArray[np.int64]
    register: NDArray[np.float64]
    contour: NDArray[np.int64]
    owes_step: Flags  # the last note was dissonant and must resolve by step
    is_minor: Flags
    coins: NDArray[np.float64]

    @property
    def last(self) -> NDArray[np.int64]:
        """(R, 1) pitch of the last note, or ``NO_NOTE``."""
        return self.history[:, -1:]

    @property
    def has_last(self) -> Flags:
        """(R, 1) whether there was a note before."""
        return np.asarray(self.last != NO_NOTE)


class PitchRule(Protocol):
    """One rule; ``name`` says what it finds or wants."""

    name: str

    def __call__(self, notes: NoteBatch) -> Bias: ...


def relative_classes(classes: tuple[int, ...], key: Key) -> frozenset[int]:
    return frozenset((c - key.tonic_class) % 12 for c in classes)


@lru_cache(maxsize=4096)
def chord_scale(chord: Chord, key: Key, home: Key | None = None) -> frozenset[int]:
    """Pitch classes above the tonic (of ``home``, else of ``key``) that may sound over ``chord``: its tones, and the
    tones of the scale of ``key`` that do not lie a semitone from a chord tone that is foreign to it."""
    tones = relative_classes(chord.classes, home or key)
    scale = relative_classes(key.scale, home or key)
    foreign = tones - scale
    return frozenset(tones | {c for c in scale if not any((c - f) % 12 in (1, 11) for f in foreign)})


@lru_cache(maxsize=512)
def is_in(classes: frozenset[int]) -> Flags:
    """(P,) whether each pitch of the vocabulary belongs to the classes above the tonic."""
    flags = np.isin(P % 12, list(classes))
    flags.setflags(write=False)
    return flags


def _mask(allowed: Flags) -> Bias:
    return np.where(allowed, 0.0, FORBIDDEN)


class InRange:
    name = "range"

    def __call__(self, notes: NoteBatch) -> Bias:
        return _mask(notes.in_range)


class InScale:
    """The tones of the chord's scale; in minor no augmented second between the lowered 6 and the raised 7."""

    name = "scale"

    def __call__(self, notes: NoteBatch) -> Bias:
        last = notes.last % 12
        second = ((last == 11) & (P % 12 == 8)) | ((last == 8) & (P % 12 == 11))
        is_augmented = second & (np.abs(P - notes.last) == 3) & notes.is_minor[:, None]
        return _mask(notes.in_scale & ~is_augmented)


class ReachesCadence:
    """Every note lies where the cadence tone can still be reached; the one before it best a step away."""

    name = "cadence"

    def __call__(self, notes: NoteBatch) -> Bias:
        return _mask(notes.reachable) + np.where(notes.near_goal, 1.2, 0.0)


class ChordToneOnStrongBeat:
    """Strong beats and long notes take chord tones, most of the time."""

    name = "chord tones"
    by_accent = np.array([0.2, 0.4, 0.75, 0.9])
    long_note = 0.93

    def __call__(self, notes: NoteBatch) -> Bias:
        wanted = self.by_accent[notes.accent]
        wanted = np.where(notes.duration >= TICKS_PER_BEAT, np.maximum(wanted, self.long_note), wanted)
        asked = notes.coins[:, 0] < wanted
        return _mask(notes.chord_tones | ~asked[:, None])


class DissonanceResolves:
    """A tone outside the chord goes on by step; a note a semitone above a chord tone is short."""

    name = "resolution"

    def __call__(self, notes: NoteBatch) -> Bias:
        above = np.zeros_like(notes.chord_tones)
        above[:, 1:] = notes.chord_tones[:, :-1]
        clash = above & ~notes.chord_tones & (notes.duration >= TICKS_PER_BEAT)[:, None]
        distance = np.abs(P - notes.last)
        unresolved = notes.owes_step[:, None] & ((distance > STEP) | (distance == 0)) & notes.has_last
        # Leap into a chord tone only.
        leap = np.where((distance > STEP) & ~notes.chord_tones & notes.has_last, -1.5, 0.0)
        return _mask(~clash & ~unresolved) + leap


class SingableInterval:
    name = "intervals"

    def __call__(self, notes: NoteBatch) -> Bias:
        interval = np.abs(P - notes.last)
        allowed = (interval <= OCTAVE) & ~np.isin(interval, BANNED_INTERVALS)
        # What the other rules forbid takes more from leaps than from steps: they are asked for, so as not to dry up.
        asked = np.select([interval >= WIDE, interval >= LEAP, interval > STEP], [WIDE_BONUS, LEAP_BONUS, THIRD_BONUS])
        return np.where(notes.has_last, _mask(allowed) + asked, 0.0)


class LeapRecovers:
    """After a leap the line turns back by a small interval; two leaps in one direction only within a triad."""

    name = "leap recovery"
    probability = 0.05

    def __call__(self, notes: NoteBatch) -> Bias:
        before = notes.history[:, -2:-1]
        leap = np.where(before != NO_NOTE, notes.last - before, 0)
        move = (P - notes.last) * np.sign(leap)
        size = np.abs(leap)
        asked = (size >= LEAP) & (notes.coins[:, 1:2] < self.probability)
        bias = np.where(asked & ((move > 0) | (move < -SMALL_LEAP)), FORBIDDEN, 0.0)
        too_far = np.where(size > SMALL_LEAP, SMALL_LEAP, np.where(size > STEP, LEAP + STEP, OCTAVE))
        return np.where(~asked & (move > too_far), FORBIDDEN, bias)


class NotTooOften:
    """At most three equal pitches in a row; going on in one direction or turning at every note both tire."""

    name = "repetition"

    def __call__(self, notes: NoteBatch) -> Bias:
        same = notes.history[:, ::-1] == notes.last
        repeated = np.cumprod(same, axis=1).sum(axis=1, keepdims=True)
        again = np.where(repeated >= MAX_REPEATED, FORBIDDEN, -0.5 * (repeated - 1) - 1.9)
        bias = np.where((notes.last == P) & notes.has_last, again, 0.0)
        moves = np.sign(np.diff(notes.history, axis=1))
        moves[(notes.history[:, :-1] == NO_NOTE)] = 0
        newest = _newest_moves(moves)
        direction = np.sign(P - notes.last)
        goes_on = (np.abs(newest[:, :4].sum(axis=1, keepdims=True)) == 4) & (direction == newest[:, :1])
        turned = (newest[:, :1] * newest[:, 1:2] < 0) & (direction == -newest[:, :1])
        return np.asarray(bias - 0.5 * goes_on - TURN_COST * turned)


def _newest_moves(moves: NDArray[np.int64]) -> NDArray[np.int64]:
    """(R, 4) directions of the last moves that were none of repeated notes, the newest first, 0 where fewer."""
    found = np.zeros((len(moves), 4), dtype=np.int64)
    backward = moves[:, ::-1]
    place = np.cumsum(backward != 0, axis=1) - 1
    rows, columns = np.nonzero((backward != 0) & (place < 4))
    found[rows, place[rows, columns]] = backward[rows, columns]
    return found


class NearRegister:
    """The mean of the last notes keeps to the register, so that single notes may go far; and the planned direction."""

    name = "register and contour"

    def __call__(self, notes: NoteBatch) -> Bias:
        recent = notes.history[:, -REGISTER_NOTES:]
        heard = recent != NO_NOTE
        total = np.where(heard, recent, 0).sum(axis=1, keepdims=True) + P
        mean = total / (heard.sum(axis=1, keepdims=True) + 1)
        bias = -((mean - notes.register[:, None]) ** 2) / (2 * REGISTER_WIDTH**2)
        bias -= ((P - notes.register[:, None]) ** 2) / (2 * SINGLE_WIDTH**2)
        follows = (np.sign(P - notes.last) == notes.contour[:, None]) & (notes.contour[:, None] != 0) & notes.has_last
        return np.asarray(bias + CONTOUR_PULL * follows)


RULES: tuple[PitchRule, ...] = (
    InRange(),
    InScale(),
    ReachesCadence(),
    ChordToneOnStrongBeat(),
    DissonanceResolves(),
    SingableInterval(),
    LeapRecovers(),
    NotTooOften(),
    NearRegister(),
)
# Names in the order in which they give way when nothing is left.
RELAX_ORDER = ("register and contour", "repetition", "leap recovery", "chord tones", "resolution", "intervals")


def pitch_bias(notes: NoteBatch, rules: tuple[PitchRule, ...] = RULES) -> tuple[Bias, list[tuple[str, ...]]]:
    """Log-weights (R, P) of all pitches for the next notes, and for each the names of the rules that gave way."""
    biases = {rule.name: rule(notes) for rule in rules}
    total = np.sum(list(biases.values()), axis=0)
    relaxed: list[tuple[str, ...]] = [()] * len(total)
    for row in np.flatnonzero(~np.isfinite(total).any(axis=1)).tolist():
        total[row], relaxed[row] = _relaxed({name: bias[row] for name, bias in biases.items()})
    return total, relaxed


def _relaxed(biases: dict[str, Bias]) -> tuple[Bias, tuple[str, ...]]:
    """Log-weights (P,) of one note after as many rules gave way as had to, and their names."""
    dropped: dict[str, Bias] = {}
    kept = dict(biases)
    total = np.sum(list(kept.values()), axis=0)
    for name in RELAX_ORDER:
        if np.isfinite(total).any():
            break
        if name in kept:
            dropped[name] = kept.pop(name)
            total = np.sum(list(kept.values()), axis=0)
    if not np.isfinite(total).any():
        in_range = biases.get(InRange.name, np.zeros(len(P)))
        total = in_range if np.isfinite(in_range).any() else np.zeros(len(P))
        return total, (*dropped, ReachesCadence.name, InScale.name)
    # What gave way before the one that stood in the way holds again.
    for name, bias in list(dropped.items()):
        if np.isfinite(total + bias).any():
            total = total + bias
            del dropped[name]
    return total, tuple(dropped)
