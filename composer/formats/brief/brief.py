"""The brief: what the music shall be, as JSON that a person edits.

Only ``key``, ``tempo_bpm``, ``meter`` and ``form`` are required, so that a brief can be written by hand.
"""

from __future__ import annotations

import difflib
from itertools import accumulate
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from composer.formats.brief.fields import Strict, Text, Unit, is_plain
from composer.formats.brief.form import KeyChoice, SectionPlan
from composer.formats.brief.names import NamedPhrase, phrase_mistakes
from composer.limits import (
    BRIEF_BARS,
    BRIEF_SECTIONS,
    BRIEF_TEMPO_MAX_BPM,
    BRIEF_TEMPO_MIN_BPM,
    BRIEF_TEXT_CHARS,
    SEED_MAX,
)
from composer.music.chord import progression_of
from composer.music.instruments import INSTRUMENTS
from composer.music.regions import Region, Section, bars_named
from composer.music.time import Meter, meter_of

FORMAT = "composer.brief/1"
SCHEMA_NAME = "brief.schema.json"
MELODY_RANGE_MIN = 7  # semitones; a fifth is the least that a tune can turn in
METERS = ("2/4", "3/4", "4/4", "6/8")


def _is_bar_of_chords(text: str) -> str:
    if len(progression_of(text)) != 1:
        raise ValueError(f"{text!r} is more than one bar; give each bar an entry of its own")
    return text


def _is_meter(text: str) -> str:
    if str(meter_of(text)) not in METERS:
        raise ValueError(f"{text!r} is not supported; use one of {', '.join(METERS)}")
    return str(meter_of(text))


def _is_file_name(text: str) -> str:
    if "://" in text or text.startswith("/dev/"):
        raise ValueError(f"{text!r} is not the name of a picture file")
    return text


def _is_instrument(text: str) -> str:
    name = text.strip().lower()
    if name not in INSTRUMENTS:
        near = difflib.get_close_matches(text.lower(), INSTRUMENTS, n=3, cutoff=0.0)
        raise ValueError(f"{text!r} is not an instrument; the nearest are {', '.join(near)}")
    return name


Pitch = Annotated[int, Field(ge=0, le=127)]
InstrumentName = Annotated[
    str,
    Field(max_length=BRIEF_TEXT_CHARS, json_schema_extra={"examples": list(INSTRUMENTS)}),
    AfterValidator(_is_instrument),
]


class Source(Strict):
    """The picture; only ever shown, never opened by a later step."""

    file: Annotated[Text, AfterValidator(_is_file_name)]
    sha256: Text
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]


class Colour(Strict):
    """One colour of the palette, with the pitch that the scheme gives it."""

    hex: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    name: Text
    share: Unit
    hue_deg: Annotated[float, Field(ge=0.0, lt=360.0)] | None = Field(default=None, description="absent for a grey")
    saturation: Unit
    brightness: Unit
    pitch: Text | None = Field(default=None, description="pitch class by the scheme; absent for a grey")


class MelodyPlan(Strict):
    instrument: InstrumentName = "piano"
    low: Pitch | None = Field(default=None, description="lowest MIDI pitch; the instrument's own if absent")
    high: Pitch | None = Field(default=None, description="highest MIDI pitch; the instrument's own if absent")

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        own = INSTRUMENTS[self.instrument]
        low = own.low if self.low is None else self.low
        high = own.high if self.high is None else self.high
        if high - low < MELODY_RANGE_MIN:
            raise ValueError(
                f"from low {low} to high {high} a melody has no room; leave {MELODY_RANGE_MIN} semitones at least"
            )
        return self


class AccompanimentPlan(Strict):
    style: Text = Field(default="block", description='a style of `composer templates`, or "none"')
    instrument: InstrumentName = "piano"


class BassPlan(Strict):
    instrument: InstrumentName = "acoustic bass"


class DrumsPlan(Strict):
    style: Text = Field(default="auto", description='a drum style, "auto" for the accompaniment style\'s own')


class Because(Strict):
    """Why a value is what it is."""

    evidence: Annotated[str, Field(max_length=1000), AfterValidator(is_plain)]
    runner_up: Text | None = None
    confidence: Unit


class Curves(Strict):
    """The picture read from left to right: equally spaced values 0..1 (height -1..1)."""

    energy: list[Unit]
    density: list[Unit]
    register_: list[Annotated[float, Field(ge=-1.0, le=1.0)]] = Field(alias="register")
    tension: list[Unit] | None = Field(default=None, description="the curve of energy if absent")


class BarChange(Strict):
    """What one bar shall be instead of what its section says."""

    bar: Annotated[int, Field(ge=1, le=BRIEF_BARS)] = Field(description="counted from 1 through the whole piece")
    chord: Annotated[str, Field(max_length=200), AfterValidator(_is_bar_of_chords)] | None = Field(
        default=None, description='the chords of this bar, e.g. "G7" or "F G"'
    )
    density: Unit | None = None
    register_: Annotated[float, Field(ge=-1.0, le=1.0)] | None = Field(default=None, alias="register")
    tension: Unit | None = None
    energy: Unit | None = None


def _as_bars_text(value: object) -> object:
    """Bars as a person may also write them, 9 or [9, "11-12"], as text."""
    if isinstance(value, list) and value and all(type(entry) in (int, str) for entry in value):
        return ", ".join(map(str, value))
    return str(value) if type(value) is int else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, (str, dict)) else value


