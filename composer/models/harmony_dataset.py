"""Corpora -> sequences of chords for the harmony LSTM: chorales, labelled tunes, songs with piano.

Each piece gives its bars with one chord each, and where its source has harmony also its own rhythm: one, two, or a
chord on every beat, bar by bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.corpus.tune import Tune
from composer.encoding.harmony import (
    BEAT_RATE,
    COLUMNS,
    FEATURES,
    FOREIGN,
    TOKENS,
    HarmonyFrame,
    Ints,
    SlotPlan,
    cadence_of,
    history_columns,
    parent_mode,
    plan_columns,
    raw_tension,
    tension_levels,
    token_of,
)
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import Meter

_MAX_FOREIGN = 0.4  # share of chords outside the table above which a phrase is in another key and is not learnt
WHOLE_SHARE = 0.5  # of the pieces are learnt from their beginning, the others from the middle: sections begin anew
CONTROLS = ("style", "rate", "place", "bar_in_phrase", "bars_left", "slots_left", "cadence", "part", "tension")


@dataclass(frozen=True, slots=True)
class ChordLine:
    """The chords of a piece: (start tick, token or ``FOREIGN``), with what is known of the piece."""

    id: str
    corpus: str
    split: str
    key: Key
    meter: Meter
    bars: int
    style: str
    slots: tuple[tuple[int, int], ...]
    phrase_ends: tuple[int, ...]
    sung: tuple[tuple[int, int], ...] = ()  # (end tick, pitch class above the tonic) of the melody's notes


@dataclass(frozen=True, slots=True)
class Passage:
    """One line as arrays of T chords: context (T, K), tokens (T,), weights (T,) and the indices where phrases begin.

    A weight of 0 marks a chord that is no target (outside the table, or in a phrase in another key).
    """

    id: str
    corpus: str
    split: str
    mode: str
    columns: Ints
    tokens: Ints
    weights: NDArray[np.float32]
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded arrays (B, T, K), (B, T), (B, T)."""

    columns: NDArray[np.int32]
    tokens: NDArray[np.int32]
    weights: NDArray[np.float32]


def lines_of_tune(tune: Tune) -> list[ChordLine]:
    """The lines of a tune: a chord a bar, and of a chorale also its own harmonic rhythm. None for a modal tune."""
    if tune.key.mode not in ("major", "minor"):
        return []
    bar = tune.meter.bar_ticks
    sung = tuple((e.end, e.pitch % 12) for e in tune.events if e.pitch is not None)
    line = ChordLine(
        tune.id, tune.style, tune.split, tune.key, tune.meter, tune.bars, tune.style, (), tune.phrase_ends, sung
    )
    if not tune.beat_chords:
        slots = [(i * bar, _token(chord, tune.key)) for i, chord in enumerate(tune.chords)]
        return [replace(line, slots=tuple(slots))]
    beat = tune.meter.beat_ticks
    tokens = _filled([_token(chord, tune.key) for chord in tune.beat_chords])
    per_bar = bar // beat
    rows = [tokens[i * per_bar : (i + 1) * per_bar] for i in range(tune.bars)]
    return [
        replace(line, slots=tuple(_own_rhythm(rows, bar))),
        replace(line, corpus=f"{tune.style} bars", slots=tuple(_bar_rhythm(rows, bar, tune.phrase_ends))),
    ]


def _token(chord: Chord | None, key: Key) -> int:
    token = None if chord is None else token_of(chord, key)
    return FOREIGN if token is None else token


def _filled(tokens: list[int]) -> list[int]:
    """Beats without a chord that the table has (passing clashes) prolong the one before."""
    filled: list[int] = []
    for token in tokens:
        filled.append(filled[-1] if token == FOREIGN and filled else token)
    return filled


def _own_rhythm(rows: Sequence[Sequence[int]], bar_ticks: int) -> Iterator[tuple[int, int]]:
    """Of each bar the fewest slots that say its chords: one, two halves, or all beats."""
    for index, row in enumerate(rows):
        half = len(row) // 2
        size = len(row)
        if len(set(row)) == 1:
            size = 1
        elif len(row) % 2 == 0 and len(set(row[:half])) == len(set(row[half:])) == 1:
            size = 2
        step = len(row) // size
        for place in range(size):
            yield index * bar_ticks + place * bar_ticks // size, row[place * step]


