from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from composer.compose.chords.harmony import chords_of
from composer.compose.draft import draft_of
from composer.compose.form.forms import EXACT_SHARE_MAX, LATE_RETURN, PICKUPS_COMPOUND, PICKUPS_TRIPLE, RETURN_OPERATORS
from composer.compose.form.phrase import (
    CADENCES,
    COPY,
    NEW,
    NEW_END,
    OCTAVE,
    OPERATORS,
    ORNAMENT,
    SEQUENCE,
    SIMPLIFY,
    Phrase,
)
from composer.compose.form.plan import Plan, plan_of
from composer.formats.brief.form import PhrasePlan
from tests.compose.fakes import Models, brief, flat_harmony


def planned(seed: int = 0, **changes: Any) -> Plan:
    return plan_of(brief(**changes), "violin", np.random.default_rng(seed))


def _of_section(plan: Plan, section: int) -> list[Phrase]:
    return [p for p in plan.phrases if p.section == section]


def test_a_literal_phrase_plan_names_the_operators_and_cadences_that_there_are() -> None:
    schema = PhrasePlan.model_json_schema()["properties"]
    assert tuple(schema["op"]["anyOf"][0]["enum"]) == OPERATORS
    assert tuple(schema["cadence"]["anyOf"][0]["enum"]) == CADENCES


@pytest.mark.parametrize("seed", range(12))
def test_phrases_fill_their_sections_and_derive_from_earlier_ones(seed: int) -> None:
    plan = planned(seed, form=[{"name": n, "bars": b} for n, b in (("A", 8), ("B", 16), ("A'", 8), ("C", 6), ("A", 8))])
    assert [p.first for p in plan.phrases] == [0, *np.cumsum([p.bars for p in plan.phrases])[:-1]]
    assert sum(p.bars for p in plan.phrases) == 46
    for phrase in plan.phrases:
        assert phrase.source is None or phrase.source < phrase.index
        assert (phrase.source is None) == (phrase.operator == NEW)
    assert len({p.label for p in plan.phrases}) == len(plan.phrases)


@pytest.mark.parametrize("seed", range(12))
def test_a_return_derives_phrase_by_phrase_from_its_first_statement(seed: int) -> None:
    plan = planned(seed)
    first, back = _of_section(plan, 0), _of_section(plan, 2)
    assert [p.bars for p in first] == [p.bars for p in back]
    assert [p.source for p in back] == [p.index for p in first]
    assert {p.operator for p in back} <= {*RETURN_OPERATORS, *LATE_RETURN}


EVEN = [{"name": "A", "bars": 8}, {"name": "B", "bars": 8}]


def test_an_eight_bar_section_is_a_period_or_a_sentence() -> None:
    plans = [planned(seed, form=EVEN) for seed in range(30)]
    assert {tuple(p.bars for p in _of_section(plan, 0)) for plan in plans} == {(4, 4), (2, 2, 4)}
    sentence = next(plan for plan in plans if plan.phrases[0].bars == 2)
    assert [p.cadence for p in sentence.phrases[:3]] == ["HC", "IAC", "PAC"]
    assert sentence.phrases[2].operator == "fragment"


def test_a_period_asks_with_a_half_close_and_answers_with_a_perfect_one() -> None:
    period = next(p for p in (planned(seed, form=EVEN) for seed in range(30)) if p.phrases[0].bars == 4)
    assert [p.cadence for p in period.phrases[:2]] == ["HC", "PAC"]


def test_literal_bars_stay_within_what_real_tunes_do() -> None:
    shares = []
    for seed in range(20):
        plan = planned(seed, form=[{"name": "A", "bars": 8}] * 6)
        literal = sum(p.bars for p in plan.phrases if p.operator == COPY)
        shares.append(literal / len(plan.bars))
    assert max(shares) <= EXACT_SHARE_MAX


@pytest.mark.parametrize(
    ("back", "operators"),
    [
        ({"density": 1.0}, {ORNAMENT}),
        ({"density": 0.0}, {SIMPLIFY}),
        ({"register": 0.8}, {SEQUENCE}),
        ({"register": -1.0}, {SEQUENCE}),
        ({"register": 0.0}, {*RETURN_OPERATORS, *LATE_RETURN}),
    ],
)
def test_a_return_that_the_brief_wants_otherwise_is_varied_to_meet_it(
    back: dict[str, float], operators: set[str]
) -> None:
    form = [{"name": "A", "bars": 8}, {"name": "B", "bars": 8}, {"name": "A'", "bars": 8, **back}]
    found = {p.operator for seed in range(10) for p in _of_section(planned(seed, form=form), 2)}
    assert found <= operators


