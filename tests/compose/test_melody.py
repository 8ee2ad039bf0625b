from __future__ import annotations

import numpy as np
import pytest

from composer.compose.harmony import chords_of
from composer.compose.melody import Melody, MelodyWriter, chord_line
from composer.compose.plan import Plan, plan_of
from composer.compose.rules import chord_scale
from composer.formats.brief import Brief
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
        assert event.pitch is not None
        assert plan.low <= event.pitch + melody.tonic_midi <= plan.high
        chord = line[int(np.searchsorted(starts, event.start, side="right")) - 1]
        assert event.pitch % 12 in chord_scale(chord, plan.key)
    assert now == len(plan.bars) * plan.meter.bar_ticks


@pytest.mark.parametrize("mode", MODES)
def test_the_end_is_the_tonic_on_a_strong_beat_over_the_tonic_chord(mode: str) -> None:
    plan, melody, _, line = written(brief(mode))
    last = melody.events[-1]
    assert last.pitch is not None and last.pitch % 12 == 0
    assert plan.meter.accent(last.start) >= 2
    assert line[-1].root == plan.key.tonic_class
    assert last.duration >= 1.2 * np.mean([e.duration for e in melody.events])


@pytest.mark.parametrize("seed", range(6))
def test_no_banned_interval_and_no_more_than_four_equal_pitches(seed: int) -> None:
    _, melody, _, _ = written(brief(), seed)
    pitches = [e.pitch for e in melody.events]
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
        means.append(np.mean([e.pitch for e in b]) - np.mean([e.pitch for e in a]))
    assert np.mean(counts) > 1.2
    assert np.mean(means) > 1.0


def test_the_same_seed_gives_the_same_tune_and_another_seed_another() -> None:
    assert written(brief(), 5)[1] == written(brief(), 5)[1]
    assert written(brief(), 5)[1] != written(brief(), 6)[1]
