"""The chords that a key offers, and how they follow each other: states, bigrams, obligations, and the two models.

The tables are counted from chorales and labelled tunes. Modal keys use the diatonic chords of their own scale with
the habits of the major or minor table, degree by degree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.harmony import STATE_TOKENS, STATES, HarmonyModel, Ints, raw_tension
from composer.music.chord import QUALITIES, Chord
from composer.music.key import MODES, Key

SELF_TRANSITION = 0.25  # weight of staying on a chord for another bar
SEVENTH_SHARE = 0.25  # of a seventh beside its triad in the modal keys, before tension has its say
_SMALL = 1e-6
DIMINISHED = ("dim", "m7b5", "dim7")
_RAISED_SEVENTH = 11


@dataclass(frozen=True)
class State:
    """A chord relative to the tonic: semitones of its root above it, and quality."""

    root: int
    quality: str

    def chord(self, key: Key) -> Chord:
        return Chord((self.root + key.tonic_class) % 12, self.quality)

    @property
    def is_triad(self) -> bool:
        return len(Chord(0, self.quality).classes) == 3

    @property
    def classes(self) -> frozenset[int]:
        """Pitch classes above the tonic."""
        return frozenset(Chord(self.root, self.quality).classes)


@dataclass(frozen=True)
class ModeTable:
    """Chord statistics of one mode: (S,) unigram and start weights, (S, S) transitions, all probabilities.

    ``tokens`` are the states' names in the harmony network (for a modal key, those of the same degrees of its parent);
    empty without a network.
    """

    states: tuple[State, ...]
    unigram: NDArray[np.float64]
    start: NDArray[np.float64]
    transition: NDArray[np.float64]
    mode: str
    tokens: Ints | None = None

    @cached_property
    def bar_transition(self) -> NDArray[np.float64]:
        """Transitions from bar to bar, with the obligations of applied and diminished chords."""
        matrix = self.transition.copy() + _SMALL
        np.fill_diagonal(matrix, 0.0)
        np.fill_diagonal(matrix, SELF_TRANSITION * matrix.max(axis=1))
        for row, goals in enumerate(self.goals):
            if goals:
                mask = np.isin(np.arange(len(self.states)), goals)
                matrix[row] = np.where(mask, matrix[row] + _SMALL, 0.0)
        return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))

    @cached_property
    def goals(self) -> tuple[tuple[int, ...], ...]:
        """For each state the indices of the chords that it has to go to; empty when it is free."""
        return tuple(tuple(obliged_goals(state, self.states, self.mode)) for state in self.states)

    @cached_property
    def is_restless(self) -> NDArray[np.bool_]:
        """(S,) which states have an obligation."""
        return np.array([bool(goals) for goals in self.goals])

    @cached_property
    def is_chromatic(self) -> NDArray[np.bool_]:
        """(S,) which states need a tone foreign to the mode; the raised seventh over V and vii belongs to minor."""
        scale = set(MODES[self.mode])
        raised = {_RAISED_SEVENTH} if self.mode == "minor" else set()
        return np.array([bool(s.classes - scale - (raised if s.root in (7, 11) else set())) for s in self.states])

    @cached_property
    def tension(self) -> NDArray[np.float64]:
        """(S,) raw tension of every state, 0..1."""
        return np.array([raw_tension(s.root, s.quality, self.mode) for s in self.states])

    def index(self, root: int, quality: str) -> int | None:
        return next((i for i, s in enumerate(self.states) if (s.root, s.quality) == (root, quality)), None)

    def index_of(self, chord: Chord, key: Key) -> int | None:
        """The state that ``chord`` is in ``key``, or the triad that it is built on."""
        root = (chord.root - key.tonic_class) % 12
        found = self.index(root, chord.quality)
        if found is not None:
            return found
        third, fifth = chord.classes[1:3]
        plain = {(4, 7): "", (3, 7): "m", (3, 6): "dim"}.get(((third - chord.root) % 12, (fifth - chord.root) % 12))
        return None if plain is None else self.index(root, plain)


@dataclass(frozen=True)
class Harmony:
    """The tables for major and for minor, and the network that knows more than the last chord (None: bigrams only)."""

    major: ModeTable
    minor: ModeTable
    model: HarmonyModel | None = None

    def table(self, key: Key) -> ModeTable:
        """The table for a key; for a modal key one over the chords of its own scale."""
        base = self.minor if key.is_minor else self.major
        return base if key.mode in ("major", "minor") else _modal(base, key.mode)


def harmony_of(tables: dict[str, Any]) -> Harmony:
    """The bigram model from the shipped tables (``composer.harmony/1``)."""
    modes = {}
    for name in ("major", "minor"):
        raw = tables["modes"][name]
        modes[name] = ModeTable(
            tuple(State(int(s["root"]), str(s["quality"])) for s in raw["states"]),
            np.asarray(raw["unigram"], dtype=float),
            np.asarray(raw["start"], dtype=float),
            np.asarray(raw["transition"], dtype=float),
            name,
        )
    return Harmony(modes["major"], modes["minor"])


def harmony_with(model: HarmonyModel) -> Harmony:
    """The network with its own bigrams, by which it looks ahead to the cadence."""
    modes = {}
    for name in ("major", "minor"):
        start, transition = model.bigram(name)
        states = tuple(State(s.root, s.quality) for s in STATES[name])
        unigram = np.full(len(states), 1.0 / len(states))
        for _ in range(50):
            unigram = unigram @ transition
        modes[name] = ModeTable(states, unigram / unigram.sum(), start, transition, name, STATE_TOKENS[name])
    return Harmony(modes["major"], modes["minor"], model)


def obliged_goals(state: State, states: Sequence[State], mode: str) -> list[int]:
    """Indices of the chords that a state must go to: an applied dominant to its goal, a diminished one up a step.

    The sevenths of the modes are tones of their scale and owe nothing.
    """
    if mode not in ("major", "minor"):
        return []
    is_seventh_off_the_dominant = state.quality == "7" and state.root != 7
    applied_roots = (0, 2) if mode == "minor" else (2, 9, 4)
    is_major_where_minor_is_diatonic = (
        state.quality == "" and state.root in applied_roots and _is_applied(state, states)
    )
    if state.quality in DIMINISHED:
        goal = (state.root + 1) % 12 if state.root != 2 else 7
    elif is_seventh_off_the_dominant or is_major_where_minor_is_diatonic:
        goal = (state.root + 5) % 12
    else:
        return []
    return [i for i, s in enumerate(states) if s.root == goal and s.quality not in DIMINISHED]


def _is_applied(state: State, states: Sequence[State]) -> bool:
    """Whether a major triad stands beside the diatonic minor one on the same root (V/V beside ii)."""
    return any(s.root == state.root and s.quality in ("m", "dim") for s in states)


def _modal(base: ModeTable, mode: str) -> ModeTable:
    """The diatonic triads of a mode and their sevenths, each with the habits of the same degree in ``base``."""
    states, rows, weights = [], [], []
    for degree, root in enumerate(MODES[mode]):
        parent = MODES[base.mode][degree]
        for size, share in ((3, 1.0), (4, SEVENTH_SHARE)):
            quality = _quality_on(MODES[mode], degree, size)
            same = [i for i, s in enumerate(base.states) if s.root == parent and len(s.classes) == size]
            same = same or [i for i, s in enumerate(base.states) if s.root == parent and s.is_triad]
            # The tonic and what is diminished stand without a seventh, or not at all.
            if quality is None or quality in DIMINISHED or not same or (size == 4 and degree == 0):
                continue
            states.append(State(root, quality))
            rows.append(max(same, key=lambda i: base.unigram[i]))
            weights.append(share)
    chosen, shares = np.array(rows), np.array(weights)
    transition = (base.transition[np.ix_(chosen, chosen)] + 0.02) * shares
    unigram = (base.unigram[chosen] + 0.02) * shares
    start = np.where(np.array([s.root == 0 for s in states]), 1.0, 0.05)
    return ModeTable(
        tuple(states),
        unigram / unigram.sum(),
        start / start.sum(),
        transition / transition.sum(axis=1, keepdims=True),
        mode,
        None if base.tokens is None else base.tokens[chosen],
    )


def _quality_on(scale: Sequence[int], degree: int, size: int) -> str | None:
    """The quality of the chord of ``size`` tones on a degree of the scale; None where it has no name."""
    tones = tuple((scale[(degree + 2 * i) % 7] - scale[degree]) % 12 for i in range(size))
    return next((name for name, steps in QUALITIES.items() if steps == tones), None)
