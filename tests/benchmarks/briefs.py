"""Random briefs to judge the engine by: every key, mode, metre and ensemble, and sections that differ strongly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from composer.compose.accompaniment.ensembles import ensemble_names
from composer.compose.accompaniment.styles import load_style
from composer.formats.brief.brief import METERS, Brief
from composer.formats.templates import template_names
from composer.music.key import MODES

SEED = 20
TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# Major and minor are what most pieces are in.
MODE_WEIGHTS = {"major": 5, "minor": 5, "dorian": 2, "mixolydian": 2, "lydian": 1, "phrygian": 1}
METER_WEIGHTS = {"4/4": 4, "3/4": 3, "6/8": 2, "2/4": 1}
SOLOISTS = ("piano", "flute", "violin", "clarinet", "cello", "oboe", "fiddle", "voice", "guitar", "trumpet")
# Letters, and the bars of each section.
FORMS = (
    ("AABA", 8), ("ABA", 8), ("AABB", 8), ("AB", 8), ("ABCBA", 4), ("ABAC", 8), ("ABCA", 8), ("ABAB", 4), ("ABC", 8),
)  # fmt: skip
CURVE_POINTS = 32
APART = 0.25  # the least by which two letters differ in density and in energy


def random_briefs(count: int = 40, seed: int = SEED) -> list[Brief]:
    """``count`` briefs; the k-th is the same for any ``count``."""
    return [_brief(index, np.random.default_rng([seed, index])) for index in range(count)]


def _brief(index: int, rng: np.random.Generator) -> Brief:
    meter = _drawn(METER_WEIGHTS, rng)
    fields: dict[str, object] = {
        "title": f"Bench {index + 1}",
        "key": {"tonic": str(rng.choice(TONICS)), "mode": _drawn(MODE_WEIGHTS, rng)},
        "tempo_bpm": float(rng.integers(60, 160)),
        "meter": meter,
        "form": _form(rng),
        "dynamics": round(float(rng.uniform(0.4, 0.9)), 2),
        "articulation": round(float(rng.uniform(0.1, 0.6)), 2),
    }
    if index % 3 == 1:
        fields["ensemble"] = str(rng.choice(sorted(ensemble_names())))
    else:
        fields["melody"] = {"instrument": str(rng.choice(SOLOISTS))}
        fields["accompaniment"] = {"style": str(rng.choice(_styles(meter)))}
        fields["bass"] = {} if rng.random() < 0.4 else None
    if index % 3 == 2:
        fields["curves"] = {name: _curve(rng, name) for name in ("energy", "density", "register")}
    return Brief.model_validate(fields)


def _form(rng: np.random.Generator) -> list[dict[str, object]]:
    """Sections of one letter ask for the same, those of different letters for something clearly different."""
    letters, bars = FORMS[int(rng.integers(len(FORMS)))]
    levels: dict[str, dict[str, float]] = {}
    for letter in dict.fromkeys(letters):
        levels[letter] = _levels(rng, list(levels.values()))
    return [{"name": letter, "bars": bars, **levels[letter]} for letter in letters]


def _levels(rng: np.random.Generator, others: Sequence[dict[str, float]]) -> dict[str, float]:
    while True:
        level = {
            "density": round(float(rng.uniform(0.05, 0.95)), 2),
            "energy": round(float(rng.uniform(0.05, 0.95)), 2),
            "register": round(float(rng.uniform(-0.8, 0.8)), 2),
        }
        if all(abs(level[n] - other[n]) >= APART / len(others) for other in others for n in ("density", "energy")):
            return level


def _curve(rng: np.random.Generator, name: str) -> list[float]:
    """A smooth walk, as the columns of a picture give it."""
    walk = np.cumsum(rng.normal(0, 1, CURVE_POINTS))
    walk = np.convolve(np.pad(walk, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    unit = (walk - walk.min()) / max(1e-9, float(np.ptp(walk)))
    return [round(float(v), 3) for v in (2 * unit - 1 if name == "register" else unit)]


def _drawn(weights: dict[str, int], rng: np.random.Generator) -> str:
    shares = np.array(list(weights.values()), dtype=float)
    return str(rng.choice(list(weights), p=shares / shares.sum()))


@cache
def _styles(meter: str) -> list[str]:
    """The styles that have patterns in the metre, by name; any style where none has."""
    fitting = [name for name in sorted(template_names("styles")) if meter in load_style(name).meters]
    return fitting or sorted(template_names("styles"))


assert set(MODE_WEIGHTS) == set(MODES) and set(METER_WEIGHTS) == set(METERS)
