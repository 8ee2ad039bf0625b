"""Tunes -> padded batches for the melody LSTM, with the plan partly hidden as a brief may leave it open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.corpus.tune import Tune
from composer.encoding.chord_labels import chords_of
from composer.encoding.melody import CONTROLS, FEATURES, ContextReader, Event, nearest_duration
from composer.models.recipe import Recipe
from composer.music.key import key_of

Ints = NDArray[np.int32]
# Sequences are padded to the next of these lengths, so that few shapes are compiled.
LENGTHS = (48, 64, 80, 96, 128, 160, 208, 272)
_NAMES = tuple(FEATURES)
# Of the whole piece, hidden as one; the other controls change from bar to bar.
PIECE_CONTROLS = ("style", "tempo")
CONTROL_COLUMNS = tuple(_NAMES.index(name) for name in CONTROLS if name not in PIECE_CONTROLS)
PIECE_COLUMNS = tuple(_NAMES.index(name) for name in PIECE_CONTROLS)
CHORD_COLUMNS = (_NAMES.index("chord"), _NAMES.index("next_chord"))


@dataclass(frozen=True, slots=True)
class Sequence_:
    """One tune as arrays of T events: context (T, K), duration and pitch tokens (T,), bar of each event (T,)."""

    columns: Ints
    durations: Ints
    pitches: Ints
    bars: Ints


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded arrays (B, T, K), (B, T), (B, T); ``weights`` is 1 for an event and 0 for padding."""

    columns: Ints
    durations: Ints
    pitches: Ints
    weights: NDArray[np.float32]


def sequence_of(tune: Tune) -> Sequence_:
    """The columns and targets of ``tune``."""
    reader = ContextReader(tune.frame())
    rows = []
    for event in tune.events:
        rows.append(reader.columns())
        # The reader sees what the model can say: durations of the vocabulary, pitches as they are.
        reader.push(event)
    return Sequence_(
        np.array(rows, np.int32),
        np.array([nearest_duration(e.duration) for e in tune.events], np.int32),
        np.array([e.token for e in tune.events], np.int32),
        np.array([e.start // tune.meter.bar_ticks for e in tune.events], np.int32),
    )


def training_tunes(tunes: Sequence[Tune], recipe: Recipe) -> list[Tune]:
    """The training split as the recipe weighs it: copies of chorales, some major tunes also in minor."""
    train = [t for t in tunes if t.split == "train"]
    generator = np.random.default_rng([recipe.seed, 17])
    if recipe.tunes_limit:
        chosen = generator.permutation(len(train))[: recipe.tunes_limit]
        train = [train[i] for i in sorted(chosen)]
    result = []
    for tune in train:
        result += [tune] * (recipe.chorale_copies if tune.style == "chorale" else 1)
        if tune.key.mode == "major" and generator.random() < recipe.parallel_minor:
            result.append(in_parallel_minor(tune))
    return result


def in_parallel_minor(tune: Tune) -> Tune:
    """``tune`` with degrees 3, 6 and 7 lowered (7 stays before 1), re-labelled with chords of the minor."""
    lowered = {4: 3, 9: 8, 11: 10}
    events = []
    for event, following in zip(tune.events, (*tune.events[1:], None), strict=True):
        pitch = event.pitch
        if pitch is not None and pitch % 12 in lowered:
            leads = pitch % 12 == 11 and following is not None and following.pitch == pitch + 1
            pitch += 0 if leads else lowered[pitch % 12] - pitch % 12
        events.append(Event(event.start, event.duration, pitch))
    key = key_of(tune.key.tonic_class, "minor")
    chords = chords_of(events, key, tune.meter, tune.bars)
    return replace(tune, id=f"{tune.id}/minor", key=key, events=tuple(events), chords=chords, beat_chords=())


def epoch_batches(sequences: Sequence[Sequence_], recipe: Recipe, generator: np.random.Generator) -> Iterator[Batch]:
    """All sequences once, in random order, grouped by length, with parts of the plan hidden."""
    batches = _grouped(sequences, recipe.batch, generator)
    for group in batches:
        hidden = [_with_unknowns(sequences[i], recipe, generator) for i in group]
        yield batch_of(hidden, recipe.batch)


def plain_batches(sequences: Sequence[Sequence_], batch: int, hide: Sequence[int] = ()) -> Iterator[Batch]:
    """All sequences once, by length, with the columns in ``hide`` unknown."""
    for group in _grouped(sequences, batch, None):
        shown = [sequences[i] for i in group]
        if hide:
            shown = [replace(s, columns=_hidden(s.columns, hide)) for s in shown]
        yield batch_of(shown, batch)


def batch_of(sequences: Sequence[Sequence_], size: int) -> Batch:
    """``sequences`` padded with zeros to one length of ``LENGTHS`` and to ``size`` rows."""
    longest = max(len(s.durations) for s in sequences)
    length = next((n for n in LENGTHS if n >= longest), longest)
    columns = np.zeros((size, length, len(FEATURES)), np.int32)
    durations, pitches = np.zeros((size, length), np.int32), np.zeros((size, length), np.int32)
    weights = np.zeros((size, length), np.float32)
    for row, item in enumerate(sequences):
        count = len(item.durations)
        columns[row, :count], durations[row, :count], pitches[row, :count] = item.columns, item.durations, item.pitches
        weights[row, :count] = 1.0
    return Batch(columns, durations, pitches, weights)


def _grouped(sequences: Sequence[Sequence_], batch: int, generator: np.random.Generator | None) -> list[list[int]]:
    """Indices in groups of ``batch`` of like length; the groups and their members shuffled by ``generator``."""
    lengths = np.array([len(s.durations) for s in sequences])
    noise = generator.uniform(0, 8, len(lengths)) if generator is not None else np.zeros(len(lengths))
    order = np.argsort(lengths + noise, kind="stable").tolist()
    groups = [order[i : i + batch] for i in range(0, len(order), batch)]
    if generator is not None:
        groups = [groups[i] for i in generator.permutation(len(groups))]
    return groups


def _hidden(columns: Ints, hide: Sequence[int]) -> Ints:
    shown = columns.copy()
    shown[:, list(hide)] = 0
    return shown


def _with_unknowns(item: Sequence_, recipe: Recipe, generator: np.random.Generator) -> Sequence_:
    """Controls and chords set to unknown at random: half of the chance for the whole tune, half bar by bar."""
    columns = item.columns.copy()
    bars = int(item.bars[-1]) + 1
    for column, chance in (
        *((c, recipe.control_dropout) for c in CONTROL_COLUMNS),
        *((c, recipe.chord_dropout) for c in CHORD_COLUMNS),
    ):
        if generator.random() < chance / 2:
            columns[:, column] = 0
        else:
            unknown = generator.random(bars) < chance / 2
            columns[unknown[item.bars], column] = 0
    for column in PIECE_COLUMNS:
        if generator.random() < recipe.control_dropout:
            columns[:, column] = 0
    if generator.random() < recipe.control_dropout / 3:
        columns[:, list(CONTROL_COLUMNS)] = 0
    return replace(item, columns=columns)
