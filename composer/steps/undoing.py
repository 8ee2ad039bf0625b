"""A MIDI file as it was before composer last wrote over it."""

from __future__ import annotations

from pathlib import Path

from composer.errors import BadInput
from composer.formats.record import StepRecord, path_of_key
from composer.music.regions import bars_text
from composer.steps.done import Done
from composer.steps.names import CLEANUP, HUMANIZE, UNDO
from composer.steps.naming import Meant, meant_by
from composer.workspace import PieceFiles, PieceState, before_now, edited_bars, key_of, put_back, tidy

# What these write is made again from what is before it; nobody means them by "undo" but for the edits that were in it.
_DERIVED = (CLEANUP, HUMANIZE)
_SEEK = "look for a numbered copy beside it"


def run_undo(typed: Path) -> Done:
    """Put the MIDI file that is ``typed`` back, or of a piece the one that was last composed anew."""
    meant = _meant(typed)
    files, path = PieceFiles.of(meant.path), meant.path
    tidy(files)
    now = PieceState(files).step_of(path)
    kept = put_back(files, path)
    if kept is None:
        raise BadInput(path, "the record knows nothing of it before", _SEEK)
    told = [*meant.lines, *_undone(files, path, now)]
    if kept != path:
        told.append(f"what was there is kept as {kept.name}")
    if edited_bars(files, path):
        told.append("with your edits of then")
    return Done(UNDO, (path,), tuple(told), {"kept": None if kept == path else kept})


def _meant(typed: Path) -> Meant:
    files = PieceFiles(typed.parent, typed.name)
    if not typed.is_file() and files.record.is_file() and not _undoable(files):
        raise BadInput(typed, "nothing of this piece can be undone", "name one of its MIDI files to be sure")
    return meant_by(typed, _undoable)


def _undoable(files: PieceFiles) -> list[Path]:
    """The MIDI files of a piece that can be put back, what was written last first."""
    piece = PieceState(files)
    found = [path_of_key(files.folder, key) for key in piece.record.earlier]
    there = [path for path in found if path.is_file() and _is_meant(piece, path)]
    return sorted(there, key=lambda path: -path.stat().st_mtime_ns)


def _is_meant(piece: PieceState, path: Path) -> bool:
    last, key = before_now(piece, path), piece.key_of(path)
    if last is None:
        return False
    owner = next((name for name, step in piece.record.steps.items() if key in step.outputs), "")
    had_edits = last.done.outputs.get(key) != last.sha256
    return owner not in _DERIVED or had_edits or bool(piece.redone_bars(path))


def _undone(files: PieceFiles, path: Path, now: StepRecord | None) -> list[str]:
    """What was composed into the file that is not in it any more."""
    after = PieceState(files).step_of(path)
    redone = now.redone[len(after.redone) if after is not None else 0 :] if now is not None else []
    lines = [
        f"undone: {'; '.join(f'{track} {bars_text(bars)}' for track, bars in one.bars.items())} (seed {one.seed})"
        for one in redone
    ]
    if lines or now is None or now.seed is None or (after is not None and after.seed == now.seed):
        return lines
    return [f"undone: what seed {now.seed} gave"] if key_of(files, path) in now.outputs else []
