"""What kind of picture it is: abstract, landscape, city or portrait, by its layout and edges."""

from __future__ import annotations

from composer.brief.features import Features
from composer.brief.reasons import Choice, percent, ranking_of

_TRAITS = {
    "abstract": "no horizon, building or face stands out, and large plain areas or strong colours make the picture",
    "landscape": "a level line parts the picture into bands",
    "city": "upright and level edges dominate",
    "portrait": "skin-like colours lie around the middle",
}


def picture_type_of(features: Features) -> Choice[str]:
    """One of the four types; an ambiguous picture has a low confidence."""
    scores = _scores(features)
    ranking = ranking_of(scores, clear=0.6)
    evidence = f"It reads as {_article(ranking.best)}: {_detail(features, ranking.best)}."
    if ranking.confidence < 0.3 and ranking.second:
        evidence += f" It is ambiguous: it could be {_article(ranking.second)} as well ({_TRAITS[ranking.second]})."
    return Choice(ranking.best, evidence, ranking.second, ranking.confidence)


def _scores(f: Features) -> dict[str, float]:
    # Level lines alone are a shore or a field; what is built stands upright too.
    straight = f.rectilinearity * min(1.0, f.upright / 0.12)
    busy = min(1.0, f.edge_density / 0.25)
    skin = min(1.0, f.skin / 0.2)
    horizon = max(0.0, f.horizon - 0.3) / 0.7
    natural = 1.0 - straight
    return {
        "landscape": (0.7 * horizon + 0.4 * f.sky) * (0.45 + 0.55 * natural) + 0.12 * max(0.0, min(1.0, f.aspect - 1)),
        "city": 1.1 * straight * (0.35 + 0.65 * busy) + 0.1 * busy + 0.08 * f.sky,
        "portrait": 0.5 * skin + 0.5 * skin * (f.centre - 0.3) + 0.1 * (f.aspect < 1.05) - 0.2 * straight,
        "abstract": 0.28
        + 0.35 * f.flatness * (1 - max(f.horizon, f.sky))
        + 0.2 * max(0.0, f.saturation - 0.5)
        + 0.15 * (1 - busy),
    }


def _detail(f: Features, kind: str) -> str:
    if kind == "landscape":
        return f"a level line {percent(f.horizon_y)} of the way down parts it into bands"
    if kind == "city":
        return "its edges run upright and level, as walls and windows do"
    if kind == "portrait":
        return "skin-like colours lie where a face would be, and little of them at the rim"
    return "no horizon, building or face stands out"


def _article(kind: str) -> str:
    return {"abstract": "an abstract picture"}.get(kind, f"a {kind}")
