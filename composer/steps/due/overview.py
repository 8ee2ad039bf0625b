"""What `composer status` tells of a piece: its files, what became of each, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from composer.errors import ComposerError, command, printable
from composer.formats.files import read_bytes
from composer.formats.midi.hashes import bar_hashes
from composer.formats.midi.source import read_source
from composer.formats.record import StepRecord, path_of_key
from composer.limits import MIDI_BYTES
from composer.music.regions import bars_text
from composer.workspace import AUDIO, BRIEF, CONDUCTOR, TAKE, EditedBars, PieceFiles, PieceState, State
from composer.workspace.states import MIDI_SUFFIXES, hashes_of

_SAVED, _YOURS = "saved again, no bar changed", "holds names, texts or tracks of yours"
TRACKS_MAX = 4  # named in one line
QUIET = (State.FRESH, State.FOREIGN, State.MISSING)


@dataclass(frozen=True, slots=True)
class FileState:
    """One file: what it is by the record, and the reasons, such as "the brief changed since"."""

    path: Path
    state: State
    why: tuple[str, ...] = ()
    is_behind: bool = False  # what it was made from has changed, so that what is made from it is behind too


class Overview:
    """The files of one piece; whatever is asked is found out once."""

    def __init__(self, files: PieceFiles) -> None:
        self.files, self.state = files, PieceState(files)
        self._known: dict[Path, FileState] = {}
        self._problems: dict[Path, str] = {}
        self._persons: dict[Path, tuple[EditedBars, ...]] = {}
        self._changes: dict[tuple[tuple[str, str], ...], tuple[tuple[Path, ...], tuple[EditedBars, ...]]] = {}

    @cached_property
    def entries(self) -> tuple[FileState, ...]:
        """Every file that a piece can have in its order; optional ones only where they are or were there."""
        return tuple(self.of(path) for path in [*_shown(self.files), *self._deleted])

    @cached_property
    def shown(self) -> tuple[FileState, ...]:
        """The files that are there, and those that composer wrote and somebody deleted."""
        gone = {*self._deleted, *(path for path in _usual(self.files) if self.state.step_of(path) is not None)}
        return tuple(entry for entry in self.entries if entry.state is not State.MISSING or entry.path in gone)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell but that all is well."""
        return not self.state.record_problem and all(entry.state in QUIET for entry in self.shown)

    @cached_property
    def _deleted(self) -> tuple[Path, ...]:
        """What the record knows and is not there, of what no piece must have; what anybody clears away is left out."""
        start = self.state.key_of(self.files.file("."))
        names = {key.partition("/")[0] for key in self.state.record.output_keys if key.startswith(start)}
        paths = [path for name in sorted(names) if not (path := path_of_key(self.files.folder, name)).exists()]
        passing = {self.files.mix, self.files.preview, *_usual(self.files)}
        return tuple(p for p in paths if p not in passing and not re.fullmatch(f".*{TAKE}", p.name))

    @property
    def next_step(self) -> tuple[Path, str] | None:
        """The file that the first stage that is due would make, and its command; None when there is none.

        Another version of composer counts for drafts only: to know a soundfont again takes long.
        """
        from composer.steps.due.asked import Asked
        from composer.steps.due.needs import FORCE, Need, command_of, verdict_of
        from composer.steps.due.stages import TOLD, stages_of
        from composer.steps.names import BRIEF as BRIEF_STEP
        from composer.steps.names import GENERATE

        files = self.files
        if not files.record.is_file() and not files.brief.is_file():
            return None
        for stage, _ in stages_of(self.state, Asked(), TOLD):
            verdict = verdict_of(stage, self.state, with_versions=stage.name == GENERATE)
            unread = [path for path in (stage.outputs[0], *stage.inputs) if self._problem(path)]
            if files.brief in unread and (stage.name == BRIEF_STEP or verdict.need is Need.RUN):
                return files.brief, f"correct {files.brief.name}"
            if stage.outputs[0] in unread:
                words = command_of(stage, files.folder)
                return stage.outputs[0], words if words.endswith(FORCE) else f"{words} {FORCE}"
            if unread and verdict.need is Need.RUN:
                return None
            if verdict.need is Need.RUN or (verdict.need is Need.AROUND and verdict.changed):
                return stage.outputs[0], command_of(stage, files.folder)
        return None

    def of(self, path: Path) -> FileState:
        """What became of ``path``; it is stale, too, when what it was made from is."""
        if path not in self._known:
            self._known[path] = FileState(path, self.state.state_of(path))  # an answer for what asks for itself
            self._known[path] = self._looked_at(path)
        return self._known[path]

    def sources(self, step: StepRecord) -> Iterator[Path]:
        """The files of this piece that a step read and that are there."""
        for path in self.state.inputs_of(step):
            if path.exists() and self.state.step_of(path) is not None:
                yield path

    def _looked_at(self, path: Path) -> FileState:
        state, step = self.state.state_of(path), self.state.step_of(path)
        problem = self._problem(path) if state in (State.EDITED, State.FOREIGN) else ""
        if problem:
            return FileState(path, state, (f"cannot be read: {problem}",))
        if step is None:
            return FileState(path, state)
        stale = tuple(self._stale(path, step))
        if state is State.MISSING:
            return FileState(path, state, is_behind=bool(stale))
        why = tuple(dict.fromkeys([*stale, *self._gone(step)]))
        if state is State.EDITED:
            return FileState(path, state, (*self._edited(path, step), *self._redone(path), *why))
        if state is State.REDONE:
            return FileState(path, state, (*self._redone(path), *why))
        is_stale = bool(stale) or bool(self.state.gone_inputs(step))
        return FileState(path, State.STALE if is_stale else State.FRESH, why, bool(stale))

    def _stale(self, path: Path, step: StepRecord) -> Iterator[str]:
        from composer.steps.composing.trained import is_of_today
        from composer.steps.rendering import has_other_mix

        changed, bars = self._changed(path, step)
        for source in changed:
            name = _called(source, self.files)
            if self._problem(source):
                yield f"{name} cannot be read"
            elif source.suffix.lower() in MIDI_SUFFIXES and self.state.key_of(source) in step.input_bars:
                yield f"{bars_of_tracks(bars)} changed in {name}" if bars else f"{name} was saved again"
            else:
                yield f"{name} changed since"
        is_sound = path.suffix.lower() in AUDIO or path == self.files.stems
        if is_sound and self.files.mix not in changed and has_other_mix(self.files, step):
            yield f"made without {self.files.mix.name}" if self.files.mix.exists() else "the mix is gone"
        if self.state.key_of(path) in step.behind:
            midi = next((key for key in step.outputs if key.lower().endswith(MIDI_SUFFIXES)), "")
            yield f"{midi} was put back since"
        if path in (self.files.musicxml, self.files.report) and path.exists():
            yield from self._outdated(path, step)
        for source in self.state.inputs_of(step):
            is_there = source.exists()
            if source in changed or self.state.step_of(source) is None or source == self.files.mix:
                continue
            if self.of(source).is_behind or (not is_there and self.state.was_made_again(step, source)):
                is_own = source.parent == self.files.folder
                name = _called(source if is_own else source.parent, self.files)
                yield f"{name} is stale" if is_there else f"{name} is gone"
        if path in (self.files.draft, *self.files.takes) and not is_of_today(step):
            yield "another version of composer made it"

    def _gone(self, step: StepRecord) -> Iterator[str]:
        for path in self.state.inputs_of(step):
            if not path.exists() and path != self.files.mix:
                yield f"{_called(path, self.files)} is gone"

    def _outdated(self, path: Path, step: StepRecord) -> Iterator[str]:
        """What tells that ``path`` is of a MIDI file, written with it, that a person edited or redid since then."""
        for key, recorded in step.outputs.items():
            midi = path_of_key(self.files.folder, key)
            if midi.suffix.lower() not in MIDI_SUFFIXES or not midi.is_file():
                continue
            if path.stat().st_mtime_ns > midi.stat().st_mtime_ns:
                continue  # exported since: the record calls it what the cleanup wrote
            way = f"; {command('export', midi.name, '--to', 'musicxml')}" if path == self.files.musicxml else ""
            if self.state.sha256_of(midi) != recorded and not self._problem(midi) and self._bars_of_person(midi):
                yield f"{midi.name} was edited since{way}"
            elif self.state.redone_bars(midi):
                yield f"bars of {midi.name} were redone since{way}"

    def _changed(self, path: Path, step: StepRecord) -> tuple[tuple[Path, ...], tuple[EditedBars, ...]]:
        """The inputs that changed, and their bars; found out once for all outputs of a step."""
        read = tuple(sorted(step.inputs.items()))
        if read not in self._changes:
            changed = self.state.changed_inputs(step)
            self._changes[read] = changed, self.state.stale_bars(path, self.hashes_of) if changed else ()
        return self._changes[read]

    def hashes_of(self, path: Path) -> dict[str, str]:
        """The hashes of the bars of a MIDI file as its DAW lost nothing."""
        back = read_back(self.state, path) if self.state.state_of(path) is State.EDITED else None
        return hashes_of(path) if back is None else bar_hashes(back, path.name)

    def _bars_of_person(self, path: Path) -> tuple[EditedBars, ...]:
        if path not in self._persons:
            self._persons[path] = bars_of_person(self.state, path)
        return self._persons[path]

    def _edited(self, path: Path, step: StepRecord) -> Iterator[str]:
        if path.suffix.lower() in MIDI_SUFFIXES:
            bars = self._bars_of_person(path)
            is_saved = self.state.is_changed(path, step)
            yield bars_of_tracks(bars) if bars else _SAVED if is_saved else _YOURS

    def _redone(self, path: Path) -> Iterator[str]:
        bars = self.state.redone_bars(path)
        if bars:
            yield f"bars redone: {bars_of_tracks(bars)}"

    def _problem(self, path: Path) -> str:
        """Why the MIDI file or the brief ``path`` cannot be read; ``""`` where it can, and for other files."""
        if path not in self._problems:
            self._problems[path] = _problem_of(path)
        return self._problems[path]


