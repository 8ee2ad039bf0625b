"""What the plan says about every place of the melody: chords, scales, range, where phrases close, what is kept.

All of it is known before the first note, so it is worked out once and looked up for each candidate.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.harmony import Bar
from composer.compose.form.plan import DECEPTIVE, HALF, PERFECT, PLAGAL, Phrase, Plan
from composer.compose.tune.operators import Kept, Setting, kept_of, rhythm_of, singable
from composer.compose.tune.rhythm import Ending, EndingAim, ending_of, fewest_notes
from composer.compose.tune.rules import (
    BANNED_INTERVALS,
    OCTAVE,
    SMALL_LEAP,
    STEP,
    P,
    chord_scale,
    is_in,
    relative_classes,
)
from composer.encoding.melody import DURATIONS, LOWEST, PITCHES, BarControls, Event, TuneFrame
from composer.music.chord import Chord

Flags = NDArray[np.bool_]
CLIMAX_MARGIN = 1  # semitones below the climax that other bars must stay
REST_SHARE_MAX = 0.4  # of a phrase that others are made of
MEMORY = 4  # notes before a phrase that its kept beginning is judged with
FAR_NOTES = 5  # from so many notes before a cadence any pitch can still reach it
FOURTH = 5
# Final notes last so much longer than the mean note: median and spread (of the logarithm) of real tunes.
ENDING_RATIO, ENDING_RATIO_SPREAD = 1.6, 0.3
FINAL_RATIO_MIN = 1.45
FINAL_LENGTH_MIN = 1.3  # the last note of a piece to the mean of those before it, at least


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a note before it is chosen; masks (P,) over the pitches. See ``rules.NoteBatch``."""

    in_range: Flags
    in_scale: Flags
    chord_tones: Flags
    reachable: Flags
    near_goal: Flags
    accent: int
    register: float
    contour: int
    is_minor: bool
    ends_pickup: bool


@dataclass(frozen=True, slots=True)
class Return:
    """What a phrase keeps and how it ends: notes as they are, or from ``rhythm_from`` on durations to fill anew."""

    ending: Ending
    events: tuple[Event, ...] = ()
    rhythm: tuple[int, ...] = ()
    rhythm_from: int = 0


