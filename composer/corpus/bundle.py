"""The files of a folder or of a .tar.gz, read within stated limits; nothing is unpacked to the disk."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from composer.errors import BadInput, OverLimit
from composer.limits import ARCHIVE_BYTES, ARCHIVE_FILES, MEGABYTE, MIDI_BYTES

_AGAIN = "name a folder of such files, or a .tar.gz of it"


def files_in(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """(file name without folders, content) of each file in ``path`` with one of ``endings``; none over 5 MB.

    Raises BadInput for what is neither a folder nor a readable archive, OverLimit for one that unpacks to too much.
    """
    if path.is_dir():
        for found in sorted(path.rglob("*")):
            if found.name.endswith(endings) and found.is_file() and found.stat().st_size <= MIDI_BYTES:
                yield found.name, found.read_bytes()
        return
    try:
        with tarfile.open(path, "r:*") as archive:
            yield from _members(path, archive, endings)
    except (OSError, tarfile.TarError, zlib.error, EOFError):
        raise BadInput(path, "is neither a folder nor a whole .tar.gz", _AGAIN) from None


def _members(path: Path, archive: tarfile.TarFile, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    total = 0
    for number, member in enumerate(archive):
        total += member.size
        if total > ARCHIVE_BYTES or number >= ARCHIVE_FILES:
            raise OverLimit(path, f"unpacks to over {ARCHIVE_BYTES // MEGABYTE} MB or {ARCHIVE_FILES} files", _AGAIN)
        is_wanted = member.isfile() and member.name.endswith(endings) and member.size <= MIDI_BYTES
        stream = archive.extractfile(member) if is_wanted else None
        if stream is not None:
            yield Path(member.name).name, stream.read()


def bundle_hash(path: Path, suffixes: tuple[str, ...]) -> tuple[str, int]:
    """sha256 over names and contents of the files with ``suffixes``, the same for folder and archive; their number."""
    found = sorted((n, hashlib.sha256(c).digest()) for n, c in files_in(path, suffixes))
    total = hashlib.sha256()
    for name, digest in found:
        total.update(os.fsencode(name))
        total.update(digest)
    return total.hexdigest(), len(found)
