"""Paints the picture of the tutorial: an evening over a lake. The same file each time, no network.

python docs/make_picture.py lake.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 960, 640
SHORE = 390  # row of the water line
SUN = (640.0, 286.0, 50.0)  # column, row, radius
FIRS = 16  # along the left third of the shore
SEED = 7

Picture = NDArray[np.float64]  # HEIGHT x WIDTH x 3, 0..1


def painted() -> Picture:
    """Sky, sun, two ranges of hills, firs on the left, and their mirror image in the water."""
    rng = np.random.default_rng(SEED)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    picture = sky(rows)
    glow: Picture = np.exp(-(((columns - SUN[0]) / 230) ** 2 + ((rows - SUN[1]) / 120) ** 2))
    picture = mixed(picture, (1.0, 0.80, 0.42), 0.75 * glow)
    disc = np.hypot(columns - SUN[0], rows - SUN[1]) < SUN[2]
    picture = mixed(picture, (1.0, 0.93, 0.70), disc.astype(float))
    for height, colour, waves in ((84, (0.52, 0.30, 0.44), 3), (46, (0.24, 0.15, 0.30), 5)):
        ridge = SHORE - height * hills(rng, waves)
        picture = mixed(picture, colour, (rows > ridge[None, :]).astype(float))
    picture = mixed(picture, (0.10, 0.09, 0.16), firs(rng, rows, columns))
    return with_water(picture, rows, columns, rng)


def firs(rng: np.random.Generator, rows: Picture, columns: Picture) -> Picture:
    """1 where a fir stands: triangles with a serrated edge."""
    shape = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for column in np.sort(rng.uniform(0, WIDTH * 0.36, FIRS)):
        height = rng.uniform(90, 260) * (1 - column / WIDTH)
        down = (rows - (SHORE - height)) / height
        width = 0.2 * height * down * (0.7 + 0.3 * np.mod(down * 7, 1))
        shape |= (down > 0) & (rows <= SHORE) & (np.abs(columns - column) < width)
    return shape.astype(float)


def sky(rows: Picture) -> Picture:
    """Blue violet above, orange at the horizon."""
    places = [0.0, 0.45, 0.8, 1.0]
    colours = [(0.22, 0.20, 0.46), (0.66, 0.36, 0.50), (0.96, 0.56, 0.36), (0.99, 0.74, 0.45)]
    share = np.clip(rows / SHORE, 0, 1)
    return np.stack([np.interp(share, places, [c[i] for c in colours]) for i in range(3)], axis=2)


def hills(rng: np.random.Generator, waves: int) -> Picture:
    """A skyline: the height 0..1 over each column."""
    x = np.linspace(0, 1, WIDTH)
    line = sum(np.sin(2 * np.pi * (n * x + rng.random())) / n for n in range(1, waves + 1))
    line = np.asarray(line)
    return np.asarray((line - line.min()) / np.ptp(line))


def with_water(picture: Picture, rows: Picture, columns: Picture, rng: np.random.Generator) -> Picture:
    """The lower part mirrors the upper one, darker, bluer and broken by ripples."""
    depth: Picture = np.clip((rows - SHORE) / (HEIGHT - SHORE), 0, 1)
    ripple = 6 * depth * np.sin(rows / (1.5 + 6 * depth) + 3 * np.sin(columns / 90))
    source = np.clip(2 * SHORE - rows + ripple, 0, SHORE - 1).astype(int)
    mirrored = mixed(picture[source, columns.astype(int)], (0.10, 0.16, 0.34), 0.35 + 0.35 * depth)
    crests = (rng.random((HEIGHT, WIDTH)) > 0.992) & (rows > SHORE)
    mirrored = mixed(mirrored, (0.98, 0.80, 0.62), 0.5 * crests.astype(float))
    return np.where((rows > SHORE)[..., None], mirrored, picture)


def mixed(picture: Picture, colour: tuple[float, float, float], share: Picture) -> Picture:
    """``colour`` laid over ``picture`` with an opacity of 0..1 for each pixel."""
    return np.asarray(picture * (1 - share[..., None]) + np.array(colour) * share[..., None])


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "lake.png")
    Image.fromarray(np.rint(painted() * 255).astype(np.uint8)).save(target, optimize=True)
    print(target)
