"""Paths of chords from slot to slot: drawn exactly from the bigrams, or from the network with the bigrams as guide.

The network remembers all chords before, so its paths cannot be drawn exactly between fixed ends. Instead a set of
paths is sampled side by side; each choice is weighed by what the bigrams say about reaching the cadence from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.table import ModeTable
from composer.compose.sampling import log_softmax
from composer.encoding.harmony import FOREIGN, HarmonyModel, History, Ints, raw_of_level

Floats = NDArray[np.float64]
PATHS = 32
TENSION_WIDTH = 0.07  # raw tension; a chord that far from its target is exp(-1/2) as likely
STAY_COST = 0.7  # nats for a chord that stays, so that harmony moves
HELD_BARS = 2  # bars that one root may last ...
HELD_COST = 8.0  # ... and nats for each bar more, where nothing else is possible
_SMALL = 1e-6


@dataclass(frozen=True, slots=True)
class Paths:
    """``N`` sampled paths: state indices (N, T) and log-likelihood under the model (N,)."""

    states: Ints
    log_likelihood: Floats


@dataclass(frozen=True, slots=True)
class Task:
    """What to draw: (T, S) allowed states, and for the network (T, K) context columns and (T,) tension targets.

    ``before`` are the states of the chords that stand already in this section, oldest first (None: in no table), with
    their context columns; ``entry`` (S,) is the bigram's weight of the first state; ``opens`` tells of every slot
    whether it begins a bar, ``mains`` are the states (or None) on the downbeats of the section's bars before.
    ``exit`` (S,) are weights of the last state, where a chord that stands follows it.
    """

    allowed: NDArray[np.bool_]
    entry: Floats
    columns: Ints
    tension: Floats
    before: tuple[int | None, ...]
    columns_before: Ints
    opens: tuple[bool, ...]
    mains: tuple[int | None, ...]
    exit: Floats | None = None


def messages(table: ModeTable, allowed: NDArray[np.bool_], leave: Floats | None = None) -> Floats:
    """(T, S) how likely the rest of the way stays within ``allowed``, from each state in each slot (scaled)."""
    matrix = table.bar_transition
    message = np.ones(allowed.shape)
    if leave is not None:
        message[-1] = leave + _SMALL
    for step in range(len(allowed) - 2, -1, -1):
        message[step] = matrix @ (message[step + 1] * allowed[step + 1])
        message[step] /= max(message[step].max(), 1e-300)
    return message


def is_possible(table: ModeTable, task: Task) -> bool:
    """Whether any path obeys."""
    return bool(((task.entry + _SMALL) * task.allowed[0] * messages(table, task.allowed, task.exit)[0]).any())


def bigram_path(table: ModeTable, task: Task, rng: np.random.Generator) -> list[int]:
    """One path drawn exactly from the chain under the constraints: backward messages, then forward samples."""
    matrix = table.bar_transition
    message = messages(table, task.allowed, task.exit)
    path: list[int] = []
    for step, allowed in enumerate(task.allowed):
        weights = (task.entry + _SMALL if step == 0 else matrix[path[-1]]) * allowed * message[step]
        if weights.sum() <= 0:
            weights = allowed * (table.unigram + _SMALL)
        path.append(int(rng.choice(len(weights), p=weights / weights.sum())))
    return path


def sampled_paths(model: HarmonyModel, table: ModeTable, task: Task, rng: np.random.Generator) -> Paths:
    """``PATHS`` paths drawn from the network, guided to the cadence; obligations hold as in ``bigram_path``."""
    assert table.tokens is not None
    matrix, message = table.bar_transition, messages(table, task.allowed, task.exit)
    noise = rng.gumbel(size=(len(task.allowed), PATHS, len(table.states)))
    state, history = _warmed(model, table, task)
    rows = np.arange(PATHS)
    paths = np.zeros((PATHS, len(task.allowed)), np.int64)
    total = np.zeros(PATHS)
    owed, held = _owed(table, task), _Held(table, task)
    with np.errstate(divide="ignore"):
        ahead = np.where(task.allowed, np.log(message), -np.inf)
        follows = np.where(matrix > 0, 0.0, -np.inf)
    for step in range(len(task.allowed)):
        state, logits = model.step(state, history.into(task.columns[step]))
        log_p = log_softmax(logits[:, table.tokens])
        bias = ahead[step] + _pull(table, float(task.tension[step]))
        bias = bias + (owed if step == 0 else follows[paths[:, step - 1]])
        if step > 0:
            bias[rows, paths[:, step - 1]] -= STAY_COST
        weights = log_p + bias - held.cost(task.opens[step])
        stuck = ~np.isfinite(weights).any(axis=1)
        weights[stuck] = np.where(task.allowed[step], log_p[stuck], -np.inf)
        paths[:, step] = (weights + noise[step]).argmax(axis=1)
        total += log_p[rows, paths[:, step]]
        history = history.after(table.tokens[paths[:, step]])
        held.add(paths[:, step], task.opens[step])
    return Paths(paths, total)


class _Held:
    """How many bars in a row each path has stood on one root."""

    def __init__(self, table: ModeTable, task: Task) -> None:
        self._roots = np.array([state.root for state in table.states])
        self._root, self._bars = np.full(PATHS, -1), np.zeros(PATHS, np.int64)
        for index in task.mains:
            self._count(np.full(PATHS, -1 if index is None else self._roots[index]))

    def cost(self, opens: bool) -> Floats:
        """(PATHS, S) nats against roots that would stand too long; nothing within a bar."""
        too_long = opens & (self._bars >= HELD_BARS)
        return np.where(too_long[:, None] & (self._roots == self._root[:, None]), HELD_COST, 0.0)

    def add(self, states: Ints, opens: bool) -> None:
        """Count a bar that begins with ``states`` (PATHS,)."""
        if opens:
            self._count(self._roots[states])

    def _count(self, roots: Ints) -> None:
        same = (roots == self._root) & (roots >= 0)
        self._root, self._bars = roots, np.where(same, self._bars + 1, 1)


def _warmed(model: HarmonyModel, table: ModeTable, task: Task) -> tuple[object, History]:
    """State and history, ``PATHS`` rows each, once the chords before have sounded."""
    assert table.tokens is not None
    state, history = model.start(1), History.empty(1)
    for columns, index in zip(task.columns_before, task.before, strict=True):
        state, _ = model.step(state, history.into(columns))
        history = history.after(np.array([FOREIGN if index is None else table.tokens[index]]))
    rows = np.zeros(PATHS, np.int64)
    return model.select(state, rows), history.select(rows)


def _owed(table: ModeTable, task: Task) -> Floats:
    """(S,) 0 or -inf: what an obligation of the chord before leaves for the first slot."""
    last = task.before[-1] if task.before else None
    if last is None or not table.goals[last]:
        return np.zeros(len(table.states))
    return np.where(np.isin(np.arange(len(table.states)), table.goals[last]), 0.0, -np.inf)


def _pull(table: ModeTable, target: float) -> Floats:
    """(S,) log-weights that lean to the chords of the target's tension."""
    distance = (table.tension - float(raw_of_level(target))) / TENSION_WIDTH
    return -0.5 * distance**2
