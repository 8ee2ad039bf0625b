"""The wrong file for a command is named for what it is; one that is not there is met with what was perhaps meant."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from PIL import Image

from composer.errors import BadInput, OverLimit
from composer.formats.brief.brief import Brief
from composer.formats.brief.text import brief_bytes
from composer.formats.files import read_bytes
from composer.formats.kinds import BRIEF, MIDI, PICTURE, RECORD, RECORDING, REPORT, SCORE, kind_of
from composer.formats.midi.writer import midi_bytes
from composer.formats.record import Record, record_bytes
from tests.formats.pieces import small_piece

PLAIN = {"key": {"tonic": "C", "mode": "major"}, "tempo_bpm": 96.0, "meter": "4/4", "form": [{"name": "A", "bars": 8}]}


def picture(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, format=kind)
    return stream.getvalue()


def recording() -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(200))
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_every_picture_that_a_brief_is_made_from_is_known(kind: str) -> None:
    assert kind_of(picture(kind)) == PICTURE


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (midi_bytes(small_piece()), MIDI),
        (brief_bytes(Brief.model_validate(PLAIN)), BRIEF),
        (b'\xef\xbb\xbf {"tempo_bpm": 96}', BRIEF),
        (record_bytes(Record()), RECORD),
        (b'{"format": "composer.cleanup/1"}', REPORT),
        (recording(), RECORDING),
        (b"<?xml version='1.0'?><score-partwise/>", SCORE),
        (b"RIFF\0\0\0\0RMIDdata", ""),
        (b'{"format": 3}', ""),
        (b"", ""),
        (b"\xff\xfe\0", ""),
    ],
)
def test_other_files_are_known_by_how_they_begin(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind


@pytest.mark.parametrize(
    ("content", "wanted", "line"),
    [
        (picture("PNG"), "brief", "is a picture, not a brief; run `composer brief art.x` first"),
        (midi_bytes(small_piece()), "brief", "is a MIDI file, not a brief; name a brief, such as art.brief.json"),
        (picture("PNG"), "MIDI file", "is a picture, not a MIDI file; run `composer make art.x`"),
        (b'{"tempo_bpm": 96}', "MIDI file", "is a brief, not a MIDI file; run `composer generate art.x` first"),
        (recording(), "MIDI file", "is a recording, not a MIDI file; name the MIDI file that it was made from"),
        (b'{"tempo_bpm": 96}', "picture", "is a brief, not a picture; it goes to `composer generate art.x`"),
        (record_bytes(Record()), "brief", "is a record of a piece, not a brief; name a brief"),
    ],
)
def test_the_wrong_file_is_refused_with_what_to_do(tmp_path: Path, content: bytes, wanted: str, line: str) -> None:
    path = tmp_path / "art.x"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_bytes(path, 10**6, wanted)
    assert line in str(caught.value)
    assert read_bytes(path, 10**6) == content


def test_what_it_is_comes_before_how_large_it_is(tmp_path: Path) -> None:
    path = tmp_path / "art.png"
    path.write_bytes(picture("PNG") + bytes(1000))
    with pytest.raises(BadInput, match="is a picture, not a brief"):
        read_bytes(path, 500, "brief")
    with pytest.raises(OverLimit):
        read_bytes(path, 500, "picture")


@pytest.mark.parametrize(
    ("name", "wanted", "hint"),
    [
        ("art", "brief", "did you mean art.brief.json?"),
        ("art", "MIDI file", "did you mean art.mid or art.draft.mid?"),
        ("art", "picture", "did you mean art.png?"),
        ("atr.brief.json", "brief", "did you mean art.brief.json?"),
        ("other", "MIDI file", "check the name and the folder"),
        ("art", "report", "check the name and the folder"),
        ("nowhere/art", "brief", "check the name and the folder"),
    ],
)
def test_a_file_that_is_not_there(tmp_path: Path, name: str, wanted: str, hint: str) -> None:
    for suffix in (".brief.json", ".draft.mid", ".mid", ".png"):
        (tmp_path / f"art{suffix}").touch()
    with pytest.raises(BadInput) as caught:
        read_bytes(tmp_path / name, 100, wanted)
    assert (caught.value.reason, caught.value.hint) == ("no such file", hint)
