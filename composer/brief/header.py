"""The format and size of a picture from its first bytes, before any decoder is asked.

A file of fifty bytes can claim to hold two gigabytes; so the claim is read here and compared with the limits first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

# Pillow's name of a format -> the suffixes it goes by.
SUFFIXES: dict[str, tuple[str, ...]] = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "AVIF": (".avif", ".avifs"),
}

_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_SHORT = 256, 257, 3


@dataclass(frozen=True, slots=True)
class Header:
    """What a file claims to be: ``format`` as Pillow names it, sizes in pixels as stored (before any rotation)."""

    format: str
    width: int
    height: int


def header_of(data: bytes) -> Header | None:
    """The header of a picture in one of the accepted formats; None for anything else."""
    for name, starts, size_of in _FORMATS:
        if starts(data):
            try:
                size = size_of(data)
            except (struct.error, IndexError):
                return None
            return None if size is None else Header(name, *size)
    return None


def jpeg_is_whole(data: bytes) -> bool:
    """Whether the JPEG's main scan is followed by its end marker (FF D9).

    The search starts behind the last header segment, because a thumbnail in the header has an end marker too; inside
    the scan every data byte FF is followed by 00, so that the marker cannot occur by chance.
    """
    scan = _jpeg_segment(data, frozenset({0xDA}))
    return scan is not None and data.find(b"\xff\xd9", scan) >= 0


def _jpeg_segment(data: bytes, wanted: frozenset[int]) -> int | None:
    """Offset of the body of the first JPEG segment whose marker is ``wanted``."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in wanted:
            return at + 4
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    body = _jpeg_segment(data, _SIZE_MARKERS)
    if body is None:
        return None
    height, width = struct.unpack_from(">HH", data, body + 1)
    return width, height


def _png_size(data: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif_size(data: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp_size(data: bytes) -> tuple[int, int] | None:
    if struct.unpack_from("<I", data, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _avif_size(data: bytes) -> tuple[int, int] | None:
    """The largest of the sizes that the file's boxes state (there may be thumbnails and tiles)."""
    sizes = []
    at = data.find(b"ispe")
    while at >= 0:
        if at + 16 <= len(data):
            width, height = struct.unpack_from(">II", data, at + 8)
            sizes.append((width, height))
        at = data.find(b"ispe", at + 4, 65536)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _tiff_size(data: bytes) -> tuple[int, int] | None:
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    found: dict[int, int] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT):
            found[tag] = struct.unpack_from(order + ("H" if kind == _TIFF_SHORT else "I"), data, entry + 8)[0]
    if len(found) < 2:
        return None
    return found[_TIFF_WIDTH], found[_TIFF_HEIGHT]


_FORMATS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], tuple[int, int] | None]], ...] = (
    ("PNG", lambda d: d.startswith(b"\x89PNG\r\n\x1a\n") and d[12:16] == b"IHDR", _png_size),
    ("JPEG", lambda d: d.startswith(b"\xff\xd8\xff"), _jpeg_size),
    ("WEBP", lambda d: d.startswith(b"RIFF") and d[8:12] == b"WEBP", _webp_size),
    ("GIF", lambda d: d[:6] in (b"GIF87a", b"GIF89a"), _gif_size),
    ("BMP", lambda d: d.startswith(b"BM"), _bmp_size),
    ("TIFF", lambda d: d[:4] in (b"II*\0", b"MM\0*"), _tiff_size),
    ("AVIF", lambda d: d[4:8] == b"ftyp" and any(b in d[8:64] for b in (b"avif", b"avis")), _avif_size),
)
