from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import BadInput
from composer.formats.brief.form import SectionPlan
from composer.formats.forms import CONTRASTS, contrasted, form_of_letters, letter_of, load_form, sentence_phrases
from composer.formats.templates import template_names

NAMED = ("arch", "dance", "period", "rondo", "sentence", "song", "ternary", "through-composed")


def section(name: str, **levels: float) -> SectionPlan:
    return SectionPlan.model_validate({"name": name, "bars": 8, **levels})


def test_the_shipped_forms_are_there_and_each_is_of_one_shape() -> None:
    assert tuple(template_names("forms")) == NAMED
    assert {load_form(name).letters[0] for name in NAMED} == {"A"}
    assert all(load_form(name).description for name in NAMED)


@pytest.mark.parametrize("name", [n for n in NAMED if n not in ("period", "sentence")])
def test_contrasting_letters_differ_in_two_levels_at_least(name: str) -> None:
    form = load_form(name)
    for letter in set(form.letters) - {"A"}:
        contrast = form.contrasts[letter]
        assert abs(contrast.register) >= 0.4 and abs(contrast.density) >= 0.12


def test_letters_without_a_template_have_the_usual_contrasts() -> None:
    assert form_of_letters("ABA").name == "ternary"
    assert form_of_letters("ABCDA").contrasts["C"] == CONTRASTS[1]


def test_only_levels_that_are_not_written_are_changed() -> None:
    a, b = contrasted([section("A"), section("B", register=0.1)])
    assert a == section("A")
    assert b.register_ == 0.1
    assert abs(b.density - a.density) >= 0.12


def test_levels_of_a_picture_that_differ_a_little_go_on_in_their_direction() -> None:
    a, b = contrasted(
        [section("A", register=0.2, density=0.5, energy=0.5), section("B", register=0.0, density=0.4, energy=0.9)],
        all_free=True,
    )
    assert b.register_ < a.register_ - 0.3
    assert b.density < a.density - 0.12
    assert b.energy == 0.9


def test_a_contrast_that_has_no_room_turns_round() -> None:
    _, b = contrasted([section("A", register=0.9, density=0.95), section("B", register=0.9)])
    assert b.density < 0.85
    assert 0.0 <= b.density <= 1.0


def test_returns_of_the_first_letter_stay() -> None:
    form = [section("A"), section("B"), section("A'")]
    assert contrasted(form)[2] is form[2]
    assert letter_of("A'") == letter_of("A2") == "a"


def test_a_sentence_is_an_idea_twice_and_its_fragments() -> None:
    phrases = sentence_phrases(8, "A", "PAC")
    assert phrases is not None
    assert [p.bars for p in phrases] == [2, 2, 4]
    assert [p.op for p in phrases] == [None, "sequence", "fragment"]
    assert sentence_phrases(6, "A", "PAC") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('description = "x"', "line 1: says no order"),
        ('order = "A B"\nodrer = 1', 'line 2: unknown "odrer"'),
        ('order = "A B"\n[sections.C]\nregister = 0.5', "does not have"),
        ('order = "A B"\n[sections.B]\nregister = 5', "line 3: register = 5 is not a number from -1 to 1"),
        ('order = "A B"\n[sections.B]\nenergi = 0.5', 'line 3: unknown "energi"'),
        ('order = "A B"\n[sections.B]\ncadence = "XX"', "line 3: cadence = 'XX' is not one of"),
    ],
)
def test_a_mistake_in_a_form_is_named_with_its_line(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "templates" / "forms"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as caught:
        load_form("mine")
    assert problem in caught.value.reason
