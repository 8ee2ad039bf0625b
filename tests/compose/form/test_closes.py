"""Cadences by tension: calm questions rest, tense answers stay open, and what the brief or the form fixes stays."""

from __future__ import annotations

import numpy as np
import pytest

from composer.compose.form.closes import strain_of
from composer.compose.form.plan import HALF, IMPERFECT, PERFECT, Plan, plan_of
from tests.compose.fakes import brief


def planned(form: list[dict[str, object]], seed: int = 0) -> Plan:
    return plan_of(brief(form=form), "violin", np.random.default_rng(seed))


def levels(*tensions: float, bars: int = 8) -> list[dict[str, object]]:
    return [{"name": "ABC"[i], "bars": bars, "tension": t, "energy": 0.5} for i, t in enumerate(tensions)]


@pytest.mark.parametrize("seed", range(6))
def test_a_calm_section_rests_inside_and_a_tense_one_stays_open(seed: int) -> None:
    plan = planned(levels(0.1, 0.9, 0.5), seed)
    inside = {i: [p.cadence for p in plan.phrases if p.section == i][:-1] for i in range(3)}
    assert set(inside[0]) == {IMPERFECT} and set(inside[1]) == {HALF}


@pytest.mark.parametrize("seed", range(6))
def test_the_last_phrase_closes_however_tense(seed: int) -> None:
    assert planned(levels(0.2, 0.95), seed).phrases[-1].cadence == PERFECT


def test_the_first_section_closes_however_tense() -> None:
    plan = planned(levels(0.9, 0.2))
    assert [p.cadence for p in plan.phrases if p.section == 0][-1] == PERFECT


def test_where_nothing_differs_a_question_is_open() -> None:
    for level in (0.3, 0.5, 0.8):
        plain = [{"name": "A", "bars": 8, "energy": level}, {"name": "B", "bars": 8, "energy": level}]
        assert strain_of(brief(form=plain)).tolist() == [0.0] * 16
        assert planned(plain).phrases[0].cadence == HALF


def test_cadences_that_the_brief_writes_stay() -> None:
    phrases = [{"bars": 4, "cadence": "HC"}, {"bars": 4, "cadence": "IAC"}]
    plan = planned([{"name": "A", "bars": 8, "tension": 0.1, "phrases": phrases}, *levels(0.9)[:1]])
    assert [p.cadence for p in plan.phrases[:2]] == [HALF, IMPERFECT]


def test_a_return_closes_as_its_first_statement_where_it_is_as_tense() -> None:
    plan = planned([*levels(0.3, 0.8), {**levels(0.3)[0], "name": "A'"}])
    first, back = ([p.cadence for p in plan.phrases if p.section == i] for i in (0, 2))
    assert first == back
