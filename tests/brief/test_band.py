from __future__ import annotations

import tomllib

import pytest

from composer.brief.band import STYLE_METERS, Look, melody_plan, style_choice
from composer.resources import shipped


@pytest.mark.parametrize("style", STYLE_METERS)
def test_styles_are_shipped_and_play_the_metres_that_are_chosen_with_them(style: str) -> None:
    template = tomllib.loads((shipped("templates") / "styles" / f"{style}.toml").read_text("utf-8"))
    assert set(STYLE_METERS[style]) <= set(template["meters"])


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
@pytest.mark.parametrize("kind", ["abstract", "landscape", "city", "portrait"])
def test_the_style_fits_the_metre_and_is_calm_in_a_calm_picture(kind: str, meter: str) -> None:
    calm = style_choice(Look(0.5, 0.1, 0.1, 0.4), kind, meter).value
    wild = style_choice(Look(0.4, 0.95, 0.95, 0.4), kind, meter).value
    assert calm in ("pad", "broken", "arpeggio")
    assert wild == "ostinato"
    assert meter in STYLE_METERS[calm]


def test_light_lifts_the_range_and_energy_widens_it() -> None:
    dark, light = melody_plan("piano", 0.1, 0.5), melody_plan("piano", 0.9, 0.5)
    assert dark.low is not None
    assert light.low is not None
    assert light.low - dark.low >= 20
    calm, lively = melody_plan("piano", 0.5, 0.0), melody_plan("piano", 0.5, 1.0)
    assert ((calm.high or 0) - (calm.low or 0), (lively.high or 0) - (lively.low or 0)) == (17, 22)
