"""``composer export``: a piece as other programs take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.options import Force, Output
from composer.cli.show import Show

if TYPE_CHECKING:
    from composer.cli.steps import Done
    from composer.export.session import Session
    from composer.formats.brief import Brief
    from composer.formats.source import SourceMidi
    from composer.workspace import PieceFiles

# Format -> what the name of the file (or folder) ends with.
ENDINGS = {
    "dawproject": ".dawproject", "rpp": ".rpp", "midi-stems": ".midi-stems", "musicxml": ".musicxml",
    "svg": ".pages", "pdf": ".pdf",
}  # fmt: skip
WITH_SOUND = ("dawproject", "rpp")
FOLDERS = ("midi-stems", "svg")
MIDI_ENDINGS = (".mid", ".midi")


def export(
    show: Show,
    name: Annotated[Path, typer.Argument(help="A piece, such as art, or one of its files; or any MIDI file.")],
    to: Annotated[str, typer.Option("--to", help="dawproject, rpp, midi-stems, musicxml, svg or pdf.")],
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Leave the rendered stems out of the session.")] = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """Write a piece for other programs: a DAW session, a MIDI file for each track, the score, its printed pages."""
    from composer.cli.batch import tell

    with show.working(name.name):
        done = run_export(name, to, not no_audio, output, force)
    tell(show, done)
    show.result({"to": to, **done.as_json()})


@dataclass(frozen=True, slots=True)
class Job:
    """What is exported to where; ``sounds`` is the folder of the stems, None where they are not wanted."""

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

    @property
    def inputs(self) -> list[Path]:
        return [self.midi, *([self.brief_path] if self.brief_path else [])]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a writer wrote, what else it read, what to tell; ``is_recorded`` where no step is to be recorded for it."""

    written: tuple[Path, ...]
    read: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    is_recorded: bool = False
    options: dict[str, object] = field(default_factory=dict)


def run_export(name: Path, to: str, audio: bool, asked: Path | None, force: bool) -> Done:
    """Export the piece ``name`` and record the step."""
    from composer import __version__
    from composer.cli.steps import Done
    from composer.workspace import note

    writer = _writer(to)
    job = _job(name, to, audio and to in WITH_SOUND, asked, force)
    outcome = writer(job)
    notes = outcome.notes
    if job.session.system_messages and to in WITH_SOUND:
        notes = (*notes, f"{job.session.system_messages} system exclusive message(s) have no place there")
    if not outcome.is_recorded:
        note(
            job.files, f"export-{to}", [job.output], inputs=[*job.inputs, *outcome.read],
            options=outcome.options, versions={"composer": __version__},
        )  # fmt: skip
    facts = {"input": str(job.midi), "tracks": len(job.session.tracks), "notes": job.session.notes}
    return Done("export", outcome.written, notes, {"exported": facts})


def _writer(to: str) -> Callable[[Job], Outcome]:
    from composer.errors import UsageProblem

    writers = {
        "dawproject": _write_dawproject, "rpp": _write_reaper, "midi-stems": _write_stems,
        "musicxml": _write_musicxml, "svg": _write_svg, "pdf": _write_pdf,
    }  # fmt: skip
    if to not in writers:
        raise UsageProblem("--to", f"{to!r} is no format of export", f"choose one of {', '.join(writers)}")
    return writers[to]


def _job(name: Path, to: str, audio: bool, asked: Path | None, force: bool) -> Job:
    from composer.cli.steps import brief_in, output_of
    from composer.errors import printable
    from composer.export.session import session_of
    from composer.formats.files import read_bytes
    from composer.formats.source import read_source
    from composer.limits import MIDI_BYTES
    from composer.workspace import PieceFiles, step_of

    midi = midi_of(name)
    piece = PieceFiles.of(midi)
    data = read_bytes(midi, MIDI_BYTES, "MIDI file")
    source = read_source(data, printable(midi.name))
    brief = brief_in(piece.brief) if piece.brief.is_file() else None
    is_again = to in FOLDERS and asked is not None and step_of(PieceFiles.of(asked), asked) is not None
    output = asked if asked is not None and is_again else output_of(asked, piece.file(ENDINGS[to]))
    return Job(
        midi, data, source, brief, piece.brief if brief else None, session_of(source, brief),
        PieceFiles.of(output), output, piece.stems if audio and piece.stems.is_dir() else None, force,
    )  # fmt: skip


