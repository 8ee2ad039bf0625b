"""A person accepts and refuses changes: in the report, with --apply, and step by step, with --review."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import pytest

from composer.cli.app import main
from composer.formats.brief import Locked
from composer.formats.brief_text import brief_bytes
from composer.formats.midi import midi_bytes
from composer.workspace import PieceFiles, State, save, state_of
from tests.cleanup.test_stage import PARALLEL
from tests.cli.conftest import Program
from tests.cli.test_cleanup_options import SLIP, pitches
from tests.compose.fakes import brief

OUTPUTS = ("song.clean.mid", "song.musicxml", "song.cleanup.json", "song.composer.json")


@pytest.fixture(scope="module")
def cleaned_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of parallels, cleaned once: five changes, all accepted."""
    path = tmp_path_factory.mktemp("song") / "song.mid"
    path.write_bytes(midi_bytes(PARALLEL))
    assert main(["cleanup", str(path), "-q"]) == 0
    return path.parent


@pytest.fixture
def song(tmp_path: Path, cleaned_song: Path) -> Path:
    shutil.copytree(cleaned_song, tmp_path, dirs_exist_ok=True)
    return tmp_path / "song.mid"


@pytest.fixture
def edited_draft(tmp_path: Path) -> Path:
    """A draft in which a person wrote a note outside the key."""
    files = PieceFiles(tmp_path, "song")
    save(files, "generate", {files.draft: midi_bytes(SLIP).replace(bytes((73,)), bytes((72,)))})
    files.draft.write_bytes(midi_bytes(SLIP))
    return files.draft


