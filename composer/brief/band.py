"""Who plays and how: style, instruments, ranges, dynamics, articulation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from composer.brief.features import Features
from composer.brief.mood import Mood
from composer.brief.reasons import Choice, percent, ranking_of
from composer.errors import BadInput
from composer.formats.brief.brief import AccompanimentPlan, BassPlan, DrumsPlan, MelodyPlan
from composer.formats.templates import load_template
from composer.music.instruments import INSTRUMENTS
from composer.music.pitch import note_name

_SPAN_MIN, _SPAN_MAX = 17, 22  # semitones of a melody's range
_REGISTER_MIDDLE, _REGISTER_REACH = 71, 14  # MIDI pitch at half lightness, semitones to either side


@dataclass(frozen=True, slots=True)
class Look:
    """What the choice of instruments goes by, each 0..1."""

    light: float
    energy: float
    sharp: float
    warm: float


@dataclass(frozen=True, slots=True)
class _Taste:
    """The look that a candidate suits best, and the words for it."""

    light: float
    energy: float
    sharp: float
    warm: float
    words: str


_MELODY: dict[str, _Taste] = {
    "piano": _Taste(0.50, 0.55, 0.70, 0.45, "clear contours"),
    "flute": _Taste(0.80, 0.35, 0.25, 0.30, "a light picture with soft contours"),
    "violin": _Taste(0.55, 0.75, 0.50, 0.85, "warm, strong colours with some motion"),
    "clarinet": _Taste(0.35, 0.45, 0.25, 0.60, "a mild, rather dark picture with soft contours"),
    "guitar": _Taste(0.50, 0.40, 0.75, 0.90, "warm colours and a fine texture"),
    "vibraphone": _Taste(0.45, 0.30, 0.80, 0.10, "cool colours with crisp contours"),
    "oboe": _Taste(0.60, 0.50, 0.30, 0.80, "warm colours in gentle shapes"),
    "cello": _Taste(0.20, 0.25, 0.35, 0.50, "a dark and calm picture"),
    "trumpet": _Taste(0.65, 0.95, 0.80, 0.80, "bright colours at full strength"),
    "harp": _Taste(0.85, 0.20, 0.70, 0.20, "a pale, delicate picture"),
    "marimba": _Taste(0.40, 0.80, 0.95, 0.60, "many hard edges and much motion"),
    "celesta": _Taste(0.15, 0.45, 0.95, 0.15, "small lights on a dark ground"),
    "soprano sax": _Taste(0.40, 0.75, 0.55, 0.20, "cool colours with a lot of motion"),
}
_STYLE: dict[str, _Taste] = {
    "block": _Taste(0.50, 0.45, 0.60, 0.60, "plain, firm shapes"),
    "pad": _Taste(0.45, 0.15, 0.15, 0.35, "wide, calm areas"),
    "alberti": _Taste(0.70, 0.60, 0.55, 0.50, "light and fine detail"),
    "broken": _Taste(0.60, 0.35, 0.40, 0.65, "mild colours and gentle contours"),
    "arpeggio": _Taste(0.45, 0.40, 0.35, 0.15, "flowing shapes in cool colours"),
    "waltz": _Taste(0.65, 0.50, 0.35, 0.60, "round, turning forms"),
    "walking": _Taste(0.30, 0.65, 0.65, 0.55, "a dark picture with steady motion"),
    "ostinato": _Taste(0.40, 0.85, 0.90, 0.40, "hard, repeating contours"),
    "learned": _Taste(0.55, 0.40, 0.45, 0.55, "a scene that unfolds like a song"),
    "ballad": _Taste(0.35, 0.25, 0.30, 0.65, "warm, quiet shapes"),
    "march": _Taste(0.55, 0.80, 0.80, 0.65, "straight lines and strong contrasts"),
    "jig": _Taste(0.70, 0.85, 0.55, 0.65, "bright and lively detail"),
    "bossa": _Taste(0.65, 0.55, 0.30, 0.85, "warm colours at ease"),
    "chorale": _Taste(0.35, 0.20, 0.50, 0.30, "solemn, still areas"),
}
_STYLE_FOR_TYPE: dict[str, dict[str, float]] = {
    "landscape": {"pad": 0.16, "arpeggio": 0.16, "learned": 0.14, "broken": 0.1, "ballad": 0.06},
    "city": {"ostinato": 0.16, "walking": 0.14, "march": 0.1, "bossa": 0.08, "block": 0.06},
    "portrait": {"learned": 0.16, "broken": 0.12, "alberti": 0.1, "waltz": 0.1, "ballad": 0.1, "block": 0.08},
    "abstract": {"ostinato": 0.08, "alberti": 0.08, "block": 0.08, "arpeggio": 0.04},
}
# Block chords suit everything a little, so that they win only where nothing else fits, and so do marches; a waltz
# wants to be one, and learned figures answer the tune as no pattern does.
_STYLE_BIAS = {"block": -0.1, "waltz": 0.12, "learned": 0.03, "march": -0.1}
_PLAYERS_OF_STYLE: dict[str, dict[str, float]] = {
    "block": {"piano": 0.5, "electric piano": 0.4, "strings": 0.3, "guitar": 0.3},
    "pad": {"strings": 0.5, "pad": 0.45, "choir": 0.3, "organ": 0.2},
    "alberti": {"piano": 0.5, "harpsichord": 0.4, "electric piano": 0.2},
    "broken": {"piano": 0.45, "guitar": 0.45, "harp": 0.35, "electric piano": 0.3},
    "arpeggio": {"harp": 0.5, "guitar": 0.4, "piano": 0.4, "electric piano": 0.25},
    "waltz": {"piano": 0.45, "accordion": 0.4, "strings": 0.35, "guitar": 0.3},
    "walking": {"piano": 0.45, "electric piano": 0.4, "guitar": 0.4},
    "ostinato": {"piano": 0.4, "marimba": 0.4, "electric piano": 0.35, "strings": 0.3},
    "learned": {"piano": 0.6, "electric piano": 0.2},
    "ballad": {"piano": 0.5, "electric piano": 0.45, "guitar": 0.3},
    "march": {"piano": 0.4, "organ": 0.3, "strings": 0.3, "accordion": 0.25},
    "jig": {"accordion": 0.45, "guitar": 0.4, "piano": 0.35},
    "bossa": {"guitar": 0.55, "electric piano": 0.4, "piano": 0.35},
    "chorale": {"strings": 0.5, "organ": 0.45, "choir": 0.4},
}
_PLAYER: dict[str, _Taste] = {
    "piano": _Taste(0.50, 0.50, 0.60, 0.50, "clear contours"),
    "electric piano": _Taste(0.35, 0.50, 0.45, 0.20, "cool, rather dark colours"),
    "guitar": _Taste(0.50, 0.45, 0.70, 0.90, "warm colours and a fine texture"),
    "strings": _Taste(0.45, 0.50, 0.25, 0.65, "soft contours and warm colours"),
    "harp": _Taste(0.80, 0.30, 0.45, 0.30, "a pale, delicate picture"),
    "pad": _Taste(0.30, 0.15, 0.20, 0.10, "cool colours without hard edges"),
    "choir": _Taste(0.75, 0.20, 0.20, 0.40, "light and stillness"),
    "organ": _Taste(0.25, 0.40, 0.60, 0.60, "dark, warm colours"),
    "harpsichord": _Taste(0.65, 0.65, 0.95, 0.60, "crisp, fine detail"),
    "accordion": _Taste(0.50, 0.65, 0.60, 0.85, "warm, lively colours"),
    "marimba": _Taste(0.40, 0.85, 0.95, 0.60, "many hard edges"),
}


def look_of(features: Features, mood: Mood) -> Look:
    """The picture on the scales that instruments are chosen by."""
    hard = max(0.0, min(1.0, (features.edge_sharpness - 0.55) / 0.45))
    fine = min(1.0, features.texture / 0.35)
    sharp = 0.6 * hard + 0.4 * fine
    warm = 0.5 + (features.warm_share - 0.5) * min(1.0, 2 * features.chromatic_share)
    return Look(features.lightness, mood.energy, sharp, warm)


def meters_of(style: str) -> tuple[str, ...]:
    """The metres that a style is written for, by its template or the one that it inherits from; none if unknown."""
    seen: set[str] = set()
    while style not in seen:
        seen.add(style)
        try:
            data = load_template("styles", style).data
        except BadInput:
            return ()
        if isinstance(meters := data.get("meters"), list):
            return tuple(map(str, meters))
        style = str(data.get("inherits", ""))
    return ()


def style_choice(look: Look, kind: str, meter: str) -> Choice[str]:
    """The accompaniment style, among those that can play ``meter``."""
    bonus = _STYLE_FOR_TYPE[kind]
    scores = {
        name: _fit(look, taste)
        + bonus.get(name, 0.0)
        + (0.0 if (name, meter) == ("waltz", "6/8") else _STYLE_BIAS.get(name, 0.0))
        for name, taste in _STYLE.items()
        if meter in meters_of(name)
    }
    ranking = ranking_of(scores, clear=0.25)
    evidence = f"{_cap(_STYLE[ranking.best].words)} ({_on(look)})"
    if ranking.best in bonus:
        evidence += " in an abstract picture" if kind == "abstract" else f" in a {kind}"
    return Choice(ranking.best, f"{evidence} call for the style {ranking.best}.", ranking.second, ranking.confidence)


def accompaniment_choice(look: Look, style: Choice[str], melody: str) -> Choice[AccompanimentPlan]:
    """The style with the instrument that plays it, another one than the melody's where that helps."""
    players = _PLAYERS_OF_STYLE.get(style.value, _PLAYERS_OF_STYLE["block"])
    scores = {
        name: liking + _fit(look, _PLAYER[name]) - (0.05 if name == melody and name != "piano" else 0.0)
        for name, liking in players.items()
    }
    ranking = ranking_of(scores, clear=0.25)
    evidence = f"{style.evidence} {_cap(_PLAYER[ranking.best].words)} suit the {ranking.best}."
    return Choice(
        AccompanimentPlan(style=style.value, instrument=ranking.best), evidence, style.runner_up, style.confidence
    )


