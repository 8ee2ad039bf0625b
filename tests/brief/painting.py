"""Pictures painted by code, and the files they make."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def plain(red: int, green: int, blue: int, width: int = 96, height: int = 64) -> Pixels:
    return np.full((height, width, 3), (red, green, blue), dtype=np.uint8)


def hsv(hue_deg: float, saturation: float, value: float) -> tuple[int, int, int]:
    """8-bit RGB of an HSV colour given in degrees and 0..1."""
    sector, rest = divmod(hue_deg % 360 / 60, 1)
    low, down, up = value * (1 - saturation), value * (1 - saturation * rest), value * (1 - saturation * (1 - rest))
    warm = [(value, up, low), (down, value, low), (low, value, up)]
    cold = [(low, down, value), (up, low, value), (value, low, down)]
    red, green, blue = (warm + cold)[int(sector)]
    return round(255 * red), round(255 * green), round(255 * blue)


def speckled(colour: tuple[int, int, int], spread: float = 14, seed: int = 3, size: int = 128) -> Pixels:
    """One colour with an even grain of light and dark."""
    grain = np.random.default_rng(seed).normal(0, spread, (size, size, 1))
    return np.clip(np.array(colour) + grain, 0, 255).astype(np.uint8)


def sunset() -> Pixels:
    """Bands of orange and violet over a dark sea, with a sun left of the middle."""
    picture = np.zeros((160, 240, 3), dtype=np.float64)
    rows = np.linspace(0, 1, 100)[:, None, None]
    picture[:100] = (1 - rows) * np.array([90, 60, 140]) + rows * np.array([250, 150, 60])
    picture[100:] = (20, 30, 70)
    y, x = np.mgrid[:160, :240]
    picture[((x - 80) ** 2 + (y - 80) ** 2 < 18**2) & (y < 100)] = (255, 230, 120)
    return picture.astype(np.uint8)


def city() -> Pixels:
    """Upright blocks with rows of windows."""
    picture = plain(150, 160, 175, 240, 160).copy()
    rng = np.random.default_rng(11)
    for left in range(0, 240, 24):
        top = int(rng.integers(10, 60))
        picture[top:, left : left + 22] = rng.integers(40, 110, 3)
        picture[top + 4 :: 8, left + 3 : left + 20 : 5] = (250, 220, 120)
        picture[top + 5 :: 8, left + 3 : left + 20 : 5] = (250, 220, 120)
    return picture


def circles() -> Pixels:
    """Large soft discs, light and pale."""
    y, x = np.mgrid[:160, :200]
    picture = np.full((160, 200, 3), (235, 238, 245), dtype=np.float64)
    discs = ((60, 70, 50, (160, 200, 235)), (140, 90, 55, (240, 200, 220)), (100, 60, 30, (250, 240, 180)))
    for cx, cy, radius, colour in discs:
        cover = np.clip((radius - np.hypot(x - cx, y - cy)) / 14 + 0.5, 0, 1)[..., None]
        picture = picture * (1 - cover) + np.array(colour) * cover
    return picture.astype(np.uint8)


def one_sided() -> Pixels:
    """Plain on the left, busy and coloured high up on the right."""
    picture = plain(225, 225, 220, 256, 160).copy()
    picture[10:60:4, 150:250] = (200, 30, 30)
    picture[10:60, 150:250:5] = (60, 20, 20)
    return picture


def file_of(picture: Pixels | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds a few bytes."""
    chunks = b""
    for kind, body in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(64))),
        (b"IEND", b""),
    ):
        chunks += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return b"\x89PNG\r\n\x1a\n" + chunks


def with_jpeg_size(data: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its frame header."""
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] == 0xC0)
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]
