from __future__ import annotations

import pytest

from composer.brief.band import Look, melody_plan, meters_of, style_choice
from composer.compose.accompaniment.styles import load_style, style_names


def test_the_metres_of_a_style_are_those_that_it_is_played_in() -> None:
    assert {name: meters_of(name) for name in style_names()} == {n: load_style(n).meters for n in style_names()}
    assert meters_of("polka") == ()


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
@pytest.mark.parametrize("kind", ["abstract", "landscape", "city", "portrait"])
def test_the_style_fits_the_metre_and_is_calm_in_a_calm_picture(kind: str, meter: str) -> None:
    calm = style_choice(Look(0.5, 0.1, 0.1, 0.4), kind, meter).value
    wild = style_choice(Look(0.4, 0.95, 0.95, 0.4), kind, meter).value
    assert calm in ("pad", "broken", "arpeggio")
    assert wild == "ostinato"
    assert meter in meters_of(calm) and meter in meters_of(wild)


def test_light_lifts_the_range_and_energy_widens_it() -> None:
    dark, light = melody_plan("piano", 0.1, 0.5), melody_plan("piano", 0.9, 0.5)
    assert dark.low is not None
    assert light.low is not None
    assert light.low - dark.low >= 20
    calm, lively = melody_plan("piano", 0.5, 0.0), melody_plan("piano", 0.5, 1.0)
    assert ((calm.high or 0) - (calm.low or 0), (lively.high or 0) - (lively.low or 0)) == (17, 22)
