"""A piece as other programs take it: exported, and recorded as a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import UsageProblem, command, counted, printable
from composer.formats.files import Announce, write_whole
from composer.formats.folders import write_folder
from composer.formats.midi.source import SourceMidi, read_source
from composer.steps.briefing import brief_in
from composer.steps.done import Done
from composer.steps.names import CLEANUP
from composer.steps.naming import MIDI_ENDINGS, output_of
from composer.steps.returning import read_whole
from composer.steps.scores import score_for
from composer.workspace import PieceFiles, State, announcing, guard_all, renew, state_of, step_of

if TYPE_CHECKING:
    from composer.export.recordings import Recording
    from composer.export.session import Session
    from composer.formats.brief.brief import Brief

# Format -> what the name of the file (or folder) ends with.
ENDINGS = {
    "dawproject": ".dawproject", "rpp": ".rpp", "midi-stems": ".midi-stems", "musicxml": ".musicxml",
    "svg": ".pages", "pdf": ".pdf",
}  # fmt: skip
WITH_SOUND = ("dawproject", "rpp")
FOLDERS = ("midi-stems", "svg")


@dataclass(frozen=True, slots=True)
class Job:
    """What is exported to where; ``sounds`` is the folder of the stems, None where they are not wanted.

    ``lines`` say what ``data`` has that the file on the disk lost in a DAW.
    """

    midi: Path
    data: bytes
    source: SourceMidi
    brief: Brief | None
    brief_path: Path | None
    session: Session
    files: PieceFiles
    output: Path
    sounds: Path | None
    force: bool
    lines: tuple[str, ...]

    @property
    def inputs(self) -> list[Path]:
        return [self.midi, *([self.brief_path] if self.brief_path else [])]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the file is written and what it then consists of, what else it is made from, what to tell.

    ``write`` is None where nothing is to be written; ``score`` is the content of a score, which may be a cleanup's.
    """

    write: Callable[[Announce], object] | None
    written: tuple[Path, ...]
    read: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    score: bytes | None = None


def run_export(midi: Path, to: str, audio: bool, asked: Path | None, force: bool) -> Done:
    """Export the piece of ``midi`` and record the step."""
    planned = _writer(to)
    job = _job(midi, to, audio and to in WITH_SOUND, asked, force)
    plan = planned(job)
    notes = plan.notes
    if job.session.system_messages and to in WITH_SOUND:
        notes = (*notes, f"{job.session.system_messages} system exclusive message(s) have no place there")
    if job.session.lyrics and to == "dawproject":
        notes = (*notes, f"{counted(job.session.lyrics, 'lyric')} left out: lyrics have no place in a DAWproject")
    if plan.write is not None:
        guard_all(job.files, [job.output], job.force, job.inputs)
        _write(job, plan, plan.write, f"export-{to}")
    notes = (*job.lines, *notes)
    facts = {"input": str(job.midi), "tracks": len(job.session.tracks), "notes": job.session.notes}
    return Done("export", plan.written, notes, {"exported": facts})


def _write(job: Job, plan: Plan, write: Callable[[Announce], object], step: str) -> None:
    # The score of a cleanup stays one: else `composer make` would miss it, and clean again.
    if plan.score is not None and renew(job.files, job.output, plan.score, CLEANUP):
        return
    versions = {"composer": __version__}
    with announcing(
        job.files, step, inputs=[*job.inputs, *plan.read], options=plan.options, versions=versions
    ) as announce:
        write(announce)


def _writer(to: str) -> Callable[[Job], Plan]:
    writers = {
        "dawproject": _write_dawproject, "rpp": _write_reaper, "midi-stems": _write_stems,
        "musicxml": _write_musicxml, "svg": _write_svg, "pdf": _write_pdf,
    }  # fmt: skip
    if to not in writers:
        raise UsageProblem("--to", f"{to!r} is no format of export", f"choose one of {', '.join(writers)}")
    return writers[to]


