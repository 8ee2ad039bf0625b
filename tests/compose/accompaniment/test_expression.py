from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from composer.compose.accompaniment.expression import (
    ROLE_OFFSET,
    articulated,
    loudness_of,
    pedal_of,
    tempi_of,
    with_dynamics,
)
from composer.compose.form.plan import plan_of
from composer.music.chord import chord_of
from composer.music.notes import BASS, CHORDS, MELODY, ChordSpan, Note
from composer.music.time import seconds_of
from tests.compose.fakes import brief


def test_louder_sections_are_louder_and_velocities_stay_in_range() -> None:
    plan = plan_of(brief(), "violin", np.random.default_rng(0))
    notes = [Note(480 * i, 70, 480) for i in range(96)]
    played = with_dynamics(notes, MELODY, plan, 1.0, np.random.default_rng(0))
    a = np.mean([n.velocity for n in played if n.start < 8 * 1920])
    b = np.mean([n.velocity for n in played if 8 * 1920 <= n.start < 16 * 1920])
    assert b > a + 10
    assert all(1 <= n.velocity <= 127 for n in played)


def test_dynamics_zero_brings_sections_closer() -> None:
    plan = plan_of(brief(), "violin", np.random.default_rng(0))
    notes = [Note(480 * i, 70, 480) for i in range(96)]

    def spread(dynamics: float) -> float:
        played = with_dynamics(notes, MELODY, plan, dynamics, np.random.default_rng(0))
        return float(np.std([n.velocity for n in played]))

    assert spread(0.0) < spread(1.0)


def test_staccato_is_shorter_and_phrases_breathe() -> None:
    notes = [Note(0, 60, 480), Note(480, 62, 480)]
    legato, staccato = articulated(notes, 0.0, [960]), articulated(notes, 1.0, [960])
    assert staccato[0].duration < legato[0].duration < 480
    assert legato[1].duration < legato[0].duration


def test_the_pedal_is_lifted_before_every_chord() -> None:
    spans = [ChordSpan(0, 1920, chord_of("C")), ChordSpan(1920, 3840, chord_of("G"))]
    ups = [c.tick for c in pedal_of(spans) if c.value == 0]
    assert all(up < span.end for up, span in zip(ups, spans, strict=True))


def test_the_ritardando_costs_less_than_half_a_second() -> None:
    for tempo in (40.0, 60.0, 120.0, 200.0):
        plan = plan_of(brief(tempo_bpm=tempo), "violin", np.random.default_rng(0))
        first, last = tempi_of(plan)
        bar = plan.meter.bar_ticks
        assert 0 < seconds_of(bar, last.bpm) - seconds_of(bar, first.bpm) <= 0.31


def _bar_means(played: Sequence[Note], bar: int = 1920) -> list[float]:
    bars = sorted({n.start // bar for n in played})
    return [float(np.mean([n.velocity for n in played if n.start // bar == b])) for b in bars]


@pytest.mark.parametrize("role", [MELODY, CHORDS, BASS])
def test_every_bar_of_a_part_is_as_loud_as_its_energy_whatever_is_played_in_it(role: str) -> None:
    plan = plan_of(brief(), "violin", np.random.default_rng(0))
    rng = np.random.default_rng(4)
    notes = [
        Note(bar * 1920 + start, int(rng.integers(50, 90)), 240, int(rng.integers(60, 110)))
        for bar in range(24)
        for start in sorted(rng.choice(8, size=int(rng.integers(1, 8)), replace=False) * 240)
    ]
    means = _bar_means(with_dynamics(notes, role, plan, 0.6, rng))
    asked = [loudness_of(bar.energy, 0.6) + ROLE_OFFSET[role] for bar in plan.bars]
    assert np.abs(np.array(means) - asked).max() <= 0.5 + 1e-9
    # Bars of one energy are equally loud, to the digit.
    for energy in {bar.energy for bar in plan.bars}:
        assert len({mean for mean, bar in zip(means, plan.bars, strict=True) if bar.energy == energy}) == 1


def test_downbeats_are_louder_than_what_lies_between_them() -> None:
    plan = plan_of(brief(), "violin", np.random.default_rng(0))
    played = with_dynamics([Note(240 * i, 70, 240) for i in range(192)], MELODY, plan, 0.6, np.random.default_rng(0))
    down = np.mean([n.velocity for n in played if n.start % 1920 == 0])
    assert down > np.mean([n.velocity for n in played if n.start % 480]) + 4


def test_the_last_note_of_a_staccato_tune_is_held() -> None:
    notes = [Note(480 * i, 60 + i, 480) for i in range(4)]
    played = articulated(notes, 1.0, [])
    assert played[-1].duration > 1.7 * played[0].duration
