"""What is measured in a picture: light, colour, edges, texture, layout. All numbers are finite for any picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from composer.brief.palette import CHROMATIC, hsv_of, lab_of
from composer.brief.picture import Pixels

Plane = NDArray[np.float32]

EDGE_STEP = 0.12  # lightness change over a pixel, of the whole range, that reads as an edge
_ANGLE_BINS = 16
_LAYOUT_SIDE = 32
_FLAT = 1e-3


@dataclass(frozen=True, slots=True)
class Features:
    """Shares and means from 0 to 1 unless said otherwise."""

    lightness: float  # mean of L
    contrast: float  # standard deviation of L
    saturation: float  # mean HSV saturation, weighted down where it is too dark to see
    brightness: float  # mean HSV value
    chromatic_share: float  # pixels that have a hue
    warm_share: float  # of the chromatic pixels, weighted by chroma
    red_share: float
    yellow_share: float
    dark_blue_share: float
    edge_density: float  # pixels on an edge
    edge_sharpness: float  # 0 every edge is soft, 1 hard
    edge_entropy: float  # 0 all edges run one way, 1 in all directions
    rectilinearity: float  # 0 as many upright and level edges as chance gives, 1 all
    upright: float  # share of the edges that stand upright
    texture: float  # mean of the local standard deviation of L, 0.25 and above is 1
    symmetry_lr: float
    symmetry_ud: float
    repetition: float  # how far the columns repeat a pattern
    horizon: float  # strength of the best level line
    horizon_y: float  # where it lies, 0 top .. 1 bottom
    centre: float  # how far what stands out is in the middle
    sky: float  # how far the top quarter is plain and light or blue
    skin: float  # skin-like colours where a face would be, beyond their share at the rim
    flatness: float  # pixels in areas without any texture
    aspect: float  # width / height

    def as_numbers(self) -> dict[str, float]:
        """Every feature, rounded so that it is the same on every machine."""
        return {field.name: round(float(getattr(self, field.name)), 3) for field in fields(self)}


def features_of(rgb: Pixels) -> Features:
    """The features of a picture of any size from 1 x 1 pixel."""
    lab, hsv = lab_of(rgb), hsv_of(rgb)
    light = np.ascontiguousarray(lab[:, :, 0]) / np.float32(100)
    across, down = gradients(light)
    strength = np.hypot(across, down)
    entropy, rectilinearity, upright = _directions(across, down, strength)
    spread = _local_spread(light)
    horizon, horizon_y = _horizon(lab)
    lr, ud, repetition = _layout(lab)
    on_edge = strength > EDGE_STEP
    seen = np.minimum(hsv[:, :, 2] / np.float32(0.2), 1)
    return Features(
        lightness=_mean(light),
        contrast=float(light.std(dtype=np.float64)),
        saturation=_mean(hsv[:, :, 1] * seen),
        brightness=_mean(hsv[:, :, 2]),
        **_colour_shares(lab, hsv),
        edge_density=_mean(on_edge),
        edge_sharpness=_sharpness(light, strength),
        edge_entropy=entropy,
        rectilinearity=rectilinearity,
        upright=upright,
        texture=min(1.0, _mean(spread) / 0.25),
        symmetry_lr=lr,
        symmetry_ud=ud,
        repetition=repetition,
        horizon=horizon,
        horizon_y=horizon_y,
        centre=_centre(lab),
        sky=_sky(lab, hsv, spread),
        flatness=_mean(spread < 0.012),
        aspect=rgb.shape[1] / rgb.shape[0],
    )


def gradients(light: Plane) -> tuple[Plane, Plane]:
    """Lightness change a pixel to the right and a pixel down."""
    options = {"ksize": 3, "scale": 1 / 4, "borderType": cv2.BORDER_REPLICATE}
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0, **options)  # type: ignore[call-overload]
    down = cv2.Sobel(light, cv2.CV_32F, 0, 1, **options)  # type: ignore[call-overload]
    return np.asarray(across, dtype=np.float32), np.asarray(down, dtype=np.float32)


def salience(lab: NDArray[np.float32]) -> Plane:
    """How far each pixel stands out: its distance in Lab from the picture's mean, and its edges."""
    mean = lab.reshape(-1, 3).mean(axis=0, dtype=np.float64).astype(np.float32)
    apart = np.sqrt(((lab - mean) ** 2).sum(axis=2)) / np.float32(100)
    across, down = gradients(np.ascontiguousarray(lab[:, :, 0]) / np.float32(100))
    return np.asarray(apart + 2 * np.hypot(across, down), dtype=np.float32)


