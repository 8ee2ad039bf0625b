"""The letters that pictures are drawn with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import ImageFont

from composer.formats import typeface
from composer.formats.typeface import font_for, printable

MISSING = "\ufffe"


@pytest.fixture
def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    caches = (typeface._wide, typeface._letter)
    for one in caches:
        one.cache_clear()
    monkeypatch.setattr(typeface, "find_spec", lambda name: None)
    yield
    for one in caches:
        one.cache_clear()


@pytest.mark.parametrize("text", ["Größer Start", "Tür", "café", "Скрипка", "Dvořák", "F♯m7♭5"])
def test_letters_are_drawn_and_not_the_sign_for_what_is_missing(text: str) -> None:
    assert printable(text) == text
    font = font_for(text, 20)
    missing = bytes(font.getmask(MISSING))
    assert all(bytes(font.getmask(letter)) != missing for letter in text if letter != " ")


def test_plain_text_keeps_the_plain_font() -> None:
    plain = ImageFont.load_default(size=20)
    assert bytes(font_for("Lake in C", 20).getmask("Lake")) == bytes(plain.getmask("Lake"))


def test_marks_that_stand_apart_are_put_on_their_letters() -> None:
    assert printable("Flo\u0308te") == "Flöte"


def test_what_no_font_has_is_a_question_mark() -> None:
    assert printable("さ\n") == "??"


@pytest.mark.usefixtures("without_matplotlib")
def test_without_the_wide_font_letters_become_what_they_are_made_of() -> None:
    assert printable("Größer Tür, café, Œuvre") == "Grosser Tur, cafe, Oeuvre"
    assert bytes(font_for("Grosser", 20).getmask("G")) == bytes(ImageFont.load_default(size=20).getmask("G"))
