"""What a person typed once holds in later runs of `make` and `watch`, until they type something else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from composer.brief.analyse import BriefOptions
from composer.cli.app import main
from composer.formats import record
from composer.models.registry import model_folder
from composer.steps.due.asked import BRIEF_FLAGS
from composer.workspace import PieceFiles, PieceState
from tests.cli.conftest import ROOT, Program, paint

SEED = ("--seed", "5")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main(["make", str(paint(folder / "art.png")), "--bars", "4", *SEED, "-q"]) == 0
    return folder


@pytest.fixture
def art(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PieceFiles:
    monkeypatch.chdir(shutil.copytree(made, tmp_path / "piece"))
    return PieceFiles(Path(), "art")


def made_again(composer: Program, *words: str) -> dict[str, str]:
    """The state of each step of a run of `make`."""
    run = composer("make", "art.png", *words, "--json")
    assert run.code == 0, run.err
    return {step["step"]: step["state"] for step in json.loads(run.out)["pieces"][0]["steps"]}


def options_of(path: Path) -> dict[str, Any]:
    step = PieceState(PieceFiles.of(path)).step_of(path)
    assert step is not None
    return dict(step.options)


def is_idle(states: dict[str, str]) -> bool:
    return set(states.values()) == {"up to date"}


def test_what_is_typed_counts_even_where_it_is_the_usual(art: PieceFiles, composer: Program) -> None:
    assert made_again(composer, "--preset", "nikitin")["brief"] == "made"
    assert options_of(art.brief)["preset"] == "nikitin"
    assert is_idle(made_again(composer))
    assert made_again(composer, "--preset", "emotion")["brief"] == "made"
    assert options_of(art.brief)["preset"] == "emotion" and options_of(art.brief)["bars"] == 4


def test_bars_and_seconds_displace_each_other(art: PieceFiles, composer: Program) -> None:
    run = composer("make", "art.png", "--duration", "20")
    assert run.code == 0 and "both hold" not in run.err
    assert (options_of(art.brief)["bars"], options_of(art.brief)["duration_s"]) == (None, 20.0)
    assert composer("make", "art.png", "--bars", "6").code == 0
    assert (options_of(art.brief)["bars"], options_of(art.brief)["duration_s"]) == (6, None)
    assert composer("make", "art.png", "--bars", "6", "--duration", "20").code == 0
    assert is_idle(made_again(composer))
    assert (options_of(art.brief)["bars"], options_of(art.brief)["duration_s"]) == (6, 20.0)


def test_the_model_holds(art: PieceFiles, composer: Program) -> None:
    shutil.copytree(model_folder(), "mine")
    assert made_again(composer, "--model", "./mine")["generate"] == "made"
    before = art.draft.read_bytes()
    assert is_idle(made_again(composer))
    art.draft.unlink()
    assert made_again(composer)["generate"] == "made"
    assert art.draft.read_bytes() == before and options_of(art.draft)["model"] == "./mine"


def test_a_draft_whose_model_is_gone_is_kept(art: PieceFiles, composer: Program) -> None:
    shutil.copytree(model_folder(), "mine")
    assert made_again(composer, "--model", "./mine")["generate"] == "made"
    shutil.rmtree("mine")
    assert is_idle(made_again(composer))


def test_the_key_of_the_cleanup_holds_in_make_and_in_watch(art: PieceFiles, composer: Program) -> None:
    usual = art.musicxml.read_bytes()
    assert composer("cleanup", art.draft, "--key", "F# major").code == 0
    score = art.musicxml.read_bytes()
    assert score != usual
    assert made_again(composer)["cleanup"] == "up to date"
    art.musicxml.unlink()
    assert made_again(composer)["cleanup"] == "made"
    assert art.musicxml.read_bytes() == score
    art.musicxml.unlink()
    assert composer("watch", art.name, "--once", "--no-preview").code == 0
    assert art.musicxml.read_bytes() == score and options_of(art.midi)["key"] == "F# major"


def test_a_brief_that_cleanup_was_given_holds(art: PieceFiles, composer: Program) -> None:
    other = Path("other.brief.json")
    other.write_bytes(art.brief.read_bytes())
    assert composer("cleanup", art.draft, "--brief", other).code == 0
    assert made_again(composer)["cleanup"] == "up to date"
    other.write_text(json.dumps({**json.loads(other.read_text()), "title": "Another"}))
    assert made_again(composer)["cleanup"] == "made"
    assert "other.brief.json" in json.loads(art.record.read_text())["steps"]["cleanup"]["inputs"]


def test_stems_are_made_until_they_are_not_wanted(art: PieceFiles, composer: Program) -> None:
    assert made_again(composer, "--stems")["render"] == "made"
    assert is_idle(made_again(composer))
    shutil.rmtree(art.stems)
    assert made_again(composer)["render"] == "made" and art.stems.is_dir()
    assert made_again(composer, "--no-stems")["render"] == "made"
    assert is_idle(made_again(composer))


def test_how_a_piece_was_rendered_holds(art: PieceFiles, composer: Program) -> None:
    assert composer("render", art.midi, "--rate", "22050", "--no-normalize", "--no-mix").code == 0
    before = art.wav.read_bytes()
    assert is_idle(made_again(composer))
    art.wav.unlink()
    assert made_again(composer)["render"] == "made"
    assert art.wav.read_bytes() == before


def test_audio_in_another_format_does_not_make_the_wav_stale(art: PieceFiles, composer: Program) -> None:
    assert composer("render", art.midi, "-o", "art.flac").code == 0
    assert is_idle(made_again(composer))


def test_a_seed_that_generate_was_given_holds_before_that_of_the_brief(art: PieceFiles, composer: Program) -> None:
    assert composer("brief", "art.png", "--bars", "4", "--seed", "3").code == 0
    assert composer("generate", art.brief, "--seed", "9").code == 0
    before = art.draft.read_bytes()
    assert made_again(composer)["generate"] == "up to date"
    assert art.draft.read_bytes() == before


def test_the_strength_and_the_seed_of_a_performance_hold(art: PieceFiles, composer: Program) -> None:
    assert composer("humanize", art.midi, "--strength", "0.8", "--seed", "11", "--keep-dynamics").code == 0
    before = art.human.read_bytes()
    assert made_again(composer)["humanize"] == "up to date"
    assert made_again(composer, "--humanize", "0.3")["humanize"] == "made"
    assert options_of(art.human) == {**options_of(art.human), "strength": 0.3, "keep_dynamics": True}
    assert made_again(composer, "--humanize", "0.8")["humanize"] == "made"
    assert art.human.read_bytes() == before


def test_a_cleaned_piece_may_be_cleaned_again(art: PieceFiles, composer: Program) -> None:
    assert composer("cleanup", art.midi).code == 0 and art.clean.is_file()
    states = made_again(composer)
    assert (states["cleanup"], states["render"]) == ("up to date", "made")
    assert "art.clean.mid" in json.loads(art.record.read_text())["steps"]["render"]["inputs"]
    assert is_idle(made_again(composer))


def test_status_tells_the_command_with_what_was_typed(art: PieceFiles, composer: Program) -> None:
    assert composer("brief", "art.png", "--bars", "4", "--preset", "nikitin").code == 0
    paint(Path("art.png"), seed=2)
    following = json.loads(composer("status", "art", "--json").out)["pieces"][0]["next"]
    assert following == "composer brief art.png --preset nikitin --bars 4"


def test_every_option_of_a_brief_can_be_typed_again() -> None:
    assert [*BRIEF_FLAGS] == [field.name for field in fields(BriefOptions)]


@pytest.mark.parametrize("words", [["status", "art"], ["watch", "art", "--once", "--no-preview"]])
def test_where_nothing_is_to_be_done_nothing_heavy_is_loaded(art: PieceFiles, words: list[str]) -> None:
    script = f"import sys; from composer.cli.app import main; main({words!r}); print([*sys.modules], file=sys.stderr)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    loaded = {*ast.literal_eval(done.stderr.splitlines()[-1])}
    assert "composer.steps.due.stages" in loaded
    assert loaded.isdisjoint({"cv2", "music21", "tensorflow", "matplotlib", "scipy"})


def test_status_tells_what_make_would_run(art: PieceFiles, composer: Program) -> None:
    assert json.loads(composer("status", "art", "--json").out)["pieces"][0]["next"] is None
    for path, command in (
        (art.draft, "composer generate art.brief.json"),
        (art.report, "composer cleanup art.draft.mid"),
        (art.wav, "composer render art.mid"),
    ):
        content = path.read_bytes()
        path.unlink()
        assert json.loads(composer("status", "art", "--json").out)["pieces"][0]["next"] == command
        path.write_bytes(content)
    assert is_idle(made_again(composer))


@pytest.mark.parametrize(
    ("words", "most"), [(("status", "."), 1), (("make", "art.png"), 3), (("watch", "art", "--once", "--no-preview"), 3)]
)
def test_the_record_is_read_once_and_not_for_every_question(
    art: PieceFiles, composer: Program, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], most: int
) -> None:
    read, as_written = [], record._as_written
    monkeypatch.setattr(record, "_as_written", lambda path: read.append(path) or as_written(path))
    assert composer(*words).code == 0
    assert 1 <= len(read) <= most
