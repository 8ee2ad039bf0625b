"""Whenever a step is killed, every file is the old or the new one, and composer knows its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.errors import CannotWrite
from composer.formats.record import Record, has_pending, read_record
from composer.workspace import PieceFiles, State, announcing, backup, note, pieces_in, save, state_of, tidy
from tests.benchmarks.kill_trials import Trial, trial_figures

NAMES = ("replace", "fsync")


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@pytest.fixture
def files(tmp_path: Path) -> PieceFiles:
    files = PieceFiles(tmp_path, "art")
    save(files, "cleanup", {files.midi: b"old", files.musicxml: b"old", files.report: b"old"}, inputs=[])
    return files


def _dying(monkeypatch: pytest.MonkeyPatch, last: int) -> list[int]:
    """From call ``last`` on nothing is done to any name, as if the process were gone."""
    count = [0]

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] > last:
                raise Killed
            return function(*words, **options)

        return counted

    for name in (*NAMES, "unlink"):
        monkeypatch.setattr(os, name, counting(getattr(os, name)))
    return count


def _save(files: PieceFiles) -> None:
    save(files, "cleanup", {files.midi: b"new", files.musicxml: b"new", files.report: b"new"})


def _states(files: PieceFiles) -> dict[bytes, set[State]]:
    found: dict[bytes, set[State]] = {}
    for path in (files.midi, files.musicxml, files.report):
        found.setdefault(path.read_bytes(), set()).add(state_of(path))
    return found


def test_at_every_moment_of_a_save_each_file_is_known(files: PieceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for last in range(100):
        with monkeypatch.context() as patch:
            count = _dying(patch, last)
            try:
                _save(files)
            except Killed:
                assert count[0] > last
            else:
                break
        states = _states(files)
        assert set(states) <= {b"old", b"new"}
        assert set().union(*states.values()) == {State.FRESH}
        seen.add(frozenset(states))
        _save(files)
        save(files, "cleanup", {files.midi: b"old", files.musicxml: b"old", files.report: b"old"})
    assert last > 10
    assert frozenset({b"old", b"new"}) in seen


def test_a_file_that_a_person_changes_after_the_kill_is_theirs(
    files: PieceFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _dying(patch, 9)
        with pytest.raises(Killed):
            _save(files)
    assert files.midi.read_bytes() == b"new"
    files.midi.write_bytes(b"mine")
    assert state_of(files.midi) is State.EDITED
    with pytest.raises(CannotWrite):
        _save(files)


def test_a_step_that_fails_leaves_no_announcement(files: PieceFiles) -> None:
    before = files.record.read_bytes()
    with pytest.raises(CannotWrite):
        save(files, "cleanup", {files.midi / "below.mid": b"new"})
    assert files.record.read_bytes() == before
    other = PieceFiles(files.folder, "other")
    with pytest.raises(CannotWrite):
        save(other, "cleanup", {files.midi / "below.mid": b"new"})
    assert not other.record.exists()


def test_a_step_that_writes_by_itself_is_recorded_by_what_it_announced(files: PieceFiles) -> None:
    part = files.folder / "part"
    part.mkdir()
    (part / "01_Melody.wav").write_bytes(b"sound")
    with announcing(files, "render", inputs={files.midi: b"old"}) as announce:
        announce({files.stems: part})
        part.rename(files.stems)
        assert state_of(files.stems) is State.FRESH
    assert state_of(files.stems / "01_Melody.wav") is State.FRESH
    assert set(read_record(files.record).steps["render"].outputs) == {"art.stems/01_Melody.wav"}
    assert b"pending" not in files.record.read_bytes()


def test_what_was_announced_and_never_written_is_forgotten(files: PieceFiles) -> None:
    part = files.folder / "part"
    part.write_bytes(b"sound")
    with pytest.raises(Killed), announcing(files, "render") as announce:
        announce({files.wav: part})
        raise Killed
    assert "render" not in read_record(files.record).steps


def test_what_the_dead_left_goes_with_the_next_step_and_is_no_piece(files: PieceFiles) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = [files.folder / f".art.{name}.{dead.pid}.x.part" for name in ("wav", "draft.1.mid")]
    folder = files.folder / f".art.stems.{dead.pid}.y.part"
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "01.wav").write_bytes(b"sound")
    other = files.folder / f".b.wav.{dead.pid}.x.part"
    for path in (*left, other):
        path.touch()
    assert [piece.name for piece in pieces_in(files.folder)] == ["art"]
    note(files, "render", [])
    assert not any(path.exists() for path in (*left, folder))
    assert (files.stems / "01.wav").read_bytes() == b"sound"  # the folder that was about to be replaced
    assert other.exists()


def test_what_a_killed_step_said_is_settled_without_a_new_one(
    files: PieceFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _dying(patch, 9)
        with pytest.raises(Killed):
            _save(files)
    assert has_pending(files.record)
    before = _states(files)
    tidy(files)
    assert not has_pending(files.record)
    assert _states(files) == before == {b"new": {State.FRESH}, b"old": {State.FRESH}}
    tidy(PieceFiles(files.folder, "nothing"))
    assert not (files.folder / "nothing.composer.json").exists()


def test_a_backup_is_whole_or_not_there(files: PieceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        _dying(patch, 0)
        with pytest.raises(Killed):
            backup(files.midi)
    assert not (files.folder / "art.1.mid").exists()
    assert backup(files.midi).read_bytes() == b"old"


def test_a_damaged_announcement_costs_no_file(files: PieceFiles) -> None:
    files.record.write_text(files.record.read_text().replace('"steps"', '"pending": 3, "steps"'))
    assert read_record(files.record) == Record()
    assert state_of(files.midi) is State.FOREIGN


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_commands_that_are_killed_can_be_run_again(tmp_path: Path) -> None:
    from composer.cli.app import main
    from composer.formats.midi.writer import midi_bytes
    from tests.formats.pieces import small_piece

    folder = tmp_path / "piece"
    folder.mkdir()
    midi = folder / "art.mid"
    midi.write_bytes(midi_bytes(small_piece()))
    for to in ("rpp", "midi-stems"):
        assert main(["export", str(midi), "--to", to, "-q"]) == 0
    assert main(["humanize", str(midi), "--seed", "1", "-q"]) == 0
    midi.write_bytes(midi_bytes(small_piece()).replace(b"Small piece", b"Other piece"))
    rng = np.random.default_rng(1)
    for words in (("export", "art.mid", "--to", "midi-stems"), ("humanize", "art.mid", "--seed", "2")):
        figures = trial_figures(Trial(words[0], folder, words), rng, at_random=1, every=6)
        assert figures.faults == []
        assert figures.kills > 3
        assert figures.midway > 0
