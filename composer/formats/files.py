"""The one reader and the one writer of files.

Reading takes regular files under a stated size only. Writing is whole or not at all: a temporary file in the same
folder, fsync, then ``os.replace``.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from composer.errors import BadInput, CannotWrite, OverLimit
from composer.limits import MEGABYTE


def read_bytes(path: Path, limit_bytes: int, what: str = "file") -> bytes:
    """The content of a regular file of at most ``limit_bytes``.

    Raises BadInput when it is missing, no regular file or unreadable; OverLimit when it is larger. Never blocks on
    a FIFO or a device.
    """
    if "\0" in str(path):
        raise BadInput(path, "the name holds a NUL character", "rename the file")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise BadInput(path, "no such file", "check the name and the folder") from None
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
    if len(content) > limit_bytes:
        raise OverLimit(path, f"is over {limit_bytes / MEGABYTE:g} MB, the limit for a {what}", f"use a smaller {what}")
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` so that ``path`` holds either the old bytes or all the new ones; raises CannotWrite."""
    folder = path.parent
    remove_leftovers(path)
    part = None
    try:
        descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=folder)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        commit(Path(part), path)
    except OSError as error:
        if part is not None:
            Path(part).unlink(missing_ok=True)
        raise cannot_write(path, error) from None
    except BaseException:
        if part is not None:
            Path(part).unlink(missing_ok=True)
        raise


def commit(part: Path, path: Path) -> None:
    """Put a finished temporary file of the same folder in place of ``path``."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    os.chmod(part, mode)
    os.replace(part, path)
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_leftovers(path: Path) -> None:
    """Delete temporary files of ``path`` that a killed run left behind."""
    prefix = f".{path.name}."
    try:
        names = [n for n in os.listdir(path.parent) if n.startswith(prefix) and n.endswith(".part")]
    except OSError:
        return
    for name in names:
        (path.parent / name).unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The one message for an ``OSError`` while writing ``path``."""
    hints = {
        errno.ENOSPC: "free some disk space",
        errno.EROFS: "choose a folder that can be written to with -o",
        errno.EACCES: "choose a folder that can be written to with -o",
        errno.EPERM: "choose a folder that can be written to with -o",
        errno.ENOENT: "make the folder first",
    }
    return CannotWrite(path, f"cannot be written ({error.strerror})", hints.get(error.errno or 0, "check the folder"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