def bars_of_person(state: PieceState, path: Path) -> tuple[EditedBars, ...]:
    """The bars of ``path`` that a person changed; what a DAW lost is no change of theirs."""
    return state.edited_bars(path, read_back(state, path))


def read_back(state: PieceState, path: Path) -> bytes | None:
    """``path`` with what a DAW lost of it; None where that is nothing, and where it cannot be read."""
    from composer.steps.returning import brought_back

    try:
        returned = brought_back(path)
    except ComposerError:
        return None
    return returned.midi if returned is not None else None


def _problem_of(path: Path) -> str:
    from composer.steps.briefing import brief_in

    is_brief = path.name.lower().endswith(BRIEF)
    if not path.is_file() or not (is_brief or path.suffix.lower() in MIDI_SUFFIXES):
        return ""
    try:
        if is_brief:
            brief_in(path)
        else:
            read_source(read_bytes(path, MIDI_BYTES), path.name)
    except ComposerError as error:
        more = f" (and {len(error.details) - 1} more)" if len(error.details) > 1 else ""
        return f"{error.details[0]}{more}" if error.details else "; ".join(filter(None, (error.reason, error.hint)))
    return ""


def bars_of_tracks(bars: Sequence[EditedBars]) -> str:
    """``Melody 3, 9-12; Bass 4``; what stands in no track is called tempo, key and markers."""
    words = [
        f"{'tempo, key or markers' if one.track == CONDUCTOR else printable(one.track)} {bars_text(one.bars)}"
        for one in bars[:TRACKS_MAX]
    ]
    left = len(bars) - len(words)
    return "; ".join([*words, f"{left} more track{'s' if left > 1 else ''}"] if left else words)


def _called(path: Path, files: PieceFiles) -> str:
    if path == files.brief:
        return "the brief"
    return "the mix" if path == files.mix else path.name


def _usual(files: PieceFiles) -> list[Path]:
    """The files that every piece gets sooner or later."""
    return [files.brief, files.draft, files.midi, files.musicxml, files.report, files.wav]


def _shown(files: PieceFiles) -> list[Path]:
    """The files that every piece has, and those optional ones that are there."""
    optional = [files.clean, files.human, files.grid, files.mix, files.card, files.preview, files.stems]
    sounds = [files.file(suffix) for suffix in AUDIO if suffix != files.wav.suffix]
    there = (path for path in (*optional, *sounds) if path.exists())
    return [*_usual(files), *there, *files.exports, *files.takes]