class Prospect:
    """The plan and its chords, as the melody meets them. Pitches are semitones above ``plan.tonic_midi``."""

    def __init__(self, plan: Plan, chords: Sequence[Bar]) -> None:
        self.plan = plan
        self.bar_ticks = plan.meter.bar_ticks
        self.frame = frame_of(plan, chords)
        self.chord_starts, self.chords = chord_line(chords, self.bar_ticks)
        self._tones = [relative_classes(chord.classes, plan.key) for chord in self.chords]
        self.place = cache(self._place)
        self._reach = cache(self._reach_sets)

    # -- phrases

    def end_of(self, phrase: Phrase) -> int:
        """The tick at which the phrase ends: its bar line, or where the next phrase's pick-up begins."""
        return self.plan.phrase_ends[phrase.index]

    def kept(
        self,
        phrase: Phrase,
        events_of: Sequence[Sequence[Event]],
        endings: Sequence[Ending],
        given: Sequence[Event],
        rng: np.random.Generator,
    ) -> Return:
        """What ``phrase`` takes from a person's notes or from its source, and its ending."""
        phrase, end = self._with_sung_source(phrase, events_of), self.end_of(phrase)
        start = phrase.first * self.bar_ticks - phrase.pickup
        theirs = tuple(e for e in given if start <= e.start < end)
        if theirs and theirs[-1].end >= end:
            last = [e for e in theirs if e.pitch is not None][-1:]
            return Return(Ending(last[0].start if last else end - self.bar_ticks, end, end), theirs)
        ending = self._ending(phrase, events_of, endings, rng)
        if theirs:
            return Return(ending, theirs)
        if phrase.source is None:
            return Return(ending)
        kept = self._derived(phrase, events_of, self._setting(phrase, ending, rng))
        # A tune that was given may have lengths that the network does not write.
        if any(d not in DURATIONS for d in kept.rhythm):
            return Return(ending)
        return self._return_of(self._closing(phrase, self._beginning(phrase, kept), ending), ending)

    def _with_sung_source(self, phrase: Phrase, events_of: Sequence[Sequence[Event]]) -> Phrase:
        """The phrase, with another that was to be made of the same where a person left little but rests of its source.

        Rests brought back would be silence again, and their lengths taken for a rhythm are no tune.
        """
        if phrase.source is None or _is_sung(events_of[phrase.source]):
            return phrase
        alike = [p.index for p in self.plan.phrases[: phrase.index] if p.source == phrase.source]
        return replace(phrase, source=next((index for index in alike if _is_sung(events_of[index])), None))

    def _beginning(self, phrase: Phrase, kept: Kept) -> Kept:
        """What is kept, without a pick-up that ends off the chord it now stands on."""
        start = phrase.first * self.bar_ticks
        early = [e for e in kept.events if e.start < start]
        if not early or early[-1].pitch is None or early[-1].pitch % OCTAVE in self.tones_at(early[-1].start):
            return kept
        return replace(kept, events=tuple(e for e in kept.events if e.start >= start), begins=start)

    def _closing(self, phrase: Phrase, kept: Kept, ending: Ending) -> Kept:
        """What is kept, without a last note that does not make the phrase's cadence: its source closed elsewhere."""
        last = kept.events[-1] if kept.events else None
        if last is None or last.end <= ending.onset:
            return kept
        if last.pitch is not None and last.pitch % OCTAVE in self.targets(phrase, ending.onset):
            return kept
        return replace(kept, events=tuple(e for e in kept.events if e.end <= ending.onset))

    def _derived(self, phrase: Phrase, events_of: Sequence[Sequence[Event]], setting: Setting) -> Kept:
        """What the phrase's operator keeps. A source in another key is carried into the key of this phrase."""
        tonic = self._tonic_of(phrase)
        source = self._carried(phrase, events_of[phrase.source or 0])
        before = [e for events in events_of[-2:] for e in events][-MEMORY:]
        kept = kept_of(phrase.operator, source, setting)
        if not self.is_singable(_transposed(kept.events, tonic), before):
            heard = [e.pitch for e in before if e.pitch is not None]
            kept = singable(kept, heard[-1] - tonic if heard else None, setting)
        if not self.is_singable(_transposed(kept.events, tonic), before):
            kept = rhythm_of(source, setting)
        return replace(kept, events=_transposed(kept.events, tonic))

    def _carried(self, phrase: Phrase, events: Sequence[Event]) -> tuple[Event, ...]:
        """The notes of the phrase's source above the phrase's own tonic, in the octave that suits its range."""
        source = self.plan.phrases[phrase.source or 0]
        own = _transposed(events, -self._tonic_of(source))
        pitches = [e.pitch for e in own if e.pitch is not None]
        moved_by = self._tonic_of(phrase) - self._tonic_of(source)
        if not moved_by or not pitches:
            return own
        low, high = self.range_of(phrase.first)
        tonic = self._tonic_of(phrase)

        def cost(octave: int) -> tuple[int, int]:
            outside = max(0, low - min(pitches) - tonic - octave) + max(0, max(pitches) + tonic + octave - high)
            return outside, abs(moved_by + octave)

        return _transposed(own, min((0, OCTAVE, -OCTAVE), key=cost))

    def _tonic_of(self, phrase: Phrase) -> int:
        """The tonic of the phrase's key: -5..6 semitones from the tonic that pitches count from."""
        key = self.plan.key_at(phrase.first)
        return (key.tonic_class - self.plan.key.tonic_class + FOURTH) % OCTAVE - FOURTH

    def _return_of(self, kept: Kept, ending: Ending) -> Return:
        events = kept.events
        if events and events[-1].end > ending.onset and ending.stop < ending.end:
            events = (*events, Event(ending.stop, ending.end - ending.stop, None))
        return Return(ending, events, kept.rhythm, kept.begins)

    def _ending(
        self,
        phrase: Phrase,
        events_of: Sequence[Sequence[Event]],
        endings: Sequence[Ending],
        rng: np.random.Generator,
    ) -> Ending:
        """As its source ended where both close alike, else drawn anew."""
        is_final = phrase.index + 1 == len(self.plan.phrases)
        start, end = phrase.last * self.bar_ticks, self.end_of(phrase)
        ratio = float(np.exp(rng.normal(np.log(ENDING_RATIO), ENDING_RATIO_SPREAD)))
        aim = EndingAim(max(ratio, FINAL_RATIO_MIN) if is_final else ratio, is_final)
        drawn = ending_of(self.plan.meter, start, end, self.plan.bars[phrase.last].density_npq, aim, rng)
        if is_final:
            return _lasting(drawn, start, events_of)
        if phrase.source is None:
            return drawn
        source = self.plan.phrases[phrase.source]
        moved = endings[source.index].moved((phrase.last - source.last) * self.bar_ticks)
        return moved if moved.end == end and source.bars == phrase.bars else drawn

    def _setting(self, phrase: Phrase, ending: Ending, rng: np.random.Generator) -> Setting:
        """Where a derived phrase stands, for its operator; pitches count from the tonic of the phrase's own key."""
        source = self.plan.phrases[phrase.source or 0]
        bars = self.plan.bars[phrase.first : phrase.last + 1]
        low, high = self.range_of(phrase.first)
        tonic = self._tonic_of(phrase)
        return Setting(
            key=self.plan.key_at(phrase.first),
            meter=self.plan.meter,
            chords=self.chords,
            chord_starts=self.chord_starts,
            start=phrase.first * self.bar_ticks,
            bars=phrase.bars,
            onset=ending.onset,
            end=ending.stop,
            shift=(phrase.first - source.first) * self.bar_ticks,
            source_bars=source.bars,
            same_cadence=phrase.cadence == source.cadence,
            low=low - tonic,
            high=high - tonic,
            register=float(np.mean([bar.register for bar in bars])) - self.plan.tonic_midi - tonic,
            density_npq=float(np.mean([bar.density_npq for bar in bars])),
            bar_npq=tuple(bar.density_npq for bar in bars),
            rng=rng,
            pickup=phrase.pickup,
        )

    def is_singable(self, events: Sequence[Event], before: Sequence[Event]) -> bool:
        """Whether kept notes obey range, intervals and repetition, also against the notes before them."""
        if not events:
            return True
        heard = [e.pitch for e in before if e.pitch is not None]
        pitches = [*heard, *(e.pitch for e in events if e.pitch is not None)]
        intervals = np.abs(np.diff(pitches))
        repeated = any(len(set(pitches[i : i + 5])) == 1 for i in range(len(pitches) - 4))
        low, high = self.range_of(events[0].start // self.bar_ticks)
        return (
            all(low <= p <= high for p in pitches[len(heard) :])
            and not np.isin(intervals, BANNED_INTERVALS).any()
            and not (intervals > OCTAVE).any()
            and not repeated
        )

    # -- places

    def chord_at(self, tick: int) -> Chord:
        return self.chords[bisect_right(self.chord_starts, tick) - 1]

    def tones_at(self, tick: int) -> frozenset[int]:
        """Classes above the tonic of the chord at ``tick``."""
        return self._tones[bisect_right(self.chord_starts, tick) - 1]

    def scale_at(self, tick: int) -> frozenset[int]:
        """Classes above the tonic that may sound over the chord at ``tick``."""
        bar = min(tick // self.bar_ticks, len(self.plan.bars) - 1)
        return chord_scale(self.chord_at(tick), self.plan.key_at(bar), self.plan.key)

    def range_of(self, bar: int) -> tuple[int, int]:
        """Lowest and highest pitch of a bar: only the climax bar may reach the top."""
        low, high = self.plan.low - self.plan.tonic_midi, self.plan.high - self.plan.tonic_midi
        if bar != self.plan.climax_bar and high - low > 9:
            high -= CLIMAX_MARGIN
        return max(low, LOWEST), min(high, PITCHES[-1])

    def targets(self, phrase: Phrase, onset: int) -> frozenset[int]:
        """Cadence tones above the tonic: 1 at a perfect cadence, 3 or 5 at an imperfect one, else 2, 5 or 7."""
        tones = self.tones_at(onset)
        key = self.plan.key_at(phrase.last)
        local = (key.tonic_class - self.plan.key.tonic_class) % 12
        third = 3 if key.is_minor else 4
        by_cadence = {PERFECT: {0}, PLAGAL: {0, third}, HALF: {2, 7, 11, 10}, DECEPTIVE: {0, third}}
        wanted = {(local + t) % 12 for t in by_cadence.get(phrase.cadence, {third, 7})}
        return frozenset(wanted & tones) or tones

    def goals(self, phrase: Phrase, onset: int) -> Flags:
        """(P,) the pitches that the phrase may close on."""
        return is_in(self.targets(phrase, onset))

    def note(self, phrase: Phrase, now: int, length: int, ending: Ending, pending: Sequence[Event]) -> Place:
        """What is known of a note of ``length`` ticks at ``now`` in ``phrase``."""
        if pending:
            # Own notes lead into the kept ones: these are the goal.
            goal = pending[0]
            pitches = frozenset() if goal.pitch is None else frozenset({goal.pitch})
            return self.place(now, length, goal.start, None, pitches)
        return self.place(now, length, ending.onset, phrase.index, frozenset())

    def _place(self, now: int, length: int, onset: int, phrase: int | None, pitches: frozenset[int]) -> Place:
        bar = min(now // self.bar_ticks, len(self.plan.bars) - 1)
        chord, key = self.chord_at(now), self.plan.key_at(bar)
        low, high = self.range_of(bar)
        in_range = (low <= P) & (high >= P)
        scale = chord_scale(chord, key, self.plan.key)
        notes = 0 if now >= onset else 1 + self._notes_between(now + length, onset)
        reach = self._reach(onset, phrase, pitches)
        ends_pickup = (now + length) % self.bar_ticks == 0 and any(
            p.pickup and p.first * self.bar_ticks == now + length for p in self.plan.phrases
        )
        goal_distance = reach[FAR_NOTES + 1]
        return Place(
            in_range=in_range,
            in_scale=is_in(scale),
            chord_tones=is_in(relative_classes(chord.classes, self.plan.key)),
            reachable=reach[min(notes, FAR_NOTES)],
            near_goal=goal_distance if notes == 1 else np.zeros(len(P), dtype=bool),
            accent=self.plan.meter.accent(now),
            register=self.plan.bars[bar].register - self.plan.tonic_midi,
            contour=self.frame.controls[bar].contour or 0,
            is_minor=key.is_minor,
            ends_pickup=ends_pickup,
        )

    def _notes_between(self, tick: int, onset: int) -> int:
        """The fewest notes from ``tick`` on before the one at ``onset``."""
        bar_start = tick // self.bar_ticks * self.bar_ticks
        return fewest_notes(self.plan.meter, tick - bar_start, onset - bar_start)

    def _reach_sets(self, onset: int, phrase: int | None, pitches: frozenset[int]) -> list[Flags]:
        """Masks (P,) of the pitches from which the goal can be reached in so many notes: 0 is the goal itself.

        Steps up to a major third, fourths and fifths between 5 and 1. From ``FAR_NOTES`` on anything goes. The last
        entry, after those, marks what lies a step from a goal.
        """
        bar = min(onset // self.bar_ticks, len(self.plan.bars) - 1)
        low, high = self.range_of(bar)
        within = (low <= P) & (high >= P)
        everything = np.ones(len(P), dtype=bool)
        if phrase is not None:
            goal = self.goals(self.plan.phrases[phrase], onset) & within
        else:
            goal = np.isin(P, list(pitches))
        if not goal.any():
            return [everything] * (FAR_NOTES + 1) + [np.zeros(len(P), dtype=bool)]
        gaps = np.abs(P[:, None] - P[None, :])
        moves = gaps <= SMALL_LEAP
        tonic, fifth = P % 12 == 0, P % 12 == 7
        falls = (tonic[:, None] & fifth[None, :]) | (fifth[:, None] & tonic[None, :])
        moves |= (gaps == FOURTH) & falls
        reach = [goal]
        for _ in range(FAR_NOTES - 1):
            reach.append((moves & reach[-1][None, :]).any(axis=1))
        distance = gaps[:, goal].min(axis=1)
        return [*reach, everything, (distance >= 1) & (distance <= STEP)]


def _transposed(events: Sequence[Event], semitones: int) -> tuple[Event, ...]:
    if not semitones:
        return tuple(events)
    return tuple(e if e.pitch is None else replace(e, pitch=e.pitch + semitones) for e in events)


def _is_sung(events: Sequence[Event]) -> bool:
    return sum(e.duration for e in events if e.pitch is None) <= REST_SHARE_MAX * sum(e.duration for e in events)


def _lasting(ending: Ending, bar_start: int, events_of: Sequence[Sequence[Event]]) -> Ending:
    """``ending``, or one that lasts clearly longer than the notes heard so far: without a rest, or the whole bar.

    Endings are drawn by the planned density of the last bar; what came before it may be slower.
    """
    heard = [e for events in events_of for e in events]
    notes = sum(e.pitch is not None for e in heard)
    wanted = FINAL_LENGTH_MIN * sum(e.duration for e in heard) / notes if notes else 0.0
    choices = (ending, Ending(ending.onset, ending.end, ending.end), Ending(bar_start, ending.end, ending.end))
    return next((c for c in choices if c.stop - c.onset >= wanted and c.stop - c.onset in DURATIONS), choices[-1])


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
    return TuneFrame(
        key=plan.key,
        meter=plan.meter,
        bars=len(plan.bars),
        phrase_ends=plan.phrase_ends,
        chords=tuple(bar[0] for bar in chords),
        controls=tuple(controls),
        style=plan.style,
    )
