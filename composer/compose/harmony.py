"""Chords for the plan: a bigram model sampled exactly between fixed cadences (forward filter, backward sample).

The tables are counted from chorales and labelled tunes. Modal keys use the diatonic triads of their own scale with
the transition habits of the major or minor table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.compose.plan import HALF, IMPERFECT, PERFECT, Phrase, Plan
from composer.formats.brief import Brief
from composer.music.chord import Chord, progression_of
from composer.music.key import MODES, Key

Bar = tuple[Chord, ...]
SPLIT_SHARE = 0.4  # share of pre-cadence bars with two chords
SELF_TRANSITION = 0.25  # weight of staying on a chord for another bar
_SMALL = 1e-6
_DIMINISHED = ("dim", "m7b5", "dim7")


@dataclass(frozen=True)
class State:
    """A chord relative to the tonic: semitones of its root above it, and quality."""

    root: int
    quality: str

    def chord(self, key: Key) -> Chord:
        return Chord((self.root + key.tonic_class) % 12, self.quality)


@dataclass(frozen=True)
class ModeTable:
    """Chord statistics of one mode: (S,) unigram and start weights, (S, S) transitions, all probabilities."""

    states: tuple[State, ...]
    unigram: NDArray[np.float64]
    start: NDArray[np.float64]
    transition: NDArray[np.float64]

    @cached_property
    def bar_transition(self) -> NDArray[np.float64]:
        """Transitions from bar to bar, with the obligations of applied and diminished chords."""
        matrix = self.transition.copy() + _SMALL
        np.fill_diagonal(matrix, SELF_TRANSITION * matrix.max(axis=1))
        for row, state in enumerate(self.states):
            goals = _obliged_goals(state, self.states)
            if goals:
                mask = np.isin(np.arange(len(self.states)), goals)
                matrix[row] = np.where(mask, matrix[row] + _SMALL, 0.0)
        return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))

    def index(self, root: int, quality: str) -> int | None:
        return next((i for i, s in enumerate(self.states) if (s.root, s.quality) == (root, quality)), None)


@dataclass(frozen=True)
class Harmony:
    """The tables for major and for minor."""

    major: ModeTable
    minor: ModeTable

    def table(self, key: Key) -> ModeTable:
        """The table for a key; for a modal key one over the triads of its own scale."""
        base = self.minor if key.is_minor else self.major
        return base if key.mode in ("major", "minor") else _modal(base, key.mode)


def harmony_of(tables: dict[str, Any]) -> Harmony:
    """The model from the shipped tables (``composer.harmony/1``)."""
    modes = {}
    for name in ("major", "minor"):
        raw = tables["modes"][name]
        modes[name] = ModeTable(
            tuple(State(int(s["root"]), str(s["quality"])) for s in raw["states"]),
            np.asarray(raw["unigram"], dtype=float),
            np.asarray(raw["start"], dtype=float),
            np.asarray(raw["transition"], dtype=float),
        )
    return Harmony(modes["major"], modes["minor"])


def chords_of(plan: Plan, brief: Brief, harmony: Harmony, rng: np.random.Generator) -> tuple[Bar, ...]:
    """The chords of every bar: the brief's own where it writes them, else drawn phrase by phrase."""
    bars: list[Bar] = []
    base = int(rng.integers(2**32))
    table = harmony.table(plan.key)
    written = [progression_of(s.chords) if s.chords else None for s in brief.form]
    for phrase in plan.phrases:
        given = written[phrase.section]
        if given is not None:
            offset = phrase.first - plan.section_starts[phrase.section]
            bars += [tuple(given[(offset + i) % len(given)]) for i in range(phrase.bars)]
            continue
        previous = bars[-1][-1] if bars else None
        source = plan.phrases[phrase.source] if phrase.source is not None else None
        # A generator for each phrase: chords written into one section leave the draws of the others alone.
        own = np.random.default_rng([base, phrase.index])
        if source is not None:
            bars += _derived(phrase, source, bars, table, plan, own)
        else:
            bars += _drawn(phrase, phrase.bars, previous, table, plan, own)
    return tuple(bars)


def _derived(
    phrase: Phrase, source: Phrase, bars: Sequence[Bar], table: ModeTable, plan: Plan, rng: np.random.Generator
) -> list[Bar]:
    """The chords of the source phrase, with a new end where the cadence differs."""
    copied = list(bars[source.first : source.first + phrase.bars])
    closes = phrase.cadence != PERFECT or copied[-1][-1].root == plan.key.tonic_class
    if (phrase.cadence == source.cadence and closes) or phrase.bars < 2:
        if phrase.bars < 2:
            return _drawn(phrase, phrase.bars, bars[-1][-1], table, plan, rng)
        return copied
    keep = max(1, phrase.bars - 2)
    return copied[:keep] + _drawn(phrase, phrase.bars - keep, copied[keep - 1][-1], table, plan, rng)


def _drawn(
    phrase: Phrase, count: int, previous: Chord | None, table: ModeTable, plan: Plan, rng: np.random.Generator
) -> list[Bar]:
    """``count`` bars that end with the phrase's cadence."""
    key = plan.key
    allowed = _allowed(phrase, count, table, plan)
    path = _sample_path(table, allowed, _entry(previous, phrase, count, table, key), rng)
    bars: list[Bar] = [(table.states[i].chord(key),) for i in path]
    can_split = plan.meter.beats % 2 == 0
    if phrase.cadence == PERFECT and count >= 2 and can_split and rng.random() < SPLIT_SHARE:
        preparation = _predominant(table, key, rng)
        if preparation is not None and bars[-2][0].root != preparation.root:
            bars[-2] = (preparation, bars[-2][0])
    return bars


