"""Phrases, single bars and sections' own fields in a brief: what is taken, and how a slip is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.brief.text import brief_bytes, read_brief

A, B = {"bars": 4, "cadence": "HC", "label": "a"}, {"bars": 4, "derive_from": "a", "op": "copy", "pickup": 0.5}

_SECTION, _CLOSE = {"name": "A", "bars": 8}, {"bars": 4, "cadence": "PAC"}


def written(phrases: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    form = [{"name": "A", "bars": 8, "tension": 0.4, "style": "waltz", "phrases": phrases}]
    plain = {"key": {"tonic": "C", "mode": "major"}, "tempo_bpm": 96.0, "meter": "3/4", "form": form}
    return {**plain, **changes}


def read(content: dict[str, Any]) -> Brief:
    return read_brief(json.dumps(content).encode(), "x.brief.json")


def test_phrases_and_bars_survive_writing_and_reading() -> None:
    brief = read(written([A, B], bars=[{"bar": 3, "chord": "F G7", "register": -0.5}]))
    again = read_brief(brief_bytes(brief), "x")
    assert again.form == brief.form and again.bars_ == brief.bars_
    assert again.bars == 8
    assert brief.form[0].phrases is not None and brief.form[0].phrases[1].pickup == 0.5


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (written([A, {**B, "bars": 3}]), "form[0]: the phrases fill 7 bars, the section has 8; make them equal"),
        (written([A, {**B, "derive_from": "aa"}]), '[1].derive_from: no earlier phrase is "aa"; did you mean "a"?'),
        (written([A, {**B, "derive_from": "Z"}]), 'no earlier phrase is "Z"; give an earlier phrase that label'),
        (written([{**A, "derive_from": "a"}, B]), 'form[0].phrases[0].derive_from: no earlier phrase is "a"'),
        (written([A, {**B, "label": "a"}]), 'form[0].phrases[1].label: "a" is there twice'),
        (written([A, {**B, "op": "copi"}]), 'form[0].phrases[1].op: "copi" is not known; did you mean "copy"?'),
        (written([A, {"bars": 4, "op": "copy"}]), '"copy" needs a phrase to work on'),
        (written([A, {**B, "op": "new"}]), '"new" comes from no other phrase'),
        (written([A, {**B, "cadenc": "HC"}]), 'unknown field "cadenc"; did you mean "cadence"?'),
        (written([A, {**B, "pickup": 0.3}]), "form[0].phrases[1].pickup: 0.3 is not a multiple of 0.25"),
        (written([{**A, "pickup": 0.5}, B]), "form[0].phrases[0].pickup: the piece begins on its first bar line"),
        (written([A, B], form=[{**_SECTION, "cadence": "HC", "phrases": [A, _CLOSE]}]),
         "form[0]: the section closes with HC and its last phrase with PAC; take one out"),
        (written([]), "form[0].phrases: is empty; write one at least"),
        (written([A, B], bars=[{"bar": 9}]), "bars[0].bar: bar 9 is after the last bar, 8"),
        (written([A, B], bars=[{"bar": 2}, {"bar": 2}]), "bars[1].bar: bar 2 is there twice"),
        (written([A, B], bars=[{"bar": 2, "chord": "G | C"}]), "bars[0].chord: 'G | C' is more than one bar"),
        (written([A, B], bars=[{"bar": 2, "densty": 1}]), 'bars[0]: unknown field "densty"; did you mean "density"?'),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_what_to_write(content: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(content)
    assert problem in caught.value.reason


def test_wrong_names_are_told_together_with_all_other_mistakes() -> None:
    form = [
        {"name": "A", "bars": 8, "style": "walz", "phrases": [A, {**B, "derive_from": "aa"}]},
        {"name": "B", "bars": "8"},
    ]
    content = written([], form=form, accompaniment={"style": "arpegio"}, ensemble="string-quartett", scheme="newtn")
    with pytest.raises(BadInput) as caught:
        read({**content, "drums": {"style": "zzz"}})
    assert caught.value.details == (
        'form[1].bars: "8" is not a whole number without quotes',
        'form[0].phrases[1].derive_from: no earlier phrase is "aa"; did you mean "a"?',
        'scheme: "newtn" is not a colour scheme; did you mean "newton"?',
        'ensemble: "string-quartett" is not an ensemble; did you mean "string-quartet"?',
        'accompaniment.style: "arpegio" is not a style; did you mean "arpeggio"?',
        'drums.style: "zzz" is not a style; `composer templates styles` lists them',
        'form[0].style: "walz" is not a style; did you mean "waltz"?',
    )


def test_a_template_must_be_there_only_to_compose() -> None:
    """A brief whose style is gone still tells tempo and key to the later steps."""
    content = json.dumps(written([A, B], accompaniment={"style": "gone"})).encode()
    assert read_brief(content, "x.brief.json").accompaniment.style == "gone"
    with pytest.raises(BadInput, match=r'accompaniment\.style: "gone" is not a style'):
        read_brief(content, "x.brief.json", to_compose=True)


@pytest.mark.parametrize(
    "content", [{"form": 3}, {"form": [3]}, {"form": [{"phrases": [3]}], "drums": 1, "scheme": []}]
)
def test_names_are_looked_for_in_any_json(content: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        read(content)
