"""``composer status`` where something is gone, damaged or renamed: what was made from it is not called fresh."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mido
import pytest

from composer.errors import CannotWrite
from composer.formats.midi.source import ChangeNote, edited, read_source
from composer.formats.midi.writer import midi_bytes
from composer.formats.record import Record, StepRecord, read_record, record_bytes
from composer.workspace import PieceFiles, note, pieces_in, save
from tests.cli.conftest import Program, paint
from tests.cli.test_status import BRIEF
from tests.formats.pieces import small_piece


@pytest.fixture
def art(tmp_path: Path) -> PieceFiles:
    """A piece from its picture to its sound."""
    files = PieceFiles(tmp_path, "art")
    (tmp_path / "art.png").write_bytes(b"picture")
    save(files, "brief", {files.brief: json.dumps(BRIEF).encode()}, inputs=[tmp_path / "art.png"])
    save(files, "generate", {files.draft: midi_bytes(small_piece())}, inputs=[files.brief])
    written = {files.midi: midi_bytes(small_piece()), files.musicxml: b"<score/>"}
    save(files, "cleanup", written, inputs=[files.draft, files.brief])
    _render(files)
    return files


def _render(files: PieceFiles) -> None:
    stem = files.stems / "01_Melody.wav"
    stem.parent.mkdir(exist_ok=True)
    for path in (files.wav, stem):
        path.write_bytes(b"sound")
    note(files, "render", [files.wav, files.stems], inputs=[files.midi])


def _piece(composer: Program, files: PieceFiles) -> dict[str, Any]:
    told = json.loads(composer("status", files.folder / files.name, "--json").out)
    piece: dict[str, Any] = told["pieces"][0]
    return piece


def _rows(composer: Program, files: PieceFiles) -> dict[str, str]:
    """File -> what stands beside it in the table."""
    lines = composer("status", files.folder / files.name).out.splitlines()[1:]
    return {words[1]: " ".join(words[2:]) for line in lines if len(words := line.split()) > 1}


def _change(path: Path) -> None:
    source = read_source(path.read_bytes(), "x")
    path.write_bytes(edited(source, [ChangeNote(source.notes[2], velocity=1)]))


def test_what_was_stale_is_not_fresh_when_its_input_is_gone(art: PieceFiles, composer: Program) -> None:
    _change(art.midi)
    assert _piece(composer, art)["files"]["art.wav"] == "stale"
    art.midi.rename(art.folder / "rose.mid")
    found = _piece(composer, art)
    for name in ("art.wav", "art.stems"):
        assert (found["files"][name], found["why"][name]) == ("stale", ["art.mid is gone"])


def test_what_is_made_of_a_file_that_is_there_stays_fresh(art: PieceFiles, composer: Program) -> None:
    art.draft.unlink()
    found = _piece(composer, art)
    assert found["why"]["art.mid"] == ["art.draft.mid is gone"] and found["files"]["art.mid"] == "stale"
    assert found["files"]["art.wav"] == "fresh"


def test_what_was_behind_stays_behind_without_its_input(art: PieceFiles, composer: Program) -> None:
    art.brief.write_text(json.dumps({**BRIEF, "tempo_bpm": 80}))
    art.draft.unlink()
    assert _piece(composer, art)["why"]["art.wav"] == ["art.mid is stale"]


def test_a_picture_may_go_and_is_told(art: PieceFiles, composer: Program) -> None:
    (art.folder / "art.png").unlink()
    found = _piece(composer, art)
    assert (found["files"]["art.brief.json"], found["why"]["art.brief.json"]) == ("fresh", ["art.png is gone"])
    assert found["files"]["art.draft.mid"] == "fresh"


@pytest.mark.parametrize("name", ["art.draft.mid", "art.musicxml", "art.wav", "art.flac"])
def test_what_composer_wrote_and_is_deleted_is_missing(name: str, art: PieceFiles, composer: Program) -> None:
    flac = art.file(".flac")
    flac.write_bytes(b"sound")
    note(art, "render", [flac], inputs=[art.midi])
    (art.folder / name).unlink()
    assert _rows(composer, art)[name] == "missing"
    assert _piece(composer, art)["files"][name] == "missing"


def test_takes_and_a_mix_may_be_cleared_away(art: PieceFiles, composer: Program) -> None:
    save(art, "takes", {art.take(1): midi_bytes(small_piece())})
    save(art, "mix", {art.mix: b""})
    for path in (art.take(1), art.mix):
        path.unlink()
    assert "missing" not in _rows(composer, art).values()


@pytest.mark.parametrize("number", ["art.draft.1.mid", "art.1.mid"])
def test_a_backup_of_what_is_gone_is_no_piece(number: str, art: PieceFiles) -> None:
    (art.folder / number).write_bytes(midi_bytes(small_piece()))
    for path in (art.draft, art.midi):
        path.unlink()
    assert [piece.name for piece in pieces_in(art.folder)] == ["art"]
    (art.folder / "song.1.mid").write_bytes(b"")
    assert [piece.name for piece in pieces_in(art.folder)] == ["art", "song.1"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'{"broken', "damaged at line 1 column 2"),
        (b'{"format": "composer.record/2", "stages": []}', "a newer composer wrote it"),
        (b'{"steps": {"brief": {"seed": "x"}}}', "steps.brief.seed is not as it should be"),
        (b"[]", "all of it is not as it should be"),
    ],
)
def test_a_record_that_cannot_be_read_is_told(content: bytes, what: str, art: PieceFiles, composer: Program) -> None:
    art.record.write_bytes(content)
    line = f"art.composer.json cannot be read: {what}"
    assert line in composer("status", art.folder).out
    assert _piece(composer, art)["record"] == line
    with pytest.raises(CannotWrite, match="is not composer's own") as caught:
        save(art, "cleanup", {art.midi: b"new"})
    assert line in str(caught.value) and str(caught.value).endswith("use --force to replace it (a backup is kept)")
    assert art.record.read_bytes() == content
    save(art, "cleanup", {art.midi: b"new"}, force=True)
    assert (art.folder / "art.composer.1.json").read_bytes() == content
    assert [*read_record(art.record).steps] == ["cleanup"]


def test_make_says_why_it_keeps_what_a_damaged_record_knew(art: PieceFiles, composer: Program) -> None:
    paint(art.folder / "art.png")
    art.record.write_bytes(b"{")
    art.report.write_bytes(b"{}")
    run = composer("make", art.folder / "art.png")
    kept = "kept, not composer's own (art.composer.json cannot be read: damaged at line 1 column 2)"
    for path in (art.brief, art.draft, art.midi, art.wav):
        assert f"{path}: {kept}\n" in run.err
    assert "edited by hand" not in run.err


def test_a_damaged_record_outlives_a_step_that_fails(art: PieceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    art.record.write_bytes(b"{")

    def full(path: Path, content: bytes) -> None:
        raise CannotWrite(path, "the disk is full", "make room")

    monkeypatch.setattr("composer.workspace.saving.write_whole", full)
    with pytest.raises(CannotWrite, match="full"):
        save(art, "cleanup", {art.folder / "art.clean.mid": b"new"})
    assert art.record.read_bytes() == b"{"


def test_a_piece_whose_files_were_renamed_is_told(art: PieceFiles, composer: Program) -> None:
    for path in sorted(art.folder.glob("art.*")):
        path.rename(art.folder / path.name.replace("art.", "tulip."))
    tulip = PieceFiles(art.folder, "tulip")
    line = "tulip.composer.json is the record of art: files that were renamed are yours"
    assert _piece(composer, tulip)["record"] == line
    assert not [name for name in _rows(composer, tulip) if name.startswith("art.")]
    run = composer("generate", tulip.brief, "--bars", "2", "--tracks", "melody")
    assert run.code == 5 and f"is not composer's own ({line}), so every bar is yours; --force" in run.err


def test_a_save_at_another_resolution_is_no_edit(art: PieceFiles, composer: Program) -> None:
    draft = mido.MidiFile(art.draft)
    notes = [message for message in draft.tracks[1] if message.type in ("note_on", "note_off")]
    notes[2].time, notes[3].time = notes[2].time + 2, notes[3].time - 2  # what 96 ticks to the quarter cannot say
    draft.save(art.draft)
    save(art, "generate", {art.draft: art.draft.read_bytes()}, inputs=[art.brief], force=True)
    save(art, "cleanup", {art.midi: art.draft.read_bytes()}, inputs=[art.draft, art.brief])
    for track in draft.tracks:
        tick = now = 0
        for message in track:
            tick += message.time
            at = round(tick * 96 / 480)
            message.time, now = at - now, at
    draft.ticks_per_beat = 96
    draft.save(art.draft)
    found = _piece(composer, art)
    assert found["why"]["art.draft.mid"] == ["saved again, no bar changed"]
    assert found["why"]["art.mid"] == ["art.draft.mid was saved again"]
    assert {mark for one in found["bars"] for row in one["tracks"] for mark in row["map"]} <= {".", "-"}


def test_a_draft_that_is_cut_off_is_composed_again_and_not_cleaned(art: PieceFiles, composer: Program) -> None:
    art.draft.write_bytes(art.draft.read_bytes()[:-40])
    found = _piece(composer, art)
    assert found["next"] == "composer generate art.brief.json --force"
    assert found["why"]["art.draft.mid"][0].endswith("; export it again from the program it came from")
    assert found["why"]["art.mid"] == ["art.draft.mid cannot be read"]
    art.brief.unlink()
    (art.folder / "art.png").unlink()
    assert _piece(composer, art)["next"] is None


@pytest.mark.parametrize("text", ["{", json.dumps({**BRIEF, "tempo_bpm": 9999, "meter": "4/5"})])
def test_a_broken_brief_is_called_that_and_is_to_be_corrected(text: str, art: PieceFiles, composer: Program) -> None:
    art.brief.write_text(text)
    found = _piece(composer, art)
    (why,) = found["why"]["art.brief.json"]
    assert why.startswith("cannot be read: line 1 column 2" if text == "{" else "cannot be read: tempo_bpm: ")
    assert why.endswith("(and 1 more)") is (text != "{")
    assert found["next"] == "correct art.brief.json"
    assert found["why"]["art.draft.mid"][0] == "the brief cannot be read"


def test_a_new_mix_is_a_change_to_all_that_was_rendered_without_it(art: PieceFiles, composer: Program) -> None:
    save(art, "mix", {art.mix: b"# nothing\n"})
    found = _piece(composer, art)
    for name in ("art.wav", "art.stems"):
        assert (found["files"][name], found["why"][name]) == ("stale", ["made without art.mix.toml"])


def test_a_file_of_which_only_bars_were_composed_is_of_no_version(art: PieceFiles, composer: Program) -> None:
    known = StepRecord(outputs=read_record(art.record).steps["generate"].outputs)
    art.record.write_bytes(record_bytes(Record(steps={"generate": known})))
    assert "art.draft.mid" not in _piece(composer, art)["why"]


def test_what_is_exported_under_another_name_is_no_piece_and_is_guarded(art: PieceFiles, composer: Program) -> None:
    words = ("export", art.midi, "--to", "musicxml", "-o", art.folder / "print.musicxml")
    assert composer(*words).code == 0
    assert composer("render", art.midi, "-o", art.folder / "out.flac").code == 0
    assert composer("export", art.midi, "--to", "midi-stems", "-o", art.folder / "parts.midi-stems").code == 0
    assert [piece.name for piece in pieces_in(art.folder)] == ["art"]
    (art.folder / "print.musicxml").write_text("mine")
    assert composer(*words).code == 5
    assert (art.folder / "print.musicxml").read_text() == "mine"
    (art.folder / "print.mid").write_bytes(art.midi.read_bytes())
    assert [piece.name for piece in pieces_in(art.folder)] == ["art", "print"]
