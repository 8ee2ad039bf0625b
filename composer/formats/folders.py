"""A folder of files, written whole or not at all: at every moment its name holds the old files or all the new ones."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from composer.errors import CannotWrite
from composer.formats.files import (
    REPLACED,
    Announce,
    cannot_write,
    remove_leftovers,
    sync_folder,
    umask,
    unannounced,
)

# What the systems call the exchange of two names in one step, and the number that asks for it.
_EXCHANGES = {"linux": ("renameat2", 2), "darwin": ("renameatx_np", 2)}
_HERE = {"linux": -100, "darwin": -2}  # AT_FDCWD: paths are as given


def write_folder(folder: Path, files: Mapping[str, bytes], announce: Announce = unannounced) -> list[Path]:
    """Replace ``folder`` by one that holds just ``files``; their paths. Raises CannotWrite."""
    part = None
    try:
        part = folder_beside(folder)
        for name, content in files.items():
            with (part / name).open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        announce({folder: part})
        put_folder(part, folder)
    except OSError as error:
        raise cannot_write(folder, error) from None
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return [folder / name for name in files]


def folder_beside(folder: Path) -> Path:
    """A new empty folder beside ``folder``, named for it and for this process; what the dead left is gone.

    Raises CannotWrite where ``folder`` is a file; may raise OSError.
    """
    if folder.exists() and not folder.is_dir():
        raise CannotWrite(folder, "is a file where a folder belongs", "move it")
    remove_leftovers(folder)
    return _new_folder(folder)


def put_folder(part: Path, folder: Path) -> None:
    """Put a finished folder in place; what had the name before is left under the other one, or removed.

    May raise OSError.
    """
    part.chmod(0o777 & ~umask())
    sync_folder(part)
    if not folder.exists():
        os.replace(part, folder)
    elif not _exchanged(part, folder):
        aside = _new_folder(folder)
        os.replace(folder, aside / REPLACED)
        os.replace(part, folder)
        shutil.rmtree(aside, ignore_errors=True)
    sync_folder(folder.parent)


def _new_folder(beside: Path) -> Path:
    prefix = f".{beside.name}.{os.getpid()}."
    return Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=beside.parent))


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the system could swap the two names in one step."""
    name, number = _EXCHANGES.get(sys.platform, ("", 0))
    try:
        swap = getattr(ctypes.CDLL(None), name) if name else None
    except (OSError, AttributeError):
        return False
    here = _HERE.get(sys.platform, 0)
    return swap is not None and swap(here, os.fsencode(one), here, os.fsencode(other), number) == 0
