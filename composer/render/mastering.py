"""From the mix to the finished sound: the tail trimmed, the loudness set, the peaks held under a ceiling."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.formats.audio import Samples
from composer.render.loudness import block_peaks, decibels, integrated_lufs, true_block_peaks, true_peak

TAIL_FLOOR = 10 ** (-80 / 20)
FADE_SECONDS = 0.05
FRAME = 64  # the limiter's gain moves in steps of so many frames, with straight lines between
LOOK_FRAMES = 14  # 20 ms at 44.1 kHz to either side
LIMITER_MOST_DB = 6.0  # more is heard as pumping: then the whole sound gets quieter instead
LIMITER_PASSES = 3
CEILING_MARGIN_DB = 0.05


@dataclass(frozen=True, slots=True)
class Mastered:
    """The finished sound; ``gain_db`` is what the whole mix was raised by, ``limited_db`` the most a peak lost."""

    samples: Samples
    lufs: float
    true_peak_dbtp: float
    gain_db: float
    limited_db: float


def mastered(
    mix: Samples, sample_rate_hz: int, target_lufs: float, ceiling_dbtp: float, normalize: bool = True
) -> Mastered:
    """``mix`` at ``target_lufs`` with no true peak over ``ceiling_dbtp``; as it is when not ``normalize``."""
    with ThreadPoolExecutor(1) as pool:  # numpy lets go of the interpreter while it transforms
        measuring = pool.submit(integrated_lufs, mix, sample_rate_hz)
        peak_dbtp = decibels(true_peak(mix))
        loudness = measuring.result()
    if not normalize:
        return Mastered(mix, loudness, peak_dbtp, 0.0, 0.0)
    ceiling_dbtp -= CEILING_MARGIN_DB
    if not np.isfinite(loudness):
        gain_db = ceiling_dbtp - peak_dbtp
    else:
        gain_db = min(target_lufs - loudness, ceiling_dbtp + LIMITER_MOST_DB - peak_dbtp)
    sound = mix * np.float32(10 ** (gain_db / 20))
    limited_db = max(0.0, peak_dbtp + gain_db - ceiling_dbtp)
    if limited_db == 0.0:
        return Mastered(sound, loudness + gain_db, peak_dbtp + gain_db, gain_db, 0.0)
    for remaining in reversed(range(LIMITER_PASSES)):
        limited = _limited(sound, 10 ** (ceiling_dbtp / 20))
        loudness = integrated_lufs(limited, sample_rate_hz)
        short_db = min(target_lufs - loudness, LIMITER_MOST_DB - limited_db)
        if short_db < 0.1 or not remaining:
            break
        gain_db, limited_db = gain_db + short_db, limited_db + short_db
        sound = mix * np.float32(10 ** (gain_db / 20))
    return Mastered(limited, loudness, decibels(true_peak(limited)), gain_db, limited_db)


def trimmed(mix: Samples, sample_rate_hz: int, keep_frames: int = 0) -> Samples:
    """``mix`` without the end that stays under -80 dBFS of its peak, faded over the last 50 ms."""
    peaks = block_peaks(mix, FRAME)
    loud = np.flatnonzero(peaks > TAIL_FLOOR * float(peaks.max(initial=0)))
    fade = round(FADE_SECONDS * sample_rate_hz)
    last = (int(loud[-1]) + 1) * FRAME if len(loud) else 0
    end = min(len(mix), max(last + fade, keep_frames))
    cut = mix[:end].copy()
    fade = min(fade, end)
    if fade:
        cut[end - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    return cut


def _limited(sound: Samples, ceiling: float) -> Samples:
    """``sound`` with a gain that dips, before and after each peak over ``ceiling``, by just enough."""
    peaks = true_block_peaks(sound, FRAME, block_peaks(sound, FRAME), ceiling * 0.7)
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, ceiling))
    reach = LOOK_FRAMES + 1
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(needed, reach, constant_values=1.0), 2 * reach + 1)
    window = np.hanning(2 * LOOK_FRAMES + 3)[1:-1]
    gains = np.convolve(np.pad(lowest.min(axis=1), LOOK_FRAMES, mode="edge"), window / window.sum(), "valid")
    limited = sound.copy()
    for first, last in _dips(gains):
        at = np.arange(first * FRAME, min(len(sound), last * FRAME))
        curve = np.interp(at, (np.arange(first, last) + 0.5) * FRAME, gains[first:last])
        limited[at[0] : at[-1] + 1] *= curve.astype(np.float32)[:, None]
    return limited


def _dips(gains: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The spans of frames where the gain is under 1, one frame wider at both ends."""
    under = np.concatenate([[False], gains < 1.0 - 1e-7, [False]])
    edges = np.flatnonzero(under[1:] != under[:-1])
    return [(max(0, int(a) - 1), min(len(gains), int(b) + 1)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
