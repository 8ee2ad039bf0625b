"""Tables that stand in two layers, because neither may import the other, say the same."""

from __future__ import annotations

from typing import get_args

from composer.compose.accompaniment.styles import load_style, style_names
from composer.encoding import harmony, melody
from composer.evaluate import anchors
from composer.formats.brief import brief
from composer.formats.brief import form as brief_form
from composer.music.phrases import CADENCES


def test_the_brief_and_the_network_know_every_cadence() -> None:
    assert set(CADENCES) == set(get_args(brief_form.Cadence))
    assert set(harmony.CADENCES) == {*CADENCES, "none"}


def test_all_know_the_same_styles_of_the_corpora() -> None:
    assert set(melody.STYLES) == set(harmony.STYLES) >= set(anchors.STYLES)


def test_every_metre_of_a_brief_can_be_told_and_accompanied() -> None:
    assert set(brief.METERS) <= set(melody.METERS)
    played = {meter for name in style_names() for meter in load_style(name).meters}
    assert set(brief.METERS) <= {str(meter) for meter in played}
