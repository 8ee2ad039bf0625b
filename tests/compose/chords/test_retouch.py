"""Chords that are touched up under a tune: nearer to the plan's tension, never against the tune or the cadence."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from composer.compose.chords.fit import fit_of, sung_in
from composer.compose.chords.harmony import Bar, chords_of, harmony_with
from composer.compose.chords.retouch import retouched
from composer.compose.form.plan import COPY, HALF, PERFECT, Plan, plan_of
from composer.encoding.harmony import chord_tension
from composer.encoding.melody import Event
from composer.formats.brief.brief import Brief
from composer.music.chord import chord_of, progression_of
from composer.music.time import Meter
from tests.compose.chords.test_harmony import FlatNetwork
from tests.compose.fakes import brief

NETWORK = harmony_with(FlatNetwork())


def asked(*tensions: float, meter: str = "4/4", **changes: object) -> Brief:
    form = [{"name": "ABC"[i], "bars": 8, "tension": t, "energy": 0.5} for i, t in enumerate(tensions)]
    return brief("major", meter, "C", **{"form": form, **changes})


def drawn(wanted: Brief, seed: int = 1) -> tuple[Plan, tuple[Bar, ...]]:
    plan = plan_of(wanted, "violin", np.random.default_rng(seed))
    return plan, chords_of(plan, wanted, NETWORK, np.random.default_rng(seed))


def tune_over(bars: tuple[Bar, ...], bar_ticks: int) -> list[Event]:
    """The root of every bar's first chord, a whole bar long."""
    return [Event(i * bar_ticks, bar_ticks, bar[0].root) for i, bar in enumerate(bars)]


def mean_tension(bars: tuple[Bar, ...], plan: Plan) -> list[float]:
    return [float(np.mean([chord_tension(chord, plan.key) for chord in bar])) for bar in bars]


@pytest.mark.parametrize("seed", range(4))
def test_a_return_that_is_tenser_than_its_source_gets_tenser_chords(seed: int) -> None:
    wanted = asked(0.1, 0.5, 0.95)
    plan, bars = drawn(wanted, seed)
    # The third section brings back the first, chords and all.
    source = bars[:8]
    phrases = [replace(p, source=i % 4, operator=COPY) if p.section == 2 else p for i, p in enumerate(plan.phrases)]
    plan, bars = replace(plan, phrases=tuple(phrases)), (*bars[:16], *source)
    found = retouched(bars, plan, wanted, NETWORK, [])
    assert np.mean(mean_tension(found, plan)[16:]) > np.mean(mean_tension(source, plan)) + 0.1


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
@pytest.mark.parametrize("seed", range(4))
def test_cadences_stay(meter: str, seed: int) -> None:
    wanted = asked(0.1, 0.95, 0.5, meter=meter)
    plan, bars = drawn(wanted, seed)
    found = retouched(bars, plan, wanted, NETWORK, [])
    for phrase in plan.phrases:
        assert found[phrase.last][-1].root == bars[phrase.last][-1].root
        if phrase.cadence == PERFECT:
            last = found[phrase.last][-1]
            assert (last.root, last.quality, last.bass) == (0, "", None)
            line = [chord for bar in found[: phrase.last + 1] for chord in bar if chord != last]
            assert line[-1].root == 7 or (line[-1].root, line[-1].bass) == (5, 0)
        if phrase.cadence == HALF and phrase.bars > 2:
            assert found[phrase.last - 1][-1].root != 7
    assert found[-1] == bars[-1]


@pytest.mark.parametrize("seed", range(4))
def test_what_has_to_resolve_resolves(seed: int) -> None:
    wanted = asked(0.95, 0.9)
    plan, bars = drawn(wanted, seed)
    found = [chord for bar in retouched(bars, plan, wanted, NETWORK, []) for chord in bar]
    for chord, following in pairwise(found):
        if chord.root in (2, 4, 9) and chord.quality in ("", "7") and following != chord:
            assert following.root == (chord.root + 5) % 12


@pytest.mark.parametrize("seed", range(4))
def test_the_tune_fits_the_new_chords_as_it_fitted_the_old_ones(seed: int) -> None:
    wanted = asked(0.9, 0.1)
    plan, bars = drawn(wanted, seed)
    events = tune_over(bars, plan.meter.bar_ticks)
    found = retouched(bars, plan, wanted, NETWORK, events)
    assert found != bars
    for event, bar in zip(events, found, strict=True):
        assert event.pitch in bar[0].classes


def test_chords_that_the_brief_writes_stay() -> None:
    form = [{"name": "A", "bars": 8, "tension": 0.9, "chords": "C | F | G | C"}, {"name": "B", "bars": 8}]
    wanted = asked(form=form, bars=[{"bar": 10, "chord": "Am"}])
    plan, bars = drawn(wanted)
    found = retouched(bars, plan, wanted, NETWORK, [])
    assert found[:8] == bars[:8] and found[9] == tuple(progression_of("Am")[0])


def test_a_second_chord_in_triple_time_stands_on_the_last_beat() -> None:
    wanted = asked(0.95, 0.9, meter="3/4", tempo_bpm=60.0)
    plan, bars = drawn(wanted)
    found = [bar for bar in retouched(bars, plan, wanted, NETWORK, []) if len(bar) > 1]
    assert found and all(len(bar) == 3 and bar[0] == bar[1] != bar[2] for bar in found)


def test_nothing_is_drawn() -> None:
    wanted = asked(0.9, 0.1)
    plan, bars = drawn(wanted)
    assert retouched(bars, plan, wanted, NETWORK, []) == retouched(bars, plan, wanted, NETWORK, [])


def test_fit_knows_chord_tones_passing_notes_and_clashes() -> None:
    scale = frozenset((0, 2, 4, 5, 7, 9, 11))
    events = [Event(0, 480, 0), Event(480, 240, 2), Event(720, 240, 4), Event(960, 960, 5)]
    sung = sung_in(events, 0, 960, Meter(4, 4))
    assert [note.passes for note in sung] == [False, True, True]
    assert fit_of(sung, frozenset(chord_of("C").classes), scale) == pytest.approx((720 + 240) / (720 + 480))
    assert fit_of(sung_in(events, 960, 1920, Meter(4, 4)), frozenset(chord_of("D7").classes), scale) == -2.0
    assert fit_of((), frozenset((0,)), scale) == 0.0