def _bar_rhythm(rows: Sequence[Sequence[int]], bar_ticks: int, ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The chord on each downbeat; where a phrase ends within the bar, the chord that it ends on."""
    for index, row in enumerate(rows):
        within = [end - index * bar_ticks for end in ends if index * bar_ticks < end <= (index + 1) * bar_ticks]
        at = -(-within[0] * len(row) // bar_ticks) - 1 if within else 0
        yield index * bar_ticks, row[at]


def passage_of(line: ChordLine) -> Passage:
    """The context and the targets of a line."""
    tokens = np.array([token for _, token in line.slots], np.int64)
    spans = _phrases(line)
    frame = HarmonyFrame(parent_mode(line.key), line.meter, line.style)
    columns = plan_columns(frame, _slot_plans(line, spans))
    columns[:, : COLUMNS["held"] + 1] = history_columns(tokens.tolist())
    weights = np.array([token != FOREIGN for token in tokens], np.float32)
    for first, end in spans:
        if np.mean(tokens[first:end] == FOREIGN) > _MAX_FOREIGN:
            weights[first:end] = 0.0
    return Passage(
        line.id, line.corpus, line.split, frame.mode, columns, tokens, weights, tuple(first for first, _ in spans)
    )


def _phrases(line: ChordLine) -> list[tuple[int, int]]:
    """(first, end) slots of each phrase that has any."""
    starts = [start for start, _ in line.slots]
    marks = sorted({0, *(int(np.searchsorted(starts, end)) for end in line.phrase_ends), len(starts)})
    return [(first, end) for first, end in pairwise(marks) if end > first]


def _slot_plans(line: ChordLine, spans: Sequence[tuple[int, int]]) -> list[SlotPlan]:
    bar_ticks = line.meter.bar_ticks
    bars = [start // bar_ticks for start, _ in line.slots]
    rates = np.bincount(bars, minlength=line.bars)
    levels = tension_levels(_bar_tensions(line))
    plans = []
    for number, (first, end) in enumerate(spans):
        cadence = _cadence(line, end)
        part = "last" if number == len(spans) - 1 else "first" if number == 0 else "middle"
        for index in range(first, end):
            offset = line.slots[index][0] % bar_ticks
            plans.append(
                SlotPlan(
                    rate=min(BEAT_RATE, int(rates[bars[index]])),
                    place=0 if offset == 0 else 1 if offset * 2 == bar_ticks else 2,
                    bar_in_phrase=bars[index] - bars[first],
                    bars_left=bars[end - 1] - bars[index],
                    slots_left=end - 1 - index,
                    cadence=cadence,
                    part=part,
                    tension=float(levels[bars[index]]),
                )
            )
    return plans


def _cadence(line: ChordLine, end: int) -> str:
    last = line.slots[end - 1][1]
    before = next((token for _, token in reversed(line.slots[: end - 1]) if token != last), None)
    tick = line.slots[end][0] if end < len(line.slots) else line.bars * line.meter.bar_ticks
    sung = [pitch for stop, pitch in line.sung if stop <= tick]
    return cadence_of(before, last, sung[-1] if sung else None)


def _bar_tensions(line: ChordLine) -> list[float]:
    """Mean raw tension of the chords of each bar; a chord outside the table counts as the mean of the line."""
    values = [
        raw_tension(*TOKENS[token], parent_mode(line.key)) if token != FOREIGN else np.nan for _, token in line.slots
    ]
    usual = float(np.nanmean(values)) if np.isfinite(values).any() else 0.0
    bars: list[list[float]] = [[] for _ in range(line.bars)]
    for (start, _), value in zip(line.slots, values, strict=True):
        bars[start // line.meter.bar_ticks].append(usual if np.isnan(value) else value)
    return [float(np.mean(bar)) if bar else usual for bar in bars]


def excerpt(passage: Passage, first: int, length: int) -> Passage:
    """At most ``length`` chords from the phrase that begins at slot ``first``, with nothing before them."""
    span = slice(first, first + length)
    columns = passage.columns[span].copy()
    columns[:, : COLUMNS["held"] + 1] = history_columns(passage.tokens[span].tolist())
    starts = tuple(start - first for start in passage.starts if first <= start < first + length)
    return replace(
        passage, columns=columns, tokens=passage.tokens[span], weights=passage.weights[span], starts=starts
    )  # fmt: skip


def excerpts(passages: Sequence[Passage], length: int, generator: np.random.Generator) -> list[Passage]:
    """For each ``length`` chords of every passage one excerpt: from its beginning, or from a phrase of it."""
    found = []
    for passage in passages:
        for number in range(-(-len(passage.tokens) // length)):
            at = 0 if number == 0 and generator.random() < WHOLE_SHARE else int(generator.choice(passage.starts))
            found.append(excerpt(passage, at, length))
    return found


def hidden(passage: Passage, names: Sequence[str]) -> Passage:
    """The passage with the columns ``names`` unknown."""
    columns = passage.columns.copy()
    columns[:, [COLUMNS[name] for name in names]] = 0
    return replace(passage, columns=columns)


def with_unknowns(passage: Passage, chance: float, tension_chance: float, generator: np.random.Generator) -> Passage:
    """Controls set to unknown at random: half of the chance for the whole passage, half slot by slot; tension, which
    tells much of the chord itself, by a chance of its own."""
    columns = passage.columns.copy()
    for name in CONTROLS:
        own = (tension_chance if name == "tension" else chance) / 2
        if generator.random() < own:
            columns[:, COLUMNS[name]] = 0
        else:
            columns[generator.random(len(columns)) < own, COLUMNS[name]] = 0
    return replace(passage, columns=columns)


def batches(passages: Sequence[Passage], size: int, generator: np.random.Generator | None = None) -> Iterator[Batch]:
    """All passages once, grouped by length; the groups in random order where there is a ``generator``."""
    lengths = np.array([len(p.tokens) for p in passages])
    noise = generator.uniform(0, 6, len(lengths)) if generator is not None else 0.0
    order = np.argsort(lengths + noise, kind="stable")
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    for index in generator.permutation(len(groups)) if generator is not None else range(len(groups)):
        yield batch_of([passages[i] for i in groups[index]], size)


def batch_of(passages: Sequence[Passage], size: int) -> Batch:
    """Padded with zeros to ``size`` rows and to a multiple of 32 chords, so that few shapes are compiled."""
    length = -(-max(len(p.tokens) for p in passages) // 32) * 32
    columns = np.zeros((size, length, len(FEATURES)), np.int32)
    tokens, weights = np.zeros((size, length), np.int32), np.zeros((size, length), np.float32)
    for row, passage in enumerate(passages):
        count = len(passage.tokens)
        columns[row, :count] = passage.columns
        tokens[row, :count] = np.where(passage.tokens == FOREIGN, 0, passage.tokens)
        weights[row, :count] = passage.weights
    return Batch(columns, tokens, weights)
