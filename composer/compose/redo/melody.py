"""The melody of some bars anew: what stands before and after is heard, and the new notes lead from and into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.harmony import Bar
from composer.compose.form.plan import Phrase, Plan
from composer.compose.redo.prospect import SeamProspect, is_filled
from composer.compose.redo.under import Under
from composer.compose.sampling import log_softmax
from composer.compose.tune.critic import character_of
from composer.compose.tune.echo import echo_of
from composer.compose.tune.melody import CANDIDATES, Ear, Hypothesis, MelodyWriter, Row, shape_of
from composer.compose.tune.rules import BANNED_INTERVALS, OCTAVE, SMALL_LEAP
from composer.encoding.melody import DURATIONS, Event, nearest_duration
from composer.encoding.protocol import MelodyModel
from composer.music.time import TICKS_PER_BEAT

CONTINUATION_COST = 0.7  # for a nat a note that the notes after a gap surprise by
LEAP_COST, HARSH_COST = 0.12, 8.0  # for a semitone over a third from note to note over a seam; for what cannot be sung
# Where notes are those that are to go: what the share of them over the free one costs, a bar of them, and nothing else.
SAME_COST, SAME_BAR_COST, IDENTICAL_COST = 8.0, 2.5, 60.0
SAME_FREE = 0.35


class RedoWriter(MelodyWriter):
    """Writes the gaps that ``standing`` leaves. ``replaced`` are the notes (start, pitch) that are to go: where
    ``varies``, something else is wanted. ``form_rng`` draws the character of the piece; ``under`` is what
    the tune shall not run in parallel with."""

    def __init__(
        self,
        plan: Plan,
        chords: Sequence[Bar],
        model: MelodyModel,
        rng: np.random.Generator,
        ear: Ear | None,
        *,
        standing: Sequence[Event],
        replaced: frozenset[tuple[int, int]],
        varies: bool,
        form_rng: np.random.Generator,
        under: Under,
    ) -> None:
        super().__init__(plan, chords, model, rng, ear)
        self.seams = SeamProspect(plan, chords, standing, self._base if varies else None)
        self.prospect = self.seams
        self.replaced, self.varies, self.under = replaced, varies, under
        form = np.random.default_rng([int(form_rng.integers(2**32)), shape_of(plan)])
        self.typical = character_of(self.ear.typical, form)
        self._standing = frozenset(standing)
        self._onward = _after_gaps(standing, self.bar_ticks)

    def _settles(self, phrase: Phrase) -> bool:
        """Not before what stands after a gap was heard."""
        if self.seams.is_whole(phrase):
            return True
        return super()._settles(phrase) and self.seams.after(self.prospect.end_of(phrase)) is None

    def _rows(self, phrase: Phrase, beam: Sequence[Hypothesis]) -> list[Row]:
        rows = []
        end = self.prospect.end_of(phrase)
        for parent, hypothesis in enumerate(beam):
            for _ in range(CANDIDATES // len(beam)):
                row = self._row(phrase, parent, hypothesis)
                rows.append(row)
                is_settled = is_filled(row.pending, row.reader.now, end)
                if is_settled and (not self.varies or self.seams.is_whole(phrase)):
                    break
        return rows

    def _take_up(self, row: Row) -> None:
        """An echo also on the way to what stands, where it leads there."""
        now = row.reader.now
        if not row.pending or row.pending[0].start <= now:
            super()._take_up(row)
            return
        if row.rhythm or now // self.bar_ticks in row.ties:
            return
        goal = row.pending[0]
        echo = echo_of(
            self.prospect, row.reader.events, now, min(goal.start, row.ending.onset), row.owes_step, self.rng
        )  # fmt: skip
        if echo and (echo[-1].end < goal.start or _leads(echo[-1], goal)):
            row.pending = [*echo, *row.pending]

    def _duration_weights(self, row: Row) -> NDArray[np.float64]:
        weights = super()._duration_weights(row)
        if np.isfinite(weights).any():
            return weights
        # What stands may begin or end anywhere: the note beside it lasts as long as there is room.
        limit = row.pending[0].start if row.pending else row.ending.onset
        return np.where(np.arange(len(weights)) == nearest_duration(limit - row.reader.now), 0.0, -np.inf)

    def _durations(self, rows: Sequence[Row], logits: NDArray[np.float32]) -> NDArray[np.int64]:
        chosen = super()._durations(rows, logits)
        places = [place for place, row in enumerate(rows) if self._goes_on(row)]
        if places:
            scores = log_softmax(logits)
            for place in places:
                rows[place].continued.append(float(scores[place, chosen[place]]))
        return chosen

    def _push(
        self, rows: Sequence[Row], durations: NDArray[np.int64], logits: NDArray[np.float32], phrase: Phrase
    ) -> None:
        told = [(place, row.pending[0]) for place, row in enumerate(rows) if self._goes_on(row)]
        if told:
            scores = log_softmax(logits)
            for place, event in told:
                rows[place].continued[-1] += float(scores[place, event.token])
        super()._push(rows, durations, logits, phrase)

    def _goes_on(self, row: Row) -> bool:
        """Whether the row now hears a note that stands right after a gap."""
        return bool(row.pending) and row.pending[0].start <= row.reader.now and row.pending[0] in self._onward

    def _judged(self, row: Row, parent: Hypothesis, phrase: Phrase, shared: int) -> Hypothesis:
        grown = super()._judged(row, parent, phrase, shared)
        seam = parent.score.seam + self._seam_cost(row, len(parent.reader.events))
        return replace(grown, score=replace(grown.score, seam=seam))

    def _seam_cost(self, row: Row, first: int) -> float:
        """What the seams of a phrase cost, whose events begin with the one of that index, and its likeness to what is
        to go."""
        cost = -CONTINUATION_COST * float(np.mean(row.continued)) if row.continued else 0.0
        before = next((e for e in reversed(row.reader.events[:first]) if e.pitch is not None), None)
        new = row.reader.events[first:]
        sung = [*([before] if before else []), *(e for e in new if e.pitch is not None)]
        for a, b in pairwise(sung):
            if (a in self._standing) != (b in self._standing):
                cost += seam_cost((b.pitch or 0) - (a.pitch or 0))
        if self.under.bass:
            start = new[0].start if new else 0
            heard = row.reader.since(start - self.bar_ticks)
            cost += self.under.cost(heard, self.plan.tonic_midi, start - 2 * TICKS_PER_BEAT, row.reader.now)
        return cost + (self._sameness([e for e in new if e not in self._standing]) if self.varies else 0.0)

    def _sameness(self, new: Sequence[Event]) -> float:
        """What it costs that new notes are those which are to go."""
        by_bar: dict[int, list[bool]] = {}
        for event in new:
            if event.pitch is not None:
                known = (event.start, event.pitch) in self.replaced
                by_bar.setdefault(event.start // self.bar_ticks, []).append(known)
        every = [known for bar in by_bar.values() for known in bar]
        if not every:
            return 0.0
        share = sum(every) / len(every)
        bars = sum(all(bar) for bar in by_bar.values())
        return SAME_COST * max(0.0, share - SAME_FREE) + SAME_BAR_COST * bars + IDENTICAL_COST * (share == 1.0)


def seam_cost(interval: int) -> float:
    """What an interval in semitones costs from a note that stands to a new one, or back."""
    size = abs(interval)
    if size in BANNED_INTERVALS or size > OCTAVE:
        return HARSH_COST
    return LEAP_COST * max(0, size - SMALL_LEAP)


def _leads(last: Event, goal: Event) -> bool:
    """Whether one moves from ``last`` to ``goal`` without a leap over a fifth."""
    return last.pitch is None or goal.pitch is None or 0 <= abs(goal.pitch - last.pitch) <= SMALL_LEAP


def _after_gaps(standing: Sequence[Event], bar_ticks: int) -> frozenset[Event]:
    """The events that follow within about a bar after a gap."""
    found: set[Event] = set()
    limit, end = 0, 0
    for event in standing:
        if event.start > end:
            limit = event.start + bar_ticks
        if event.start < limit and event.duration >= DURATIONS[0]:
            found.add(event)
        end = max(end, event.end)
    return frozenset(found)
