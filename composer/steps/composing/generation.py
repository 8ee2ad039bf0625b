"""``composer generate`` with its files: which mode the person chose, and what it is made from.

Each mode is a ``Job``: how a seed becomes a draft, what it reads and where it writes. One function runs them all.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.steps.briefing import brief_in
from composer.steps.composing.given_jobs import continue_job, melody_job
from composer.steps.composing.job import Job, as_read, run_job
from composer.steps.composing.redoing import again_job, gone_lines, must_stay, redo_job
from composer.steps.composing.trained import Tools
from composer.steps.done import Done
from composer.steps.names import BRIEF
from composer.steps.naming import output_of
from composer.steps.seeds import checked_seed
from composer.workspace import PieceFiles, guard_all, save

if TYPE_CHECKING:
    from composer.compose.draft import Draft
    from composer.steps.composing.wish import Wish


def run_generate(brief_file: Path, output: Path, seed: int | None, model: str | None, force: bool) -> Done:
    """Compose the draft of a brief; the seed is the one given, the brief's, or a random one."""
    return run_job(_whole_job(brief_file, output, seed, force), 1, model, force)


def job_of(wish: Wish) -> Job:
    """The mode that the person chose, with its files; reads what it is made from."""
    if wish.free:
        return free_job(wish)
    if wish.melody is not None:
        return melody_job(wish)
    if wish.continued is not None:
        return continue_job(wish)
    assert wish.brief is not None
    output = output_of(wish.output, PieceFiles.of(wish.brief).draft)
    return redo_job(wish, output) if wish.is_redo else _whole_job(wish.brief, output, wish.seed, wish.force)


def _whole_job(brief_file: Path, output: Path, seed: int | None, force: bool) -> Job:
    """All that the brief asks for, around what a person edited or locked in a draft that is there."""
    brief = brief_in(brief_file)
    if must_stay(output, brief, force):
        return again_job(brief_file, output, seed, force)
    job = brief_job(brief_file, output, seed)
    return replace(job, notes=tuple(gone_lines(output, brief))) if force else job


def brief_job(brief_file: Path, output: Path, seed: int | None) -> Job:
    """What the brief in a file asks for."""
    from composer.compose.draft import draft_of

    brief = brief_in(brief_file, to_compose=True)

    def compose(tools: Tools, seed: int) -> Draft:
        return draft_of(brief, tools, seed)

    return Job(compose, output, as_read(brief_file), seed if seed is not None else brief.seed)


def free_job(wish: Wish) -> Job:
    """A random brief, written beside its draft as ``free-SEED.brief.json``, and the draft that it asks for."""
    from composer.compose.free import random_brief
    from composer.formats.brief.text import brief_bytes

    seed = checked_seed(wish.seed)
    brief = random_brief(seed, wish.ensemble, wish.style)
    files = PieceFiles.of(output_of(wish.output, Path(f"free-{seed}.draft.mid")))
    content, draft = {files.brief: brief_bytes(brief)}, output_of(wish.output, files.draft)
    if not wish.force:
        guard_all(files, [files.brief, draft], wish.force)
    save(files, BRIEF, content, options={"free": True}, seed=seed, versions={"composer": __version__}, force=wish.force)
    return replace(brief_job(files.brief, draft, seed), beside=(files.brief,))
