from __future__ import annotations

import re
import struct

import numpy as np
import pytest
from PIL import Image

from composer.brief.header import header_of, jpeg_is_whole
from composer.brief.picture import picture_of
from composer.errors import BadInput, ComposerError, OverLimit
from tests.brief.painting import city, file_of, plain, png_header, sunset, with_jpeg_size

PHOTO = sunset()
JPEG = file_of(PHOTO, "JPEG", quality=90)
PNG = file_of(PHOTO)
HUGE_PNG_CHUNK = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 64, 64, 8, 2, 0, 0, 0)
HUGE_PNG_CHUNK += b"\0\0\0\0" + struct.pack(">I4s", 2**31 - 1, b"IDAT")
WEBP_BOMB = b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\x00" * 2
BMP_BOMB = b"BM" + bytes(12) + struct.pack("<Iii", 40, 30_000, -30_000) + bytes(40)
TIFF_BOMB = b"II*\0" + struct.pack("<IHHHIIHHII", 8, 2, 256, 4, 1, 30_000, 257, 4, 1, 30_000)

HOSTILE = {
    "empty": (b"", BadInput, "not a picture that can be read"),
    "one byte": (b"\x89", BadInput, "not a picture that can be read"),
    "text": (b"this is no picture", BadInput, "not a picture that can be read"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', BadInput, "not a picture that can be read"),
    "radiance": (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 8 +X 8\n", BadInput, "not a picture"),
    "jpeg start only": (b"\xff\xd8\xff", BadInput, "the JPEG is cut off"),
    "cut jpeg 10": (JPEG[: len(JPEG) // 10], BadInput, "the JPEG is cut off"),
    "cut jpeg 50": (JPEG[: len(JPEG) // 2], BadInput, "the JPEG is cut off (no end marker)"),
    "cut jpeg 99": (JPEG[: len(JPEG) * 99 // 100], BadInput, "the JPEG is cut off (no end marker)"),
    "cut png": (PNG[: len(PNG) // 2], BadInput, "not a picture that can be read"),
    "cut gif": (file_of(city(), "GIF")[:600], BadInput, "not a picture that can be read"),
    "cut webp": (file_of(city(), "WEBP")[:300], BadInput, "not a picture that can be read"),
    "cut bmp": (file_of(city(), "BMP")[:300], BadInput, "not a picture that can be read"),
    "cut avif": (file_of(city(), "AVIF")[:500], BadInput, "not a picture that can be read"),
    "png chunk of 2 GB": (HUGE_PNG_CHUNK, BadInput, "not a picture that can be read"),
    "png bomb": (png_header(30_000, 30_000), OverLimit, "30000x30000 pixels, the limit is 50 million"),
    "jpeg bomb": (with_jpeg_size(JPEG, 16_000, 65_500), OverLimit, "16000x65500 pixels, the limit is 50 million"),
    "webp bomb": (WEBP_BOMB, OverLimit, "16384x16384 pixels, the limit is 50 million"),
    "bmp bomb": (BMP_BOMB, OverLimit, "30000x30000 pixels, the limit is 50 million"),
    "tiff bomb": (TIFF_BOMB, OverLimit, "30000x30000 pixels, the limit is 50 million"),
    "one pixel": (file_of(plain(1, 2, 3, 1, 1)), OverLimit, "1x1 pixels"),
    "a line": (png_header(65_535, 1), OverLimit, "65535x1 pixels"),
    "a long strip": (png_header(24_000, 100), OverLimit, "the limit is 20000 a side"),
    "50 MB": (b"\x89PNG\r\n\x1a\n" + bytes(50_000_001), OverLimit, "over 50 MB"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "error", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused_in_one_line(data: bytes, error: type[ComposerError], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)) as caught:
        picture_of(data, "art.png")
    assert len(caught.value.lines()) == 1
    assert caught.value.exit_code == (6 if error is OverLimit else 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_all_formats_are_read_alike(kind: str) -> None:
    data = file_of(PHOTO, kind)
    picture = picture_of(data, f"art.{kind.lower()}")
    assert header_of(data) is not None
    assert (picture.width, picture.height) == (240, 160)
    assert picture.rgb.shape == (160, 240, 3)
    assert picture.rgb.dtype == np.uint8
    assert float(np.abs(picture.rgb.astype(int) - PHOTO).mean()) < 8
    assert picture.notes == ()


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"quality": 50, "exif": b"Exif\0\0II*\0"}])
def test_every_kind_of_webp_states_its_size(options: dict[str, object]) -> None:
    header = header_of(file_of(PHOTO, "WEBP", **options))
    assert header is not None
    assert (header.width, header.height) == (240, 160)


def test_a_wrong_suffix_is_noted_and_the_content_decides() -> None:
    picture = picture_of(file_of(PHOTO, "WEBP"), "art.png")
    assert picture.notes == ("the file is a WEBP picture, whatever its suffix says",)
    assert picture.rgb.shape == PHOTO.shape


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_picture_upright(orientation: int) -> None:
    undo = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270}  # fmt: skip
    upright = Image.fromarray(PHOTO)
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = picture_of(file_of(stored, "PNG", exif=exif), "art.png")
    assert (picture.width, picture.height) == (240, 160)
    assert np.array_equal(picture.rgb, PHOTO)


def test_a_damaged_exif_block_does_not_matter() -> None:
    data = file_of(PHOTO, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\x10\0")
    assert picture_of(data, "art.jpg").rgb.shape == PHOTO.shape


def test_what_is_transparent_is_white_and_said() -> None:
    seen = np.dstack([PHOTO, np.full(PHOTO.shape[:2], 255, dtype=np.uint8)])
    seen[:, :120, 3] = 0
    picture = picture_of(file_of(seen), "art.png")
    assert (picture.rgb[:, :120] == 255).all()
    assert np.array_equal(picture.rgb[:, 120:], PHOTO[:, 120:])
    assert picture.notes == ("parts of the picture are transparent; it was laid on white",)
    seen[:, :, 3] = 0
    assert "all of the picture is transparent" in picture_of(file_of(seen), "art.png").notes[0]


def test_a_palette_with_a_transparent_colour_is_laid_on_white() -> None:
    data = file_of(Image.fromarray(PHOTO).quantize(8), "PNG", transparency=0)
    assert "transparent" in picture_of(data, "art.png").notes[0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "F"])
def test_all_pixel_modes_become_rgb(mode: str) -> None:
    image = Image.fromarray(PHOTO)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    picture = picture_of(file_of(image, "TIFF"), "art.tif")
    assert picture.rgb.shape == PHOTO.shape
    assert 60 < float(picture.rgb.mean()) < 160


def test_sixteen_bit_grey_of_small_values_is_stretched() -> None:
    ramp = np.tile(np.arange(200, dtype=np.uint16), (50, 1))
    picture = picture_of(file_of(Image.fromarray(ramp)), "art.png")
    assert int(picture.rgb.max()) == 255
    assert "stretched" in picture.notes[0]


def test_only_the_first_frame_of_a_gif_counts() -> None:
    frames = [Image.fromarray(plain(*c)) for c in ((200, 0, 0), (0, 200, 0))]
    data = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture = picture_of(data, "art.gif")
    assert picture.rgb[5, 5, 0] > 150 > picture.rgb[5, 5, 1]
    assert "the first one was read" in picture.notes[0]


def test_the_end_marker_of_a_thumbnail_does_not_count() -> None:
    thumbnail = b"Exif\0\0" + file_of(plain(9, 9, 9), "JPEG")
    whole = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + JPEG[2:]
    assert jpeg_is_whole(whole)
    assert not jpeg_is_whole(whole[:-2])
    assert jpeg_is_whole(whole + b"what a camera wrote behind it")


def test_a_large_picture_is_reduced_to_its_own_averages() -> None:
    large = np.repeat(np.repeat(PHOTO, 8, axis=0), 8, axis=1)
    for kind in ("JPEG", "PNG"):
        picture = picture_of(file_of(large, kind), f"art.{kind.lower()}")
        assert (picture.width, picture.height) == (1920, 1280)
        assert max(picture.rgb.shape) == 256
        assert np.abs(picture.rgb.mean(axis=(0, 1)) - PHOTO.mean(axis=(0, 1))).max() < 1.5


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_are_read_or_refused_but_never_break(seed: int) -> None:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(PHOTO).resize((48, 32))
    for kind in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"):
        whole = file_of(small, kind)
        for _ in range(25):
            data = bytearray(whole)
            for at in rng.integers(0, len(data), 4):
                data[at] = int(rng.integers(0, 256))
            try:
                assert max(picture_of(bytes(data), "art.png").rgb.shape) <= 256
            except (BadInput, OverLimit):
                continue
