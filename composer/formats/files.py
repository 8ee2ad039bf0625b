"""The one reader and the one writer of files.

Reading takes regular files under a stated size only. Writing is whole or not at all: a temporary file in the same
folder, fsync, then ``os.replace``.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from composer.errors import BadInput, CannotWrite, OverLimit
from composer.formats.kinds import HEAD_BYTES, check_kind, missing
from composer.limits import MEGABYTE

HASH_BLOCK_BYTES = 1 << 20
# In a temporary folder: the folder that it replaces, where the two cannot change places in one step.
REPLACED = "old"
Announce = Callable[[Mapping[Path, Path]], None]
"""Is told, before they get their names, what finished temporary files (or folders) are about to be called."""


def read_bytes(path: Path, limit_bytes: int, what: str = "file") -> bytes:
    """The content of a regular file of at most ``limit_bytes``.

    Raises BadInput when it is missing, no regular file, unreadable, or surely of another kind than ``what`` (a brief, a
    MIDI file, a picture); OverLimit when it is larger. Never blocks on a FIFO or a device.
    """
    if "\0" in str(path):
        raise BadInput(path, "the name holds a NUL character", "rename the file")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise missing(path, what) from None
    except OSError as error:
        raise BadInput(path, f"cannot be opened ({error.strerror})", "check the name and its permissions") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise BadInput(path, f"is a folder, not a {what}", f"name the {what} itself")
        raise BadInput(path, "is not a regular file", f"name a {what} on the disk")
    with os.fdopen(descriptor, "rb") as stream:
        content = stream.read(limit_bytes + 1)
    check_kind(path, content[:HEAD_BYTES], what)
    if len(content) > limit_bytes:
        raise OverLimit(path, f"is over {limit_bytes / MEGABYTE:g} MB, the limit for a {what}", f"use a smaller {what}")
    return content


def sha256_of_bytes(data: bytes) -> str:
    """Hex digest of what a file holds, as ``sha256_of`` gives it."""
    return hashlib.sha256(data).hexdigest()


def sha256_of(path: Path) -> str:
    """Hex digest of a file, ``""`` for what cannot be read as a regular file."""
    digest = hashlib.sha256()
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as stream:
            while block := stream.read(HASH_BLOCK_BYTES):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def unannounced(parts: Mapping[Path, Path]) -> None:
    """Nobody wants to know."""


def write_whole(path: Path, content: bytes, announce: Announce = unannounced) -> None:
    """Write ``content`` so that ``path`` holds either the old bytes or all the new ones; raises CannotWrite."""
    with whole(path, announce) as part, open(part, "r+b") as stream:
        stream.write(content)


@contextlib.contextmanager
def whole(path: Path, announce: Announce = unannounced) -> Iterator[Path]:
    """An empty temporary file to fill; it becomes ``path`` at the end, and is gone when that fails.

    Raises CannotWrite for what the disk refuses.
    """
    part = None
    try:
        remove_leftovers(path)
        part = part_beside(path)
        yield part
        sync(part)
        announce({path: part})
        commit(part, path)
        part = None
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def sync(part: Path) -> None:
    """See to it that a file is on the disk and not only in memory; may raise OSError."""
    with open(part, "r+b") as stream:
        os.fsync(stream.fileno())


def part_beside(path: Path) -> Path:
    """A new empty temporary file in the folder of ``path``, named for it and for this process; may raise OSError."""
    descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.{os.getpid()}.", suffix=".part", dir=path.parent)
    os.close(descriptor)
    return Path(part)


def commit(part: Path, path: Path) -> None:
    """Put a finished temporary file of the same folder in place of ``path``; may raise OSError."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~umask()
    os.chmod(part, mode)
    os.replace(part, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See to it that the names in ``folder`` are on the disk; may raise OSError."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(path: Path) -> None:
    """Delete the temporary files (or folders) of ``path`` whose writer is dead; those of a running one stay."""
    _remove_dead(path.parent, re.compile(rf"\.({re.escape(path.name)})\.(?:(\d+)\.)?[^.]+\.part"))


def remove_leftovers_of(folder: Path, piece: str) -> None:
    """``remove_leftovers`` for all files in ``folder`` whose names begin with that of the piece."""
    _remove_dead(folder, re.compile(rf"\.({re.escape(piece)}\..+)\.(\d+)\.[^.]+\.part"))


def _remove_dead(folder: Path, pattern: re.Pattern[str]) -> None:
    try:
        found = [match for name in os.listdir(folder) if (match := pattern.fullmatch(name))]
    except OSError:
        return
    for match in found:
        if match[2] and _is_running(int(match[2])):
            continue
        left, path = folder / match[0], folder / match[1]
        with contextlib.suppress(OSError):  # a leftover that cannot be deleted hinders nobody
            if left.is_symlink() or not left.is_dir():
                left.unlink(missing_ok=True)
                continue
            if (left / REPLACED).is_dir() and not path.exists():
                os.replace(left / REPLACED, path)  # its writer died before the new folder was in place
            shutil.rmtree(left)


def _is_running(process: int) -> bool:
    if os.name != "posix":  # there the system keeps an open file from being deleted, and signal 0 is no question
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it runs as somebody else
    return True


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The one message for an ``OSError`` while writing ``path``."""
    hints = {
        errno.ENOSPC: "free some disk space",
        errno.EROFS: "use a folder that can be written to",
        errno.EACCES: "use a folder that can be written to",
        errno.EPERM: "use a folder that can be written to",
        errno.ENOENT: "make the folder first",
    }
    return CannotWrite(path, f"cannot be written ({error.strerror})", hints.get(error.errno or 0, "check the folder"))


def umask() -> int:
    """The permissions that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
