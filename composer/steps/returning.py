"""Files back from a DAW: ``composer import``, and what ``cleanup`` and ``render`` do with one by themselves."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import BadInput, UsageProblem, command, counted, printable
from composer.formats.files import read_bytes, sha256_of, sha256_of_bytes, write_whole
from composer.formats.midi.source import read_source
from composer.formats.record import read_record
from composer.limits import MIDI_BYTES
from composer.steps.briefing import brief_in
from composer.steps.done import Done
from composer.steps.naming import output_of
from composer.workspace import (
    DRAFT,
    PieceFiles,
    State,
    backup,
    copy_of,
    guard,
    note,
    pieces_in,
    remember,
    state_of,
    step_of,
)

if TYPE_CHECKING:
    from composer.daw_return.clips import Asked
    from composer.daw_return.stage import Returned

IMPORT = "import"
_FILES = "files"
_BEFORE = " before"
_LIKE = 0.75  # names that are as alike as that are taken for a slip of the pen


@dataclass(frozen=True, slots=True)
class _Match:
    """A returned file laid over one MIDI file of the piece (None: over its brief)."""

    result: Returned
    reference: Path | None


def run_import(
    file: Path,
    into: Path,
    output: Path | None,
    force: bool,
    *,
    bars: str | None = None,
    tracks: tuple[str, ...] | None = None,
) -> Done:
    """Put ``file`` back into the piece ``into``: into the draft or the finished piece, whichever it came from, or into
    the one of them that ``into`` names.

    ``bars`` and ``tracks`` say where in it a clip belongs.

    What was there is kept as a numbered backup. The record calls the file edited by hand, so that no step replaces it.
    """
    files = _piece(into)
    if files is None:
        if bars is not None or tracks is not None:
            hint = "leave out --bars and --tracks: the file begins the piece"
            raise UsageProblem("--into", f"there is no piece {into.name!r} to put a clip into", hint)
        return _begun(file, into, output, force)
    if output is None and any(_is_same(file, own) for own in (*_stages(files), files.human)):
        if _is_all_there_is(file, files):
            name = printable(file.name)
            told = (f"{name} is the whole piece: nothing to put back", f"next: {command('cleanup', file)}")
            return Done(IMPORT, (file,), told, {"report": None, "backup": None})
        hint = "`composer cleanup` and `composer render` put it back by themselves, or name another file with -o"
        raise UsageProblem(file, f"is a file of {files.name} itself", hint)
    data = read_bytes(file, MIDI_BYTES, "MIDI file")
    match = _matched(files, file, data, _meant(files, into), _asked(files, bars, tracks))
    _check_share(match, file, files, force or bars is not None)
    default = match.reference or (files.draft if files.draft.exists() or not files.midi.exists() else files.midi)
    target = output_of(output, default)
    kept = _written(files, target, match.result.midi, file, force)
    report = match.result.report
    lines = [f"put back after {report.origin}; {report.summary}", *report.lines()]
    if kept is not None:
        lines.append(f"what was there is kept as {kept.name}")
    return Done(IMPORT, (target,), tuple(lines), {"report": report.as_json(), "backup": str(kept) if kept else None})


def brought_back(midi: Path) -> Returned | None:
    """The file ``midi`` of a piece as ``cleanup`` and ``render`` should read it, where a DAW has written over it and
    lost what composer wrote; None where it did not, where it has no record, and where it is other music.

    What a person did that is no good MIDI, such as a new track without an instrument, is taken as it is."""
    from composer.contract.stage import checked
    from composer.daw_return.stage import SHARE_MIN

    files = PieceFiles.of(midi)
    if not files.record.is_file() or not _is_theirs(midi, files):
        return None
    data = read_bytes(midi, MIDI_BYTES, "MIDI file")
    if not _references(files, midi, _stages(files)) and not files.brief.is_file():
        return None
    match = _performed(midi, data) or _matched(files, midi, data, _stages(files))
    report = match.result.report
    is_kept = checked(data, printable(midi.name)).is_clean and not report.has("shift") and not report.has("clip")
    is_whole = is_kept or not report.has_loss
    return None if is_whole or match.result.share < SHARE_MIN else match.result


def _performed(midi: Path, data: bytes) -> _Match | None:
    """A performance laid over itself as it was written: over the grid it would seem to have lost its timing."""
    from composer.daw_return.stage import Known, returned
    from composer.steps.worn import worn_by

    worn, name = worn_by(midi), printable(midi.name)
    if worn is None:
        return None
    return _Match(returned(data, name, Known(worn.performance(name), name)), None)


def read_whole(midi: Path, read: bytes | None = None) -> tuple[bytes, tuple[str, ...]]:
    """The file ``midi`` (``read`` where that is known already) with what a DAW lost of it, and what to say of that."""
    result = brought_back(midi)
    if result is not None:
        return result.midi, returned_lines(result)
    return read if read is not None else read_bytes(midi, MIDI_BYTES, "MIDI file"), ()


def _is_theirs(midi: Path, files: PieceFiles) -> bool:
    """Whether a person wrote over ``midi``, or put it into a piece that was composed here.

    A file that was never composer's, and that a cleaned version was made of, is no return.
    """
    state = state_of(midi, files)
    if state is State.FOREIGN:
        return step_of(files, files.draft) is not None
    return state is State.EDITED and not _is_imported(files, midi)


def returned_lines(result: Returned) -> tuple[str, ...]:
    """What to tell the person about a file that was put back on the way."""
    report = result.report
    happened = "lost something in a DAW; put back from"
    if report.is_rescaled_only:
        happened = "was saved at another resolution; its times are read at that of"
    return (f"{report.file} {happened} {report.origin}:", *report.lines())


def _piece(into: Path) -> PieceFiles | None:
    """The piece of that name, or of that file; None where there is none."""
    named = PieceFiles(into.parent, into.name)
    for files in (named, PieceFiles.of(into)):
        if files.record.is_file() or files.brief.is_file() or any(path.is_file() for path in _stages(files)):
            return files
    return None


def _is_all_there_is(file: Path, files: PieceFiles) -> bool:
    """Whether a piece is nothing but that one file: somebody else's, that no step has touched."""
    others = [path for path in (files.record, files.brief, *_stages(files)) if path.is_file()]
    return len(others) == 1 and _is_same(others[0], file)


