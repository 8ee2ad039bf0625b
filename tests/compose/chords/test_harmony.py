from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from composer.compose.chords.harmony import Bar, Harmony, chords_of, harmony_with
from composer.compose.form.plan import DECEPTIVE, HALF, PERFECT, PLAGAL, Plan, plan_of
from composer.encoding.harmony import FEATURES, STATES, TOKEN_COUNT, chord_tension
from composer.formats.brief.brief import Brief
from composer.music.key import key_of
from tests.compose.fakes import brief, flat_harmony

MODES = ["major", "minor", "dorian", "mixolydian", "lydian", "phrygian"]


class FlatNetwork:
    """Finds every chord of the mode equally likely."""

    name = "flat"

    def start(self, batch: int) -> np.ndarray:
        return np.zeros((batch, 1))

    def step(self, state: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert columns.shape == (len(state), len(FEATURES))
        return state, np.zeros((len(state), TOKEN_COUNT), np.float32)

    def select(self, state: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return state[rows]

    def bigram(self, mode: str) -> tuple[np.ndarray, np.ndarray]:
        count = len(STATES[mode])
        return np.full(count, 1 / count), np.full((count, count), 1 / count)


BIGRAMS, NETWORK = flat_harmony(), harmony_with(FlatNetwork())
ENGINES = pytest.mark.parametrize("engine", [BIGRAMS, NETWORK], ids=["bigrams", "network"])


def drawn(asked: Brief, seed: int = 1, engine: Harmony = BIGRAMS) -> tuple[Plan, tuple[Bar, ...]]:
    rng = np.random.default_rng(seed)
    plan = plan_of(asked, "violin", rng)
    return plan, chords_of(plan, asked, engine, rng)


def tense(value: float, mode: str = "major", bars: int = 8, **changes: object) -> Brief:
    """One section of that tension."""
    return brief(mode, form=[{"name": "A", "bars": bars, "tension": value}], **changes)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(5))
@ENGINES
def test_perfect_cadences_end_on_the_tonic_after_a_dominant(mode: str, seed: int, engine: Harmony) -> None:
    plan, bars = drawn(brief(mode), seed, engine)
    assert len(bars) == 24
    dominant_roots = {"major": {7}, "minor": {7}, "lydian": {7, 2}, "mixolydian": {10, 7}, "dorian": {10, 5}}
    for phrase in plan.phrases:
        if phrase.cadence == PERFECT:
            assert bars[phrase.last][-1].root == plan.key.tonic_class
            before = (bars[phrase.last - 1][-1].root - plan.key.tonic_class) % 12
            assert before in dominant_roots.get(mode, {1, 10})


@pytest.mark.parametrize("seed", range(5))
@ENGINES
def test_half_cadences_stop_on_a_plain_dominant(seed: int, engine: Harmony) -> None:
    plan, bars = drawn(brief("major"), seed, engine)
    for phrase in plan.phrases:
        if phrase.cadence == HALF:
            chord = bars[phrase.last][-1]
            assert (chord.root - plan.key.tonic_class) % 12 == 7 and chord.quality == ""


@ENGINES
def test_an_applied_dominant_goes_where_it_points(engine: Harmony) -> None:
    met = 0
    for seed in range(8):
        _plan, bars = drawn(tense(0.9, tonic="C"), seed, engine)
        line = [chord for bar in bars for chord in bar]
        for chord, following in itertools.pairwise(line):
            if chord.root in (2, 4, 9) and chord.quality in ("", "7"):
                assert following.root == (chord.root + 5) % 12
                met += 1
    assert met


@pytest.mark.parametrize("mode", ["dorian", "mixolydian", "lydian", "phrygian"])
@ENGINES
def test_modal_pieces_keep_to_their_own_scale(mode: str, engine: Harmony) -> None:
    _plan, bars = drawn(brief(mode), engine=engine)
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


@ENGINES
def test_chords_written_into_one_section_leave_another_letter_alone(engine: Harmony) -> None:
    plain = [{"name": "A", "bars": 8}, {"name": "B", "bars": 8}]
    edited = [{**plain[0], "chords": "D | G | A | D"}, plain[1]]
    _, before = drawn(brief(form=plain), engine=engine)
    _, after = drawn(brief(form=edited), engine=engine)
    assert before[8:] == after[8:]


@pytest.mark.parametrize("seed", range(6))
def test_the_network_leaves_a_section_alone_whatever_was_written_before(seed: int) -> None:
    plain = [{"name": "A", "bars": 8}, {"name": "B", "bars": 8}]
    edited = [{**plain[0], "chords": "F#m | Bm | F#m | E"}, plain[1]]
    _, before = drawn(brief(form=plain), seed, NETWORK)
    _, after = drawn(brief(form=edited), seed, NETWORK)
    assert before[8:] == after[8:]


@ENGINES
def test_the_same_generator_gives_the_same_chords(engine: Harmony) -> None:
    assert drawn(brief("minor"), 5, engine)[1] == drawn(brief("minor"), 5, engine)[1]
    assert drawn(brief("minor"), 5, engine)[1] != drawn(brief("minor"), 6, engine)[1]


@ENGINES
@pytest.mark.parametrize("seed", range(5))
def test_chords_leave_the_scale_only_where_the_plan_is_tense(seed: int, engine: Harmony) -> None:
    key = key_of("D", "major")
    _, bars = drawn(tense(0.4, bars=16), seed, engine)
    assert all(set(chord.classes) <= set(key.scale) for bar in bars for chord in bar)


def test_tense_plans_get_tense_chords() -> None:
    means = []
    for target in (0.05, 0.35, 0.65, 0.95):
        values = []
        for seed in range(8):
            plan, bars = drawn(tense(target), seed, NETWORK)
            values += [chord_tension(chord, plan.key) for bar in bars for chord in bar]
        means.append(np.mean(values))
    assert means == sorted(means) and means[-1] > means[0] + 0.15


@pytest.mark.parametrize("seed", range(5))
def test_four_bars_that_are_not_calm_have_three_chords_and_none_lasts_three_bars(seed: int) -> None:
    plan, bars = drawn(tense(0.6, bars=16), seed, NETWORK)
    roots = [bar[0].root for bar in bars]
    for phrase in plan.phrases:
        if phrase.bars == 4 and not phrase.keeps_chords:
            assert len({chord.root for bar in bars[phrase.first : phrase.last + 1] for chord in bar}) >= 3
            inside = roots[phrase.first : phrase.last + 1]
            assert not any(len(set(inside[i : i + 3])) == 1 for i in range(2))


@ENGINES
@pytest.mark.parametrize(("cadence", "before", "last"), [(DECEPTIVE, (7,), 9), (PLAGAL, (5,), 0)])
def test_other_cadences_end_as_they_are_called(engine: Harmony, cadence: str, before: tuple[int], last: int) -> None:
    rng = np.random.default_rng(3)
    asked = tense(0.5, tonic="C")
    plan = plan_of(asked, "violin", rng)
    plan = replace(plan, phrases=(*plan.phrases[:-1], replace(plan.phrases[-1], cadence=cadence, source=None)))
    bars = chords_of(plan, asked, engine, rng)
    assert bars[-1][-1].root == last and bars[-2][-1].root in before


def test_a_cadential_six_four_stands_over_the_dominant() -> None:
    found = [
        (bars[i], bars[i + 1][-1].root)
        for seed in range(40)
        for _, bars in [drawn(tense(0.1), seed, NETWORK)]
        for i in range(len(bars))
        if bars[i][0].bass is not None
    ]
    assert found
    for (six_four, dominant), after in found:
        assert six_four.bass == six_four.fifth == dominant.root and after == six_four.root


def test_sections_in_another_key_get_its_chords() -> None:
    form = [{"name": "A", "bars": 8, "tension": 0.3}, {"name": "B", "bars": 8, "tension": 0.3}]
    asked = brief("major", "4/4", "C", form=form)
    rng = np.random.default_rng(2)
    plan = replace(plan_of(asked, "violin", rng), keys=(key_of("C", "major"), key_of("A", "minor")))
    bars = chords_of(plan, asked, NETWORK, rng)
    assert bars[15][-1].root == 9 and bars[14][-1].root == 4
