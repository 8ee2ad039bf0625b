from __future__ import annotations

import numpy as np
import pytest

from composer.compose.form.plan import COPY, PERFECT, letter_of, melody_range, phrase_lengths, plan_of
from tests.compose.fakes import brief


@pytest.mark.parametrize(
    ("bars", "lengths"),
    [(1, [1]), (4, [4]), (5, [5]), (6, [4, 2]), (7, [4, 3]), (8, [4, 4]), (9, [4, 5]), (16, [4] * 4)],
)
def test_sections_divide_into_phrases_of_four(bars: int, lengths: list[int]) -> None:
    assert phrase_lengths(bars) == lengths


@pytest.mark.parametrize(("name", "letter"), [("A", "a"), ("A'", "a"), ("B2", "b"), ("Verse 1", "verse"), ("’", "’")])
def test_section_names_that_differ_by_a_mark_share_their_tune(name: str, letter: str) -> None:
    assert letter_of(name) == letter


def test_literal_repetition_stays_within_what_real_tunes_do() -> None:
    form = [{"name": "A", "bars": 8}] * 6
    plan = plan_of(brief(form=form), "violin", np.random.default_rng(0))
    literal = sum(p.bars for p in plan.phrases if p.operator == COPY)
    assert literal <= 0.4 * len(plan.bars)
    assert plan.phrases[-1].cadence == PERFECT


def test_the_melody_range_is_the_brief_met_with_the_instrument() -> None:
    asked = brief(melody={"instrument": "flute", "low": 50, "high": 80})
    assert melody_range(asked, "flute") == (60, 80)
    low, high = melody_range(brief(), "piano")
    assert high - low == 21


def test_the_picture_s_curve_bends_the_bars_of_a_section() -> None:
    curves = {"energy": [0.0, 0.2, 0.4, 1.0, 0.3], "density": [0.5] * 5, "register": [0.0] * 5}
    plan = plan_of(brief(curves=curves), "violin", np.random.default_rng(0))
    energies = [bar.energy for bar in plan.bars]
    assert energies[2] < energies[7]
    assert plan.bars[plan.climax_bar].energy == max(energies)


def test_the_habits_that_suit_the_piece_are_followed() -> None:
    def style(energy: float = 0.6, density: float = 0.5, **changes: object) -> str:
        form = [{"name": "A", "bars": 8, "energy": energy, "density": density}]
        return plan_of(brief(form=form, **changes), "violin", np.random.default_rng(1)).style

    assert style() == "dance"
    assert style(energy=0.2) == "lied"
    assert style(energy=0.5) == "dance" and style(energy=0.5, picture_type="portrait") == "lied"
    assert style(energy=0.2, density=0.05) == "chorale"
    assert style(tempo_bpm=60.0) == style(tempo_bpm=150.0)  # another tempo is the same music, faster
