"""From the mix to the finished sound: the loudness set, the peaks held under a ceiling, the end faded."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.formats.audio import Samples, release
from composer.render.loudness import (
    FRAME,
    bounds,
    decibels,
    gated_lufs,
    segment_frames,
    segment_powers,
    true_frame_peaks,
    true_peak,
)
from composer.render.recording import Recording

LOOK_FRAMES = 14  # 20 ms at 44.1 kHz to either side
LIMITER_MOST_DB = 3.5  # more is heard as pumping: then the whole sound gets quieter instead
LIMITER_PASSES = 3
CEILING_MARGIN_DB = 0.05
BLOCK_FRAMES = 1 << 17
GAIN_STEPS = 1000  # of a dB: a last bit that two cores add differently must not change every sample


@dataclass(frozen=True, slots=True)
class Dip:
    """The limiter's gain between the middles of FRAMEs ``first`` and ``first + len(gains) - 1``."""

    first: int
    gains: NDArray[np.float64]

    @property
    def start(self) -> int:
        return self.first * FRAME

    @property
    def end(self) -> int:
        return (self.first + len(self.gains)) * FRAME


@dataclass(frozen=True, slots=True)
class Master:
    """What is to be done to ``mix``; ``gain_db`` is for all of it, ``limited_db`` the most that a peak loses."""

    mix: Recording
    gain_db: float
    limited_db: float = 0.0
    dips: tuple[Dip, ...] = ()
    lufs: float = float("-inf")
    true_peak_dbtp: float = float("-inf")

    def blocks(self) -> Iterator[Samples]:
        """The finished sound in its order."""
        fade = self.mix.fade()
        faded = len(self.mix.samples) - len(fade)
        for start in range(0, len(self.mix.samples), BLOCK_FRAMES):
            block = self.block(start, min(start + BLOCK_FRAMES, len(self.mix.samples)))
            within = max(start, faded)
            if within < start + len(block):
                block[within - start :] *= fade[within - faded : start + len(block) - faded, None]
            release(self.mix.samples)
            yield block

    def block(self, start: int, end: int) -> Samples:
        """The sound of frames ``start`` to ``end``, without the fade."""
        block = np.asarray(self.mix.samples[start:end]) * np.float32(10 ** (self.gain_db / 20))
        for dip in self.dips[bisect_right(self.dips, start, key=lambda d: d.end) :]:
            low, high = max(start, dip.start), min(start + len(block), dip.end)
            if low >= high:
                break
            middles = (dip.first + np.arange(len(dip.gains)) + 0.5) * FRAME
            curve = np.interp(np.arange(low, high), middles, dip.gains)
            block[low - start : high - start] *= curve.astype(np.float32)[:, None]
        return block


def mastered(mix: Recording, target_lufs: float, ceiling_dbtp: float, fixed_db: float | None = None) -> Master:
    """``mix`` at ``target_lufs`` with no true peak over ``ceiling_dbtp``.

    With ``fixed_db`` it is louder by just that (0: as it is), or is turned down to the ceiling where it would clip.
    """
    loudness = gated_lufs(mix.powers)
    peak_dbtp = decibels(true_peak(mix.samples, mix.peaks))
    ceiling_dbtp -= CEILING_MARGIN_DB
    if fixed_db is not None:
        gain_db = fixed_db if peak_dbtp + fixed_db <= 0.0 else _rounded(ceiling_dbtp - peak_dbtp)
        return Master(mix, gain_db, lufs=loudness + gain_db, true_peak_dbtp=peak_dbtp + gain_db)
    most_db = ceiling_dbtp + LIMITER_MOST_DB - peak_dbtp
    if np.isfinite(loudness):
        gain_db = _rounded(min(target_lufs - loudness, most_db))
    else:
        gain_db = _rounded(ceiling_dbtp - peak_dbtp)
    if peak_dbtp + gain_db <= ceiling_dbtp:
        return Master(mix, gain_db, lufs=loudness + gain_db, true_peak_dbtp=peak_dbtp + gain_db)
    for remaining in reversed(range(LIMITER_PASSES)):
        master = _limited(mix, gain_db, peak_dbtp + gain_db - ceiling_dbtp, ceiling_dbtp)
        short_db = _rounded(min(target_lufs - master.lufs, most_db - gain_db))
        if short_db < 0.1 or not remaining:
            break
        gain_db += short_db
    return master


def _rounded(gain_db: float) -> float:
    """Down to a whole thousandth of a dB."""
    return math.floor(gain_db * GAIN_STEPS) / GAIN_STEPS


def _limited(mix: Recording, gain_db: float, limited_db: float, ceiling_dbtp: float) -> Master:
    """A master whose gain dips, before and after each peak over the ceiling, by just enough; with its measures."""
    ceiling = np.float32(10 ** ((ceiling_dbtp - gain_db) / 20))  # in the mix
    peaks = mix.peaks.copy()
    near = np.flatnonzero(bounds(mix.peaks) > ceiling)
    peaks[near] = true_frame_peaks(mix.samples, mix.peaks, near)
    dips = _dips(np.minimum(1.0, ceiling / np.maximum(peaks, ceiling)))
    master = Master(mix, gain_db, limited_db, dips)
    powers = mix.powers * 10 ** (gain_db / 10)
    length = segment_frames(mix.sample_rate_hz)
    highest = 0.0
    for first, last in _runs(dips, length):
        block = master.block(first * length, last * length)
        powers[first:last] = segment_powers(block, mix.sample_rate_hz)[: last - first]
        highest = max(highest, true_peak(block))
    for dip in dips:
        peaks[dip.first : dip.first + len(dip.gains)] = 0.0
    highest = max(highest, float(peaks.max()) * 10 ** (gain_db / 20))
    return Master(mix, gain_db, limited_db, dips, gated_lufs(powers), decibels(highest))


def _dips(needed: NDArray[np.float32]) -> tuple[Dip, ...]:
    """The dips of a smooth gain that is, around each frame, no higher than the one ``needed`` there."""
    reach = LOOK_FRAMES + 1
    around = np.pad(needed, reach, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(around, 2 * reach + 1).min(axis=1)
    window = np.hanning(2 * LOOK_FRAMES + 3)[1:-1]
    gains = np.convolve(np.pad(lowest, LOOK_FRAMES, mode="edge"), window / window.sum(), "valid")
    under = np.concatenate([[False], gains < 1.0 - 1e-7, [False]])
    edges = np.flatnonzero(under[1:] != under[:-1])
    spans = [(max(0, int(a) - 1), min(len(gains), int(b) + 1)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return tuple(Dip(first, gains[first:last]) for first, last in spans)


def _runs(dips: tuple[Dip, ...], length: int) -> list[tuple[int, int]]:
    """The spans of segments of ``length`` frames that the dips touch, joined where they meet, at most ten long."""
    segments = sorted({s for dip in dips for s in range(dip.start // length, -(-dip.end // length))})
    runs: list[tuple[int, int]] = []
    for segment in segments:
        if runs and runs[-1][1] == segment and segment - runs[-1][0] < 10:
            runs[-1] = (runs[-1][0], segment + 1)
        else:
            runs.append((segment, segment + 1))
    return runs
