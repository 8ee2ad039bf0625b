"""What `composer status` tells of a piece: its files, what became of each, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes
from composer.formats.record import StepRecord, path_of_key
from composer.formats.source import read_source
from composer.limits import MIDI_BYTES
from composer.music.regions import bars_text
from composer.workspace import AUDIO, CONDUCTOR, EditedBars, PieceFiles, PieceState, State
from composer.workspace.states import MIDI_SUFFIXES

TRACKS_MAX = 4  # named in one line
QUIET = (State.FRESH, State.FOREIGN, State.MISSING)


@dataclass(frozen=True, slots=True)
class FileState:
    """One file: what it is by the record, and the reasons, such as "the brief changed since"."""

    path: Path
    state: State
    why: tuple[str, ...] = ()


class Overview:
    """The files of one piece; whatever is asked is found out once."""

    def __init__(self, files: PieceFiles) -> None:
        self.files, self.state = files, PieceState(files)
        self._known: dict[Path, FileState] = {}
        self._changes: dict[tuple[tuple[str, str], ...], tuple[tuple[Path, ...], tuple[EditedBars, ...]]] = {}

    @cached_property
    def entries(self) -> tuple[FileState, ...]:
        """Every file that a piece can have in its order; optional ones only where they are there."""
        return tuple(self.of(path) for path in _shown(self.files))

    @property
    def there(self) -> tuple[FileState, ...]:
        return tuple(entry for entry in self.entries if entry.state is not State.MISSING)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell but that all is well."""
        return all(entry.state in QUIET for entry in self.there)

    @property
    def next_step(self) -> tuple[Path, str] | None:
        """The file that the first stage that is due would make, and its command; None when there is none.

        Another version of composer counts for drafts only: to know a soundfont again takes long.
        """
        from composer.cli.asked import Asked
        from composer.cli.needs import Need, command_of, verdict_of
        from composer.cli.stages import TOLD, stages_of
        from composer.cli.steps import GENERATE

        files = self.files
        if not files.record.is_file() and not files.brief.is_file():
            return None
        for stage, _ in stages_of(self.state, Asked(), TOLD):
            verdict = verdict_of(stage, self.state, with_versions=stage.name == GENERATE)
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
        broken = _broken(path) if state in (State.EDITED, State.FOREIGN) else ""
        if broken:
            return FileState(path, state, (broken,))
        if step is None or state is State.MISSING:
            return FileState(path, state)
        stale = tuple(self._stale(path, step))
        if state is State.EDITED:
            return FileState(path, state, (*self._edited(path), *self._redone(path), *stale))
        if state is State.REDONE:
            return FileState(path, state, (*self._redone(path), *stale))
        return FileState(path, State.STALE if stale else State.FRESH, stale)

    def _stale(self, path: Path, step: StepRecord) -> Iterator[str]:
        from composer.cli.rendering import has_other_mix
        from composer.cli.steps import is_of_today

        changed, bars = self._changed(path, step)
        for source in changed:
            if source.suffix.lower() in MIDI_SUFFIXES and self.state.key_of(source) in step.input_bars:
                yield f"{bars_of_tracks(bars)} changed in {source.name}" if bars else f"{source.name} was saved again"
            else:
                yield f"{_called(source, self.files)} changed since"
        if path.suffix.lower() in AUDIO and self.files.mix not in changed and has_other_mix(self.files, step):
            yield "the mix changed since"
        if path in (self.files.musicxml, self.files.report):
            yield from self._outdated(path, step)
        for source in self.sources(step):
            if source not in changed and self.of(source).state is State.STALE:
                yield f"{source.name} is stale"
        if path in (self.files.draft, *self.files.takes) and not is_of_today(step):
            yield "another version of composer made it"

    def _outdated(self, path: Path, step: StepRecord) -> Iterator[str]:
        """What tells that ``path`` is of a MIDI file, written with it, that a person edited or redid since then."""
        for key, recorded in step.outputs.items():
            midi = path_of_key(self.files.folder, key)
            if midi.suffix.lower() not in MIDI_SUFFIXES or not midi.is_file():
                continue
            if path.stat().st_mtime_ns > midi.stat().st_mtime_ns:
                continue  # exported since: the record calls it what the cleanup wrote
            way = f"; composer export {midi.name} --to musicxml" if path == self.files.musicxml else ""
            if self.state.sha256_of(midi) != recorded and not _broken(midi) and bars_of_person(self.state, midi):
                yield f"{midi.name} was edited since{way}"
            elif self.state.redone_bars(midi):
                yield f"bars of {midi.name} were redone since{way}"

    def _changed(self, path: Path, step: StepRecord) -> tuple[tuple[Path, ...], tuple[EditedBars, ...]]:
        """The inputs that changed, and their bars; found out once for all outputs of a step."""
        read = tuple(sorted(step.inputs.items()))
        if read not in self._changes:
            changed = self.state.changed_inputs(step)
            self._changes[read] = changed, self.state.stale_bars(path) if changed else ()
        return self._changes[read]

    def _edited(self, path: Path) -> Iterator[str]:
        if path.suffix.lower() in MIDI_SUFFIXES:
            bars = bars_of_person(self.state, path)
            yield bars_of_tracks(bars) if bars else "saved again, no bar changed"

    def _redone(self, path: Path) -> Iterator[str]:
        bars = self.state.redone_bars(path)
        if bars:
            yield f"bars redone: {bars_of_tracks(bars)}"


def bars_of_person(state: PieceState, path: Path) -> tuple[EditedBars, ...]:
    """The bars of ``path`` that a person changed; what a DAW lost is no change of theirs."""
    return state.edited_bars(path, read_back(state, path))


def read_back(state: PieceState, path: Path) -> bytes | None:
    """``path`` with what a DAW lost of it; None where that is nothing, and where it cannot be read."""
    from composer.cli.returning import brought_back

    if not _looks_lossy(state, path):
        return None
    try:
        returned = brought_back(path)
    except ComposerError:
        return None
    return returned.midi if returned is not None else None


def _broken(path: Path) -> str:
    """Why the MIDI file ``path`` cannot be read; ``""`` where it can, and for other files."""
    if path.suffix.lower() not in MIDI_SUFFIXES or not path.is_file():
        return ""
    try:
        read_source(read_bytes(path, MIDI_BYTES, "MIDI file"), path.name)
    except ComposerError as error:
        return f"cannot be read: {error.reason}"
    return ""


def _looks_lossy(state: PieceState, path: Path) -> bool:
    """Whether a DAW may have lost something: tempo and signs, a track, or more bars than a person changes."""
    step, changed = state.step_of(path), state.edited_bars(path)
    if step is None:
        return True  # a file that was put into a piece that was composed here
    written = step.bars.get(state.key_of(path), {})
    cells = sum(len(bars.split()) for bars in written.values())
    new = {one.track for one in changed} - {*written}
    return bool(new) or any(one.track == CONDUCTOR for one in changed) or sum(len(o.bars) for o in changed) * 2 > cells


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


def _shown(files: PieceFiles) -> list[Path]:
    """The files that every piece has, and those optional ones that are there."""
    always = [files.brief, files.draft, files.midi, files.musicxml, files.report, files.wav]
    optional = [files.clean, files.human, files.grid, files.mix, files.card, files.preview, files.stems]
    sounds = [files.file(suffix) for suffix in AUDIO if suffix != files.wav.suffix]
    return [*always, *(path for path in (*optional, *sounds) if path.exists()), *files.exports, *files.takes]
