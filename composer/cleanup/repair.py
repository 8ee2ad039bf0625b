"""Repair of voice leading: the least change that removes faults and makes no rule worse."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import product

from composer.cleanup.rules import Fault, counts_of, doublings, faults_of
from composer.cleanup.score import Score
from composer.cleanup.texture import Line, Step, texture_of
from composer.cleanup.voicing import DISTANCE_COST, INVERSION_COST, REACH, Pitches, revoicings
from composer.music.instruments import Instrument, instrument_of_program
from composer.music.voice_leading import EARLY_TICKS, OCTAVE, chord_moments

MELODY_WEIGHT = 8.0
NOTE_COST = 0.5  # each further note that sounds a voice which is moved
# Cheaper faults are counted but not worth a note of anybody's music.
WORTH_A_NOTE = 6.0
WORTH_TWO_NOTES = 8.0
WORTH_A_CHORD = 20.0
MAX_TRIALS = 300  # for one fault
PAIRED_MOVES = 12
# Rules that are read off the page as they are: range and leaps are the composer's business.
_LEFT_ALONE = ("OutOfRange", "UnresolvedLeap", "AugmentedLeap", "CrossRelation")


@dataclass(frozen=True, slots=True)
class Repair:
    """``pitches`` are the new pitches of some notes, ``rules`` what was wrong, costs those of the bars around.

    ``mended`` are the faults of these rules that are gone, by tick.
    """

    pitches: Pitches
    rules: tuple[str, ...]
    cost_before: float
    cost_after: float
    mended: tuple[Fault, ...] = ()


def repaired(score: Score, *, keep_melody: bool) -> tuple[Score, list[Repair]]:
    """``score`` with better voice leading, and what was changed; no rule has more faults than before."""
    search = _Search(score, keep_melody)
    search.mend()
    search.revoice()
    return search.score, search.done


class _Search:
    """The state of one repair: the score so far and the changes that were accepted."""

    def __init__(self, score: Score, keep_melody: bool) -> None:
        self.score = score
        self.texture = texture_of(score)
        self.meant = doublings(score)
        self.keep_melody = keep_melody
        self.done: list[Repair] = []
        self._known: dict[tuple[int, int], list[Fault]] = {}

    def mend(self) -> None:
        """Note by note and by pairs of voices: bass and inner voices first, the melody where nothing else helps."""
        for fault in _worth_repair(faults_of(self.score, self.meant)):
            if not _still_there(fault, self._judged(self.score, fault.tick, fault.tick)):
                continue
            singles = _by_price(self._moves(set(fault.places)))
            mates = _by_price(self._moves(self._chord_mates(fault))) if fault.cost >= WORTH_TWO_NOTES else []
            for price, pitches in [*singles, *_pairs(singles, mates)][:MAX_TRIALS]:
                if price >= fault.cost:
                    break
                if self.accept(pitches, fault.tick, fault.tick, price):
                    break

    def revoice(self) -> None:
        """Voice the chords around what is left anew, run by run."""
        faults = [f for f in _worth_repair(faults_of(self.score, self.meant)) if f.cost >= WORTH_A_CHORD]
        if faults:
            tune = self._tune()
            sung = {place for step in tune.steps for place in step.places} if tune else set()
            for first, last, pitches in revoicings(self.score, self.texture, faults):
                if sung.isdisjoint(pitches):
                    self.accept(pitches, first, last, NOTE_COST * len(pitches))

    def _tune(self) -> Line | None:
        """The highest line of a file without a melody part: what a listener hears as the tune."""
        lines = self.texture.lines
        return None if not lines or any(line.kind == "melody" for line in lines) else lines[0]

    def accept(self, pitches: Pitches, first: int, last: int, price: float) -> bool:
        """Keep the change if it is worth its price and no rule gets worse."""
        trial = self.score.with_pitches(pitches)
        if _collides(trial, pitches):
            return False
        before, after = self._judged(self.score, first, last), self._judged(trial, first, last)
        counts, new_counts = counts_of(before), counts_of(after)
        cost, new_cost = (sum(f.cost for f in faults) for faults in (before, after))
        if any(n > counts[rule] for rule, n in new_counts.items()) or new_cost + price >= cost:
            return False
        if not _same_voices(self._around(self.score, first, last), self._around(trial, first, last)):
            return False
        rules = tuple(sorted(rule for rule, n in counts.items() if new_counts[rule] < n))
        self.done.append(Repair(pitches, rules, cost, new_cost, _gone(before, after, rules)))
        self.score, self.texture = trial, texture_of(trial)
        self._known.clear()
        return True

    def _judged(self, score: Score, first: int, last: int) -> list[Fault]:
        """The faults of ``score`` around some ticks; those of the score so far are remembered."""
        if score is not self.score:
            return faults_of(self._around(score, first, last), self.meant)
        if (first, last) not in self._known:
            self._known[first, last] = faults_of(self._around(score, first, last), self.meant)
        return self._known[first, last]

    def _around(self, score: Score, first: int, last: int) -> Score:
        """Two bars before and after, and the chords that they cut whole."""
        bar = score.piece.meter.bar_ticks
        start, end = (first // bar - 2) * bar, (last // bar + 3) * bar
        for span in score.piece.chords:
            if span.start < start < span.end:
                start = span.start
            if span.start < end < span.end:
                end = span.end
        return score.between(start - EARLY_TICKS, end - EARLY_TICKS)

    def _chord_mates(self, fault: Fault) -> set[tuple[int, int]]:
        """The notes that sound in one chord with a note of the fault and may make room for it."""
        steps = [s for line in self.texture.lines for s in line.steps]
        starts = {s.start for s in steps if not set(fault.places).isdisjoint(s.places)}
        return {place for s in steps if s.start in starts for place in s.places}

    def _moves(self, places: Set[tuple[int, int]]) -> Iterator[tuple[float, Pitches]]:
        """(price, new pitches) of every single voice that might be moved at ``places``."""
        tune = self._tune()
        for line in self.texture.lines:
            if line == tune and self.keep_melody:
                continue
            for index, step in enumerate(line.steps):
                if places.isdisjoint(step.places) or math.isinf(step.weight):
                    continue
                if line.kind == "melody":
                    choices = () if self.keep_melody else self._melody_pitches(line, index)
                    yield from ((MELODY_WEIGHT + step.weight, dict.fromkeys(step.places, c)) for c in choices)
                    continue
                for pitch in self._chord_pitches(line, index):
                    price = step.weight + NOTE_COST * (len(step.places) - 1) + DISTANCE_COST * abs(pitch - step.pitch)
                    if line.kind == "bass" and pitch % 12 != step.pitch % 12:
                        price += INVERSION_COST
                    if line == tune:
                        price += MELODY_WEIGHT
                    yield price, dict.fromkeys(step.places, pitch)

    def _chord_pitches(self, line: Line, index: int) -> Iterator[int]:
        """Other tones of the chord near a note; the bass of a first, last or closing chord keeps its class."""
        step, instrument = line.steps[index], self._instrument(line)
        reach = OCTAVE if line.kind == "bass" else REACH
        sounding = [s for x in self.texture.lines for s in x.steps if s.start <= step.start < s.end and s is not step]
        chord = self.score.chord_at(step.start)
        classes = set(chord.classes) if chord else {s.pitch % 12 for s in sounding}
        needed = step.pitch % 12 in classes and all(s.pitch % 12 != step.pitch % 12 for s in sounding)
        if (line.kind == "bass" and self._closes(step)) or (needed and chord is None):
            classes = {step.pitch % 12}
        elif line.kind == "bass" and chord is not None:
            classes.discard((chord.fifth) % 12)
        for pitch in range(step.pitch - reach, step.pitch + reach + 1):
            if pitch != step.pitch and pitch % 12 in classes and instrument.low <= pitch <= instrument.high:
                yield pitch

    def _melody_pitches(self, line: Line, index: int) -> Iterator[int]:
        """One scale step up or down, never on a downbeat or at the end of a phrase."""
        step = line.steps[index]
        meter, key = self.score.piece.meter, self.score.key_at(step.start)
        last = index == len(line.steps) - 1 or line.steps[index + 1].start > step.end + meter.beat_ticks // 2
        if last or meter.accent(step.start) == 3 or step.end - step.start >= 2 * meter.beat_ticks or self._closes(step):
            return
        for shift in (-2, -1, 1, 2):
            if (step.pitch + shift) % 12 in key.scale:
                yield step.pitch + shift

    def _closes(self, step: Step) -> bool:
        """Whether the note begins the piece or lies in the last bar of a section."""
        bar = self.score.piece.meter.bar_ticks
        ends = self.score.piece.section_ticks | {self.score.piece.length}
        return step.start == 0 or any(end - bar <= step.start < end for end in ends)

    def _instrument(self, line: Line) -> Instrument:
        return instrument_of_program(self.score.piece.parts[line.part].program)


def _by_price(moves: Iterable[tuple[float, Pitches]]) -> list[tuple[float, Pitches]]:
    return sorted(moves, key=lambda m: (m[0], sorted(m[1].items())))


def _pairs(
    moves: Sequence[tuple[float, Pitches]], mates: Sequence[tuple[float, Pitches]]
) -> list[tuple[float, Pitches]]:
    """Two of the cheapest moves of different notes at once, the cheapest pair first."""
    return _by_price(
        (a[0] + b[0], {**a[1], **b[1]})
        for a, b in product(moves[:PAIRED_MOVES], mates[: 2 * PAIRED_MOVES])
        if a[1].keys().isdisjoint(b[1])
    )


def _worth_repair(faults: Sequence[Fault]) -> list[Fault]:
    """The gravest first: they need the room most."""
    found = [f for f in faults if f.cost >= WORTH_A_NOTE and f.rule not in _LEFT_ALONE]
    return sorted(found, key=lambda f: -f.cost)


def _gone(before: Sequence[Fault], after: Sequence[Fault], rules: Sequence[str]) -> tuple[Fault, ...]:
    """The faults of ``rules`` that are in ``before`` and no more in ``after``."""
    left = Counter((f.rule, f.tick) for f in after)
    found = []
    for fault in before:
        if left[fault.rule, fault.tick]:
            left[fault.rule, fault.tick] -= 1
        elif fault.rule in rules:
            found.append(fault)
    return tuple(found)


def _still_there(fault: Fault, faults: Sequence[Fault]) -> bool:
    return any(f.rule == fault.rule and f.tick == fault.tick and set(f.places) & set(fault.places) for f in faults)


def _same_voices(before: Score, after: Score) -> bool:
    """Whether every chord still has as many voices, told apart as before: a fault hidden is no fault mended."""
    old, new = (chord_moments(score.sounding()) for score in (before, after))
    return len(old) == len(new) and all(
        len(a.pitches) == len(b.pitches) and a.has_clear_voices <= b.has_clear_voices
        for a, b in zip(old, new, strict=True)
    )


def _collides(score: Score, pitches: Pitches) -> bool:
    """Whether a changed note would sound the pitch of another of its part: one channel cannot hold it twice."""
    for part in {part for part, _ in pitches}:
        tones, starts = score.by_part[part], score.part_starts[part]
        for tone in tones:
            if tone.place in pitches:
                if not 0 <= tone.pitch <= 127:
                    return True
                near = tones[: bisect_right(starts, tone.end - 1)]
                if any(t.pitch == tone.pitch and t is not tone and t.end > tone.start for t in near):
                    return True
    return False
