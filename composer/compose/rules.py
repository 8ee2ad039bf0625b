"""The rules of melody as a list of small biases over the pitch vocabulary.

Each rule looks at one note's context and returns log-weights: 0 where it has nothing against a pitch, ``-inf`` where
it forbids one, small numbers where it leans. When all pitches are forbidden, rules give way in ``RELAX_ORDER``; range,
scale and cadence never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from composer.encoding.melody import PITCHES
from composer.music.chord import Chord
from composer.music.key import Key

Bias = NDArray[np.float64]
_P = np.array(PITCHES)
FORBIDDEN = -np.inf
STEP, SMALL_LEAP, LEAP, OCTAVE = 2, 4, 5, 12
BANNED_INTERVALS = (6, 10, 11)  # tritone and sevenths
REGISTER_WIDTH = 5.5  # semitones, the standard deviation of the pull toward the register
CONTOUR_PULL = 0.4
MAX_REPEATED = 3
TURN_COST = 0.7  # nats for turning again right after a turn


@dataclass(frozen=True, slots=True)
class NoteContext:
    """What the rules know of the note to come. Pitches are semitones above the tonic of the melody's frame.

    ``coins`` are the note's random numbers in 0..1, one per probabilistic rule.
    """

    key: Key
    chord: Chord
    accent: int  # 3 downbeat ... 0 off the beat
    duration: int  # ticks
    history: tuple[int, ...]  # pitches so far, oldest first
    low: int
    high: int
    register: float
    contour: int
    owes_step: bool  # the last note was dissonant and must resolve by step
    targets: tuple[int, ...]  # pitch classes above the tonic at the cadence
    notes_to_target: int  # 0: this is the final note; 1: the next note is; 9: far
    coins: tuple[float, float, float]

    @property
    def last(self) -> int | None:
        return self.history[-1] if self.history else None


class PitchRule(Protocol):
    """One rule; ``name`` says what it finds or wants."""

    name: str

    def __call__(self, note: NoteContext) -> Bias: ...


def relative_classes(classes: tuple[int, ...], key: Key) -> frozenset[int]:
    return frozenset((c - key.tonic_class) % 12 for c in classes)


def chord_scale(chord: Chord, key: Key) -> frozenset[int]:
    """Pitch classes above the tonic that may sound over ``chord``: its tones, and the scale tones that do not lie a
    semitone from a chord tone that is foreign to the scale."""
    tones = relative_classes(chord.classes, key)
    scale = relative_classes(key.scale, key)
    foreign = tones - scale
    return frozenset(tones | {c for c in scale if not any((c - f) % 12 in (1, 11) for f in foreign)})


def _mask(allowed: NDArray[np.bool_]) -> Bias:
    return np.where(allowed, 0.0, FORBIDDEN)


def _is_in(classes: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(_P % 12, list(classes))


class InRange:
    name = "range"

    def __call__(self, note: NoteContext) -> Bias:
        return _mask((note.low <= _P) & (note.high >= _P))


class InScale:
    name = "scale"

    def __call__(self, note: NoteContext) -> Bias:
        allowed = _is_in(chord_scale(note.chord, note.key))
        bias = _mask(allowed)
        if note.last is not None and note.key.is_minor:
            # No augmented second between the lowered sixth and the raised seventh.
            if note.last % 12 == 11:
                bias[_P % 12 == 8] = FORBIDDEN
            if note.last % 12 == 8:
                bias[_P % 12 == 11] = FORBIDDEN
        return bias


class ReachesCadence:
    """The final note is a cadence tone; the notes before it stay within reach of one, best by step."""

    name = "cadence"

    def __call__(self, note: NoteContext) -> Bias:
        if note.notes_to_target > 2:
            return np.zeros(len(_P))
        goals = _P[_is_in(frozenset(note.targets)) & (note.low <= _P) & (note.high >= _P)]
        if note.notes_to_target == 0 or not goals.size:
            return _mask(np.isin(_P, goals)) if goals.size else np.zeros(len(_P))
        distance = np.abs(_P[:, None] - goals[None, :]).min(axis=1)
        reach = SMALL_LEAP if note.notes_to_target == 1 else 2 * SMALL_LEAP
        bias = _mask(distance <= reach)
        if note.notes_to_target == 1:
            bias = bias + np.where((distance >= 1) & (distance <= STEP), 1.2, 0.0)
        return bias


class ChordToneOnStrongBeat:
    """Strong beats and long notes take chord tones, most of the time."""

    name = "chord tones"
    probability = {3: 0.9, 2: 0.8, 1: 0.45, 0: 0.2}
    long_probability = 0.93

    def __call__(self, note: NoteContext) -> Bias:
        wanted = self.probability[note.accent]
        if note.duration >= 480:
            wanted = max(wanted, self.long_probability)
        if note.coins[0] < wanted:
            return _mask(_is_in(relative_classes(note.chord.classes, note.key)))
        return np.zeros(len(_P))


class DissonanceResolves:
    """A tone outside the chord goes on by step; a dissonant note of a semitone above a chord tone is short."""

    name = "resolution"

    def __call__(self, note: NoteContext) -> Bias:
        tones = relative_classes(note.chord.classes, note.key)
        bias = np.zeros(len(_P))
        if note.duration >= 480:
            clash = _is_in(frozenset((t + 1) % 12 for t in tones) - tones)
            bias[clash] = FORBIDDEN
        if note.last is not None:
            distance = np.abs(_P - note.last)
            if note.owes_step:
                bias = bias + _mask((distance <= STEP) & (distance > 0))
            # Leap into a chord tone only.
            bias = bias + np.where((distance > STEP) & ~_is_in(tones), -2.5, 0.0)
        return bias


class SingableInterval:
    name = "intervals"

    def __call__(self, note: NoteContext) -> Bias:
        if note.last is None:
            return np.zeros(len(_P))
        interval = np.abs(_P - note.last)
        bias = _mask((interval <= OCTAVE) & ~np.isin(interval, BANNED_INTERVALS))
        return bias - np.where(interval >= 8, 0.8, 0.0)


class LeapRecovers:
    """After a leap the line turns back by a small interval; two leaps in one direction only within a triad."""

    name = "leap recovery"
    probability = 0.6

    def __call__(self, note: NoteContext) -> Bias:
        bias = np.zeros(len(_P))
        if len(note.history) < 2:
            return bias
        leap = note.history[-1] - note.history[-2]
        move = (_P - note.history[-1]) * np.sign(leap)
        if abs(leap) >= LEAP and note.coins[1] < self.probability:
            return _mask((move <= 0) & (move >= -SMALL_LEAP))
        if abs(leap) > SMALL_LEAP:
            bias[move > SMALL_LEAP] = FORBIDDEN
        elif abs(leap) > STEP:
            bias[move > LEAP + STEP] = FORBIDDEN
        return bias


class NotTooOften:
    """At most three equal pitches in a row; going on in one direction or turning at every note both tire."""

    name = "repetition"

    def __call__(self, note: NoteContext) -> Bias:
        bias = np.zeros(len(_P))
        if not note.history:
            return bias
        repeated = 1
        while repeated < len(note.history) and note.history[-1 - repeated] == note.history[-1]:
            repeated += 1
        bias[note.last == _P] = FORBIDDEN if repeated >= MAX_REPEATED else -0.5 * (repeated - 1) - 0.6
        moves = np.sign(np.diff(note.history[-5:]))
        moves = moves[moves != 0]
        if len(moves) >= 4 and all(moves[-4:] == moves[-1]):
            bias[np.sign(_P - note.history[-1]) == moves[-1]] -= 0.5
        if len(moves) >= 2 and moves[-1] == -moves[-2]:
            bias[np.sign(_P - note.history[-1]) == -moves[-1]] -= TURN_COST
        return bias


class NearRegister:
    name = "register and contour"

    def __call__(self, note: NoteContext) -> Bias:
        bias = -((_P - note.register) ** 2) / (2 * REGISTER_WIDTH**2)
        if note.last is not None and note.contour:
            bias = bias + CONTOUR_PULL * (np.sign(_P - note.last) == note.contour)
        return np.asarray(bias)


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


def pitch_bias(note: NoteContext, rules: tuple[PitchRule, ...] = RULES) -> tuple[Bias, tuple[str, ...]]:
    """Log-weights (P,) of all pitches for the note, and the names of the rules that had to give way."""
    biases = {rule.name: rule(note) for rule in rules}
    relaxed: list[str] = []
    total = np.sum(list(biases.values()), axis=0)
    for name in RELAX_ORDER:
        if np.isfinite(total).any():
            break
        biases.pop(name, None)
        relaxed.append(name)
        total = np.sum(list(biases.values()), axis=0)
    if not np.isfinite(total).any():
        in_range = InRange()(note)
        total = in_range if np.isfinite(in_range).any() else np.zeros(len(_P))
        relaxed.append("scale")
    return total, tuple(relaxed)
