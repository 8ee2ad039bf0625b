"""The profile of a melody: how it moves, what returns and how it closes, as a vector that can be compared.

A profile is counted bar by bar, so that a tune can be judged while it grows. Real tunes' profiles (mean and
covariance by the number of bars so far) ship with the package; the distance from them is how unlike a real tune a
melody is. The names are those of the measures in ``composer.evaluate``, and mean the same.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.melody import Event
from composer.errors import MissingTool
from composer.music.time import Meter
from composer.resources import shipped

Floats = NDArray[np.float64]
NAMES: tuple[str, ...] = (
    "repeated_note", "step", "third", "fourth_fifth", "large_leap", "mean_interval", "leap_recovery",
    "direction_changes", "range", "duration_entropy", "onset_f1", "bar_repeats", "bar_rhythm_repeats",
    "bar_contour_repeats", "self_similarity", "repeated_4grams", "phrase_end_ratio", "downbeat_tonic",
)  # fmt: skip
FORMAT, PROFILES = "composer.profile/1", "profiles.npz"
WHOLE = 99  # stands for the number of bars of finished tunes
GRAM = 4
LEAP, RECOVERY = 5, 4  # semitones
_TRIADS = {True: frozenset({0, 3, 7}), False: frozenset({0, 4, 7})}
_Note = tuple[int, int, int]  # offset in the bar, length, pitch above the tonic


@dataclass(slots=True)
class Tally:
    """Counts over the bars so far. ``add`` takes whole bars in order; ``vector`` reads the profile."""

    meter: Meter
    is_minor: bool
    notes: int = 0
    ticks: int = 0
    sizes: Counter[int] = field(default_factory=Counter)  # absolute intervals
    lengths: Counter[int] = field(default_factory=Counter)
    leaps: int = 0
    recovered: int = 0
    moves: int = 0
    turns: int = 0
    lowest: int = 127
    highest: int = -127
    f1_total: float = 0.0
    similar_total: float = 0.0
    exact: set[Any] = field(default_factory=set)
    rhythms: set[Any] = field(default_factory=set)
    contours: set[Any] = field(default_factory=set)
    places: list[frozenset[tuple[int, int]]] = field(default_factory=list)
    grams: set[Any] = field(default_factory=set)
    gram_count: int = 0
    ends: list[int] = field(default_factory=list)
    downbeats: int = 0
    tonic_downbeats: int = 0
    bars: int = 0
    tail: list[tuple[int, int]] = field(default_factory=list)  # the last moves: interval, length
    last: _Note | None = None
    direction: int = 0
    leapt: int = 0
    onsets: frozenset[int] = frozenset()

    def copy(self) -> Tally:
        twin = Tally(self.meter, self.is_minor)
        for name in self.__slots__:
            value = getattr(self, name)
            setattr(twin, name, value.copy() if isinstance(value, (Counter, set, list)) else value)
        return twin

    def add(self, bars: Sequence[Sequence[Event]], phrase_ends: Sequence[int] = ()) -> Tally:
        """Count the next ``bars`` (their events without rests); ``phrase_ends`` are lengths of phrase-final notes."""
        for bar in bars:
            notes = [(e.start % self.meter.bar_ticks, e.duration, e.pitch) for e in bar if e.pitch is not None]
            self._add_bar(notes)
        self.ends += phrase_ends
        return self

    def _add_bar(self, notes: list[_Note]) -> None:
        onsets = frozenset(at for at, _, _ in notes)
        if self.bars:
            self.f1_total += _f1(onsets, self.onsets)
        self.bars, self.onsets = self.bars + 1, onsets
        if not notes:
            return
        places = frozenset((at, pitch) for at, _, pitch in notes)
        if self.places:
            self.similar_total += max(_f1(places, earlier) for earlier in self.places)
        self.places.append(places)
        rhythm = tuple((at, length) for at, length, _ in notes)
        self.exact.add(tuple(notes))
        self.rhythms.add(rhythm)
        self.contours.add((rhythm, tuple((b > a) - (b < a) for (_, _, a), (_, _, b) in pairwise(notes))))
        if notes[0][0] == 0:
            self.downbeats += 1
            self.tonic_downbeats += notes[0][2] % 12 in _TRIADS[self.is_minor]
        for note in notes:
            self._add_note(note)

    def _add_note(self, note: _Note) -> None:
        _, length, pitch = note
        self.notes, self.ticks = self.notes + 1, self.ticks + length
        self.lengths[length] += 1
        self.lowest, self.highest = min(self.lowest, pitch), max(self.highest, pitch)
        if self.last is not None:
            interval = pitch - self.last[2]
            self.sizes[abs(interval)] += 1
            self.recovered += bool(self.leapt) and self.leapt * interval <= 0 and abs(interval) <= RECOVERY
            # A leap counts once something follows it.
            self.leaps += bool(self.leapt)
            self.leapt = interval if abs(interval) >= LEAP else 0
            if interval:
                self.moves += 1
                self.turns += self.direction * interval < 0
                self.direction = interval
            self.tail = [*self.tail[-(GRAM - 1) :], (interval, self.last[1])]
            if len(self.tail) == GRAM:
                self.grams.add(tuple(self.tail))
                self.gram_count += 1
        self.last = note

    def vector(self) -> Floats:
        """(F,) the profile in the order of ``NAMES``; NaN for what cannot be said yet."""
        count = self.sizes.total()
        filled = len(self.places)

        def share(low: int, high: int) -> float:
            return sum(n for size, n in self.sizes.items() if low <= size <= high) / count

        def seen(items: set[Any], total: int) -> float:
            return (total - len(items)) / (total - 1) if total > 1 else np.nan

        if not count:
            return np.full(len(NAMES), np.nan)
        mean_length = self.ticks / self.notes
        return np.array([
            share(0, 0), share(1, 2), share(3, 4), share(5, 7), share(8, 127),
            sum(size * n for size, n in self.sizes.items()) / count,
            self.recovered / self.leaps if self.leaps else np.nan,
            self.turns / (self.moves - 1) if self.moves > 1 else np.nan,
            self.highest - self.lowest,
            -sum(n / self.notes * log2(n / self.notes) for n in self.lengths.values()),
            self.f1_total / (self.bars - 1) if self.bars > 1 else np.nan,
            seen(self.exact, filled), seen(self.rhythms, filled), seen(self.contours, filled),
            self.similar_total / (filled - 1) if filled > 1 else np.nan,
            seen(self.grams, self.gram_count),
            sum(self.ends) / len(self.ends) / mean_length if self.ends else np.nan,
            self.tonic_downbeats / self.downbeats if self.downbeats else np.nan,
        ])  # fmt: skip


def _f1(one: frozenset[Any], other: frozenset[Any]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def bars_of(events: Sequence[Event], meter: Meter, first: int, count: int) -> list[list[Event]]:
    """The events that begin in each of ``count`` bars from bar ``first`` (0-based)."""
    bars: list[list[Event]] = [[] for _ in range(count)]
    for event in events:
        index = event.start // meter.bar_ticks - first
        if 0 <= index < count:
            bars[index].append(event)
    return bars


def phrase_end_lengths(events: Sequence[Event], phrase_ends: Sequence[int]) -> list[int]:
    """Length of the last note before each of ``phrase_ends`` (ticks, ascending); phrases without notes say nothing."""
    lengths, start = [], -1
    notes = [e for e in events if e.pitch is not None]
    for end in phrase_ends:
        inside = [e for e in notes if start <= e.start < end]
        if inside:
            lengths.append(inside[-1].duration)
        start = end
    return lengths


@dataclass(frozen=True, slots=True)
class Typical:
    """Mean (F,) and covariance (F, F) of real tunes' profiles after so many bars; ``precision`` is its inverse."""

    mean: Floats
    covariance: Floats
    precision: Floats

    def distance(self, vector: Floats) -> float:
        """Squared Mahalanobis distance over the number of features: 1 for a real tune on average. NaN counts 0."""
        gap = np.where(np.isnan(vector), 0.0, vector - self.mean)
        return float(gap @ self.precision @ gap) / len(gap)

    def like_one(self, character: Floats, lowest: Floats, highest: Floats) -> Typical:
        """Around one tune instead of the mean of all: ``character`` (F,) are standard normal numbers, many of them
        making an unusual tune; the result keeps within ``lowest`` .. ``highest`` (F,)."""
        one = self.mean + np.linalg.cholesky(self.covariance) @ character
        return replace(self, mean=np.clip(one, lowest, highest))