def melody_choice(look: Look, kind: str) -> Choice[MelodyPlan]:
    """The melody's instrument and its range."""
    bonus = {"portrait": {"oboe": 0.06, "violin": 0.04}, "city": {"piano": 0.05, "soprano sax": 0.05}}.get(kind, {})
    scores = {name: _fit(look, taste) + bonus.get(name, 0.0) for name, taste in _MELODY.items()}
    ranking = ranking_of(scores, clear=0.2)
    plan = melody_plan(ranking.best, look.light, look.energy)
    words = _cap(_MELODY[ranking.best].words)
    evidence = f"{words} ({_on(look)}) suit the {ranking.best}. {_range_words(plan, look.light)}"
    return Choice(plan, evidence, ranking.second, ranking.confidence)


def melody_plan(instrument: str, light: float, energy: float) -> MelodyPlan:
    """A range of 17 to 22 semitones around a middle that rises with the light, within the instrument's own."""
    span = _SPAN_MIN + round((_SPAN_MAX - _SPAN_MIN) * energy)
    middle = _REGISTER_MIDDLE + _REGISTER_REACH * (light - 0.5) * 2
    player = INSTRUMENTS[instrument]
    low = round(middle - span / 2)
    low = max(player.low, min(low, player.high - span))
    return MelodyPlan(instrument=instrument, low=low, high=min(player.high, low + span))


