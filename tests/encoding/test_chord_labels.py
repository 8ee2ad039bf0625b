from __future__ import annotations

from itertools import pairwise

import numpy as np

from composer.encoding.chord_labels import bar_weights, best_path, chords_of
from composer.encoding.chord_states import STATES, state_of
from composer.encoding.melody import Event
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.time import meter_of

FOUR = meter_of("4/4")


def broken(*bars: tuple[int, ...]) -> list[Event]:
    return [Event(1920 * b + 480 * i, 480, p) for b, bar in enumerate(bars) for i, p in enumerate(bar)]


def test_broken_chords_get_their_own_chords() -> None:
    events = broken((0, 4, 7, 4), (5, 9, 12, 9), (7, 11, 14, 11), (0, 4, 7, 0))
    assert [c.symbol() for c in chords_of(events, key_of("C", "major"), FOUR, 4)] == ["C", "F", "G", "C"]


def test_the_same_shapes_in_another_key_are_transposed() -> None:
    events = broken((0, 4, 7, 4), (5, 9, 12, 9), (7, 11, 14, 11), (0, 4, 7, 0))
    assert [c.symbol() for c in chords_of(events, key_of("D", "major"), FOUR, 4)] == ["D", "G", "A", "D"]


def test_minor_gets_the_dominant_with_its_leading_tone() -> None:
    events = broken((0, 3, 7, 3), (7, 11, 14, 11), (0, 3, 7, 0))
    assert [c.symbol() for c in chords_of(events, key_of("A", "minor"), FOUR, 3)][1] in ("E", "E7")


def test_the_downbeat_weighs_more_than_the_other_notes() -> None:
    weights = bar_weights(broken((0, 4, 7, 4)), FOUR, 1)
    np.testing.assert_allclose(weights[0, [0, 4, 7]], [624, 960, 480])


def test_a_note_over_the_bar_line_counts_in_both_bars() -> None:
    weights = bar_weights([Event(1440, 960, 2)], FOUR, 2)
    np.testing.assert_allclose(weights[:, 2], [480, 480 * 1.3])


def test_the_best_path_is_the_best_of_all_paths() -> None:
    generator = np.random.default_rng(3)
    emission, moves = generator.normal(size=(4, 3)), generator.normal(size=(3, 3))
    paths = [(a, b, c, d) for a in range(3) for b in range(3) for c in range(3) for d in range(3)]

    def score(p: tuple[int, ...]) -> float:
        inner = sum(moves[x, y] for x, y in pairwise(p))
        return float(sum(emission[i, s] for i, s in enumerate(p)) + inner)

    assert tuple(best_path(emission, moves)) == max(paths, key=score)


def test_states_and_chords_agree() -> None:
    for mode, states in STATES.items():
        key = key_of("Eb", mode)
        assert [state_of(state.chord(key), key) for state in states] == list(range(len(states)))


def test_a_richer_chord_counts_as_its_triad() -> None:
    key = key_of("C", "major")
    assert STATES["major"][state_of(chord_of("Dm7"), key) or 0].roman == "ii"
    assert STATES["major"][state_of(chord_of("G7"), key) or 0].roman == "V7"
    assert state_of(chord_of("F#m"), key) is None
