"""Writing the outputs of a step and its record, so that a step that is killed leaves every file old or new.

The record is written first, with what the files are about to be; then the files; then the record again. Whichever of
them are on the disk when the power goes, each is known for ours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from composer.errors import ComposerError
from composer.formats.files import (
    Announce,
    cannot_write,
    remove_leftovers_of,
    sha256_of,
    sha256_of_bytes,
    write_whole,
)
from composer.formats.midi.hashes import EditedBars
from composer.formats.record import (
    Earlier,
    Record,
    Redone,
    StepRecord,
    copied,
    has_pending,
    read_record,
    record_bytes,
    record_problem,
    still_there,
)
from composer.workspace.earlier import OtherTake, bars_of, before_now, copies_of, earlier_of, is_same_run, take_of
from composer.workspace.guarding import Keeping, backup, guard_all
from composer.workspace.names import PieceFiles
from composer.workspace.states import MIDI_SUFFIXES, PieceState, files_under, hashes_of, key_of


@dataclass(frozen=True, slots=True)
class Saved:
    """The new record, and the copies that were kept of what a person had there."""

    record: Record
    backups: tuple[Path, ...] = ()


Inputs = Sequence[Path] | Mapping[Path, bytes]
"""Files that a step read; with what it read, where they may have changed since."""


def save(
    files: PieceFiles,
    step: str,
    outputs: Mapping[Path, bytes],
    *,
    inputs: Inputs = (),
    options: Mapping[str, object] | None = None,
    seed: int | None = None,
    versions: Mapping[str, str] | None = None,
    force: bool = False,
    keeping: Mapping[Path, Keeping] | None = None,
    by_hand: Sequence[EditedBars] = (),
    takes: Sequence[OtherTake] = (),
) -> Saved:
    """Write ``outputs``, each whole or not at all, and the record; nothing is written if one of them is guarded.

    ``keeping`` are outputs that were made from the file that they replace, which may be one that was edited by hand.
    ``by_hand`` are a person's bars in the input, which MIDI outputs pass on. ``takes`` are those that the one output
    was chosen from.
    """
    backups = guard_all(files, outputs, force, [*inputs], keeping)
    read, read_bars = _read(files, inputs)
    held = {key_of(files, path): one for path, one in (keeping or {}).items()}
    contents = {key_of(files, path): content for path, content in outputs.items()}
    done = StepRecord(
        inputs=read,
        outputs={key: sha256_of_bytes(content) for key, content in contents.items()},
        options=dict(options or {}),
        seed=seed,
        versions=dict(versions or {}),
        bars=bars_of(contents),
        input_bars=read_bars,
        edited={key: _by_track(one.bars) for key, one in held.items() if one.bars is not None},
        added={key: [*one.tracks] for key, one in held.items() if one.tracks},
        by_hand={key: _by_track(by_hand) for key in contents if by_hand and key.lower().endswith(MIDI_SUFFIXES)},
        copies=copies_of(contents),
    )
    earlier = earlier_of(files, outputs)
    for key in contents if takes else ():
        earlier[key] = [*(take_of(done, step, key, take) for take in takes), *earlier.get(key, [])]
    with _announced(files, step, done, earlier):
        for path, content in outputs.items():
            if path.parent != files.folder:
                _make_folder(path.parent)
            write_whole(path, content)
    return Saved(_recorded(files, step, done), tuple(backups))


def rewrite(
    files: PieceFiles,
    path: Path,
    content: bytes,
    step: str,
    redone: Redone,
    keeping: Keeping,
    *,
    by_hand: Sequence[EditedBars] = (),
    takes: Sequence[OtherTake] = (),
    force: bool = False,
) -> Saved:
    """Replace the MIDI file ``path``, of which some bars were composed anew, for the step that wrote it.

    What that step read and chose stays its last word, so that a file is as fresh as it was. ``step`` is the one that
    composes, whose name a file gets that no step wrote. ``by_hand`` are the bars of a person that the file had from its
    own input, ``takes`` those that it was chosen from.
    """
    backups = guard_all(files, [path], force, keeping={path: keeping})
    key = key_of(files, path)
    owner = next((name for name, done in read_record(files.record).steps.items() if key in done.outputs), step)
    before, known = read_record(files.record).steps.get(owner, StepRecord()), PieceState(files).step_of(path)
    if known is not None:  # another than ``before`` where a person put an earlier version back
        before = before.updated_with(known.only({key}))
    edited = {file: tracks for file, tracks in before.edited.items() if file != key}
    if keeping.bars is not None:
        edited[key] = _by_track(keeping.bars)
    passed_on = {**before.by_hand, key: _by_track(by_hand)}
    done = before.model_copy(
        update={
            "outputs": {**before.outputs, key: sha256_of_bytes(content)},
            "bars": {**before.bars, **bars_of({key: content})},
            "edited": edited,
            "added": {**before.added, key: [*keeping.tracks]} if keeping.tracks else before.added,
            "by_hand": {file: tracks for file, tracks in passed_on.items() if tracks},
            "redone": [*before.redone, redone if owner == step else redone.model_copy(update={"output": key})],
            "copies": {**before.copies, **copies_of({key: content})},
        }
    )
    again = [take_of(done, owner, key, take) for take in takes]
    with _announced(files, owner, done, {key: [*again, *earlier_of(files, {path: content}).get(key, [])]}):
        write_whole(path, content)
    return Saved(_recorded(files, owner, done), tuple(backups))


def put_back(files: PieceFiles, path: Path) -> Path | None:
    """Make the MIDI file ``path`` what it was before composer last wrote over it, the record too.

    The numbered copy of what it was until now; None where nothing is known of before.
    """
    piece = PieceState(files)
    key, last, record = piece.key_of(path), before_now(piece, path), piece.record
    content = copied(last.content) if last is not None else None
    if last is None or content is None:
        return None
    held = record.earlier[key]
    kept = backup(path) if path.is_file() else path
    here = [one.model_copy(update={"content": ""}) for one in earlier_of(files, {path: content}).get(key, [])[-1:]]
    left = [*here, *(one for one in held if one != last)]
    if not last.step:
        _write_record(files, record.without_outputs({key}))
        write_whole(path, content)
        _write_record(files, record.without_outputs({key}).with_earlier({key: left}))
        return kept
    before, copies = record.step(last.step) or StepRecord(), last.done.copies or {key: last.content}
    done = before.updated_with(last.done.model_copy(update={"copies": copies}))
    if not is_same_run(before, last.done):
        others = {*before.outputs} - {*last.done.outputs}
        done = done.model_copy(update={"behind": sorted(k for k in others if not k.lower().endswith(MIDI_SUFFIXES))})
    with _announced(files, last.step, done, {key: left}):
        write_whole(path, content)
    _recorded(files, last.step, done)
    return kept


def note(
    files: PieceFiles,
    step: str,
    written: Sequence[Path],
    *,
    inputs: Inputs = (),
    options: Mapping[str, object] | None = None,
    seed: int | None = None,
    versions: Mapping[str, str] | None = None,
    copies: Mapping[Path, bytes] | None = None,
) -> Record:
    """Record a step whose files (or folders of files) are on the disk already; the new record.

    ``copies`` are files that a person made with the step's help, with what they hold.
    """
    read, read_bars = _read(files, inputs)
    paths = [p for path in written for p in files_under(path)]
    midi = [p for p in paths if p.suffix.lower() in MIDI_SUFFIXES]
    done = StepRecord(
        inputs=read,
        outputs={key_of(files, p): sha256_of(p) for p in paths},
        options=dict(options or {}),
        seed=seed,
        versions=dict(versions or {}),
        bars={key_of(files, p): hashes for p in midi if (hashes := hashes_of(p))},
        input_bars=read_bars,
        copies=copies_of({key_of(files, path): content for path, content in (copies or {}).items()}),
    )
    return _recorded(files, step, done)


def remember(files: PieceFiles, outputs: Mapping[Path, bytes]) -> None:
    """Note what these MIDI files hold before a person's versions come in their places, for ``put_back``."""
    record = read_record(files.record).with_earlier(earlier_of(files, outputs))
    _write_record(files, record)


