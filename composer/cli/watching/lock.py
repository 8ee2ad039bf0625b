"""One watch for a piece at a time: two would both run its steps after every save.

A lock of the operating system, which is gone with its process however that ends. A watch of a whole folder locks all
bytes of the folder's lock file, the watch of one piece locks one of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from composer.errors import CannotWrite
from composer.resources import cache_folder

_BYTES = 1 << 28


@contextlib.contextmanager
def only_watch(folder: Path, name: str | None) -> Iterator[None]:
    """Hold the piece ``name`` of ``folder`` (all of them if None); raises CannotWrite where another watch holds it.

    Where the lock file cannot be made nothing is held: watching matters more.
    """
    try:
        lock = _lock_file(folder)
    except OSError:
        yield
        return
    with lock:
        first, count = (0, _BYTES) if name is None else (_number(name) % _BYTES, 1)
        if not _is_locked(lock, first, count):
            subject = folder if name is None else folder / name
            raise CannotWrite(subject, "is watched already", "stop the other `composer watch` first")
        yield


def _lock_file(folder: Path) -> IO[bytes]:
    home = cache_folder("watch")
    home.mkdir(parents=True, exist_ok=True)
    return open(home / f"{_number(os.path.realpath(folder)):x}.lock", "ab")


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(os.fsencode(text)).digest()[:8], "big")


if sys.platform == "win32":
    import msvcrt

    def _is_locked(lock: IO[bytes], first: int, count: int) -> bool:
        lock.seek(first)
        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, count)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _is_locked(lock: IO[bytes], first: int, count: int) -> bool:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, count, first)
        except OSError:
            return False
        return True
