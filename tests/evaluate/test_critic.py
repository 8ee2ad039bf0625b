"""The critic tells what is unlike, cannot tell what is alike, and says when it cannot be trusted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from composer.evaluate.anchors import STYLES
from composer.evaluate.critic import (
    CONTROL_MIN,
    FEATURES,
    FOLDS,
    Verdict,
    beside,
    critic_auc,
    tells_of,
    verdict_of,
)
from composer.evaluate.measures import MEASURES, Measures
from composer.evaluate.reference import Reference, load_reference, reference_bytes, reference_of
from composer.evaluate.shapes import SHAPES


@pytest.fixture(scope="module")
def dance() -> Reference:
    return load_reference("dance")


def measures(reference: Reference, rows: np.ndarray) -> list[Measures]:
    """Rows of the reference as the measures of pieces."""
    return [
        Measures(
            {
                name: None if np.isnan(value := reference.columns(row[None, :], (name,))[0, 0]) else float(value)
                for name in MEASURES
            }
        )
        for row in rows
    ]


def test_real_tunes_are_not_told_from_real_tunes(dance: Reference) -> None:
    order = np.random.default_rng(1).permutation(len(dance.real))
    rest = replace(dance, real=dance.real[order[60:]], markov=dance.markov[order[60:]])
    verdict = verdict_of(measures(dance, dance.real[order[:60]]), rest)
    assert verdict is not None and not verdict.is_broken
    assert 0.35 < verdict.auc < 0.65
    assert 0.02 < verdict.error < 0.06


@pytest.mark.parametrize("count", [8, 40])
def test_shuffled_bars_are_told_and_the_control_holds(dance: Reference, count: int) -> None:
    verdict = verdict_of(measures(dance, dance.shuffled[:count]), dance)
    assert verdict is not None
    assert verdict.control_auc >= CONTROL_MIN and not verdict.is_broken
    assert verdict.auc > 0.85
    assert {tell.measure for tell in verdict.tells} <= set(FEATURES)
    assert sum(tell.share for tell in verdict.tells) == pytest.approx(1)


def test_a_critic_that_cannot_tell_markov_melodies_says_that_it_is_broken(dance: Reference) -> None:
    blind = replace(dance, markov=dance.real[::-1])
    verdict = verdict_of(measures(dance, dance.shuffled[:40]), blind)
    assert verdict is not None and verdict.is_broken
    assert verdict.words().startswith("broken")


def test_a_control_that_is_no_number_is_broken_too() -> None:
    assert Verdict(0.5, float("nan"), 4, 4).is_broken


def test_a_few_pieces_have_no_verdict(dance: Reference) -> None:
    found = measures(dance, dance.real[: FOLDS - 1])
    assert verdict_of(found, dance) is None
    assert beside(found, measures(dance, dance.real), dance) is None


def test_two_sets_are_told_apart_only_where_they_differ(dance: Reference) -> None:
    one, two, three = (measures(dance, rows) for rows in (dance.real[:60], dance.real[60:120], dance.markov[60:120]))
    alike, unlike = beside(one, two, dance), beside(one, three, dance)
    assert alike is not None and unlike is not None
    assert alike.auc < 0.75 < 0.95 < unlike.auc
    assert alike.control_auc >= CONTROL_MIN


def test_takes_of_one_brief_are_judged_together() -> None:
    # Copies of one random row: a critic that saw a copy in training would know the others.
    rng = np.random.default_rng(2)
    real, other = rng.normal(size=(200, 16)), np.repeat(rng.normal(size=(8, 16)), 8, axis=0)
    apart = critic_auc(real, other, other_groups=np.arange(64))
    together = critic_auc(real, other, other_groups=np.repeat(np.arange(8), 8))
    assert together < apart


def test_a_missing_measure_does_not_stop_the_critic() -> None:
    rng = np.random.default_rng(3)
    real, other = rng.normal(size=(60, 4)), rng.normal(2.0, size=(40, 4))
    real[::3, 1] = np.nan
    other[:, 2] = np.nan
    real[:, 2] = np.nan
    assert critic_auc(real, other) > 0.95


def test_what_the_critic_goes_by_is_named() -> None:
    rng = np.random.default_rng(4)
    real, other = rng.normal(size=(200, len(FEATURES))), rng.normal(size=(100, len(FEATURES)))
    other[:, 3] += 3
    first = tells_of(real, other)[0]
    assert first.measure == FEATURES[3] and first.share > 0.8


@pytest.mark.parametrize("style", STYLES)
def test_shipped_references_are_whole(style: str) -> None:
    reference = load_reference(style)
    assert set(FEATURES) <= set(reference.names) <= set(MEASURES)
    assert reference.real.shape == reference.markov.shape == reference.shuffled.shape
    assert len(reference.real) >= 50
    assert {name: shape.shape for name, shape in reference.shapes.items()} == {
        name: (len(reference.real), size) for name, size in SHAPES.items()
    }


def test_a_reference_reads_back_as_it_was(dance: Reference) -> None:
    data = reference_bytes([dance])
    again = reference_of(data, "dance")
    assert np.array_equal(again.real, dance.real, equal_nan=True)
    assert all(np.allclose(again.shapes[name], dance.shapes[name]) for name in SHAPES)
    assert data == reference_bytes([again])
    with pytest.raises(KeyError):
        reference_of(data, "march")


def test_tunes_can_be_taken_out_of_a_reference(dance: Reference) -> None:
    rest = dance.without(dance.real[:20])
    assert len(rest.real) == len(rest.markov) == len(rest.shapes["lengths"]) == len(dance.real) - 20
    assert np.array_equal(rest.real, dance.real[20:], equal_nan=True)


def test_percentiles_are_of_the_real_tunes(dance: Reference) -> None:
    values = dance.values("mean_interval")
    assert dance.percentile("mean_interval", float(values[0]) - 1) == 0
    assert dance.percentile("mean_interval", float(values[-1]) + 1) == 100
    assert dance.percentile("mean_interval", float(np.median(values))) == pytest.approx(50, abs=1)
    assert dance.percentile("mean_interval", None) is None
    assert dance.percentile("crossing", 1.0) is None
