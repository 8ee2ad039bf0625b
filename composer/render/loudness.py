"""Loudness and true peak after ITU-R BS.1770-4, in numpy alone (importing scipy takes longer than the measurement).

The K-weighting is applied to the power spectrum of tenths of seconds instead of filtering in time, so a sound can be
measured in pieces while it is made. A filter's ringing from one tenth into the next is lost: on noise and a
swelling tone the result is within 0.1 LU of pyloudnorm's (a test says so).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from composer.formats.audio import Samples, release

SEGMENTS_PER_SECOND = 10
BLOCK_SEGMENTS = 4  # a gating block is 400 ms, and blocks begin every 100 ms
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LUFS = -0.691  # so that a 997 Hz sine at 0 dBFS in one channel reads -3.01
BATCH_SEGMENTS = 4  # of more, numpy asks the system for fresh memory at each transform, which doubles its time

OVERSAMPLING = 4
TAPS_A_SIDE = 16
FRAME = 64  # peaks are kept for so many frames at a time
PEAK_SHARE = 0.9
# How far the sound between samples can rise over the samples beside it, in practice: a tone at a quarter of the sample
# rate rises by 3 dB, and this leaves another decibel. (The bound for any signal at all is 8 dB.)
OVERSHOOT = 1.6
BATCH_BLOCKS = 4096
SILENT = 1e-9


def decibels(ratio: float) -> float:
    """``ratio`` of amplitudes in dB (of silence: -180)."""
    return float(20.0 * np.log10(max(ratio, SILENT)))


def integrated_lufs(samples: Samples, sample_rate_hz: int) -> float:
    """The gated loudness in LUFS; ``-inf`` for silence."""
    return gated_lufs(segment_powers(samples, sample_rate_hz))


def gated_lufs(powers: NDArray[np.float64]) -> float:
    """The loudness of ``segment_powers``; sounds under 400 ms are padded with silence to one block."""
    if len(powers) < BLOCK_SEGMENTS:
        powers = np.concatenate([powers, np.zeros(BLOCK_SEGMENTS - len(powers))])
    blocks = np.convolve(powers, np.full(BLOCK_SEGMENTS, 1.0 / BLOCK_SEGMENTS), "valid")
    kept = blocks[blocks > 10 ** ((ABSOLUTE_GATE_LUFS - OFFSET_LUFS) / 10)]
    if len(kept):
        kept = kept[kept > kept.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
    return float(OFFSET_LUFS + 10 * np.log10(kept.mean())) if len(kept) else float("-inf")


def segment_frames(sample_rate_hz: int) -> int:
    """The frames of a tenth of a second."""
    return sample_rate_hz // SEGMENTS_PER_SECOND


def frame_peaks(samples: Samples) -> NDArray[np.float32]:
    """The highest sample of either channel in every FRAME frames."""
    whole = len(samples) // FRAME
    head = samples[: whole * FRAME].reshape(whole, FRAME * 2)
    peaks = np.maximum(head.max(axis=1, initial=0), -head.min(axis=1, initial=0))
    rest = samples[whole * FRAME :]
    return np.append(peaks, np.abs(rest).max()).astype(np.float32) if len(rest) else peaks.astype(np.float32)


def true_peak(samples: Samples, peaks: NDArray[np.float32] | None = None) -> float:
    """The highest amplitude at and between the samples (four times oversampled), full scale is 1.

    ``peaks`` are the sound's ``frame_peaks``. Frames are left out whose samples, and those
    around them, are more than 4 dB lower (see ``OVERSHOOT``).
    """
    peaks = frame_peaks(samples) if peaks is None else peaks
    if not len(peaks):
        return 0.0
    highest = float(peaks.max())
    loud = np.flatnonzero(peaks >= PEAK_SHARE * highest)
    highest = float(true_frame_peaks(samples, peaks, loud).max())
    others = np.setdiff1d(np.flatnonzero(bounds(peaks) > highest), loud, assume_unique=True)
    return float(true_frame_peaks(samples, peaks, others).max(initial=highest))


def bounds(peaks: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the true peak of each frame can be in practice, by its samples and the next ones on both sides."""
    around = np.pad(peaks, 1)
    highest = np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:])
    return np.asarray(highest * np.float32(OVERSHOOT), dtype=np.float32)


