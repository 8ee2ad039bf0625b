"""All the steps for each picture: run what is stale, keep what a person edited, go on when one picture fails."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from composer import __version__
from composer.brief.analyse import BriefOptions
from composer.cli import rendering, steps
from composer.cli.exits import DONE, reported
from composer.cli.following import brief_options, draft_seed
from composer.cli.generation import run_generate
from composer.cli.humanizing import HUMANIZE, Wished, checked_strength, run_humanize
from composer.cli.needs import Need, Stage, Verdict, verdict_of
from composer.cli.show import Show
from composer.cli.steps import CleanupChoice, Done
from composer.errors import UsageProblem
from composer.formats.record import read_record
from composer.render.stage import RenderOptions
from composer.workspace import PieceFiles, is_up_to_date, step_of, tidy
from composer.workspace.states import is_made_from


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person asked ``composer make`` for."""

    brief: BriefOptions
    render: RenderOptions
    card: bool = False
    seed: int | None = None
    model: str | None = None
    folder: Path | None = None
    force: bool = False
    humanize: float | None = None


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
    if wanted.seed is not None:
        steps.checked_seed(wanted.seed)
    if wanted.humanize is not None:
        checked_strength(wanted.humanize)
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
    """The steps of one picture, in order; the one that plays it only where that is wanted."""
    files = _files(image, wanted)
    tidy(files)
    outcomes = []
    performance = _humanize(files, wanted)
    for step in (
        _brief(image, files, wanted),
        _generate(files, wanted),
        _cleanup(files, wanted),
        *((performance,) if performance else ()),
        _render(files.human if performance else files.midi, files, wanted),
    ):
        with show.working(f"{files.name}: {step.name}"):
            outcome = _outcome(step, files, wanted.force)
        outcomes.append(outcome)
        if outcome.done is None:
            show.detail(f"{outcome.files[0]}: {outcome.verdict.need.value}")
            continue
        for path in outcome.done.files:
            show.wrote(path)
        for line in outcome.done.notes:
            show.note(f"  {line}")
    for one in outcomes:
        for line in one.verdict.lines(one.stage):
            show.note(line)
    return outcomes


def _outcome(stage: Stage, files: PieceFiles, force: bool) -> Outcome:
    verdict = verdict_of(stage, files, force)
    return Outcome(stage, verdict, stage.run() if verdict.need is Need.RUN else None)


def _brief(image: Path, files: PieceFiles, wanted: Wanted) -> Stage:
    outputs = (files.brief, *((files.card,) if wanted.card else ()))
    options = _brief_wanted(files, wanted.brief)
    return Stage(
        steps.BRIEF,
        outputs,
        lambda: is_up_to_date(
            files,
            steps.BRIEF,
            [image],
            outputs,
            steps.brief_recorded(options),
            {"composer": __version__},
        ),
        lambda: steps.run_brief(image, files.brief, options, wanted.card, wanted.force),
        ("brief", str(image)),
    )


def _brief_wanted(files: PieceFiles, asked: BriefOptions) -> BriefOptions:
    """What is asked for now, and for the rest what was asked for when the brief was made."""
    before, usual = brief_options(read_record(files.record).step(steps.BRIEF)), BriefOptions()
    new = {f.name: getattr(asked, f.name) for f in fields(asked) if getattr(asked, f.name) != getattr(usual, f.name)}
    return replace(before, **new)


def _generate(files: PieceFiles, wanted: Wanted) -> Stage:
    before = read_record(files.record).steps.get(steps.GENERATE)
    known = before.seed if before else None

    def is_current() -> bool:
        seed = wanted.seed if wanted.seed is not None else steps.brief_in(files.brief).seed
        return (seed is None or seed == known) and is_up_to_date(
            files,
            steps.GENERATE,
            [files.brief],
            [files.draft],
            steps.generate_recorded(wanted.model),
            steps.generate_versions(wanted.model),
        )

    def run() -> Done:
        seed = wanted.seed if wanted.seed is not None else draft_seed(files, before)
        return run_generate(files.brief, files.draft, seed, wanted.model, wanted.force)

    again = ("generate", str(files.brief))
    return Stage(steps.GENERATE, (files.draft,), is_current, run, again, keeps=(files.draft,))


def _cleanup(files: PieceFiles, wanted: Wanted) -> Stage:
    before = read_record(files.record).steps.get(steps.CLEANUP)
    outputs = files.midi, files.musicxml, files.report
    # What a person forbade with `composer cleanup` holds when the step is run again.
    choice = CleanupChoice.remembered(before.options) if before else CleanupChoice()
    return Stage(
        steps.CLEANUP,
        outputs,
        lambda: is_up_to_date(
            files,
            steps.CLEANUP,
            [files.draft, files.brief],
            outputs,
            choice.recorded(),
            {"composer": __version__},
        ),
        lambda: steps.run_cleanup(files.draft, files.midi, choice, wanted.force),
        ("cleanup", str(files.draft)),
        keeps=(files.report,),
    )


def _humanize(files: PieceFiles, wanted: Wanted) -> Stage | None:
    """The performance, where the person asks for one or there is one already; it keeps its seed."""
    done = step_of(files, files.human) if files.human.is_file() else None
    known = done.options.get("strength") if done else None
    strength = known if wanted.humanize is None else wanted.humanize
    if not isinstance(strength, float):
        return None
    seed = done.seed if done and wanted.seed is None else wanted.seed
    wished = Wished(strength, seed, bool(done and done.options.get("keep_dynamics")), wanted.force)

    def is_current() -> bool:
        return (
            done is not None
            and (known, done.seed) == (strength, seed)
            and all(is_made_from(files, path, files.midi) for path in (files.human, files.grid))
        )

    return Stage(
        HUMANIZE,
        (files.human, files.grid),
        is_current,
        lambda: run_humanize(files.midi, files.human, wished),
        ("humanize", str(files.midi)),
        source=files.midi,
    )


def _render(midi: Path, files: PieceFiles, wanted: Wanted) -> Stage:
    outputs = (files.wav, *((files.stems,) if wanted.render.stems else ()))
    return Stage(
        steps.RENDER,
        outputs,
        lambda: is_up_to_date(
            files,
            steps.RENDER,
            rendering.render_inputs(midi),
            outputs,
            rendering.render_recorded(wanted.render),
            rendering.render_versions(wanted.render, midi),
        ),
        lambda: rendering.run_render(midi, files.wav, wanted.render, wanted.force),
        ("render", str(midi)),
    )


def _row(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The line of one piece in the summary; figures come from the files, as steps may have been skipped."""
    files = PieceFiles.of(outcomes[-1].files[0])
    brief, record = steps.brief_in(files.brief), read_record(files.record)
    done = next((o.done for o in outcomes if o.stage.name == steps.RENDER and o.done), None)
    seed = record.steps[steps.GENERATE].seed if steps.GENERATE in record.steps else None
    return (
        files.name,
        f"{brief.key.tonic} {brief.key.mode}",
        f"{brief.tempo_bpm:g}",
        f"{brief.bars} of {brief.meter}",
        "" if seed is None else str(seed),
        f"{done.facts['seconds']:.0f} s" if done else outcomes[-1].verdict.need.value,
        str(files.wav),
    )


def _as_json(image: Path, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "image": image,
        "steps": [
            {
                "step": one.stage.name,
                "state": one.verdict.need.value,
                "files": list(one.files),
                **(one.done.as_json() if one.done else {}),
            }
            for one in outcomes
        ],
    }
