"""``composer generate`` with its files: from a brief, a tune, a beginning or nothing, as one draft or ranked takes.

Each mode is a ``Job``: how a seed becomes a draft, what it reads and where it writes. One function runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.cli.steps import (
    BRIEF,
    GENERATE,
    TAKES,
    Done,
    brief_in,
    checked_seed,
    generate_recorded,
    generate_versions,
    load_ear,
    load_harmony,
    output_of,
)
from composer.errors import printable
from composer.formats.files import read_bytes
from composer.formats.given_midi import Kept, given_midi_bytes, resolution_of
from composer.formats.midi import midi_bytes
from composer.formats.record import read_record
from composer.formats.source import SourceMidi, read_source
from composer.limits import MIDI_BYTES
from composer.music.time import TICKS_PER_BEAT
from composer.workspace import PieceFiles, guard_all, save

if TYPE_CHECKING:
    from composer.cli.wish import Wish
    from composer.compose.draft import Draft
    from composer.compose.harmony import Harmony
    from composer.compose.melody import Ear
    from composer.compose.takes import Judged, Take
    from composer.encoding.protocol import FigurationModel, MelodyModel
    from composer.encoding.voices import VoicesModel

MELODY, CONTINUE = "melody", "continue"


@dataclass(frozen=True, slots=True)
class Tools:
    """The trained parts that composing needs."""

    melody: MelodyModel
    harmony: Harmony
    ear: Ear
    voices: VoicesModel
    figuration: FigurationModel | None


@dataclass(frozen=True, slots=True)
class Job:
    """A mode with its files: ``compose`` makes the draft of a seed, ``written`` its MIDI file.

    ``seed`` is the one that the person gave, or the brief's; ``beside`` are files that are written already;
    ``options`` are what the record keeps beside the model, ``judged`` what takes are ranked by (all if None),
    ``notes`` what a person should know about the files.
    """

    compose: Callable[[Tools, int], Draft]
    output: Path
    inputs: tuple[Path, ...]
    seed: int | None
    beside: tuple[Path, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    judged: Judged | None = None
    notes: tuple[str, ...] = ()
    written: Callable[[Draft], bytes] = lambda draft: midi_bytes(draft.piece)


def run_generate(brief_file: Path, output: Path, seed: int | None, model: str | None, force: bool) -> Done:
    """Compose the draft of a brief; the seed is the one given, the brief's, or a random one."""
    return run_job(brief_job(brief_file, output, seed), 1, model, force)


def job_of(wish: Wish) -> Job:
    """The mode that the person chose, with its files; reads what it is made from."""
    if wish.free:
        return free_job(wish)
    if wish.melody is not None:
        return melody_job(wish)
    if wish.continued is not None:
        return continue_job(wish)
    assert wish.brief is not None
    return brief_job(wish.brief, output_of(wish.output, PieceFiles.of(wish.brief).draft), wish.seed)


def brief_job(brief_file: Path, output: Path, seed: int | None) -> Job:
    """What the brief in a file asks for."""
    from composer.compose.draft import draft_of

    brief = brief_in(brief_file)

    def compose(tools: Tools, seed: int) -> Draft:
        return draft_of(
            brief,
            tools.melody,
            tools.harmony,
            seed,
            ear=tools.ear,
            voices=tools.voices,
            figuration=tools.figuration,
        )

    return Job(compose, output, (brief_file,), seed if seed is not None else brief.seed)


def free_job(wish: Wish) -> Job:
    """A random brief, written beside its draft as ``free-SEED.brief.json``, and the draft that it asks for."""
    from composer.compose.free import random_brief
    from composer.formats.brief_text import brief_bytes

    seed = checked_seed(wish.seed)
    brief = random_brief(seed, wish.ensemble, wish.style)
    files = PieceFiles.of(output_of(wish.output, Path(f"free-{seed}.draft.mid")))
    content, draft = {files.brief: brief_bytes(brief)}, output_of(wish.output, files.draft)
    if not wish.force:
        guard_all(files, [files.brief, draft], wish.force)
    save(files, BRIEF, content, options={"free": True}, seed=seed, versions={"composer": __version__}, force=wish.force)
    return replace(brief_job(files.brief, draft, seed), beside=(files.brief,))


def melody_job(wish: Wish) -> Job:
    """Chords and an accompaniment for the tune of a MIDI file."""
    from composer.compose.given import accompanied, added_to
    from composer.compose.takes import Judged
    from composer.formats.tune import tune_of

    midi, brief = wish.subject, brief_in(wish.brief) if wish.brief else None
    source = read_source(read_bytes(midi, MIDI_BYTES, "MIDI file"), printable(midi.name))
    tune = tune_of(source, brief.key.key if brief else None)
    kept = [Kept(0, tune.track, tune.channel)]

    def compose(tools: Tools, seed: int) -> Draft:
        return accompanied(
            tune, brief, seed, wish.ensemble, wish.style, voices=tools.voices, figuration=tools.figuration
        )  # fmt: skip

    def written(draft: Draft) -> bytes:
        return given_midi_bytes(added_to(draft.piece, tune), source, kept, shift=tune.shift)

    return Job(
        compose,
        output_of(wish.output, given_output(midi, MELODY)),
        (midi, *([wish.brief] if wish.brief else [])),
        wish.seed if wish.seed is not None else brief.seed if brief else None,
        options=_chosen(MELODY, midi, wish.ensemble, wish.style),
        judged=Judged(is_tune_given=True),
        notes=_resolution_notes(source, kept),
        written=written,
    )


