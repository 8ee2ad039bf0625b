"""Which files of a folder were saved, and have stood still since: nothing is read while somebody is still writing it.

Polling, on purpose: a look at a folder of 200 pieces takes a few milliseconds, and unlike the system's notices it sees
what another machine saved on a network folder, and every way of saving: in place, by renaming, by deleting first.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from composer.errors import ComposerError
from composer.formats.files import read_bytes
from composer.limits import IMAGE_BYTES, MIDI_BYTES, RECORD_BYTES
from composer.workspace import BRIEF, MIDI, REPORT, TAKE, PieceFiles
from composer.workspace.names import MIX, is_backup

QUIET_SECONDS = 0.3  # a file that stood still for so long is saved
BROKEN_SECONDS = 3.0  # one that is not whole may be half written for so long
GONE_SECONDS = 1.5  # one that is gone may be on its way back: some programs delete before they write

# What temporary files of editors, DAWs and file systems begin with.
_HIDDEN = (".", "~", "#", "$")
_FOLLOWED = (BRIEF, MIDI, MIX, REPORT)
_TAKE = re.compile(rf".+{TAKE}")

Signature = tuple[int, int, int]
"""Time of the last change of the content and of the file in nanoseconds, size in bytes."""

Snapshot = Mapping[Path, Signature]


class Lookout:
    """Looks at the files of pieces in ``folder`` (of the piece ``name`` only), again and again."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self._folder = folder
        self._start = "" if name is None else name + "."
        # Most names are the same at every look, and deciding on one takes longer than looking at its file.
        self._paths: dict[str, Path | None] = {}

    def snapshot(self, beside: Iterable[Path] = ()) -> Snapshot | None:
        """The files and those of ``beside`` that are there; None when the folder itself is not."""
        found: dict[Path, Signature] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if (path := self._path_of(entry.name)) is not None:
                        with contextlib.suppress(OSError):  # gone since it was listed
                            found[path] = _signature(entry.stat())
        except OSError:
            return None
        for path in beside:
            with contextlib.suppress(OSError):
                found[path] = _signature(path.stat())
        return found

    def _path_of(self, name: str) -> Path | None:
        if name not in self._paths:
            is_wanted = name.startswith(self._start) and is_followed(self._folder, name)
            self._paths[name] = self._folder / name if is_wanted else None
        return self._paths[name]


def is_followed(folder: Path, name: str) -> bool:
    """Whether ``name`` is a file of a piece that a person may save, and no backup, take or temporary file."""
    is_known = name.endswith(_FOLLOWED) and not name.startswith(_HIDDEN) and _TAKE.fullmatch(name) is None
    return is_known and not is_backup(folder, name)


def is_whole(path: Path) -> bool:
    """Whether a file can be read to its end: a MIDI file with all its tracks, a brief that is JSON, a picture.

    A mix always counts as whole: what is wrong in it is told when it is read.
    """
    try:
        if path.name.endswith(MIDI):
            from composer.formats.midi.source import read_source

            read_source(read_bytes(path, MIDI_BYTES, "MIDI file"), path.name)
        elif path.name.endswith(".json"):
            from composer.formats.strict_json import parse_json

            parse_json(read_bytes(path, RECORD_BYTES, "brief"), path.name, RECORD_BYTES)
        elif not path.name.endswith(MIX):
            from composer.brief.picture import picture_of

            picture_of(read_bytes(path, IMAGE_BYTES, "picture"), path.name)
    except ComposerError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Moving:
    """A file that is not as it was seen: what it is now (None: gone), since when, and whether it is whole."""

    signature: Signature | None
    since_seconds: float
    is_whole: bool | None = None


class Settling:
    """Files on their way from one state to the next; ``piece_of`` says which of them are saved together."""

    def __init__(
        self, seen: Snapshot, piece_of: Callable[[Path], PieceFiles], is_whole: Callable[[Path], bool] = is_whole
    ) -> None:
        self._seen = dict(seen)
        self._piece_of = piece_of
        self._is_whole = is_whole
        self._moving: dict[Path, _Moving] = {}

    @property
    def is_moving(self) -> bool:
        return bool(self._moving)

    def ready(self, now: Snapshot, at_seconds: float) -> dict[PieceFiles, tuple[Path, ...]]:
        """The files that changed and have settled, by piece: of a piece all that changed, or none.

        Each is told once; ``at_seconds`` is a clock that only goes forward.
        """
        if now == self._seen:
            self._moving = {}
            return {}
        self._moving = {path: self._moved(path, now.get(path), at_seconds) for path in self._changed(now)}
        pieces: dict[PieceFiles, list[Path]] = {}
        for path in sorted(self._moving):
            pieces.setdefault(self._piece_of(path), []).append(path)
        settled = {
            piece: tuple(paths)
            for piece, paths in pieces.items()
            if all(self._has_settled(path, at_seconds) for path in paths)
        }
        for path in [path for paths in settled.values() for path in paths]:
            self._see(path, self._moving.pop(path).signature)
        return settled

    def _changed(self, now: Snapshot) -> list[Path]:
        return [path for path in {*self._seen, *now} if self._seen.get(path) != now.get(path)]

    def _moved(self, path: Path, signature: Signature | None, at_seconds: float) -> _Moving:
        before = self._moving.get(path)
        return before if before is not None and before.signature == signature else _Moving(signature, at_seconds)

    def _has_settled(self, path: Path, at_seconds: float) -> bool:
        moving = self._moving[path]
        stood_seconds = at_seconds - moving.since_seconds
        if moving.signature is None:
            return stood_seconds >= GONE_SECONDS
        if stood_seconds < QUIET_SECONDS:
            return False
        if moving.is_whole is None:
            moving = _Moving(moving.signature, moving.since_seconds, self._is_whole(path))
            self._moving[path] = moving
        return bool(moving.is_whole) or stood_seconds >= BROKEN_SECONDS

    def _see(self, path: Path, signature: Signature | None) -> None:
        if signature is None:
            self._seen.pop(path, None)
        else:
            self._seen[path] = signature


def _signature(state: os.stat_result) -> Signature:
    return state.st_mtime_ns, state.st_ctime_ns, state.st_size
