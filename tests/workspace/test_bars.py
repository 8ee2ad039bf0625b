"""Bars of a person and stale bars: what the record knows of every track and bar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from composer.errors import CannotWrite
from composer.formats.files import sha256_of
from composer.formats.midi.source import ChangeNote, edited, read_source
from composer.formats.midi.writer import midi_bytes
from composer.formats.record import read_record, record_bytes
from composer.music.notes import Marker, Tempo
from composer.workspace import (
    CONDUCTOR,
    EditedBars,
    Keeping,
    PieceFiles,
    PieceState,
    State,
    edited_bars,
    renamed_tracks,
    save,
    state_of,
)
from tests.formats.pieces import small_piece

MELODY_2, BASS_1 = EditedBars("Melody", (2,)), EditedBars("Bass", (1,))


@pytest.fixture
def files(tmp_path: Path) -> PieceFiles:
    """A piece with a draft, and a cleaned file made from it."""
    files = PieceFiles(tmp_path, "art")
    save(files, "generate", {files.draft: midi_bytes(small_piece())})
    save(files, "cleanup", {files.midi: midi_bytes(small_piece())}, inputs=[files.draft])
    return files


def _louder(data: bytes, channel: int, number: int) -> bytes:
    source = read_source(data, "x")
    note = [note for note in source.notes if note.channel == channel][number]
    return edited(source, [ChangeNote(note, velocity=note.velocity + 1)])


def held(path: Path, *bars: EditedBars) -> Keeping:
    return Keeping(sha256_of(path), bars)


def test_bars_that_a_step_keeps_stay_edited_by_hand(files: PieceFiles) -> None:
    theirs = _louder(files.draft.read_bytes(), 0, 2)
    files.draft.write_bytes(theirs)
    ours = _louder(theirs, 2, 0)
    save(files, "generate", {files.draft: ours}, keeping={files.draft: held(files.draft, MELODY_2)})
    assert list(files.folder.glob("art.draft.*.mid")) == []
    assert state_of(files.draft) is State.EDITED
    assert edited_bars(files, files.draft) == (MELODY_2,)
    with pytest.raises(CannotWrite, match="edited by hand"):
        save(files, "generate", {files.draft: ours})
    files.draft.write_bytes(_louder(ours, 2, 1))
    assert edited_bars(files, files.draft) == (EditedBars("Bass", (2,)), MELODY_2)


def test_a_step_that_keeps_nothing_makes_the_file_ours_again(files: PieceFiles) -> None:
    files.draft.write_bytes(_louder(files.draft.read_bytes(), 0, 2))
    save(
        files,
        "generate",
        {files.draft: files.draft.read_bytes()},
        keeping={files.draft: Keeping(sha256_of(files.draft))},
    )
    assert state_of(files.draft) is State.FRESH
    assert edited_bars(files, files.draft) == ()


def test_what_no_bar_shows_keeps_a_file_edited(files: PieceFiles) -> None:
    files.draft.write_bytes(_louder(files.draft.read_bytes(), 0, 2))
    save(files, "generate", {files.draft: files.draft.read_bytes()}, keeping={files.draft: held(files.draft)})
    assert state_of(files.draft) is State.EDITED
    assert edited_bars(files, files.draft) == ()


def test_a_save_after_the_file_was_read_is_not_replaced(files: PieceFiles) -> None:
    as_read = held(files.draft, MELODY_2)
    theirs = _louder(files.draft.read_bytes(), 0, 2)
    files.draft.write_bytes(theirs)
    with pytest.raises(CannotWrite, match="was saved while this ran"):
        save(files, "generate", {files.draft: b"ours"}, keeping={files.draft: as_read})
    assert files.draft.read_bytes() == theirs
    saved = save(files, "generate", {files.draft: b"ours"}, keeping={files.draft: as_read}, force=True)
    assert [copy.read_bytes() for copy in saved.backups] == [theirs]


def test_without_what_was_written_every_bar_of_an_edited_file_is_a_person_s(files: PieceFiles) -> None:
    record = read_record(files.record)
    bare = {name: step.model_copy(update={"bars": {}}) for name, step in record.steps.items()}
    files.record.write_bytes(record_bytes(record.model_copy(update={"steps": bare})))
    assert edited_bars(files, files.draft) == ()
    files.draft.write_bytes(_louder(files.draft.read_bytes(), 0, 2))
    assert {one.track for one in edited_bars(files, files.draft)} >= {"Melody", "Bass"}


def test_only_a_file_of_ours_may_be_replaced_for_what_it_keeps(files: PieceFiles) -> None:
    other = files.folder / "art.take1.mid"
    other.write_bytes(b"theirs")
    with pytest.raises(CannotWrite, match="not composer's own"):
        save(files, "takes", {other: b"ours"}, keeping={other: held(other)})


def test_kept_bars_go_with_the_file_to_the_step_that_writes_it_next(files: PieceFiles) -> None:
    content = files.draft.read_bytes()
    save(files, "generate", {files.draft: content}, keeping={files.draft: held(files.draft, MELODY_2)})
    save(files, "other", {files.draft: content}, keeping={files.draft: held(files.draft, BASS_1)})
    record = read_record(files.record)
    assert record.steps["generate"].edited == {}
    assert record.steps["other"].edited == {"art.draft.mid": {"Bass": [1]}}


def test_a_later_file_is_stale_where_its_input_changed(files: PieceFiles) -> None:
    assert PieceState(files).stale_bars(files.midi) == ()
    files.draft.write_bytes(_louder(files.draft.read_bytes(), 0, 2))
    assert state_of(files.midi) is State.STALE
    assert PieceState(files).stale_bars(files.midi) == (MELODY_2,)
    assert PieceState(files).stale_bars(files.draft) == ()


def test_what_was_read_counts_and_not_what_came_meanwhile(files: PieceFiles) -> None:
    read = files.draft.read_bytes()
    files.draft.write_bytes(_louder(read, 0, 2))
    save(files, "cleanup", {files.midi: b"clean"}, inputs={files.draft: read})
    assert state_of(files.midi) is State.STALE
    assert PieceState(files).stale_bars(files.midi) == (MELODY_2,)


@pytest.mark.parametrize(
    ("change", "bars"),
    [
        ({"tempi": (Tempo(0, 96.0), Tempo(1920, 90.0))}, (2,)),
        ({"markers": (Marker(0, "A"), Marker(1920, "C"))}, (2,)),
        ({"markers": (Marker(0, "A"),)}, (2,)),
    ],
)
def test_tempo_and_markers_are_hashed_by_bar(
    files: PieceFiles, change: dict[str, object], bars: tuple[int, ...]
) -> None:
    files.draft.write_bytes(midi_bytes(replace(small_piece(), **change)))  # type: ignore[arg-type]
    assert edited_bars(files, files.draft) == (EditedBars(CONDUCTOR, bars),)


def test_records_from_before_know_nothing_of_the_conductor(files: PieceFiles) -> None:
    record = read_record(files.record)
    old = record.steps["generate"].bars["art.draft.mid"]
    text = files.record.read_text()
    files.record.write_text(text.replace(f'"{CONDUCTOR}": "{old[CONDUCTOR]}",', ""))
    assert CONDUCTOR not in read_record(files.record).steps["generate"].bars["art.draft.mid"]
    files.draft.write_bytes(midi_bytes(replace(small_piece(), tempi=(Tempo(0, 60.0),))))
    assert edited_bars(files, files.draft) == ()


def test_a_track_that_was_only_renamed_has_its_real_edits(files: PieceFiles) -> None:
    piece = small_piece()
    parts = (replace(piece.parts[0], name="Flute solo"), *piece.parts[1:])
    files.draft.write_bytes(midi_bytes(replace(piece, parts=parts)))
    assert edited_bars(files, files.draft) == ()
    assert renamed_tracks(files, files.draft) == {"Flute solo": "Melody"}
    files.draft.write_bytes(_louder(files.draft.read_bytes(), 0, 2))
    assert edited_bars(files, files.draft) == (EditedBars("Flute solo", (2,)),)
