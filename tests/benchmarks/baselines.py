"""Melodies to beat: a Markov chain, shuffled bars, random notes of the key, and colours read as notes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from composer.corpus.tune import Tune
from composer.encoding.chord_labels import chords_of
from composer.encoding.melody import Event
from composer.music.time import TICKS_PER_BEAT, Meter

Continuation = Counter[int]


class MarkovMelody:
    """Second-order chains of pitch (above the tonic) and of duration (knowing the place in the bar)."""

    def __init__(self, tunes: Sequence[Tune]) -> None:
        self._pitches: dict[Hashable, Continuation] = defaultdict(Counter)
        self._durations: dict[Hashable, Continuation] = defaultdict(Counter)
        for tune in tunes:
            notes = [e for e in tune.events if e.pitch is not None]
            for i, note in enumerate(notes):
                before = tuple(e.pitch for e in notes[max(0, i - 2) : i])
                lengths = tuple(e.duration for e in notes[max(0, i - 2) : i])
                place = note.start % tune.meter.bar_ticks
                minor = tune.key.is_minor
                for order in range(3):
                    self._pitches[minor, before[len(before) - order :]][note.pitch or 0] += 1
                    self._durations[str(tune.meter), place, lengths[len(lengths) - order :]][note.duration] += 1

    def like(self, tune: Tune, rng: np.random.Generator) -> Tune:
        """A melody with the metre, mode and bars of ``tune``."""
        end = tune.bars * tune.meter.bar_ticks
        events: list[Event] = []
        tick = tune.events[0].start
        while tick < end:
            place = tick % tune.meter.bar_ticks
            room = tune.meter.bar_ticks - place
            lengths = tuple(e.duration for e in events[-2:])
            pitches = tuple(e.pitch for e in events[-2:])
            meter = str(tune.meter)
            duration = _drawn(
                [self._durations.get((meter, place, lengths[len(lengths) - o :])) for o in (2, 1, 0)],
                rng,
                room,
            )
            duration = room if duration is None else duration
            pitch = _drawn(
                [self._pitches.get((tune.key.is_minor, pitches[len(pitches) - o :])) for o in (2, 1, 0)], rng
            )
            events.append(Event(tick, duration, pitch or 0))
            tick += duration
        return harmonised(tune, events)

    def pitches_for(self, tune: Tune, rng: np.random.Generator) -> Tune:
        """The rhythm of ``tune``, rests too, with pitches of the chain."""
        before: tuple[int, ...] = ()
        events = []
        for event in tune.events:
            if event.pitch is not None:
                options = [self._pitches.get((tune.key.is_minor, before[len(before) - o :])) for o in (2, 1, 0)]
                pitch = _drawn(options, rng) or 0
                before = (*before, pitch)[-2:]
                event = replace(event, pitch=pitch)
            events.append(event)
        return harmonised(tune, events, tune.phrase_ends)


def shuffled_bars(tune: Tune, rng: np.random.Generator) -> Tune:
    """The bars of ``tune`` in another order; notes are cut at the bar line, and a pick-up stays where it is."""
    ticks = tune.meter.bar_ticks
    bars: list[list[Event]] = [[] for _ in range(tune.bars)]
    for event in tune.events:
        for bar in range(event.start // ticks, -(-event.end // ticks)):
            start, end = max(event.start, bar * ticks), min(event.end, (bar + 1) * ticks)
            if start == event.start or event.pitch is None:
                bars[bar].append(Event(start - bar * ticks, end - start, event.pitch))
    first = 1 if tune.events[0].start else 0
    order = [*range(first), *(first + int(i) for i in rng.permutation(tune.bars - first))]
    events = [
        replace(event, start=event.start + place * ticks) for place, bar in enumerate(order) for event in bars[bar]
    ]
    return harmonised(tune, events, tune.phrase_ends)


def _drawn(options: Sequence[Continuation | None], rng: np.random.Generator, at_most: int | None = None) -> int | None:
    """A continuation of the longest known context."""
    for option in options:
        allowed = {value: count for value, count in (option or {}).items() if at_most is None or value <= at_most}
        if allowed:
            weights = np.array(list(allowed.values()), dtype=float)
            return int(rng.choice(list(allowed), p=weights / weights.sum()))
    return None


def random_in_key(tune: Tune, rng: np.random.Generator) -> Tune:
    """Scale notes over the tune's range and note lengths of the tune in random order, cut at the bar line."""
    used = [e for e in tune.events if e.pitch is not None]
    pitches = [e.pitch or 0 for e in used]
    lengths = sorted({e.duration for e in used})
    steps = {(c - tune.key.tonic_class) % 12 for c in tune.key.scale}
    scale = [p for p in range(min(pitches), max(pitches) + 1) if p % 12 in steps]
    events: list[Event] = []
    tick, end = tune.events[0].start, tune.bars * tune.meter.bar_ticks
    while tick < end:
        room = tune.meter.bar_ticks - tick % tune.meter.bar_ticks
        duration = min(int(rng.choice(lengths)), room)
        events.append(Event(tick, duration, int(rng.choice(scale))))
        tick += duration
    return harmonised(tune, events)


# The tonic's row of twelve hues, from red up, as semitones above C.
_HUE_CLASSES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)


def colours_as_notes(tune: Tune, rng: np.random.Generator) -> Tune:
    """A painted gradient with blots, read pixel by pixel: hue the pitch class, brightness the octave, saturation the
    length. What a naive sonifier does."""
    count = 400
    hue = (np.linspace(rng.random(), rng.random() + 0.5, count) + rng.normal(0, 0.06, count)) % 1.0
    blots = rng.random(count) < 0.2
    hue[blots] = rng.random(int(blots.sum()))
    bright = np.clip(np.sin(np.linspace(0, 6, count)) * 0.3 + 0.5 + rng.normal(0, 0.1, count), 0, 1)
    saturation = np.clip(rng.normal(0.5, 0.2, count), 0, 1)
    values = (TICKS_PER_BEAT // 2, TICKS_PER_BEAT, 2 * TICKS_PER_BEAT)
    events: list[Event] = []
    tick, end = 0, tune.bars * tune.meter.bar_ticks
    for h, b, s in zip(hue, bright, saturation, strict=True):
        if tick >= end:
            break
        pitch = _HUE_CLASSES[int(h * 12) % 12] + 12 * (int(b * 3 - 1e-9) - 1)
        duration = min(values[min(2, int(s * 3))], tune.meter.bar_ticks - tick % tune.meter.bar_ticks)
        events.append(Event(tick, duration, pitch))
        tick += duration
    return harmonised(tune, events)


def harmonised(tune: Tune, events: Sequence[Event], phrase_ends: Sequence[int] | None = None) -> Tune:
    """``tune`` with other notes, chords fitted to them, and phrases of four bars unless their ends are given."""
    chords = chords_of(events, tune.key, tune.meter, tune.bars)
    ends = _fours(tune.bars, tune.meter) if phrase_ends is None else tuple(phrase_ends)
    return replace(tune, events=tuple(events), chords=chords, beat_chords=(), phrase_ends=ends)


def _fours(bars: int, meter: Meter) -> tuple[int, ...]:
    return tuple(min(bar, bars) * meter.bar_ticks for bar in range(4, bars + 4, 4))
