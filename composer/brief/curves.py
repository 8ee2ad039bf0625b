"""A picture read from left to right, as music is: how busy, how dense and how high, in 32 columns."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from composer.brief.features import EDGE_STEP, gradients, salience
from composer.brief.palette import lab_of
from composer.brief.picture import Pixels

COLUMNS = 32
_SMOOTHING = np.array([1, 2, 3, 2, 1], dtype=np.float64) / 9
Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PictureCurves:
    """32 values each, left to right: ``tension`` and ``density`` 0..1, ``height`` -1 (bottom) .. 1 (top)."""

    tension: Curve
    density: Curve
    height: Curve

    @property
    def climax(self) -> int:
        """The column of the greatest tension, looked for where a climax may lie (0.15 to 0.85 of the width)."""
        first, last = round(0.15 * COLUMNS), round(0.85 * COLUMNS)
        return first + int(np.argmax(np.round(self.tension[first:last], 4)))


def curves_of(rgb: Pixels) -> PictureCurves:
    """The curves; flat lines for a picture that is the same from left to right."""
    lab = lab_of(rgb)
    light = np.ascontiguousarray(lab[:, :, 0]) / np.float32(100)
    across, down = gradients(light)
    edges = _columns((np.hypot(across, down) > EDGE_STEP).astype(np.float32))
    chroma = np.minimum(_columns(np.hypot(lab[:, :, 1], lab[:, :, 2]) / 80), 1)
    lightness = _columns(light)
    busy = 1 - np.exp(-edges / 0.25)  # no column is so full that a fuller one would not count
    tension = 0.45 * busy + 0.3 * chroma + 0.25 * (1 - lightness)
    return PictureCurves(tension=np.clip(tension, 0, 1), density=busy, height=_heights(lab))


def _heights(lab: NDArray[np.float32]) -> Curve:
    """Where the things that stand out lie in each column; 0 where nothing does."""
    weight = salience(lab).astype(np.float64)
    weight = weight**2
    rows = 1 - 2 * (np.arange(weight.shape[0]) + 0.5) / weight.shape[0]
    total = _columns(weight.sum(axis=0, keepdims=True))
    moment = _columns((weight * rows[:, None]).sum(axis=0, keepdims=True))
    floor = 1e-4 * weight.shape[0]
    return np.asarray(np.clip(1.6 * moment / (total + floor), -1, 1), dtype=np.float64)


def _columns(plane: NDArray[np.float32] | NDArray[np.float64]) -> Curve:
    """The mean of each of 32 equal columns, smoothed over five."""
    profile = plane.astype(np.float64).mean(axis=0)
    if len(profile) < COLUMNS:
        profile = np.repeat(profile, -(-COLUMNS // len(profile)))
    row = np.asarray(cv2.resize(profile[None], (COLUMNS, 1), interpolation=cv2.INTER_AREA), dtype=np.float64)[0]
    return np.convolve(np.pad(row, 2, mode="edge"), _SMOOTHING, mode="valid")
