from __future__ import annotations

from dataclasses import replace

import numpy as np

from composer.corpus.tune import Tune
from composer.encoding.melody import CONTROLS, FEATURES, ContextReader, Event, nearest_duration
from composer.models.baselines import markov, per_position
from composer.models.dataset import (
    CHORD_COLUMNS,
    CONTROL_COLUMNS,
    PIECE_COLUMNS,
    batch_of,
    epoch_batches,
    in_parallel_minor,
    plain_batches,
    sequence_of,
    training_tunes,
)
from composer.models.recipe import Recipe
from tests.corpus.conftest import made_tune

RECIPE = Recipe("made", "Made", batch=4, control_dropout=0.5, chord_dropout=0.5, chorale_copies=3, parallel_minor=0.5)


def some(count: int) -> list[Tune]:
    return [made_tune(seed, bars=8 + seed % 3) for seed in range(count)]


def test_the_columns_before_each_event_are_those_that_composing_sees() -> None:
    tune = made_tune(3)
    item = sequence_of(tune)
    reader = ContextReader(tune.frame())
    for row, event in zip(item.columns, tune.events, strict=True):
        np.testing.assert_array_equal(row, reader.columns())
        reader.push(event)
    assert item.durations.tolist() == [nearest_duration(e.duration) for e in tune.events]
    assert (item.columns < np.array(list(FEATURES.values()))).all()


def test_control_columns_are_all_controls() -> None:
    names = list(FEATURES)
    assert {names[c] for c in (*CONTROL_COLUMNS, *PIECE_COLUMNS)} == set(CONTROLS)
    assert [names[c] for c in CHORD_COLUMNS] == ["chord", "next_chord"]


def test_padding_has_no_weight() -> None:
    items = [sequence_of(t) for t in some(3)]
    batch = batch_of(items, 4)
    assert batch.columns.shape[0] == 4 and batch.weights.sum() == sum(len(i.durations) for i in items)
    assert not batch.weights[3].any()


def test_an_epoch_holds_every_tune_once_and_depends_on_the_generator_only() -> None:
    items = [sequence_of(t) for t in some(10)]
    runs = [list(epoch_batches(items, RECIPE, np.random.default_rng(7))) for _ in range(2)]
    assert sum(b.weights.sum() for b in runs[0]) == sum(len(i.durations) for i in items)
    for one, two in zip(*runs, strict=True):
        np.testing.assert_array_equal(one.columns, two.columns)
    other = list(epoch_batches(items, RECIPE, np.random.default_rng(8)))
    assert [b.pitches.tolist() for b in runs[0]] != [b.pitches.tolist() for b in other]


def test_hiding_touches_controls_and_chords_only() -> None:
    items = [sequence_of(t) for t in some(8)]
    shown = np.concatenate([b.columns[b.weights > 0] for b in plain_batches(items, 4)])
    plan = {*CONTROL_COLUMNS, *CHORD_COLUMNS, *PIECE_COLUMNS}
    kept = [c for c in range(len(FEATURES)) if c not in plan]
    hidden = np.concatenate([b.columns[b.weights > 0] for b in epoch_batches(items, RECIPE, np.random.default_rng(1))])
    assert sorted(map(tuple, shown[:, kept].tolist())) == sorted(map(tuple, hidden[:, kept].tolist()))
    told = [c for c in plan if shown[:, c].any()]  # these tunes say nothing of their tempo
    assert len(told) == len(plan) - 1
    for column in told:
        assert (hidden[:, column] == 0).mean() > (shown[:, column] == 0).mean()
    assert items[0].columns[:, CHORD_COLUMNS[0]].all()


def test_the_parallel_minor_lowers_3_6_and_7_but_keeps_the_leading_tone() -> None:
    scale = (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 4)
    events = tuple(Event(480 * i, 480, p) for i, p in enumerate(scale))
    minor = in_parallel_minor(replace(made_tune(1, bars=3), events=events, bars=3, chords=(None,) * 3))
    assert [e.pitch for e in minor.events] == [0, 2, 3, 5, 7, 8, 11, 12, 10, 8, 7, 3]
    assert str(minor.key) == "C minor" and None not in minor.chords


def test_chorales_count_more_and_only_training_tunes_are_used() -> None:
    chorale = replace(made_tune(50), style="chorale", key=made_tune(1).key)
    tunes = [*some(20), chorale, made_tune(60, split="test")]
    chosen = training_tunes(tunes, RECIPE)
    assert chosen.count(chorale) == 3
    assert all(t.split == "train" for t in chosen)
    assert 0 < sum(t.key.mode == "minor" for t in chosen) < 20
    assert chosen == training_tunes(tunes, RECIPE)
    assert len(training_tunes(tunes, replace(RECIPE, tunes_limit=5, parallel_minor=0.0, chorale_copies=1))) == 5


def test_the_baselines_know_as_much_as_their_contexts_tell() -> None:
    tunes = some(60)
    chain, place = (made(tunes[:50]).nats(tunes[50:]) for made in (markov, per_position))
    assert chain[0] < 0.1 and place[0] < 0.1  # all notes are quarters
    # A walk of at most two steps: five choices to the Markov chain, eight to the model of places.
    assert np.log(4) < chain[1] < np.log(8) - 0.2 < place[1] < np.log(8) + 0.2
