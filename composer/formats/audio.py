"""Audio files by suffix: which there are, and the whole-or-nothing writer for them."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from composer.errors import CannotWrite, UsageProblem
from composer.formats.files import cannot_write, commit, remove_leftovers
from composer.limits import MEGABYTE

Samples = NDArray[np.float32]  # frames x 2, full scale is 1.0

# libsndfile's Vorbis encoder takes memory on its stack for what it is given at once.
CHUNK_FRAMES = 1 << 16
PCM_16_STEPS = 32_767
DITHER_FRAMES = 1 << 18
DITHER_SEED = 1
SPARE_BYTES = 1 * MEGABYTE


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One kind of file in libsndfile's words; ``bytes_per_frame`` is the most that a stereo frame takes."""

    suffix: str
    container: str
    subtype: str
    bytes_per_frame: int


FORMATS = {
    f.suffix: f
    for f in (
        AudioFormat(".wav", "WAV", "PCM_16", 4),
        AudioFormat(".flac", "FLAC", "PCM_16", 4),
        AudioFormat(".ogg", "OGG", "VORBIS", 2),
        AudioFormat(".mp3", "MP3", "MPEG_LAYER_III", 2),
    )
}
STEM = AudioFormat(".wav", "WAV", "FLOAT", 8)
MP3_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def audio_format_of(path: Path) -> AudioFormat:
    """The format that the suffix of ``path`` names; raises UsageProblem for any other."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UsageProblem(path, f"{path.suffix or 'no suffix'} is no audio format here", f"use {', '.join(FORMATS)}")
    return found


def write_audio(path: Path, samples: Samples, sample_rate_hz: int, kind: AudioFormat) -> None:
    """Write ``samples`` so that ``path`` holds either what it held or the whole sound; raises CannotWrite.

    16-bit files get triangular dither of a fixed seed: the same samples give the same bytes.
    """
    import soundfile

    if path.is_dir():
        raise CannotWrite(path, "is a folder", "name a file")
    part: Path | None = None
    try:
        remove_leftovers(path)
        free = shutil.disk_usage(path.parent).free
        if free < len(samples) * kind.bytes_per_frame + SPARE_BYTES:
            raise CannotWrite(path, "cannot be written (too little space on the disk)", "free some disk space")
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(descriptor)
        part = Path(name)
        _encode(part, samples, sample_rate_hz, kind)
        _check(part, len(samples), kind, path)
        commit(part, path)
        part = None
    except OSError as error:
        raise cannot_write(path, error) from None
    except soundfile.LibsndfileError as error:
        raise CannotWrite(path, f"cannot be written ({error.error_string})", "check the disk") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _encode(part: Path, samples: Samples, sample_rate_hz: int, kind: AudioFormat) -> None:
    import soundfile

    dither = _dither() if kind.subtype == "PCM_16" else None
    with (
        open(part, "r+b") as stream,
        soundfile.SoundFile(stream, "w", sample_rate_hz, 2, kind.subtype, format=kind.container) as sound,
    ):
        for start in range(0, len(samples), CHUNK_FRAMES):
            chunk = samples[start : start + CHUNK_FRAMES]
            sound.write(chunk if dither is None else _sixteen_bits(chunk, dither, start))
        sound.flush()
        stream.flush()
        os.fsync(stream.fileno())


def _sixteen_bits(chunk: Samples, dither: Samples, start: int) -> NDArray[np.int16]:
    offset = start % DITHER_FRAMES
    steps = chunk * np.float32(PCM_16_STEPS)
    steps += dither[offset : offset + len(chunk)]
    np.rint(steps, out=steps)
    np.clip(steps, -PCM_16_STEPS, PCM_16_STEPS, out=steps)
    return steps.astype(np.int16)


def _dither() -> Samples:
    """Six seconds of triangular noise within one step of 16 bits; it repeats far below hearing."""
    generator = np.random.default_rng(DITHER_SEED)
    one, other = (generator.random((DITHER_FRAMES, 2), dtype=np.float32) for _ in range(2))
    return one - other


def _check(part: Path, frames: int, kind: AudioFormat, path: Path) -> None:
    """The finished file holds all frames (lossy formats may add some at the ends)."""
    import soundfile

    found = soundfile.info(str(part)).frames
    exact = kind.container in ("WAV", "FLAC")
    if found < frames or (exact and found != frames):
        raise CannotWrite(path, f"only {found} of {frames} frames could be written", "check the disk")
