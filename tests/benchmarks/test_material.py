"""What the benchmarks compare: briefs that span what the engine must do, and controls made from real tunes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from composer.corpus.abc import read_tune
from composer.corpus.tune import Tune, labelled, tune_of
from composer.encoding.melody import ContextReader
from composer.evaluate.line import line_of
from composer.evaluate.measures import measures_of
from composer.formats.brief.brief import METERS
from composer.music.key import MODES
from tests.benchmarks.baselines import MarkovMelody, shuffled_bars
from tests.benchmarks.briefs import random_briefs
from tests.benchmarks.free_lstm import free_tunes
from tests.benchmarks.tunes import piece_of_tune
from tests.compose.fakes import FlatModel

ABC = """X:1
T:A tune with a pick-up
M:4/4
L:1/8
K:G
D2|GABc d2B2|c2A2 B4|GABc d2g2|e2d2 B4|GABc d2B2|c2A2 B2G2|AGFE D2F2|G6:|
"""


@pytest.fixture(scope="module")
def tune() -> Tune:
    return labelled(tune_of(read_tune(ABC), "test", "dance"), "test/1")


def test_random_briefs_are_the_same_for_any_count() -> None:
    assert random_briefs(3) == random_briefs(8)[:3]
    assert random_briefs(3, seed=1) != random_briefs(3)


def test_random_briefs_span_modes_metres_ensembles_and_curves() -> None:
    made = random_briefs(40)
    assert {b.key.mode for b in made} == set(MODES)
    assert {b.meter for b in made} == set(METERS)
    assert len({b.key.tonic for b in made}) >= 10
    assert len({b.ensemble for b in made}) >= 5
    assert sum(b.curves is not None for b in made) >= 10
    assert {b.bars for b in made} >= {16, 24, 32}


def test_letters_of_a_random_brief_differ_and_returns_do_not() -> None:
    for made in random_briefs(20):
        levels = {s.name: (s.density, s.energy, s.register_) for s in made.form}
        assert all(levels[s.name] == (s.density, s.energy, s.register_) for s in made.form)
        densities = sorted(density for density, _, _ in levels.values())
        assert len(levels) == 1 or min(np.diff(densities)) > 0.05


def test_the_markov_control_keeps_the_rhythm(tune: Tune) -> None:
    made = MarkovMelody([tune]).pitches_for(tune, np.random.default_rng(1))
    assert [(e.start, e.duration) for e in made.events] == [(e.start, e.duration) for e in tune.events]
    assert [e.pitch for e in made.events] != [e.pitch for e in tune.events]
    assert made.phrase_ends == tune.phrase_ends


def test_shuffled_bars_are_the_bars_of_the_tune(tune: Tune) -> None:
    made = shuffled_bars(tune, np.random.default_rng(1))

    def bars(one: Tune) -> Counter[tuple[tuple[int, int], ...]]:
        found = line_of(piece_of_tune(one))
        return Counter(tuple((found.offset(n), n.pitch) for n in bar) for bar in found.bars)

    assert bars(made) == bars(tune)
    assert line_of(piece_of_tune(made)).bars[0] == line_of(piece_of_tune(tune)).bars[0]
    assert measures_of(piece_of_tune(made))["pitch_class_entropy"] == pytest.approx(
        measures_of(piece_of_tune(tune))["pitch_class_entropy"]
    )


def test_a_network_without_a_plan_sees_no_column_of_the_plan(tune: Tune) -> None:
    seen: list[np.ndarray] = []

    class Watching(FlatModel):
        def step(self, state: object, columns: np.ndarray) -> tuple[object, np.ndarray]:
            seen.append(columns)
            return super().step(state, columns)

    [made] = free_tunes(Watching(), [tune], np.random.default_rng(1))
    assert made.events[-1].end == tune.bars * tune.meter.bar_ticks
    columns = np.concatenate(seen)
    from composer.encoding.melody import FEATURES

    by_name = dict(zip(FEATURES, columns.T, strict=True))
    assert not any(
        by_name[name].any() for name in ("chord", "next_chord", "bars_left", "phrase_left", "density", "role")
    )
    assert by_name["meter"].all() and by_name["position"].all()
    assert ContextReader(tune.frame()).columns()[list(FEATURES).index("role")] > 0
