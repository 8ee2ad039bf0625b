"""How every mode of ``composer generate`` runs: a ``Job`` composed with the trained ``Tools``, as a draft or takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from composer.cli.steps import (
    GENERATE,
    TAKES,
    Done,
    checked_seed,
    generate_recorded,
    generate_versions,
    load_ear,
    load_harmony,
)
from composer.formats.midi import midi_bytes
from composer.formats.record import Redone
from composer.music.regions import bars_text
from composer.workspace import EditedBars, PieceFiles, guard_all, rewrite, save

if TYPE_CHECKING:
    from composer.compose.draft import Draft
    from composer.compose.harmony import Harmony
    from composer.compose.melody import Ear
    from composer.compose.takes import Judged, Take
    from composer.encoding.protocol import FigurationModel, MelodyModel
    from composer.encoding.voices import VoicesModel


class Tools:
    """The trained parts that composing needs, each loaded when it is first asked for."""

    def __init__(self, model: str | None = None) -> None:
        self._model = model

    @cached_property
    def melody(self) -> MelodyModel:
        from composer.models.registry import DEFAULT, load_melody_model

        return load_melody_model(self._model or DEFAULT)

    @cached_property
    def harmony(self) -> Harmony:
        return load_harmony()

    @cached_property
    def ear(self) -> Ear:
        return load_ear()

    @cached_property
    def voices(self) -> VoicesModel:
        from composer.models.voices_runtime import read_voices_model

        return read_voices_model()

    @cached_property
    def figuration(self) -> FigurationModel | None:
        """None without trained weights of the learned style: another style is played then, and the draft says so."""
        from composer.models.figuration_runtime import FOLDER, load_figuration_model

        return load_figuration_model() if FOLDER.is_dir() else None


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays in a file that is there: the bars of a person in it, and (``redone``) all but these cells.

    ``redone`` is None where the whole brief is composed anew but for those bars. ``by_hand`` are bars that a person
    edited before the file was made from another.
    """

    edited: tuple[EditedBars, ...] = ()
    redone: frozenset[tuple[str, int]] | None = None
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
    inputs: tuple[Path, ...]
    seed: int | None
    beside: tuple[Path, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    judged: Judged | None = None
    notes: tuple[str, ...] = ()
    kept: Kept | None = None
    written: Callable[[Draft], bytes] = lambda draft: midi_bytes(draft.piece)


def run_job(job: Job, takes: int, model: str | None, force: bool) -> Done:
    """Compose and write the draft; with several takes all of them, ranked, the best one also as the draft."""
    seed, tools = checked_seed(job.seed), Tools(model)
    if takes == 1:
        draft = job.compose(tools, seed)
        _save_draft(job, job.written(draft), seed, model, force)
        return Done(
            GENERATE, (job.output, *job.beside), (f"seed {seed}", *draft.notes, *job.notes), _facts(seed, draft)
        )
    from composer.compose.takes import Judged, ranked, take_seeds

    if not force:
        outputs = [job.output, *_take_paths(job, takes)]
        guard_all(PieceFiles.of(job.output), outputs, force, job.inputs, [job.output] if job.kept else ())
    found = ranked(lambda one: job.compose(tools, one), take_seeds(seed, takes), job.judged or Judged())
    paths = _take_paths(job, takes)
    written = [job.written(take.draft) for take in found]
    _save(job, TAKES, dict(zip(paths, written, strict=True)), seed, model, force, {"takes": takes})
    # The draft is what its own seed gives again, so it is recorded as if that seed had been asked for.
    best = found[0]
    _save_draft(job, written[0], best.seed, model, force)
    facts = {**_facts(best.seed, best.draft), "takes": [_take_facts(p, t) for p, t in zip(paths, found, strict=True)]}
    return Done(
        GENERATE,
        (job.output, *paths, *job.beside),
        (*_take_lines(found, seed), *best.draft.notes, *job.notes),
        facts,
    )


def _take_paths(job: Job, takes: int) -> list[Path]:
    return [PieceFiles.of(job.output).take(rank) for rank in range(1, takes + 1)]


def _save_draft(job: Job, content: bytes, seed: int, model: str | None, force: bool) -> None:
    """Write the draft, or the part of it that was composed anew."""
    if job.kept is None or job.kept.redone is None:
        _save(job, GENERATE, {job.output: content}, seed, model, force)
        return
    cells = job.kept.redone
    redone = Redone(bars=bars_text(bar for _, bar in cells), tracks=sorted({track for track, _ in cells}), seed=seed)
    files = PieceFiles.of(job.output)
    rewrite(files, job.output, content, GENERATE, redone, kept=job.kept.edited, by_hand=job.kept.by_hand, force=force)


def _save(
    job: Job,
    step: str,
    outputs: Mapping[Path, bytes],
    seed: int,
    model: str | None,
    force: bool,
    options: Mapping[str, object] | None = None,
) -> None:
    save(
        PieceFiles.of(job.output),
        step,
        outputs,
        inputs=job.inputs,
        options={**generate_recorded(model), **job.options, **(options or {})},
        seed=seed,
        versions=generate_versions(model),
        force=force,
        keeping={job.output: job.kept.edited} if job.kept is not None and job.output in outputs else None,
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
