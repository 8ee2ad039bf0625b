"""Audio files by suffix: which there are, and the whole-or-nothing writer for them."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from composer.errors import CannotWrite, UsageProblem
from composer.formats.files import Announce, cannot_write, remove_leftovers, unannounced, whole
from composer.limits import MEGABYTE

Samples = NDArray[np.float32]  # frames x 2, full scale is 1.0

# libsndfile's Vorbis encoder takes memory on its stack for what it is given at once.
CHUNK_FRAMES = 1 << 16
PCM_16_STEPS = 32_767
DITHER_FRAMES = 1 << 18
DITHER_SEED = 1
SPARE_BYTES = 1 * MEGABYTE
CONVERTING = 2
FLOAT_FRAME_BYTES = 8
FLOAT_HEADER_BYTES = 58


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One kind of file in libsndfile's words; ``bytes_per_frame`` is the most that a stereo frame takes."""

    suffix: str
    container: str
    subtype: str
    bytes_per_frame: int

    @property
    def is_lossy(self) -> bool:
        return self.container in ("OGG", "MP3")


FORMATS = {
    f.suffix: f
    for f in (
        AudioFormat(".wav", "WAV", "PCM_16", 4),
        AudioFormat(".flac", "FLAC", "PCM_16", 4),
        AudioFormat(".ogg", "OGG", "VORBIS", 2),
        AudioFormat(".mp3", "MP3", "MPEG_LAYER_III", 2),
    )
}


def audio_format_of(path: Path) -> AudioFormat:
    """The format that the suffix of ``path`` names; raises UsageProblem for any other."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UsageProblem(path, f"{path.suffix or 'no suffix'} is no audio format here", f"use {', '.join(FORMATS)}")
    return found


def release(samples: Samples) -> None:
    """Let go of the memory of samples that lie in a file; they can still be read."""
    base: object = samples
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def write_audio(
    path: Path,
    blocks: Iterable[Samples],
    frames: int,
    sample_rate_hz: int,
    kind: AudioFormat,
    announce: Announce = unannounced,
) -> None:
    """Write ``blocks``, ``frames`` in all, so that ``path`` holds what it held or the whole sound; raises CannotWrite.

    16-bit files get triangular dither of a fixed seed: the same samples give the same bytes.
    """
    import soundfile

    if path.is_dir():
        raise CannotWrite(path, "is a folder", "name a file")
    try:
        remove_leftovers(path)
        if shutil.disk_usage(path.parent).free < frames * kind.bytes_per_frame + SPARE_BYTES:
            raise CannotWrite(path, "cannot be written (too little space on the disk)", "free some disk space")
        with whole(path, announce) as part:
            _encode(part, blocks, sample_rate_hz, kind)
            _check(part, frames, kind, path)
    except OSError as error:
        raise cannot_write(path, error) from None
    except soundfile.LibsndfileError as error:
        raise CannotWrite(path, f"cannot be written ({error.error_string})", "check the disk") from None


def _encode(part: Path, blocks: Iterable[Samples], sample_rate_hz: int, kind: AudioFormat) -> None:
    import soundfile

    with (
        open(part, "r+b") as stream,
        soundfile.SoundFile(stream, "w", sample_rate_hz, 2, kind.subtype, format=kind.container) as sound,
    ):
        for block in _sixteen_bits(blocks) if kind.subtype == "PCM_16" else blocks:
            for start in range(0, len(block), CHUNK_FRAMES):
                sound.write(block[start : start + CHUNK_FRAMES])
        sound.flush()


def _sixteen_bits(blocks: Iterable[Samples]) -> Iterator[NDArray[np.int16]]:
    """``blocks`` in steps of 16 bits, dithered; the blocks are converted two at a time and come in their order."""
    dither = _dither()
    waiting: deque[Future[NDArray[np.int16]]] = deque()
    start = 0
    with ThreadPoolExecutor(CONVERTING) as pool:
        for block in blocks:
            waiting.append(pool.submit(_steps, block, dither, start))
            start += len(block)
            if len(waiting) > CONVERTING:
                yield waiting.popleft().result()
        for future in waiting:
            yield future.result()


def _steps(block: Samples, dither: Samples, start: int) -> NDArray[np.int16]:
    """Sixteen-bit steps of a block that begins ``start`` frames after the sound does."""
    steps = block * np.float32(PCM_16_STEPS)
    at = 0
    while at < len(steps):
        offset = (start + at) % DITHER_FRAMES
        count = min(len(steps) - at, DITHER_FRAMES - offset)
        steps[at : at + count] += dither[offset : offset + count]
        at += count
    np.rint(steps, out=steps)
    np.clip(steps, -PCM_16_STEPS, PCM_16_STEPS, out=steps)
    return steps.astype(np.int16)


def _dither() -> Samples:
    """Six seconds of triangular noise within one step of 16 bits; it repeats far below hearing."""
    generator = np.random.default_rng(DITHER_SEED)
    one, other = (generator.random((DITHER_FRAMES, 2), dtype=np.float32) for _ in range(2))
    return one - other


def write_float_wav(path: Path, pieces: Iterable[bytes], sample_rate_hz: int) -> int:
    """Write a stereo WAV of 32-bit floats from raw ``pieces`` and return its frames; raises CannotWrite.

    The file is there at once and under its own name: for files inside a folder that is not yet in place.
    """
    length = 0
    try:
        with open(path, "wb") as stream:
            stream.write(bytes(FLOAT_HEADER_BYTES))
            for piece in pieces:
                stream.write(piece)
                length += len(piece)
            stream.seek(0)
            stream.write(_float_header(length, sample_rate_hz))
    except OSError as error:
        raise cannot_write(path, error) from None
    return length // FLOAT_FRAME_BYTES


def end_float_wav(path: Path, frames: int, fade: NDArray[np.float32], sample_rate_hz: int) -> None:
    """Make a file of ``write_float_wav`` end after ``frames``, its last ``len(fade)`` frames times ``fade``."""
    length = frames * FLOAT_FRAME_BYTES
    try:
        with open(path, "r+b") as stream:
            stream.truncate(FLOAT_HEADER_BYTES + length)
            at = FLOAT_HEADER_BYTES + length - len(fade) * FLOAT_FRAME_BYTES
            stream.seek(at)
            end = np.frombuffer(stream.read(), dtype="<f4").reshape(-1, 2) * fade[:, None]
            stream.seek(at)
            stream.write(end.astype("<f4").tobytes())
            stream.seek(0)
            stream.write(_float_header(length, sample_rate_hz))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise cannot_write(path, error) from None


def _float_header(length_bytes: int, sample_rate_hz: int) -> bytes:
    """The head of a RIFF file: format 3 (IEEE float), two channels of 32 bits."""
    rate = struct.pack("<HHIIHHH", 3, 2, sample_rate_hz, sample_rate_hz * FLOAT_FRAME_BYTES, FLOAT_FRAME_BYTES, 32, 0)
    count = struct.pack("<4sII", b"fact", 4, length_bytes // FLOAT_FRAME_BYTES)
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(rate)) + rate + count + struct.pack("<4sI", b"data", length_bytes)
    return struct.pack("<4sI", b"RIFF", len(body) + length_bytes) + body


def _check(part: Path, frames: int, kind: AudioFormat, path: Path) -> None:
    """The finished file holds all frames (lossy formats may add some at the ends)."""
    import soundfile

    found = soundfile.info(os.fsencode(part)).frames
    exact = not kind.is_lossy
    if found < frames or (exact and found != frames):
        raise CannotWrite(path, f"only {found} of {frames} frames could be written", "check the disk")
