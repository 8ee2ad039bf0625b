"""The plan of a piece: phrases with cadences, what each phrase derives from, and targets for every bar.

A network writes good bars and no form; the plan is where form comes from. It is drawn once, before any note, from
the brief alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from composer.compose.phrase import (
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
from composer.compose.targets import DENSITY_NPQ, REGISTER_SEMITONES, targets_of
from composer.formats.brief import Brief
from composer.music.instruments import INSTRUMENTS
from composer.music.key import Key
from composer.music.time import Meter

__all__ = [
    "CADENCES", "COPY", "DECEPTIVE", "DENSITY_NPQ", "HALF", "IMPERFECT", "NEW", "NEW_END", "OPERATORS", "ORNAMENT",
    "PERFECT", "PHRASE_BARS", "PLAGAL", "REGISTER_SEMITONES", "SAME_RHYTHM", "SEQUENCE", "BarPlan", "Phrase", "Plan",
    "letter_of", "melody_range", "phrase_lengths", "plan_of",
]  # fmt: skip
# Draw weights for a phrase that repeats its neighbour inside a section, and for the return of a whole section.
REPEAT_OPERATORS = {NEW_END: 0.40, SAME_RHYTHM: 0.15, ORNAMENT: 0.20, SEQUENCE: 0.15, NEW: 0.10}
RETURN_OPERATORS = {COPY: 0.35, NEW_END: 0.35, ORNAMENT: 0.30}
# Real tunes repeat a quarter of their bars to the note, hardly ever more than 42 % (p90 of 4,145 fiddle tunes).
EXACT_SHARE_MAX = 0.24
# Ticks of a pick-up and how often a piece has it; a sparse tune has none.
PICKUPS = {0: 0.4, 240: 0.2, 480: 0.4}
PICKUPS_TRIPLE = {0: 0.5, 480: 0.5}
PICKUPS_COMPOUND = {0: 0.4, 240: 0.35, 720: 0.25}
PICKUP_DENSITY = 0.3
MELODY_SPAN = 21  # semitones, from the instrumental p90


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided before the first chord.

    ``low``..``high`` is the melody's range in MIDI pitches; ``keys`` has one key for each section, the home key
    ``key`` unless the brief says otherwise.
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


def letter_of(name: str) -> str:
    """The tune that a section's name stands for: ``A'``, ``A2`` and ``A (again)`` are all A."""
    return re.split(r"['’′\d\s(\-_]", name.strip(), maxsplit=1)[0].casefold() or name


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
    """The plan that ``brief`` asks for; ``rng`` draws the operators."""
    meter = brief.time
    low, high = melody_range(brief, melody_instrument)
    spans: list[tuple[int, int, int]] = []  # section, first bar, bars
    starts = []
    bar = 0
    for index, section in enumerate(brief.form):
        starts.append(bar)
        for length in phrase_lengths(section.bars):
            spans.append((index, bar, length))
            bar += length
    phrases = _with_operators(brief, spans, rng)
    pickup = _pickup(brief, meter, rng)
    phrases = tuple(p if p.index == 0 else replace(p, pickup=pickup) for p in phrases)
    targets = targets_of(brief, meter, low, high, [(p.last + 1) * meter.bar_ticks for p in phrases])
    return Plan(
        key=brief.key.key,
        meter=meter,
        tempo_bpm=brief.tempo_bpm,
        bars=targets.bars,
        phrases=phrases,
        section_starts=tuple(starts),
        climax_bar=targets.climax_bar,
        low=low,
        high=high,
        keys=tuple(brief.key.key for _ in brief.form),
    )


def _pickup(brief: Brief, meter: Meter, rng: np.random.Generator) -> int:
    """One length of anacrusis for the piece, in ticks: the phrases of a tune begin alike."""
    weights = PICKUPS_COMPOUND if meter.is_compound else PICKUPS_TRIPLE if meter.numerator == 3 else PICKUPS
    mean_density = sum(s.density * s.bars for s in brief.form) / brief.bars
    drawn = int(rng.choice(list(weights), p=list(weights.values())))
    return drawn if mean_density >= PICKUP_DENSITY else 0


def phrase_lengths(bars: int) -> list[int]:
    """Bars of each phrase: fours, with what is left over as a phrase of 2 or 3, or a last one of 5."""
    if bars <= PHRASE_BARS + 1:
        return [bars]
    rest = bars % PHRASE_BARS
    lengths = [PHRASE_BARS] * (bars // PHRASE_BARS)
    if rest == 1:
        lengths[-1] += 1
    elif rest:
        lengths.append(rest)
    return lengths


def _with_operators(
    brief: Brief, spans: Sequence[tuple[int, int, int]], rng: np.random.Generator
) -> tuple[Phrase, ...]:
    """Phrases with cadences and derivations; the share of literal bars stays within what real tunes do."""
    first_statement: dict[tuple[str, int], int] = {}
    phrases: list[Phrase] = []
    total = max(1, sum(length for _, _, length in spans))
    exact = 0
    for index, (section, first, length) in enumerate(spans):
        letter = letter_of(brief.form[section].name)
        place = sum(1 for p in phrases if p.section == section)
        is_last_of_section = index + 1 == len(spans) or spans[index + 1][0] != section
        is_end = index + 1 == len(spans)
        cadence = PERFECT if is_end else _cadence(brief, section, place, is_last_of_section)
        source = first_statement.setdefault((letter, place), index)
        operator = NEW
        weights: dict[str, float] = {}
        if source != index and phrases[source].bars == length:
            weights = dict(RETURN_OPERATORS)
        elif place and place % 2 == 1 and phrases[index - 1].bars == length:
            source, weights = index - 1, dict(REPEAT_OPERATORS)
        if weights:
            budget = EXACT_SHARE_MAX * total - exact
            for name in list(weights):
                if _literal_bars(name, length, cadence == phrases[source].cadence) > budget:
                    del weights[name]
            weights = weights or {ORNAMENT: 1.0}
            operator = str(rng.choice(list(weights), p=np.array(list(weights.values())) / sum(weights.values())))
            exact += _literal_bars(operator, length, cadence == phrases[source].cadence)
        phrases.append(Phrase(index, section, first, length, cadence, operator, source if operator != NEW else None))
    return tuple(phrases)


def _literal_bars(operator: str, bars: int, same_cadence: bool) -> int:
    """Bars that the operator copies to the note."""
    if operator == COPY:
        return bars if same_cadence else bars - 1
    return max(1, bars // 2) if operator == NEW_END else 1 if operator == ORNAMENT else 0


def _cadence(brief: Brief, section: int, place: int, is_last_of_section: bool) -> str:
    """Antecedents stop on the dominant, sections close on the tonic, a contrasting middle leads back."""
    if not is_last_of_section:
        return HALF if place % 2 == 0 else IMPERFECT
    home = letter_of(brief.form[0].name)
    following = brief.form[section + 1].name if section + 1 < len(brief.form) else ""
    if letter_of(brief.form[section].name) != home and letter_of(following) == home:
        return HALF
    return PERFECT if place else IMPERFECT
