"""Tokens, tension and context columns of the harmony network."""

from __future__ import annotations

import numpy as np
import pytest

from composer.encoding.harmony import (
    COLUMNS,
    FEATURES,
    FOREIGN,
    LEVEL_KNOTS,
    STATE_TOKENS,
    STATES,
    TENSIONS,
    TOKENS,
    HarmonyFrame,
    History,
    SlotPlan,
    cadence_of,
    chord_tension,
    history_columns,
    level_of,
    plan_columns,
    raw_of_level,
    tension_bucket,
    tension_levels,
    token_of,
)
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.time import meter_of

C, A_MINOR = key_of("C", "major"), key_of("A", "minor")


def token(symbol: str, key: str = "C", mode: str = "major") -> int:
    found = token_of(chord_of(symbol), key_of(key, mode))
    assert found is not None
    return found


def test_every_state_is_its_own_token_in_its_mode() -> None:
    for mode, states in STATES.items():
        assert len({(s.root, s.quality) for s in states}) == len(states)
        for state, index in zip(states, STATE_TOKENS[mode].tolist(), strict=True):
            assert TOKENS[index] == (state.root, state.quality)
            assert token_of(state.chord(key_of("C", mode)), key_of("C", mode)) == index


def test_the_dominant_seventh_is_one_token_in_both_modes() -> None:
    assert token("G7") == token("G7", "C", "minor")


@pytest.mark.parametrize(("symbol", "nearest"), [("Cmaj7", "C"), ("C6", "C"), ("Csus4", None), ("G7sus4", None)])
def test_chords_with_other_tones_are_told_by_root_and_third(symbol: str, nearest: str | None) -> None:
    found = token_of(chord_of(symbol), C)
    assert found == (None if nearest is None else token(nearest))


def test_a_diminished_seventh_chord_is_the_same_from_each_of_its_tones() -> None:
    assert len({token(f"{root}dim7", "A", "minor") for root in ("G#", "B", "D", "F")}) == 1


def test_a_chord_far_from_the_key_has_no_token() -> None:
    assert token_of(chord_of("F#"), C) is None


def test_tension_rises_from_the_tonic_to_the_diminished_seventh() -> None:
    values = [chord_tension(chord_of(symbol), C) for symbol in ("C", "Am", "G", "G7", "D7", "F#dim7")]
    assert values[0] == 0.0 and values == sorted(values) and len(set(values)) == 6 and values[-1] <= 1.0


def test_the_raised_seventh_of_minor_is_at_home() -> None:
    assert chord_tension(chord_of("E"), A_MINOR) < chord_tension(chord_of("B"), A_MINOR) - 0.1


def test_tension_does_not_depend_on_the_tonic() -> None:
    assert chord_tension(chord_of("D7"), C) == pytest.approx(chord_tension(chord_of("F7"), key_of("Eb", "major")))


def test_levels_and_raw_tension_are_inverse_and_rise() -> None:
    raw = np.array(LEVEL_KNOTS)
    np.testing.assert_allclose(raw_of_level(level_of(raw)), raw)
    assert [tension_bucket(v) for v in (0.0, 0.19, 0.2, 0.5, 0.99, 1.0)] == [0, 0, 1, 2, 4, TENSIONS - 1]


def test_the_level_of_a_bar_leans_on_its_neighbours() -> None:
    alone, between = tension_levels([0.2, 0.2, 0.2])[1], tension_levels([0.5, 0.2, 0.5])[1]
    assert between > alone and len(tension_levels([])) == 0


def test_history_step_by_step_is_that_of_the_whole_line() -> None:
    tokens = [3, 3, 5, 5, 5, FOREIGN, 3, 5]
    history, rows = History.empty(1), []
    for one in tokens:
        rows.append(history.into(np.zeros(len(FEATURES), np.int64))[0, : COLUMNS["held"] + 1])
        history = history.after(np.array([one]))
    np.testing.assert_array_equal(np.array(rows), history_columns(tokens))


def test_rows_of_a_history_are_their_own() -> None:
    history = History.empty(2).after(np.array([1, 2])).after(np.array([1, 4]))
    assert history.held.tolist() == [2, 1] and history.other.tolist() == [0, 3]
    assert history.select(np.array([1, 1])).previous.tolist() == [5, 5]


def test_columns_stay_within_their_categories() -> None:
    frame = HarmonyFrame("minor", meter_of("6/8"), "lied")
    slots = [SlotPlan(3, 2, 40, 40, 40, "PC", "last", 1.0), SlotPlan(1, 0, 0, 0, 0)]
    columns = plan_columns(frame, slots)
    assert (columns < np.array(list(FEATURES.values()))).all() and (columns >= 0).all()
    assert columns[1, COLUMNS["tension"]] == 0 and columns[1, COLUMNS["cadence"]] == 0
    assert plan_columns(frame, []).shape == (0, len(FEATURES))


@pytest.mark.parametrize(
    ("chords", "sung", "cadence"),
    [
        ("G7 C", 0, "PAC"),
        ("G7 C", 4, "IAC"),
        ("F G", 2, "HC"),
        ("G7 Am", 0, "DC"),
        ("F C", 0, "PC"),
        ("C F", 0, "none"),
    ],
)
def test_cadences_are_told_by_the_last_two_chords_and_the_melody(chords: str, sung: int, cadence: str) -> None:
    before, last = (token(symbol) for symbol in chords.split())
    assert cadence_of(before, last, sung) == cadence
