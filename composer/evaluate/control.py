"""Whether a piece does what its brief asked for, bar by bar.

Conventions: what the brief asks of each bar is ``composer.formats.brief.curves``; what a bar does is

- density: melody notes that begin in it, to the quarter;
- register: mean pitch of these notes;
- dynamics (asked for as energy): mean velocity, each pitched part counting the same;
- tension: see ``bar_tension``.

How well the two go together is Spearman's rank correlation over the bars that have both, -1..1. ``None`` where the
brief asks the same of every bar, or the piece does the same in every bar that counts.

Sources: control scored by Spearman as in SurpriseNet (Chen et al. 2021); tension as distance from the tonic follows
Lerdahl (2001) in idea, by tonal centroids (Harte et al. 2006) instead of his pitch space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from composer.errors import counted
from composer.evaluate.harmony import centroid_distance
from composer.evaluate.line import Line
from composer.formats.brief.brief import Brief
from composer.formats.brief.curves import bar_targets
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.notes import Note, Piece
from composer.music.time import TICKS_PER_BEAT

Floats = NDArray[np.float64]

AIMS: Mapping[str, float] = {"density": 0.7, "register": 0.6, "tension": 0.5, "dynamics": 0.9}
ASKED = {"density": "density", "register": "register", "tension": "tension", "dynamics": "energy"}
BARS_MIN = 4
# Semitones mod 12 between two tones of a chord that sound rough, and how much.
ROUGHNESS = {1: 1.0, 11: 1.0, 2: 0.5, 10: 0.5, 6: 0.75}
MELODY_WEIGHT = 0.5  # of the melody's distance from the tonic beside that of the chord
TEMPO_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Control:
    """Spearman's rho of each quantity of ``AIMS``, and what of key, metre, tempo and length was not kept."""

    rho: Mapping[str, float | None]
    broken: tuple[str, ...] = ()

    def is_reached(self, name: str) -> bool | None:
        value = self.rho[name]
        return None if value is None else value >= AIMS[name]


def control_of(piece: Piece, line: Line, brief: Brief) -> Control:
    """How ``piece`` follows ``brief``."""
    targets, done = bar_targets(brief), realised(piece, line)
    rho = {}
    for name, asked in ASKED.items():
        wanted = np.array([getattr(target, asked) for target in targets])
        count = min(len(wanted), len(done[name]))
        rho[name] = spearman(wanted[:count], done[name][:count])
    return Control(rho, tuple(broken_promises(piece, brief)))


def realised(piece: Piece, line: Line) -> dict[str, Floats]:
    """What each bar does, by the names of ``AIMS``; NaN in a bar without notes or chord."""
    quarters = line.meter.bar_ticks / TICKS_PER_BEAT
    return {
        "density": np.array([len(bar) / quarters for bar in line.bars]),
        "register": np.array([fmean(n.pitch for n in bar) if bar else np.nan for bar in line.bars]),
        "tension": np.array([bar_tension(line, bar, _key_in(piece, line, bar)) for bar in range(len(line.bars))]),
        "dynamics": _loudness(piece, line),
    }


def _loudness(piece: Piece, line: Line) -> Floats:
    """(bars,) mean velocity; every pitched part that plays in the bar counts the same."""
    heard: list[list[float]] = [[] for _ in line.bars]
    for part in piece.parts:
        if part.is_drums:
            continue
        velocities: list[list[int]] = [[] for _ in line.bars]
        for note in part.notes:
            if note.start // line.meter.bar_ticks < len(velocities):
                velocities[note.start // line.meter.bar_ticks].append(note.velocity)
        for bar, values in zip(heard, velocities, strict=True):
            if values:
                bar.append(fmean(values))
    return np.array([fmean(bar) if bar else np.nan for bar in heard])


def _key_in(piece: Piece, line: Line, bar: int) -> Key:
    """The key in force at the bar line."""
    tick = bar * line.meter.bar_ticks
    return next((key for at, key in reversed(piece.keys) if at <= tick), piece.key)


def bar_tension(line: Line, bar: int, key: Key) -> float:
    """How far bar ``bar`` (from 0) strains from the tonic of ``key``; NaN where it has no chord.

    The mean over its chords, by length, of the distance of the chord from the tonic triad (of tonal centroids) and
    the roughness of the chord, plus half the melody's distance from the tonic triad, by length.
    """
    start, end = bar * line.meter.bar_ticks, (bar + 1) * line.meter.bar_ticks
    spans = [(min(s.end, end) - max(s.start, start), s.chord) for s in line.chords if s.start < end and s.end > start]
    total = sum(ticks for ticks, _ in spans)
    if not total:
        return float("nan")
    tonic = _tonic_triad(key)
    strain = sum(ticks * (centroid_distance(c.classes, tonic) + roughness(c)) for ticks, c in spans) / total
    return strain + MELODY_WEIGHT * _melody_distance(line.bars[bar], tonic)


def roughness(chord: Chord) -> float:
    """The mean roughness over pairs of tones: 0 for a triad, .29 for a major, .21 for a dominant seventh."""
    pairs = list(combinations(dict.fromkeys(chord.classes), 2))
    return sum(ROUGHNESS.get((b - a) % 12, 0.0) for a, b in pairs) / len(pairs) if pairs else 0.0


def _melody_distance(notes: Sequence[Note], tonic: tuple[int, ...]) -> float:
    ticks = sum(note.duration for note in notes)
    return sum(n.duration * centroid_distance((n.pitch % 12,), tonic) for n in notes) / ticks if ticks else 0.0


def _tonic_triad(key: Key) -> tuple[int, ...]:
    return (key.scale[0], key.scale[2], key.scale[4])


def broken_promises(piece: Piece, brief: Brief) -> list[str]:
    """Words for each of key, metre, tempo and number of bars that is not the brief's."""
    first = min(piece.tempi, key=lambda tempo: tempo.tick)
    checks = (
        (piece.key != brief.key.key, f"is in {piece.key}, not in {brief.key.key}"),
        (piece.meter != brief.time, f"is in {piece.meter}, not in {brief.time}"),
        (abs(first.bpm / brief.tempo_bpm - 1) > TEMPO_TOLERANCE, f"goes at {first.bpm:g}, not at {brief.tempo_bpm:g}"),
        (piece.bars != brief.bars, f"has {counted(piece.bars, 'bar')}, not {brief.bars}"),
    )
    return [words for failed, words in checks if failed]


def spearman(one: Floats, other: Floats) -> float | None:
    """Rank correlation -1..1 of two rows of equal length; ties share the mean of their ranks, NaN pairs are left out.

    ``None`` below ``BARS_MIN`` pairs or where either side does not vary.
    """
    known = ~(np.isnan(one) | np.isnan(other))
    if known.sum() < BARS_MIN:
        return None
    a, b = ranks(one[known]), ranks(other[known])
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else None


def ranks(values: Floats) -> Floats:
    """1 for the smallest; equal values share the mean of their ranks."""
    # Differences below a millionth are rounding, not music.
    _, place, counts = np.unique(np.round(values, 6), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place], dtype=np.float64)
