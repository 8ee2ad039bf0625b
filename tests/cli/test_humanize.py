"""``composer humanize``: a performance, its grid, and back, with the rules about files of a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from composer.contract.stage import checked
from composer.formats.midi.source import ChangeNote, edited, read_source
from composer.formats.record import read_record
from composer.workspace import PieceFiles, PieceState, State, save, state_of
from tests.cli.conftest import Program
from tests.daw_return import damage
from tests.humanize.pieces import bytes_of
from tests.humanize.reader import heard

BAR = 1920
MUSIC = bytes_of()
MELODY = 1


@pytest.fixture
def files(tmp_path: Path) -> PieceFiles:
    """A finished piece as composer wrote it."""
    found = PieceFiles(tmp_path, "art")
    save(found, "cleanup", {found.midi: MUSIC})
    return found


def edit(path: Path, bar: int, velocity: int = 31) -> bytes:
    """The first note of that bar of the tune with another velocity; what is written."""
    source = read_source(path.read_bytes(), "x.mid")
    note = next(n for n in source.notes if n.track == MELODY and n.start // BAR + 1 == bar)
    path.write_bytes(edited(source, [ChangeNote(note, velocity=velocity)]))
    return path.read_bytes()


def test_it_writes_a_performance_and_its_grid(files: PieceFiles, composer: Program) -> None:
    run = composer("humanize", files.midi, "--seed", "7", "--json")
    assert run.code == 0, run.err
    done = json.loads(run.out)
    assert done["seed"] == 7 and done["files"] == [str(files.human), str(files.grid)]
    assert files.midi.read_bytes() == files.grid.read_bytes() == MUSIC != files.human.read_bytes()
    assert checked(files.human.read_bytes(), "x.mid").is_clean
    step = read_record(files.record).step("humanize")
    assert step is not None and step.seed == 7 and [*step.inputs] == ["art.mid"]
    assert step.options["strength"] == 0.5 and step.options["keep_dynamics"] is False
    assert state_of(files.human) is State.FRESH is state_of(files.grid)


def test_a_seed_that_was_drawn_gives_the_same_again(files: PieceFiles, composer: Program) -> None:
    seed = json.loads(composer("humanize", files.midi, "--json").out)["seed"]
    first = files.human.read_bytes()
    assert composer("humanize", files.midi, "--seed", str(seed)).code == 0
    assert files.human.read_bytes() == first


def test_the_performance_is_what_is_played_until_the_music_changes(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    assert PieceState(files).best_midi == files.human and PieceState(files).written_midi == files.midi
    edit(files.human, 3)
    assert PieceState(files).best_midi == files.human
    save(files, "cleanup", {files.midi: bytes_of(tempo_bpm=100.0)})
    assert PieceState(files).best_midi == files.midi and state_of(files.grid) is State.STALE


@pytest.mark.parametrize("words", [("--strength", "1.2"), ("--undo", "--strength", "0.4"), ("--undo", "--seed", "1")])
def test_wrong_options_are_refused(files: PieceFiles, composer: Program, words: tuple[str, ...]) -> None:
    run = composer("humanize", files.midi, *words)
    assert run.code == 2 and run.err.count("\n") == 1 and not files.human.exists()


def test_bars_edited_by_hand_stay_as_they_are(files: PieceFiles, composer: Program) -> None:
    mine = edit(files.midi, 4)
    run = composer("humanize", files.midi, "--seed", "7", "--strength", "1")
    assert run.code == 0 and "edited by hand: Melody 4" in run.err
    before, after = heard(mine), heard(files.human.read_bytes())
    same = {(n.track, n.start // BAR + 1) for n, m in zip(before, after, strict=True) if n == m}
    assert same == {(MELODY, 4)}
    assert composer("humanize", files.midi, "--seed", "7", "--strength", "1", "--force").code == 0
    assert not any(n == m for n, m in zip(before, heard(files.human.read_bytes()), strict=True))


def test_locked_bars_stay_also_with_force(files: PieceFiles, composer: Program) -> None:
    brief = {
        "key": {"tonic": "D", "mode": "minor"}, "tempo_bpm": 96.0, "meter": "4/4",
        "form": [{"name": "A", "bars": 8}, {"name": "B", "bars": 8}], "locked": [{"bars": "B", "tracks": ["bass"]}],
    }  # fmt: skip
    files.brief.write_text(json.dumps(brief))
    run = composer("humanize", files.midi, "--seed", "7", "--force")
    assert run.code == 0 and "locked: Bass 9-16" in run.err
    before, after = heard(MUSIC), heard(files.human.read_bytes())
    same = {(n.track, n.start // BAR + 1) for n, m in zip(before, after, strict=True) if n == m}
    assert same == {(3, bar) for bar in range(9, 17)}


def test_an_edited_performance_is_not_overwritten(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    mine = edit(files.human, 3)
    assert composer("humanize", files.midi, "--seed", "8").code == 5
    assert files.human.read_bytes() == mine
    assert composer("humanize", files.midi, "--seed", "8", "--force").code == 0
    assert (files.folder / "art.human.1.mid").read_bytes() == mine


def test_undo_keeps_the_edits_of_a_person(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    mine = edit(files.human, 3)
    run = composer("humanize", files.human, "--undo")
    assert run.code == 0 and "back on the grid; 1 keeps what you changed\n" in run.err
    still = "render and export of art still take art.human.mid: name art.grid.mid, or move the performance away"
    assert run.err.endswith(f"  {still}\n")
    gone = [n for n, m in zip(heard(MUSIC), heard(files.grid.read_bytes()), strict=True) if n != m]
    assert len(gone) == 1 and gone[0].start // BAR + 1 == 3
    assert files.human.read_bytes() == mine and files.midi.read_bytes() == MUSIC
    again = files.grid.read_bytes()
    assert composer("humanize", files.human, "--grid").code == 0
    assert files.grid.read_bytes() == again and not (files.folder / "art.grid.1.mid").exists()


def test_undo_says_nothing_of_a_performance_that_is_not_what_sounds(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    edit(files.midi, 5)
    run = composer("humanize", files.human, "--undo")
    assert run.code == 0 and "still take" not in run.err


def test_undo_backs_up_a_grid_that_a_person_edited(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    mine = edit(files.grid, 5)
    edit(files.human, 3)
    run = composer("humanize", files.human, "--undo")
    assert run.code == 0 and "kept as art.grid.1.mid" in run.err
    assert (files.folder / "art.grid.1.mid").read_bytes() == mine


def test_undo_tells_its_backup_whatever_the_piece_is_called(files: PieceFiles, composer: Program) -> None:
    odd = PieceFiles(files.folder, "art [1]*")
    odd.midi.write_bytes(files.midi.read_bytes())
    composer("humanize", odd.midi, "--seed", "7")
    mine = edit(odd.grid, 5)
    run = composer("humanize", odd.human, "--undo")
    assert run.code == 0 and "what was there is kept as art [1]*.grid.1.mid" in run.err
    assert (files.folder / "art [1]*.grid.1.mid").read_bytes() == mine


def test_undo_after_a_daw_took_half_of_it(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    harm = damage.chain(damage.type_0, damage.of_resolution(96), damage.silent_note_offs, damage.no_markers)
    files.human.write_bytes(harm(files.human.read_bytes()))
    assert composer("humanize", files.human, "--undo").code == 0
    assert [(n.track, n.start, n.pitch, n.velocity) for n in heard(files.grid.read_bytes())] == [
        (n.track, n.start, n.pitch, n.velocity) for n in heard(MUSIC)
    ]


def test_cleanup_of_a_performance_says_what_to_clean(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    before = sorted(path.name for path in files.folder.iterdir())
    for words in ((), ("--force",), ("--dry-run",), ("--review",)):
        run = composer("cleanup", files.human, *words)
        assert (run.code, run.err.count("\n")) == (2, 1)
        assert "art.human.mid: is a performance of art.mid; clean art.mid and humanize that" in run.err
    edit(files.human, 3)
    run = composer("cleanup", files.human)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "that you edited; `composer humanize art.human.mid --undo`, then clean art.grid.mid" in run.err
    assert sorted(path.name for path in files.folder.iterdir()) == before
    assert composer("cleanup", files.human, "-o", files.folder / "played.mid").code == 0
    assert composer("cleanup", files.midi).code == 0


def test_a_file_called_human_with_nothing_beside_it_is_cleaned(files: PieceFiles, composer: Program) -> None:
    files.midi.rename(files.human)
    assert composer("cleanup", files.human).code == 0
    assert (files.folder / "art.human.clean.mid").is_file()


def test_a_second_layer_starts_from_the_grid(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7", "--strength", "1")
    composer("humanize", files.midi, "--seed", "9", "-o", files.folder / "other.mid")
    assert composer("humanize", files.human, "--seed", "9").code == 0
    assert files.human.read_bytes() == (files.folder / "other.mid").read_bytes()
    assert files.grid.read_bytes() == MUSIC and PieceState(files).best_midi == files.human


def test_undo_of_what_is_no_performance_is_refused(files: PieceFiles, composer: Program) -> None:
    run = composer("humanize", files.midi, "--undo")
    assert run.code == 3 and "art.mid" in run.err and not files.grid.exists()


def test_an_export_of_the_performance_goes_back_into_it(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    first = files.human.read_bytes()
    mine = edit(files.human, 3)
    come = files.folder / "from live.mid"
    come.write_bytes(damage.no_markers(mine))
    files.human.write_bytes(first)
    assert composer("import", come, "--into", files.folder / "art").code == 0
    assert heard(files.human.read_bytes()) == heard(mine) and files.midi.read_bytes() == MUSIC


def test_an_export_of_the_music_goes_back_into_that(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "7")
    first = files.human.read_bytes()
    come = files.folder / "from live.mid"
    come.write_bytes(damage.no_names(MUSIC))
    assert composer("import", come, "--into", files.folder / "art").code == 0
    assert files.midi.read_bytes() == MUSIC and files.human.read_bytes() == first


def test_make_has_a_piece_played_and_keeps_it_played(picture: Path, composer: Program) -> None:
    files, words = PieceFiles.of(picture), ("make", picture, "--bars", "4", "--seed", "5")
    assert composer(*words, "--humanize", "0.6").code == 0
    step = read_record(files.record).step("humanize")
    assert step is not None and (step.seed, step.options["strength"]) == (5, 0.6)
    rendered = read_record(files.record).step("render")
    assert rendered is not None and "art.human.mid" in rendered.inputs
    before = files.human.read_bytes()
    run = composer(*words, "--json")
    assert {one["step"]: one["state"] for one in json.loads(run.out)["pieces"][0]["steps"]}["humanize"] == "up to date"
    assert files.human.read_bytes() == before
    assert composer("make", picture, "--humanize", "3").code == 2


def test_a_file_of_a_person_is_played_in_its_own_resolution(tmp_path: Path, composer: Program) -> None:
    song = tmp_path / "song.mid"
    song.write_bytes(bytes_of(ticks_per_beat=96))
    assert composer("humanize", song, "--seed", "1", "-o", tmp_path / "out.mid").code == 0
    assert (tmp_path / "out.grid.mid").read_bytes() == song.read_bytes()
    played = heard((tmp_path / "out.mid").read_bytes())
    assert {note.quarter for note in played} == {96} and played != heard(song.read_bytes())
    assert composer("humanize", tmp_path / "out.mid", "--undo").code == 0
    assert composer("humanize", song, "-o", song).code == 2


def test_the_performance_of_another_file_is_kept_as_a_numbered_copy(files: PieceFiles, composer: Program) -> None:
    save(files, "generate", {files.draft: MUSIC})
    composer("humanize", files.midi, "--seed", "2", "--strength", "0.6")
    before = files.human.read_bytes()
    run = composer("humanize", files.draft, "--seed", "3")
    assert run.code == 0
    assert "art.human.mid was of art.mid: that one is kept as art.human.1.mid\n" in run.err
    assert (files.folder / "art.human.1.mid").read_bytes() == before


def test_another_performance_of_the_same_music_tells_the_way_back(files: PieceFiles, composer: Program) -> None:
    composer("humanize", files.midi, "--seed", "2", "--strength", "0.6")
    before = files.human.read_bytes()
    run = composer("humanize", files.midi, "--seed", "3")
    assert "another one was there; `composer humanize art.mid --strength 0.6 --seed 2` makes it again\n" in run.err
    assert not (files.folder / "art.human.1.mid").exists()
    composer("humanize", files.midi, "--strength", "0.6", "--seed", "2")
    assert files.human.read_bytes() == before
    assert "another one" not in composer("humanize", files.midi, "--strength", "0.6", "--seed", "2").err


def test_a_refused_performance_leaves_no_copy(files: PieceFiles, composer: Program) -> None:
    save(files, "generate", {files.draft: MUSIC})
    composer("humanize", files.midi, "--seed", "2")
    edit(files.grid, 2)
    assert composer("humanize", files.draft, "--seed", "3").code == 5
    assert not (files.folder / "art.human.1.mid").exists()
