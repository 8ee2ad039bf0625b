"""A picture in, a brief out: the order in which things are decided."""

from __future__ import annotations

from dataclasses import dataclass, replace

from composer.brief.assembly import Choices, Reading, Wishes, assembled
from composer.brief.band import (
    Look,
    accompaniment_choice,
    articulation_choice,
    bass_choice,
    drums_choice,
    dynamics_choice,
    look_of,
    melody_choice,
    meters_of,
    style_choice,
)
from composer.brief.curves import curves_of
from composer.brief.features import features_of
from composer.brief.form import (
    Length,
    bars_wanted,
    brief_curves,
    climax_bar,
    contrast_words,
    least_bars,
    length_for,
    pattern_asked,
    pattern_of,
    section_bars,
    sections_of,
)
from composer.brief.mood import mood_of
from composer.brief.palette import palette_of
from composer.brief.picture import Picture, Pixels, picture_of
from composer.brief.reasons import Choice, given, percent
from composer.brief.scheme import Scheme, scheme_named
from composer.brief.subject import picture_type_of
from composer.brief.tonality import (
    Hue,
    emotional_key,
    emotional_tempo,
    hues_of,
    meter_choice,
    nikitin_key,
    nikitin_tempo,
    predominant,
)
from composer.errors import UsageProblem, counted
from composer.formats.brief.brief import Brief
from composer.formats.brief.form import SectionPlan
from composer.formats.templates import load_template
from composer.limits import BRIEF_BARS, BRIEF_SECONDS_MAX, BRIEF_SECONDS_MIN, SEED_MAX
from composer.music.time import meter_of

# Preset -> the colour scheme it uses unless another one is asked for.
PRESETS = {"emotion": "newton", "nikitin": "newton", "scriabin": "scriabin"}


NO_STYLE = "none"  # the melody alone; no template stands for it


@dataclass(frozen=True, slots=True)
class BriefOptions:
    """What a person asked for; None leaves it to the picture. Raises UsageProblem for what cannot be, BadInput for a
    style, ensemble or form that there is none of."""

    preset: str = "emotion"
    scheme: str | None = None
    seed: int | None = None
    duration_s: float | None = None
    ensemble: str | None = None
    style: str | None = None
    bars: int | None = None
    form: str | None = None

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise UsageProblem("--preset", f"{self.preset!r} is not a preset", f"use one of {', '.join(PRESETS)}")
        if self.duration_s is not None and not BRIEF_SECONDS_MIN <= self.duration_s <= BRIEF_SECONDS_MAX:
            limits = f"{BRIEF_SECONDS_MIN:g} to {BRIEF_SECONDS_MAX:g}"
            raise UsageProblem("--duration", f"{self.duration_s:g} seconds", f"give {limits} seconds")
        if self.bars is not None and not 1 <= self.bars <= BRIEF_BARS:
            raise UsageProblem("--bars", f"{self.bars} bars", f"give 1 to {BRIEF_BARS} bars")
        if self.seed is not None and not 0 <= self.seed <= SEED_MAX:
            raise UsageProblem("--seed", f"{self.seed} is outside 0 to {SEED_MAX}", "give a smaller number")
        for kind, name in (("styles", self.style), ("ensembles", self.ensemble), ("forms", self.form)):
            if name is not None and name != NO_STYLE:
                load_template(kind, name)


@dataclass(frozen=True, slots=True, eq=False)
class BriefResult:
    """The brief, the picture as it was analysed (H, W, 3, at most 256 pixels a side) and notes for the person."""

    brief: Brief
    picture: Pixels
    notes: tuple[str, ...]


def brief_of_picture(data: bytes, name: str, options: BriefOptions) -> BriefResult:
    """The brief for the picture in ``data`` (a file's bytes; ``name`` is shown and gives the title).

    The same bytes and options always give the same brief. Raises BadInput, OverLimit or UsageProblem.
    """
    scheme = scheme_named(options.scheme or PRESETS[options.preset])
    picture = picture_of(data, name)
    reading = _read(picture, scheme)
    choices = _choose(reading, options)
    wishes = Wishes(options.preset, options.ensemble, options.seed)
    brief = assembled(picture, name, reading, choices, wishes)
    return BriefResult(brief, picture.rgb, (*picture.notes, *_tempo_notes(options, brief.tempo_bpm)))


def _tempo_notes(options: BriefOptions, tempo_bpm: float) -> tuple[str, ...]:
    """Bars and seconds together leave one tempo, whatever the picture asks for."""
    if options.bars is None or options.duration_s is None:
        return ()
    asked = f"{counted(options.bars, 'bar')} in {options.duration_s:g} seconds"
    return (f"--bars and --duration both hold, so the tempo follows: {asked} are {tempo_bpm:g} quarter notes a minute",)


def _read(picture: Picture, scheme: Scheme) -> Reading:
    features = features_of(picture.rgb)
    features = replace(features, aspect=picture.width / picture.height)
    palette = palette_of(picture.rgb)
    mood = mood_of(features)
    return Reading(
        features, palette, hues_of(palette, scheme), curves_of(picture.rgb), mood, look_of(features, mood), scheme
    )