def renew(files: PieceFiles, path: Path, content: bytes, step: str) -> bool:
    """Write ``path`` again as an output of ``step``, if that is the step that wrote it; whether it is."""
    key = key_of(files, path)
    done = read_record(files.record).step(step)
    if done is None or key not in done.outputs:
        return False
    outputs = {**done.outputs, key: sha256_of_bytes(content)}
    bars = {**done.bars, **bars_of({key: content})}
    copies = {**done.copies, **copies_of({key: content})}
    renewed = done.model_copy(update={"outputs": outputs, "bars": bars, "copies": copies})
    with _announced(files, step, renewed):
        write_whole(path, content)
    _recorded(files, step, renewed)
    return True


def _write_record(files: PieceFiles, record: Record) -> None:
    """Write the record; one that is there and cannot be read, as that of a newer composer, is kept as a backup."""
    if record_problem(files.record):
        backup(files.record)
    write_whole(files.record, record_bytes(record))


def tidy(files: PieceFiles) -> None:
    """Clear up after a step that was killed: its temporary files, and what it said that it was about to write."""
    remove_leftovers_of(files.folder, files.name)
    if has_pending(files.record):
        write_whole(files.record, record_bytes(read_record(files.record)))


@contextlib.contextmanager
def announcing(
    files: PieceFiles,
    step: str,
    *,
    inputs: Inputs = (),
    options: Mapping[str, object] | None = None,
    seed: int | None = None,
    versions: Mapping[str, str] | None = None,
) -> Iterator[Announce]:
    """For a step that writes its files itself: what it announces them with. The step is recorded at the end."""
    read, read_bars = _read(files, inputs)
    done = StepRecord(
        inputs=read, options=dict(options or {}), seed=seed, versions=dict(versions or {}), input_bars=read_bars
    )

    def announce(parts: Mapping[Path, Path]) -> None:
        nonlocal done
        found = {path / part.relative_to(root): part for path, root in parts.items() for part in files_under(root)}
        midi = {key_of(files, path): part for path, part in found.items() if path.suffix.lower() in MIDI_SUFFIXES}
        bars = {key: hashes for key, part in midi.items() if (hashes := hashes_of(part))}
        outputs = {key_of(files, path): sha256_of(part) for path, part in found.items()}
        done = done.model_copy(update={"outputs": {**done.outputs, **outputs}, "bars": {**done.bars, **bars}})
        _announce(files, step, done)

    with _undone_on_failure(files):
        yield announce
    _recorded(files, step, done)


