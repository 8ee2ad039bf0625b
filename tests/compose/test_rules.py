from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from composer.compose.rhythm import duration_mask, fillable, starts_well
from composer.compose.rules import RELAX_ORDER, RULES, NoteContext, chord_scale, pitch_bias
from composer.encoding.melody import DURATIONS, PITCHES
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.time import meter_of

P = np.array(PITCHES)


def context(**changes: object) -> NoteContext:
    plain = NoteContext(
        key=key_of("C", "major"),
        chord=chord_of("C"),
        accent=0,
        duration=240,
        history=(4, 5, 7),
        low=-3,
        high=16,
        register=7.0,
        contour=0,
        owes_step=False,
        targets=(0,),
        notes_to_target=9,
        coins=(0.99, 0.99, 0.99),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def allowed(note: NoteContext) -> set[int]:
    return set(P[np.isfinite(pitch_bias(note)[0])].tolist())


def test_the_final_note_is_the_tonic() -> None:
    assert {p % 12 for p in allowed(context(notes_to_target=0))} == {0}


def test_the_note_before_the_end_is_within_a_third_of_it() -> None:
    assert all(min(abs(p - 0), abs(p - 12)) <= 4 for p in allowed(context(notes_to_target=1)))


def test_a_dissonance_goes_on_by_step() -> None:
    assert all(abs(p - 5) in (1, 2) for p in allowed(context(history=(7, 5), owes_step=True)))


def test_a_leap_turns_back() -> None:
    assert all(0 <= 12 - p <= 4 for p in allowed(context(history=(4, 12), coins=(0.99, 0.0, 0.99))))


def test_tritones_and_sevenths_are_banned() -> None:
    assert not {abs(p - 5) for p in allowed(context(history=(4, 5)))} & {6, 10, 11}


def test_a_fourth_equal_pitch_is_banned() -> None:
    assert 7 not in allowed(context(history=(5, 7, 7, 7)))


def test_over_the_dominant_of_minor_the_seventh_is_raised() -> None:
    key = key_of("A", "minor")
    scale = chord_scale(chord_of("E7"), key)
    assert 11 in scale and 10 not in scale
    over = context(key=key, chord=chord_of("E7"), history=(7, 8))
    assert 11 not in {p % 12 for p in allowed(over)}  # no augmented second


def test_when_nothing_is_left_rules_give_way_in_the_stated_order() -> None:
    impossible = context(history=(-3, 16), low=-3, high=-2, owes_step=True, accent=3, coins=(0.0, 0.0, 0.0))
    bias, relaxed = pitch_bias(impossible)
    assert np.isfinite(bias).any()
    assert list(relaxed[: len(RELAX_ORDER)]) == list(RELAX_ORDER)[: len(relaxed)]


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("name", ["2/4", "3/4", "4/4", "6/8"])
def test_every_position_that_can_be_reached_can_be_filled(name: str) -> None:
    meter = meter_of(name)
    reached, frontier = {0}, [0]
    while frontier:
        offset = frontier.pop()
        mask = duration_mask(meter, offset, meter.bar_ticks)
        assert np.isfinite(mask).any()
        for duration in np.array(DURATIONS)[np.isfinite(mask)]:
            end = int(offset + duration)
            assert end <= meter.bar_ticks and fillable(meter, end, meter.bar_ticks)
            if end < meter.bar_ticks and end not in reached:
                reached.add(end)
                frontier.append(end)


def test_notes_show_the_beat() -> None:
    assert not starts_well(meter_of("4/4"), 120, 480)
    assert starts_well(meter_of("4/4"), 240, 480)
    assert not starts_well(meter_of("6/8"), 480, 480)