def _allowed(phrase: Phrase, count: int, table: ModeTable, plan: Plan) -> NDArray[np.bool_]:
    """(count, S) which states may stand in each bar; the last bars are fixed by the cadence."""
    states = table.states
    allowed = np.ones((count, len(states)), dtype=bool)
    # An applied or diminished chord needs the bar after it for its resolution.
    restless = np.array([bool(_obliged_goals(s, states)) for s in states])
    tonic = np.array([s.root == 0 and len(Chord(0, s.quality).classes) == 3 for s in states])
    dominants = np.array([s in _dominants(plan.key, states) for s in states])
    allowed[-1] &= ~restless
    if phrase.cadence in (PERFECT, IMPERFECT):
        allowed[-1] = tonic
        if count > 1:
            allowed[-2] = dominants
    elif phrase.cadence == HALF:
        allowed[-1] = dominants & np.array([len(Chord(0, s.quality).classes) == 3 for s in states])
        if count > 1:
            allowed[-2] &= ~dominants
    if phrase.first == 0 and count == phrase.bars and count > 2:
        allowed[0] = tonic
    return allowed


def _entry(previous: Chord | None, phrase: Phrase, count: int, table: ModeTable, key: Key) -> NDArray[np.float64]:
    """(S,) weights of the first drawn bar, given the chord before it."""
    if previous is not None:
        index = table.index((previous.root - key.tonic_class) % 12, previous.quality)
        if index is not None:
            row = table.bar_transition[index]
            return row if count < phrase.bars else np.asarray(0.5 * row + 0.5 * table.start / table.start.sum())
    return np.asarray(table.start / table.start.sum())


def _sample_path(
    table: ModeTable, allowed: NDArray[np.bool_], entry: NDArray[np.float64], rng: np.random.Generator
) -> list[int]:
    """One path drawn exactly from the chain under the constraints: backward messages, then forward samples."""
    matrix = table.bar_transition
    count = len(allowed)
    message = np.ones((count, len(table.states)))
    for step in range(count - 2, -1, -1):
        message[step] = matrix @ (message[step + 1] * allowed[step + 1])
        message[step] /= max(message[step].max(), 1e-300)
    path: list[int] = []
    for step in range(count):
        weights = (entry + _SMALL if step == 0 else matrix[path[-1]]) * allowed[step] * message[step]
        if weights.sum() <= 0:
            weights = allowed[step] * (table.unigram + _SMALL)
        path.append(int(rng.choice(len(weights), p=weights / weights.sum())))
    return path


def _obliged_goals(state: State, states: Sequence[State]) -> list[int]:
    """Indices of the chords that a state must go to: an applied dominant to its goal, a diminished one up a step."""
    is_seventh_off_the_dominant = state.quality == "7" and state.root != 7
    is_major_where_minor_is_diatonic = state.quality == "" and state.root in (2, 9, 4) and _is_applied(state, states)
    if state.quality in _DIMINISHED:
        goal = (state.root + 1) % 12 if state.root != 2 else 7
    elif is_seventh_off_the_dominant or is_major_where_minor_is_diatonic:
        goal = (state.root + 5) % 12
    else:
        return []
    return [i for i, s in enumerate(states) if s.root == goal and s.quality not in _DIMINISHED]


def _is_applied(state: State, states: Sequence[State]) -> bool:
    """Whether a major triad stands beside the diatonic minor one on the same root (V/V beside ii)."""
    return any(s.root == state.root and s.quality in ("m", "dim") for s in states)


def _dominants(key: Key, states: Sequence[State]) -> list[State]:
    """The chords that make a cadence to the tonic in this mode."""
    wanted = {
        "major": ((7, ""), (7, "7")),
        "minor": ((7, ""), (7, "7")),
        "lydian": ((7, ""), (2, "")),
        "mixolydian": ((10, ""), (7, "m")),
        "dorian": ((10, ""), (5, "")),
        "phrygian": ((1, ""), (10, "m")),
    }[key.mode]
    return [s for s in states if (s.root, s.quality) in wanted]


def _predominant(table: ModeTable, key: Key, rng: np.random.Generator) -> Chord | None:
    """The diatonic ii or IV (ii° or iv), to share a bar with the dominant."""
    found = [s for s in table.states if s.root in (2, 5) and set(s.chord(key).classes) <= set(key.scale)]
    found = [s for s in found if len(Chord(0, s.quality).classes) == 3 and s not in _dominants(key, table.states)]
    if not found:
        return None
    return found[int(rng.integers(len(found)))].chord(key)


def _modal(base: ModeTable, mode: str) -> ModeTable:
    """The diatonic triads of a mode, each with the habits of the same degree in ``base``."""
    scale = MODES[mode]
    parent = MODES["minor" if 3 in scale else "major"]
    states, rows = [], []
    for degree in range(7):
        root, third, fifth = (scale[(degree + step) % 7] for step in (0, 2, 4))
        intervals = ((third - root) % 12, (fifth - root) % 12)
        quality = {(4, 7): "", (3, 7): "m", (3, 6): "dim"}.get(intervals)
        same = [i for i, s in enumerate(base.states) if s.root == parent[degree] and s.quality != "7"]
        if quality is not None and quality != "dim" and same:
            states.append(State(root, quality))
            rows.append(max(same, key=lambda i: base.unigram[i]))
    chosen = np.array(rows)
    transition = base.transition[np.ix_(chosen, chosen)] + 0.02
    unigram = base.unigram[chosen] + 0.02
    start = np.where(np.array([s.root == 0 for s in states]), 1.0, 0.05)
    return ModeTable(
        tuple(states), unigram / unigram.sum(), start / start.sum(), transition / transition.sum(axis=1, keepdims=True)
    )
