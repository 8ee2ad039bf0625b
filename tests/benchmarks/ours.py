"""What the program writes for a brief: ``composer generate`` and ``composer cleanup`` on files, as a user would."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from composer.cli.app import main as composer
from composer.evaluate.sets import PieceSet, Unread
from composer.evaluate.stage import Evaluation, evaluated
from composer.formats.brief.brief import Brief
from composer.formats.brief.text import brief_bytes
from composer.formats.files import write_whole

DRAFT, CLEANED = "ours: draft", "ours: cleaned"


@dataclass(frozen=True)
class Job:
    """One brief, in a folder of its own if need be, and what is to be done with it."""

    brief: Brief
    folder: Path
    name: str
    seed: int
    clean: bool


@dataclass(frozen=True)
class Made:
    """What came of a job; ``None`` for what was not asked for or failed."""

    name: str
    draft: Evaluation | None
    cleaned: Evaluation | None


def made(job: Job) -> Made:
    """Run the program and read its files back."""
    written = job.folder / f"{job.name}.brief.json"
    write_whole(written, brief_bytes(job.brief))
    draft, final = job.folder / f"{job.name}.draft.mid", job.folder / f"{job.name}.mid"
    if composer(["generate", str(written), "--seed", str(job.seed), "--force", "-q"]):
        return Made(job.name, None, None)
    has_final = job.clean and not composer(["cleanup", str(draft), "--force", "-q"])
    return Made(job.name, _read(draft, job), _read(final, job) if has_final else None)


def _read(path: Path, job: Job) -> Evaluation:
    return evaluated(path.read_bytes(), job.name, job.brief, "dance")


def all_made(jobs: Sequence[Job], workers: int = 1) -> list[Made]:
    """Every job, in order."""
    if workers <= 1:
        return [made(job) for job in jobs]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(made, jobs))


def sets_of(found: Sequence[Made]) -> dict[str, PieceSet]:
    """The drafts, and the cleaned pieces where there are any."""
    failed = tuple(Unread(one.name, "composer generate failed") for one in found if one.draft is None)
    drafts = tuple(one.draft for one in found if one.draft)
    cleaned = tuple(one.cleaned for one in found if one.cleaned)
    sets = {DRAFT: PieceSet(DRAFT, drafts, failed, "dance")}
    return sets | ({CLEANED: PieceSet(CLEANED, cleaned, (), "dance")} if cleaned else {})
