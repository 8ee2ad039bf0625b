"""How a picture feels: valence and arousal, which carry most of what listeners match between colour and music.

References: Valdez and Mehrabian 1994 (weights of brightness and saturation), Palmer and others 2013 (the match runs
through emotion), Wilms and Oberfeld 2018 (saturation and arousal). The constants of the standard scores are fixed, so
that one picture always gives one brief.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from composer.brief.features import Features

# (mean, spread) over photographs and paintings.
_LIGHTNESS = (0.5, 0.2)
_SATURATION = (0.4, 0.22)
_EDGES = (0.12, 0.08)
_CONTRAST = (0.22, 0.08)
_SCORE_LIMIT = 2.5  # standard scores beyond this say no more


@dataclass(frozen=True, slots=True)
class Mood:
    """``valence`` and ``arousal`` around 0 (about -2.5..2.5); ``energy`` is arousal on a scale of 0..1."""

    valence: float
    arousal: float

    @property
    def energy(self) -> float:
        return sigmoid(1.2 * self.arousal)

    @property
    def words(self) -> str:
        """``"bright and calm"``: the quarter of the emotion circle in two words."""
        feeling = "bright" if self.valence > 0.35 else "dark" if self.valence < -0.25 else "mild"
        motion = "lively" if self.energy > 0.62 else "calm" if self.energy < 0.38 else "moderate"
        return f"{feeling} and {motion}"


def mood_of(features: Features) -> Mood:
    """The mood by fixed weights."""
    light = _score(features.lightness, _LIGHTNESS)
    colour = _score(features.saturation, _SATURATION)
    edges = _score(features.edge_density, _EDGES)
    contrast = _score(features.contrast, _CONTRAST)
    valence = 0.69 * light + 0.22 * colour + 0.15 * features.yellow_share - 0.1 * features.dark_blue_share
    arousal = 0.55 * colour + 0.35 * edges + 0.2 * contrast + features.red_share
    return Mood(round(valence, 4), round(arousal, 4))


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def _score(value: float, scale: tuple[float, float]) -> float:
    mean, spread = scale
    return max(-_SCORE_LIMIT, min(_SCORE_LIMIT, (value - mean) / spread))