def _begun(file: Path, into: Path, output: Path | None, force: bool) -> Done:
    """A new piece of which ``file`` is the draft, byte for byte: there is nothing that it could have lost.

    Raises UsageProblem where a piece beside it is called nearly so, and ``force`` is not given.
    """
    files = PieceFiles.of(into) if into.name.lower().endswith(DRAFT) else PieceFiles(into.parent, into.name)
    known = [piece.name for piece in pieces_in(into.parent)] if into.parent.is_dir() else []
    near = difflib.get_close_matches(files.name, known, n=1, cutoff=_LIKE)
    if near and not force:
        hint = f"did you mean {near[0]!r}? --force begins a new one"
        raise UsageProblem("--into", f"there is no piece {files.name!r} in {into.parent}", hint)
    data = read_bytes(file, MIDI_BYTES, "MIDI file")
    source = read_source(data, printable(file.name))
    target = output_of(output, files.draft)
    _written(files, target, data, file, force)
    lines = [
        f"there was no piece {files.name}: this is its beginning, as it is ({counted(len(source.notes), 'note')})",
        f"next: {command('cleanup', target)}",
    ]
    return Done(IMPORT, (target,), tuple(lines), {"report": None, "backup": None})


def _stages(files: PieceFiles) -> tuple[Path, ...]:
    """The MIDI files of a piece, the one furthest along first."""
    return files.midi, files.clean, files.draft


def _meant(files: PieceFiles, into: Path) -> tuple[Path, ...]:
    """The MIDI files of the piece into one of which a person wants a file put: the one of that name, else any."""
    known = *_stages(files), files.human
    named = tuple(path for path in known if path.name == into.name)
    return named if any(path.is_file() or copy_of(files, path) is not None for path in named) else known


def _asked(files: PieceFiles, bars: str | None, tracks: tuple[str, ...] | None) -> Asked | None:
    """What a person said of the place of a clip, if anything."""
    from composer.daw_return.clips import Asked

    if bars is None and tracks is None:
        return None
    return Asked(bars, tracks, brief_in(files.brief).sections if files.brief.is_file() else ())


def _matched(files: PieceFiles, file: Path, data: bytes, stages: Sequence[Path], asked: Asked | None = None) -> _Match:
    """The file put back over that one of the MIDI files ``stages`` of the piece from which it differs least.

    Without any it is laid over the brief. Raises BadInput where there is none of them.
    """
    from composer.daw_return.stage import Known, returned

    name = printable(file.name)
    best: _Match | None = None
    for path, midi in _references(files, file, stages):
        match = _Match(returned(data, name, Known(midi, _told(path, file, midi)), asked=asked), path)
        if best is None or match.result.edits < best.result.edits:
            best = match
        if best.result.edits == 0:
            break
    if best is not None:
        return best
    if asked is not None:
        raise UsageProblem(files.name, "has no MIDI file with bars to put a clip into", "leave out --bars and --tracks")
    brief = brief_in(files.brief) if files.brief.is_file() else None
    return _Match(returned(data, name, None, brief, files.brief.name), None)


