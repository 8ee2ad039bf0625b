"""`undo`: what a MIDI file was before composer wrote over it; earlier versions and takes are known again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import mido
import pytest

from composer.cli.app import main
from composer.formats.record import read_record
from composer.steps.due.overview import Overview
from composer.workspace import PieceFiles, State, edited_bars, state_of

BRIEF = {
    "key": {"tonic": "D", "mode": "minor"},
    "tempo_bpm": 96,
    "meter": "4/4",
    "seed": 5,
    "form": [{"name": "A", "bars": 4}, {"name": "B", "bars": 4}],
}


@pytest.fixture
def art(tmp_path: Path) -> PieceFiles:
    (tmp_path / "art.brief.json").write_text(json.dumps(BRIEF))
    assert main(["generate", str(tmp_path / "art.brief.json"), "-q"]) == 0
    return PieceFiles(tmp_path, "art")


def redo(art: PieceFiles, bars: str, seed: int, *words: str) -> bytes:
    assert main(["generate", str(art.brief), "--bars", bars, "--seed", str(seed), *words, "-q"]) == 0
    return art.draft.read_bytes()


def undo(path: Path) -> int:
    return main(["undo", str(path), "-q"])


def edit(path: Path) -> bytes:
    midi = mido.MidiFile(path)
    track = next(t for t in midi.tracks if t.name == "Melody")
    first = next(i for i, m in enumerate(track) if m.type == "note_on" and m.velocity)
    track[first] = track[first].copy(velocity=101)
    midi.save(path)
    return path.read_bytes()


def test_each_step_back_is_what_was_there_and_so_is_its_record(art: PieceFiles) -> None:
    first, seed = art.draft.read_bytes(), read_record(art.record).steps["generate"].seed
    second = redo(art, "5-6", 9)
    redone = read_record(art.record).steps["generate"]
    third = redo(art, "6-7", 10)
    assert undo(art.folder / "art") == 0 and art.draft.read_bytes() == second != third
    assert read_record(art.record).steps["generate"] == redone and state_of(art.draft) is State.FRESH
    assert (art.folder / "art.draft.1.mid").read_bytes() == third
    assert undo(art.draft) == 0 and art.draft.read_bytes() == first
    assert read_record(art.record).steps["generate"].seed == seed and state_of(art.draft) is State.FRESH
    assert undo(art.draft) == 3 and art.draft.read_bytes() == first


def test_bars_redone_in_the_finished_piece_are_redone_no_more(art: PieceFiles) -> None:
    assert main(["cleanup", str(art.draft), "-q"]) == 0
    words = ("-o", str(art.midi), "--tracks", "melody")
    redo(art, "7", 9, *words)
    redo(art, "6", 10, *words)
    for why in (["bars redone: Melody 6-7"], ["bars redone: Melody 7"], []):
        told = {entry.path: entry for entry in Overview(art).entries}
        assert [*told[art.midi].why] == why
        assert told[art.midi].state is (State.REDONE if why else State.FRESH)
        assert told[art.musicxml].state is (State.STALE if why else State.FRESH)
        assert undo(art.midi) == (0 if why else 3)


def test_a_whole_draft_comes_back_with_the_edits_that_were_in_it(art: PieceFiles) -> None:
    edited = edit(art.draft)
    assert main(["generate", str(art.brief), "--seed", "8", "--force", "-q"]) == 0
    assert state_of(art.draft) is State.FRESH
    assert undo(art.draft) == 0 and art.draft.read_bytes() == edited
    assert state_of(art.draft) is State.EDITED
    assert [(one.track, one.bars) for one in edited_bars(art, art.draft)] == [("Melody", (1,))]
    assert read_record(art.record).steps["generate"].seed == 5


def test_what_is_there_is_kept_with_its_edits(art: PieceFiles) -> None:
    first = art.draft.read_bytes()
    redo(art, "5-6", 9)
    edited = edit(art.draft)
    assert undo(art.draft) == 0 and art.draft.read_bytes() == first
    assert (art.folder / "art.draft.1.mid").read_bytes() == edited


def test_an_earlier_version_that_a_person_copies_back_is_no_edit(art: PieceFiles) -> None:
    first = art.draft.read_bytes()
    redo(art, "5-6", 9)
    art.draft.write_bytes(first)
    assert state_of(art.draft) is State.FRESH and edited_bars(art, art.draft) == ()
    assert redo(art, "5-6", 10) != first


@pytest.mark.parametrize("words", [(), ("--bars", "5-6", "--tracks", "melody")])
def test_a_take_that_a_person_chooses_is_no_edit(art: PieceFiles, words: tuple[str, ...]) -> None:
    assert main(["generate", str(art.brief), *words, "--takes", "3", "--seed", "9", "-q"]) == 0
    shutil.copy(art.take(2), art.draft)
    assert state_of(art.draft) is State.FRESH and edited_bars(art, art.draft) == ()
    assert redo(art, "5", 10, "--tracks", "melody")


def test_takes_that_are_written_over_come_back(art: PieceFiles) -> None:
    assert main(["generate", str(art.brief), "--takes", "2", "--seed", "9", "-q"]) == 0
    before = art.take(1).read_bytes()
    assert main(["generate", str(art.brief), "--bars", "5-6", "--takes", "2", "--seed", "9", "-q"]) == 0
    assert art.take(1).read_bytes() != before
    assert undo(art.take(1)) == 0 and art.take(1).read_bytes() == before


def test_a_file_that_nothing_is_known_of_is_told(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    assert undo(art.draft) == 3
    assert "the record knows nothing of it before" in capsys.readouterr().err


def test_the_same_file_again_is_no_earlier_version(art: PieceFiles) -> None:
    assert main(["generate", str(art.brief), "--seed", "5", "-q"]) == 0
    assert read_record(art.record).earlier.get("art.draft.mid", []) == []


def test_the_piece_is_its_draft_though_the_cleanup_was_written_later(
    art: PieceFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    first = art.draft.read_bytes()
    assert main(["cleanup", str(art.draft), "-q"]) == 0
    redo(art, "5-6", 9, "--tracks", "melody")
    assert main(["cleanup", str(art.draft), "-q"]) == 0
    cleaned = art.midi.read_bytes()
    capsys.readouterr()
    assert main(["undo", str(art.folder / "art")]) == 0
    assert "undone: Melody 5-6 (seed 9)" in capsys.readouterr().err
    assert art.draft.read_bytes() == first and art.midi.read_bytes() == cleaned
    assert main(["undo", str(art.folder / "art")]) == 3
    assert "art: nothing of this piece can be undone" in capsys.readouterr().err
    assert art.midi.read_bytes() == cleaned


def test_a_cleanup_that_replaced_edits_is_undone_by_the_name_of_the_piece(art: PieceFiles) -> None:
    assert main(["cleanup", str(art.draft), "-q"]) == 0
    edited = edit(art.midi)
    assert main(["cleanup", str(art.draft), "--force", "-q"]) == 0 and art.midi.read_bytes() != edited
    assert undo(art.folder / "art") == 0
    assert art.midi.read_bytes() == edited and state_of(art.midi) is State.EDITED


@pytest.mark.parametrize("way", ["a song of theirs", "an imported one"])
def test_a_file_that_no_step_had_written_comes_back(tmp_path: Path, art: PieceFiles, way: str) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    song = folder / "song.mid"
    shutil.copy(art.draft, song)
    if way == "an imported one":
        assert main(["import", str(song), "--into", str(folder / "piece"), "-q"]) == 0
        song = folder / "piece.draft.mid"
    before, files = song.read_bytes(), PieceFiles.of(song)
    was = state_of(song)
    assert main(["brief", str(song), "-q"]) == 0
    words = ("--bars", "5-6", "--tracks", "melody", "-o", str(song), "--force", "-q")
    assert main(["generate", str(files.brief), *words]) == 0 and song.read_bytes() != before
    assert undo(files.folder / files.name) == 0
    assert song.read_bytes() == before and state_of(song) is was
    assert undo(song) == 3


def test_the_first_version_is_known_after_a_redo_over_edits(art: PieceFiles) -> None:
    first = art.draft.read_bytes()
    edit(art.draft)
    redo(art, "5-6", 9, "--tracks", "melody")
    art.draft.write_bytes(first)
    assert state_of(art.draft) is State.FRESH and edited_bars(art, art.draft) == ()


def test_what_an_import_came_in_place_of_is_put_back_in_its_turn(art: PieceFiles) -> None:
    first = art.draft.read_bytes()
    second = redo(art, "5-6", 9)
    returned = art.folder / "returned.mid"
    shutil.copy(art.draft, returned)
    edited = edit(returned)
    assert main(["import", str(returned), "--into", str(art.folder / "art"), "-q"]) == 0
    assert art.draft.read_bytes() == edited
    third = redo(art, "7", 10, "--tracks", "melody")
    assert edited != third
    for content, state in ((edited, State.EDITED), (second, State.FRESH), (first, State.FRESH)):
        assert undo(art.folder / "art") == 0
        assert art.draft.read_bytes() == content and state_of(art.draft) is state


def test_what_an_undone_cleanup_wrote_beside_is_behind(art: PieceFiles) -> None:
    assert main(["cleanup", str(art.draft), "-q"]) == 0
    first = art.midi.read_bytes()
    redo(art, "5-6", 9)
    assert main(["cleanup", str(art.draft), "-q"]) == 0
    second = art.midi.read_bytes()
    assert undo(art.midi) == 0 and art.midi.read_bytes() == first
    told = {entry.path: entry for entry in Overview(art).entries}
    for path in (art.musicxml, art.report):
        assert told[path].state is State.STALE and "art.mid was put back since" in told[path].why
    assert (Overview(art).next_step or ("", ""))[1] == "composer cleanup art.draft.mid"
    assert main(["cleanup", str(art.draft), "-q"]) == 0 and art.midi.read_bytes() == second
    assert {state_of(path) for path in (art.midi, art.musicxml, art.report)} == {State.FRESH}
