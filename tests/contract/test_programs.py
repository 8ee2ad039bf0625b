"""What programs do with a file: the data behind it, and which of it concerns a file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import composer.contract
from composer.contract.features import FEATURES
from composer.contract.programs import DROPPED, EFFECTS, RETURNED, load_program, program_names
from composer.contract.stage import checked
from composer.errors import UsageProblem
from tests.compare.pieces import bytes_of, one_clip

FOLDER = Path(composer.contract.__file__).parent / "programs"
NAMES = program_names()


def test_the_programs_are_those_that_were_promised() -> None:
    assert NAMES == ["bitwig", "cubase", "fl", "live", "logic", "musescore", "reaper"]


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_is_whole_and_told_once(name: str) -> None:
    profile = load_program(name)
    assert profile.title and profile.about and len(profile.about) < 130
    assert all(fact.effect in EFFECTS and fact.feature in FEATURES for fact in profile.facts)
    assert all(fact.says and not fact.says.endswith(".") and len(fact.says) < 120 for fact in profile.facts)
    told = [fact.feature for fact in profile.facts]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_given_or_left_out_but_never_empty(name: str) -> None:
    entries = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))["fact"]
    assert all(len(entry["source"]) > 10 for entry in entries if "source" in entry)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_verified_is_marked_as_such(name: str) -> None:
    found = checked(bytes_of(), "song.mid", name)
    rows = found.effect_rows(with_kept=True)
    assert [row[2].endswith("(unverified)") for row in rows] == [not e.fact.is_verified for e in found.effects]


def test_only_what_the_file_has_is_told() -> None:
    whole, clip = (checked(data, "song.mid", "musescore") for data in (bytes_of(), one_clip(bytes_of())))
    features = {e.fact.feature: e for e in whole.effects}
    assert {"markers", "chord symbols", "key in conductor", "title", "drums"} <= set(features)
    assert features["markers"].count == 2 and features["markers"].fact.effect == DROPPED
    assert not {"markers", "chord symbols", "title", "tempo"} & {e.fact.feature for e in clip.effects}


def test_what_comes_back_is_told_for_every_file() -> None:
    assert RETURNED in {e.fact.effect for e in checked(bytes_of(), "song.mid", "live").effects}


def test_an_unknown_program_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageProblem, match="reaper"):
        checked(bytes_of(), "song.mid", "garageband")


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("ableton", "live"), ("Ableton Live 12 Suite", "live"), ("AbletonLive", "live"), ("Live", "live"),
        ("cubase 13", "cubase"), ("Cubase13", "cubase"), ("fl studio", "fl"), ("FLStudio21", "fl"), ("FL", "fl"),
        ("Logic Pro", "logic"), ("logic-pro x", "logic"), ("MuseScore 4", "musescore"), ("Bitwig", "bitwig"),
        ("REAPER 7", "reaper"),
    ],
)  # fmt: skip
def test_obvious_names_find_their_program(called: str, name: str) -> None:
    assert load_program(called).name == name


@pytest.mark.parametrize("called", ["studio", "Studio One", "pro tools", "flute", "13", "", "live or reaper"])
def test_other_names_do_not(called: str) -> None:
    with pytest.raises(UsageProblem):
        load_program(called)


def test_the_json_is_plain_and_names_sources() -> None:
    found = json.loads(json.dumps(checked(one_clip(bytes_of()), "song.mid", "live").as_json()))
    assert found["format"] == "composer.check/1" and found["clean"] is False and found["program"] == "live"
    assert found["violations"][0] == {
        "rule": "NotType1", "wanted": "a type 1 file, a track for each part", "track": None, "track_number": None,
        "message": "is a type 0 file: all parts are in one track; export it as type 1", "count": 1, "places": [],
    }  # fmt: skip
    assert found["effects"][0]["source"].startswith("https://help.ableton.com/")
