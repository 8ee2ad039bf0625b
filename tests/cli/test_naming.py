"""A bare name stands for a piece, and a name without an ending gets the usual one."""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import normalize

import pytest

from composer.errors import BadInput, UsageProblem
from composer.formats.midi.writer import midi_bytes
from composer.steps.naming import (
    brief_meant,
    draft_meant,
    heard_meant,
    output_of,
    performance_meant,
    piece_meant,
    written_meant,
)
from composer.workspace import PieceFiles
from tests.cli.conftest import Program
from tests.cli.test_wrong_files import BRIEF
from tests.formats.pieces import small_piece


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("art.brief.json").write_text(json.dumps(BRIEF))
    Path("art.draft.mid").write_bytes(midi_bytes(small_piece()))
    return tmp_path


def test_each_command_takes_the_file_of_the_piece_that_it_works_on() -> None:
    for name in ("art.mid", "art.human.mid"):
        Path(name).write_bytes(midi_bytes(small_piece()))
    name = Path("art")
    meant = [one(name).path.name for one in (brief_meant, draft_meant, written_meant, performance_meant, heard_meant)]
    assert meant == ["art.brief.json", "art.draft.mid", "art.mid", "art.human.mid", "art.human.mid"]
    assert brief_meant(name).lines == ("of art.brief.json",)


@pytest.mark.parametrize("name", ["art.draft.mid", "art.draft"])
def test_a_file_may_be_named_without_its_last_ending(name: str) -> None:
    assert written_meant(Path(name)).path == Path("art.draft.mid")
    assert written_meant(Path("art.draft.mid")).lines == ()


def test_a_name_with_a_dot_is_a_name() -> None:
    Path("op.1.draft.mid").write_bytes(midi_bytes(small_piece()))
    assert draft_meant(Path("op.1")).path == Path("op.1.draft.mid")
    assert output_of(Path("op.2"), Path("art.draft.mid")) == Path("op.2.draft.mid")


def test_any_file_of_a_piece_stands_for_it_where_the_whole_piece_is_meant() -> None:
    assert piece_meant(Path("art.brief.json")).path == Path("art.draft.mid")
    assert heard_meant(Path("art.brief.json")).path == Path("art.brief.json")


def test_a_folder_of_that_name_does_not_hide_the_piece_and_is_itself_without_one() -> None:
    Path("art").mkdir()
    Path("pictures").mkdir()
    assert draft_meant(Path("art")).path == Path("art.draft.mid")
    assert draft_meant(Path("pictures")).path == Path("pictures")


def test_a_name_that_no_piece_has_is_refused() -> None:
    with pytest.raises(BadInput, match="there is no brief of that piece"):
        brief_meant(Path("nothing"))


@pytest.mark.parametrize(
    ("default", "written"),
    [
        ("art.draft.mid", "neu.draft.mid"),
        ("art.mid", "neu.mid"),
        ("song.clean.mid", "neu.clean.mid"),
        ("art.human.mid", "neu.human.mid"),
        ("art.wav", "neu.wav"),
        ("art.pdf", "neu.pdf"),
        ("art.brief.json", "neu.brief.json"),
        ("art.mix.toml", "neu.mix.toml"),
        ("art.midi-stems", "neu"),
        ("art.pages", "neu"),
    ],
)
def test_an_output_without_an_ending_gets_the_usual_one(default: str, written: str) -> None:
    assert output_of(Path("neu"), Path(default)) == Path(written)


def test_an_ending_that_fits_stays_and_another_is_refused() -> None:
    for name, default in (
        ("a.midi", "art.mid"),
        ("a.MID", "art.draft.mid"),
        ("a.flac", "art.wav"),
        ("a.xml", "b.musicxml"),
    ):
        assert output_of(Path(name), Path(default)) == Path(name)
    with pytest.raises(UsageProblem) as refused:
        output_of(Path("a.wav"), Path("art.draft.mid"))
    hint = "ends in .wav, and what is written is a .mid file; end it in .mid, or leave the ending out"
    assert str(refused.value) == f"composer: a.wav: {hint}"


def test_what_is_written_without_an_ending_goes_through_all_steps(composer: Program) -> None:
    for words in (
        ("generate", "art", "--seed", "1", "-o", "neu", "--force"),
        ("cleanup", "neu", "-o", "fertig"),
        ("humanize", "fertig", "--seed", "1", "-o", "spiel"),
        ("check", "spiel"),
    ):
        assert composer(*words).code == 0, words
    for name in ("neu.draft.mid", "fertig.mid", "fertig.musicxml", "spiel.human.mid", "spiel.grid.mid"):
        assert Path(name).is_file(), name
    assert not any(path.suffix == "" for path in Path().iterdir())


def test_the_file_that_was_taken_is_told(composer: Program) -> None:
    assert "  of art.brief.json\n" in composer("generate", "art", "--seed", "1", "--force").err
    assert "of art.brief.json\n" in composer("plan", "art").err
    assert "  of art.draft.mid\n" in composer("cleanup", "art").err
    assert "  of art.mid\n" in composer("humanize", "art", "--seed", "1").err
    assert "of art.human.mid\n" in composer("humanize", "art", "--undo").err
    assert composer("diff", "art", "art.draft").err.startswith("art.mid -> art.draft.mid: ")
    assert composer("evaluate", "art").err.startswith("art.mid: ")
    assert PieceFiles(Path(), "art").human.is_file() and "art.human.mid: " in composer("check", "art").err


def test_an_accent_may_be_a_part_of_its_letter_or_stand_alone(composer: Program) -> None:
    whole, apart = (normalize(form, "Tür") for form in ("NFC", "NFD"))
    Path(f"{apart}.draft.mid").write_bytes(midi_bytes(small_piece()))
    Path(f"{apart}.brief.json").write_text(json.dumps(BRIEF))
    for name in (whole, f"{whole}.draft.mid"):
        assert draft_meant(Path(name)).path == Path(f"{apart}.draft.mid")
        assert json.loads(composer("status", name, "--json").out)["pieces"][0]["name"] == apart
    assert composer("plan", whole, "--seed", "1").code == 0
    assert composer("watch", whole, "--once", "--no-preview", "-q").code == 0
    assert all(normalize("NFC", path.name) != path.name for path in Path().glob("T*"))
