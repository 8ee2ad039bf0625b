"""The card of a brief: it shows the brief as it is now, and is no picture to compose from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, paint


@pytest.fixture(autouse=True)
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, composer: Program) -> None:
    """A picture, its brief and its card."""
    monkeypatch.chdir(tmp_path)
    paint(Path("art.png"))
    assert composer("brief", "art.png", "--bars", "8", "--card").code == 0


def edit_brief() -> bytes:
    brief = json.loads(Path("art.brief.json").read_text())
    Path("art.brief.json").write_text(json.dumps({**brief, "tempo_bpm": 61, "title": "Mine"}))
    return Path("art.brief.json").read_bytes()


def status(composer: Program) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(composer("status", "--json").out)["pieces"][0]
    return found


def test_a_card_among_pictures_is_left_out_with_a_line(composer: Program) -> None:
    paint(Path("sea.png"), seed=3)
    result = composer("brief", "art.card.png", "art.png", "sea.png", "--bars", "8")
    assert result.code == 0
    assert result.err.startswith("art.card.png: left out, the card of art\n")
    assert Path("sea.brief.json").exists()


def test_make_of_all_pictures_leaves_the_card_out(composer: Program) -> None:
    result = composer("make", "art.card.png", "art.png", "--seed", "1", "--json")
    assert result.code == 0, result.err
    assert [one["image"] for one in json.loads(result.out)["pieces"]] == ["art.png"]
    assert "art.card.png: left out, the card of art\n" in result.err


@pytest.mark.parametrize("command", ["make", "brief"])
def test_a_card_alone_is_refused(composer: Program, command: str) -> None:
    result = composer(command, "art.card.png")
    assert (result.code, result.err) == (3, "composer: art.card.png: is the card of art; name the picture\n")


def test_a_picture_of_a_person_may_be_called_a_card(composer: Program) -> None:
    paint(Path("birthday.card.png"))
    for _ in range(2):
        assert composer("brief", "birthday.card.png").code == 0
    assert composer("brief", "birthday.card.png", "--card").code == 2


def test_the_card_of_an_edited_brief_is_stale_and_drawn_again_of_that(composer: Program) -> None:
    before, mine = Path("art.card.png").read_bytes(), edit_brief()
    found = status(composer)
    assert found["files"]["art.card.png"] == "stale"
    assert found["why"]["art.card.png"] == ["the brief changed since"]
    assert found["next"] == "composer brief art.png --preset emotion --bars 8 --card"
    result = composer(*found["next"].split()[1:])
    assert result.code == 0 and "art.brief.json is yours and stays: the card is drawn of it" in result.err
    assert Path("art.card.png").read_bytes() != before
    assert Path("art.brief.json").read_bytes() == mine
    assert status(composer)["files"]["art.card.png"] == "fresh"


def test_an_edited_brief_stays_where_another_is_asked_for(composer: Program) -> None:
    before, mine = Path("art.card.png").read_bytes(), edit_brief()
    result = composer("brief", "art.png", "--bars", "12", "--card")
    assert result.code == 5 and "art.brief.json: was edited by hand" in result.err
    assert (Path("art.card.png").read_bytes(), Path("art.brief.json").read_bytes()) == (before, mine)


def test_a_card_that_is_a_persons_stops_the_brief_too(composer: Program) -> None:
    before = Path("art.brief.json").read_bytes()
    paint(Path("art.card.png"), seed=5)
    result = composer("brief", "art.png", "--bars", "12", "--card")
    assert result.code == 5 and "art.card.png: was edited by hand" in result.err
    assert Path("art.brief.json").read_bytes() == before


def test_make_draws_the_card_of_an_edited_brief_and_tells_what_was_typed_in_vain(composer: Program) -> None:
    before, mine = Path("art.card.png").read_bytes(), edit_brief()
    result = composer("make", "art.png", "--bars", "12", "--style", "waltz", "--seed", "1")
    assert result.code == 0, result.err
    line = "--style, --bars: not used, as art.brief.json stays; change it there, or use --force\n"
    assert f"art.brief.json: kept, edited by hand\n{line}" in result.err
    assert Path("art.brief.json").read_bytes() == mine
    assert Path("art.card.png").read_bytes() != before
    assert "not used" not in composer("make", "art.png").err
