"""Cleanup with its files: propose and apply, apply what a person accepted, or ask them change by change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import BadInput, CannotWrite, ComposerError, UsageProblem, command, did_you_mean, printable
from composer.formats.files import read_bytes, sha256_of_bytes
from composer.formats.record import path_of_key, record_key
from composer.limits import JSON_BYTES, MIDI_BYTES, REPORT_BYTES
from composer.music.regions import Track
from composer.steps.cleanup_choice import CleanupChoice, cleanup_target
from composer.steps.done import Done
from composer.steps.names import CLEANUP
from composer.workspace import (
    REPORT,
    EditedBars,
    Keeping,
    PieceFiles,
    State,
    backup,
    bars_by_hand,
    guard_all,
    save,
    state_of,
)

if TYPE_CHECKING:
    from composer.cleanup.choices import Choices
    from composer.cleanup.proposals import Proposal
    from composer.cleanup.report import MadeFrom, Report
    from composer.cleanup.setting import Setting
    from composer.formats.brief.brief import Brief
    from composer.music.key import Key

Answers = Mapping[str, bool]
"""Whether a change is accepted, by its id."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A file to clean: ``read`` is what is on the disk, ``data`` what that is taken for, ``lines`` say why.

    ``by_hand`` are the bars of it that a person edited, there or in the file that it was made from.
    """

    midi: Path
    output: Path
    choice: CleanupChoice
    read: Mapping[Path, bytes]
    data: bytes
    setting: Setting
    lines: tuple[str, ...]
    by_hand: tuple[EditedBars, ...]

    @property
    def files(self) -> PieceFiles:
        return PieceFiles.of(self.output)

    @property
    def sha256(self) -> str:
        return sha256_of_bytes(self.read[self.midi])

    @property
    def read_sha256(self) -> str:
        return sha256_of_bytes(self.data)

    def made_from(self, proposal: Proposal) -> MadeFrom:
        from composer.cleanup.report import MadeFrom, options_sha256

        options = self.choice.recorded()
        return MadeFrom(
            file=record_key(self.files.folder, self.midi), sha256=self.sha256, writes=printable(self.output.name),
            report=printable(self.files.report.name),
            options=options, options_sha256=options_sha256(options), read_sha256=self.read_sha256,
            proposed=len(proposal.changes),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Before:
    """What a person decided in the report that is there, and whether that report is kept as a backup.

    ``sha256`` is that of the report where the new one holds what it says; else it must not be replaced once edited.
    """

    answers: Answers
    needs_backup: bool = False
    sha256: str | None = None

    def keeping(self, report: Path) -> dict[Path, Keeping]:
        return {} if self.sha256 is None else {report: Keeping(self.sha256)}


def run_cleanup(midi: Path, output: Path, choice: CleanupChoice, force: bool) -> Done:
    """Clean a MIDI file and write it, its score and the report; with ``dry_run`` nothing is written.

    In bars that a person edited it only suggests, unless ``force`` says otherwise. What they decided in an earlier
    report of the file holds for the changes that are proposed again.
    """
    from composer.cleanup.proposals import proposed
    from composer.steps.played import check_written

    check_written(midi, output)
    job = _job(midi, output, choice, force)
    before = _before(job, force)
    _guard(job, before, force)
    return _done(job, proposed(job.setting).with_choices(before.answers), force, before)


def apply_report(named: Path, report: Path | None, output: Path | None, choice: CleanupChoice, force: bool) -> Done:
    """Make exactly the changes that a report accepts; ``named`` is the MIDI file or the report itself.

    Of ``choice`` only the brief and ``dry_run`` count: the report knows its options.

    Raises BadInput for a mistake in the report, and where the MIDI file is not as it was when the report was made.
    """
    from composer.cleanup.choices import proposal_of, read_choices

    midi = None if is_report(named) else named
    path = report or (named if midi is None else _report_of(midi, output))
    if not path.exists() and midi is not None:
        raise _no_report(path, midi, output)
    read = read_bytes(path, REPORT_BYTES, "report")
    choices = read_choices(read, printable(path.name))
    made = choices.made_from
    source = midi or path_of_key(path.parent, made.file)
    target = cleanup_target(source, output) if output is not None else path.parent / Path(made.writes).name
    asked = CleanupChoice.reported(made.options)
    asked = replace(asked, dry_run=choice.dry_run, brief=choice.brief or asked.brief)
    job = _job(source, target, asked, force)
    again = f"`{command('cleanup', source)}` looks again and keeps your choices"
    if job.sha256 != made.sha256:
        raise BadInput(path, f"{source.name} changed since this report was made", again)
    before = _replaced(job.files, path, read)
    _guard(job, before, force)
    try:
        proposal = proposal_of(job.setting, choices)
    except BadInput:
        if job.read_sha256 == made.read_sha256:
            raise
        raise BadInput(path, f"{source.name} was read otherwise when this report was made", again) from None
    return _done(job, proposal, force, before)


def review_file(
    midi: Path, output: Path, choice: CleanupChoice, force: bool, ask: Callable[[Proposal], Answers | None]
) -> Done | None:
    """Like ``run_cleanup``, with the answers that ``ask`` gives; None, and nothing written, where it gives none.

    A person who edited the report finds their choices there.
    """
    from composer.cleanup.proposals import proposed
    from composer.steps.played import check_written

    check_written(midi, output)
    job = _job(midi, output, choice, force)
    before = _before(job, force, is_asked_again=True)
    _guard(job, before, force)
    proposal = proposed(job.setting).with_choices(before.answers)
    answers = ask(proposal)
    return None if answers is None else _done(job, proposal.with_choices(answers), force, before)


def is_report(path: Path) -> bool:
    return path.name.lower().endswith(REPORT)


def _report_of(midi: Path, output: Path | None) -> Path:
    """The report beside ``output``, else the one beside the file that cleanup writes by itself."""
    asked, default = (PieceFiles.of(cleanup_target(midi, where)).report for where in (output, None))
    return asked if asked.exists() else default


def _no_report(path: Path, midi: Path, output: Path | None) -> BadInput:
    """The failure for a report that is not there, with the one that ``midi`` has or would get."""
    own, first = _report_of(midi, output), f"run `{command('cleanup', midi)}` first"
    if own.name != path.name:
        first = f"that of {midi.name} is {own.name}" if own.exists() else f"{first}, which writes {own.name}"
    return BadInput(path, "no such file", first)


def _job(midi: Path, output: Path, choice: CleanupChoice, force: bool) -> _Job:
    from composer.cleanup.setting import setting_of
    from composer.steps.returning import brought_back, returned_lines

    source = PieceFiles.of(midi)
    beside = choice.brief or (source.brief if source.brief.is_file() else None)
    read = {midi: read_bytes(midi, MIDI_BYTES, "MIDI file")}
    found = _brief(beside, goes_on=choice.goes_on and choice.brief is None) if beside is not None else None
    brief, unread = None, tuple[str, ...]()
    if beside is not None and found is not None:
        brief, read[beside] = found
    elif beside is not None:
        # It may lock any bar.
        choice = replace(choice, correct_key=False, voice_leading=False)
        unread = (f"{printable(beside.name)} cannot be read: nothing is corrected until it can",)
    returned = brought_back(midi)
    data = returned.midi if returned is not None else read[midi]
    theirs = bars_by_hand(source, midi, returned.midi if returned is not None else None)
    options = choice.options(frozenset((one.track, bar) for one in theirs for bar in one.bars), force, beside)
    setting = setting_of(data, printable(midi.name), brief, options)
    if not choice.is_again and choice.locked:
        choice = replace(choice, locked=_locked(choice.locked, setting))
        setting = setting_of(data, printable(midi.name), brief, replace(options, locked_tracks=choice.locked))
    lines = returned_lines(returned) if returned is not None else ()
    lines = (*lines, *unread, *_key_lines(choice, setting.finding.key, brief))
    return _Job(midi, output, choice, read, data, setting, lines, theirs)


def _brief(path: Path, *, goes_on: bool) -> tuple[Brief, bytes] | None:
    """The brief in ``path``, with what it was read from; None for one that cannot be read, where it ``goes_on``."""
    from composer.formats.brief.text import read_brief

    try:
        data = read_bytes(path, JSON_BYTES, "brief")
        return read_brief(data, path.name), data
    except ComposerError:
        if not goes_on:
            raise
        return None


def _locked(asked: Sequence[str], setting: Setting) -> tuple[str, ...]:
    """The tracks that a person locked by name or role, in any case; raises UsageProblem for one that is not there."""
    parts = [Track(part.name, part.role) for part in setting.piece.parts]
    found: dict[str, None] = {}
    for word in asked:
        same = [track.name for track in parts if track.name == word]
        called = same or [track.name for track in parts if track.is_called(word)]
        if not called:
            names = [track.name for track in parts]
            what = f"{setting.source.name} has no track {word!r}{did_you_mean(word, names)}"
            raise UsageProblem("--lock", what, f"choose one of {', '.join(names)}")
        found |= dict.fromkeys(called)
    return tuple(found)


def _key_lines(choice: CleanupChoice, key: Key, brief: Brief | None) -> tuple[str, ...]:
    """What ``--key`` was taken for, where that can be doubted."""
    if choice.key is None or (choice.key == str(key) and (brief is None or brief.key.key == key)):
        return ()
    other = f"; the brief is in {brief.key.key}" if brief is not None and brief.key.key != key else ""
    return (f"--key {printable(choice.key)} is {key}{other}",)


def _before(job: _Job, force: bool, *, is_asked_again: bool = False) -> _Before:
    """What the report that is there says of the file, by a person.

    Raises CannotWrite for choices that would be lost, with the way to keep them.
    """
    path = job.files.report
    state = state_of(path, job.files)
    choices, sha256 = _choices(path) if state not in (State.MISSING, State.FOREIGN) else (None, None)
    mine = choices.by_id if choices is not None else {}
    if force:
        return _Before({}, needs_backup=bool(mine) and state is not State.EDITED)
    if choices is None:
        if state is State.EDITED and not job.choice.dry_run:
            raise _edited(path, job.midi)
        return _Before({})
    if choices.made_from.file != record_key(job.files.folder, job.midi):
        if mine and not job.choice.dry_run:
            what = f"holds your choices for {choices.made_from.file}"
            raise CannotWrite(path, what, "use --force to replace it (a backup is kept), or name another file with -o")
        return _Before({})
    is_edited, made = state is State.EDITED, choices.made_from
    is_same = (made.sha256, made.read_sha256) == (job.sha256, job.read_sha256)
    if is_edited and is_same and not (is_asked_again or job.choice.dry_run):
        raise _edited(path, job.midi)
    return _Before(mine, is_edited and not is_asked_again, sha256)


def _replaced(files: PieceFiles, path: Path, read: bytes) -> _Before:
    """What becomes of the report that is there when ``path``, of which ``read`` was read, is applied."""
    if files.report.exists() and path.samefile(files.report):
        return _Before({}, sha256=sha256_of_bytes(read))
    state = state_of(files.report, files)
    choices, _ = _choices(files.report) if state in (State.FRESH, State.STALE) else (None, None)
    return _Before({}, needs_backup=choices is not None and bool(choices.by_id))


def _choices(path: Path) -> tuple[Choices | None, str | None]:
    """The report that is there, with its SHA-256; None where it cannot be read as one."""
    from composer.cleanup.choices import read_choices

    try:
        data = read_bytes(path, REPORT_BYTES, "report")
        return read_choices(data, printable(path.name)), sha256_of_bytes(data)
    except ComposerError:
        return None, None


def _guard(job: _Job, before: _Before, force: bool) -> None:
    """Refuse before the work, and before the first question, what cannot be written after it."""
    if job.choice.dry_run:
        return
    files = job.files
    try:
        guard_all(files, [job.output, files.musicxml, files.report], False, job.read, before.keeping(files.report))
    except CannotWrite:
        if not force:
            raise


def _edited(path: Path, midi: Path) -> CannotWrite:
    hint = f"`{command('cleanup', midi, '--apply')}` does as it says, --force replaces it (a backup is kept)"
    return CannotWrite(path, "was edited by hand", hint)


def _done(job: _Job, proposal: Proposal, force: bool, before: _Before) -> Done:
    """Make the accepted changes and write everything."""
    from composer.cleanup.stage import finished

    result = finished(job.data, proposal, job.made_from(proposal))
    files, report = job.files, result.report
    outputs = {job.output: result.midi, files.musicxml: result.musicxml, files.report: report.bytes()}
    lines = [*job.lines, *result.notes]
    if not job.choice.dry_run:
        if before.needs_backup and read_bytes(files.report, REPORT_BYTES, "report") != outputs[files.report]:
            _guard(job, before, force)
            lines.append(f"{files.report.name} as it was is kept as {backup(files.report).name}")
        saved = save(
            files, CLEANUP, outputs, inputs=job.read, options=job.choice.recorded(),
            versions={"composer": __version__}, force=force, by_hand=job.by_hand,
            keeping=before.keeping(files.report),
        )  # fmt: skip
        lines += [f"what was there is kept as {printable(copy.name)}" for copy in saved.backups]
    return Done(CLEANUP, () if job.choice.dry_run else tuple(outputs), (*lines, *_decisions(report)), _facts(report))


def _decisions(report: Report) -> list[str]:
    """What was not done because a person decides on it, or decided."""
    lines = []
    if report.suggestions:
        ways = "accept them in the report, or one by one with --review"
        lines.append(f"suggestions in bars that you edited, not made: {len(report.suggestions)} ({ways})")
    if report.refused:
        lines.append(f"refused by you: {len(report.refused)}")
    return lines


def _facts(report: Report) -> dict[str, object]:
    return {
        "key": report.key.name,
        "changes": len(report.applied),
        "suggestions": len(report.suggestions),
        "refused": len(report.refused),
        "proposals": [change.as_json() for change in report.changes],
        "before": report.before,
        "after": report.after,
    }
