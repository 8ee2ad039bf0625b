"""The plan of a piece: phrases with cadences, what each phrase derives from, and targets for every bar.

A network writes good bars and no form; the plan is where form comes from. It is drawn once, before any note, from
the brief alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.compose.form.closes import closed_by_tension
from composer.compose.form.forms import EXACT_SHARE_MAX, Aims, phrase_lengths, phrases_of, spans_of
from composer.compose.form.phrase import (
    CADENCES,
    COPY,
    DECEPTIVE,
    HALF,
    IMPERFECT,
    NEW,
    NEW_END,
    OPERATORS,
    ORNAMENT,
    PERFECT,
    PHRASE_BARS,
    PLAGAL,
    SAME_RHYTHM,
    SEQUENCE,
    BarPlan,
    Phrase,
)
from composer.compose.form.targets import DENSITY_NPQ, REGISTER_SEMITONES, targets_of
from composer.formats.brief.brief import Brief
from composer.formats.forms import letter_of
from composer.music.instruments import INSTRUMENTS
from composer.music.key import Key
from composer.music.time import Meter

__all__ = [
    "CADENCES", "COPY", "DECEPTIVE", "DENSITY_NPQ", "EXACT_SHARE_MAX", "HALF", "IMPERFECT", "NEW", "NEW_END",
    "OPERATORS", "ORNAMENT", "PERFECT", "PHRASE_BARS", "PLAGAL", "REGISTER_SEMITONES", "SAME_RHYTHM", "SEQUENCE",
    "BarPlan", "Phrase", "Plan", "letter_of", "melody_range", "phrase_lengths", "plan_of",
]  # fmt: skip
# Corpus styles that the networks know.
DANCE, SONG, CHORALE = "dance", "lied", "chorale"
GENTLE_ENERGY, CALM_PICTURE = 0.4, 0.12  # a mean energy below is gentle; what a calm picture adds to it
CHORALE_NPQ = 1.1  # notes to the quarter
MELODY_SPAN = 21  # semitones, from the instrumental p90


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided before the first chord.

    ``low``..``high`` is the melody's range in MIDI pitches; ``keys`` has one key for each section, the home key
    ``key`` unless the brief says otherwise. ``style`` is the corpus whose habits the networks follow.
    """

    key: Key
    meter: Meter
    tempo_bpm: float
    bars: tuple[BarPlan, ...]
    phrases: tuple[Phrase, ...]
    section_starts: tuple[int, ...]
    climax_bar: int
    low: int
    high: int
    keys: tuple[Key, ...] = ()
    style: str = DANCE

    @property
    def phrase_ends(self) -> tuple[int, ...]:
        """Ticks at which the phrases end: at a bar line, or where the pick-up of the next phrase begins."""
        pickups = [*(p.pickup for p in self.phrases[1:]), 0]
        return tuple((p.last + 1) * self.meter.bar_ticks - up for p, up in zip(self.phrases, pickups, strict=True))

    def section_at(self, bar: int) -> int:
        """Index of the section that holds ``bar``."""
        return max(0, bisect_right(self.section_starts, bar) - 1)

    def key_at(self, bar: int) -> Key:
        """The key of the section that holds ``bar``."""
        return self.keys[self.section_at(bar)] if self.keys else self.key

    @property
    def tonic_midi(self) -> int:
        """The tonic at or below the middle of the melody's range: pitch 0 of the melody model."""
        centre = (self.low + self.high) // 2
        return centre - (centre - self.key.tonic_class) % 12


def melody_range(brief: Brief, instrument_name: str) -> tuple[int, int]:
    """Lowest and highest MIDI pitch of the melody: the instrument's range met with the brief's, at most 21 wide."""
    instrument = INSTRUMENTS[instrument_name]
    low = instrument.low if brief.melody.low is None else max(instrument.low, brief.melody.low)
    high = instrument.high if brief.melody.high is None else min(instrument.high, brief.melody.high)
    if high - low < 7:
        # The brief asks for pitches that the instrument lacks: the instrument wins, at the end nearest to the wish.
        low, high = (instrument.high - 12, instrument.high) if low > instrument.high - 7 else (low, low + 12)
    if high - low > MELODY_SPAN:
        centre = (low + high) / 2 if brief.melody.low is not None else min(max(72.0, low + 11.0), high - 10.0)
        low = max(low, round(centre - MELODY_SPAN / 2))
        high = min(high, low + MELODY_SPAN)
    return low, high


def plan_of(brief: Brief, melody_instrument: str, rng: np.random.Generator) -> Plan:
    """The plan that ``brief`` asks for; ``rng`` draws what the brief leaves open."""
    meter = brief.time
    low, high = melody_range(brief, melody_instrument)
    base = int(rng.integers(2**32))
    spans = spans_of(brief, base)
    targets = targets_of(brief, meter, low, high, [(s.first + s.bars) * meter.bar_ticks for s in spans])
    aims = Aims(np.array([b.density_npq for b in targets.bars]), np.array([b.register for b in targets.bars]))
    return Plan(
        key=brief.key.key,
        meter=meter,
        tempo_bpm=brief.tempo_bpm,
        bars=targets.bars,
        phrases=closed_by_tension(phrases_of(brief, meter, spans, aims, base), brief),
        section_starts=tuple(int(n) for n in np.cumsum([0, *(s.bars for s in brief.form[:-1])])),
        climax_bar=targets.climax_bar,
        low=low,
        high=high,
        keys=tuple((s.key or brief.key).key for s in brief.form),
        style=_style(brief, targets.bars),
    )


def _style(brief: Brief, bars: Sequence[BarPlan]) -> str:
    """The corpus that suits the piece: sparse and gentle ones move like chorales, gentle ones and those of a calm
    picture like songs, all others like dances."""
    energy = float(np.mean([s.energy * s.bars for s in brief.form])) * len(brief.form) / brief.bars
    gentle = GENTLE_ENERGY + (CALM_PICTURE if brief.picture_type in ("landscape", "portrait") else 0.0)
    if energy >= gentle:
        return DANCE
    return CHORALE if float(np.mean([b.density_npq for b in bars])) <= CHORALE_NPQ else SONG
