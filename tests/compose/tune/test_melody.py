from __future__ import annotations

import numpy as np
import pytest

from composer.compose.chords.harmony import chords_of
from composer.compose.form.plan import Plan, plan_of
from composer.compose.sampling import sampled
from composer.compose.tune.critic import unsingable
from composer.compose.tune.melody import Ear, Melody, MelodyWriter
from composer.compose.tune.prospect import chord_line
from composer.compose.tune.rules import chord_scale
from composer.encoding.originality import runs_of
from composer.formats.brief.brief import Brief
from tests.compose.fakes import FlatModel, brief, flat_harmony

MODES = ["major", "minor", "dorian", "mixolydian", "lydian", "phrygian"]
METERS = ["2/4", "3/4", "4/4", "6/8"]


def written(asked: Brief, seed: int = 3) -> tuple[Plan, Melody, list, list]:
    rng = np.random.default_rng(seed)
    plan = plan_of(asked, "violin", rng)
    chords = chords_of(plan, asked, flat_harmony(), rng)
    starts, line = chord_line(chords, plan.meter.bar_ticks)
    return plan, MelodyWriter(plan, chords, FlatModel(), rng).write(), starts, line


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("meter", METERS)
def test_every_bar_is_full_and_every_note_is_in_range_and_scale(mode: str, meter: str) -> None:
    plan, melody, starts, line = written(brief(mode, meter))
    now = 0
    for event in melody.events:
        assert event.start == now
        now = event.end
        if event.pitch is None:
            assert event.end in plan.phrase_ends  # the tune breathes where a phrase ends, nowhere else
            continue
        assert plan.low <= event.pitch + melody.tonic_midi <= plan.high
        chord = line[int(np.searchsorted(starts, event.start, side="right")) - 1]
        assert event.pitch % 12 in chord_scale(chord, plan.key)
    assert now == len(plan.bars) * plan.meter.bar_ticks


@pytest.mark.parametrize("mode", MODES)
def test_the_end_is_the_tonic_on_a_strong_beat_over_the_tonic_chord(mode: str) -> None:
    plan, melody, _, line = written(brief(mode))
    notes = [e for e in melody.events if e.pitch is not None]
    last = notes[-1]
    assert last.pitch is not None and last.pitch % 12 == 0
    assert plan.meter.accent(last.start) >= 2
    assert line[-1].root == plan.key.tonic_class
    assert last.duration >= 1.2 * np.mean([e.duration for e in notes])


@pytest.mark.parametrize("seed", range(6))
def test_no_banned_interval_and_no_more_than_four_equal_pitches(seed: int) -> None:
    _, melody, _, _ = written(brief(), seed)
    pitches = [e.pitch for e in melody.events if e.pitch is not None]
    intervals = np.abs(np.diff(pitches))
    assert intervals.max() <= 12
    assert not set(intervals) & {6, 10, 11}
    assert all(len(set(pitches[i : i + 5])) > 1 for i in range(len(pitches) - 4))


def test_a_returning_section_brings_its_opening_bars_back() -> None:
    plan, melody, _, _ = written(brief())
    bar = plan.meter.bar_ticks
    opening = [(e.start, e.duration, e.pitch) for e in melody.events if e.start < bar]
    returned = [(e.start - 16 * bar, e.duration, e.pitch) for e in melody.events if 16 * bar <= e.start < 17 * bar]
    assert opening == returned


def test_density_and_register_of_a_section_move_the_melody() -> None:
    counts, means = [], []
    for seed in range(5):
        plan, melody, _, _ = written(brief(), seed)
        bar = plan.meter.bar_ticks
        a = [e for e in melody.events if e.start < 8 * bar]
        b = [e for e in melody.events if 8 * bar <= e.start < 16 * bar]
        counts.append(len(b) / len(a))
        means.append(
            np.mean([e.pitch for e in b if e.pitch is not None]) - np.mean([e.pitch for e in a if e.pitch is not None])
        )
    assert np.mean(counts) > 1.1
    assert np.mean(means) > 1.0


def test_the_same_seed_gives_the_same_tune_and_another_seed_another() -> None:
    assert written(brief(), 5)[1] == written(brief(), 5)[1]
    assert written(brief(), 5)[1] != written(brief(), 6)[1]


def test_a_change_of_the_last_section_leaves_the_ones_before_it_alone() -> None:
    asked = brief()
    busier = asked.model_copy(update={"form": [*asked.form[:-1], asked.form[-1].model_copy(update={"density": 0.7})]})
    plain, changed = written(asked)[1], written(busier)[1]
    bar = asked.time.bar_ticks
    before = [[e for e in m.events if e.start < 15 * bar] for m in (plain, changed)]
    assert before[0] == before[1] and plain.events != changed.events


def test_the_score_counts_every_rule_that_gave_way() -> None:
    _, melody, _, _ = written(brief())
    assert melody.score is not None
    assert melody.score.relaxed == len(melody.relaxed)
    assert melody.score.faults == 0


def test_candidates_like_known_tunes_are_passed_over() -> None:
    plan, melody, _, _ = written(brief())
    known = runs_of([melody.events])
    rng = np.random.default_rng(3)
    plan = plan_of(brief(), "violin", rng)
    chords = chords_of(plan, brief(), flat_harmony(), rng)
    other = MelodyWriter(plan, chords, FlatModel(), rng, Ear(known=known)).write()
    assert known.longest_shared(melody.events).notes >= 20
    assert known.longest_shared(other.events).notes < 16


def test_sampling_keeps_to_the_likeliest_indices() -> None:
    weights = np.log(np.array([[0.5, 0.3, 0.15, 0.05], [0.05, 0.9, 0.03, 0.02]]))
    rng = np.random.default_rng(1)
    drawn = np.array([sampled(weights, 1.0, 0.75, rng) for _ in range(300)])
    assert set(drawn[:, 0]) == {0, 1} and set(drawn[:, 1]) == {1}
    assert 0.55 < np.mean(drawn[:, 0] == 0) < 0.7


def test_what_cannot_be_sung_is_counted() -> None:
    assert unsingable([0, 2, 4, 5, 7]) == 0
    assert unsingable([5, 11, 12]) == 1  # a tritone
    assert unsingable([0, 13]) == unsingable([0, 10]) == 1
    assert unsingable([4] * 4) == 0 and unsingable([4] * 6) == 2


@pytest.mark.parametrize("seed", range(10))
def test_copies_close_as_their_own_phrase_does_and_pick_ups_fit_the_chord(seed: int) -> None:
    meter = ("6/8", "4/4")[seed % 2]
    plan, melody, starts, line = written(brief(meter=meter), seed)
    bar = plan.meter.bar_ticks
    notes = [e for e in melody.events if e.pitch is not None]
    assert notes[-1].pitch is not None and notes[-1].pitch % 12 == 0
    for phrase in plan.phrases:
        before = [e for e in notes if e.start < phrase.first * bar]
        if phrase.pickup and before:
            chord = line[int(np.searchsorted(starts, before[-1].start, side="right")) - 1]
            assert before[-1].pitch is not None
            assert (before[-1].pitch + plan.key.tonic_class) % 12 in chord.classes