def test_a_return_an_octave_away_moves_by_an_octave() -> None:
    form = [{"name": "A", "bars": 8, "register": -0.8}, {"name": "A'", "bars": 8, "register": 0.8}]
    assert {p.operator for p in _of_section(planned(form=form), 1)} == {OCTAVE}


def test_pick_ups_are_one_length_for_the_piece_and_follow_half_closes_within_a_section() -> None:
    lengths = set()
    for seed in range(30):
        plan = planned(seed)
        early = [p for p in plan.phrases if p.pickup]
        assert all(plan.phrases[p.index - 1].cadence in ("HC", "IAC") for p in early)
        assert all(plan.phrases[p.index - 1].section == p.section for p in early)
        lengths.add(frozenset(p.pickup for p in early))
    assert lengths == {frozenset(), frozenset({240}), frozenset({480})}


@pytest.mark.parametrize(
    ("meter", "known"), [("3/4", PICKUPS_TRIPLE), ("6/8", PICKUPS_COMPOUND), ("2/4", (0, 240, 480))]
)
def test_pick_ups_fit_the_metre(meter: str, known: Any) -> None:
    assert {planned(seed, meter=meter).phrases[1].pickup for seed in range(20)} == set(known)


def test_a_sparse_tune_has_no_pick_ups() -> None:
    form = [{"name": "A", "bars": 16, "density": 0.1}]
    assert {p.pickup for seed in range(10) for p in planned(seed, form=form).phrases} == {0}


def test_a_phrase_ends_where_the_next_one_s_pick_up_begins() -> None:
    plan = next(p for p in map(planned, range(30)) if p.phrases[1].pickup == 480)
    bar = plan.meter.bar_ticks
    assert plan.phrase_ends[0] == (plan.phrases[0].last + 1) * bar - 480
    assert plan.phrase_ends[-1] == len(plan.bars) * bar


WRITTEN = [
    {
        "name": "A",
        "bars": 7,
        "phrases": [
            {"bars": 3, "cadence": "DC", "label": "call"},
            {
                "bars": 4,
                "cadence": "PC",
                "label": "answer",
                "derive_from": "call",
                "op": "invert_contour",
                "pickup": 0.5,
            },
        ],
    },
    {"name": "B", "bars": 4, "phrases": [{"bars": 4, "derive_from": "answer"}]},
    {"name": "A", "bars": 7},
]


@pytest.mark.parametrize("seed", range(4))
def test_written_phrases_hold_for_every_seed(seed: int) -> None:
    plan = planned(seed, form=WRITTEN)
    call, answer, third = plan.phrases[:3]
    assert (call.bars, call.cadence, call.operator, call.label) == (3, "DC", NEW, "call")
    assert (answer.cadence, answer.operator, answer.source, answer.pickup) == ("PC", "invert_contour", 0, 240)
    assert (third.operator, third.source) == (NEW_END, 1)


def test_a_change_in_one_section_leaves_the_draws_of_the_others() -> None:
    plain = planned(3)
    longer = planned(
        3, form=[{"name": "A", "bars": 8}, {"name": "B", "bars": 12, "density": 0.8}, {"name": "A'", "bars": 8}]
    )
    assert [p.operator for p in _of_section(plain, 0)] == [p.operator for p in _of_section(longer, 0)]


def test_the_chord_of_a_single_bar_is_the_brief_s() -> None:
    asked = brief(bars=[{"bar": 3, "chord": "Em A7"}, {"bar": 4, "density": 0.9}])
    plan = plan_of(asked, "violin", np.random.default_rng(0))
    bars = chords_of(plan, asked, flat_harmony(), np.random.default_rng(1))
    plain = chords_of(plan, brief(), flat_harmony(), np.random.default_rng(1))
    assert [chord.symbol() for chord in bars[2]] == ["Em", "A7"]
    assert bars[:2] == plain[:2] and bars[3:] == plain[3:]


@pytest.mark.parametrize("seed", range(2))
def test_a_returning_section_is_known_again_in_its_first_two_bars(seed: int) -> None:
    asked = brief(form=[{"name": "A", "bars": 8}, {"name": "B", "bars": 8}, {"name": "A'", "bars": 8}])
    draft = draft_of(asked, Models(), seed)
    bar = draft.sketch.plan.meter.bar_ticks
    tune = {e.start: e.pitch for e in draft.sketch.melody.events}
    first = {start: pitch for start, pitch in tune.items() if 0 <= start < 2 * bar}
    back = {start - 16 * bar: pitch for start, pitch in tune.items() if 16 * bar <= start < 18 * bar}
    shared = sum(back.get(start) == pitch for start, pitch in first.items())
    assert shared >= 0.6 * len(first)