@contextlib.contextmanager
def _announced(
    files: PieceFiles, step: str, done: StepRecord, earlier: Mapping[str, Sequence[Earlier]] | None = None
) -> Iterator[None]:
    """Say in the record what is about to be written, and what was there; unsay it when that fails."""
    with _undone_on_failure(files):
        _announce(files, step, done, earlier)
        yield


def _announce(
    files: PieceFiles, step: str, done: StepRecord, earlier: Mapping[str, Sequence[Earlier]] | None = None
) -> None:
    record = read_record(files.record).with_earlier(earlier or {})
    _write_record(files, record.with_pending(step, done))


@contextlib.contextmanager
def _undone_on_failure(files: PieceFiles) -> Iterator[None]:
    """Leave no announcement in the record of what was not written after all."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ComposerError, OSError):
            left = read_record(files.record)
            if not files.record.exists() or record_problem(files.record):
                pass
            elif left.steps:
                write_whole(files.record, record_bytes(left))
            else:
                files.record.unlink(missing_ok=True)
        raise


def _recorded(files: PieceFiles, step: str, done: StepRecord) -> Record:
    remove_leftovers_of(files.folder, files.name)
    before = read_record(files.record)
    record = before.with_step(step, done, still_there(before, files.folder))
    _write_record(files, record)
    return record


def _read(files: PieceFiles, inputs: Inputs) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The hashes of the inputs, and those of the bars of the MIDI files among them."""
    if isinstance(inputs, Mapping):
        contents = {key_of(files, path): content for path, content in inputs.items()}
        return {key: sha256_of_bytes(content) for key, content in contents.items()}, bars_of(contents)
    there = {key_of(files, p): p for p in inputs if p.exists()}
    midi = {key: p for key, p in there.items() if p.suffix.lower() in MIDI_SUFFIXES}
    bars = {key: hashes for key, p in midi.items() if (hashes := hashes_of(p))}
    return {key: sha256_of(p) for key, p in there.items()}, bars


def _by_track(bars: Sequence[EditedBars]) -> dict[str, list[int]]:
    return {one.track: sorted(one.bars) for one in bars if one.bars}


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
