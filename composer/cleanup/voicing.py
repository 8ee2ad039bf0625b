"""Viterbi over the chords of a score: the cheapest voicings, where cheap means few faults and few changed notes."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from composer.cleanup.rules import COSTS, Fault
from composer.cleanup.score import Score
from composer.cleanup.texture import Step, Texture
from composer.music.chord import Chord
from composer.music.instruments import instrument_of_program
from composer.music.voice_leading import OCTAVE, motion_faults

NONE = -1  # no pitch: the voice is silent or does not begin a note here
MAX_OPTIONS = 48
REACH = 7  # semitones that an inner voice may be moved
MOVE_COST = 0.06  # a semitone of movement of a chord voice
DISTANCE_COST = 0.1  # a semitone between the old and the new note
MEMBER_COST = 6.0  # a chord that loses its root or its third
INVERSION_COST = 2.0  # a bass note that becomes another chord member

_Moves = tuple[float, tuple[tuple[int, int], ...]]  # price, (voice, new pitch) of each moved voice
Pitches = dict[tuple[int, int], int]


@dataclass(frozen=True)
class _Column:
    """A chord: what each voice begins, sounds and leaves with; ``options`` [n, voices] are alternatives to ``at``."""

    tick: int
    chord: Chord | None
    cells: dict[int, Step]
    at: np.ndarray
    first: np.ndarray
    last: np.ndarray
    options: np.ndarray
    local: np.ndarray


def revoicings(score: Score, texture: Texture, faults: Sequence[Fault]) -> list[tuple[int, int, Pitches]]:
    """(first tick, last tick, new pitches) of each run of neighbouring chords that the search would voice anew."""
    columns = _columns(score, texture, faults)
    if not columns:
        return []
    path = _cheapest_path(columns, texture)
    runs: list[tuple[int, int, Pitches]] = []
    open_run = False
    for column, choice in zip(columns, path, strict=True):
        changed = {
            place: int(column.options[choice, line])
            for line, step in column.cells.items()
            if column.options[choice, line] != step.pitch
            for place in step.places
        }
        if changed and open_run:
            runs[-1] = (runs[-1][0], column.tick, {**runs[-1][2], **changed})
        elif changed:
            runs.append((column.tick, column.tick, changed))
        open_run = bool(changed)
    return runs


def _columns(score: Score, texture: Texture, faults: Sequence[Fault]) -> list[_Column]:
    ticks = sorted({s.start for line in texture.lines if line.chordal for s in line.steps})
    starts = [[s.start for s in line.steps] for line in texture.lines]
    wrong = {bisect_right(ticks, f.tick) - 1 for f in faults}
    active = {place + shift for place in wrong for shift in (-1, 0)}
    columns = []
    for place, tick in enumerate(ticks):
        end = ticks[place + 1] if place + 1 < len(ticks) else score.piece.length
        at, first, last = _states(texture, starts, tick, end)
        cells = _cells(texture, starts, tick, end) if place in active else {}
        chord = score.chord_at(tick)
        fixed_bass = place in (0, len(ticks) - 1) or not score.piece.section_ticks.isdisjoint((end, end + 1))
        options = _options(at, cells, chord, texture, score, fixed_bass=fixed_bass)
        local = _local_costs(options, at, cells, chord, texture)
        columns.append(_Column(tick, chord, cells, at, first, last, options, local))
    return columns


def _states(
    texture: Texture, starts: Sequence[Sequence[int]], tick: int, end: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pitches sounding at ``tick``, beginning at ``tick``, and sounding just before ``end``; each [voices]."""
    states = np.full((3, len(texture.lines)), NONE)
    for index, line in enumerate(texture.lines):
        now, later = bisect_right(starts[index], tick) - 1, bisect_right(starts[index], end - 1) - 1
        if now >= 0 and line.steps[now].end > tick:
            states[0, index] = line.steps[now].pitch
            states[1, index] = line.steps[now].pitch if line.steps[now].start == tick else NONE
        if later >= 0 and line.steps[later].end > tick:
            states[2, index] = line.steps[later].pitch
    return states[0], states[1], states[2]


def _cells(texture: Texture, starts: Sequence[Sequence[int]], tick: int, end: int) -> dict[int, Step]:
    """Voice -> the note that may be moved: chord voices, and a bass that holds one note through the chord."""
    cells = {}
    for index, line in enumerate(texture.lines):
        now = bisect_right(starts[index], tick) - 1
        if now < 0 or line.steps[now].start != tick or math.isinf(line.steps[now].weight):
            continue
        alone = now + 1 >= len(line.steps) or line.steps[now + 1].start >= end
        if line.chordal or (line.kind == "bass" and alone):
            cells[index] = line.steps[now]
    return cells


