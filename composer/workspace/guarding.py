"""What stands between a step and a file of a person: refusals and numbered backups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from composer.errors import CannotWrite, UsageProblem
from composer.formats.files import cannot_write, part_beside, remove_leftovers, sha256_of, sync, sync_folder
from composer.formats.folders import folder_beside
from composer.formats.midi.hashes import EditedBars
from composer.workspace.names import PieceFiles
from composer.workspace.states import PieceState, State

_THEIRS = {
    State.EDITED: "was edited by hand",
    State.REDONE: "holds bars that were redone",
    State.FOREIGN: "is there already and is not composer's own",
}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the new content of a file holds of what a person did in it.

    ``sha256`` is the file as that content was made from it. ``bars`` are the person's that it holds; None where it
    holds nothing of a person's, so that the file counts as edited no longer. ``tracks`` are those that a person added.
    """

    sha256: str
    bars: tuple[EditedBars, ...] | None = None
    tracks: tuple[str, ...] = ()


def guard(path: Path, force: bool, files: PieceFiles | None = None, inputs: Iterable[Path] = ()) -> Path | None:
    """Make sure that ``path`` may be replaced; the backup that was made, if one was.

    Raises UsageProblem when it is one of ``inputs``, and CannotWrite when a person made or edited it and ``force`` is
    not given. With ``force`` a numbered copy is kept first.
    """
    state = PieceState(files or PieceFiles.of(path))
    return backup(path) if _needs_backup(path, force, state, inputs, keeps=False) else None


def guard_all(
    files: PieceFiles,
    outputs: Iterable[Path],
    force: bool,
    inputs: Iterable[Path] = (),
    keeping: Mapping[Path, Keeping] | None = None,
) -> list[Path]:
    """``guard`` for all outputs of a step, refusing before the first backup is made; the backups.

    What stands in ``keeping`` and was edited by hand may be replaced: its new content was made from it. With ``force``
    less of it is left, so that a backup is made all the same.
    """
    read, kept = [*inputs], keeping or {}
    for path, one in kept.items():
        if not force and path.exists() and sha256_of(path) != one.sha256:
            raise saved_meanwhile(path)
    known = PieceState(files)
    theirs = [path for path in outputs if _needs_backup(path, force, known, read, path in kept)]
    return [backup(path) for path in theirs]


def saved_meanwhile(path: Path) -> CannotWrite:
    return CannotWrite(path, "was saved while this ran", "run it again: your save is kept")


def backup(path: Path) -> Path:
    """Copy ``art.draft.mid`` to the first free of ``art.draft.1.mid``, ``art.draft.2.mid`` ..., whole or not at all."""
    for number in count(1):
        copy = path.with_name(f"{path.stem}.{number}{path.suffix}")
        if not copy.exists():
            break
    try:
        if path.is_dir():
            part = folder_beside(copy)
            shutil.copytree(path, part, dirs_exist_ok=True)
            os.replace(part, copy)
            return copy
        remove_leftovers(copy)
        part = part_beside(copy)
        shutil.copy2(path, part)
        sync(part)
        os.replace(part, copy)
        sync_folder(copy.parent)
    except OSError as error:
        raise cannot_write(copy, error) from None
    return copy


def _needs_backup(path: Path, force: bool, known: PieceState, inputs: Iterable[Path], keeps: bool) -> bool:
    if any(_is_same(path, p) for p in inputs):
        raise UsageProblem(path, "is the input itself", "choose another name with -o")
    state = known.state_of(path)
    if state in (State.MISSING, State.FRESH, State.STALE) or (keeps and not force and state is not State.FOREIGN):
        return False
    if not force:
        why = f" ({known.record_problem})" if state is State.FOREIGN and known.record_problem else ""
        raise CannotWrite(path, f"{_THEIRS[state]}{why}", "use --force to replace it (a backup is kept)")
    return True


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return os.path.abspath(path) == os.path.abspath(other)
