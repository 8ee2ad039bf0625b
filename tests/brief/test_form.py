"""Sections that a picture has alike are set apart, and a form can be asked for by name."""

from __future__ import annotations

import pytest

from composer.brief.analyse import BriefOptions, brief_of_picture
from composer.brief.form import pattern_asked
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.forms import letter_of
from tests.brief.painting import city, file_of, plain, sunset


def of(picture: object, **options: object) -> Brief:
    return brief_of_picture(file_of(picture), "art.png", BriefOptions(**options)).brief  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["ternary", "song", "rondo", "arch", "dance", "through-composed"])
def test_a_form_asked_for_is_the_order_of_the_sections(name: str) -> None:
    brief = of(city(), form=name, bars=40)
    letters = "".join(letter_of(s.name).upper() for s in brief.form)
    asked = pattern_asked(name).value.letters
    assert letters in (asked, asked * 2)
    assert brief.bars == 40
    assert f"You asked for the form {name}." in brief.because["form"].evidence
    assert all(s.tension is not None for s in brief.form)


@pytest.mark.parametrize("form", [None, "ternary", "rondo"])
def test_letters_of_a_flat_picture_still_differ_in_two_levels(form: str | None) -> None:
    brief = of(plain(20, 60, 200), form=form, bars=32)
    home = brief.form[0]
    others = [s for s in brief.form if letter_of(s.name) != letter_of(home.name)]
    for section in others:
        apart = [abs(section.register_ - home.register_) >= 0.3, abs(section.density - home.density) >= 0.1]
        apart.append(abs(section.energy - home.energy) >= 0.06)
        assert sum(apart) >= 2
    if others:
        assert "so that one hears the change" in brief.because["form"].evidence


def test_a_sentence_is_written_as_phrases_that_a_person_can_edit() -> None:
    first, back = of(sunset(), form="sentence", bars=24).form[:2]
    assert first.phrases is not None
    assert [p.bars for p in first.phrases] == [first.bars // 4, first.bars // 4, first.bars // 2]
    assert back.phrases is None


def test_an_unknown_form_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"rondoo.*not a form"):
        BriefOptions(form="rondoo")
