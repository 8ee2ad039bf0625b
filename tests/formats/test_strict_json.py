"""JSON is read strictly, and briefs name every mistake."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer.errors import BadInput, ComposerError, OverLimit
from composer.formats.brief.brief import Brief
from composer.formats.brief.text import brief_bytes, read_brief
from composer.formats.strict_json import dump_json, parse_json

SMALL: dict[str, object] = {
    "key": {"tonic": "C", "mode": "major"},
    "tempo_bpm": 96,
    "meter": "4/4",
    "form": [{"name": "A", "bars": 8}],
}


def _brief(**changes: object) -> bytes:
    return json.dumps({**SMALL, **changes}).encode()


def _lines(data: bytes) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_brief(data, "art.brief.json")
    assert caught.value.exit_code == 3
    assert all(len(line) <= 200 for line in caught.value.lines())
    return [line.removeprefix("composer: art.brief.json: ") for line in caught.value.lines()]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "line 1 column 1"),
        (b'{\n  "a": 1,\n  "b": 2\n  "c": 3\n}', "line 4 column 3: expecting ',' delimiter"),
        (b'{"a": 1, "a": 2}', '"a" is there twice'),
        (b'{"a": {"b": 1, "b": 1}}', '"b" is there twice'),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e400}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "5000 digits"),
        (b'{"a": "\xe9"}', "not UTF-8"),
        (b'"' + b'\\"' * 200_000, "unterminated string"),
        (b"{} {}", "extra data"),
        ("{}".encode("utf-16"), "not UTF-8"),
        ("{\n  “key”: 1}".encode(), r"line 2 column 3: the quote “ is none in JSON; "),
        ('{"a": „b“}'.encode(), "line 1 column 7: the quote „ is none in JSON; "),
        ('{"key”: {"tonic": "C"}}'.encode(), "line 1 column 6: the quote ” is none in JSON; "),
        ('{"a": "b”\n}'.encode(), "line 1 column 9: the quote ” is none in JSON; "),
        ('{"a": "The “Big” One" "b": 1}'.encode(), "line 1 column 23: expecting ',' delimiter; "),
        (b"{'a': 1}", "line 1 column 2: the quote ' is none in JSON; "),
        (b'{"a": 1,}', "line 1 column 8: a comma before }; "),
        (b'{"a": 1,\n  "b": [1, 2 , \n]\n}', r"line 2 column 14: a comma before \]; "),
        (b'{"a": 1,\n}', "line 1 column 8: a comma before }; "),
        (b'{"a": [,]}', "line 1 column 8: "),
    ],
)
def test_what_is_not_strict_json_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse_json(data, "x.json")


@pytest.mark.parametrize("data", [b"[" * 33 + b"]" * 33, b'{"a":' * 100_000, b" " * 1_000_001])
def test_depth_and_size_have_limits(data: bytes) -> None:
    with pytest.raises(OverLimit):
        parse_json(data, "x.json")


def test_brackets_inside_strings_are_no_depth() -> None:
    assert parse_json(json.dumps(["[" * 50 + '"' + "\\" + "{" * 50]).encode(), "x") == ["[" * 50 + '"\\' + "{" * 50]


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert parse_json(b'\xef\xbb\xbf{\r\n"a": 1}\r\n', "x") == {"a": 1}


values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**15), 10**15),
        st.floats(allow_nan=False, allow_infinity=False), st.text(),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(values)
@settings(max_examples=150, deadline=None)
def test_what_is_dumped_is_read_back(value: object) -> None:
    assert parse_json(dump_json(value), "x") == value


def test_lists_of_numbers_stay_on_one_line_and_strings_are_left_alone() -> None:
    text = dump_json({"curve": [0.5, 1, -2e-9], "text": "[\n 1,\n 2\n]", "empty": []}).decode()
    assert text == '{\n  "curve": [0.5, 1, -2e-09],\n  "text": "[\\n 1,\\n 2\\n]",\n  "empty": []\n}\n'


def test_a_brief_of_four_keys_is_read_and_written_the_same_each_time() -> None:
    brief = read_brief(_brief(), "art.brief.json")
    data = brief_bytes(brief)
    assert data.startswith(b'{\n  "$schema": "brief.schema.json",\n  "format": "composer.brief/1",\n')
    assert b"null" not in data
    assert brief_bytes(read_brief(data, "art.brief.json")) == data


def test_a_grey_colour_survives_the_short_form() -> None:
    grey = {"hex": "#808080", "name": "grey", "share": 1, "saturation": 0.0, "brightness": 0.5}
    brief = read_brief(_brief(palette=[{**grey, "hue_deg": None, "pitch": None}]), "x")
    assert read_brief(brief_bytes(brief), "x").palette == brief.palette


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tempoo": 3}, 'unknown field "tempoo"; did you mean "tempo_bpm"?'),
        ({"form": [{"name": "A", "bars": 8, "enery": 1}]}, 'form[0]: unknown field "enery"; did you mean "energy"?'),
        ({"form": [{"name": "A", "bars": 10**9}]}, "form[0].bars: 1000000000 is over 1000; the limit is 1000"),
        ({"form": [{"name": "A", "bars": 600}, {"name": "B", "bars": 600}]}, "form: 1200 bars in all is over 1000"),
        ({"form": [{"name": "A", "bars": "16"}]}, 'form[0].bars: "16" is not a whole number without quotes'),
        ({"form": [{"name": "A", "bars": 8, "energy": True}]}, "form[0].energy: true is not a number"),
        ({"form": [{"name": "A", "bars": 8, "energy": 2}]}, "form[0].energy: 2 is over 1"),
        ({"form": [{"name": "A", "bars": 8, "register": -3}]}, "form[0].register: -3 is under -1"),
        ({"form": [{"name": "A", "bars": 2, "chords": "C | F | G"}]}, "form[0]: the chords fill 3 bars"),
        ({"form": [{"name": "A", "bars": 2, "chords": "C | H"}]}, "form[0].chords: 'H' is not a chord symbol"),
        ({"form": []}, "form: is empty"),
        ({"form": {"name": "A"}}, "is not a list in [ ]"),
        ({"tempo_bpm": 0}, "tempo_bpm: 0 is under 20"),
        ({"tempo_bpm": "96"}, 'tempo_bpm: "96" is not a number without quotes'),
        ({"meter": "5/4"}, "meter: '5/4' is not supported"),
        ({"meter": "4/0"}, "meter: '4/0' is not a metre"),
        ({"key": {"tonic": "H", "mode": "major"}}, "key.tonic: 'H' is not a note name"),
        ({"key": {"tonic": "C", "mode": "dur"}}, 'key.mode: "dur" is not one of'),
        ({"melody": {"instrument": "flutte"}}, "melody.instrument: 'flutte' is not an instrument; the nearest are"),
        ({"melody": {"low": 60, "high": 64}}, "melody: from low 60 to high 64"),
        ({"melody": {"low": 70, "high": 60}}, "melody: from low 70 to high 60"),
        ({"melody": {"low": 200}}, "melody.low: 200 is over 127"),
        ({"title": "a\0b"}, "title: holds a control character"),
        ({"title": "x" * 201}, "title: is longer than 200 characters"),
        ({"title": "\ud800"}, "title: "),
        ({"seed": -1}, "seed: -1 is under 0"),
        ({"format": "composer.brief/99"}, "format composer.brief/99 needs a newer composer"),
        ({"format": "other"}, 'format: "other" is not one of'),
        ({"source": {"file": "http://x/y.png", "sha256": "0", "width": 1, "height": 1}}, "source.file: "),
    ],
)  # fmt: skip
def test_a_mistake_in_a_brief_is_named_where_it_stands(changes: dict[str, object], sentence: str) -> None:
    (line,) = _lines(_brief(**changes))
    assert sentence in line


def test_missing_fields_show_how_they_are_written() -> None:
    lines = _lines(b"{}")
    assert lines[0] == '"key" is missing; write "key": {"tonic": "C", "mode": "major"}'
    assert len(lines) == 4


def test_all_mistakes_are_listed_ten_lines_at_most() -> None:
    assert len(_lines(_brief(**{f"extra{i}": 1 for i in range(7)}))) == 7
    lines = _lines(_brief(**{f"extra{i}": 1 for i in range(30)}))
    assert len(lines) == 10
    assert lines[-1] == "and 21 more mistakes"


def test_whole_numbers_are_taken_where_numbers_are_asked() -> None:
    assert read_brief(_brief(tempo_bpm=120, dynamics=1), "x").tempo_bpm == 120.0


@pytest.mark.parametrize("data", [b"[]", b"3", b'"text"', b"null"])
def test_what_is_no_object_is_no_brief(data: bytes) -> None:
    assert "is not a brief" in _lines(data)[0]


@given(st.dictionaries(st.sampled_from([*Brief.model_fields, "$schema", "x"]), values, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_json_gives_a_brief_or_the_one_error_class(changes: dict[str, object]) -> None:
    try:
        brief = read_brief(dump_json({**SMALL, **changes}), "x.brief.json")
    except ComposerError as error:
        assert 1 <= len(error.lines()) <= 10
    else:
        assert read_brief(brief_bytes(brief), "x") == brief.model_copy(update={"schema_": "brief.schema.json"})
