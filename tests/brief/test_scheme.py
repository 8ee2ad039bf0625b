from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from composer.brief.scheme import read_scheme, scheme_named, scheme_names
from composer.errors import BadInput, UsageProblem
from composer.music.pitch import pitch_class_of

# Table 2 of the paper; H is B.
NEWTON = {
    "red": "C", "red-orange": "C#", "orange": "D", "yellow-orange": "D#", "yellow": "E", "green": "F",
    "green-blue": "F#", "blue": "G", "blue-violet": "G#", "violet": "A", "yellow-green": "A#", "pink": "B",
}  # fmt: skip


def test_newton_is_the_papers_table() -> None:
    assert {colour.name: colour.pitch for colour in scheme_named("newton").colours} == NEWTON


@pytest.mark.parametrize("name", ["newton", "scriabin", "castel"])
def test_every_hue_of_a_shipped_scheme_has_one_colour(name: str) -> None:
    scheme = scheme_named(name)
    assert scheme.description
    assert scheme.source
    assert len({colour.pitch for colour in scheme.colours}) == 12
    for tenth in range(3600):
        assert sum(colour.holds(tenth / 10) for colour in scheme.colours) == 1


def test_scriabin_goes_round_by_fifths() -> None:
    colours = sorted(scheme_named("scriabin").colours, key=lambda c: (c.hue_from + 30) % 360)
    classes = [pitch_class_of(colour.pitch) for colour in colours]
    assert [(b - a) % 12 for a, b in pairwise(classes)] == [7] * 11


def test_a_scheme_in_the_current_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "templates" / "schemes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('[[colour]]\nname = "all"\nhue_deg = 0\npitch = "Eb"\n')
    assert "mine" in scheme_names()
    assert scheme_named("mine").colour_at(200).pitch == "Eb"


def test_an_unknown_scheme_names_the_known_ones() -> None:
    for name in ("neuton", "../newton", ""):
        with pytest.raises(UsageProblem, match="not a colour scheme") as caught:
            scheme_named(name)
        assert "newton" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is not TOML"),
        ("", "no [[colour]] entries"),
        ('colour = "red"', "no [[colour]] entries"),
        ('pich = 1\n[[colour]]\nname = "a"\nhue_deg = 1\npitch = "C"', "unknown key 'pich'"),
        ('[[colour]]\nhue_deg = 1\npitch = "C"', "colour 1 has no name"),
        ('[[colour]]\nname = "a"\nhue_deg = 1\npitch = "X"', "colour 1 (a): pitch 'X' is not a note name"),
        ('[[colour]]\nname = "a"\npitch = "C"', "needs hue_deg"),
        ('[[colour]]\nname = "a"\nhue_deg = 700\npitch = "C"', "hue_deg 700 is not within"),
        ('[[colour]]\nname = "a"\nhue_deg = true\npitch = "C"', "is not within"),
        ('[[colour]]\nname = "a"\nhue_deg = 7\npitch = "C"\ngroup = "hot"', "neither warm nor cold"),
        (
            '[[colour]]\nname = "a"\nhue_from = 0\nhue_to = 90\npitch = "C"\n'
            '[[colour]]\nname = "b"\nhue_from = 80\nhue_to = 0\npitch = "D"',
            "hue 80 belongs to a and b",
        ),
        (
            '[[colour]]\nname = "a"\nhue_deg = 0\npitch = "C"\n'
            '[[colour]]\nname = "b"\nhue_from = 0\nhue_to = 9\npitch = "D"',
            "mixes",
        ),
    ],
)  # fmt: skip
def test_a_broken_scheme_is_refused_by_file_and_colour(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        read_scheme(path)
    assert said in str(caught.value)
    assert "own.toml" in str(caught.value)
