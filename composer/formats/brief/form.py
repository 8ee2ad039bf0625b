"""The form in a brief: sections and their phrases, in playing order."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from composer.errors import counted
from composer.formats.brief.fields import Strict, Text, Unit
from composer.limits import BRIEF_BARS
from composer.music.chord import progression_of
from composer.music.key import Key, key_of
from composer.music.pitch import pitch_class_of

PHRASE_BARS_MAX = 16
Cadence = Literal["HC", "IAC", "PAC", "DC", "PC"]


def _is_tonic(text: str) -> str:
    pitch_class_of(text)
    return text


def _is_progression(text: str) -> str:
    progression_of(text)
    return text


class KeyChoice(Strict):
    tonic: Annotated[str, AfterValidator(_is_tonic)] = Field(description="C, F#, Bb ...")
    mode: Literal["major", "minor", "dorian", "phrygian", "lydian", "mixolydian"]

    @property
    def key(self) -> Key:
        return key_of(self.tonic, self.mode)


class PhrasePlan(Strict):
    """One phrase of a section: its length, how it ends and which earlier phrase it is made from."""

    bars: Annotated[int, Field(ge=1, le=PHRASE_BARS_MAX)]
    cadence: Cadence | None = Field(
        default=None, description="half, imperfect, perfect, deceptive or plagal close; by its place if absent"
    )
    label: Annotated[Text, Field(min_length=1)] | None = Field(
        default=None, description="a name by which later phrases refer to this one"
    )
    derive_from: Text | None = Field(default=None, description="label of an earlier phrase")
    op: (
        Literal[
            "new", "copy", "copy_new_end", "same_rhythm", "sequence", "fit_chord", "ornament", "simplify",
            "invert_contour", "octave", "fragment", "augment",
        ]
        | None
    ) = Field(default=None, description="what becomes of that phrase; copy_new_end if absent")  # fmt: skip
    pickup: Annotated[float, Field(ge=0.0, le=1.5, multiple_of=0.25)] | None = Field(
        default=None, description="quarter notes before the first bar line that belong to this phrase"
    )

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.derive_from is None and self.op not in (None, "new"):
            raise ValueError(
                f'"{self.op}" needs a phrase to work on; add "derive_from" with the label of an earlier one'
            )
        if self.derive_from is not None and self.op == "new":
            raise ValueError('"new" comes from no other phrase; take "derive_from" out or choose another "op"')
        return self


class SectionPlan(Strict):
    """One section of the form, in playing order."""

    name: Annotated[Text, Field(min_length=1)] = Field(
        description="sections with the same letter share their tune: A, A', B ..."
    )
    bars: Annotated[int, Field(ge=1, le=BRIEF_BARS)]
    energy: Unit = Field(default=0.5, description="loudness and intensity of the accompaniment")
    density: Unit = Field(default=0.5, description="how many notes the melody has")
    register_: Annotated[float, Field(ge=-1.0, le=1.0)] = Field(
        default=0.0, alias="register", description="how high the melody lies"
    )
    tension: Unit | None = Field(
        default=None, description="how far the harmony strains from rest; follows energy and register if absent"
    )
    chords: Annotated[str, Field(max_length=4000), AfterValidator(_is_progression)] | None = Field(
        default=None, description='bars divided by |, e.g. "C | Am | F G | C"; repeated to fill the section'
    )
    key: KeyChoice | None = Field(default=None, description="the section's own key; that of the piece if absent")
    style: Text | None = Field(default=None, description="the accompaniment style of this section")
    cadence: Cadence | None = Field(default=None, description="how the section closes; by its place if absent")
    phrases: Annotated[list[PhrasePlan], Field(min_length=1)] | None = Field(
        default=None, description="the section's phrases in order; drawn if absent, see `composer plan`"
    )

    @model_validator(mode="after")
    def _phrases_fill(self) -> Self:
        filled = sum(phrase.bars for phrase in self.phrases or ())
        if self.phrases and filled != self.bars:
            raise ValueError(f"the phrases fill {counted(filled, 'bar')}, the section has {self.bars}; make them equal")
        return self

    @model_validator(mode="after")
    def _closes_in_one_way(self) -> Self:
        last = self.phrases[-1].cadence if self.phrases else None
        if self.cadence and last and last != self.cadence:
            raise ValueError(f"the section closes with {self.cadence} and its last phrase with {last}; take one out")
        return self

    @model_validator(mode="after")
    def _chords_fit(self) -> Self:
        written = len(progression_of(self.chords)) if self.chords is not None else 0
        if written > self.bars:
            raise ValueError(f"the chords fill {counted(written, 'bar')}, the section has {self.bars}; leave some out")
        return self
