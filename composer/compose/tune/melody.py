"""The melody, phrase by phrase: the network proposes, the rules mask, and of many candidates the best go on.

Every candidate of a phrase is one row of a batch. A beam of hypotheses is carried from phrase to phrase within a
section and settled at its end, so that a change of a later section leaves the earlier ones alone. Kept notes (from
operators, or given by a person) run through the network too, so that its state is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.harmony import Bar
from composer.compose.form.plan import Phrase, Plan
from composer.compose.sampling import log_softmax, sampled
from composer.compose.tune.critic import (
    UNJUDGED,
    MelodyScore,
    character_of,
    control_error,
    stuck_bars,
    unlike_and_outside,
    unsingable,
)
from composer.compose.tune.echo import echo_of, unit_of
from composer.compose.tune.prospect import MEMORY, Prospect
from composer.compose.tune.rhythm import Ending, density_bias, duration_mask
from composer.compose.tune.rules import HISTORY, NO_NOTE, NoteBatch, pitch_bias
from composer.encoding.melody import DURATIONS, PITCHES, ContextReader, Event, nearest_duration
from composer.encoding.originality import KnownRuns
from composer.encoding.profile import Tally, TypicalTunes, bars_of
from composer.encoding.protocol import MelodyModel
from composer.music.time import TICKS_PER_BEAT

CANDIDATES = 32
BEAM = 4
SAME_PARENT = 2  # of the beam, at most so many from one hypothesis
TEMPERATURE_DURATION, TEMPERATURE_PITCH = 1.0, 1.0
TOP_P_DURATION, TOP_P = 0.97, 0.96
GROOVE_PULL = 1.8  # nats for moving on where the bar before did
# How often a bar takes up the rhythm of an earlier bar of its phrase: (bar, source bar) -> probability.
RHYTHM_TIES = {(1, 0): 0.15, (2, 0): 0.15, (2, 1): 0.1}


@dataclass(slots=True)
class Row:
    """One candidate for a phrase while it grows out of a hypothesis."""

    reader: ContextReader
    parent: int
    ending: Ending
    pending: list[Event] = field(default_factory=list)
    rhythm: list[int] = field(default_factory=list)  # durations that must be taken, in order, from ...
    rhythm_from: int = 0  # ... this tick on
    ties: dict[int, int] = field(default_factory=dict)
    history: list[int] = field(default_factory=list)  # pitches, the first ``before`` of them from earlier phrases
    before: int = 0
    owes_step: bool = False
    log_likelihood: float = 0.0
    sampled: int = 0
    relaxed: list[str] = field(default_factory=list)
    continued: list[float] = field(default_factory=list)  # nats of what goes on after a gap, where bars are redone


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A melody so far: what it heard, what each phrase became, and how it is judged.

    ``tally`` counts the bars before ``open_bar``; ``control`` is summed over them.
    """

    reader: ContextReader
    tally: Tally
    events_of: tuple[tuple[Event, ...], ...] = ()
    endings: tuple[Ending, ...] = ()
    ends: tuple[int, ...] = ()  # lengths of the phrase-final notes
    log_likelihood: float = 0.0
    sampled: int = 0
    control: float = 0.0
    faults: int = 0
    relaxed: tuple[str, ...] = ()
    score: MelodyScore = UNJUDGED


@dataclass(frozen=True, slots=True)
class Melody:
    """The tune as events above ``tonic_midi``; ``relaxed`` lists "bar N: rule" wherever a rule gave way."""

    events: tuple[Event, ...]
    tonic_midi: int
    relaxed: tuple[str, ...]
    score: MelodyScore | None = None


@dataclass(frozen=True, slots=True)
class Ear:
    """What real tunes are like: their profiles, and the tunes themselves to keep away from. Either may be absent."""

    typical: TypicalTunes | None = None
    known: KnownRuns | None = None


def shape_of(plan: Plan) -> int:
    """A number for what a piece is besides its seed: metre, mode and phrase lengths, so that one seed does not give
    all pieces one character. No level or tempo is in it: an edit of those keeps the character."""
    return crc32(repr((str(plan.meter), plan.key.mode, [p.bars for p in plan.phrases])).encode())


