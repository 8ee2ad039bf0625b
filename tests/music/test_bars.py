"""Where bars and beats are when the metre changes."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from composer.music.bars import BarMap, Place

METRES = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(1, 12), st.sampled_from([1, 2, 4, 8, 16, 32])), max_size=5
)


def test_without_a_metre_bars_have_four_quarters() -> None:
    bars = BarMap((), 480)
    assert bars.place(0) == Place(1, Fraction(1))
    assert str(bars.place(1920 + 720)) == "bar 2, beat 2 1/2"
    assert bars.start(3) == 3840 and bars.is_bar_line(3840) and not bars.is_bar_line(3841)


def test_beats_are_those_of_the_lower_number() -> None:
    bars = BarMap([(0, 6, 8), (2880, 3, 4)], 480)
    assert bars.place(1440 + 720) == Place(2, Fraction(4))
    assert bars.place(2880 + 1440 + 480) == Place(4, Fraction(2))
    assert [bars.start(bar) for bar in (1, 2, 3, 4, 5)] == [0, 1440, 2880, 4320, 5760]


def test_a_metre_within_a_bar_begins_a_new_one() -> None:
    bars = BarMap([(0, 4, 4), (960, 3, 4)], 480)
    assert bars.cuts == [960]
    assert bars.place(480) == Place(1, Fraction(2)) and bars.place(960) == Place(2, Fraction(1))


def test_a_second_metre_at_one_tick_replaces_the_first() -> None:
    assert BarMap([(0, 3, 4), (0, 4, 4)], 480).place(1440) == Place(1, Fraction(4))


def test_bars_are_counted_up_to_a_tick() -> None:
    bars = BarMap([(0, 3, 4)], 480)
    assert [bars.bars_until(tick) for tick in (0, 1, 1440, 1441)] == [0, 1, 1, 2]


def test_ticks_before_the_start_belong_to_bars_before_the_first() -> None:
    assert BarMap((), 480).place(-480) == Place(0, Fraction(4))


@given(METRES, st.integers(0, 40_000), st.sampled_from([1, 96, 480, 960]))
def test_a_place_lies_in_its_bar(metres: list[tuple[int, int, int]], tick: int, unit: int) -> None:
    bars = BarMap(metres, unit)
    place = bars.place(tick)
    assert bars.start(place.bar) <= tick and place.beat >= 1
    assert bars.place(tick + 1) > place
