"""Opening a picture safely, and as small as the analysis needs it.

The header is compared with the limits before a decoder sees the file; Pillow opens it by content whatever its name.
OpenCV gets arrays only, never a path.
"""

from __future__ import annotations

import hashlib
import io
import logging
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import PurePath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from composer.brief.header import SUFFIXES, Header, header_of, jpeg_is_whole
from composer.errors import BadInput, OverLimit
from composer.limits import IMAGE_BYTES, IMAGE_PIXELS, IMAGE_SIDE_MAX, IMAGE_SIDE_MIN, MEGABYTE

# What Pillow logs about a damaged file goes into one line of ours.
logging.getLogger("PIL").setLevel(logging.CRITICAL)

# One thread: a picture of 256 pixels gains nothing from more, and sums keep one order on every machine.
cv2.setNumThreads(1)

ANALYSIS_SIDE = 256  # pixels of the longer side that features are measured on
_DECODED_SIDE = 512  # a decoder that can shrink stops at the first size not below this
_ORIENTATION_TAG = 0x0112
# EXIF orientation -> what turns the stored picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")

# What Pillow's decoders raise for damaged bytes, as found by changing bytes at random.
_DECODER_ERRORS = (
    OSError, ValueError, SyntaxError, struct.error, zlib.error, EOFError, LookupError, OverflowError, TypeError,
    RuntimeError,
)  # fmt: skip

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture: ``rgb`` is (H, W, 3) of at most 256 pixels a side; ``width`` and ``height`` are its own."""

    rgb: Pixels
    width: int
    height: int
    sha256: str
    notes: tuple[str, ...]


def picture_of(data: bytes, name: str) -> Picture:
    """The picture in ``data``; ``name`` is only shown and its suffix compared with the content.

    Raises OverLimit for a size outside the limits (from the header alone) and BadInput for anything that is not a
    whole picture in an accepted format.
    """
    header = _checked_header(data, name)
    notes: list[str] = []
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIXES[header.format]:
        notes.append(f"the file is a {header.format} picture, whatever its suffix says")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rgb, turned = _decoded(data, header, notes)
    except _DECODER_ERRORS:
        raise _unreadable(name) from None
    except Image.DecompressionBombError:
        raise OverLimit(name, "unpacks to far more than it says", "save it again as PNG or JPEG") from None
    except MemoryError:
        raise OverLimit(name, "needs more memory than there is", "use a smaller picture") from None
    width, height = (header.height, header.width) if turned else (header.width, header.height)
    return Picture(_reduced(rgb), width, height, hashlib.sha256(data).hexdigest(), tuple(notes))


def _checked_header(data: bytes, name: str) -> Header:
    if len(data) > IMAGE_BYTES:
        raise OverLimit(name, f"is over {IMAGE_BYTES // MEGABYTE} MB, the limit for a picture", "use a smaller picture")
    header = header_of(data)
    if header is None:
        if data.startswith(b"\xff\xd8\xff"):
            raise _cut_jpeg(name)
        raise _unreadable(name)
    size = f"{header.width}x{header.height} pixels"
    if header.width * header.height > IMAGE_PIXELS:
        raise OverLimit(name, f"{size}, the limit is {IMAGE_PIXELS // 1_000_000} million", "make the picture smaller")
    if max(header.width, header.height) > IMAGE_SIDE_MAX:
        raise OverLimit(name, f"{size}, the limit is {IMAGE_SIDE_MAX} a side", "make the picture smaller")
    if min(header.width, header.height) < IMAGE_SIDE_MIN:
        raise OverLimit(name, f"{size}, a side needs at least {IMAGE_SIDE_MIN}", "use a larger picture")
    if header.format == "JPEG" and not jpeg_is_whole(data):
        raise _cut_jpeg(name)
    return header


def _decoded(data: bytes, header: Header, notes: list[str]) -> tuple[Pixels, bool]:
    """8-bit RGB pixels, upright and already shrunk where that is cheap; and whether width and height were swapped."""
    with Image.open(io.BytesIO(data), formats=(header.format,)) as image:
        if getattr(image, "n_frames", 1) > 1 and header.format in ("GIF", "WEBP", "AVIF", "TIFF", "PNG"):
            notes.append("the file holds several pictures; the first one was read")
            image.seek(0)
        if header.format == "JPEG":
            mode = "L" if image.mode == "L" else "RGB"
            image.draft(mode if image.mode != "CMYK" else None, (_DECODED_SIDE, _DECODED_SIDE))
        orientation = _orientation(image)
        image.load()
        flat = _flattened(_shrunk(image, notes), notes)
    turn = _TURNS.get(orientation)
    upright = flat if turn is None else flat.transpose(turn)
    return np.asarray(upright, dtype=np.uint8), orientation in (5, 6, 7, 8)


def _shrunk(image: Image.Image, notes: list[str]) -> Image.Image:
    """``image`` in a mode of 8 bits a channel, box-averaged to about 512 pixels."""
    if image.mode in _DEEP_MODES:
        image = _eight_bit(image, notes)
    elif image.mode in ("P", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    factor = max(image.size) // _DECODED_SIDE
    return image.reduce((min(factor, image.width), min(factor, image.height))) if factor > 1 else image


def _eight_bit(image: Image.Image, notes: list[str]) -> Image.Image:
    """A grey picture of 16 or 32 bits in 8: by 257 where it uses the upper half of 16 bits, else stretched."""
    deep = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0.0, neginf=0.0)
    low, high = float(deep.min()), float(deep.max())
    if low >= 0 and 32_768 <= high <= 65_535:
        low, high = 0.0, 65_535.0
    else:
        notes.append("the grey values use a small part of their range and were stretched to the whole of it")
    scaled = (deep - low) * (255.0 / max(high - low, 1e-9))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _flattened(image: Image.Image, notes: list[str]) -> Image.Image:
    """RGB; what shines through is white, as on paper."""
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        rgba = image.convert("RGBA")
        alpha = np.asarray(rgba.getchannel("A"))
        if alpha.min() < 255:
            whole = "all of the picture is transparent" if alpha.max() == 0 else "parts of the picture are transparent"
            notes.append(f"{whole}; it was laid on white")
        paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, rgba).convert("RGB")
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a damaged EXIF block says nothing about the pixels; Pillow raises a dozen types for it
        return 1


def _reduced(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    scale = ANALYSIS_SIDE / max(width, height)
    if scale >= 1.0:
        return np.ascontiguousarray(rgb)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _unreadable(name: str) -> BadInput:
    return BadInput(name, "not a picture that can be read", "give a whole PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF file")


def _cut_jpeg(name: str) -> BadInput:
    return BadInput(name, "the JPEG is cut off (no end marker)", "copy or download the file again")