def continue_job(wish: Wish) -> Job:
    """New bars after what a person played."""
    from composer.compose.beginning import beginning_of
    from composer.compose.continuation import added_after, continued
    from composer.compose.takes import Judged
    from composer.formats.source_piece import part_lines
    from composer.formats.tune import tune_of

    midi, brief = wish.subject, brief_in(wish.brief) if wish.brief else None
    source = read_source(read_bytes(midi, MIDI_BYTES, "MIDI file"), printable(midi.name))
    tune = tune_of(source, brief.key.key if brief else None)
    begun, bars = beginning_of(tune), wish.new_bars
    kept = [Kept(part, *line) for part, line in enumerate(part_lines(source))]

    def compose(tools: Tools, seed: int) -> Draft:
        return continued(
            begun, bars, brief, tools.melody, tools.harmony, seed, wish.ensemble, wish.style,
            ear=tools.ear, voices=tools.voices, figuration=tools.figuration,
        )  # fmt: skip

    def written(draft: Draft) -> bytes:
        return given_midi_bytes(added_after(draft.piece, begun), source, kept, shift=tune.shift)

    return Job(
        compose,
        output_of(wish.output, given_output(midi, CONTINUE)),
        (midi, *([wish.brief] if wish.brief else [])),
        wish.seed if wish.seed is not None else brief.seed if brief else None,
        options={**_chosen(CONTINUE, midi, wish.ensemble, wish.style), "bars": bars},
        judged=Judged(first_bar=begun.bars),
        notes=_resolution_notes(source, kept),
        written=written,
    )


def _resolution_notes(source: SourceMidi, kept: Sequence[Kept]) -> tuple[str, ...]:
    """A line where the file cannot be written at the usual resolution."""
    ticks = resolution_of(source, kept)
    why = f"written at {ticks} ticks to the quarter, as the file is: {TICKS_PER_BEAT} would move its notes"
    return () if ticks == TICKS_PER_BEAT else (why,)


def given_output(midi: Path, mode: str) -> Path:
    """Where the draft around ``midi`` goes: ``tune.draft.mid``.

    Where that is the input itself, or a draft that came another way, ``tune-melody.draft.mid`` (or ``-continue``).
    """
    files = PieceFiles.of(midi)
    before = read_record(files.record).steps.get(GENERATE)
    is_other = before is not None and mode not in before.options and files.draft.exists()
    return PieceFiles(files.folder, f"{files.name}-{mode}").draft if is_other or midi == files.draft else files.draft


def _chosen(mode: str, midi: Path, ensemble: str | None, style: str | None) -> dict[str, object]:
    """What the record keeps of a given tune's options."""
    chosen = {mode: midi.name, "ensemble": ensemble, "style": style}
    return {name: value for name, value in chosen.items() if value is not None}


def run_job(job: Job, takes: int, model: str | None, force: bool) -> Done:
    """Compose and write the draft; with several takes all of them, ranked, the best one also as the draft."""
    from composer.models.figuration_runtime import FOLDER, load_figuration_model
    from composer.models.registry import DEFAULT, load_melody_model
    from composer.models.voices_runtime import read_voices_model

    seed = checked_seed(job.seed)
    # Trained weights of the learned style may be missing: another style is played then, and the draft says so.
    figuration = load_figuration_model() if FOLDER.is_dir() else None
    tools = Tools(load_melody_model(model or DEFAULT), load_harmony(), load_ear(), read_voices_model(), figuration)
    if takes == 1:
        draft = job.compose(tools, seed)
        _save(job, GENERATE, {job.output: job.written(draft)}, seed, model, force)
        return Done(
            GENERATE, (job.output, *job.beside), (f"seed {seed}", *draft.notes, *job.notes), _facts(seed, draft)
        )
    from composer.compose.takes import Judged, ranked, take_seeds

    if not force:
        guard_all(PieceFiles.of(job.output), [job.output, *_take_paths(job, takes)], force, job.inputs)
    found = ranked(lambda one: job.compose(tools, one), take_seeds(seed, takes), job.judged or Judged())
    paths = _take_paths(job, takes)
    written = [job.written(take.draft) for take in found]
    _save(job, TAKES, dict(zip(paths, written, strict=True)), seed, model, force, {"takes": takes})
    # The draft is what its own seed gives again, so it is recorded as if that seed had been asked for.
    best = found[0]
    _save(job, GENERATE, {job.output: written[0]}, best.seed, model, force)
    facts = {**_facts(best.seed, best.draft), "takes": [_take_facts(p, t) for p, t in zip(paths, found, strict=True)]}
    return Done(
        GENERATE,
        (job.output, *paths, *job.beside),
        (*_take_lines(found, seed), *best.draft.notes, *job.notes),
        facts,
    )


def _take_paths(job: Job, takes: int) -> list[Path]:
    return [PieceFiles.of(job.output).take(rank) for rank in range(1, takes + 1)]


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
