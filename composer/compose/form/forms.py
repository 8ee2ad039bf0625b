"""The phrases of a piece: how long they are, how they close, and which earlier phrase each of them is made from.

What the brief writes is taken as it is; the rest is drawn. Every phrase has draws of its own, so a change in one
section does not reshuffle the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from composer.compose.form.phrase import (
    AUGMENT,
    COPY,
    FIT_CHORD,
    FRAGMENT,
    HALF,
    IMPERFECT,
    INVERT,
    NEW,
    NEW_END,
    OCTAVE,
    ORNAMENT,
    PERFECT,
    PHRASE_BARS,
    SAME_RHYTHM,
    SEQUENCE,
    SIMPLIFY,
    Phrase,
)
from composer.formats.brief.brief import Brief
from composer.formats.brief.curves import Levels
from composer.formats.brief.form import PhrasePlan
from composer.formats.forms import letter_of
from composer.music.time import TICKS_PER_BEAT, Meter

# What becomes of a phrase that is repeated at once, and of one that returns with its section.
REPEAT_OPERATORS = {NEW_END: 0.45, FIT_CHORD: 0.12, SAME_RHYTHM: 0.15, ORNAMENT: 0.05, SEQUENCE: 0.13, COPY: 0.10}
RETURN_OPERATORS = {COPY: 0.6, ORNAMENT: 0.15, NEW_END: 0.25}
# A third phrase goes on from the first; a new section may take its rhythm, or turn its shape over.
THIRD_OPERATORS = {NEW: 0.7, SAME_RHYTHM: 0.15, SEQUENCE: 0.15}
CONTRAST_OPERATORS = {NEW: 0.75, SAME_RHYTHM: 0.1, INVERT: 0.15}
CODETTA_OPERATORS = {NEW: 0.5, FRAGMENT: 0.5}
IDEA_OPERATORS = {SEQUENCE: 0.45, FIT_CHORD: 0.35, SAME_RHYTHM: 0.2}
SENTENCE_SHARE = 0.2  # of the sections of eight bars that are a sentence (2 + 2 + 4) and no period (4 + 4)
FIRST_STRAIN_SHARE = 0.5  # of the fourth phrases that answer the second one and not the third
# Real tunes repeat a quarter of their bars to the note, hardly ever more than 42 % (p90 of 4,145 fiddle tunes).
EXACT_SHARE_MAX = 0.37
HOME_SHARE = 0.9  # of these bars for repeats inside a section, where the section itself returns later
# Where literal bars are used up, what varies more: a repeat, and a return that still has to be known again.
LATE_REPEAT = {NEW: 0.35, SEQUENCE: 0.25, SAME_RHYTHM: 0.15, FIT_CHORD: 0.15, ORNAMENT: 0.1}
LATE_RETURN = {ORNAMENT: 0.6, FIT_CHORD: 0.4}
LITERAL_SHARE = {NEW_END: 0.65, ORNAMENT: 0.5, FIT_CHORD: 0.35}  # of a phrase's bars, as measured in drafts
# Targets that differ by more than this are met by the operator: semitones, and ratios of notes to the quarter.
REPEAT_GAP, SEQUENCE_GAP, OCTAVE_GAP = 2.5, 3.5, 8.0
DENSER, SPARSER = 1.35, 0.72
# Ticks of a pick-up and how often a piece has it; a sparse tune has none.
PICKUPS = {0: 0.15, 240: 0.3, 480: 0.55}
PICKUPS_TRIPLE = {0: 0.2, 480: 0.8}
PICKUPS_COMPOUND = {0: 0.2, 240: 0.8}
PICKUP_NPQ = 1.3  # notes to the quarter that a piece with pick-ups has at least
LABEL_CHARS = 24  # of a section's name in the labels of its phrases
_PICKUP_DRAW, _SHAPE_DRAW, _CADENCE_DRAW = 1 << 20, 1 << 21, 1 << 22  # beyond every section's index


@dataclass(frozen=True, slots=True)
class Span:
    """The place of a phrase before anything is drawn for it; ``written`` is what the brief says of it."""

    section: int
    place: int
    first: int
    bars: int
    is_sentence: bool = False
    written: PhrasePlan | None = None


@dataclass(frozen=True, slots=True)
class Aims:
    """Mean targets of each bar that an operator has to meet: notes to the quarter and MIDI pitch."""

    density_npq: Levels
    register: Levels

    def over(self, first: int, bars: int) -> tuple[float, float]:
        part = slice(first, first + bars)
        return float(self.density_npq[part].mean()), float(self.register[part].mean())


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


def spans_of(brief: Brief, base: int) -> tuple[Span, ...]:
    """Where the phrases lie: as the brief writes them, else of four bars, or as a sentence of eight."""
    spans: list[Span] = []
    first = 0
    divided: dict[tuple[str, int], list[int]] = {}
    for index, section in enumerate(brief.form):
        letter = letter_of(section.name)
        shape = np.random.default_rng([base, _SHAPE_DRAW, crc32(letter.encode()), section.bars])
        is_sentence = section.phrases is None and section.bars == 8 and bool(shape.random() < SENTENCE_SHARE)
        written: Sequence[PhrasePlan | None] = section.phrases or ()
        if section.phrases is not None:
            divided.setdefault((letter, section.bars), [p.bars for p in section.phrases])
        # A return is divided as its first statement was.
        known = [p.bars for p in section.phrases or ()] or divided.get((letter, section.bars))
        is_sentence = is_sentence and known is None
        lengths = known or ([2, 2, 4] if is_sentence else phrase_lengths(section.bars))
        for place, bars in enumerate(lengths):
            spans.append(Span(index, place, first, bars, is_sentence, written[place] if written else None))
            first += bars
    return tuple(spans)


def phrases_of(brief: Brief, meter: Meter, spans: Sequence[Span], aims: Aims, base: int) -> tuple[Phrase, ...]:
    """The phrases with cadences, sources, operators, labels and pick-ups."""
    writer = _FormWriter(brief, spans, aims, base)
    pickup = _pickup(meter, brief.key.mode, aims, base)
    phrases: list[Phrase] = []
    for span, phrase in zip(spans, writer.write(), strict=True):
        drawn = pickup if phrases and _leads_on(phrases[-1], phrase) else 0
        own = drawn if span.written is None or span.written.pickup is None else _ticks(span.written.pickup)
        phrases.append(replace(phrase, pickup=min(own, meter.bar_ticks // 2) if phrases else 0))
    return tuple(phrases)


def _leads_on(before: Phrase, phrase: Phrase) -> bool:
    """Whether a phrase may begin early: after a half close within its section; full closes stay clear."""
    return before.section == phrase.section and before.cadence in (HALF, IMPERFECT)


def _ticks(quarters: float) -> int:
    return round(quarters * TICKS_PER_BEAT)


def _pickup(meter: Meter, mode: str, aims: Aims, base: int) -> int:
    """One length of anacrusis for the piece, in ticks: the phrases of a tune begin alike."""
    weights = PICKUPS_COMPOUND if meter.is_compound else PICKUPS_TRIPLE if meter.numerator == 3 else PICKUPS
    drawn = _draw(
        np.random.default_rng([base, _PICKUP_DRAW, crc32(f"{meter} {mode}".encode())]),
        {str(k): v for k, v in weights.items()},
    )
    return int(drawn) if float(aims.density_npq.mean()) >= PICKUP_NPQ else 0


def _draw(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    shares = np.array(list(weights.values()))
    return list(weights)[int(rng.choice(len(shares), p=shares / shares.sum()))]


class _FormWriter:
    """Goes through the spans in order and decides one phrase after the other."""

    def __init__(self, brief: Brief, spans: Sequence[Span], aims: Aims, base: int) -> None:
        self.brief, self.spans, self.aims, self.base = brief, spans, aims, base
        self.letters = [letter_of(section.name) for section in brief.form]
        self.phrases: list[Phrase] = []
        self.first_statement: dict[tuple[str, int], int] = {}
        self.labels = {s.written.label: i for i, s in enumerate(spans) if s.written and s.written.label}
        self.exact_bars = 0.0

    def write(self) -> list[Phrase]:
        for index, span in enumerate(self.spans):
            cadence = self._cadence(index, span)
            if span.written is not None:
                operator, source = self._as_written(span.written)
            else:
                operator, source = self._drawn(index, span, cadence)
            if source is not None:
                self.exact_bars += self._literal_bars(operator, span, cadence, source)
            phrase = Phrase(index, span.section, span.first, span.bars, cadence, operator, source)
            self.phrases.append(replace(phrase, label=self._label(span)))
            self.first_statement.setdefault((self.letters[span.section], span.place), index)
        return self.phrases

    def _as_written(self, written: PhrasePlan) -> tuple[str, int | None]:
        if written.derive_from is None:
            return NEW, None
        return written.op or NEW_END, self.labels[written.derive_from]

    def _label(self, span: Span) -> str:
        """A name of its own for each phrase: the letter, the place, and a stroke for each return."""
        if span.written is not None and span.written.label is not None:
            return span.written.label
        taken = {p.label for p in self.phrases} | {*self.labels}
        label = f"{self.letters[span.section].capitalize()[:LABEL_CHARS]}{span.place + 1}"
        while label in taken:
            label += "'"
        return label

    def _cadence(self, index: int, span: Span) -> str:
        """Antecedents stop on the dominant, sections close on the tonic, a contrasting middle leads back."""
        if span.written is not None and span.written.cadence is not None:
            return span.written.cadence
        is_last = index + 1 == len(self.spans)
        closes = is_last or self.spans[index + 1].section != span.section
        section = self.brief.form[span.section]
        if closes and section.cadence is not None:
            return section.cadence
        if is_last:
            return PERFECT
        if not closes:
            return HALF if span.place % 2 == 0 else IMPERFECT
        home, own = self.letters[0], self.letters[span.section]
        if own != home and self.letters[span.section + 1] == home:
            return HALF
        return PERFECT if span.place else IMPERFECT

    def _drawn(self, index: int, span: Span, cadence: str) -> tuple[str, int | None]:
        source, weights = self._offer(index, span)
        if source is None:
            return NEW, None
        fitted = self._fitted(weights, span, cadence, source)
        operator = _draw(np.random.default_rng([self.base, span.section, span.place]), fitted)
        return operator, None if operator == NEW else source

    def _offer(self, index: int, span: Span) -> tuple[int | None, dict[str, float]]:
        """Which phrase may come back here, and in which ways."""
        letter = self.letters[span.section]
        earlier = self.first_statement.get((letter, span.place))
        if earlier is not None and self.phrases[earlier].bars == span.bars:
            return earlier, RETURN_OPERATORS
        if span.is_sentence and span.place:
            return index - span.place, IDEA_OPERATORS if span.place == 1 else {FRAGMENT: 1.0}
        if span.place and self.phrases[index - 1].bars != span.bars:
            return index - 1, CODETTA_OPERATORS if span.bars < self.phrases[index - 1].bars else {NEW: 1.0}
        if span.place % 2 == 1:
            rng = np.random.default_rng([self.base, _CADENCE_DRAW, span.section, span.place])
            answers_second = span.place >= 3 and rng.random() < FIRST_STRAIN_SHARE
            return index - (2 if answers_second else 1), REPEAT_OPERATORS
        if span.place:
            return index - span.place, THIRD_OPERATORS
        home = self.first_statement.get((self.letters[0], 0))
        if home is not None and letter != self.letters[0] and self.phrases[home].bars == span.bars:
            return home, CONTRAST_OPERATORS
        return None, {}

    def _fitted(self, weights: Mapping[str, float], span: Span, cadence: str, source: int) -> dict[str, float]:
        """The operators that lead to the bars' targets and leave the share of literal bars as real tunes have it."""
        origin = self.phrases[source]
        density, register = self.aims.over(span.first, span.bars)
        from_density, from_register = self.aims.over(origin.first, origin.bars)
        ratio, gap = density / from_density, abs(register - from_register)
        fitted = dict(weights)
        is_repeat = NEW not in weights and FRAGMENT not in weights
        is_return = weights == RETURN_OPERATORS
        if is_repeat and gap > (SEQUENCE_GAP if is_return else REPEAT_GAP):
            return {OCTAVE: 1.0} if gap >= OCTAVE_GAP else {SEQUENCE: 1.0}
        if is_repeat and ratio > DENSER:
            return {ORNAMENT: 1.0}
        if is_repeat and ratio < SPARSER:
            return {SIMPLIFY: 1.0} if ratio > 0.6 or is_return else {SIMPLIFY: 0.5, AUGMENT: 0.5}
        if not SPARSER <= ratio <= DENSER:
            fitted.pop(SAME_RHYTHM, None)
        # Of the bars so far, so that what comes later does not change what stands here.
        budget = (
            EXACT_SHARE_MAX * (span.first + span.bars) * (1.0 if is_return or not self._returns(span) else HOME_SHARE)
        )
        left = max(budget - self.exact_bars, 0.5)
        within = {o: w for o, w in fitted.items() if self._literal_bars(o, span, cadence, source) <= left}
        return within or (LATE_RETURN if is_return else LATE_REPEAT)

    def _returns(self, span: Span) -> bool:
        """Whether any section after this one brings back a letter."""
        later = self.letters[span.section + 1 :]
        return any(letter in self.letters[: span.section + 1 + place] for place, letter in enumerate(later))

    def _literal_bars(self, operator: str, span: Span, cadence: str, source: int) -> float:
        """How many bars will probably be as they were, to the note."""
        if operator == COPY:
            return span.bars if cadence == self.phrases[source].cadence else span.bars - 1
        return LITERAL_SHARE.get(operator, 0.0) * span.bars
