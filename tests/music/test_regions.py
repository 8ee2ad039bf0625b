"""Bars and tracks as a person names them."""

from __future__ import annotations

import pytest

from composer.music.regions import Region, Section, Track, bars_named, bars_text

SECTIONS = (Section("A", 1, 4), Section("B", 5, 4), Section("A", 9, 4), Section("Verse, slow", 13, 2))


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("3", {3}),
        ("3-5", {3, 4, 5}),
        ("1, 3 - 4", {1, 3, 4}),
        ("b", {5, 6, 7, 8}),
        ("A", {1, 2, 3, 4, 9, 10, 11, 12}),
        ("A#2", {9, 10, 11, 12}),
        ("Verse, slow", {13, 14}),
        ("B, 14", {5, 6, 7, 8, 14}),
    ],
)
def test_bars_by_number_and_section(text: str, bars: set[int]) -> None:
    assert bars_named(text, SECTIONS) == bars


@pytest.mark.parametrize("text", ["", "C", "0", "4-2", "14-15", "A#3", "A#0", "-3", "1;2"])
def test_bars_that_are_not_there(text: str) -> None:
    with pytest.raises(ValueError, match=r"bar|section"):
        bars_named(text, SECTIONS)


@pytest.mark.parametrize("bars", [{1}, {1, 2, 3}, {1, 3, 4, 9}])
def test_bars_text_is_read_back(bars: set[int]) -> None:
    assert bars_named(bars_text(bars), SECTIONS) == bars


def test_a_region_holds_bars_of_tracks_by_name_and_role() -> None:
    region = Region(frozenset({2, 3}), ("MELODY", "Cello"))
    assert region.holds(Track("Violin I", "melody"), 2)
    assert region.holds(Track("cello", "bass"), 3)
    assert not region.holds(Track("Violin I", "melody"), 4)
    assert not region.holds(Track("Viola", "accompaniment"), 2)
    assert Region().holds(Track("Viola"), 99)


def test_a_misspelt_track_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match='did you mean "Viola"'):
        Region(tracks=("Voila",)).check_tracks([Track("Viola", "accompaniment"), Track("Cello", "bass")])


def test_bar_0_is_told_apart_from_bars_that_run_backwards() -> None:
    with pytest.raises(ValueError, match="'0' names bar 0; the first bar is 1"):
        bars_named("0", [Section("A", 1, 8)])
    with pytest.raises(ValueError, match="'7-6' runs backwards; write the lower bar first"):
        bars_named("7-6", [Section("A", 1, 8)])
