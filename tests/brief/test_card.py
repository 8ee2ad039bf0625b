from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from composer.brief import card
from composer.brief.analyse import BriefOptions, brief_of_picture
from composer.brief.card import HEIGHT, WIDTH, card_png
from composer.formats.brief.form import KeyChoice
from tests.brief.painting import Pixels, city, file_of, plain, sunset

CARDS = {"wide": sunset(), "city": city(), "black": plain(0, 0, 0), "tiny": sunset()[:8, :8]}


@pytest.mark.parametrize("picture", CARDS.values(), ids=CARDS)
def test_the_card_is_a_png_of_its_size(picture: Pixels) -> None:
    result = brief_of_picture(file_of(picture), "a_very_long_name_" * 12 + ".png", BriefOptions())
    data = card_png(result)
    with Image.open(io.BytesIO(data)) as drawing:
        assert (drawing.format, drawing.size) == ("PNG", (WIDTH, HEIGHT))
        rim = np.asarray(drawing.convert("RGB"))
    assert card_png(result) == data
    # Nothing runs over the margins.
    for strip in (rim[:, :40], rim[:, -40:], rim[:30], rim[-24:]):
        assert (strip == rim[0, 0]).all()


def test_the_card_shows_the_picture_and_its_colours() -> None:
    result = brief_of_picture(file_of(plain(20, 60, 200)), "blue.png", BriefOptions())
    with Image.open(io.BytesIO(card_png(result))) as drawing:
        pixels = np.asarray(drawing.convert("RGB")).reshape(-1, 3)
    assert (np.abs(pixels.astype(int) - (20, 60, 200)).max(axis=1) <= 3).mean() > 0.1


def test_a_long_form_and_an_ensemble_have_a_card() -> None:
    long = brief_of_picture(file_of(city()), "city.png", BriefOptions(duration_s=1800, ensemble="string-quartet"))
    assert len(card_png(long)) > 10_000
    short = brief_of_picture(file_of(city()), "夜.png", BriefOptions(bars=1, scheme="castel"))
    assert len(card_png(short)) > 10_000


@pytest.mark.parametrize("picture", CARDS.values(), ids=CARDS)
def test_every_reason_stands_on_the_card_in_full(picture: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    draw = card._Canvas.text

    def text(canvas: card._Canvas, x: float, y: float, words: str, *others: Any) -> None:
        drawn.append(words)
        draw(canvas, x, y, words, *others)

    monkeypatch.setattr(card._Canvas, "text", text)
    result = brief_of_picture(file_of(picture), "picture.png", BriefOptions())
    card_png(result)
    for field in ("key", "tempo_bpm", "meter", "form", "melody", "accompaniment"):
        assert result.brief.because[field].evidence in " ".join(drawn)


def test_colours_have_their_notes_as_the_key_spells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(card._Canvas, "text", lambda canvas, x, y, words, *others: drawn.append(words))
    result = brief_of_picture(file_of(sunset()), "sunset.png", BriefOptions())
    colours = [
        colour.model_copy(update={"pitch": pitch})
        for colour, pitch in zip(result.brief.palette, ("D#", "C"), strict=False)
    ]
    for tonic, mode, names in (("G", "minor", {"Eb", "C"}), ("E", "major", {"D#", "C"})):
        drawn.clear()
        update = {"palette": colours, "key": KeyChoice(tonic=tonic, mode=mode)}
        card_png(replace(result, brief=result.brief.model_copy(update=update)))
        assert {words for words in drawn if words in ("Eb", "D#", "C", "B#")} == names