def midi_of(name: Path) -> Path:
    """The MIDI file that ``name`` means: itself, else the one furthest along of the piece; raises BadInput."""
    from composer.errors import BadInput
    from composer.workspace import PieceFiles

    if name.suffix.lower() in MIDI_ENDINGS:
        return name
    pieces = [PieceFiles(name.parent, name.name), PieceFiles.of(name)]
    found = next((midi for piece in pieces if (midi := piece.best_midi) is not None), None)
    if found is None:
        raise BadInput(
            name, "there is no MIDI file of that piece", "name a MIDI file, or run `composer generate` first"
        )
    return found


def _write_dawproject(job: Job) -> Outcome:
    from composer.export.dawproject import write_dawproject
    from composer.export.recordings import recordings_in
    from composer.workspace import guard_all

    recordings = recordings_in(job.sounds, job.session) if job.sounds else ()
    guard_all(job.files, [job.output], job.force, job.inputs)
    write_dawproject(job.output, job.session, recordings)
    return _with_sound(job, tuple(recording.path for recording in recordings))


def _write_reaper(job: Job) -> Outcome:
    from composer.export.reaper import reaper_bytes
    from composer.export.recordings import recordings_in
    from composer.formats.files import write_whole
    from composer.workspace import guard_all

    recordings = recordings_in(job.sounds, job.session) if job.sounds else ()
    guard_all(job.files, [job.output], job.force, job.inputs)
    write_whole(job.output, reaper_bytes(job.session, recordings, job.output.parent))
    return _with_sound(job, tuple(recording.path for recording in recordings))


def _with_sound(job: Job, sounds: tuple[Path, ...]) -> Outcome:
    """A session that was written, with what to know about its sounds."""
    from composer.workspace import State, state_of

    notes: tuple[str, ...] = ()
    if sounds and job.sounds is not None:
        notes = (f"with {len(sounds)} stems of {job.sounds.name} as audio tracks",)
        if state_of(job.sounds) is State.STALE:
            notes = (*notes, "the stems are older than the MIDI file: run `composer render --stems` and export again")
    return Outcome((job.output,), sounds, notes, options={"audio": bool(sounds)})


def _write_stems(job: Job) -> Outcome:
    from composer.export.folder import write_folder
    from composer.export.midi_stems import midi_stems
    from composer.workspace import guard_all

    files = midi_stems(job.source, job.session)
    guard_all(job.files, [job.output], job.force, job.inputs)
    return Outcome(tuple(write_folder(job.output, files)))


def _write_musicxml(job: Job) -> Outcome:
    from composer.cli.scores import score_for
    from composer.cli.steps import CLEANUP
    from composer.formats.files import write_whole
    from composer.workspace import guard_all, renew

    score = score_for(job.midi, job.data, job.brief)
    if score.path is not None and job.output.exists() and score.path.samefile(job.output):
        return Outcome((), notes=(f"{job.output.name} is there already", *score.notes), is_recorded=True)
    guard_all(job.files, [job.output], job.force, job.inputs)
    write_whole(job.output, score.content)
    # The score of a cleanup stays one: else `composer make` would miss it, and clean again.
    is_cleanup_s = renew(job.files, job.output, CLEANUP)
    return Outcome((job.output,), (score.path,) if score.path else (), score.notes, is_recorded=is_cleanup_s)


def _write_svg(job: Job) -> Outcome:
    from composer.cli.scores import score_for
    from composer.export.engraved import engraved
    from composer.export.folder import write_folder
    from composer.workspace import guard_all

    score = score_for(job.midi, job.data, job.brief)
    pages = engraved(score.content, job.midi.name).pages
    files = {f"page-{number}.svg": page.encode() for number, page in enumerate(pages, start=1)}
    guard_all(job.files, [job.output], job.force, job.inputs)
    return Outcome(tuple(write_folder(job.output, files)), (score.path,) if score.path else (), score.notes)


def _write_pdf(job: Job) -> Outcome:
    from composer.cli.scores import score_for
    from composer.export.engraved import engraved
    from composer.export.pdf import pdf_of_pages
    from composer.formats.files import write_whole
    from composer.workspace import guard_all

    score = score_for(job.midi, job.data, job.brief)
    printed = pdf_of_pages(engraved(score.content, job.midi.name), job.session.title)
    guard_all(job.files, [job.output], job.force, job.inputs)
    write_whole(job.output, printed.content)
    read = (score.path,) if score.path else ()
    return Outcome((job.output,), read, (*score.notes, *printed.notes))
