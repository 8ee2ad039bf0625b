"""What a person saves, before a cleanup or while it works, is not lost to it, and is told before the work."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from composer.cleanup import proposals
from composer.cleanup.proposals import Proposal
from composer.formats.midi.writer import midi_bytes
from composer.workspace import PieceFiles, State, state_of
from tests.cli.conftest import Program
from tests.cli.reports import answered, refuse, report_of
from tests.cli.test_cleanup_options import SLIP


@pytest.fixture
def piece(song: Path) -> Path:
    return song


def report(piece: Path) -> Path:
    return PieceFiles.of(piece).report


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have ``act`` done while the changes are being found."""
    found = proposals.proposed

    def proposed(*words: object) -> Proposal:
        act()
        return found(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(proposals, "proposed", proposed)


def not_to_be_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    def worked() -> None:
        raise AssertionError("it worked before it refused")

    meanwhile(monkeypatch, worked)


def test_another_report_does_not_replace_one_that_a_person_edited(piece: Path, composer: Program) -> None:
    other = piece.with_name("other.cleanup.json")
    shutil.copy(report(piece), other)
    refuse(piece, 2)
    mine = report(piece).read_bytes()
    refused = composer("cleanup", piece, other, "--apply")
    assert (refused.code, refused.err.count("\n")) == (5, 1)
    assert "song.cleanup.json: was edited by hand; use --force" in refused.err
    assert report(piece).read_bytes() == mine
    assert composer("cleanup", piece, other, "--apply", "--force").code == 0
    assert piece.with_name("song.cleanup.1.json").read_bytes() == mine


def test_choices_that_were_applied_are_kept_when_another_report_is(piece: Path, composer: Program) -> None:
    other = piece.with_name("other.cleanup.json")
    shutil.copy(report(piece), other)
    refuse(piece, 2)
    assert composer("cleanup", piece, "--apply").code == 0
    mine = report(piece).read_bytes()
    applied = composer("cleanup", piece, other, "--apply")
    assert "song.cleanup.json as it was is kept as song.cleanup.1.json" in applied.err
    assert piece.with_name("song.cleanup.1.json").read_bytes() == mine
    assert composer("cleanup", piece, other, "--apply").code == 0
    assert not piece.with_name("song.cleanup.2.json").exists()


def test_the_backup_of_an_edited_file_is_named(piece: Path, composer: Program) -> None:
    cleaned = piece.with_name("song.clean.mid")
    mine = cleaned.read_bytes() + b"XTRA\0\0\0\0"
    cleaned.write_bytes(mine)
    assert "what was there is kept as song.clean.1.mid" in composer("cleanup", piece, "--apply", "--force").err
    assert piece.with_name("song.clean.1.mid").read_bytes() == mine


def test_force_keeps_both_an_edited_file_and_choices_that_were_applied(piece: Path, composer: Program) -> None:
    refuse(piece, 2)
    assert composer("cleanup", piece, "--apply").code == 0
    chosen, edited = report(piece).read_bytes(), midi_bytes(SLIP)
    piece.with_name("song.clean.mid").write_bytes(edited)
    assert composer("cleanup", piece, "--force").code == 0
    assert piece.with_name("song.clean.1.mid").read_bytes() == edited
    assert piece.with_name("song.cleanup.1.json").read_bytes() == chosen


@pytest.mark.parametrize("words", [(), ("--apply",)])
def test_a_report_that_is_saved_meanwhile_stays(
    piece: Path, composer: Program, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    refuse(piece, 2)
    if not words:  # the choices of an applied report hold for the next cleanup
        assert composer("cleanup", piece, "--apply").code == 0
    music = piece.with_name("song.clean.mid").read_bytes()
    monkeypatch.setattr("composer.cleanup.stage.finished", saving(piece, "composer.cleanup.stage.finished"))
    run = composer("cleanup", piece, *words)
    assert (run.code, run.err.count("\n")) == (5, 1)
    assert "song.cleanup.json: was saved while this ran; run it again" in run.err
    assert [change["accept"] for change in report_of(piece)["changes"]] == [True, True, False, False, True]
    assert piece.with_name("song.clean.mid").read_bytes() == music


def saving(piece: Path, name: str) -> Callable[..., object]:
    """The function ``name``, after which a person saves the report with one more change refused."""
    module, _, function = name.rpartition(".")
    call = getattr(__import__(module, fromlist=[function]), function)

    def then_saved(*words: object) -> object:
        result = call(*words)
        refuse(piece, 3)
        return result

    return then_saved


def test_a_report_that_is_saved_during_a_review_stays(
    piece: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(piece, 2)
    monkeypatch.setattr("composer.cleanup.stage.finished", saving(piece, "composer.cleanup.stage.finished"))
    code, shown = answered(composer, monkeypatch, piece, "a\n")
    assert (code, "was saved while this ran" in shown) == (5, True)
    assert [change["accept"] for change in report_of(piece)["changes"]] == [True, True, False, False, True]


def test_a_review_refuses_before_its_first_question(
    piece: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece.with_name("song.clean.mid").write_bytes(midi_bytes(SLIP))
    code, shown = answered(composer, monkeypatch, piece, "a\n")
    assert (code, shown.count("\n")) == (5, 1)
    assert "song.clean.mid: was edited by hand; use --force" in shown


def test_a_dry_review_asks_also_where_nothing_could_be_written(
    piece: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece.with_name("song.clean.mid").write_bytes(midi_bytes(SLIP))
    monkeypatch.setattr("sys.stdin.readline", lambda: "a\n")
    run = composer("cleanup", piece, "--review", "--dry-run")
    assert (run.code, "accepted 5 notes" in run.err) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 5, "song.clean.mid: was edited by hand"),
        (("-o", "song.mid"), 2, "song.mid: is the input itself"),
        (("-o", "song.mid", "--force"), 2, "song.mid: is the input itself"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    piece: Path, composer: Program, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(piece.parent)
    Path("song.clean.mid").write_bytes(midi_bytes(SLIP))
    not_to_be_worked(monkeypatch)
    run = composer("cleanup", "song.mid", *words)
    assert (run.code, said in run.err) == (code, True), run.err


def test_music_that_is_saved_meanwhile_makes_the_result_stale(
    piece: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: piece.write_bytes(midi_bytes(SLIP)))
    assert composer("cleanup", piece).code == 0
    assert state_of(piece.with_name("song.clean.mid")) is State.STALE
    assert piece.read_bytes() == midi_bytes(SLIP)
    assert json.loads(composer("status", piece.parent, "--json").out)
