"""``composer diff`` and ``composer check`` as a person runs them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Program
from tests.compare.pieces import bytes_of, one_clip, piece, with_notes


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    edited = with_notes(piece(), "Melody", lambda notes: [replace(notes[0], pitch=64), *notes[1:]])
    before, after = tmp_path / "a.mid", tmp_path / "b.mid"
    before.write_bytes(bytes_of())
    after.write_bytes(bytes_of(edited))
    return before, after


def test_diff_ends_with_0_whether_the_files_differ_or_not(composer: Program, pair: tuple[Path, Path]) -> None:
    same, other = composer("diff", pair[0], pair[0]), composer("diff", *pair)
    assert same.code == other.code == 0
    assert same.out == "" and "no difference" in same.err
    assert other.out.splitlines() == ["bar  track   difference", "1    Melody  D4 -> E4"]
    assert "1 note of another pitch" in other.err


def test_diff_prints_one_json_object(composer: Program, pair: tuple[Path, Path]) -> None:
    found = json.loads(composer("diff", *pair, "--json").out)
    assert found["same"] is False and found["notes"]["pitch"] == 1 and found["png"] is None


def test_diff_draws_a_picture(composer: Program, pair: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "d.png"
    assert composer("diff", *pair, "--png", target, "-q").code == 0
    with Image.open(target) as image:
        assert image.format == "PNG"


def test_the_picture_never_lands_on_a_midi_file(composer: Program, pair: tuple[Path, Path]) -> None:
    old = pair[0].read_bytes()
    assert composer("diff", *pair, "--png", pair[0]).code == 2
    assert pair[0].read_bytes() == old


def test_diff_refuses_what_it_cannot_read(composer: Program, pair: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "text.mid").write_text("no music")
    for bad in (tmp_path / "text.mid", tmp_path / "gone.mid", tmp_path):
        run = composer("diff", pair[0], bad)
        assert run.code == 3 and len(run.err.splitlines()) == 1, run
    assert composer("diff", *pair, "--tolerance", "-1").code == 2
    assert composer("diff", *pair, "--png", tmp_path / "no" / "folder.png").code == 5


def test_check_ends_with_0_for_our_files_whatever_the_program(composer: Program, pair: tuple[Path, Path]) -> None:
    run = composer("check", pair[0])
    assert (run.code, run.out) == (0, "") and run.err.endswith("a.mid: clean\n")
    run = composer("check", pair[0], "--for", "live")
    assert run.code == 0 and "In Ableton Live" in run.err and "(unverified)" in run.out


def test_check_ends_with_3_where_a_rule_is_violated(composer: Program, tmp_path: Path) -> None:
    (tmp_path / "clip.mid").write_bytes(one_clip(bytes_of()))
    run = composer("check", tmp_path / "clip.mid")
    assert run.code == 3 and "NotType1" in run.out
    found = json.loads(composer("check", tmp_path / "clip.mid", "--json", "--for", "reaper").out)
    assert found["clean"] is False and found["program"] == "reaper"


def test_check_refuses_an_unknown_program(composer: Program, pair: tuple[Path, Path]) -> None:
    run = composer("check", pair[0], "--for", "garageband")
    assert run.code == 2 and "musescore" in run.err
