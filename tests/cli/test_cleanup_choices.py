"""A person accepts and refuses changes in the report, and --apply makes those that are accepted."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import pytest

from composer.formats.brief.brief import Locked
from composer.formats.brief.text import brief_bytes
from composer.formats.midi.writer import midi_bytes
from composer.workspace import PieceFiles, save
from tests.cleanup.test_stage import PARALLEL
from tests.cli.conftest import Program
from tests.cli.reports import edit, notes, outputs, refuse, report_of
from tests.cli.test_cleanup_options import SLIP, pitches
from tests.compose.fakes import brief


@pytest.fixture
def edited_draft(tmp_path: Path) -> Path:
    """A draft in which a person wrote a note outside the key."""
    files = PieceFiles(tmp_path, "song")
    save(files, "generate", {files.draft: midi_bytes(SLIP).replace(bytes((73,)), bytes((72,)))})
    files.draft.write_bytes(midi_bytes(SLIP))
    return files.draft


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
    line = 'locked[0].tracks: song.draft.mid has no track "Flute"; its tracks are Melody, Piano\n'
    assert result.err == f"composer: song.brief.json: {line}"


def test_what_was_locked_since_is_left_by_apply(song: Path, composer: Program) -> None:
    locking = brief("major", "4/4").model_copy(update={"locked": [Locked(tracks=["Bass"])]})
    PieceFiles.of(song).brief.write_bytes(brief_bytes(locking))
    result = composer("cleanup", song, "--apply")
    assert result.code == 0
    assert "(bar 2, Bass, D2 to F2): the bar or track is locked" in result.err
    assert pitches(song.with_name("song.clean.mid").read_bytes(), "Bass") == pitches(song.read_bytes(), "Bass")
