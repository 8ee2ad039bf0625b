"""The melody, phrase by phrase: the network proposes, the rules mask, the best of several candidates stays.

Every candidate of a phrase is one row of a batch. Kept notes (from operators) run through the network too, so that
its state is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.compose import operators
from composer.compose.critic import candidate_score
from composer.compose.harmony import Bar
from composer.compose.plan import HALF, PERFECT, Phrase, Plan
from composer.compose.rhythm import Ending, density_bias, duration_mask, ending_of
from composer.compose.rules import BANNED_INTERVALS, OCTAVE, NoteContext, pitch_bias, relative_classes
from composer.encoding.melody import (
    DURATIONS,
    LOWEST,
    PITCHES,
    BarControls,
    ContextReader,
    Event,
    TuneFrame,
    nearest_duration,
)
from composer.encoding.protocol import MelodyModel
from composer.music.chord import Chord
from composer.music.time import TICKS_PER_BEAT

CANDIDATES = 16
TEMPERATURE_DURATION, TEMPERATURE_PITCH = 1.3, 0.95
TOP_P_DURATION, TOP_P = 0.97, 0.92
CHOICE_TEMPERATURE = 0.3
MEMORY = 4  # notes before a phrase that its kept beginning is judged with
# How often a bar takes up the rhythm of an earlier bar of its phrase: (bar, source bar) -> probability.
RHYTHM_TIES = {(1, 0): 0.1, (2, 0): 0.2, (2, 1): 0.1}
CLIMAX_MARGIN = 1  # semitones below the climax that other bars must stay
_SLOW_SONG = (84.0, 1.2)  # at most this tempo and this many notes a quarter: chorale style


@dataclass(slots=True)
class Row:
    """One candidate while it grows."""

    reader: ContextReader
    state: Any
    pending: list[Event] = field(default_factory=list)
    rhythm: list[int] = field(default_factory=list)  # durations that the bar must take, in order
    ties: dict[int, int] = field(default_factory=dict)
    owes_step: bool = False
    log_likelihood: float = 0.0
    sampled: int = 0
    relaxed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Melody:
    """The tune as events above ``tonic_midi``; ``relaxed`` lists "bar N: rule" wherever a rule gave way."""

    events: tuple[Event, ...]
    tonic_midi: int
    relaxed: tuple[str, ...]


class MelodyWriter:
    """Writes the melody of one plan. ``chords`` holds the chords of each bar, evenly divided.

    ``given`` are the events of the piece's beginning, without a gap from its first on: they are kept as they are and
    go through the network, so that it knows them. A phrase in which they end begins with them.
    """

    def __init__(
        self,
        plan: Plan,
        chords: Sequence[Bar],
        model: MelodyModel,
        rng: np.random.Generator,
        given: Sequence[Event] = (),
    ) -> None:
        self.plan, self.chords, self.model, self.rng = plan, chords, model, rng
        self.given = tuple(given)
        self.bar_ticks = plan.meter.bar_ticks
        self.tonic = plan.tonic_midi
        self._base = int(rng.integers(2**32))
        self.frame = frame_of(plan, chords)
        self.chord_starts, self.chord_list = chord_line(chords, self.bar_ticks)
        self.endings: dict[int, Ending] = {}
        self.events_of: dict[int, tuple[Event, ...]] = {}

    def write(self) -> Melody:
        """The whole tune. Never fails: where no pitch is left, rules give way in a fixed order and it says so."""
        reader, state = ContextReader(self.frame), self.model.start(1)
        relaxed: list[str] = []
        for phrase in self.plan.phrases:
            # Each phrase has draws of its own: a longer section does not reshuffle what comes after it.
            self.rng = np.random.default_rng([self._base, phrase.index])
            if self.given and self.given[-1].end >= (phrase.last + 1) * self.bar_ticks:
                state = self._take_given(phrase, reader, state)
                continue
            rows = self._rows(phrase, reader, state)
            self._grow(rows, phrase)
            chosen = self._choose(rows, phrase, len(reader.events))
            start = len(reader.events)
            reader, state = chosen.reader, chosen.state
            relaxed += chosen.relaxed
            self.events_of[phrase.index] = tuple(reader.events[start:])
        return Melody(tuple(reader.events), self.tonic, tuple(relaxed))

    def _take_given(self, phrase: Phrase, reader: ContextReader, state: Any) -> Any:
        """Feed the given events of a whole phrase to the network; its new state."""
        held = self._given_in(phrase)
        for event in held:
            state, _ = self.model.step(state, reader.columns()[None])
            reader.push(event)
        end = (phrase.last + 1) * self.bar_ticks
        notes = [e for e in held if e.pitch is not None]
        self.endings[phrase.index] = Ending(notes[-1].start if notes else end - self.bar_ticks, end)
        self.events_of[phrase.index] = held
        return state

    def _given_in(self, phrase: Phrase) -> tuple[Event, ...]:
        """The given events that begin in the phrase."""
        start, end = phrase.first * self.bar_ticks, (phrase.last + 1) * self.bar_ticks
        return tuple(e for e in self.given if start <= e.start < end)

    # -- setting up a phrase

    def _rows(self, phrase: Phrase, reader: ContextReader, state: Any) -> list[Row]:
        is_final = phrase.index + 1 == len(self.plan.phrases)
        ending = ending_of(self.plan.meter, phrase.last, is_final, self.plan.bars[phrase.last].density_npq, self.rng)
        if phrase.source is not None and not is_final:
            source = self.plan.phrases[phrase.source]
            if source.bars == phrase.bars:
                shift = (phrase.first - source.first) * self.bar_ticks
                ending = Ending(self.endings[source.index].onset + shift, ending.end)
        self.endings[phrase.index] = ending
        rows = []
        for _ in range(CANDIDATES):
            row = Row(reader.copy(), self.model.select(state, np.array([0])))
            row.pending, row.rhythm = self._kept(phrase, ending, reader.events[-MEMORY:])
            if not row.pending and not row.rhythm:
                row.ties = self._ties(phrase)
            rows.append(row)
        return rows

    def _ties(self, phrase: Phrase) -> dict[int, int]:
        """Bars of the phrase that take up the rhythm of an earlier one; never the cadence bar."""
        ties: dict[int, int] = {}
        for (bar, source), probability in RHYTHM_TIES.items():
            if bar < phrase.bars - 1 and bar not in ties and self.rng.random() < probability:
                ties[phrase.first + bar] = phrase.first + source
        return ties

    def _kept(self, phrase: Phrase, ending: Ending, before: Sequence[Event]) -> tuple[list[Event], list[int]]:
        """What the phrase keeps of its source: events to copy, or durations to fill with new pitches."""
        if held := self._given_in(phrase):
            return list(held), []
        if phrase.source is None:
            return [], []
        source = self.plan.phrases[phrase.source]
        setting = self._setting(phrase, source, ending)
        kept = operators.kept_of(phrase.operator, self.events_of[source.index], setting)
        if not self._is_singable(kept.events, phrase, before):
            last = next((e.pitch for e in reversed(before) if e.pitch is not None), None)
            kept = operators.singable(kept, last, setting)
        if not self._is_singable(kept.events, phrase, before):
            kept = operators.rhythm_of(self.events_of[source.index], setting)
        # A tune that was given may have lengths that the network does not write.
        if kept.begins != phrase.first * self.bar_ticks or any(d not in DURATIONS for d in kept.rhythm):
            return [], []
        return list(kept.events), list(kept.rhythm)

    def _setting(self, phrase: Phrase, source: Phrase, ending: Ending) -> operators.Setting:
        """Where a derived phrase stands, for its operator."""
        low, high = self._range(phrase.first)
        bars = self.plan.bars[phrase.first : phrase.last + 1]
        return operators.Setting(
            key=self.plan.key,
            meter=self.plan.meter,
            chords=self.chord_list,
            chord_starts=self.chord_starts,
            start=phrase.first * self.bar_ticks,
            bars=phrase.bars,
            onset=ending.onset,
            end=ending.end,
            shift=(phrase.first - source.first) * self.bar_ticks,
            source_bars=source.bars,
            same_cadence=phrase.cadence == source.cadence,
            low=low,
            high=high,
            register=float(np.mean([bar.register for bar in bars])) - self.tonic,
            density_npq=float(np.mean([bar.density_npq for bar in bars])),
            bar_npq=tuple(bar.density_npq for bar in bars),
            rng=self.rng,
        )

    def _is_singable(self, events: Sequence[Event], phrase: Phrase, before: Sequence[Event]) -> bool:
        """Whether kept notes obey range, intervals and repetition, also against the notes before the phrase."""
        low, high = self._range(phrase.first)
        pitches = [e.pitch for e in (*before, *events) if e.pitch is not None]
        intervals = np.abs(np.diff(pitches))
        repeated = any(len(set(pitches[i : i + 5])) == 1 for i in range(len(pitches) - 4))
        return (
            all(low <= p <= high for p in pitches[len(before) :])
            and not np.isin(intervals, BANNED_INTERVALS).any()
            and not (intervals > OCTAVE).any()
            and not repeated
        )

    # -- growing the candidates

    def _grow(self, rows: Sequence[Row], phrase: Phrase) -> None:
        end = (phrase.last + 1) * self.bar_ticks
        active = list(rows)
        state = self._joined(active)
        while active:
            columns = np.stack([row.reader.columns() for row in active])
            state, duration_logits = self.model.step(state, columns)
            duration_rows = [
                self._duration(row, logits, phrase) for row, logits in zip(active, duration_logits, strict=True)
            ]
            pitch_logits = self.model.pitch_logits(state, np.array(duration_rows))
            for row, duration, logits in zip(active, duration_rows, pitch_logits, strict=True):
                self._push(row, DURATIONS[duration], logits, phrase)
            done = [i for i, row in enumerate(active) if row.reader.now >= end]
            if done:
                for i in done:
                    active[i].state = self.model.select(state, np.array([i]))
                going = [i for i in range(len(active)) if i not in done]
                active = [active[i] for i in going]
                if active:
                    state = self.model.select(state, np.array(going))

    def _joined(self, rows: Sequence[Row]) -> Any:
        """All rows begin in the same state."""
        return self.model.select(rows[0].state, np.zeros(len(rows), dtype=np.int64))

    def _duration(self, row: Row, logits: NDArray[np.float32], phrase: Phrase) -> int:
        """Index of the next duration: kept, tied to an earlier bar, or sampled under the metre."""
        now, ending = row.reader.now, self.endings[phrase.index]
        if row.pending:
            return nearest_duration(row.pending[0].duration)
        if now >= ending.onset:
            return _closing_duration(ending.end - now)
        bar, offset = divmod(now, self.bar_ticks)
        if offset == 0 and bar in row.ties:
            source = row.ties[bar]
            row.rhythm = [
                e.duration
                for e in row.reader.events
                if source * self.bar_ticks <= e.start < (source + 1) * self.bar_ticks
            ]
        if row.rhythm:
            return DURATIONS.index(row.rhythm.pop(0))
        limit = min(ending.onset - bar * self.bar_ticks, self.bar_ticks)
        mask = duration_mask(self.plan.meter, offset, limit)
        scores = log_softmax(logits) + mask
        weights = scores + density_bias(round(self.plan.bars[bar].density_npq, 2))
        index = sampled(weights, TEMPERATURE_DURATION, TOP_P_DURATION, self.rng)
        row.log_likelihood += float(log_softmax(logits)[index])
        return index

    def _push(self, row: Row, duration: int, logits: NDArray[np.float32], phrase: Phrase) -> None:
        now = row.reader.now
        if row.pending:
            event = row.pending.pop(0)
        else:
            context = self._context(row, now, duration, phrase)
            bias, relaxed = pitch_bias(context)
            scores = log_softmax(logits)
            place = sampled(scores[: len(PITCHES)] + bias, TEMPERATURE_PITCH, TOP_P, self.rng)
            row.log_likelihood += float(scores[place])
            row.sampled += 1
            row.relaxed += [f"bar {now // self.bar_ticks + 1}: {name}" for name in relaxed]
            event = Event(now, duration, PITCHES[place])
        chord = self._chord_at(event.start)
        if event.pitch is not None:
            tones = relative_classes(chord.classes, self.plan.key)
            row.owes_step = event.pitch % 12 not in tones
        row.reader.push(event)

    def _context(self, row: Row, now: int, duration: int, phrase: Phrase) -> NoteContext:
        bar = now // self.bar_ticks
        ending = self.endings[phrase.index]
        end = now + duration
        low, high = self._range(bar)
        controls = self.frame.controls[bar]
        to_target = (
            0 if now >= ending.onset else 1 if end >= ending.onset else 2 if end >= ending.onset - TICKS_PER_BEAT else 9
        )
        return NoteContext(
            key=self.plan.key,
            chord=self._chord_at(now),
            accent=self.plan.meter.accent(now),
            duration=duration,
            history=tuple(e.pitch for e in row.reader.events[-8:] if e.pitch is not None),
            low=low,
            high=high,
            register=self.plan.bars[bar].register - self.tonic,
            contour=controls.contour or 0,
            owes_step=row.owes_step,
            targets=self._targets(phrase),
            notes_to_target=to_target,
            coins=tuple(self.rng.random(3)),
        )

    def _range(self, bar: int) -> tuple[int, int]:
        """Lowest and highest pitch of a bar: only the climax bar may reach the top."""
        low, high = self.plan.low - self.tonic, self.plan.high - self.tonic
        if bar != self.plan.climax_bar and high - low > 9:
            high -= CLIMAX_MARGIN
        return max(low, LOWEST), min(high, PITCHES[-1])

    def _chord_at(self, tick: int) -> Chord:
        return self.chord_list[int(np.searchsorted(self.chord_starts, tick, side="right")) - 1]

    def _targets(self, phrase: Phrase) -> tuple[int, ...]:
        """Cadence tones above the tonic: 1 at a perfect cadence, 3 or 5 at an imperfect one, else 2, 5, 7."""
        tones = relative_classes(self._chord_at(self.endings[phrase.index].onset).classes, self.plan.key)
        third = 3 if self.plan.key.is_minor else 4
        wanted = {PERFECT: {0}, HALF: {2, 7, 11, 10}}.get(phrase.cadence, {third, 7})
        return tuple(sorted(wanted & tones)) or tuple(sorted(tones))

    # -- choosing

    def _choose(self, rows: Sequence[Row], phrase: Phrase, start: int) -> Row:
        """One of the candidates, the better the likelier."""
        scores = np.array(
            [
                candidate_score(
                    row.reader.events,
                    start,
                    row.log_likelihood / max(1, row.sampled),
                    len(row.relaxed),
                    self.plan,
                    self.tonic,
                )
                for row in rows
            ]
        )
        weights = np.exp((scores - scores.max()) / CHOICE_TEMPERATURE)
        return rows[int(self.rng.choice(len(rows), p=weights / weights.sum()))]


def _closing_duration(ticks: int) -> int:
    """Index of the longest length within ``ticks``, such that what is left over is a length too (a bar of 9/8)."""
    fitting = [d for d in DURATIONS if d == ticks or ticks - d in DURATIONS]
    return DURATIONS.index(max(fitting or [d for d in DURATIONS if d <= ticks]))


def chord_line(chords: Sequence[Bar], bar_ticks: int) -> tuple[list[int], list[Chord]]:
    """Start ticks and chords in order; several chords of a bar divide it evenly."""
    starts, line = [], []
    for bar, content in enumerate(chords):
        for place, chord in enumerate(content):
            starts.append(bar * bar_ticks + place * bar_ticks // len(content))
            line.append(chord)
    return starts, line


def frame_of(plan: Plan, chords: Sequence[Bar]) -> TuneFrame:
    """What the melody model is told before its first note."""
    controls = []
    for index, bar in enumerate(plan.bars):
        later = plan.bars[min(index + 1, len(plan.bars) - 1)].register
        contour = int(np.sign(round((later - bar.register) / 1.5)))
        controls.append(
            BarControls(
                density=bar.density_npq, register=bar.register - plan.tonic_midi, contour=contour, role=bar.role
            )
        )
    mean_density = float(np.mean([b.density_npq for b in plan.bars]))
    is_slow = plan.tempo_bpm <= _SLOW_SONG[0] and mean_density <= _SLOW_SONG[1]
    return TuneFrame(
        key=plan.key,
        meter=plan.meter,
        bars=len(plan.bars),
        phrase_ends=plan.phrase_ends,
        chords=tuple(bar[0] for bar in chords),
        controls=tuple(controls),
        style="chorale" if is_slow else "dance",
    )


def log_softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    shifted = np.asarray(logits, dtype=np.float64) - float(np.max(logits))
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def sampled(log_weights: NDArray[np.float64], temperature: float, top_p: float, rng: np.random.Generator) -> int:
    """An index drawn from the smallest set that holds ``top_p`` of the probability."""
    scaled = log_weights / temperature
    weights = np.exp(scaled - np.max(scaled))
    weights /= weights.sum()
    order = np.argsort(-weights, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(weights[order]), top_p)) + 1]
    chances = weights[kept]
    return int(kept[int(rng.choice(len(kept), p=chances / chances.sum()))])
