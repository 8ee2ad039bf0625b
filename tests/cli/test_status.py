"""``composer status``: why a file is stale, which bars a person edited, and a table that stays short."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from composer import __version__
from composer.cli.commands.bar_lines import legend_of, lines_of
from composer.formats.midi.source import ChangeNote, edited, read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.regions import Section
from composer.steps.due.bar_map import BarMap, Row
from composer.workspace import PieceFiles, save
from tests.cli.conftest import Program
from tests.daw_return.damage import one_clip
from tests.formats.pieces import small_piece

BRIEF = {
    "key": {"tonic": "Eb", "mode": "major"}, "tempo_bpm": 96, "meter": "4/4",
    "form": [{"name": "A", "bars": 1}, {"name": "B", "bars": 1}],
}  # fmt: skip


@pytest.fixture
def art(tmp_path: Path) -> PieceFiles:
    """A piece with every step but the last done."""
    files = PieceFiles(tmp_path, "art")
    save(files, "brief", {files.brief: json.dumps(BRIEF).encode()})
    save(files, "import", {files.draft: midi_bytes(small_piece())}, inputs=[files.brief])
    save(files, "cleanup", {files.midi: midi_bytes(small_piece())}, inputs=[files.draft])
    return files


@pytest.fixture
def scored(art: PieceFiles) -> PieceFiles:
    """The same with the score and the report that the cleanup writes."""
    written = {art.midi: midi_bytes(small_piece()), art.musicxml: b"<score/>", art.report: b"{}"}
    save(art, "cleanup", written, inputs=[art.draft, art.brief], versions={"composer": __version__})
    return art


def _change(path: Path) -> None:
    source = read_source(path.read_bytes(), "x")
    note = [note for note in source.notes if note.channel == 0][2]
    path.write_bytes(edited(source, [ChangeNote(note, velocity=1)]))


def _edit_brief(files: PieceFiles, **changes: object) -> None:
    files.brief.write_text(json.dumps({**BRIEF, **changes}))


def _told(composer: Program, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(composer("status", path, "--json").out)
    return found


def _maps(told: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {one["file"]: {row["track"]: row["map"] for row in one["tracks"]} for one in told["pieces"][0]["bars"]}


@pytest.fixture(autouse=True)
def same_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("composer.steps.composing.trained.is_of_today", lambda step: True)


def test_only_files_that_are_there_and_the_next_one_are_listed(scored: PieceFiles, composer: Program) -> None:
    lines = [line.split() for line in composer("status", scored.folder).out.splitlines()]
    names = ["art.brief.json", "art.draft.mid", "art.mid", "art.musicxml", "art.cleanup.json", "art.wav"]
    assert [line[1] for line in lines[1:]] == names
    assert lines[-1][2:] == ["missing", "next:", "composer", "render", "art.mid"]


def test_the_reason_names_tracks_and_bars(art: PieceFiles, composer: Program) -> None:
    _change(art.draft)
    told = _told(composer, art.folder)
    assert told["edited"] == ["art.draft.mid"]
    assert told["pieces"][0]["files"]["art.mid"] == "stale"
    assert told["pieces"][0]["why"] == {
        "art.draft.mid": ["Melody 2"],
        "art.mid": ["Melody 2 changed in art.draft.mid"],
    }
    assert _maps(told)["art.draft.mid"]["Melody"] == ".e"
    assert _maps(told)["art.mid"] == {"Melody": ".s", "Piano": "..", "Bass": "..", "Drums": ".-", "Chords": ".."}


def test_a_changed_brief_makes_what_it_was_made_into_stale_and_what_follows(art: PieceFiles, composer: Program) -> None:
    _edit_brief(art, tempo_bpm=80)
    told = _told(composer, art.folder)
    assert told["pieces"][0]["files"]["art.brief.json"] == "edited by hand"
    assert told["pieces"][0]["why"] == {
        "art.draft.mid": ["the brief changed since"],
        "art.mid": ["art.draft.mid is stale"],
    }
    assert set("".join(_maps(told)["art.mid"].values())) == {"s"}


def test_locked_bars_are_shown(art: PieceFiles, composer: Program) -> None:
    _edit_brief(art, locked=[{"bars": "B", "tracks": ["Bass"]}])
    _change(art.draft)
    maps = _maps(_told(composer, art.folder))
    assert (maps["art.draft.mid"]["Bass"], maps["art.draft.mid"]["Melody"]) == ("sL", "se")
    out = composer("status", art.folder, "--bars").out
    assert "Bass    sL" in out
    assert out.splitlines()[-1] == ". fresh, - empty, s stale, e edited by hand, L locked"


def test_a_file_that_was_only_saved_again_says_so(art: PieceFiles, composer: Program) -> None:
    art.draft.write_bytes(art.draft.read_bytes() + b"XTRA\0\0\0\0")
    assert _told(composer, art.folder)["pieces"][0]["why"] == {
        "art.draft.mid": ["saved again, no bar changed"],
        "art.mid": ["art.draft.mid was saved again"],
    }


def test_among_others_a_quiet_piece_has_one_line(scored: PieceFiles, composer: Program) -> None:
    art = scored
    for number in range(3):
        (art.folder / f"song{number}.mid").write_bytes(midi_bytes(small_piece()))
    rows = composer("status", art.folder).out.splitlines()[1:]
    assert [" ".join(row.split()) for row in rows] == [
        "art 5 files fresh next: composer render art.mid",
        *(f"song{number} 1 file not from composer" for number in range(3)),
    ]
    _change(art.draft)
    assert len(composer("status", art.folder).out.splitlines()) == 1 + 6 + 3


@pytest.mark.parametrize("name", ["art", "art.mid", "art.draft.mid"])
def test_one_piece_is_shown_in_full_by_its_name_or_a_file(name: str, art: PieceFiles, composer: Program) -> None:
    (art.folder / "song.mid").write_bytes(midi_bytes(small_piece()))
    told = _told(composer, art.folder / name)
    assert told["folder"] == str(art.folder)
    assert [piece["name"] for piece in told["pieces"]] == ["art"]
    assert "art.draft.mid" in composer("status", art.folder / name).out


def test_an_unknown_piece_is_wrong_usage(art: PieceFiles, composer: Program) -> None:
    run = composer("status", art.folder / "nothing")
    assert run.code == 2 and "is no folder and no piece" in run.err
    assert composer("status", art.folder / "no" / "thing").code == 2


def test_a_brief_that_cannot_be_read_hides_nothing(art: PieceFiles, composer: Program) -> None:
    art.brief.write_text("{")
    told = _told(composer, art.folder)
    assert set(_maps(told)["art.draft.mid"]) == {"Melody", "Piano", "Bass", "Drums", "Chords"}


def test_a_long_map_is_wrapped_at_groups_of_four_bars() -> None:
    sections = (Section("Intro", 1, 4), Section("Verse", 5, 16))
    found = BarMap(Path("art.mid"), 20, sections, (Row("Melody", "...." * 3 + "ee......", (13, 14), (), ()),))
    assert lines_of(found, 20) == [
        "art.mid",
        "        Int Verse",
        "bar     1   5   9",
        "Melody  ............",
        "        Verse",
        "bar     13  17",
        "Melody  ee......",
    ]
    assert legend_of([found]) == ". fresh, e edited by hand"
    assert max(map(len, lines_of(found, 5))) == len("Melody  ....")


def test_a_file_of_one_track_is_shown_as_it_is_read_back(art: PieceFiles, composer: Program) -> None:
    art.draft.write_bytes(one_clip(art.draft.read_bytes()))
    told = _maps(_told(composer, art.folder))["art.draft.mid"]
    assert [*told] == ["Melody", "Piano", "Bass", "Drums", "Chords"] and set("".join(told.values())) <= {".", "-"}


def test_a_score_and_a_report_are_not_fresh_beside_a_file_that_was_edited_since(
    art: PieceFiles, composer: Program
) -> None:
    written = {art.midi: midi_bytes(small_piece()), art.musicxml: b"<score/>", art.report: b"{}"}
    save(art, "cleanup", written, inputs=[art.draft])
    assert "art.musicxml" not in _told(composer, art.folder)["pieces"][0]["why"]
    _change(art.midi)
    piece = _told(composer, art.folder)["pieces"][0]
    assert (piece["files"]["art.musicxml"], piece["files"]["art.cleanup.json"]) == ("stale", "stale")
    assert piece["why"]["art.musicxml"] == ["art.mid was edited since; composer export art.mid --to musicxml"]
    assert piece["why"]["art.cleanup.json"] == ["art.mid was edited since"]
    assert composer("export", art.midi, "--to", "musicxml").code == 0
    piece = _told(composer, art.folder)["pieces"][0]
    assert (piece["files"]["art.musicxml"], piece["files"]["art.cleanup.json"]) == ("fresh", "stale")


@pytest.mark.parametrize("data", [b"", b"MThd\0\0", b"no music"])
def test_a_broken_file_is_called_that(data: bytes, art: PieceFiles, composer: Program) -> None:
    art.midi.write_bytes(data)
    run = composer("status", art.folder, "--bars")
    assert run.code == 0 and "cannot be read: " in run.out
    (why,) = _told(composer, art.folder)["pieces"][0]["why"]["art.mid"]
    assert why.startswith("cannot be read: ")


def test_after_another_cleanup_the_next_step_plays_the_later_performance(scored: PieceFiles, composer: Program) -> None:
    art = scored
    written = {art.clean: midi_bytes(small_piece()), art.musicxml: b"<score/>", art.report: b"{}"}
    save(art, "cleanup", written, inputs=[art.midi, art.brief])
    save(art, "humanize", {art.human: midi_bytes(small_piece())}, inputs=[art.midi])
    for seconds, path in enumerate((art.midi, art.clean, art.human), 10**9):
        os.utime(path, (seconds, seconds))
    assert _told(composer, art.folder)["pieces"][0]["next"] == "composer render art.human.mid"
    os.utime(art.clean, (2 * 10**9, 2 * 10**9))
    assert _told(composer, art.folder)["pieces"][0]["next"] == "composer render art.clean.mid"