def report_of(song: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(PieceFiles.of(song).report.read_bytes())
    return content


def edit(song: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the list of changes in the report, as a person does in an editor."""
    content = report_of(song)
    change(content["changes"])
    PieceFiles.of(song).report.write_text(json.dumps(content, indent=1))


def refuse(song: Path, *numbers: int) -> None:
    edit(song, lambda changes: [changes[n].update(accept=False) for n in numbers])


def outputs(song: Path) -> list[bytes]:
    return [song.with_name(name).read_bytes() for name in OUTPUTS]


def notes(data: bytes) -> set[tuple[str, int, int]]:
    """(track, tick, pitch) of every note, by mido."""
    found = set()
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                found.add((track.name, tick, message.note))
    return found


def test_apply_makes_exactly_the_accepted_changes(song: Path, composer: Program) -> None:
    refuse(song, 0, 1, 2)
    assert composer("cleanup", song, "--apply").code == 0
    before, after = notes(song.read_bytes()), notes(song.with_name("song.clean.mid").read_bytes())
    assert before - after == {("Piano", 3840, 59), ("Piano", 3840, 64)}
    assert after - before == {("Piano", 3840, 47), ("Piano", 3840, 67)}
    report = report_of(song)
    assert [c["accept"] for c in report["changes"]] == [c["applied"] for c in report["changes"]]
    assert [c["accept"] for c in report["changes"]] == [False, False, False, True, True]
    assert 0 < sum(report["after"].values()) < sum(report["before"].values())


def test_apply_twice_gives_the_same_bytes(song: Path, composer: Program) -> None:
    refuse(song, 1)
    assert composer("cleanup", song, "--apply").code == 0
    once = outputs(song)
    report = song.with_name("song.cleanup.json")
    for words in ((song, "--apply"), ("--apply", report), (song, "--apply", report), (song,)):
        assert composer("cleanup", *words).code == 0
        assert outputs(song) == once


def test_apply_without_an_edit_is_what_cleanup_did(song: Path, composer: Program) -> None:
    before = outputs(song)
    assert composer("cleanup", song, "--apply").code == 0
    assert outputs(song) == before


def test_a_dry_run_lists_every_change_with_its_reason(song: Path, composer: Program) -> None:
    refuse(song, 3)
    before = outputs(song)
    result = composer("cleanup", song, "--apply", "--dry-run")
    assert "  bar 3, beat 1, Piano: B3 to B2 (not made): " in result.err
    assert "  bar 2, beat 1, Bass: D2 to F2: parallel fifths with Piano on beat 1" in result.err
    assert outputs(song) == before


def test_apply_knows_the_options_and_takes_another_name(song: Path, composer: Program) -> None:
    assert composer("cleanup", song, "--force", "--key", "E minor", "--keep-melody").code == 0
    refuse(song, 0)
    other = song.with_name("other.mid")
    assert composer("cleanup", song, "--apply", "-o", other).code == 0
    report = report_of(other)
    assert report["key"]["name"] == "E minor"
    assert report["made_from"]["options"] == {"key": "E minor", "brief": None, "keep_melody": True}
    assert (report["made_from"]["file"], report["made_from"]["writes"]) == ("song.mid", "other.mid")
    assert report["edit"].endswith("then: composer cleanup --apply other.cleanup.json")
    assert notes(song.read_bytes()) - notes(other.read_bytes())


def test_refusing_all_gives_the_notes_back_byte_for_byte(song: Path, composer: Program) -> None:
    refuse(song, *range(5))
    result = composer("cleanup", song, "--apply")
    assert song.with_name("song.clean.mid").read_bytes() == song.read_bytes()
    assert "refused by you: 5" in result.err


def test_a_change_that_cannot_be_made_alone_is_told_and_the_rest_is_made(song: Path, composer: Program) -> None:
    refuse(song, 1)
    result = composer("cleanup", song, "--apply", "--json")
    assert result.code == 0
    assert "not made: " in result.err
    assert "twice at once" in result.err
    assert json.loads(result.out)["changes"] == 3


def test_plain_cleanup_does_not_lose_the_choices_in_an_edited_report(song: Path, composer: Program) -> None:
    refuse(song, 3)
    before = outputs(song)
    result = composer("cleanup", song)
    assert result.code == 5
    assert result.err.count("\n") == 1
    assert "was edited by hand; `composer cleanup song.mid --apply` does as it says" in result.err
    assert outputs(song) == before
    assert composer("cleanup", song, "--force").code == 0
    assert json.loads(song.with_name("song.cleanup.1.json").read_bytes())["changes"][3]["accept"] is False
    assert all(change["accept"] for change in report_of(song)["changes"])


def test_choices_that_were_applied_are_kept_unless_forced(song: Path, composer: Program) -> None:
    refuse(song, 3)
    assert composer("cleanup", song, "--apply").code == 0
    assert composer("cleanup", song).code == 0
    assert [c["accept"] for c in report_of(song)["changes"]].count(False) == 1
    assert composer("cleanup", song, "--force").code == 0
    assert all(change["accept"] for change in report_of(song)["changes"])
    assert song.with_name("song.cleanup.1.json").exists()


def test_after_another_edit_of_the_file_apply_refuses_and_cleanup_carries_the_choices_over(
    song: Path, composer: Program
) -> None:
    refuse(song, 2)
    file = mido.MidiFile(song)
    file.tracks[1].insert(1, mido.Message("control_change", control=1, value=3))
    file.save(song)
    result = composer("cleanup", song, "--apply")
    assert result.code == 3
    assert "song.mid changed since this report was made; `composer cleanup song.mid` looks again" in result.err
    result = composer("cleanup", song)
    assert result.code == 0
    assert "song.cleanup.json as it was is kept as song.cleanup.1.json" in result.err
    assert [c["accept"] for c in report_of(song)["changes"]] == [True, True, False, True, True]


def test_choices_for_one_file_of_a_piece_are_not_lost_to_another(song: Path, composer: Program) -> None:
    refuse(song, 2)
    assert composer("cleanup", song, "--apply").code == 0
    other = song.with_name("song.draft.mid")
    other.write_bytes(song.read_bytes())
    result = composer("cleanup", other, "-o", song.with_name("song.clean.mid"))
    assert result.code == 5
    assert "holds your choices for song.mid" in result.err


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


def test_apply_before_any_cleanup_says_what_to_do(tmp_path: Path, composer: Program) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(PARALLEL))
    result = composer("cleanup", path, "--apply")
    assert (result.code, "run `composer cleanup song.mid` first" in result.err) == (3, True)


def test_a_cleaned_file_that_a_person_edited_is_kept_by_apply(song: Path, composer: Program) -> None:
    refuse(song, 3)
    song.with_name("song.clean.mid").write_bytes(song.read_bytes())
    before = outputs(song)
    assert composer("cleanup", song, "--apply").code == 5
    assert outputs(song) == before
    assert composer("cleanup", song, "--apply", "--force").code == 0
    assert song.with_name("song.clean.1.mid").read_bytes() == song.read_bytes()


def test_a_suggestion_for_an_edited_bar_waits_for_the_person(edited_draft: Path, composer: Program) -> None:
    result = composer("cleanup", edited_draft)
    midi = PieceFiles.of(edited_draft).midi
    assert "suggestions in bars that you edited, not made: 1" in result.err
    assert midi.read_bytes() == edited_draft.read_bytes()
    edit(edited_draft, lambda changes: changes[0].update(accept=True))
    assert composer("cleanup", edited_draft, "--apply").code == 0
    assert 73 not in pitches(midi.read_bytes(), "Melody")
    assert composer("cleanup", edited_draft).code == 0
    assert 73 not in pitches(midi.read_bytes(), "Melody")


def test_force_changes_edited_bars_and_keeps_what_it_replaces(edited_draft: Path, composer: Program) -> None:
    files = PieceFiles.of(edited_draft)
    mine = midi_bytes(PARALLEL)
    files.midi.write_bytes(mine)
    assert composer("cleanup", edited_draft).code == 5
    assert composer("cleanup", edited_draft, "--force").code == 0
    assert 73 not in pitches(files.midi.read_bytes(), "Melody")
    assert files.midi.with_name("song.1.mid").read_bytes() == mine


def test_what_the_brief_locks_stays_with_force_too(edited_draft: Path, composer: Program) -> None:
    files = PieceFiles.of(edited_draft)
    locking = brief("major", "4/4").model_copy(update={"locked": [Locked(bars="1", tracks=["melody"])]})
    files.brief.write_bytes(brief_bytes(locking))
    assert composer("cleanup", edited_draft, "--force").code == 0
    assert files.midi.read_bytes() == edited_draft.read_bytes()
    assert report_of(edited_draft)["changes"] == []
    files.brief.write_bytes(brief_bytes(locking.model_copy(update={"locked": [Locked(tracks=["Flute"])]})))
    result = composer("cleanup", edited_draft, "--force")
    assert result.code == 3
    assert 'song.draft.mid: locked in the brief: no track is called "Flute"' in result.err


def test_what_was_locked_since_is_left_by_apply(song: Path, composer: Program) -> None:
    locking = brief("major", "4/4").model_copy(update={"locked": [Locked(tracks=["Bass"])]})
    PieceFiles.of(song).brief.write_bytes(brief_bytes(locking))
    result = composer("cleanup", song, "--apply")
    assert result.code == 0
    assert "(bar 2, Bass, D2 to F2): the bar or track is locked" in result.err
    assert pitches(song.with_name("song.clean.mid").read_bytes(), "Bass") == pitches(song.read_bytes(), "Bass")


def answered(composer: Program, monkeypatch: pytest.MonkeyPatch, song: Path, answers: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    result = composer("cleanup", song, "--review")
    return result.code, result.err


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
