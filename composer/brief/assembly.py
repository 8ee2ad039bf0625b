"""From the choices to the brief that is written: names, rounding, reasons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from composer.brief.band import Look
from composer.brief.curves import PictureCurves
from composer.brief.features import Features
from composer.brief.form import brief_curves
from composer.brief.mood import Mood
from composer.brief.palette import Swatch, colour_name
from composer.brief.picture import Picture
from composer.brief.reasons import Choice, percent
from composer.brief.scheme import Scheme
from composer.brief.tonality import Hue
from composer.errors import printable
from composer.formats.brief.brief import (
    AccompanimentPlan,
    BassPlan,
    Because,
    Brief,
    Colour,
    DrumsPlan,
    MelodyPlan,
    Source,
)
from composer.formats.brief.form import SectionPlan
from composer.formats.brief.schema import SCHEMA_REFERENCE
from composer.limits import BRIEF_TEXT_CHARS
from composer.music.key import Key


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything measured in the picture, before any musical choice."""

    features: Features
    palette: tuple[Swatch, ...]
    hues: tuple[Hue, ...]
    curves: PictureCurves
    mood: Mood
    look: Look
    scheme: Scheme


@dataclass(frozen=True, slots=True)
class Choices:
    """Every musical choice with its reason."""

    kind: Choice[str]
    meter: Choice[str]
    key: Choice[Key]
    tempo: Choice[float]
    form: Choice[tuple[SectionPlan, ...]]
    melody: Choice[MelodyPlan]
    accompaniment: Choice[AccompanimentPlan]
    bass: Choice[BassPlan] | None
    drums: Choice[DrumsPlan] | None
    dynamics: Choice[float]
    articulation: Choice[float]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for that goes into the brief as it is."""

    preset: str
    ensemble: str | None
    seed: int | None


def assembled(picture: Picture, name: str, reading: Reading, choices: Choices, wishes: Wishes) -> Brief:
    """The brief with a reason for every value that came from the picture.

    Only fields that were decided are set, so that ``model_dump(exclude_unset=True)`` is what a person should read.
    """
    shown = printable(PurePath(name).name)[:BRIEF_TEXT_CHARS]
    key, mood = choices.key.value, reading.mood
    fields: dict[str, object] = {
        "$schema": SCHEMA_REFERENCE,
        "format": "composer.brief/1",
        "title": _title(shown),
        "source": Source(file=shown, sha256=picture.sha256, width=picture.width, height=picture.height),
        "preset": wishes.preset,
        "scheme": reading.scheme.name,
        "picture_type": choices.kind.value,
        "palette": [_colour(swatch, reading.scheme) for swatch in reading.palette],
        "features": {**reading.features.as_numbers(), **_mood_numbers(mood)},
        "key": {"tonic": key.tonic, "mode": key.mode},
        "tempo_bpm": choices.tempo.value,
        "meter": choices.meter.value,
        "form": list(choices.form.value),
        "curves": brief_curves(reading.curves, mood, reading.features),
        "dynamics": choices.dynamics.value,
        "articulation": choices.articulation.value,
        **_players(choices, wishes.ensemble),
        "because": _reasons(reading, choices, wishes.ensemble),
    }
    if wishes.seed is not None:
        fields["seed"] = wishes.seed
    return Brief.model_validate(fields)


def _players(choices: Choices, ensemble: str | None) -> dict[str, object]:
    """The instruments; an ensemble that was asked for brings its own, so that only the style is said."""
    if ensemble is not None:
        return {"ensemble": ensemble, "accompaniment": {"style": choices.accompaniment.value.style}}
    players: dict[str, object] = {"melody": choices.melody.value, "accompaniment": choices.accompaniment.value}
    if choices.bass:
        players["bass"] = choices.bass.value
    if choices.drums:
        players["drums"] = choices.drums.value
    return players


def _reasons(reading: Reading, choices: Choices, ensemble: str | None) -> dict[str, Because]:
    reasons: dict[str, Because] = {
        "key": choices.key.because,
        "tempo_bpm": choices.tempo.because,
        "meter": choices.meter.because,
        "form": choices.form.because,
        "accompaniment": choices.accompaniment.because,
        "palette": _palette_choice(reading).because,
        "picture_type": choices.kind.because,
        "dynamics": choices.dynamics.because,
        "articulation": choices.articulation.because,
    }
    if ensemble is not None:
        return {**reasons, "ensemble": Because(evidence=f"You asked for the ensemble {ensemble}.", confidence=1.0)}
    reasons["melody"] = choices.melody.because
    if choices.bass:
        reasons["bass"] = choices.bass.because
    if choices.drums:
        reasons["drums"] = choices.drums.because
    return reasons


def _palette_choice(reading: Reading) -> Choice[tuple[Swatch, ...]]:
    parts = [f"{colour_name(s, reading.scheme)} {percent(s.share)}" for s in reading.palette]
    evidence = f"The colours that the eye groups together, largest first: {', '.join(parts)}."
    if not reading.hues:
        evidence += " None of them has a hue to take a pitch from."
    elif len(reading.palette) == 1:
        evidence += " The whole picture is one colour."
    return Choice(reading.palette, evidence, None, 0.9)


def _colour(swatch: Swatch, scheme: Scheme) -> Colour:
    chromatic = swatch.is_chromatic
    return Colour(
        hex=swatch.hex,
        name=colour_name(swatch, scheme),
        share=round(swatch.share, 3),
        hue_deg=round(swatch.hue_deg, 1) % 360.0 if chromatic else None,
        saturation=round(swatch.saturation, 3),
        brightness=round(swatch.brightness, 3),
        pitch=scheme.colour_at(swatch.hue_deg).pitch if chromatic else None,
    )


def _mood_numbers(mood: Mood) -> dict[str, float]:
    return {"valence": round(mood.valence, 3), "arousal": round(mood.arousal, 3), "energy": round(mood.energy, 3)}


def _title(shown: str) -> str:
    """``"Evening sky"`` for ``evening_sky.jpg``."""
    words = PurePath(shown).stem.replace("_", " ").replace("-", " ").split()
    text = " ".join(words) or "Untitled"
    return text[0].upper() + text[1:]
