"""Key, tempo and metre."""

from __future__ import annotations

from dataclasses import dataclass

from composer.brief.features import Features
from composer.brief.mood import Mood
from composer.brief.palette import Swatch
from composer.brief.reasons import Choice, percent, ranking_of
from composer.brief.scheme import WARM, Scheme, SchemeColour
from composer.music.key import Key, key_of
from composer.music.pitch import pitch_class_of

_CHROMATIC_MIN = 0.02  # share of pixels with a hue below which a picture counts as grey
# Valence from which a mode holds, brightest first.
_MODES = ((0.2, "major"), (0.05, "mixolydian"), (-0.2, "dorian"), (-9.9, "minor"))
_FEELING = {"major": "bright", "mixolydian": "fairly bright", "dorian": "rather dark", "minor": "dark"}


@dataclass(frozen=True, slots=True)
class Hue:
    """All swatches that the scheme calls by one name; ``share`` of the picture, ``weight`` by share and chroma."""

    colour: SchemeColour
    share: float
    weight: float
    saturation: float
    brightness: float
    hue_deg: float


def hues_of(palette: tuple[Swatch, ...], scheme: Scheme) -> tuple[Hue, ...]:
    """The coloured part of the palette, the weightiest first; empty for a grey picture."""
    groups: dict[str, list[Swatch]] = {}
    for swatch in palette:
        if swatch.is_chromatic:
            groups.setdefault(scheme.colour_at(swatch.hue_deg).name, []).append(swatch)
    hues = [_hue(swatches, scheme) for swatches in groups.values()]
    if sum(hue.share for hue in hues) < _CHROMATIC_MIN:
        return ()
    return tuple(sorted(hues, key=lambda hue: (-round(hue.weight, 3), hue.colour.name)))


def _hue(swatches: list[Swatch], scheme: Scheme) -> Hue:
    largest = swatches[0]
    share = sum(s.share for s in swatches)
    return Hue(
        colour=scheme.colour_at(largest.hue_deg),
        share=share,
        weight=sum(s.share * min(1.0, s.chroma / 40) ** 0.5 for s in swatches),
        saturation=sum(s.share * s.saturation for s in swatches) / share,
        brightness=sum(s.share * s.brightness for s in swatches) / share,
        hue_deg=largest.hue_deg,
    )


def emotional_key(hues: tuple[Hue, ...], mood: Mood, scheme: Scheme, features: Features) -> Choice[Key]:
    """The tonic from the main hue, the mode from the valence."""
    mode = next(name for least, name in _MODES if mood.valence >= least)
    sureness = min(1.0, min(abs(mood.valence - least) for least, _ in _MODES[:3]) / 0.3)
    feeling = (
        f"The picture as a whole feels {_FEELING[mode]} (lightness {percent(features.lightness)}, "
        f"saturation {percent(features.saturation)}), so the mode is {mode}."
    )
    if not hues:
        mode = "major" if mood.valence >= 0 else "minor"
        return Choice(
            _grey_key(mode),
            f"The picture has no colour to speak of, so there is no hue to take a tonic from: the plain white keys, "
            f"{'C major, for it is light' if mode == 'major' else 'A minor, for it is dark'}.",
            "A minor" if mode == "major" else "C major",
            min(1.0, abs(mood.valence)),
        )
    key = _key_on(hues[0].colour, mode)
    second, lead = _runner_up(hues, mode)
    if second is None and sureness < 0.5:
        second = str(_key_on(hues[0].colour, _neighbour(mood.valence, mode)))
    confidence = lead if sureness >= 0.5 else min(lead, 0.3 + sureness)
    return Choice(key, f"{_main_hue(hues[0], scheme, key)} {feeling}", second, confidence)


def nikitin_key(hues: tuple[Hue, ...], scheme: Scheme, mood: Mood) -> Choice[Key]:
    """Steps 2 to 4 of the paper: the predominant colour's name gives the pitch, its group the mode."""
    if not hues:
        mode = "major" if mood.valence >= 0 else "minor"
        return Choice(
            _grey_key(mode),
            "The picture is grey: it has no predominant colour, so the plain white keys are used.",
            "A minor" if mode == "major" else "C major",
            0.2,
        )
    main = predominant(hues)
    key = _key_by_group(main)
    others = tuple(hue for hue in hues if hue is not main)
    second = predominant(others) if others else None
    runner_up = str(_key_by_group(second)) if second else None
    lead = (main.share - second.share) / main.share if second else 1.0
    group = f"{main.colour.name.capitalize()} is a {main.colour.group} colour: {key.mode}."
    return Choice(key, f"{_main_hue(main, scheme, key)} {group}", runner_up, lead)


def predominant(hues: tuple[Hue, ...]) -> Hue:
    """The hue that covers most of the picture."""
    return min(hues, key=lambda hue: (-round(hue.share, 3), hue.colour.name))


def _key_on(colour: SchemeColour, mode: str) -> Key:
    """The key on the scheme's pitch in the spelling with the fewest accidentals: A# minor is read as Bb minor."""
    return key_of(pitch_class_of(colour.pitch), mode)


