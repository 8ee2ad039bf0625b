"""A report that a person spoilt, and options that do not go together: each mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program
from tests.cli.reports import edit, outputs


def mistaken(changes: list[dict[str, Any]]) -> None:
    changes[0]["accept"] = "yes"
    changes[1]["accept"] = 1
    del changes[2]["rules"]
    changes[3]["acept"] = True
    changes[4]["to"] = 60


def unknown(changes: list[dict[str, Any]]) -> None:
    changes[0]["id"] = "00000000"
    changes[4]["to"] = "A4"


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            mistaken,
            [
                'changes[0] in bar 1, Piano: accept is "yes"; write true or false',
                "changes[1] in bar 1, Piano: accept is 1; write true or false",
                "changes[2] in bar 2, Bass: rules is missing",
                "changes[3] in bar 3, Piano: acept is no field of a change",
                "changes[4] in bar 3, Piano: to is 60, which no cleanup wrote",
            ],
        ),
        (
            unknown,
            [
                "changes[0] in bar 1, Piano: no change '00000000' is known (G3 to C4); edit nothing but accept",
                "(E4 to A4); edit nothing but accept",
            ],
        ),
        (lambda changes: changes.pop(), ["lists 4 of 5 changes; to refuse one, set its accept to false"]),
        (lambda changes: changes.append(changes[0]), ["is listed 2 times"]),
        (lambda changes: changes.__setitem__(1, "no"), ['changes[1]: the change is "no", which no cleanup wrote']),
    ],
)
def test_every_mistake_in_a_report_is_named(
    song: Path, composer: Program, change: Callable[[list[dict[str, Any]]], object], lines: list[str]
) -> None:
    edit(song, change)
    before = outputs(song)
    result = composer("cleanup", song, "--apply")
    assert result.code == 3
    found = result.err.splitlines()
    assert len(found) == len(lines)
    assert all(line in text for text, line in zip(found, lines, strict=True))
    assert outputs(song) == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"accept": true', b'"accept": treu', "column 17: expecting value"),
        (b'"key": null', b'"key": "A minor"', "its options were edited"),
        (b"composer.cleanup/1", b"composer.cleanup/9", "is no report of a cleanup"),
        (b'"made_from"', b'"made"', "does not say what it was made from"),
    ],
)
def test_a_report_that_cannot_be_used_says_why(
    song: Path, composer: Program, old: bytes, new: bytes, message: str
) -> None:
    path = song.with_name("song.cleanup.json")
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    result = composer("cleanup", song, "--apply")
    assert (result.code, message in result.err) == (3, True), result.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("song.mid", "--apply", "--review"), "choose one of them"),
        (("song.mid", "--apply", "--key", "A minor"), "leave the others out"),
        (("song.cleanup.json",), "add --apply"),
        (("song.mid", "song.cleanup.json"), "add --apply"),
    ],
)
def test_options_that_contradict_each_other(
    song: Path, composer: Program, words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(song.parent)
    result = composer("cleanup", *words)
    assert (result.code, message in result.err) == (2, True), result.err
