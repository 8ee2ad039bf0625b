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
from pathlib import Path

from composer.errors import BadInput, CannotWrite, OverLimit
from composer.limits import MEGABYTE

HASH_BLOCK_BYTES = 1 << 20


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


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` so that ``path`` holds either the old bytes or all the new ones; raises CannotWrite."""
    remove_leftovers(path)
    part = None
    try:
        part = part_beside(path)
        with open(part, "r+b") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        commit(part, path)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise cannot_write(path, error) from None
    except BaseException:
        if part is not None:
            part.unlink(missing_ok=True)
        raise


def part_beside(path: Path) -> Path:
    """A new empty temporary file in the folder of ``path``, named for it and for this process; may raise OSError."""
    descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.{os.getpid()}.", suffix=".part", dir=path.parent)
    os.close(descriptor)
    return Path(part)


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
    """Delete the temporary files (or folders) of ``path`` whose writer is dead; those of a running one stay."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(?:(\d+)\.)?[^.]+\.part")
    try:
        found = [m for name in os.listdir(path.parent) if (m := pattern.fullmatch(name))]
    except OSError:
        return
    for match in found:
        if match[1] and _is_running(int(match[1])):
            continue
        left = path.parent / match[0]
        with contextlib.suppress(OSError):  # a leftover that cannot be deleted hinders nobody
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)


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