def _choose(reading: Reading, options: BriefOptions) -> Choices:
    literal = options.preset == "nikitin"
    features, mood, hues = reading.features, reading.mood, reading.hues
    kind = picture_type_of(features)
    meter = _meter(reading, options.style)
    key = nikitin_key(hues, reading.scheme, mood) if literal else emotional_key(hues, mood, reading.scheme, features)
    tempo = nikitin_tempo(hues, features) if literal else emotional_tempo(mood, features, hues, meter.value)
    tempo, form = _length_and_form(reading, options, meter.value, tempo)
    look = reading.look
    if literal and hues:
        look = replace(look, light=predominant(hues).brightness)
        form = _with_density(form, predominant(hues))
    melody = melody_choice(look, kind.value)
    style = _style(look, kind.value, meter.value, options.style)
    players = accompaniment_choice(look, style, melody.value.instrument)
    if options.ensemble is not None:
        players = replace(players, evidence=style.evidence)
    return Choices(
        kind=kind,
        meter=meter,
        key=key,
        tempo=tempo,
        form=form,
        melody=melody,
        accompaniment=players,
        bass=bass_choice(look, style.value, kind.value),
        drums=drums_choice(look, features, kind.value),
        dynamics=dynamics_choice(features),
        articulation=articulation_choice(features, look),
    )


def _meter(reading: Reading, style: str | None) -> Choice[str]:
    """The picture's metre, unless the style asked for cannot play it."""
    choice = meter_choice(reading.features, reading.mood)
    playable = meters_of(style) if style else ()
    if style and playable and choice.value not in playable:
        return given(playable[0], f"the style {style}, which plays {' or '.join(playable)}")
    return choice


def _style(look: Look, kind: str, meter: str, asked: str | None) -> Choice[str]:
    return given(asked, f"the style {asked}") if asked else style_choice(look, kind, meter)


def _length_and_form(
    reading: Reading, options: BriefOptions, meter: str, tempo: Choice[float]
) -> tuple[Choice[float], Choice[tuple[SectionPlan, ...]]]:
    """Tempo and sections; a duration that was asked for bends the tempo a little and sets the number of bars."""
    features, time = reading.features, meter_of(meter)
    pattern = pattern_asked(options.form) if options.form else pattern_of(features, reading.palette)
    bars = options.bars or bars_wanted(features, len(reading.palette), time, tempo.value)
    if options.duration_s is not None:
        fit = length_for(options.duration_s, time, tempo.value, options.bars)
        if fit is None:
            raise UsageProblem(
                "--duration",
                f"{counted(options.bars or bars, 'bar')} cannot last {options.duration_s:g} s",
                "change --bars or --duration",
            )
        bars, tempo = fit.bars, _bent(tempo, fit, options.duration_s)
    asked = options.bars is not None or options.duration_s is not None
    least = None if asked else least_bars(time, tempo.value)
    parts = section_bars(pattern.value, bars, reading.palette, least)
    sections = sections_of(pattern.value, parts, reading.curves, reading.mood, features)
    bars = sum(section.bars for section in sections)
    letters = "".join(letter for letter, _ in parts)
    evidence = pattern.evidence
    if len(letters) < len(pattern.value.letters):
        evidence += f" In {counted(bars, 'bar')} there is room for {' '.join(letters)} only."
    evidence += contrast_words(sections, parts, brief_curves(reading.curves, reading.mood, features))
    evidence += f" {_extent(bars, options)} The picture is most tense at bar {climax_bar(reading.curves, bars)}."
    return tempo, Choice(sections, evidence, pattern.runner_up, pattern.confidence)


def _extent(bars: int, options: BriefOptions) -> str:
    if options.duration_s is not None:
        return f"{counted(bars, 'bar')} to last the {options.duration_s:g} seconds you asked for."
    length = counted(bars, "bar")
    return f"{length}, as you asked." if options.bars else f"{length}, for that is how much there is to see."


def _bent(tempo: Choice[float], fit: Length, duration_s: float) -> Choice[float]:
    evidence = f"{tempo.evidence} From {tempo.value:g} it was set to {fit.tempo_bpm:g} to last {duration_s:g} seconds."
    return replace(tempo, value=fit.tempo_bpm, evidence=evidence)


def _with_density(form: Choice[tuple[SectionPlan, ...]], main: Hue) -> Choice[tuple[SectionPlan, ...]]:
    """The paper's last rule, saturation to duration: the more saturated, the longer and fewer the notes."""
    shift = 0.8 - 0.55 * main.saturation
    middle = sum(s.density * s.bars for s in form.value) / sum(s.bars for s in form.value)
    sections = tuple(
        s.model_copy(update={"density": round(min(1.0, max(0.0, shift + s.density - middle)), 2)}) for s in form.value
    )
    evidence = f"{form.evidence} The main colour is {percent(main.saturation)} saturated, which sets the note lengths."
    return replace(form, value=sections, evidence=evidence)