class Locked(Strict):
    """Bars, tracks, or bars of some tracks that no step may change."""

    bars: Annotated[Text, Field(min_length=1), BeforeValidator(_as_bars_text)] | None = Field(
        default=None, description='"9-16", "1-4, 9" or the name of a section; every bar if absent'
    )
    tracks: (
        Annotated[list[Annotated[Text, Field(min_length=1)]], Field(min_length=1), BeforeValidator(_as_list)] | None
    ) = Field(default=None, description='names of tracks, or "melody", "bass" ...; every track if absent')

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.bars is None and self.tracks is None:
            raise ValueError('locks nothing; write "bars", "tracks" or both')
        return self


class Brief(Strict):
    """Everything that decides the music."""

    schema_: Text | None = Field(default=None, alias="$schema")
    format: Literal["composer.brief/1"] = "composer.brief/1"
    title: Text = "Untitled"
    source: Source | None = None
    preset: Text | None = None
    scheme: Text = "newton"
    picture_type: Literal["abstract", "landscape", "city", "portrait"] | None = None
    palette: Annotated[list[Colour], Field(max_length=8)] = []
    features: dict[Text, float] = Field(default={}, description="what was measured in the picture, for the curious")
    key: KeyChoice
    tempo_bpm: Annotated[float, Field(ge=BRIEF_TEMPO_MIN_BPM, le=BRIEF_TEMPO_MAX_BPM)] = Field(
        description="quarter notes a minute"
    )
    meter: Annotated[str, AfterValidator(_is_meter)] = Field(description=", ".join(METERS))
    form: Annotated[list[SectionPlan], Field(min_length=1, max_length=BRIEF_SECTIONS)]
    bars_: list[BarChange] = Field(default=[], alias="bars", description="single bars that differ from their section")
    locked: Annotated[list[Locked], BeforeValidator(_as_list)] = Field(
        default=[], description="what stands in the MIDI files and shall never be changed by a step"
    )
    curves: Curves | None = None
    dynamics: Unit = Field(default=0.5, description="how far soft and loud lie apart")
    articulation: Unit = Field(default=0.3, description="0 legato, 1 staccato")
    ensemble: Text | None = Field(
        default=None, description="an ensemble of `composer templates`; instruments below win"
    )
    melody: MelodyPlan = MelodyPlan()
    accompaniment: AccompanimentPlan = AccompanimentPlan()
    bass: BassPlan | None = None
    drums: DrumsPlan | None = None
    seed: Annotated[int, Field(ge=0, le=SEED_MAX)] | None = None
    because: dict[Text, Because] = {}

    @model_validator(mode="after")
    def _is_short_enough(self) -> Self:
        if self.bars > BRIEF_BARS:
            raise ValueError(f"form: {self.bars} bars in all is over {BRIEF_BARS}; shorten a section")
        return self

    @model_validator(mode="after")
    def _bars_exist_once(self) -> Self:
        seen: set[int] = set()
        for place, change in enumerate(self.bars_):
            if change.bar > self.bars:
                raise ValueError(f"bars[{place}].bar: bar {change.bar} is after the last bar, {self.bars}")
            if change.bar in seen:
                raise ValueError(f"bars[{place}].bar: bar {change.bar} is there twice; put its values together")
            seen.add(change.bar)
        return self

    @model_validator(mode="after")
    def _locked_bars_exist(self) -> Self:
        for place, locked in enumerate(self.locked):
            try:
                bars_named(locked.bars or "1", self.sections)
            except ValueError as error:
                raise ValueError(f"locked[{place}].bars: {error}") from None
        return self

    @model_validator(mode="after")
    def _phrases_come_from_earlier_ones(self) -> Self:
        phrases = [
            NamedPhrase(f"form[{section}].phrases[{place}]", phrase.label, phrase.derive_from)
            for section, content in enumerate(self.form)
            for place, phrase in enumerate(content.phrases or ())
        ]
        if self.form[0].phrases and self.form[0].phrases[0].pickup:
            raise ValueError("form[0].phrases[0].pickup: the piece begins on its first bar line; take the pick-up out")
        if mistake := next(phrase_mistakes(phrases), None):
            raise ValueError(mistake)
        return self

    @property
    def time(self) -> Meter:
        return meter_of(self.meter)

    @property
    def bars(self) -> int:
        return sum(section.bars for section in self.form)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections with the bars that they fill, in playing order."""
        ends = accumulate(section.bars for section in self.form)
        return tuple(Section(s.name, end - s.bars + 1, s.bars) for s, end in zip(self.form, ends, strict=True))

    @property
    def chord_bars(self) -> frozenset[int]:
        """The bars (from 0) whose chords are written here."""
        written = [s for plan, s in zip(self.form, self.sections, strict=True) if plan.chords]
        whole = {bar for section in written for bar in range(section.first - 1, section.last)}
        return frozenset(whole | {change.bar - 1 for change in self.bars_ if change.chord})

    @property
    def locked_regions(self) -> tuple[Region, ...]:
        """What no step may change."""
        return tuple(
            Region(
                None if one.bars is None else bars_named(one.bars, self.sections),
                None if one.tracks is None else tuple(one.tracks),
            )
            for one in self.locked
        )


def json_schema() -> dict[str, Any]:
    """The JSON Schema that editors complete briefs from."""
    schema = Brief.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "composer brief", **schema}
