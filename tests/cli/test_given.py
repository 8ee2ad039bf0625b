"""A piece that was composed around music of a person: that music is theirs, and not the finished piece."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from composer.formats.midi.source import read_source
from composer.formats.record import read_record
from composer.workspace import PieceFiles, PieceState
from tests.cli.conftest import Program, paint
from tests.cli.test_generate import BRIEF
from tests.compose.tunes import heard, low_chords, midi, song


@pytest.fixture
def tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, composer: Program) -> PieceFiles:
    """A tune, the draft that was composed around it, and the picture of the brief."""
    monkeypatch.chdir(tmp_path)
    files = PieceFiles(Path(), "tune")
    files.brief.write_text(json.dumps(BRIEF))
    files.midi.write_bytes(midi({"Melody": song()}))
    paint(Path("tune.png"))
    assert composer("generate", "--melody", "tune.mid", "tune.brief.json", "--style", "block").code == 0
    return files


def notes(path: Path) -> int:
    return len(read_source(path.read_bytes(), path.name).notes)


def told_next(composer: Program, name: str) -> str | None:
    found: str | None = json.loads(composer("status", name, "--json").out)["pieces"][0]["next"]
    return found


AGAIN = "`composer generate tune.brief.json --melody tune.mid --style block --seed 3` composes it again"


@pytest.mark.parametrize("words", [(), ("--force",), ("--seed", "9", "--bars", "4")])
def test_make_keeps_a_draft_around_a_tune(tune: PieceFiles, composer: Program, words: tuple[str, ...]) -> None:
    draft, mine = tune.draft.read_bytes(), tune.midi.read_bytes()
    run = composer("make", "tune.png", *words)
    assert run.code == 0
    assert tune.draft.read_bytes() == draft and tune.midi.read_bytes() == mine
    lines = [line for line in run.err.splitlines() if line.startswith("tune.draft.mid: kept, composed around tune.mid")]
    assert len(lines) == 1 and lines[0].endswith(AGAIN)
    rendered = read_record(tune.record).steps["render"]
    assert "tune.clean.mid" in rendered.inputs
    assert heard(tune.clean.read_bytes(), 1) == heard(mine)


def test_the_command_that_make_names_composes_it_again(tune: PieceFiles, composer: Program) -> None:
    before = tune.draft.read_bytes()
    tune.draft.unlink()
    assert composer(*AGAIN.split("`")[1].split()[1:]).code == 0
    assert tune.draft.read_bytes() == before


def test_make_says_that_the_tune_changed_since(tune: PieceFiles, composer: Program) -> None:
    tune.midi.write_bytes(midi({"Melody": song()[:20]}))
    before = tune.draft.read_bytes()
    assert "composed around tune.mid, though tune.mid has changed since; " in composer("make", "tune.png").err
    assert tune.draft.read_bytes() == before
    assert told_next(composer, "tune") == AGAIN.split("`")[1]
    run = composer("watch", "tune", "--once", "--no-preview")
    assert run.code == 0 and "though tune.mid has changed since" in run.err
    assert tune.draft.read_bytes() == before


def test_an_edited_draft_around_a_tune_is_composed_again_with_force_only(tune: PieceFiles, composer: Program) -> None:
    tune.draft.write_bytes(tune.draft.read_bytes() + b"XTRA\0\0\0\0")
    assert "--seed 3 --force` composes it again" in composer("make", "tune.png").err


def test_the_tune_is_never_the_piece(tune: PieceFiles, composer: Program) -> None:
    assert PieceState(tune).best_midi == tune.draft
    exported = json.loads(composer("export", "tune", "--to", "midi-stems", "--json").out)["exported"]
    assert exported["input"] == "tune.draft.mid" and exported["notes"] > notes(tune.midi)
    assert told_next(composer, "tune") == "composer cleanup tune.draft.mid --keep-melody"
    assert composer("cleanup", "tune.draft.mid", "--keep-melody").code == 0
    assert PieceState(tune).best_midi == tune.clean
    assert told_next(composer, "tune") == "composer render tune.clean.mid"
    assert composer("render").code == 0
    assert "tune.clean.mid" in read_record(tune.record).steps["render"].inputs


def test_a_watch_plays_the_piece_and_keeps_its_performance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, composer: Program
) -> None:
    monkeypatch.chdir(tmp_path)
    idea = PieceFiles(Path(), "idea")
    idea.midi.write_bytes(midi({"Lead": song()[:27], "Piano": low_chords(8)}))
    assert composer("generate", "--continue", "idea.mid", "--bars", "4", "--seed", "1").code == 0
    assert composer("humanize", "idea.draft.mid", "--seed", "1").code == 0
    whole = notes(idea.human)
    assert whole == notes(idea.draft) > notes(idea.midi)
    assert composer("watch", "idea", "--once").code == 0
    assert notes(idea.human) == whole
    assert "idea.human.mid" in read_record(idea.record).steps["preview"].inputs
    assert notes(idea.clean) == whole
    assert composer("watch", "idea", "--once", "--json").err == ""


def test_what_a_tune_came_from_is_no_piece_either(tune: PieceFiles, composer: Program) -> None:
    assert composer("cleanup", "tune.mid").code == 0
    assert PieceState(tune).best_midi == tune.draft
    assert composer("generate", "--melody", "tune.clean.mid", "--style", "block", "--force").code == 0
    assert PieceState(tune).best_midi == tune.draft


def test_a_piece_of_the_name_of_its_tune_is_taken_where_it_was_made_from_the_draft(
    tune: PieceFiles, composer: Program
) -> None:
    assert composer("cleanup", "tune.draft.mid", "-o", "tune.mid", "--force").code == 0
    assert PieceState(tune).best_midi == tune.midi


def test_no_draft_is_composed_beside_a_song_that_has_a_brief(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, composer: Program
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("band.mid").write_bytes(midi({"Lead": song()[:27], "Piano": low_chords(8)}))
    assert composer("brief", "band.mid").code == 0
    assert told_next(composer, "band") == "composer render band.mid"
    assert composer("watch", "band", "--once", "--no-preview").code == 0
    assert not Path("band.draft.mid").exists()