def _key_by_group(hue: Hue) -> Key:
    return _key_on(hue.colour, "major" if hue.colour.group == WARM else "minor")


def emotional_tempo(mood: Mood, features: Features, hues: tuple[Hue, ...], meter: str) -> Choice[float]:
    """Quarter notes a minute from the arousal; in 6/8 the dotted beat goes at three quarters of the pace."""
    beat = 60 + 96 * mood.energy
    causes = [
        ("strong colours", features.saturation > 0.5),
        ("pale colours", features.saturation < 0.28),
        ("many edges", features.edge_density > 0.18),
        ("few edges", features.edge_density < 0.07),
        ("strong contrast", features.contrast > 0.28),
        ("little contrast", features.contrast < 0.13),
        ("much red", features.red_share > 0.2),
    ]
    named = [name for name, holds in causes if holds] or ["colours, edges and contrast of middling strength"]
    pace = "fast" if beat >= 120 else "slow" if beat < 88 else "moderate"
    evidence = f"{_list(named).capitalize()}: the picture is {mood.words}, which asks for a {pace} tempo."
    confidence = min(1.0, 0.4 + abs(mood.arousal) / 2)
    literal = f"{nikitin_bpm(predominant(hues)):.0f}" if hues else None
    if meter == "6/8":
        beat *= 0.75
        evidence += f" The dotted beat of 6/8 goes at {beat:.0f}."
        return Choice(float(round(beat * 1.5)), evidence, literal, confidence)
    return Choice(float(round(beat)), evidence, literal, confidence)


def nikitin_tempo(hues: tuple[Hue, ...], features: Features) -> Choice[float]:
    """From brightness and saturation of the predominant colour; the paper gives no formula, so an even mean is used."""
    if not hues:
        evidence = f"A grey picture has only its brightness ({percent(features.brightness)}) to go by."
        return Choice(float(round(60 + 50 * features.brightness)), evidence, None, 0.4)
    main = predominant(hues)
    evidence = (
        f"The predominant {main.colour.name} is {percent(main.brightness)} bright and {percent(main.saturation)} "
        f"saturated; the mean of the two sets the tempo between 60 and 160."
    )
    return Choice(float(round(nikitin_bpm(main))), evidence, None, 0.8)


def nikitin_bpm(main: Hue) -> float:
    return 60 + 100 * (main.brightness + main.saturation) / 2


def meter_choice(features: Features, mood: Mood) -> Choice[str]:
    """4/4 unless soft, round forms speak for three."""
    scores = _meter_scores(features, mood)
    ranking = ranking_of(scores, clear=0.4)
    reasons = {
        "4/4": "straight edges and firm contours walk in fours"
        if features.rectilinearity > 0.2
        else "nothing in the picture sways, so it keeps to plain common time",
        "3/4": "soft contours and round forms turn like a waltz",
        "6/8": "round forms in calm, flowing bands rock in 6/8",
    }
    evidence = reasons[ranking.best]
    return Choice(ranking.best, f"{evidence[0].upper()}{evidence[1:]}.", ranking.second, ranking.confidence)


def _meter_scores(features: Features, mood: Mood) -> dict[str, float]:
    if features.edge_density < 0.002 and features.texture < 0.01:
        return {"4/4": 1.0, "3/4": 0.5}
    soft = min(1.0, max(0.0, (1.0 - features.edge_sharpness) / 0.35))
    smooth = min(1.0, max(0.0, 1.0 - features.texture / 0.3))
    round_ = max(0.0, features.edge_entropy - 0.9) / 0.1 * (1.0 - features.rectilinearity)
    return {
        "4/4": 0.46 + 0.6 * features.rectilinearity + 0.12 * mood.energy,
        "3/4": 0.12 + 0.42 * soft + 0.2 * round_ + 0.22 * features.centre - 0.1 * features.horizon,
        "6/8": 0.10 + 0.2 * soft + 0.25 * smooth + 0.22 * round_ + 0.25 * features.horizon - 0.15 * mood.energy,
    }


def _main_hue(hue: Hue, scheme: Scheme, key: Key) -> str:
    name = hue.colour.name
    tonic = key.tonic if key.tonic == hue.colour.pitch else f"{hue.colour.pitch}, written {key.tonic} here"
    return (
        f"{name.capitalize()} (hue {hue.hue_deg:.0f}°) covers {percent(hue.share)} of the picture; "
        f"{scheme.possessive} gives it {tonic}."
    )


def _runner_up(hues: tuple[Hue, ...], mode: str) -> tuple[str | None, float]:
    main = hues[0]
    others = [hue for hue in hues if hue.colour.pitch != main.colour.pitch]
    if not others:
        return None, 1.0
    return str(_key_on(others[0].colour, mode)), (main.weight - others[0].weight) / main.weight


def _neighbour(valence: float, mode: str) -> str:
    """The mode on the other side of the nearest limit."""
    names = [name for _, name in _MODES]
    at = min(range(3), key=lambda i: abs(valence - _MODES[i][0]))
    return names[at + 1] if names[at] == mode else names[at]


def _grey_key(mode: str) -> Key:
    return key_of("C" if mode == "major" else "A", mode)


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
