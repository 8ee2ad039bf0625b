"""A person steps through the changes with --review."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from composer.workspace import State, state_of
from tests.cli.conftest import Program
from tests.cli.reports import answered, outputs, refuse, report_of


@pytest.mark.parametrize(
    ("answers", "accepted"),
    [
        ("y\ny\ny\ny\n", [True] * 5),
        ("\n\n\n\n", [True] * 5),
        ("a\n", [True] * 5),
        ("r\n", [False] * 5),
        ("n\ny\nr\n", [False, False, True, False, False]),
        ("n\nb\ny\nn\nx\na\n", [True, True, False, True, True]),
    ],
)
def test_review_asks_for_each_group_and_writes_as_apply_does(
    song: Path, composer: Program, monkeypatch: pytest.MonkeyPatch, answers: str, accepted: list[bool]
) -> None:
    code, _ = answered(composer, monkeypatch, song, answers)
    assert code == 0
    assert [c["accept"] for c in report_of(song)["changes"]] == accepted
    reviewed = outputs(song)
    assert composer("cleanup", song, "--apply").code == 0
    assert outputs(song) == reviewed
    assert state_of(song.with_name("song.cleanup.json")) is State.FRESH


def test_review_shows_where_what_why_before_and_after(
    song: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shown = answered(composer, monkeypatch, song, "a\n")
    for line in (
        "1 of 4  Piano, beat 1 of bar 1: G3 to C4; Piano, beat 1 of bar 1: C4 to E4",
        "  why     parallel octaves with Melody on beat 1 of bar 2; parallel fifths with Melody on beat 1 of bar 2",
        "  before  Piano: 1) E3+[G3]+[C4] | 2) F3+A3+D4",
        "  after   Piano: 1) E3+[C4]+[E4] | 2) F3+A3+D4",
        "  with    Melody: 1) G4 | 2) A4",
        "accepted 5 notes, refused 0",
    ):
        assert line in shown.splitlines()


@pytest.mark.parametrize(("third", "then"), [("y", "B2+G3+[E4]"), ("n", "G3+B3+[E4]")])
def test_review_shows_a_change_in_the_music_as_answered_so_far(
    song: Path, composer: Program, monkeypatch: pytest.MonkeyPatch, third: str, then: str
) -> None:
    _, shown = answered(composer, monkeypatch, song, f"y\ny\n{third}\na\n")
    assert any(line.startswith("  before  Piano: ") and then in line for line in shown.splitlines())


@pytest.mark.parametrize(("answers", "expected"), [("y\nq\n", 0), ("y\n", 2), ("", 2)])
def test_a_review_that_does_not_end_writes_nothing(
    song: Path, composer: Program, monkeypatch: pytest.MonkeyPatch, answers: str, expected: int
) -> None:
    before = outputs(song)
    code, shown = answered(composer, monkeypatch, song, answers)
    assert (code, "nothing was written" in shown) == (expected, True)
    assert outputs(song) == before


def test_review_begins_with_the_choices_in_an_edited_report(
    song: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(song, 0, 4)
    code, shown = answered(composer, monkeypatch, song, "\n\n\n\n")
    assert code == 0
    assert "[as it is]" in shown
    assert [c["accept"] for c in report_of(song)["changes"]] == [False, True, True, True, False]


def test_ctrl_c_in_a_review_writes_nothing(song: Path) -> None:
    before = outputs(song)
    command = [sys.executable, "-m", "composer", "cleanup", str(song), "--review"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "why" not in process.stderr.readline():
            pass
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read().endswith("\nnothing was written\n")
    assert outputs(song) == before