def _options(
    at: np.ndarray, cells: dict[int, Step], chord: Chord | None, texture: Texture, score: Score, *, fixed_bass: bool
) -> np.ndarray:
    """Alternatives with one or two voices on other chord tones nearby, the original first; shape [n, voices]."""
    if chord is None or not cells:
        return at[None, :]
    moves: list[tuple[float, int, int]] = []
    for index, step in cells.items():
        line = texture.lines[index]
        program = score.piece.parts[line.part].program
        instrument = instrument_of_program(program)
        reach = OCTAVE if line.kind == "bass" else REACH
        if line.kind == "bass" and fixed_bass:
            continue
        for pitch in range(step.pitch - reach, step.pitch + reach + 1):
            if pitch != step.pitch and pitch % 12 in chord.classes and instrument.low <= pitch <= instrument.high:
                moves.append((step.weight + DISTANCE_COST * abs(pitch - step.pitch), index, pitch))
    moves.sort()
    singles: list[_Moves] = [(cost, ((i, p),)) for cost, i, p in moves]
    pairs: list[_Moves] = [
        (a[0] + b[0], ((a[1], a[2]), (b[1], b[2]))) for a, b in combinations(moves[:14], 2) if a[1] != b[1]
    ]
    rows = [at]
    for _, moved in sorted(singles + pairs)[: 3 * MAX_OPTIONS]:
        row = at.copy()
        for index, pitch in moved:
            row[index] = pitch
        if len(rows) < MAX_OPTIONS and _in_order(row, texture):
            rows.append(row)
    return np.array(rows)


def _in_order(row: np.ndarray, texture: Texture) -> bool:
    """Voices of one chordal part keep their order and never meet."""
    below: dict[int, int] = {}
    for index, line in enumerate(texture.lines):
        if line.chordal and row[index] != NONE:
            if row[index] >= below.get(line.part, 999):
                return False
            below[line.part] = int(row[index])
    return True


def _local_costs(
    options: np.ndarray, at: np.ndarray, cells: dict[int, Step], chord: Chord | None, texture: Texture
) -> np.ndarray:
    """Cost of each option by itself; shape [n]."""
    costs = np.zeros(len(options))
    for index, step in cells.items():
        distance = np.abs(options[:, index] - step.pitch)
        costs += np.where(distance > 0, step.weight + DISTANCE_COST * distance, 0.0)
        if texture.lines[index].kind == "bass" and chord is not None:
            costs += np.where((distance > 0) & (options[:, index] % 12 != step.pitch % 12), INVERSION_COST, 0.0)
    for index in range(len(texture.lines) - 1):
        upper, lower = options[:, index], options[:, index + 1]
        costs += np.where((upper != NONE) & (lower != NONE) & (upper < lower), COSTS["CrossedVoices"], 0.0)
        one_part = (
            texture.lines[index].part == texture.lines[index + 1].part and texture.lines[index + 1].kind != "bass"
        )
        if one_part and texture.lines[index].chordal:
            costs += np.where((lower != NONE) & (upper - lower > OCTAVE), COSTS["WideSpacing"], 0.0)
    if chord is not None:
        for member in (chord.root, chord.third):
            if np.any((at % 12 == member) & (at != NONE)):
                present = np.any((options % 12 == member) & (options != NONE), axis=1)
                costs += np.where(present, 0.0, MEMBER_COST)
        if chord.quality in ("7", "") and chord.seventh is not None:
            thirds = np.sum((options % 12 == chord.third) & (options != NONE), axis=1)
            costs += COSTS["DoubledLeadingTone"] * np.maximum(0, thirds - 1)
    return costs


def _cheapest_path(columns: Sequence[_Column], texture: Texture) -> list[int]:
    total = columns[0].local
    back = []
    for before, after in pairwise(columns):
        through = total[:, None] + _transition_costs(before, after, texture) + after.local[None, :]
        back.append(through.argmin(axis=0))
        total = through.min(axis=0)
    path = [int(total.argmin())]
    for choices in reversed(back):
        path.append(int(choices[path[-1]]))
    return path[::-1]


def _transition_costs(before: _Column, after: _Column, texture: Texture) -> np.ndarray:
    """Cost of moving from each option of one chord to each of the next; shape [n, m]."""
    costs = np.zeros((len(before.options), len(after.options)))
    both = range(len(texture.lines))
    leave = {i: _leaving(before, i) for i in both if before.last[i] != NONE and after.first[i] != NONE}
    arrive = {i: _arriving(after, i) for i in leave}
    for index in leave:
        if texture.lines[index].chordal:
            costs += MOVE_COST * np.abs(arrive[index] - leave[index])
        chord = before.chord
        if (
            chord is not None
            and chord.seventh is not None
            and after.chord is not None
            and chord.root != after.chord.root
        ):
            step = arrive[index] - leave[index]
            unresolved = (leave[index] % 12 == chord.seventh) & ((step > 0) | (step < -2))
            costs += COSTS["SeventhResolution"] * unresolved
    for a, b in combinations(sorted(leave), 2):
        outer = texture.lines[a].kind == "melody" and texture.lines[b].kind == "bass"
        for rule, hit in motion_faults(leave[a], arrive[a], leave[b], arrive[b], outer=outer).items():
            costs += COSTS[rule] * hit
        if b == a + 1 and texture.lines[a].kind != "melody":
            costs += COSTS["OverlappedVoices"] * ((arrive[b] > leave[a]) | (arrive[a] < leave[b]))
    return costs


def _leaving(column: _Column, index: int) -> np.ndarray:
    """Where the voice comes from, for each option; shape [n, 1]."""
    if index in column.cells:
        return column.options[:, index][:, None]
    return np.full((len(column.options), 1), column.last[index])


def _arriving(column: _Column, index: int) -> np.ndarray:
    if index in column.cells:
        return column.options[:, index][None, :]
    return np.full((1, len(column.options)), column.first[index])
