"""How every mode of ``composer generate`` runs: a ``Job`` composed with the trained ``Tools``, as a draft or takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from composer.formats.files import read_bytes, sha256_of
from composer.formats.midi.hashes import bar_hashes, by_track, changed_bars
from composer.formats.midi.writer import CHORD_TRACK, midi_bytes
from composer.formats.record import Redone
from composer.limits import MIDI_BYTES
from composer.music.regions import Cells
from composer.steps.composing.trained import Tools, generate_recorded, generate_versions
from composer.steps.done import Done
from composer.steps.names import GENERATE, TAKES
from composer.steps.seeds import checked_seed
from composer.workspace import (
    EditedBars,
    Keeping,
    OtherTake,
    PieceFiles,
    Saved,
    State,
    backup,
    guard_all,
    rewrite,
    save,
    saved_meanwhile,
    state_of,
    step_of,
)

if TYPE_CHECKING:
    from composer.compose.draft import Draft
    from composer.compose.takes import Judged, Take


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays in a file that is there: what a person did in it, and (``redone``) all but these cells.

    ``redone`` is None where the whole brief is composed anew but for a person's bars. ``by_hand`` are bars that a
    person edited before the file was made from another.
    """

    keeping: Keeping
    redone: Cells | None = None
    by_hand: tuple[EditedBars, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A mode with its files: ``compose`` makes the draft of a seed, ``written`` its MIDI file.

    ``seed`` is the one that the person gave, or the brief's; ``beside`` are files that are written already;
    ``options`` are what the record keeps beside the model, ``judged`` what takes are ranked by (all if None),
    ``notes`` what a person should know about the files, ``kept`` what of the file that is there is in it again.
    """

    compose: Callable[[Tools, int], Draft]
    output: Path
    inputs: Mapping[Path, bytes]
    seed: int | None
    beside: tuple[Path, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    judged: Judged | None = None
    notes: tuple[str, ...] = ()
    kept: Kept | None = None
    written: Callable[[Draft], bytes] = lambda draft: midi_bytes(draft.piece)


def run_job(job: Job, takes: int, model: str | None, force: bool) -> Done:
    """Compose and write the draft; with several takes all of them, ranked, the best one also as the draft."""
    seed, tools, before = checked_seed(job.seed), Tools(model), sha256_of(job.output)
    if takes == 1:
        draft = job.compose(tools, seed)
        content = job.written(draft)
        _check_unsaved(job, before, force)
        lines = _save_draft(job, content, seed, model, force)
        notes = (f"seed {seed}", *draft.notes, *job.notes, *lines)
        return Done(GENERATE, (job.output, *job.beside), notes, _facts(seed, draft))
    from composer.compose.takes import Judged, ranked, take_seeds

    if not force:
        outputs = [job.output, *_take_paths(job, takes)]
        guard_all(PieceFiles.of(job.output), outputs, force, job.inputs, _keeping(job))
    found = ranked(lambda one: job.compose(tools, one), take_seeds(seed, takes), job.judged or Judged())
    paths = _take_paths(job, takes)
    written = [job.written(take.draft) for take in found]
    _check_unsaved(job, before, force)
    _save(job, TAKES, dict(zip(paths, written, strict=True)), seed, model, force, {"takes": takes})
    # The draft is what its own seed gives again, so it is recorded as if that seed had been asked for.
    best = found[0]
    others = [OtherTake(content, take.seed) for content, take in zip(written[1:], found[1:], strict=True)]
    lines = _save_draft(job, written[0], best.seed, model, force, others)
    facts = {**_facts(best.seed, best.draft), "takes": [_take_facts(p, t) for p, t in zip(paths, found, strict=True)]}
    return Done(
        GENERATE,
        (job.output, *paths, *job.beside),
        (*_take_lines(found, seed), *best.draft.notes, *job.notes, *lines),
        facts,
    )


def _check_unsaved(job: Job, before: str, force: bool) -> None:
    """Raise CannotWrite where a person saved the draft since its hash was ``before``."""
    if not force and sha256_of(job.output) != before:
        raise saved_meanwhile(job.output)


def as_read(*paths: Path | None) -> dict[Path, bytes]:
    """The inputs of a job with what they hold now, so that a save while it composes is not taken for what it read."""
    return {path: read_bytes(path, MIDI_BYTES) for path in paths if path is not None}


def _take_paths(job: Job, takes: int) -> list[Path]:
    return [PieceFiles.of(job.output).take(rank) for rank in range(1, takes + 1)]


def _keeping(job: Job) -> dict[Path, Keeping]:
    return {job.output: job.kept.keeping} if job.kept is not None else {}


def _save_draft(
    job: Job, content: bytes, seed: int, model: str | None, force: bool, others: Sequence[OtherTake] = ()
) -> list[str]:
    """Write the draft, or the part of it that was composed anew; what to say of copies that were kept.

    ``others`` are the takes that were not chosen: a person may put one of them in place of the draft.
    """
    files = PieceFiles.of(job.output)
    if job.kept is not None and job.kept.redone is not None:
        redone = Redone(bars={one.track: list(one.bars) for one in by_track(job.kept.redone)}, seed=seed)
        same = _same_lines(job.output, content, redone)
        saved = rewrite(
            files, job.output, content, GENERATE, redone, job.kept.keeping,
            by_hand=job.kept.by_hand, takes=others, force=force,
        )  # fmt: skip
        return [*same, *(f"what was there is kept as {copy.name}" for copy in saved.backups)]
    # Bars that were composed until a person liked them are no file of a person's, but worth a copy.
    before = step_of(files, job.output)
    is_copied = force and state_of(job.output, files) in (State.EDITED, State.FOREIGN)
    has_redone = before is not None and bool(before.redone) and job.output.is_file()
    chosen = backup(job.output) if has_redone and not is_copied else None
    saved = _save(job, GENERATE, {job.output: content}, seed, model, force, takes=others)
    lines = [f"what was there is kept as {copy.name}" for copy in saved.backups]
    return lines if chosen is None else [f"the bars that were redone are kept in {chosen.name}", *lines]


def _same_lines(path: Path, content: bytes, redone: Redone) -> list[str]:
    """What tells of tracks that came out as they were, which a person would wait for in vain."""
    before = bar_hashes(read_bytes(path, MIDI_BYTES, "MIDI file"), path.name)
    changed = {one.track: {*one.bars} for one in changed_bars(before, bar_hashes(content, path.name))}
    same = [
        track for track, bars in redone.bars.items() if track != CHORD_TRACK and not changed.get(track, set()) & {*bars}
    ]
    return (
        [f"came out as before: {', '.join(same)} (try another --seed, or another style in the brief)"] if same else []
    )


def _save(
    job: Job,
    step: str,
    outputs: Mapping[Path, bytes],
    seed: int,
    model: str | None,
    force: bool,
    options: Mapping[str, object] | None = None,
    takes: Sequence[OtherTake] = (),
) -> Saved:
    return save(
        PieceFiles.of(job.output),
        step,
        outputs,
        inputs=job.inputs,
        options={**generate_recorded(model), **job.options, **(options or {})},
        seed=seed,
        versions=generate_versions(model),
        force=force,
        keeping=_keeping(job) if job.output in outputs else None,
        takes=takes,
    )


def _facts(seed: int, draft: Draft) -> dict[str, object]:
    return {"seed": seed, "bars": draft.piece.bars, "seconds": round(draft.piece.seconds, 3)}


def _take_facts(path: Path, take: Take) -> dict[str, object]:
    score = take.score
    return {"file": path, "seed": take.seed, "score": score.total, "parts": dict(score.parts), "why": score.why}


def _take_lines(takes: tuple[Take, ...], seed: int) -> list[str]:
    """A table, the best take first; the take of the seed that was asked for says so."""
    rows = [
        (
            str(rank),
            f"{take.score.total:.2f}",
            f"{take.seed}{' (asked for)' if take.seed == seed else ''}",
            take.score.why,
        )
        for rank, take in enumerate(takes, 1)
    ]
    lines = [("take", "score", "seed", "why"), *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line[:3], widths, strict=True)), line[3]])
        for line in lines
    ]