class MelodyWriter:
    """Writes the melody of one plan. ``chords`` holds the chords of each bar, evenly divided.

    ``given`` are the events of the piece's beginning that a person wrote, without a gap from its first on: they are
    kept as they are and heard. A phrase in which they end begins with them.
    """

    def __init__(
        self,
        plan: Plan,
        chords: Sequence[Bar],
        model: MelodyModel,
        rng: np.random.Generator,
        ear: Ear | None = None,
        *,
        given: Sequence[Event] = (),
    ) -> None:
        self.plan, self.model, self.rng = plan, model, rng
        self.ear = ear or Ear()
        self.bar_ticks = plan.meter.bar_ticks
        self.prospect = Prospect(plan, chords)
        self._echo_unit = unit_of(plan.meter)
        self.given = tuple(given)
        self._base = int(rng.integers(2**32))
        self.typical = character_of(self.ear.typical, np.random.default_rng([self._base, shape_of(plan)]))

    def write(self) -> Melody:
        """The whole tune. Never fails: where no pitch is left, rules give way in a fixed order and it says so."""
        start = ContextReader(self.prospect.frame)
        beam = [Hypothesis(start, Tally(self.plan.meter, self.plan.key.is_minor))]
        state = self.model.start(1)
        for phrase in self.plan.phrases:
            # Each phrase has draws of its own: a longer section does not reshuffle what comes after it.
            self.rng = np.random.default_rng([self._base, phrase.index])
            rows = self._rows(phrase, beam)
            state = self.model.select(state, np.array([row.parent for row in rows]))
            state = self._grow(rows, state, phrase)
            beam, chosen = self._survivors(rows, beam, phrase, 1 if self._settles(phrase) else BEAM)
            state = self.model.select(state, np.array(chosen))
        best = beam[0]
        return Melody(tuple(best.reader.events), self.plan.tonic_midi, best.relaxed, best.score)

    def _settles(self, phrase: Phrase) -> bool:
        """Whether one hypothesis is chosen after ``phrase``: where its section ends."""
        following = self.plan.phrases[phrase.index + 1] if phrase.index + 1 < len(self.plan.phrases) else None
        return following is None or following.section != phrase.section

    # -- setting up a phrase

    def _rows(self, phrase: Phrase, beam: Sequence[Hypothesis]) -> list[Row]:
        """The candidates: all hypotheses get their share, one where nothing is left to choose."""
        rows = []
        for parent, hypothesis in enumerate(beam):
            for _ in range(CANDIDATES // len(beam)):
                row = self._row(phrase, parent, hypothesis)
                rows.append(row)
                if row.pending and row.pending[-1].end >= self.prospect.end_of(phrase):
                    break
        return rows

    def _row(self, phrase: Phrase, parent: int, hypothesis: Hypothesis) -> Row:
        kept = self.prospect.kept(phrase, hypothesis.events_of, hypothesis.endings, self.given, self.rng)
        row = Row(hypothesis.reader.copy(), parent, kept.ending, list(kept.events), list(kept.rhythm), kept.rhythm_from)
        heard = [e.pitch for e in hypothesis.reader.events[-2 * HISTORY :] if e.pitch is not None]
        row.history = [NO_NOTE] * HISTORY + heard
        row.before = len(row.history)
        if not row.pending and not row.rhythm:
            row.ties = self._ties(phrase)
        return row

    def _ties(self, phrase: Phrase) -> dict[int, int]:
        """Bars of the phrase that take up the rhythm of an earlier one; never the cadence bar."""
        ties: dict[int, int] = {}
        for (bar, source), probability in RHYTHM_TIES.items():
            if bar < phrase.bars - 1 and bar not in ties and self.rng.random() < probability:
                ties[phrase.first + bar] = phrase.first + source
        return ties

    # -- growing the candidates

    def _grow(self, rows: Sequence[Row], state: Any, phrase: Phrase) -> Any:
        """Let every row reach the end of the phrase; the joint state of all rows."""
        finished: dict[int, Any] = {}
        active = list(range(len(rows)))
        while active:
            going = [rows[i] for i in active]
            columns = np.stack([row.reader.columns() for row in going])
            state, duration_logits = self.model.step(state, columns)
            durations = self._durations(going, duration_logits)
            pitch_logits = self.model.pitch_logits(state, durations)
            self._push(going, durations, pitch_logits, phrase)
            done = [place for place, row in enumerate(going) if row.reader.now >= row.ending.end]
            if done:
                for place in done:
                    finished[active[place]] = self.model.select(state, np.array([place]))
                left = [place for place in range(len(going)) if place not in set(done)]
                active = [active[place] for place in left]
                if active:
                    state = self.model.select(state, np.array(left))
        return self.model.join([finished[i] for i in range(len(rows))])

    def _durations(self, rows: Sequence[Row], logits: NDArray[np.float32]) -> NDArray[np.int64]:
        """(R,) index of each row's next duration: kept, tied to an earlier bar, or sampled under the metre."""
        scores = log_softmax(logits)
        chosen = np.zeros(len(rows), dtype=np.int64)
        free: list[int] = []
        weights = []
        for place, row in enumerate(rows):
            if row.reader.now % self._echo_unit == 0:
                self._take_up(row)
            fixed = self._fixed_duration(row)
            if fixed is not None:
                chosen[place] = nearest_duration(fixed)
                continue
            free.append(place)
            weights.append(self._duration_weights(row))
        if free:
            drawn = sampled(scores[free] + np.array(weights), TEMPERATURE_DURATION, TOP_P_DURATION, self.rng)
            chosen[free] = drawn
            for place, index in zip(free, drawn.tolist(), strict=True):
                rows[place].log_likelihood += float(scores[place, index])
        return chosen

    def _take_up(self, row: Row) -> None:
        """At the beginning of a free bar or half of one, perhaps an echo of what was heard."""
        now = row.reader.now
        if not row.pending and not row.rhythm and now // self.bar_ticks not in row.ties and now < row.ending.onset:
            row.pending = echo_of(self.prospect, row.reader.events, now, row.ending.onset, row.owes_step, self.rng)

    def _fixed_duration(self, row: Row) -> int | None:
        """The duration that is settled already, or ``None``."""
        now, ending = row.reader.now, row.ending
        if row.pending and row.pending[0].start <= now:
            return row.pending[0].duration
        if now >= ending.onset:
            return (ending.stop if now < ending.stop else ending.end) - now
        bar, offset = divmod(now, self.bar_ticks)
        if offset == 0 and bar in row.ties:
            start = row.ties[bar] * self.bar_ticks
            row.rhythm = [e.duration for e in row.reader.events if start <= e.start < start + self.bar_ticks]
            row.rhythm_from = now
        return row.rhythm.pop(0) if row.rhythm and now >= row.rhythm_from else None

    def _duration_weights(self, row: Row) -> NDArray[np.float64]:
        """(D,) what metre, the notes kept ahead and the density still wanted say."""
        now = row.reader.now
        bar, offset = divmod(now, self.bar_ticks)
        limit = row.pending[0].start if row.pending else row.rhythm_from if row.rhythm else row.ending.onset
        limit = min(limit - bar * self.bar_ticks, self.bar_ticks)
        mask = duration_mask(self.plan.meter, offset, limit)
        if not np.isfinite(mask).any():
            mask = np.where(np.array(DURATIONS) == limit - offset, 0.0, -np.inf)
        target = self.plan.bars[min(bar, len(self.plan.bars) - 1)].density_npq
        wanted = target * self.bar_ticks / TICKS_PER_BEAT
        before = set()
        for event in row.reader.since((bar - 1) * self.bar_ticks):
            if event.start < bar * self.bar_ticks:
                before.add(event.start % self.bar_ticks)
            else:
                wanted -= event.pitch is not None
        groove = np.array([GROOVE_PULL * (offset + d in before) for d in DURATIONS])
        return np.asarray(mask + density_bias(round(max(wanted, 0.5), 1), self.bar_ticks - offset) + groove)

    def _push(
        self, rows: Sequence[Row], durations: NDArray[np.int64], logits: NDArray[np.float32], phrase: Phrase
    ) -> None:
        """Choose each row's pitch, or take the note it keeps, and let the row hear it."""
        free: list[int] = []
        for place, row in enumerate(rows):
            now = row.reader.now
            if row.pending and row.pending[0].start <= now:
                self._hear(row, row.pending.pop(0))
            elif now >= row.ending.stop:
                self._hear(row, Event(now, row.ending.end - now, None))
            else:
                free.append(place)
        if not free:
            return
        batch = self._batch([rows[i] for i in free], durations[free], phrase)
        bias, relaxed = pitch_bias(batch)
        scores = log_softmax(logits[free])[:, : len(PITCHES)]
        drawn = sampled(scores + bias, TEMPERATURE_PITCH, TOP_P, self.rng)
        for place, index, score, gave in zip(free, drawn.tolist(), scores, relaxed, strict=True):
            row, now = rows[place], rows[place].reader.now
            row.log_likelihood += float(score[index])
            row.sampled += 1
            row.relaxed += [f"bar {now // self.bar_ticks + 1}: {name}" for name in gave]
            self._hear(row, Event(now, DURATIONS[durations[place]], PITCHES[index]))

    def _hear(self, row: Row, event: Event) -> None:
        if event.pitch is not None:
            row.history.append(event.pitch)
            row.owes_step = event.pitch % 12 not in self.prospect.tones_at(event.start)
        row.reader.push(event)

    def _batch(self, rows: Sequence[Row], durations: NDArray[np.int64], phrase: Phrase) -> NoteBatch:
        """What the rules need to know of each row's next note."""
        lengths = [DURATIONS[index] for index in durations.tolist()]
        notes = [
            self.prospect.note(phrase, row.reader.now, length, row.ending, row.pending)
            for row, length in zip(rows, lengths, strict=True)
        ]
        coins = self.rng.random((len(rows), 2))
        coins[[note.ends_pickup for note in notes], 0] = -1.0  # the last note before the bar line fits its chord
        return NoteBatch(
            in_range=np.array([n.in_range for n in notes]),
            in_scale=np.array([n.in_scale for n in notes]),
            chord_tones=np.array([n.chord_tones for n in notes]),
            reachable=np.array([n.reachable for n in notes]),
            near_goal=np.array([n.near_goal for n in notes]),
            accent=np.array([n.accent for n in notes]),
            duration=np.array(lengths),
            history=np.array([row.history[-HISTORY:] for row in rows]),
            register=np.array([n.register for n in notes]),
            contour=np.array([n.contour for n in notes]),
            owes_step=np.array([row.owes_step for row in rows]),
            is_minor=np.array([n.is_minor for n in notes]),
            coins=coins,
        )

    # -- choosing

    def _survivors(
        self, rows: Sequence[Row], beam: Sequence[Hypothesis], phrase: Phrase, count: int
    ) -> tuple[list[Hypothesis], list[int]]:
        """The best ``count`` rows as hypotheses, the best first, and their places."""
        shared = self._shared(rows)
        grown = [self._judged(row, beam[row.parent], phrase, notes) for row, notes in zip(rows, shared, strict=True)]
        order = sorted(range(len(rows)), key=lambda i: (-grown[i].score.total, i))
        chosen: list[int] = []
        for index in order:
            family = sum(rows[i].parent == rows[index].parent for i in chosen)
            if len(chosen) < count and (family < SAME_PARENT or len(beam) == 1):
                chosen.append(index)
        return [grown[i] for i in chosen], chosen

    def _shared(self, rows: Sequence[Row]) -> list[int]:
        """Notes in a row that each candidate shares with a known tune."""
        if self.ear.known is None:
            return [0] * len(rows)
        return [run.notes for run in self.ear.known.longest_runs([row.reader.events[-60:] for row in rows])]

    def _judged(self, row: Row, parent: Hypothesis, phrase: Phrase, shared: int) -> Hypothesis:
        """The hypothesis that the row has become."""
        first, stop = parent.tally.bars, phrase.last + 1
        events = row.reader.since((first - 2) * self.bar_ticks)
        recent = bars_of([e for e in events if e.pitch is not None], self.plan.meter, first - 2, stop - first + 2)
        bars = recent[2:]
        # The last bar stays open while a pick-up may still come into it.
        closed = len(bars) if row.ending.end % self.bar_ticks == 0 else len(bars) - 1
        tally = parent.tally.copy().add(bars[:closed])
        last_note = next((e for e in reversed(events) if e.pitch is not None), None)
        ends = parent.ends if last_note is None else (*parent.ends, last_note.duration)
        whole = (tally.copy() if closed < len(bars) else tally).add(bars[closed:])
        whole.ends = list(ends)
        control = parent.control + control_error(bars[:closed], first, self.plan)
        faults = parent.faults + stuck_bars([bar for bar in recent if bar], self.bar_ticks)
        heard = [p for p in row.history[row.before - MEMORY : row.before] if p != NO_NOTE]
        faults += unsingable([*heard, *row.history[row.before :]]) - unsingable(heard)
        log_likelihood, count = parent.log_likelihood + row.log_likelihood, parent.sampled + row.sampled
        unlike, outside = unlike_and_outside(whole.vector(), whole.bars, self.typical)
        relaxed = (*parent.relaxed, *row.relaxed)
        score = MelodyScore(
            likelihood=log_likelihood / max(1, count),
            unlike=unlike,
            outside=outside,
            control=control / max(1, tally.bars),
            relaxed=len(relaxed),
            faults=faults,
            shared=max(shared, parent.score.shared),
        )
        start = len(parent.reader.events)
        return Hypothesis(
            row.reader,
            tally,
            (*parent.events_of, tuple(row.reader.events[start:])),
            (*parent.endings, row.ending),
            ends,
            log_likelihood,
            count,
            control,
            faults,
            relaxed,
            score,
        )
