"""What `composer status` tells of a piece: its files, what became of each, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes, sha256_of
from composer.formats.record import StepRecord, path_of_key
from composer.formats.source import read_source
from composer.limits import MIDI_BYTES
from composer.music.regions import bars_text
from composer.workspace import (
    AUDIO,
    CONDUCTOR,
    EditedBars,
    PieceFiles,
    State,
    edited_bars,
    stale_bars,
    state_of,
    step_of,
)
from composer.workspace.states import MIDI_SUFFIXES, changed_inputs, key_of

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
        self.files = files
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
        """The file that the next step would make, and its command; None when all the usual ones are there.

        A stale file comes before a missing one that would be made from it.
        """
        files, best = self.files, self.files.best_midi
        if not files.record.is_file() and not files.brief.is_file():
            return None
        if best is None:
            return (files.draft, f"composer generate {files.brief.name}") if files.brief.is_file() else None
        if self.of(files.draft).state is State.STALE and files.brief.is_file():
            return files.draft, f"composer generate {files.brief.name}"
        if best == files.draft or (self.of(files.midi).state is State.STALE and files.draft.is_file()):
            return files.midi, f"composer cleanup {files.draft.name}"
        has_sound = any(files.file(suffix).exists() for suffix in AUDIO)
        return None if has_sound else (files.wav, f"composer render {self._latest(best).name}")

    def _latest(self, best: Path) -> Path:
        """``best``, or the performance that was made later, of another written file that is as it was."""
        human = self.files.human
        step = step_of(self.files, human) if human.is_file() else None
        if step is None or best == human or changed_inputs(self.files, step):
            return best
        return human if human.stat().st_mtime_ns >= best.stat().st_mtime_ns else best

    def of(self, path: Path) -> FileState:
        """What became of ``path``; it is stale, too, when what it was made from is."""
        if path not in self._known:
            self._known[path] = FileState(path, state_of(path, self.files))  # an answer for what asks for itself
            self._known[path] = self._looked_at(path)
        return self._known[path]

    def sources(self, step: StepRecord) -> Iterator[Path]:
        """The files of this piece that a step read and that are there."""
        for key in step.inputs:
            path = path_of_key(self.files.folder, key)
            if path.exists() and step_of(self.files, path) is not None:
                yield path

    def _looked_at(self, path: Path) -> FileState:
        state, step = state_of(path, self.files), step_of(self.files, path)
        broken = _broken(path) if state in (State.EDITED, State.FOREIGN) else ""
        if broken:
            return FileState(path, state, (broken,))
        if step is None or state is State.MISSING:
            return FileState(path, state)
        stale = tuple(self._stale(path, step))
        if state is State.EDITED:
            return FileState(path, state, (*self._edited(path), *stale))
        return FileState(path, State.STALE if stale else State.FRESH, stale)

    def _stale(self, path: Path, step: StepRecord) -> Iterator[str]:
        from composer.cli.rendering import has_other_mix
        from composer.cli.steps import is_of_today

        changed, bars = self._changed(path, step)
        for source in changed:
            if source.suffix.lower() in MIDI_SUFFIXES and key_of(self.files, source) in step.input_bars:
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
        """What tells that ``path`` is of a MIDI file, written with it, that a person edited since then."""
        for key, recorded in step.outputs.items():
            midi = path_of_key(self.files.folder, key)
            if midi.suffix.lower() not in MIDI_SUFFIXES or not midi.is_file() or sha256_of(midi) == recorded:
                continue
            if path.stat().st_mtime_ns > midi.stat().st_mtime_ns:
                continue  # exported since: the record calls it what the cleanup wrote
            if not _broken(midi) and bars_of_person(self.files, midi):
                way = f"; composer export {midi.name} --to musicxml" if path == self.files.musicxml else ""
                yield f"{midi.name} was edited since{way}"

    def _changed(self, path: Path, step: StepRecord) -> tuple[tuple[Path, ...], tuple[EditedBars, ...]]:
        """The inputs that changed, and their bars; found out once for all outputs of a step."""
        read = tuple(sorted(step.inputs.items()))
        if read not in self._changes:
            changed = changed_inputs(self.files, step)
            self._changes[read] = changed, stale_bars(self.files, path) if changed else ()
        return self._changes[read]

    def _edited(self, path: Path) -> Iterator[str]:
        if path.suffix.lower() in MIDI_SUFFIXES:
            bars = bars_of_person(self.files, path)
            yield bars_of_tracks(bars) if bars else "saved again, no bar changed"


def bars_of_person(files: PieceFiles, path: Path) -> tuple[EditedBars, ...]:
    """The bars of ``path`` that a person changed; what a DAW lost is no change of theirs."""
    return edited_bars(files, path, read_back(files, path))


def read_back(files: PieceFiles, path: Path) -> bytes | None:
    """``path`` with what a DAW lost of it; None where that is nothing, and where it cannot be read."""
    from composer.cli.returning import brought_back

    if not _looks_lossy(files, path, edited_bars(files, path)):
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


def _looks_lossy(files: PieceFiles, path: Path, changed: Sequence[EditedBars]) -> bool:
    """Whether a DAW may have lost something: tempo and signs, a track, or more bars than a person changes."""
    step = step_of(files, path)
    written = step.bars.get(key_of(files, path), {}) if step is not None else {}
    cells = sum(len(bars.split()) for bars in written.values())
    new = {one.track for one in changed} - {*written}
    if step is None:
        return True  # a file that was put into a piece that was composed here
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
