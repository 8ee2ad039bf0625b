"""A brief out of nothing but a seed: a random plan that a musician could have made, to be edited like any other.

Choices hang together: a mood is drawn first, and mode, tempo, players, energy and style are drawn in its favour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from composer.compose.accompaniment.arrangement import FALLBACK_STYLE
from composer.compose.accompaniment.ensembles import ensemble_names, load_ensemble
from composer.compose.accompaniment.styles import load_style, style_names
from composer.formats.brief.brief import AccompanimentPlan, BassPlan, Brief, MelodyPlan
from composer.formats.brief.form import KeyChoice, SectionPlan
from composer.music.time import meter_of

TONICS = {"C": 3, "G": 3, "D": 3, "F": 3, "A": 2, "Bb": 2, "E": 1, "Eb": 1, "Ab": 0.5, "B": 0.5}
METERS = {"4/4": 5, "3/4": 3, "6/8": 2, "2/4": 1}
# Letters of the form and bars of each section: what songs and dances are made of.
FORMS: dict[tuple[tuple[str, int], ...], float] = {
    (("A", 8), ("A'", 8), ("B", 8), ("A'", 8)): 4,
    (("A", 8), ("B", 8), ("A'", 8)): 4,
    (("A", 8), ("A'", 8), ("B", 8), ("B'", 8)): 3,
    (("A", 8), ("B", 8), ("A'", 8), ("C", 8), ("A''", 8)): 2,
    (("A", 8), ("B", 8), ("C", 8), ("A'", 8)): 1,
    (("A", 16), ("B", 8), ("A'", 8)): 1,
    (("A", 8), ("A'", 8)): 1,
}

# What a section of this letter has over the first: (energy, density, register). A contrast differs in all three.
CONTRASTS = {"A": (0.0, 0.0, 0.0), "B": (0.2, 0.15, 0.35), "C": (-0.15, -0.1, -0.3)}
_LOWEST, _HIGHEST = np.array([0.05, 0.05, -0.9]), np.array([0.95, 0.95, 0.9])
_GROWING = np.array([1.0, 0.5, 0.5])
_SPREAD = 0.06  # how far the values of a piece and of a section stray
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mood:
    """What a piece of this mood is like. Tempi are beats felt a minute; weights of modes, players and styles."""

    word: str
    beats_per_minute: tuple[float, float]
    energy: float
    density: float
    modes: Mapping[str, float]
    ensembles: Mapping[str, float]
    styles: Mapping[str, float]


MOODS = (
    Mood(
        "calm", (60, 84), 0.3, 0.3, {"major": 4, "lydian": 1, "mixolydian": 1, "dorian": 1},
        {"piano-solo": 3, "chamber": 3, "guitar": 2, "string-quartet": 2, "synth": 1},
        {"broken": 3, "arpeggio": 3, "pad": 2, "learned": 4},
    ),
    Mood(
        "wistful", (63, 92), 0.35, 0.35, {"minor": 4, "dorian": 2, "phrygian": 0.5},
        {"piano-solo": 4, "string-quartet": 2, "guitar": 2, "chamber": 2},
        {"broken": 3, "arpeggio": 2, "alberti": 1, "block": 1, "learned": 4},
    ),
    Mood(
        "bright", (96, 132), 0.6, 0.6, {"major": 5, "mixolydian": 2, "lydian": 0.5},
        {"folk-trio": 3, "small-band": 2, "piano-solo": 2, "guitar": 2, "chamber": 1},
        {"broken": 2, "walking": 1, "waltz": 2, "alberti": 2, "learned": 3},
    ),
    Mood(
        "driving", (108, 144), 0.75, 0.65, {"minor": 3, "dorian": 2, "mixolydian": 2, "major": 1},
        {"small-band": 3, "synth": 2, "folk-trio": 2, "piano-solo": 1},
        {"ostinato": 3, "block": 2, "walking": 1, "broken": 1, "learned": 1},
    ),
)  # fmt: skip


def random_brief(seed: int, ensemble: str | None = None, style: str | None = None) -> Brief:
    """The brief that ``seed`` draws, with the ensemble and style that a person chose where they did.

    The same seed draws the same; the brief holds it, so that it composes the same. Raises BadInput for an ensemble
    or style that does not exist.
    """
    rng = np.random.default_rng([seed, 10])
    mood = MOODS[int(rng.integers(len(MOODS)))]
    mode = _drawn(mood.modes, rng)
    meter = _drawn(METERS, rng)
    low, high = mood.beats_per_minute
    beats = float(rng.uniform(low, high))
    # A dotted beat holds one and a half quarters, and a tempo counts quarters.
    quarters = beats * (1.25 if meter == "6/8" else 1.0)
    form = _drawn(FORMS, rng)
    drawn_ensemble = _drawn({name: w for name, w in mood.ensembles.items() if name in ensemble_names()}, rng)
    ensemble = ensemble or drawn_ensemble
    style = style or _style(mood, ensemble, meter, rng)
    players, _ = load_ensemble(ensemble), load_style(style)
    tonic = _drawn(TONICS, rng)
    return Brief(
        title=f"A {mood.word} piece in {tonic} {mode}",
        key=KeyChoice(tonic=tonic, mode=mode),  # type: ignore[arg-type]
        tempo_bpm=float(round(quarters)),
        meter=meter,
        form=_sections(form, mood, rng),
        dynamics=round(float(rng.uniform(0.35, 0.75)), 2),
        articulation=round(float(rng.uniform(0.1, 0.5)), 2),
        ensemble=ensemble,
        melody=MelodyPlan(instrument=players.melody.instrument),
        accompaniment=AccompanimentPlan(style=style, instrument=(players.accompaniment or players.melody).instrument),
        bass=BassPlan(instrument=players.bass.instrument) if players.bass else None,
        seed=seed,
    )


def _sections(form: tuple[tuple[str, int], ...], mood: Mood, rng: np.random.Generator) -> list[SectionPlan]:
    """The sections of ``form``: those of one letter alike, the others apart in energy, density and register."""
    base = np.array([mood.energy, mood.density, 0.0]) + rng.normal(0, _SPREAD, 3)
    sign = -1.0 if rng.random() < 0.2 else 1.0
    sections = []
    for place, (name, bars) in enumerate(form):
        contrast = np.array(CONTRASTS[name[0]]) * sign
        # What would leave its range goes the other way: a loud piece has its contrast in a soft section.
        levels = np.where((base + contrast > _HIGHEST) | (base + contrast < _LOWEST), base - contrast, base + contrast)
        # A return is a little stronger than the first time.
        growth = 0.02 * place if name[0] == "A" else 0.0
        energy, density, register = np.clip(levels + growth * _GROWING, _LOWEST, _HIGHEST)
        fields = {"energy": energy, "density": density, "register": register}
        rounded = {field: round(float(value), 2) for field, value in fields.items()}
        sections.append(SectionPlan.model_validate({"name": name, "bars": bars, **rounded}))
    return sections


def _style(mood: Mood, ensemble: str, meter: str, rng: np.random.Generator) -> str:
    """A style that plays in this metre; players of one line each keep the one of their ensemble."""
    players = load_ensemble(ensemble)
    if players.split:
        return players.style
    known = style_names()
    fitting = {
        name: weight
        for name, weight in mood.styles.items()
        if name in known and load_style(name).supports(meter_of(meter))
    }
    return _drawn(fitting, rng) if fitting else FALLBACK_STYLE


def _drawn(weights: Mapping[T, float], rng: np.random.Generator) -> T:
    """One of the keys, in proportion to its weight."""
    shares = np.array(list(weights.values()), dtype=float)
    return list(weights)[int(rng.choice(len(shares), p=shares / shares.sum()))]
