"""Where the bar lines of a song lie when its file does not say: MIDI keeps metres but loses pick-ups.

A pick-up bar is written short, so every later bar line is off the grid that starts at tick 0; a repeat or a volta in
the middle shifts it again. Viterbi over all ticks of an eighth-note grid finds the bar lines: bass notes, long notes
and changes of harmony begin there, and few notes sound across. A bar of another length than the metre's is dear.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.music.time import Meter

Note = tuple[int, int, int]  # start, end in ticks, MIDI pitch
Floats = NDArray[np.float64]

_GRID = 120  # ticks; pick-ups are made of sixteenths at the finest
_PICKUP_COST = 3.0
_ODD_BAR_COST = 24.0
# Half a bar off is the mistake that the evidence invites in even metres: a bar and a half hardly ever stands in the
# middle of a song, nor half a bar of pick-up before its first bar line (then the cost counts for every bar).
_HALF_BAR_COST = 24.0
_LONG_PICKUP_COST = 0.9
# Weight of each sign of a bar line, in units of its own standard deviation over the song.
_BASS, _ONSETS, _LONG, _CHANGE, _CROSSING = 1.0, 0.35, 0.5, 0.7, -0.8


def bar_lines(melody: Sequence[Note], accompaniment: Sequence[Note], meter: Meter, end: int) -> list[int]:
    """Ticks of the bar lines within 0..``end``, ascending, the last one at or after ``end``.

    The first is the first full bar's, so it may lie after a pick-up. Neighbours are one bar apart but where the
    music says otherwise.
    """
    bar = meter.bar_ticks
    steps, per_bar = -(-end // _GRID) + 1, bar // _GRID
    if bar % _GRID or steps <= per_bar:
        return list(range(0, end + bar, bar))
    evidence = _evidence(melody, accompaniment, meter, steps)
    # A last bar cut short by the pick-up is usual, so a total that is no whole number of bars names the pick-up.
    opening = np.full(per_bar, _PICKUP_COST)
    opening[[0, end % bar // _GRID]] = 0.0
    costs = np.full(2 * per_bar, _ODD_BAR_COST)  # by the length of a bar
    costs[per_bar] = 0.0
    if meter.beats % 2 == 0:
        opening[-(-per_bar // 2) :] += _LONG_PICKUP_COST * steps / per_bar
        costs[[per_bar // 2, per_bar + per_bar // 2]] += _HALF_BAR_COST
    best = np.full(steps, -np.inf)
    best[:per_bar] = evidence[:per_bar] - opening
    back = np.full(steps, -1)
    for at in range(1, steps):
        first = max(0, at - 2 * per_bar + 1)
        scores = best[first:at] - costs[at - first : 0 : -1] + evidence[at]
        before = int(scores.argmax())
        if scores[before] > best[at]:
            best[at], back[at] = scores[before], first + before
    last = max(range(max(0, steps - per_bar), steps), key=lambda at: best[at])
    path = [last]
    while back[path[-1]] >= 0:
        path.append(int(back[path[-1]]))
    lines = [at * _GRID for at in reversed(path)]
    return lines if lines[-1] >= end else [*lines, lines[-1] + bar]


def regular_stretches(lines: Sequence[int], meter: Meter) -> list[tuple[int, int]]:
    """(first, last) ticks of each run of whole bars."""
    runs: list[tuple[int, int]] = []
    for one, two in pairwise(lines):
        if two - one != meter.bar_ticks:
            continue
        if runs and runs[-1][1] == one:
            runs[-1] = (runs[-1][0], two)
        else:
            runs.append((one, two))
    return runs


def _evidence(melody: Sequence[Note], accompaniment: Sequence[Note], meter: Meter, steps: int) -> Floats:
    """(steps,) how much each grid tick looks like a bar line, mean 0 over those where anything begins."""
    bass, onsets, long, crossing = (np.zeros(steps) for _ in range(4))
    lowest = _lowest(accompaniment)
    for notes, weight in ((melody, 2.0), (accompaniment, 1.0)):
        for start, stop, pitch in notes:
            at = start // _GRID
            if start % _GRID == 0 and at < steps:
                onsets[at] += weight
                length = min(stop - start, meter.bar_ticks) / meter.bar_ticks
                long[at] = max(long[at], weight * length)
                if pitch <= lowest.get(start, -1):
                    bass[at] = max(bass[at], 0.5 + length)
            crossing[at + 1 : -(-stop // _GRID)] += weight
    change = _changes([*melody, *accompaniment], meter, steps)
    rows = ((_BASS, bass), (_ONSETS, onsets), (_LONG, long), (_CHANGE, change), (_CROSSING, crossing))
    return np.asarray(sum(weight * _standard(row) for weight, row in rows))


def _lowest(notes: Sequence[Note]) -> dict[int, int]:
    """For each onset its lowest pitch where it is the lowest within two quarters around, else -1."""
    low: dict[int, int] = {}
    for start, _, pitch in notes:
        low[start] = min(pitch, low.get(start, 128))
    ticks = sorted(low)
    found, first, last = {}, 0, 0
    for tick in ticks:
        while ticks[first] < tick - 960:
            first += 1
        while last < len(ticks) and ticks[last] <= tick + 960:
            last += 1
        around = min(low[t] for t in ticks[first:last])
        found[tick] = low[tick] if low[tick] <= around + 3 else -1
    return found


def _changes(notes: Sequence[Note], meter: Meter, steps: int) -> Floats:
    """(steps,) distance 0..1 between the pitch classes of the beat before and those of the beat after."""
    beat = max(1, meter.beat_ticks // _GRID)
    sounding = np.zeros((steps + 2 * beat, 12))
    for start, stop, pitch in notes:
        sounding[beat + start // _GRID : beat - (-stop // _GRID), pitch % 12] += 1.0
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(sounding, axis=0)])
    at = np.arange(steps) + beat
    before, after = total[at] - total[at - beat], total[at + beat] - total[at]
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return np.asarray(np.where(norms > 0, 1.0 - (before * after).sum(axis=1) / np.maximum(norms, 1e-9), 0.0))


def _standard(row: Floats) -> Floats:
    spread = float(row.std())
    return (row - row.mean()) / spread if spread > 0 else np.zeros_like(row)