def true_frame_peaks(samples: Samples, peaks: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.float32]:
    """The true peaks of the frames with these numbers (never lower than their samples' ``peaks``)."""
    found = peaks[frames].copy()
    between = _between()
    window = np.arange(-TAPS_A_SIDE + 1, FRAME + TAPS_A_SIDE)
    for first in range(0, len(frames), BATCH_BLOCKS):
        at = frames[first : first + BATCH_BLOCKS, None] * FRAME + window
        pieces = samples[np.clip(at, 0, len(samples) - 1)]
        pieces[(at < 0) | (at >= len(samples))] = 0
        for channel in range(2):
            points = np.ascontiguousarray(pieces[:, :, channel]) @ between
            highest = np.maximum(points.max(axis=1), -points.min(axis=1))
            np.maximum(found[first : first + len(at)], highest, out=found[first : first + len(at)])
        release(samples)
    return found


@lru_cache(maxsize=1)
def _between() -> NDArray[np.float32]:
    """The matrix that takes a frame, with the samples around it, to the points between its samples."""
    kernels = _kernels()
    matrix = np.zeros((FRAME + 2 * TAPS_A_SIDE - 1, len(kernels) * FRAME), dtype=np.float32)
    for number, kernel in enumerate(kernels):
        for start in range(FRAME):
            matrix[start : start + 2 * TAPS_A_SIDE, number * FRAME + start] = kernel
    return matrix


@lru_cache(maxsize=1)
def _kernels() -> tuple[NDArray[np.float32], ...]:
    """Windowed sincs for the points at 1/4, 2/4 and 3/4 between two samples."""
    taps = np.arange(-TAPS_A_SIDE + 1, TAPS_A_SIDE + 1)
    kernels = []
    for phase in range(1, OVERSAMPLING):
        at = taps - phase / OVERSAMPLING
        kernel = np.sinc(at) * np.cos(np.pi * at / (2 * TAPS_A_SIDE + 1)) ** 2
        kernels.append((kernel / kernel.sum()).astype(np.float32))
    return tuple(kernels)


def segment_powers(samples: Samples, sample_rate_hz: int) -> NDArray[np.float64]:
    """The K-weighted mean square of each tenth of a second, summed over the channels."""
    length = segment_frames(sample_rate_hz)
    missing = -len(samples) % length
    count = (len(samples) + missing) // length
    weights = _power_weights(length, sample_rate_hz)
    powers = np.zeros(count)
    for first in range(0, count, BATCH_SEGMENTS):
        last = min(count, first + BATCH_SEGMENTS)
        batch = np.ascontiguousarray(samples[first * length : last * length])
        if len(batch) < (last - first) * length:
            batch = np.pad(batch, ((0, missing), (0, 0)))
        # Left and right as one complex signal: the powers of a bin and of its mirror image are those of both together.
        signal = batch.view(np.complex64).reshape(last - first, length)
        parts = np.fft.fft(signal, axis=1).view(np.float32)
        np.multiply(parts, parts, out=parts)
        powers[first:last] = parts @ weights
    return powers


@lru_cache(maxsize=4)
def _power_weights(length: int, sample_rate_hz: int) -> NDArray[np.float32]:
    """What the squared real and imaginary part of each bin of a spectrum of ``length`` add to the mean square."""
    z = np.exp(-2j * np.pi * np.arange(length) / length)
    response = np.ones(length)
    for numerator, denominator in (_shelf(sample_rate_hz), _high_pass(sample_rate_hz)):
        response *= np.abs(np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)) ** 2
    return np.repeat(response / length**2, 2).astype(np.float32)


def _shelf(sample_rate_hz: int) -> tuple[list[float], list[float]]:
    """BS.1770's first stage for any rate: +4 dB from 1.7 kHz up (Mansbridge, Finn and Reiss 2012)."""
    gain_db, q, corner_hz = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    k, high = np.tan(np.pi * corner_hz / sample_rate_hz), 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    scale = 1 + k / q + k * k
    numerator = [
        (high + band * k / q + k * k) / scale,
        2 * (k * k - high) / scale,
        (high - band * k / q + k * k) / scale,
    ]
    return numerator, [1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]


def _high_pass(sample_rate_hz: int) -> tuple[list[float], list[float]]:
    """BS.1770's second stage: a high pass at 38 Hz."""
    q, corner_hz = 0.5003270373238773, 38.13547087602444
    k = np.tan(np.pi * corner_hz / sample_rate_hz)
    scale = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]
