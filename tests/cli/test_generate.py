"""The modes of ``composer generate``, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from composer.formats.brief.text import read_brief
from composer.formats.record import read_record
from composer.steps.composing.trained import BESIDE_THE_MELODY
from composer.workspace import PieceFiles, State, pieces_in, state_of
from tests.cli.conftest import Program
from tests.compose.tunes import heard, low_chords, midi, song

BRIEF = {
    "key": {"tonic": "G", "mode": "major"},
    "tempo_bpm": 100.0,
    "meter": "4/4",
    "form": [{"name": "A", "bars": 4}],
    "seed": 3,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "art.brief.json").write_text(json.dumps(BRIEF))
    (tmp_path / "tune.mid").write_bytes(midi({"Melody": song()}))
    (tmp_path / "band.mid").write_bytes(midi({"Lead": song()[:27], "Piano": low_chords(8)}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


CONTRADICTIONS = [
    (["--melody", "tune.mid", "--continue", "tune.mid"], "--melody: cannot go with --continue"),
    (["--free", "--melody", "tune.mid"], "--melody: cannot go with --free"),
    (["--free", "art.brief.json"], "--free: draws a brief of its own"),
    ([], "no brief is named"),
    (["tune.mid"], "use --melody or --continue"),
    (["art.brief.json", "--bars", "8"], "art.draft.mid: is not there"),
    (["--melody", "tune.mid", "--bars", "8"], "--bars: does not go with --melody"),
    (["--continue", "tune.mid", "--tracks", "melody"], "--tracks: does not go with --continue"),
    (["--continue", "tune.mid", "--bars", "0"], "not a number of bars"),
    (["--continue", "tune.mid", "--bars", "9" * 5000], "'99999999999999999999' is not a number of bars"),
    (["--continue", "tune.mid", "--bars", "0" * 5000 + "8"], "is not a number of bars"),
    (["--continue", "tune.mid", "--bars", "9-16"], "not a number of bars"),
    (["art.brief.json", "--style", "pad"], "--style: goes with --melody, --continue or --free"),
    (["art.brief.json", "--ensemble", "guitar"], "--ensemble: goes with"),
    (["art.brief.json", "--takes", "0"], "--takes: 0 is outside 1 to 20"),
    (["art.brief.json", "--takes", "21"], "--takes: 21 is outside 1 to 20"),
]


@pytest.mark.parametrize(("words", "message"), CONTRADICTIONS)
def test_contradictions_are_wrong_usage_in_one_line(
    folder: Path, composer: Program, words: list[str], message: str
) -> None:
    run = composer("generate", *words)
    assert run.code == 2
    assert run.err.count("\n") == 1
    assert message in run.err
    assert not list(folder.glob("*.draft.mid"))


def test_files_that_cannot_be_used_are_bad_input(folder: Path, composer: Program) -> None:
    (folder / "drums.mid").write_bytes(midi({"": song()}, channels=[9]))
    (folder / "text.mid").write_text("no music")
    (folder / "empty.mid").write_bytes(midi({"": []}))
    for name in ("drums.mid", "text.mid", "empty.mid", "absent.mid"):
        for mode in ("--melody", "--continue"):
            run = composer("generate", mode, name)
            assert run.code == 3
            assert run.err.startswith(f"composer: {name}: ")
            assert run.err.count("\n") == 1


def test_a_melody_gets_its_draft_beside_it_and_stays_as_it_was(folder: Path, composer: Program) -> None:
    before = (folder / "tune.mid").read_bytes()
    run = composer("generate", "--melody", "tune.mid", "--style", "block", "--seed", "5")
    assert run.code == 0
    assert (folder / "tune.mid").read_bytes() == before
    draft = folder / "tune.draft.mid"
    assert heard(draft.read_bytes(), 1) == heard(before)
    step = read_record(folder / "tune.composer.json").steps["generate"]
    assert step.seed == 5
    assert step.options["melody"] == "tune.mid"
    assert state_of(draft) is State.FRESH
    assert "16 bars of 4/4 in C major" in run.err


def test_the_brief_of_a_melody_may_be_given_as_well(folder: Path, composer: Program) -> None:
    run = composer("generate", "--melody", "tune.mid", "art.brief.json", "--json", "-q")
    facts = json.loads(run.out)
    assert facts["seed"] == 3
    assert 'the tune: "Melody", 16 bars of 4/4 in G major' in facts["notes"]


def test_new_bars_come_after_what_was_played(folder: Path, composer: Program) -> None:
    run = composer("generate", "--continue", "band.mid", "--bars", "4", "--seed", "1", "--json", "-q")
    assert run.code == 0
    assert json.loads(run.out)["bars"] == 12
    given, result = (folder / "band.mid").read_bytes(), (folder / "band.draft.mid").read_bytes()
    assert heard(result, 1)[:27] == heard(given, 0)
    assert max(end for _, end, *_ in heard(result)) <= 48


def test_an_edited_draft_is_not_replaced(folder: Path, composer: Program) -> None:
    assert composer("generate", "--melody", "tune.mid", "--style", "block").code == 0
    draft = folder / "tune.draft.mid"
    draft.write_bytes(midi({"Melody": song()[:8]}))
    assert composer("generate", "--melody", "tune.mid", "--style", "block").code == 5
    assert composer("generate", "--melody", "tune.mid", "--style", "block", "--force").code == 0
    assert (folder / "tune.draft.1.mid").exists()


def test_a_draft_can_be_continued_without_being_replaced(folder: Path, composer: Program) -> None:
    assert composer("generate", "art.brief.json").code == 0
    before = (folder / "art.draft.mid").read_bytes()
    assert composer("generate", "--continue", "art.draft.mid", "--bars", "2").code == 0
    assert (folder / "art.draft.mid").read_bytes() == before
    longer = (folder / "art-continue.draft.mid").read_bytes()
    assert set(heard(before, 1)) <= set(heard(longer, 1))


def test_takes_are_ranked_and_the_best_is_the_draft(folder: Path, composer: Program) -> None:
    run = composer("generate", "art.brief.json", "--takes", "3", "--json")
    facts = json.loads(run.out)
    takes = facts["takes"]
    assert [Path(t["file"]).name for t in takes] == [f"art.take{n}.mid" for n in (1, 2, 3)]
    assert [t["score"] for t in takes] == sorted((t["score"] for t in takes), reverse=True)
    assert all(t["why"] and t["parts"] for t in takes)
    assert "3 (asked for)" in run.err
    assert len([line for line in run.err.splitlines() if "closes" in line or "stays open" in line]) == 3
    draft = (folder / "art.draft.mid").read_bytes()
    assert draft == (folder / "art.take1.mid").read_bytes()
    again = composer("generate", "art.brief.json", "--seed", str(takes[1]["seed"]), "-o", "again.draft.mid")
    assert again.code == 0
    assert (folder / "again.draft.mid").read_bytes() == (folder / "art.take2.mid").read_bytes()


def test_takes_belong_to_their_piece(folder: Path, composer: Program) -> None:
    assert composer("generate", "art.brief.json", "--takes", "2").code == 0
    assert "art.take1" not in {piece.name for piece in pieces_in(folder)}
    assert [path.name for path in PieceFiles(folder, "art").takes] == ["art.take1.mid", "art.take2.mid"]
    status = composer("status", "art").out
    assert "art.take2.mid" in status
    assert PieceFiles.of(folder / "art.take2.mid").brief == folder / "art.brief.json"
    # Fewer takes leave the others as they are; a later run may replace them.
    assert composer("generate", "art.brief.json", "--takes", "1").code == 0
    assert composer("generate", "art.brief.json", "--takes", "2").code == 0


def test_a_free_piece_comes_with_its_brief_and_can_be_made_again(folder: Path, composer: Program) -> None:
    run = composer("generate", "--free", "--seed", "36", "--style", "block")
    assert run.code == 0
    brief = folder / "free-36.brief.json"
    drawn = read_brief(brief.read_bytes(), brief.name)
    assert drawn.seed == 36
    assert drawn.accompaniment.style == "block"
    first = (folder / "free-36.draft.mid").read_bytes()
    assert composer("generate", "free-36.brief.json", "-o", "again.draft.mid").code == 0
    assert (folder / "again.draft.mid").read_bytes() == first
    assert state_of(brief) is State.FRESH


def test_a_free_piece_can_have_a_name(folder: Path, composer: Program) -> None:
    assert composer("generate", "--free", "--seed", "36", "--style", "block", "-o", "sketch.draft.mid").code == 0
    assert (folder / "sketch.draft.mid").exists()
    assert (folder / "sketch.brief.json").exists()


def test_the_record_names_the_weights_that_a_draft_depends_on(folder: Path, composer: Program) -> None:
    assert composer("generate", "--free", "--seed", "3").code == 0
    versions = json.loads((folder / "free-3.composer.json").read_text())["steps"]["generate"]["versions"]
    assert set(versions) == {"composer", "model", *BESIDE_THE_MELODY}
    assert all(versions.values()) and len(set(versions.values())) == len(versions)