def bass_choice(look: Look, style: str, kind: str) -> Choice[BassPlan] | None:
    """A bass where the picture has weight below; none for a light, still one."""
    weight = 0.45 * (1 - look.light) + 0.45 * look.energy + 0.1 * (kind == "city")
    if style == "walking" or weight >= 0.4:
        electric = look.energy > 0.7 and look.warm < 0.6 and kind in ("city", "abstract")
        bowed = style == "pad" and look.sharp < 0.6
        name = "double bass" if bowed else "electric bass" if electric else "acoustic bass"
        why = "The style walks on a bass." if style == "walking" else "Dark tones and motion ask for weight below."
        return Choice(BassPlan(instrument=name), why, "no bass", min(1.0, 0.3 + 2 * abs(weight - 0.4)))
    return None


def drums_choice(look: Look, features: Features, kind: str) -> Choice[DrumsPlan] | None:
    """Drums only for an energetic picture of city-like, straight edges."""
    if look.energy >= 0.6 and (kind == "city" or (features.rectilinearity > 0.3 and features.edge_density > 0.15)):
        return Choice(
            DrumsPlan(), "Straight, repeating edges and much energy keep a beat.", "no drums", look.energy - 0.3
        )
    return None


def dynamics_choice(features: Features) -> Choice[float]:
    value = round(max(0.1, min(1.0, features.contrast / 0.32)), 2)
    size = "strong" if value > 0.75 else "little" if value < 0.4 else "middling"
    gap = "far" if value > 0.6 else "not far"
    evidence = f"{_cap(size)} contrast of light and dark: soft and loud lie {gap} apart."
    return Choice(value, evidence, None, 0.8)


def articulation_choice(features: Features, look: Look) -> Choice[float]:
    value = round(max(0.05, min(0.7, 0.05 + 0.35 * look.sharp + 0.35 * min(1.0, features.saturation))), 2)
    touch = "short" if value > 0.45 else "bound" if value < 0.25 else "slightly parted"
    edges = "hard" if look.sharp > 0.6 else "soft" if look.sharp < 0.35 else "moderately sharp"
    evidence = f"{_cap(edges)} edges and a saturation of {percent(features.saturation)}: the notes are {touch}."
    return Choice(value, evidence, None, 0.7)


def _fit(look: Look, taste: _Taste) -> float:
    """1 for a perfect match, falling with the distance."""
    squares = (
        (look.light - taste.light) ** 2 * 1.2
        + (look.energy - taste.energy) ** 2
        + (look.sharp - taste.sharp) ** 2 * 0.8
        + (look.warm - taste.warm) ** 2 * 0.7
    )
    return 1.0 - math.sqrt(squares)


def _range_words(plan: MelodyPlan, light: float) -> str:
    tone = "Bright" if light > 0.6 else "Dark" if light < 0.38 else "Of medium brightness"
    assert plan.low is not None and plan.high is not None
    verb = "lies high" if light > 0.6 else "lies low" if light < 0.38 else "keeps the middle register"
    return f"{tone} as the picture is, the tune {verb}: {note_name(plan.low)} to {note_name(plan.high)}."


def _on(look: Look) -> str:
    """The look in four words, for evidence."""
    light = "light" if look.light > 0.6 else "dark" if look.light < 0.38 else "medium light"
    energy = "lively" if look.energy > 0.62 else "calm" if look.energy < 0.38 else "moderate"
    edge = "crisp" if look.sharp > 0.6 else "soft" if look.sharp < 0.35 else "half-soft"
    tone = "warm" if look.warm > 0.6 else "cool" if look.warm < 0.4 else "neutral"
    return f"{light}, {energy}, {edge}, {tone}"


def _cap(text: str) -> str:
    return text[0].upper() + text[1:]
