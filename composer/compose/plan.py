"""The plan of a piece: phrases with cadences, what each phrase derives from, and targets for every bar.

A network writes good bars and no form; the plan is where form comes from. It is drawn once, before any note, from
the brief alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.encoding.melody import bar_role
from composer.formats.brief import Brief
from composer.music.instruments import INSTRUMENTS
from composer.music.key import Key
from composer.music.time import Meter

PHRASE_BARS = 4
HALF, IMPERFECT, PERFECT = "HC", "IAC", "PAC"

NEW, COPY, NEW_END, SAME_RHYTHM, SEQUENCE, ORNAMENT = (
    "new", "copy", "copy_new_end", "same_rhythm", "sequence", "ornament",
)  # fmt: skip
# Draw weights for a phrase that repeats its neighbour inside a section, and for the return of a whole section.
REPEAT_OPERATORS = {NEW_END: 0.40, SAME_RHYTHM: 0.15, ORNAMENT: 0.20, SEQUENCE: 0.15, NEW: 0.10}
RETURN_OPERATORS = {COPY: 0.35, NEW_END: 0.35, ORNAMENT: 0.30}
# Real tunes repeat a quarter of their bars to the note, hardly ever more than 42 % (p90 of 4,145 fiddle tunes).
EXACT_SHARE_MAX = 0.24
DENSITY_NPQ = (0.75, 2.6)  # notes per quarter for density 0 and 1
NOTES_PER_SECOND_MAX = 6.0
REGISTER_SEMITONES = 7.0  # a register of 1 lies this far above the middle of the range
MELODY_SPAN = 21  # semitones, from the instrumental p90
CURVE_WEIGHT = 0.6  # how far the picture's curve bends a section's own value


@dataclass(frozen=True, slots=True)
class BarPlan:
    """Targets of one bar: notes per quarter, centre of the melody (MIDI), energy 0..1 and role in its phrase."""

    density_npq: float
    register: float
    energy: float
    role: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Bars ``first`` .. ``first + bars - 1``; ``source`` is the index of the phrase it derives from by ``operator``."""

    index: int
    section: int
    first: int
    bars: int
    cadence: str
    operator: str = NEW
    source: int | None = None

    @property
    def last(self) -> int:
        return self.first + self.bars - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided before the first chord. ``low``..``high`` is the melody's range in MIDI pitches."""

    key: Key
    meter: Meter
    tempo_bpm: float
    bars: tuple[BarPlan, ...]
    phrases: tuple[Phrase, ...]
    section_starts: tuple[int, ...]
    climax_bar: int
    low: int
    high: int

    @property
    def phrase_ends(self) -> tuple[int, ...]:
        """Ticks at which the phrases end."""
        return tuple((p.last + 1) * self.meter.bar_ticks for p in self.phrases)

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
    bars = _bar_plans(brief, meter, low, high, [p.last + 1 for p in phrases])
    return Plan(
        key=brief.key.key,
        meter=meter,
        tempo_bpm=brief.tempo_bpm,
        bars=bars,
        phrases=phrases,
        section_starts=tuple(starts),
        climax_bar=_climax_bar(bars),
        low=low,
        high=high,
    )


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


def _bar_plans(brief: Brief, meter: Meter, low: int, high: int, phrase_end_bars: Sequence[int]) -> tuple[BarPlan, ...]:
    total = brief.bars
    ends = [bar * meter.bar_ticks for bar in phrase_end_bars]
    centre = (low + high) / 2
    cap = NOTES_PER_SECOND_MAX * 60.0 / brief.tempo_bpm
    plans: list[BarPlan] = []
    for section in brief.form:
        start = len(plans)
        bends = {name: _bend(brief, name, start, section.bars, total) for name in ("energy", "density", "register")}
        for offset in range(section.bars):
            density = float(np.clip(section.density + bends["density"][offset], 0.0, 1.0))
            register = float(np.clip(section.register_ + bends["register"][offset], -1.0, 1.0))
            energy = float(np.clip(section.energy + bends["energy"][offset], 0.0, 1.0))
            npq = DENSITY_NPQ[0] + density * (DENSITY_NPQ[1] - DENSITY_NPQ[0])
            plans.append(
                BarPlan(
                    density_npq=min(npq, cap),
                    register=centre + REGISTER_SEMITONES * register,
                    energy=energy,
                    role=bar_role(start + offset, meter.bar_ticks, ends),
                )
            )
    return tuple(plans)


def _bend(brief: Brief, name: str, first: int, bars: int, total: int) -> list[float]:
    """What the picture's curve adds to each bar of a section: its deviation from the section's mean."""
    if brief.curves is None:
        return [0.0] * bars
    curve = np.asarray(getattr(brief.curves, "register_" if name == "register" else name), dtype=float)
    if curve.size < 2:
        return [0.0] * bars
    places = (first + np.arange(bars) + 0.5) / total * (curve.size - 1)
    values = np.interp(places, np.arange(curve.size), curve)
    return [float(v) for v in CURVE_WEIGHT * (values - values.mean())]


def _climax_bar(bars: Sequence[BarPlan]) -> int:
    """The bar of the highest energy (then register) between 15 and 85 % of the piece."""
    count = len(bars)
    low, high = int(0.15 * count), max(int(0.15 * count) + 1, int(np.ceil(0.85 * count)))
    inner = range(low, min(high, count))
    return max(inner, key=lambda b: (round(bars[b].energy + (bars[b].register - bars[0].register) / 24, 6), b))