def _job(midi: Path, to: str, audio: bool, asked: Path | None, force: bool) -> Job:
    from composer.export.session import session_of

    piece = PieceFiles.of(midi)
    data, lines = read_whole(midi)
    source = read_source(data, printable(midi.name))
    brief = brief_in(piece.brief) if piece.brief.is_file() else None
    is_again = to in FOLDERS and asked is not None and step_of(PieceFiles.of(asked), asked) is not None
    output = asked if asked is not None and is_again else output_of(asked, piece.file(ENDINGS[to]))
    return Job(
        midi, data, source, brief, piece.brief if brief else None, session_of(source, brief),
        PieceFiles.of(output), output, piece.stems if audio and piece.stems.is_dir() else None, force, lines,
    )  # fmt: skip


def _write_dawproject(job: Job) -> Plan:
    from composer.export.dawproject import write_dawproject

    recordings = _recordings(job)
    return _with_sound(
        job, lambda announce: write_dawproject(job.output, job.session, recordings, announce), recordings
    )


def _write_reaper(job: Job) -> Plan:
    from composer.export.reaper import reaper_bytes

    recordings = _recordings(job)
    content = reaper_bytes(job.session, recordings, job.output.parent)
    return _with_sound(job, _file(job, content), recordings)


def _recordings(job: Job) -> Sequence[Recording]:
    from composer.export.recordings import recordings_in

    return recordings_in(job.sounds, job.session) if job.sounds else ()


def _file(job: Job, content: bytes) -> Callable[[Announce], object]:
    return lambda announce: write_whole(job.output, content, announce)


def _folder(job: Job, files: Mapping[str, bytes]) -> tuple[Callable[[Announce], object], tuple[Path, ...]]:
    return lambda announce: write_folder(job.output, files, announce), tuple(job.output / name for name in files)


def _with_sound(job: Job, write: Callable[[Announce], object], recordings: Sequence[Recording]) -> Plan:
    """A session, with what to know about its sounds."""
    sounds = tuple(recording.path for recording in recordings)
    notes: tuple[str, ...] = ()
    if sounds and job.sounds is not None:
        notes = (f"with {counted(len(sounds), 'stem')} of {job.sounds.name} as audio tracks",)
        origin = _origin(job.sounds)
        if origin and origin != job.midi.name:
            notes = (
                *notes,
                f"the stems sound {origin}: run `{command('render', job.midi, '--stems')}` and export again",
            )
        elif state_of(job.sounds) is State.STALE:
            notes = (*notes, "the stems are older than the MIDI file: run `composer render --stems` and export again")
    return Plan(write, (job.output,), sounds, notes, options={"audio": bool(sounds)})


def _origin(stems: Path) -> str:
    """The name of the MIDI file that the stems were rendered from, ``""`` where that is not known."""
    step = step_of(PieceFiles.of(stems), stems)
    inputs = step.inputs if step is not None else {}
    return next((key for key in inputs if key.lower().endswith(MIDI_ENDINGS)), "")


def _write_stems(job: Job) -> Plan:
    from composer.export.midi_stems import midi_stems

    return Plan(*_folder(job, midi_stems(job.source, job.session)))


def _write_musicxml(job: Job) -> Plan:
    score = score_for(job.midi, job.data, job.brief)
    if score.path is not None and job.output.exists() and score.path.samefile(job.output):
        return Plan(None, (), notes=(f"{job.output.name} is there already", *score.notes))
    read = (score.path,) if score.path else ()
    return Plan(_file(job, score.content), (job.output,), read, score.notes, score=score.content)


def _write_svg(job: Job) -> Plan:
    from composer.export.engraved import engraved

    score = score_for(job.midi, job.data, job.brief)
    pages = engraved(score.content, job.midi.name).pages
    files = {f"page-{number}.svg": page.encode() for number, page in enumerate(pages, start=1)}
    return Plan(*_folder(job, files), (score.path,) if score.path else (), score.notes)


def _write_pdf(job: Job) -> Plan:
    from composer.export.engraved import engraved
    from composer.export.pdf import pdf_of_pages

    score = score_for(job.midi, job.data, job.brief)
    printed = pdf_of_pages(engraved(score.content, job.midi.name), job.session.title)
    read = (score.path,) if score.path else ()
    return Plan(_file(job, printed.content), (job.output,), read, (*score.notes, *printed.notes))
