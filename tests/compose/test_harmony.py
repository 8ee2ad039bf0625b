from __future__ import annotations

import itertools

import numpy as np
import pytest

from composer.compose.harmony import Bar, chords_of
from composer.compose.plan import HALF, PERFECT, Plan, plan_of
from composer.formats.brief import Brief
from composer.music.key import key_of
from tests.compose.fakes import brief, flat_harmony

MODES = ["major", "minor", "dorian", "mixolydian", "lydian", "phrygian"]


def drawn(asked: Brief, seed: int = 1) -> tuple[Plan, tuple[Bar, ...]]:
    rng = np.random.default_rng(seed)
    plan = plan_of(asked, "violin", rng)
    return plan, chords_of(plan, asked, flat_harmony(), rng)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(5))
def test_perfect_cadences_end_on_the_tonic_after_a_dominant(mode: str, seed: int) -> None:
    plan, bars = drawn(brief(mode), seed)
    assert len(bars) == 24
    dominant_roots = {"major": {7}, "minor": {7}, "lydian": {7, 2}, "mixolydian": {10, 7}, "dorian": {10, 5}}
    for phrase in plan.phrases:
        if phrase.cadence == PERFECT:
            assert bars[phrase.last][-1].root == plan.key.tonic_class
            before = (bars[phrase.last - 1][-1].root - plan.key.tonic_class) % 12
            assert before in dominant_roots.get(mode, {1, 10})


@pytest.mark.parametrize("seed", range(5))
def test_half_cadences_stop_on_a_plain_dominant(seed: int) -> None:
    plan, bars = drawn(brief("major"), seed)
    for phrase in plan.phrases:
        if phrase.cadence == HALF:
            chord = bars[phrase.last][-1]
            assert (chord.root - plan.key.tonic_class) % 12 == 7 and chord.quality == ""


@pytest.mark.parametrize("seed", range(8))
def test_an_applied_dominant_goes_where_it_points(seed: int) -> None:
    _plan, bars = drawn(brief("major", tonic="C"), seed)
    line = [chord for bar in bars for chord in bar]
    for chord, following in itertools.pairwise(line):
        if chord.root == 2 and chord.quality == "":
            assert following.root == 7


@pytest.mark.parametrize("mode", ["dorian", "mixolydian", "lydian", "phrygian"])
def test_modal_pieces_keep_to_their_own_scale(mode: str) -> None:
    _plan, bars = drawn(brief(mode))
    for bar in bars:
        for chord in bar:
            assert set(chord.classes) <= set(key_of("D", mode).scale)


def test_chords_written_in_the_brief_are_kept_and_repeated() -> None:
    form = [{"name": "A", "bars": 8, "chords": "D | Bm | G A7 | D"}, {"name": "B", "bars": 4}]
    plan, bars = drawn(brief(form=form))
    names = plan.key.spellings
    assert [[c.symbol(names) for c in bar] for bar in bars[:8]] == [["D"], ["Bm"], ["G", "A7"], ["D"]] * 2


def test_a_returning_section_takes_the_chords_written_for_its_letter_and_closes() -> None:
    form = [{"name": "A", "bars": 8, "chords": "D | Bm | G | A7"}, {"name": "B", "bars": 8}, {"name": "A'", "bars": 8}]
    plan, bars = drawn(brief(form=form))
    names = plan.key.spellings
    assert [bar[0].symbol(names) for bar in bars[16:20]] == ["D", "Bm", "G", "A7"]
    assert bars[-1][-1].root == plan.key.tonic_class


def test_chords_written_into_one_section_leave_another_letter_alone() -> None:
    plain = [{"name": "A", "bars": 8}, {"name": "B", "bars": 8}]
    edited = [{**plain[0], "chords": "D | G | A | D"}, plain[1]]
    _, before = drawn(brief(form=plain))
    _, after = drawn(brief(form=edited))
    assert before[8:] == after[8:]
