"""``composer export``: which file is exported, to where, and what a person's edits are worth."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from composer.cli.app import main
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.key import key_of
from composer.music.notes import BASS, MELODY, Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter
from composer.workspace import PieceFiles, State, note, state_of, step_of
from tests.export.files import brief_json, facts_of_midi, facts_of_project, sung_midi, write_sound

FORMATS = {
    "dawproject": "art.dawproject", "rpp": "art.rpp", "midi-stems": "art.midi-stems", "musicxml": "art.musicxml",
    "svg": "art.pages", "pdf": "art.pdf",
}  # fmt: skip
Export = Callable[..., tuple[int, dict[str, object], str]]


def _midi(pitch: int) -> bytes:
    return midi_bytes(_piece(pitch))


def _piece(pitch: int) -> Piece:
    parts = (
        Part("Melody", MELODY, 73, tuple(Note(beat * 480, pitch + beat, 470) for beat in range(8))),
        Part("Bass", BASS, 32, (Note(0, 40, 1920), Note(1920, 43, 1920))),
    )
    return Piece(
        "Art", Meter(4, 4), key_of("C", "major"), (Tempo(0, 100.0),), parts, 3840, markers=(Marker(0, "A"),)
    )  # fmt: skip


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    """The folder of a piece with a brief and a draft."""
    (tmp_path / "art.brief.json").write_bytes(brief_json())
    (tmp_path / "art.draft.mid").write_bytes(_midi(60))
    return tmp_path


@pytest.fixture
def export(piece: Path, capfd: pytest.CaptureFixture[str]) -> Export:
    """Run ``composer export NAME --json ...``: the code, the result, and what was said."""

    def run(name: str, *words: str | Path) -> tuple[int, dict[str, object], str]:
        capfd.readouterr()
        code = main(["export", str(piece / name), "--json", *map(str, words)])
        out, err = capfd.readouterr()
        return code, json.loads(out) if out else {}, err

    return run


def _all_bytes(path: Path) -> dict[str, bytes]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {file.name: file.read_bytes() for file in files}


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_is_written_beside_the_piece_and_is_the_same_again(to: str, piece: Path, export: Export) -> None:
    code, result, _ = export("art", "--to", to)
    assert code == 0
    written = piece / FORMATS[to]
    assert [Path(str(f)).relative_to(written) for f in result["files"]] or written.exists()  # type: ignore[attr-defined]
    assert result["exported"] == {"input": str(piece / "art.draft.mid"), "tracks": 2, "notes": 10}
    before = _all_bytes(written)
    assert export("art.brief.json", "--to", to)[0] == 0
    assert _all_bytes(written) == before
    left = {"art.brief.json", "art.draft.mid", "art.composer.json", FORMATS[to]}
    assert {path.name for path in piece.iterdir()} == left


def test_the_final_midi_is_exported_if_there_is_one_and_a_named_file_before_all(piece: Path, export: Export) -> None:
    (piece / "art.mid").write_bytes(_midi(72))
    for name, pitch in (("art", 72), ("art.draft.mid", 60)):
        assert export(name, "--to", "dawproject")[0] == 0
        with zipfile.ZipFile(piece / "art.dawproject") as archive:
            found = facts_of_project(archive.read("project.xml"), 480)
        assert found == facts_of_midi(_midi(pitch))


@pytest.mark.parametrize("to", FORMATS)
def test_what_a_person_edited_stays_until_force_and_then_as_a_backup(to: str, piece: Path, export: Export) -> None:
    export("art", "--to", to)
    path = piece / FORMATS[to]
    edited = next(path.iterdir()) if path.is_dir() else path
    edited.write_bytes(edited.read_bytes() + b"\n")
    (piece / "art.draft.mid").write_bytes(_midi(50))
    mine = _all_bytes(path)
    code, _, said = export("art", "--to", to)
    if to == "musicxml":  # a score that a person edited is the score
        assert (code, _all_bytes(path)) == (0, mine)
        return
    assert code == 5 and "was edited by hand" in said
    assert _all_bytes(path) == mine
    assert export("art", "--to", to, "--force")[0] == 0
    assert _all_bytes(path) != mine
    assert list(_all_bytes(path.with_name(f"art.1{path.suffix}")).values()) == list(mine.values())


def test_stems_come_along_unless_they_are_not_wanted(piece: Path, export: Export) -> None:
    for name in ("01_Melody.wav", "02_Bass.wav"):
        write_sound(piece / "art.stems" / name)
    _, result, _ = export("art", "--to", "dawproject")
    assert result["notes"] == ["of art.draft.mid", "with 2 stems of art.stems as audio tracks"]
    with zipfile.ZipFile(piece / "art.dawproject") as archive:
        assert archive.namelist() == ["project.xml", "metadata.xml", "audio/01_Melody.wav", "audio/02_Bass.wav"]
    export("art", "--to", "dawproject", "--no-audio")
    with zipfile.ZipFile(piece / "art.dawproject") as archive:
        assert archive.namelist() == ["project.xml", "metadata.xml"]
    export("art", "--to", "rpp")
    assert 'FILE "art.stems/01_Melody.wav"' in (piece / "art.rpp").read_text("utf-8")


def test_stems_of_another_file_of_the_piece_are_told(piece: Path, export: Export) -> None:
    write_sound(piece / "art.stems" / "01_Melody.wav")
    (piece / "art.mid").write_bytes((piece / "art.draft.mid").read_bytes())
    note(PieceFiles(piece, "art"), "render", [piece / "art.stems"], inputs=[piece / "art.draft.mid"])
    _, result, _ = export("art", "--to", "rpp")
    assert any(line.startswith("the stems sound art.draft.mid: run") for line in result["notes"])
    _, result, _ = export("art.draft.mid", "--to", "rpp", "--force")
    assert not any("the stems sound" in line for line in result["notes"])


def test_a_broken_stem_is_named(piece: Path, export: Export) -> None:
    (piece / "art.stems").mkdir()
    (piece / "art.stems" / "01_Melody.wav").write_bytes(b"RIFF")
    code, _, said = export("art", "--to", "dawproject")
    assert code == 3 and "01_Melody.wav: is no sound file" in said
    assert not (piece / "art.dawproject").exists()


def test_the_score_that_a_person_edited_is_the_one_that_is_printed(piece: Path, export: Export) -> None:
    export("art", "--to", "musicxml")
    score = piece / "art.musicxml"
    score.write_bytes(re.sub(rb"<part-name>[^<]+<", b"<part-name>Panflute<", score.read_bytes(), count=1))
    code, result, _ = export("art", "--to", "svg")
    assert code == 0 and result["notes"] == ["of art.draft.mid", "art.musicxml edited by hand: taken as it is"]
    assert "Panflute" in (piece / "art.pages" / "page-1.svg").read_text("utf-8")


def test_an_output_may_have_another_name_or_folder(piece: Path, export: Export) -> None:
    (piece / "out").mkdir()
    assert export("art", "--to", "rpp", "-o", piece / "out")[0] == 0
    for _ in range(2):  # a folder of ours is written again, into another one a new one is put
        assert export("art", "--to", "midi-stems", "-o", piece / "parts")[0] == 0
    assert export("art", "--to", "midi-stems", "-o", piece / "out")[0] == 0
    assert len(list((piece / "out" / "art.midi-stems").iterdir())) == 2
    assert (piece / "out" / "art.rpp").is_file()
    names = sorted(p.name for p in (piece / "parts").iterdir())
    assert names == ["01_Melody.mid", "02_Bass.mid"]
    assert read_source((piece / "parts" / names[0]).read_bytes(), "a").notes


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("art", "--to", "logic"), 2, "choose one of dawproject, rpp"),
        (("nothing", "--to", "rpp"), 3, "there is no MIDI file of that piece"),
        (("art.mid", "--to", "rpp"), 3, "no such file"),
        (("art", "--to", "rpp", "-o", "/nowhere/at/all/a.rpp"), 5, "make the folder first"),
    ],
)
def test_mistakes_are_one_line_and_a_code(words: tuple[str, ...], code: int, said: str, export: Export) -> None:
    found, _, error = export(*words)
    assert found == code and said in error
    assert len(error.splitlines()) == 1


def test_without_verovio_only_the_printed_pages_are_missing(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "verovio", None)
    code, _, said = export("art", "--to", "pdf")
    assert code == 4 and "pip install 'composer[engrave]'" in said
    assert export("art", "--to", "musicxml")[0] == 0


def test_a_file_of_the_same_name_that_is_not_ours_is_not_replaced(piece: Path, export: Export) -> None:
    (piece / "art.rpp").write_text("mine")
    code, _, said = export("art", "--to", "rpp")
    assert code == 5 and "not composer's own" in said
    assert (piece / "art.rpp").read_text() == "mine"


def test_status_tells_what_became_of_the_exports(
    piece: Path, export: Export, capfd: pytest.CaptureFixture[str]
) -> None:
    for to in ("rpp", "midi-stems"):
        export("art", "--to", to)
    (piece / "art.midi-stems" / "02_Bass.mid").write_bytes(_midi(40))
    (piece / "art.draft.mid").write_bytes(_midi(62))
    capfd.readouterr()
    assert main(["status", str(piece), "--json"]) == 0
    states = json.loads(capfd.readouterr().out)["pieces"][0]["files"]
    assert (states["art.rpp"], states["art.midi-stems"]) == ("stale", "edited by hand")


def test_a_score_made_anew_still_belongs_to_cleanup(piece: Path, export: Export) -> None:
    """Else `composer make` would clean again, over the MIDI file that a person edited."""
    assert main(["cleanup", str(piece / "art.draft.mid"), "-q"]) == 0
    files = PieceFiles(piece, "art")
    (piece / "art.mid").write_bytes(_midi(67))
    before = files.musicxml.read_bytes()
    assert export("art", "--to", "musicxml")[0] == 0
    assert files.musicxml.read_bytes() != before
    step = step_of(files, files.musicxml)
    assert step is not None and set(step.outputs) == {"art.mid", "art.musicxml", "art.cleanup.json"}
    assert [state_of(path) for path in (files.midi, files.musicxml)] == [State.EDITED, State.FRESH]


def test_words_are_in_every_format_that_has_a_place_for_them_and_missed_in_the_other(
    piece: Path, export: Export
) -> None:
    (piece / "song.mid").write_bytes(sung_midi())
    said = {to: export("song.mid", "--to", to)[1]["notes"] for to in ("dawproject", "rpp", "musicxml", "svg", "pdf")}
    assert said.pop("dawproject") == ["3 lyrics left out: lyrics have no place in a DAWproject"]
    assert not any("lyric" in str(notes) for notes in said.values())
    assert (piece / "song.musicxml").read_bytes().count(b"<lyric") == 3
    page = (piece / "song.pages" / "page-1.svg").read_text()
    assert all(f">{text}<" in page for text in ("Stil", "le", "Nächte"))


def test_a_performance_is_printed_as_the_music_that_it_plays(piece: Path, export: Export) -> None:
    asked = {"key": {"tonic": "A", "mode": "minor"}, "tempo_bpm": 90, "meter": "4/4"}
    form = [{"name": name, "bars": 8} for name in "AB"]
    (piece / "art.brief.json").write_text(json.dumps({**asked, "form": form}))
    for words in (["generate", "--force"], ["humanize"]):
        assert main([*words, str(piece / "art"), "--seed", "7", "-q"]) == 0
    for name in ("human", "draft"):
        assert export(f"art.{name}.mid", "--to", "musicxml", "-o", piece / f"{name}.musicxml")[0] == 0
    assert "rit." in (piece / "human.musicxml").read_text()
    assert (piece / "human.musicxml").read_bytes() == (piece / "draft.musicxml").read_bytes()
