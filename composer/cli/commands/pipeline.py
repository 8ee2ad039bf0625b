"""All the steps for each picture: run what is stale, keep what a person edited, go on when one picture fails."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from composer.cli.terminal.exits import DONE, reported
from composer.cli.terminal.show import Show
from composer.errors import UsageProblem
from composer.formats.files import read_bytes
from composer.limits import IMAGE_BYTES
from composer.steps import briefing, names, seeds
from composer.steps.done import Done
from composer.steps.due.asked import Asked
from composer.steps.due.needs import Need, Stage, Verdict, verdict_of
from composer.steps.due.stages import MADE, stages_of
from composer.steps.humanizing import checked_strength
from composer.workspace import PieceFiles, PieceState, tidy


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person asked ``composer make`` for, and the folder to write to; None is that of the picture."""

    asked: Asked
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step of one picture: what was done about it, and the result where it ran."""

    stage: Stage
    verdict: Verdict
    done: Done | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        return self.done.files if self.done else self.verdict.theirs or self.stage.outputs


def make_all(show: Show, images: Sequence[Path], wanted: Wanted) -> int:
    """Make every picture's piece and say what came of it; the exit code of the first failure."""
    _check(images, wanted)
    pieces: list[tuple[Path, list[Outcome]]] = []
    first_failure = DONE
    for image in images:
        try:
            pieces.append((image, _made(show, image, wanted)))
        except Exception as error:
            code = reported(error, sys.argv[1:])
            first_failure = first_failure or code
    if pieces:
        show.table(("piece", "key", "tempo", "bars", "seed", "length", "audio"), [_row(o) for _, o in pieces])
    show.result({"pieces": [_as_json(image, outcomes) for image, outcomes in pieces]})
    return first_failure


def _check(images: Sequence[Path], wanted: Wanted) -> None:
    """Two pictures must not want the same files; a seed must be one."""
    if wanted.asked.seed is not None:
        seeds.checked_seed(wanted.asked.seed)
    if wanted.asked.strength is not None:
        checked_strength(wanted.asked.strength)
    if wanted.folder is not None and not wanted.folder.is_dir():
        raise UsageProblem("--output", f"{wanted.folder} is not a folder", "make it first, or name another")
    seen: dict[Path, Path] = {}
    for image in images:
        brief = _files(image, wanted).brief
        if brief in seen and seen[brief] != image:
            raise UsageProblem(image, f"has the same name as {seen[brief].name}", "rename one of the two")
        seen[brief] = image


def _files(image: Path, wanted: Wanted) -> PieceFiles:
    files = PieceFiles.of(image)
    return files if wanted.folder is None else PieceFiles(wanted.folder, files.name)


def _made(show: Show, image: Path, wanted: Wanted) -> list[Outcome]:
    """The stages of one picture, in order; the one that plays it only where that is wanted."""
    read_bytes(image, IMAGE_BYTES, "picture")
    files = _files(image, wanted)
    tidy(files)
    outcomes = []
    for stage, state in stages_of(PieceState(files), replace(wanted.asked, picture=image), MADE):
        with show.working(f"{files.name}: {stage.name}"):
            verdict = verdict_of(stage, state, force=wanted.asked.force)
            outcome = Outcome(stage, verdict, stage.run() if verdict.need is Need.RUN else None)
        outcomes.append(outcome)
        _tell(show, outcome)
    for one in outcomes:
        for line in one.verdict.lines(one.stage):
            show.note(line)
    return outcomes


def _tell(show: Show, outcome: Outcome) -> None:
    if outcome.done is None:
        show.detail(f"{outcome.files[0]}: {outcome.verdict.word}")
        return
    for path in outcome.done.files:
        show.wrote(path)
    for line in outcome.done.notes:
        show.note(f"  {line}")


def _row(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The line of one piece in the summary; figures come from the files, as steps may have been skipped."""
    files = PieceFiles.of(outcomes[-1].files[0])
    brief, draft = briefing.brief_in(files.brief), PieceState(files).step_of(files.draft)
    done = next((o.done for o in outcomes if o.stage.name == names.RENDER and o.done), None)
    seed = draft.seed if draft is not None else None
    return (
        files.name,
        f"{brief.key.tonic} {brief.key.mode}",
        f"{brief.tempo_bpm:g}",
        f"{brief.bars} of {brief.meter}",
        "" if seed is None else str(seed),
        f"{done.facts['seconds']:.0f} s" if done else outcomes[-1].verdict.word,
        str(files.wav),
    )


def _as_json(image: Path, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "image": image,
        "steps": [
            {
                "step": one.stage.name,
                "state": one.verdict.word,
                "files": list(one.files),
                **(one.done.as_json() if one.done else {}),
            }
            for one in outcomes
        ],
    }