def _told(path: Path, file: Path, midi: bytes) -> str:
    """The name of a file that knows, with a word where the record's copy of it does."""
    name = printable(path.name)
    return name if not _is_same(path, file) and path.is_file() and path.read_bytes() == midi else f"{name} as it was"


def _references(files: PieceFiles, file: Path, stages: Sequence[Path]) -> list[tuple[Path, bytes]]:
    """The MIDI files of the piece that know what they are, as they are now and as the record has them, each once.

    The first is what ``file`` itself held before a DAW wrote over it. Without any, and without a brief, they are those
    that know little.
    """
    from composer.daw_return.stage import knows_itself

    found: dict[tuple[Path, bytes], None] = {}
    others: dict[tuple[Path, bytes], None] = {}
    for path in sorted(stages, key=lambda one: not _is_same(one, file)):
        copy = copy_of(files, path)
        if path.is_file() and not _is_same(path, file):
            now = read_bytes(path, MIDI_BYTES, "MIDI file")
            is_ours = state_of(path, files) in (State.FRESH, State.STALE, State.REDONE) or _is_imported(files, path)
            knows = is_ours or knows_itself(now, printable(path.name), copy)
            (found if knows else others)[path, now] = None
        if copy is not None:
            found[path, copy] = None
    return [*found] or ([] if files.brief.is_file() else [*others])


def _check_share(match: _Match, file: Path, files: PieceFiles, force: bool) -> None:
    from composer.daw_return.stage import SHARE_MIN

    if match.result.share < SHARE_MIN and not force:
        percent, origin = round(100 * match.result.share), match.result.report.origin
        what = f"only {percent} % of its notes are in {origin}, so it does not look like {files.name}"
        raise BadInput(file, what, "name another piece with --into, or use --force if it is that one")


def _written(files: PieceFiles, target: Path, midi: bytes, file: Path, force: bool) -> Path | None:
    """Write the file and note the import; the backup of what was there, if there was something else."""
    own = PieceFiles.of(target)
    before = target.read_bytes() if target.is_file() else None
    if before == midi:
        kept = None
    elif before is not None and _is_imported(files, target):
        kept = backup(target)
    else:
        kept = guard(target, force, own, [file])
        if before is not None and kept is None:
            kept = backup(target)
    known = {name: value for name, value in _imported(files).items() if not name.endswith(_BEFORE)}
    new = {**known, target.name: sha256_of_bytes(midi)}
    if own == files:
        # Said before it is done: an import that is killed between the two can be made again.
        was = {target.name + _BEFORE: known[target.name]} if target.name in known else {}
        copies = _imported_copies(files)
        _noted(files, file, {**new, **was}, copies)
        remember(files, {target: midi})
    write_whole(target, midi)
    if own == files:
        _noted(files, file, new, {**copies, target: midi})
    return kept


def _imported_copies(files: PieceFiles) -> dict[Path, bytes]:
    """What earlier imports wrote, as far as the record has copies of it."""
    step = read_record(files.record).step(IMPORT)
    paths = [files.folder / key for key in step.copies] if step is not None else []
    return {path: copy for path in paths if (copy := copy_of(files, path)) is not None}


def _noted(files: PieceFiles, file: Path, imported: dict[str, str], copies: dict[Path, bytes]) -> None:
    note(
        files, IMPORT, [], inputs=[file], options={_FILES: imported}, versions={"composer": __version__}, copies=copies
    )


def _imported(files: PieceFiles) -> dict[str, str]:
    """File name -> SHA-256 as ``import`` wrote it."""
    step = read_record(files.record).step(IMPORT)
    known = step.options.get(_FILES) if step is not None else None
    return {str(k): str(v) for k, v in known.items()} if isinstance(known, dict) else {}


def _is_imported(files: PieceFiles, path: Path) -> bool:
    """Whether ``path`` is as the last import into it left it."""
    known = _imported(files)
    return sha256_of(path) in {known.get(path.name), known.get(path.name + _BEFORE)} - {""}


def _is_same(path: Path, other: Path) -> bool:
    return path.resolve() == other.resolve()
