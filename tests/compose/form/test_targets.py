from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from composer.compose.form.plan import Plan, plan_of
from composer.compose.form.targets import REGISTER_SEMITONES, climax_of
from tests.compose.fakes import brief


def planned(**changes: Any) -> Plan:
    return plan_of(brief(**changes), "violin", np.random.default_rng(0))


def _levels(plan: Plan, name: str) -> np.ndarray[Any, Any]:
    return np.array([getattr(bar, name) for bar in plan.bars])


def _ranks(values: Any) -> np.ndarray[Any, Any]:
    values = np.asarray(values, dtype=float)
    return np.array([(values < v).sum() + ((values == v).sum() - 1) / 2 for v in values])


def _spearman(one: Any, other: Any) -> float:
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


OPEN = [{"name": "A", "bars": 8}]
FLAT = [{"name": "A", "bars": 8, "energy": 0.5, "density": 0.5, "register": 0.0}]


@pytest.mark.parametrize("seed", range(6))
def test_mirrored_curves_mirror_the_climax(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curves = {name: [round(float(v), 3) for v in rng.random(32)] for name in ("energy", "density", "register")}
    mirrored = {name: values[::-1] for name, values in curves.items()}
    there, back = planned(form=FLAT * 4, curves=curves), planned(form=FLAT * 4, curves=mirrored)
    assert there.climax_bar == len(there.bars) - 1 - back.climax_bar


@pytest.mark.parametrize("peak", [0.05, 0.3, 0.5, 0.7, 0.98])
def test_the_climax_is_at_the_peak_of_the_curve_within_its_limits(peak: float) -> None:
    places = np.linspace(0, 1, 64)
    energy = [round(float(v), 4) for v in np.exp(-((places - peak) ** 2) / 0.03)]
    plan = planned(form=OPEN * 4, curves={"energy": energy, "density": [0.5] * 2, "register": [0.0] * 2})
    assert abs(plan.climax_bar + 0.5 - np.clip(peak, 0.15, 0.85) * 32) <= 1.0


def test_register_and_energy_rise_to_the_climax_and_fall_after_it() -> None:
    plan = planned(form=FLAT * 4)
    at = plan.climax_bar
    for name in ("register", "energy", "tension"):
        level = _levels(plan, name)
        assert level[at] == level.max()
        assert (np.diff(level[at - 3 : at + 1]) > 0).all() and (np.diff(level[at : at + 4]) < 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_targets_follow_the_brief_s_curves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curves = {n: [round(float(v), 3) for v in rng.random(16)] for n in ("energy", "density", "register", "tension")}
    plan = planned(form=OPEN * 4, curves=curves)
    bars = (np.arange(32) + 0.5) / 32 * 15
    for name, of_bar in (("energy", "energy"), ("density", "density_npq"), ("register", "register"), ("tension",) * 2):
        wished = np.interp(bars, np.arange(16), curves[name])
        assert _spearman(wished, _levels(plan, of_bar)) > 0.85


def test_a_curve_bends_the_level_that_a_section_writes() -> None:
    curves = {"energy": [0.0, 1.0], "density": [0.0, 1.0], "register": [-1.0, 1.0]}
    density = _levels(planned(form=FLAT * 2, curves=curves), "density_npq").reshape(2, 8)
    assert (np.diff(density, axis=1) > 0).all()
    assert density[0].mean() == pytest.approx(density[1].mean())


def test_the_tension_that_a_brief_writes_is_taken_as_it_is() -> None:
    plan = planned(form=[{**FLAT[0], "tension": 0.1}, {**FLAT[0], "tension": 0.9}, FLAT[0]])
    tension = _levels(plan, "tension")
    assert (tension[:8] == 0.1).all() and (tension[8:16] == 0.9).all()
    assert 8 <= plan.climax_bar < 16


def test_single_bars_differ_from_their_section() -> None:
    changes = [{"bar": 6, "density": 1.0, "register": -1.0, "tension": 1.0, "energy": 0.9}]
    plan, plain = planned(form=FLAT * 2, bars=changes), planned(form=FLAT * 2)
    assert plan.bars[5].density_npq > plain.bars[5].density_npq
    assert plan.bars[5].tension == 1.0
    assert plan.climax_bar == 5
    low_one = (plan.low + plan.high) / 2 - REGISTER_SEMITONES
    assert low_one <= plan.bars[5].register < low_one + 3
    assert plan.bars[12].density_npq == plain.bars[12].density_npq


def test_equal_levels_put_the_climax_in_the_middle_of_their_run() -> None:
    assert climax_of(np.array([0.0] * 4 + [1.0] * 5 + [0.0] * 11)) == 6
    assert climax_of(np.zeros(1)) == 0
    rests = np.arange(20) == 6
    assert climax_of(np.array([0.0] * 4 + [1.0] * 5 + [0.0] * 11), rests) == 7


def test_another_letter_differs_in_two_of_register_density_and_energy() -> None:
    plan = planned(form=[{"name": "A", "bars": 8}, {"name": "B", "bars": 8}, {"name": "C", "bars": 8}])
    density, register = _levels(plan, "density_npq"), _levels(plan, "register")
    for start in (8, 16):
        assert abs(register[start : start + 8].mean() - register[:8].mean()) >= 3
        assert abs(density[start : start + 8].mean() - density[:8].mean()) >= 0.25


def test_levels_that_a_brief_writes_for_both_letters_are_obeyed() -> None:
    plan = planned(form=[{**FLAT[0], "name": n} for n in "AB"])
    density = _levels(plan, "density_npq")
    assert np.ptp(density) == 0.0


def test_the_key_of_a_section_holds_for_its_bars() -> None:
    form = [{"name": "A", "bars": 4}, {"name": "B", "bars": 4, "key": {"tonic": "A", "mode": "major"}}]
    plan = planned(form=form)
    assert [str(plan.key_at(bar)) for bar in (0, 3, 4, 7)] == ["D major", "D major", "A major", "A major"]
