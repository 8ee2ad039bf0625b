"""What the plan and the notes that stand say about every place of a tune of which some bars are composed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from composer.compose.chords.harmony import Bar
from composer.compose.form.phrase import COPY, NEW_END, ORNAMENT, SAME_RHYTHM, SIMPLIFY, Phrase
from composer.compose.form.plan import Plan
from composer.compose.tune.prospect import Flags, Place, Prospect, Return
from composer.compose.tune.rhythm import Ending
from composer.compose.tune.rules import BANNED_INTERVALS, OCTAVE, STEP, P
from composer.encoding.melody import Event

# Over a seam from one phrase into the next: a fifth at most, else what can be sung at all.
SEAM_LEAPS = (7, OCTAVE)
KEPT_LEAP = 9  # semitones between what returns and what stands beside it, at most
# A phrase that shall become another is made by another operator so often, and without its source: all of it, or bars
# of it. So many of its candidates are composed without its source in any case.
OTHER_CHANCE, FREE_CHANCE, FREE_CHANCE_INSIDE = 0.5, 0.1, 0.4
FREE_SHARE, FREE_SHARE_INSIDE = 0.06, 0.2
OTHERS = (ORNAMENT, NEW_END, SAME_RHYTHM, SIMPLIFY)


class SeamProspect(Prospect):
    """The plan with ``standing``: events that stay, in order, without gaps in the bars that stay.

    With a seed in ``varies`` what is composed anew shall become something else than what it replaces: a phrase may
    take its source up in another way, and no copy stays literal.
    """

    def __init__(self, plan: Plan, chords: Sequence[Bar], standing: Sequence[Event], varies: int | None) -> None:
        super().__init__(plan, chords)
        self.standing = tuple(standing)
        self._theirs = {phrase.index: self._standing_in(phrase) for phrase in plan.phrases}
        self._made = {p.index: p if varies is None else _other(p, varies, bool(self.theirs(p))) for p in plan.phrases}
        self._varies = varies is not None

    def theirs(self, phrase: Phrase) -> tuple[Event, ...]:
        """What stands in a phrase, its pick-up included."""
        return self._theirs[phrase.index]

    def _standing_in(self, phrase: Phrase) -> tuple[Event, ...]:
        start, end = phrase.first * self.bar_ticks - phrase.pickup, self.end_of(phrase)
        return tuple(e for e in self.standing if start <= e.start < end)

    def is_whole(self, phrase: Phrase) -> bool:
        """Whether all of the phrase stands."""
        start = phrase.first * self.bar_ticks - phrase.pickup
        return is_filled(self.theirs(phrase), start, self.end_of(phrase))

    def after(self, tick: int) -> Event | None:
        """The note that stands next to ``tick``: at it, or after a rest that stands there."""
        line = [e for e in self.standing if e.start >= tick]
        if not line or line[0].start != tick:
            return None
        return next((e for e in line if e.pitch is not None and e.start < tick + self.bar_ticks), None)

    def kept(
        self,
        phrase: Phrase,
        events_of: Sequence[Sequence[Event]],
        endings: Sequence[Ending],
        given: Sequence[Event],
        rng: np.random.Generator,
    ) -> Return:
        """What the phrase keeps: what stands in it, and between that what its operator brings back."""
        theirs, end = self.theirs(phrase), self.end_of(phrase)
        if theirs and self.is_whole(phrase):
            return Return(_ending_in(theirs, end), theirs)
        base = super().kept(self._varied(phrase, rng), events_of, endings, (), rng)
        if not theirs:
            return base
        events = _beside(base.events, theirs)
        ending = _ending_in(theirs, end) if theirs[-1].end >= end else base.ending
        return Return(ending, tuple(sorted((*events, *theirs), key=lambda e: e.start)))

    def _varied(self, phrase: Phrase, rng: np.random.Generator) -> Phrase:
        """The phrase as it is to be made now."""
        share = FREE_SHARE_INSIDE if self.theirs(phrase) else FREE_SHARE
        if self._varies and rng.random() < share:
            return replace(phrase, source=None)
        return self._made[phrase.index]

    def goals(self, phrase: Phrase, onset: int) -> Flags:
        """The cadence tones from which the note that stands next can be sung, where there are any."""
        plain = super().goals(phrase, onset)
        following = self.after(self.end_of(phrase))
        if following is None or following.pitch is None:
            return plain
        gaps = np.abs(P - following.pitch)
        low, high = self.range_of(phrase.last)
        for widest in SEAM_LEAPS:
            near = plain & (gaps <= widest) & ~np.isin(gaps, BANNED_INTERVALS) & (low <= P) & (high >= P)
            if near.any():
                return np.asarray(near)
        return plain

    def note(self, phrase: Phrase, now: int, length: int, ending: Ending, pending: Sequence[Event]) -> Place:
        """As the plan has it, on the way to the next note that stands or returns."""
        goal = next((e.pitch for e in pending if e.pitch is not None), None)
        if goal is None:
            return super().note(phrase, now, length, ending, pending)
        place = self.place(now, length, pending[0].start, None, frozenset({goal}))
        if now + length < pending[0].start:
            return place
        # A dissonance before a note that stands resolves to it.
        resolves = place.reachable & (place.chord_tones | (np.abs(P - goal) <= STEP))
        return replace(place, reachable=resolves) if (resolves & place.in_range & place.in_scale).any() else place


def _other(phrase: Phrase, seed: int, is_inside: bool) -> Phrase:
    """The phrase made in another way, the same for all its candidates, so that another seed has another one.

    ``is_inside`` says that some of it stands.
    """
    if phrase.source is None:
        return phrase
    rng = np.random.default_rng([seed, phrase.index, 1])
    draw, other = float(rng.random()), OTHERS[int(rng.integers(len(OTHERS)))]
    free = FREE_CHANCE_INSIDE if is_inside else FREE_CHANCE
    if draw < free:
        return replace(phrase, source=None)
    if phrase.operator == COPY or draw < free + OTHER_CHANCE:
        return replace(phrase, operator=other)
    return phrase


def is_filled(events: Sequence[Event], start: int, end: int) -> bool:
    """Whether the events leave no gap between the ticks."""
    return (
        bool(events)
        and events[0].start <= start
        and events[-1].end >= end
        and all(a.end >= b.start for a, b in pairwise(events))
    )


def _ending_in(theirs: Sequence[Event], end: int) -> Ending:
    """How a phrase ends whose end stands: with the last note after its last gap."""
    last = theirs[-1]
    for event in reversed(theirs):
        if event.end < last.start:
            break
        last = event
        if event.pitch is not None:
            break
    return Ending(last.start, end, end)


def _beside(events: Sequence[Event], theirs: Sequence[Event]) -> list[Event]:
    """Those of ``events`` that lie in the gaps of ``theirs`` and can be sung beside them."""
    free = [e for e in events if not any(e.start < t.end and t.start < e.end for t in theirs)]
    while free:
        line = sorted([*free, *theirs], key=lambda e: e.start)
        sung = [e for e in line if e.pitch is not None]
        harsh = {e for a, b in pairwise(sung) if _is_harsh(a, b) for e in (a, b) if e in free and not {a, b} <= {*free}}
        if not harsh:
            return free
        free = [e for e in free if e not in harsh]
    return free


def _is_harsh(a: Event, b: Event) -> bool:
    if a.pitch is None or b.pitch is None or a.end != b.start:
        return False
    size = abs(b.pitch - a.pitch)
    return size in BANNED_INTERVALS or size > KEPT_LEAP
