from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from composer.compose.tune.rhythm import EndingAim, duration_mask, ending_of, fewest_notes, fillable, starts_well
from composer.compose.tune.rules import (
    HISTORY,
    NO_NOTE,
    RELAX_ORDER,
    RULES,
    NoteBatch,
    chord_scale,
    is_in,
    pitch_bias,
    relative_classes,
)
from composer.encoding.melody import DURATIONS, PITCHES
from composer.music.chord import chord_of
from composer.music.key import Key, key_of
from composer.music.time import meter_of

P = np.array(PITCHES)
C_MAJOR = key_of("C", "major")


def history(*pitches: int) -> np.ndarray:
    return np.array([[NO_NOTE] * (HISTORY - len(pitches)) + list(pitches)])


def note(chord: str = "C", key: Key = C_MAJOR, low: int = -3, high: int = 16, **changes: object) -> NoteBatch:
    """A batch of one note."""
    scale = is_in(chord_scale(chord_of(chord), key))[None]
    plain = NoteBatch(
        in_range=((low <= P) & (high >= P))[None],
        in_scale=scale,
        chord_tones=is_in(relative_classes(chord_of(chord).classes, key))[None],
        reachable=np.ones((1, len(P)), dtype=bool),
        near_goal=np.zeros((1, len(P)), dtype=bool),
        accent=np.array([0]),
        duration=np.array([240]),
        history=history(4, 5, 7),
        register=np.array([7.0]),
        contour=np.array([0]),
        owes_step=np.array([False]),
        is_minor=np.array([key.is_minor]),
        coins=np.array([[0.99, 0.99]]),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def allowed(batch: NoteBatch) -> set[int]:
    return set(P[np.isfinite(pitch_bias(batch)[0][0])].tolist())


def test_what_cannot_reach_the_cadence_is_out() -> None:
    goal = (P % 12 == 0)[None]
    assert {p % 12 for p in allowed(note(reachable=goal))} == {0}


def test_a_dissonance_goes_on_by_step() -> None:
    assert all(abs(p - 5) in (1, 2) for p in allowed(note(history=history(7, 5), owes_step=np.array([True]))))


def test_a_leap_turns_back() -> None:
    assert all(0 <= 12 - p <= 4 for p in allowed(note(history=history(4, 12), coins=np.array([[0.99, 0.0]]))))


def test_tritones_and_sevenths_are_banned() -> None:
    assert not {abs(p - 5) for p in allowed(note(history=history(4, 5)))} & {6, 10, 11}


def test_a_fourth_equal_pitch_is_banned() -> None:
    assert 7 not in allowed(note(history=history(5, 7, 7, 7)))
    assert 7 in allowed(note(history=history(7, 5, 7, 7)))


def test_strong_beats_take_chord_tones_when_the_coin_says_so() -> None:
    strong = note(accent=np.array([3]), coins=np.array([[0.5, 0.99]]))
    assert {p % 12 for p in allowed(strong)} <= {0, 4, 7}
    assert {p % 12 for p in allowed(note(accent=np.array([3])))} > {0, 4, 7}


def test_over_the_dominant_of_minor_the_seventh_is_raised_without_an_augmented_second() -> None:
    key = key_of("A", "minor")
    scale = chord_scale(chord_of("E7"), key)
    assert 11 in scale and 10 not in scale
    batch = note("E7", key, history=history(7, 8), in_scale=np.ones((1, len(P)), dtype=bool))
    assert 11 not in allowed(batch)
    major = note("E7", C_MAJOR, history=history(11), in_scale=np.ones((1, len(P)), dtype=bool))
    assert 8 in allowed(major)  # there it is a third of the chord


def test_the_mean_of_the_last_notes_keeps_to_the_register() -> None:
    high = pitch_bias(note(history=history(12, 14, 12, 14)))[0][0]
    low = pitch_bias(note(history=history(2, 0, 2, 0)))[0][0]
    wish = P.tolist().index(9)
    assert low[wish] > high[wish]


def test_rows_of_a_batch_do_not_touch_each_other() -> None:
    one, other = note(history=history(4, 5, 7)), note("G", history=history(11, 2), accent=np.array([3]))
    names = NoteBatch.__slots__
    both = NoteBatch(*(np.concatenate([getattr(one, n), getattr(other, n)]) for n in names))
    together = pitch_bias(both)[0]
    np.testing.assert_array_equal(together[0], pitch_bias(one)[0][0])
    np.testing.assert_array_equal(together[1], pitch_bias(other)[0][0])


def test_when_nothing_is_left_rules_give_way_in_the_stated_order() -> None:
    impossible = note(
        low=-3, high=-2, history=history(-3, 16), owes_step=np.array([True]), accent=np.array([3]),
        coins=np.array([[0.0, 0.0]]),
    )  # fmt: skip
    bias, relaxed = pitch_bias(impossible)
    assert np.isfinite(bias[0]).any()
    assert relaxed[0] and list(relaxed[0]) == [name for name in RELAX_ORDER if name in relaxed[0]]
    assert "intervals" in relaxed[0]


def test_only_the_rule_that_stands_in_the_way_gives_way() -> None:
    reachable = np.isin(P, [2])[None]
    bias, relaxed = pitch_bias(note(reachable=reachable, accent=np.array([3]), coins=np.array([[0.0, 0.99]])))
    assert relaxed[0] == ("chord tones",)
    assert set(P[np.isfinite(bias[0])].tolist()) == {2}


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert set(RELAX_ORDER) <= {rule.name for rule in RULES}


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


def test_the_fewest_notes_that_fill_a_stretch() -> None:
    four = meter_of("4/4")
    assert fewest_notes(four, 0, 1920) == 1
    assert fewest_notes(four, 240, 1920) == 2  # an eighth or a quarter off the beat, then the rest
    assert fewest_notes(four, 960, 1920 + 960) == 2  # a bar line between
    assert fewest_notes(four, 480, 480) == 0


@pytest.mark.parametrize("name", ["2/4", "3/4", "4/4", "6/8"])
@pytest.mark.parametrize("is_final", [True, False])
def test_phrases_end_on_a_strong_beat_and_what_is_left_rests(name: str, is_final: bool) -> None:
    meter = meter_of(name)
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(60):
        ending = ending_of(meter, 0, meter.bar_ticks, 1.5, EndingAim(1.9, is_final), rng)
        assert ending.onset < ending.stop <= ending.end == meter.bar_ticks
        assert ending.stop - ending.onset in DURATIONS
        assert ending.stop == ending.end or ending.end - ending.stop in DURATIONS
        if is_final:
            assert meter.accent(ending.onset) >= 2
        seen.add((ending.onset, ending.stop))
    assert len(seen) > 1