def _colour_shares(lab: NDArray[np.float32], hsv: NDArray[np.float32]) -> dict[str, float]:
    hue, saturation, value = hsv[:, :, 0], hsv[:, :, 1], hsv[:, :, 2]
    chroma = np.hypot(lab[:, :, 1], lab[:, :, 2])
    chromatic = chroma > CHROMATIC
    weight = np.where(chromatic, chroma, 0)
    warm = (hue < 66) | (hue >= 295)
    strong = chromatic & (saturation > 0.35)
    skin = (hue >= 6) & (hue <= 42) & (saturation > 0.18) & (saturation < 0.68) & (value > 0.35)
    return {
        "chromatic_share": _mean(chromatic),
        "warm_share": float((weight * warm).sum(dtype=np.float64) / max(weight.sum(dtype=np.float64), 1e-9)),
        "red_share": _mean(strong & ((hue < 18) | (hue >= 345))),
        "yellow_share": _mean(strong & (hue >= 40) & (hue < 70)),
        "dark_blue_share": _mean(chromatic & (hue >= 195) & (hue < 265) & (value < 0.5)),
        "skin": _face(skin & chromatic),
    }


def _face(skin: NDArray[np.bool_]) -> float:
    """The share in the middle, above the centre line mostly, less the share at the left and right rim."""
    height, width = skin.shape
    middle = skin[height // 10 : max(1, height * 13 // 20), width // 4 : max(1, width * 3 // 4)]
    rim = max(1, width // 8)
    sides = np.concatenate([skin[:, :rim], skin[:, -rim:]], axis=1)
    return max(0.0, _mean(middle) - _mean(sides)) if middle.size else 0.0


def _directions(across: Plane, down: Plane, strength: Plane) -> tuple[float, float, float]:
    """Entropy of the edge directions, the share that is upright or level beyond chance, and the upright share."""
    edges = strength > EDGE_STEP / 2
    weights = strength[edges].astype(np.float64)
    if weights.size < 16:
        return 0.0, 0.0, 0.0
    angle = np.arctan2(down[edges], across[edges]).astype(np.float64) % np.pi
    bins = np.rint(angle / np.pi * _ANGLE_BINS).astype(np.int64) % _ANGLE_BINS
    histogram = np.bincount(bins, weights=weights, minlength=_ANGLE_BINS) / weights.sum()
    present = histogram[histogram > 0]
    entropy = float(-(present * np.log(present)).sum() / np.log(_ANGLE_BINS))
    straight = float(histogram[0] + histogram[_ANGLE_BINS // 2])
    chance = 2 / _ANGLE_BINS
    rectilinearity = min(1.0, max(0.0, (straight - chance) / (0.6 - chance)))
    return entropy, rectilinearity, float(histogram[0])


def _sharpness(light: Plane, strength: Plane) -> float:
    """How much of the strongest edges a slight blur takes away."""
    if float(strength.max()) < EDGE_STEP / 2:
        return 0.0
    soft = np.asarray(cv2.GaussianBlur(light, (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE), dtype=np.float32)
    across, down = gradients(soft)
    edges = strength >= np.quantile(strength, 0.9)
    kept = _mean(np.hypot(across, down)[edges]) / max(_mean(strength[edges]), 1e-9)
    return min(1.0, max(0.0, (1.0 - kept) / 0.6))


def _local_spread(light: Plane) -> Plane:
    mean = cv2.blur(light, (5, 5), borderType=cv2.BORDER_REFLECT)
    square = cv2.blur(light * light, (5, 5), borderType=cv2.BORDER_REFLECT)
    variance = np.maximum(np.asarray(square) - np.asarray(mean) ** 2, 0)
    return np.asarray(np.sqrt(variance), dtype=np.float32)


def _layout(lab: NDArray[np.float32]) -> tuple[float, float, float]:
    """Symmetry left to right, symmetry top to bottom, and repetition along the width."""
    small = np.asarray(cv2.resize(lab, (_LAYOUT_SIDE, _LAYOUT_SIDE), interpolation=cv2.INTER_AREA), dtype=np.float64)
    small = small - small.mean(axis=(0, 1))
    if float(np.abs(small).mean()) < 0.5:
        return 1.0, 1.0, 0.0
    lr = _likeness(small, small[:, ::-1])
    ud = _likeness(small, small[::-1])
    # What changes along the width, so that a plain sky does not count as a repetition.
    moving = small - small.mean(axis=1, keepdims=True)
    if float(np.abs(moving).mean()) < 1.0:
        return lr, ud, 0.0
    shifts = range(_LAYOUT_SIDE // 6, _LAYOUT_SIDE // 2 + 1)
    return lr, ud, max(_likeness(moving[:, shift:], moving[:, :-shift]) for shift in shifts)


def _likeness(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """1 for the same, 0 for nothing in common: the correlation of two centred arrays."""
    power = math.sqrt(float((first * first).sum() * (second * second).sum()))
    return min(1.0, max(0.0, float((first * second).sum()) / max(power, 1e-9)))


def _horizon(lab: NDArray[np.float32]) -> tuple[float, float]:
    """Strength and height of the level line that parts two bands of different colour over the whole width."""
    small = np.asarray(cv2.resize(lab, (_LAYOUT_SIDE, 64), interpolation=cv2.INTER_AREA), dtype=np.float64)
    best, best_row = 0.0, 32
    for row in range(10, 55):
        step = small[row : row + 5].mean(axis=0) - small[row - 5 : row].mean(axis=0)
        mean_step = float(np.linalg.norm(step.mean(axis=0)))
        coherence = mean_step / max(float(np.linalg.norm(step, axis=1).mean()), 1e-9)
        strength = min(1.0, mean_step / 25.0) * coherence
        if strength > best:
            best, best_row = strength, row
    return best, best_row / 64


def _centre(lab: NDArray[np.float32]) -> float:
    """0 where what stands out lies at the rim, 1 where it lies in the middle."""
    weight = salience(lab).astype(np.float64)
    total = float(weight.sum())
    if total < _FLAT * weight.size:
        return 0.5
    rows = np.abs((np.arange(weight.shape[0]) + 0.5) / weight.shape[0] - 0.5)[:, None]
    columns = np.abs((np.arange(weight.shape[1]) + 0.5) / weight.shape[1] - 0.5)[None]
    away = float((weight * np.maximum(rows, columns)).sum()) / total
    # 1/3 is the mean of that distance over an even picture.
    return min(1.0, max(0.0, 0.5 + (1 / 3 - away) * 5))


def _sky(lab: NDArray[np.float32], hsv: NDArray[np.float32], spread: Plane) -> float:
    top = slice(0, max(1, lab.shape[0] // 4))
    blue = (hsv[top, :, 0] >= 185) & (hsv[top, :, 0] < 260) & (hsv[top, :, 1] > 0.15)
    return _mean((spread[top] < 0.02) & (blue | (lab[top, :, 0] > 60)))


def _mean(values: NDArray[np.float32] | NDArray[np.bool_]) -> float:
    return float(np.asarray(values, dtype=np.float64).mean())
