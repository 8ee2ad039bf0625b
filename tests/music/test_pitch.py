from __future__ import annotations

import pytest

from composer.music.pitch import folded


@pytest.mark.parametrize(
    ("midi", "low", "high", "found"),
    [(60, 48, 72, 60), (73, 48, 72, 61), (30, 48, 72, 54), (100, 40, 52, 52), (72, 72, 84, 72), (61, 62, 72, 73)],
)
def test_a_pitch_moves_by_octaves_into_the_range(midi: int, low: int, high: int, found: int) -> None:
    assert folded(midi, low, high) == found
