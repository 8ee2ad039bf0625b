"""Names, records, and the promise that what a person edited is never lost."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from composer.errors import CannotWrite, UsageProblem
from composer.formats.midi.hashes import EditedBars
from composer.formats.midi.source import ChangeNote, edited, read_source
from composer.formats.midi.writer import midi_bytes
from composer.formats.record import Record, StepRecord, read_record, record_bytes
from composer.workspace import (
    PieceFiles,
    PieceState,
    State,
    cleanup_output,
    edited_bars,
    guard,
    note,
    pieces_in,
    save,
    state_of,
)
from tests.formats.pieces import small_piece


@pytest.fixture
def files(tmp_path: Path) -> PieceFiles:
    return PieceFiles.of(tmp_path / "art.png")


def _generated(files: PieceFiles) -> Record:
    files.brief.write_bytes(b"{}")
    return save(
        files, "generate", {files.draft: midi_bytes(small_piece())}, inputs=[files.brief],
        options={"style": "waltz"}, seed=7, versions={"composer": "0.1"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("art.png", "art"), ("art.v2.jpg", "art.v2"), ("art.draft.mid", "art"), ("art.brief.json", "art"),
        ("art.mid", "art"), ("art.clean.mid", "art"), ("art.cleanup.json", "art"), ("art.composer.json", "art"),
        ("art.card.png", "art"), ("art.stems", "art"), ("art.MID", "art"), ("a.b.draft.mid", "a.b"),
        ("art.musicxml", "art"), ("art.flac", "art"), (".draft.mid", ".draft"), ("art", "art"),
    ],
)  # fmt: skip
def test_the_piece_is_the_name_before_the_first_known_suffix(name: str, piece: str) -> None:
    assert PieceFiles.of(Path("folder") / name) == PieceFiles(Path("folder"), piece)


def test_cleanup_never_writes_over_its_input() -> None:
    assert cleanup_output(Path("x/art.draft.mid")) == Path("x/art.mid")
    assert cleanup_output(Path("x/song.mid")) == Path("x/song.clean.mid")
    assert cleanup_output(Path("x/song.MIDI")) == Path("x/song.clean.mid")
    assert cleanup_output(Path("x/song.clean.mid")) != Path("x/song.clean.mid")


def test_states_follow_the_record(files: PieceFiles) -> None:
    assert state_of(files.draft) is State.MISSING
    _generated(files)
    assert state_of(files.draft) is State.FRESH
    assert state_of(files.brief) is State.FOREIGN
    files.brief.write_bytes(b"{ }")
    assert state_of(files.draft) is State.STALE
    files.draft.write_bytes(b"edited")
    assert state_of(files.draft) is State.EDITED


def test_an_edited_file_is_replaced_only_with_force_and_a_backup(files: PieceFiles) -> None:
    _generated(files)
    files.draft.write_bytes(b"mine")
    with pytest.raises(CannotWrite, match=r"art.draft.mid: was edited by hand; use --force") as caught:
        _generated(files)
    assert caught.value.exit_code == 5
    assert files.draft.read_bytes() == b"mine"
    for number in (1, 2):
        save(files, "generate", {files.draft: b"ours"}, force=True)
        assert (files.folder / f"art.draft.{number}.mid").read_bytes() == b"mine"
        assert files.draft.read_bytes() == b"ours"
        files.draft.write_bytes(b"mine")


def test_a_file_that_is_ours_and_unchanged_is_replaced_without_a_word(files: PieceFiles) -> None:
    _generated(files)
    assert guard(files.draft, force=False) is None
    assert guard(files.draft, force=True) is None
    _generated(files)
    assert sorted(os.listdir(files.folder)) == ["art.brief.json", "art.composer.json", "art.draft.mid"]


@pytest.mark.parametrize("record", [None, b"", b"{", b"[]", b'{"steps": {"generate": {"outputs": 3}}}', b"\xff" * 100])
def test_without_a_good_record_every_file_is_theirs(files: PieceFiles, record: bytes | None) -> None:
    _generated(files)
    files.record.unlink()
    if record is not None:
        files.record.write_bytes(record)
    assert read_record(files.record) == Record()
    assert state_of(files.draft) is State.FOREIGN
    with pytest.raises(CannotWrite):
        guard(files.draft, force=False)


def test_nothing_is_written_when_one_output_is_guarded(files: PieceFiles) -> None:
    files.musicxml.write_bytes(b"theirs")
    with pytest.raises(CannotWrite):
        save(files, "cleanup", {files.midi: b"ours", files.musicxml: b"ours"})
    assert not files.midi.exists()
    assert not files.record.exists()


def test_the_own_input_is_refused_even_with_force(files: PieceFiles) -> None:
    files.midi.write_bytes(b"theirs")
    (files.folder / "link.mid").symlink_to(files.midi)
    for path in (files.midi, files.folder / "link.mid"):
        with pytest.raises(UsageProblem):
            save(files, "cleanup", {path: b"ours"}, inputs=[files.midi], force=True)
    assert files.midi.read_bytes() == b"theirs"


def test_the_record_has_the_same_bytes_each_time(files: PieceFiles) -> None:
    _generated(files)
    first = files.record.read_bytes()
    _generated(files)
    assert files.record.read_bytes() == first
    step = read_record(files.record).step("generate")
    assert step is not None
    assert (step.seed, step.options, step.versions) == (7, {"style": "waltz"}, {"composer": "0.1"})
    assert list(step.inputs) == ["art.brief.json"]


def test_a_later_step_takes_over_an_output() -> None:
    record = Record().with_step("a", StepRecord(outputs={"x": "1", "y": "1"}))
    record = record.with_step("b", StepRecord(outputs={"x": "2"}))
    assert {name: dict(step.outputs) for name, step in record.steps.items()} == {"a": {"y": "1"}, "b": {"x": "2"}}
    assert record_bytes(record) == record_bytes(Record(steps=dict(reversed(list(record.steps.items())))))


def test_a_step_is_up_to_date_until_inputs_options_or_outputs_change(files: PieceFiles) -> None:
    def ready(**options: object) -> bool:
        return PieceState(files).is_current([files.draft], [files.brief], options or {"style": "waltz"})

    files.brief.write_bytes(b"{}")
    assert not ready()
    _generated(files)
    assert ready()
    assert not ready(style="block")
    files.draft.write_bytes(b"a hand edit is later than the step")
    assert ready()
    files.brief.write_bytes(b"{ }")
    assert not ready()
    files.brief.write_bytes(b"{}")
    files.draft.unlink()
    assert not ready()


def test_folders_of_stems_are_guarded_as_one(files: PieceFiles) -> None:
    files.midi.write_bytes(b"midi")
    files.stems.mkdir()
    for name in ("01_Melody.wav", "02_Bass.wav"):
        (files.stems / name).write_bytes(name.encode())
    assert state_of(files.stems) is State.FOREIGN
    note(files, "render", [files.stems], inputs=[files.midi])
    assert state_of(files.stems) is State.FRESH
    assert state_of(files.stems / "02_Bass.wav") is State.FRESH
    assert PieceState(files).is_current([files.stems], [files.midi])
    (files.stems / "03_mine.wav").write_bytes(b"mine")
    assert state_of(files.stems) is State.EDITED
    assert guard(files.stems, force=True) == files.folder / "art.1.stems"
    assert (files.folder / "art.1.stems" / "03_mine.wav").read_bytes() == b"mine"


def test_edited_bars_are_found_by_track_and_bar(files: PieceFiles) -> None:
    _generated(files)
    assert edited_bars(files, files.draft) == ()
    source = read_source(files.draft.read_bytes(), "x")
    melody = [n for n in source.notes if n.channel == 0]
    files.draft.write_bytes(edited(source, [ChangeNote(melody[2], pitch=80)]))
    assert edited_bars(files, files.draft) == (EditedBars("Melody", (2,)),)
    shorter = replace(small_piece(), parts=small_piece().parts[1:])
    files.draft.write_bytes(midi_bytes(shorter))
    assert edited_bars(files, files.draft)[0] == EditedBars("Melody", (1, 2))
    assert edited_bars(files, files.brief) == ()


def test_pieces_of_a_folder_are_listed_without_backups(files: PieceFiles) -> None:
    _generated(files)
    files.draft.write_bytes(b"mine")
    guard(files.draft, force=True)
    for name in ("song.mid", "opus.1.mid", "photo.jpg", ".hidden.mid", "notes.txt"):
        (files.folder / name).write_bytes(b"")
    assert [p.name for p in pieces_in(files.folder)] == ["art", "opus.1", "song"]
    assert PieceState(files).best_midi == files.draft
    files.midi.write_bytes(b"")
    assert PieceState(files).best_midi == files.midi
    with pytest.raises(UsageProblem):
        pieces_in(files.folder / "none")


def test_a_name_that_is_not_utf_8_has_a_record_too(tmp_path: Path) -> None:
    files = PieceFiles.of(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")))
    save(files, "brief", {files.brief: b"{}"})
    assert state_of(files.brief) is State.FRESH


def test_a_write_that_fails_leaves_the_old_files(files: PieceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    _generated(files)
    before = {p.name: p.read_bytes() for p in files.folder.iterdir()}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(CannotWrite, match="free some disk space"):
        save(files, "generate", {files.draft: b"new"})
    monkeypatch.undo()
    assert {p.name: p.read_bytes() for p in files.folder.iterdir()} == before


def test_what_an_earlier_run_of_a_step_left_stays_known_with_its_own_inputs(files: PieceFiles) -> None:
    source = files.folder / "art.txt"
    for text in ("one", "two", "three"):
        source.write_text(text)
        save(files, "render", {files.file(f".{text}"): b"sound"}, inputs=[source])
    assert set(read_record(files.record).steps) == {"render", "render 1", "render 2"}
    found = [state_of(files.file(f".{text}"), files) for text in ("one", "two", "three")]
    assert found == [State.STALE, State.STALE, State.FRESH]
    files.file(".one").unlink()
    save(files, "render", {files.file(".two"): b"again"}, inputs=[source])
    assert {name: list(step.outputs) for name, step in read_record(files.record).steps.items()} == {
        "render": ["art.two"],
        "render 1": ["art.three"],
    }