@dataclass(frozen=True, slots=True)
class TypicalTunes:
    """The profiles of one style by number of bars, ``WHOLE`` for finished tunes."""

    by_bars: Mapping[int, Typical]

    def after(self, bars: int) -> Typical:
        """The profile kept for ``bars`` or the next larger number; beyond the last prefix, that of whole tunes."""
        kept = sorted(self.by_bars)
        return self.by_bars[next((known for known in kept if bars <= known), kept[-1])]

    def like_one(self, character: Floats, lowest: Floats, highest: Floats) -> TypicalTunes:
        """The profiles around one tune; see ``Typical.like_one``. Only whole tunes are held to the bounds."""
        free = np.full(len(NAMES), np.inf)
        return TypicalTunes({
            bars: typical.like_one(character, *((lowest, highest) if bars == WHOLE else (-free, free)))
            for bars, typical in self.by_bars.items()
        })  # fmt: skip


@cache
def typical_tunes(folder: Path | None = None) -> Mapping[str, TypicalTunes]:
    """The shipped profiles by corpus style; raises MissingTool when they are absent or damaged."""
    path = (folder or shipped("weights") / "profile") / PROFILES
    tables: dict[str, dict[int, Typical]] = {}
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            for name in stored.files:
                style, bars, what = name.split(".")
                if what == "mean":
                    mean = stored[name].astype(float)
                    covariance = stored[f"{style}.{bars}.covariance"].astype(float)
                    if mean.shape != (len(NAMES),):
                        raise ValueError("other features")
                    tables.setdefault(style, {})[int(bars)] = Typical(mean, covariance, np.linalg.inv(covariance))
    except OSError as error:
        raise MissingTool(path, f"cannot be read ({error.strerror})", "install composer again") from None
    except (EOFError, ValueError, KeyError, zipfile.BadZipFile, np.linalg.LinAlgError):
        raise MissingTool(path, "holds no profiles of tunes", "install composer again") from None
    return {style: TypicalTunes(by_bars) for style, by_bars in tables.items()}
