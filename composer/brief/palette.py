"""The few colours that make a picture: clusters in Lab, where distance is what the eye sees."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from composer.brief.picture import Pixels
from composer.brief.scheme import Scheme

CHROMATIC = 12.0  # Lab chroma above which a colour has a hue that people name
_KMEANS_SIDE = 96  # pixels; on 9,000 pixels the clusters are within 1 % of those on all
_KMEANS_SEED = 20_170_101
_CLUSTERS = 8
_MERGE_DISTANCE = 18.0  # Lab units below which two clusters read as one colour
_SHARE_MIN = 0.015
_SWATCHES_MIN = 3


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour: ``share`` of the picture 0..1, ``lightness`` 0..100 and ``chroma`` in Lab, HSV hue in degrees,
    saturation and brightness 0..1, and the mean column ``x`` 0 (left) .. 1 (right)."""

    rgb: tuple[int, int, int]
    share: float
    lightness: float
    chroma: float
    hue_deg: float
    saturation: float
    brightness: float
    x: float

    @property
    def is_chromatic(self) -> bool:
        return self.chroma > CHROMATIC

    @property
    def hex(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


def lab_of(rgb: Pixels) -> NDArray[np.float32]:
    """(H, W, 3): L 0..100, a and b around 0."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB), dtype=np.float32)


def hsv_of(rgb: Pixels) -> NDArray[np.float32]:
    """(H, W, 3): hue 0..360 degrees, saturation 0..1, value 0..1."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2HSV), dtype=np.float32)


def palette_of(rgb: Pixels) -> tuple[Swatch, ...]:
    """One to eight colours, the largest first; fewer where the picture has fewer."""
    small = _small(rgb)
    lab = lab_of(small).reshape(-1, 3)
    columns = np.tile((np.arange(small.shape[1]) + 0.5) / small.shape[1], small.shape[0])
    labels = _merged(lab, _clusters(lab))
    swatches = [_swatch(lab, columns, labels == label) for label in np.unique(labels)]
    return tuple(sorted(swatches, key=lambda s: (-s.share, s.hex)))


def colour_name(swatch: Swatch, scheme: Scheme) -> str:
    """``"dark blue"``, ``"pale orange"``, ``"grey"``: the scheme's name of the hue with what the eye adds."""
    if not swatch.is_chromatic:
        for limit, name in ((12, "black"), (35, "dark grey"), (65, "grey"), (90, "light grey")):
            if swatch.lightness < limit:
                return name
        return "white"
    base = scheme.colour_at(swatch.hue_deg).name
    if swatch.lightness < 32:
        return f"dark {base}"
    if swatch.lightness > 75 and swatch.saturation < 0.45:
        return f"pale {base}"
    return f"dull {base}" if swatch.saturation < 0.35 else base


def _small(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    scale = _KMEANS_SIDE / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _clusters(lab: NDArray[np.float32]) -> NDArray[np.int64]:
    count = min(_CLUSTERS, len(np.unique(np.rint(lab), axis=0)))
    if count < 2:
        return np.zeros(len(lab), dtype=np.int64)
    cv2.setRNGSeed(_KMEANS_SEED)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.3)
    _, labels, _ = cv2.kmeans(lab, count, None, criteria, 3, cv2.KMEANS_PP_CENTERS)
    return np.asarray(labels, dtype=np.int64).ravel()


def _merged(lab: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Labels after joining, nearest pair first, what the eye would call one colour."""
    labels = labels.copy()
    while True:
        names, counts = np.unique(labels, return_counts=True)
        if len(names) < 2:
            return labels
        centres = np.array([lab[labels == name].mean(axis=0) for name in names], dtype=np.float64)
        gaps = np.sqrt(((centres[:, None] - centres[None]) ** 2).sum(axis=2))
        gaps[np.arange(len(names)), np.arange(len(names))] = np.inf
        smallest = int(np.argmin(counts))
        first, second = (int(i) for i in np.unravel_index(int(np.argmin(gaps)), gaps.shape))
        limit = _MERGE_DISTANCE if len(names) > _SWATCHES_MIN else _MERGE_DISTANCE / 2
        if gaps[first, second] >= limit:
            if counts[smallest] >= _SHARE_MIN * len(labels):
                return labels
            first, second = smallest, int(np.argmin(gaps[smallest]))
        labels[labels == names[second]] = names[first]


def _swatch(lab: NDArray[np.float32], columns: NDArray[np.float64], member: NDArray[np.bool_]) -> Swatch:
    centre = lab[member].mean(axis=0, dtype=np.float64)
    rgb_float = cv2.cvtColor(centre.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_LAB2RGB)
    rgb = np.clip(np.rint(np.asarray(rgb_float) * 255), 0, 255).astype(np.uint8)
    hue, saturation, brightness = (float(v) for v in hsv_of(rgb)[0, 0])
    red, green, blue = (int(v) for v in rgb[0, 0])
    return Swatch(
        rgb=(red, green, blue),
        share=round(float(member.mean()), 4),
        lightness=round(float(centre[0]), 3),
        chroma=round(float(np.hypot(centre[1], centre[2])), 3),
        hue_deg=round(hue, 2) % 360.0,
        saturation=round(saturation, 4),
        brightness=round(brightness, 4),
        x=round(float(columns[member].mean()), 4),
    )
