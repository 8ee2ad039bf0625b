"""What a person may forbid to cleanup, and the bars that they wrote themselves."""

from __future__ import annotations

import io
import json
from pathlib import Path

import mido
import pytest

from composer.formats.midi.writer import midi_bytes
from composer.formats.record import read_record
from composer.music.notes import Piece
from composer.workspace import PieceFiles, save
from tests.cleanup.music import piece
from tests.cli.conftest import Program

PARALLEL = piece(
    "G4:4 A4:4 B4:4 C5:4", "C2:4 D2:4 E2:4 C2:4", ["E3 G3 C4", "F3 A3 D4", "G3 B3 E4", "E3 G3 C4"],
    ["C", "Dm", "Em", "C"],
)  # fmt: skip
SLIP = piece("E4 G4 C#5 G4 E4 D4 C4:2", chords=["C3 E3 G3", "C3 E3 G3"], symbols=["C", "C"])
WITHOUT_SLIP = piece("E4 G4 C5 G4 E4 D4 C4:2", chords=["C3 E3 G3", "C3 E3 G3"], symbols=["C", "C"])


def written(folder: Path, music: Piece) -> Path:
    path = folder / "song.mid"
    path.write_bytes(midi_bytes(music))
    return path


def pitches(data: bytes, track: str) -> list[int]:
    found = next(t for t in mido.MidiFile(file=io.BytesIO(data)).tracks if t.name == track)
    return [m.note for m in found if m.type == "note_on" and m.velocity]


def cleaned(composer: Program, path: Path, *options: str) -> bytes:
    assert composer("cleanup", path, *options).code == 0
    return path.with_name("song.clean.mid").read_bytes()


def recorded(path: Path) -> dict[str, object]:
    return dict(read_record(PieceFiles.of(path).record).steps["cleanup"].options)


def test_keep_melody_leaves_the_melody(composer: Program, tmp_path: Path) -> None:
    path = written(tmp_path, PARALLEL)
    data = cleaned(composer, path, "--keep-melody")
    assert pitches(data, "Melody") == pitches(path.read_bytes(), "Melody")
    assert data != path.read_bytes()
    assert recorded(path) == {"key": None, "brief": None, "keep_melody": True}


def test_locked_tracks_are_left(composer: Program, tmp_path: Path) -> None:
    path = written(tmp_path, PARALLEL)
    data = cleaned(composer, path, "--lock", "Piano", "--lock", "Bass")
    for track in ("Piano", "Bass"):
        assert pitches(data, track) == pitches(path.read_bytes(), track)
    assert recorded(path)["lock"] == ["Bass", "Piano"]
    assert cleaned(composer, path, "--lock", "Piano", "--lock", "Bass", "--lock", "Melody") == path.read_bytes()


def test_a_track_that_is_not_there_cannot_be_locked(composer: Program, tmp_path: Path) -> None:
    result = composer("cleanup", written(tmp_path, PARALLEL), "--lock", "Tuba")
    assert result.code == 2
    assert "no track 'Tuba'; choose one of Melody, Piano, Bass" in result.err
    assert not (tmp_path / "song.clean.mid").exists()


@pytest.mark.parametrize(("option", "music"), [("--no-key", SLIP), ("--no-voice-leading", PARALLEL)])
def test_half_of_cleanup_can_be_left_out(composer: Program, tmp_path: Path, option: str, music: Piece) -> None:
    path = written(tmp_path, music)
    assert cleaned(composer, path) != path.read_bytes()
    assert cleaned(composer, path, option) == path.read_bytes()
    assert recorded(path)[option.removeprefix("--").replace("-", "_")] is True


def test_bars_that_a_person_wrote_keep_their_foreign_notes(composer: Program, tmp_path: Path) -> None:
    composed, files = PieceFiles(tmp_path, "composed"), PieceFiles(tmp_path, "song")
    save(composed, "generate", {composed.draft: midi_bytes(SLIP)})
    assert composer("cleanup", composed.draft).code == 0
    assert 73 not in pitches(composed.midi.read_bytes(), "Melody")
    save(files, "generate", {files.draft: midi_bytes(WITHOUT_SLIP)})
    files.draft.write_bytes(midi_bytes(SLIP))
    assert composer("cleanup", files.draft).code == 0
    assert 73 in pitches(files.midi.read_bytes(), "Melody")
    changes = json.loads(files.report.read_bytes())["changes"]
    assert [(c["from"], c["suggestion"], c["accept"], c["applied"]) for c in changes] == [("C#5", True, False, False)]


def test_a_locked_track_is_named_in_any_case_or_by_its_role(composer: Program, tmp_path: Path) -> None:
    path = written(tmp_path, PARALLEL)
    cleaned(composer, path, "--lock", "piano", "--lock", "BASS")
    assert recorded(path)["lock"] == ["Bass", "Piano"]
    cleaned(composer, path, "--lock", "melody")
    assert recorded(path)["lock"] == ["Melody"]
    assert (
        "has no track 'Melodi' (did you mean Melody?); choose one of"
        in composer("cleanup", path, "--lock", "Melodi").err
    )


def test_a_key_in_another_way_of_writing_is_told(composer: Program, tmp_path: Path) -> None:
    path = written(tmp_path, PARALLEL)
    (tmp_path / "song.brief.json").write_text(
        '{"key": {"tonic": "D", "mode": "minor"}, "tempo_bpm": 90, "meter": "4/4", "form": [{"name": "A", "bars": 4}]}'
    )
    assert "  --key d is D minor\n" in composer("cleanup", path, "--key", "d", "--dry-run").err
    assert "  --key D is D major; the brief is in D minor\n" in composer("cleanup", path, "--key", "D", "--dry-run").err
    assert "--key" not in composer("cleanup", path, "--key", "D minor", "--dry-run").err
