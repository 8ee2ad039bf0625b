"""How notes are varied: moved by steps, mirrored, divided, joined, fitted to chords. Rhythm and shape stay known.

Pitches are semitones above the tonic, so that everything here holds in any key.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from composer.compose.tune.rhythm import starts_well
from composer.compose.tune.rules import BANNED_INTERVALS, OCTAVE, chord_scale
from composer.encoding.melody import DURATIONS, Event
from composer.music.chord import Chord
from composer.music.key import MODES, Key
from composer.music.time import TICKS_PER_BEAT, Meter

ORNAMENT_SHARE = 0.75  # share of the longer notes that are divided


def moved(events: Sequence[Event], shift: int) -> list[Event]:
    """The events ``shift`` ticks later."""
    return [Event(e.start + shift, e.duration, e.pitch) for e in events]


def transposed_steps(pitch: int, steps: int, key: Key) -> int:
    """``pitch`` moved by scale steps; a chromatic tone keeps its distance to the scale tone below."""
    degree, alteration = _degree(pitch, key)
    octaves, within = divmod(degree + steps, 7)
    return 12 * octaves + MODES[key.mode][within] + alteration


def _degree(pitch: int, key: Key) -> tuple[int, int]:
    """Scale steps above the tonic of the scale tone at or below ``pitch``, and the semitones over it."""
    scale = MODES[key.mode]
    octave, within = divmod(pitch, 12)
    below = bisect_right(scale, within) - 1
    return 7 * octave + below, within - scale[below]


def sequence(events: Sequence[Event], steps: int, key: Key) -> list[Event]:
    """The events moved by scale steps: the same shape on another degree."""
    return [_at(e, transposed_steps(e.pitch, steps, key)) if e.pitch is not None else e for e in events]


def inverted(events: Sequence[Event], key: Key) -> list[Event]:
    """The events mirrored at their first pitch, counted in scale steps: what rose now falls."""
    axis = next((_degree(e.pitch, key)[0] for e in events if e.pitch is not None), 0)
    return [
        e if e.pitch is None else replace(e, pitch=transposed_steps(0, 2 * axis - _degree(e.pitch, key)[0], key))
        for e in events
    ]


def fit_to_chords(
    events: Sequence[Event], chords: Sequence[Chord], starts: Sequence[int], key: Key, meter: Meter
) -> list[Event]:
    """Moves notes on the beat to the nearest chord tone, others to the nearest tone of the chord's scale."""
    return [
        e if e.pitch is None else _at(e, _nearest(e.pitch, tones_at(e, chords, starts, key, meter))) for e in events
    ]


def tones_at(event: Event, chords: Sequence[Chord], starts: Sequence[int], key: Key, meter: Meter) -> frozenset[int]:
    """Pitch classes above the tonic that may sound at ``event``: chord tones on strong beats and long notes."""
    chord = _sounding(chords, starts, event.start)
    if meter.accent(event.start) >= 2 or event.duration >= TICKS_PER_BEAT:
        return frozenset((c - key.tonic_class) % 12 for c in chord.classes)
    return chord_scale(chord, key)


def fit_to_scales(events: Sequence[Event], chords: Sequence[Chord], starts: Sequence[int], key: Key) -> list[Event]:
    """Moves only notes that lie outside their chord's scale, to the nearest tone of it."""
    return [
        e if e.pitch is None else _at(e, _nearest(e.pitch, chord_scale(_sounding(chords, starts, e.start), key)))
        for e in events
    ]


def _sounding(chords: Sequence[Chord], starts: Sequence[int], tick: int) -> Chord:
    return chords[max(0, bisect_right(starts, tick) - 1)]


def _at(event: Event, pitch: int) -> Event:
    """``event`` at another pitch. Every candidate makes thousands of these, and ``replace`` is slow."""
    return event if pitch == event.pitch else Event(event.start, event.duration, pitch)


def _nearest(pitch: int, classes: frozenset[int]) -> int:
    """The pitch of ``classes`` nearest to ``pitch``, the lower of two."""
    if pitch % 12 in classes:
        return pitch
    return min(range(pitch - 6, pitch + 7), key=lambda p: (p % 12 not in classes, abs(p - pitch), p))


def ornamented(
    events: Sequence[Event], key: Key, meter: Meter, rng: np.random.Generator, share: float = ORNAMENT_SHARE
) -> list[Event]:
    """Divides about ``share`` of the longer notes and takes another way between some others.

    What follows a division passes toward the next note, or is a neighbour that returns; a weak note between two that
    stay becomes another neighbour or passing tone.
    """
    result: list[Event] = []
    for event, following in zip_longest(events, events[1:]):
        chosen = rng.random() < share
        pair = _divided_note(event, following, key, meter, rng) if chosen else None
        if pair is None and chosen and result:
            pair = [_turned(result[-1], event, following, key, meter)]
        result += pair or [event]
    return result


def _turned(before: Event, event: Event, following: Event | None, key: Key, meter: Meter) -> Event:
    """A weak note as another tone on the way from ``before`` to ``following``; itself where there is none."""
    if event.pitch is None or before.pitch is None or following is None or following.pitch is None:
        return event
    if meter.accent(event.start):
        return event
    gap = following.pitch - before.pitch
    if gap == 0:
        direction = -1 if event.pitch > before.pitch else 1
        return replace(event, pitch=transposed_steps(before.pitch, direction, key))
    step = transposed_steps(before.pitch, int(np.sign(gap)), key)
    passes = abs(following.pitch - step) <= 4 and step != following.pitch and step != event.pitch
    return replace(event, pitch=step) if passes else event


def divided(
    events: Sequence[Event], after: Event | None, key: Key, meter: Meter, rng: np.random.Generator, more: int
) -> list[Event]:
    """The events with up to ``more`` notes divided, the longest first; ``after`` is the note that follows them."""
    line = list(events)
    order = sorted(events, key=lambda e: (-e.duration, e.start))
    for event in order[: max(0, more) * 2]:
        if len(line) >= len(events) + more:
            break
        place = line.index(event)
        following = line[place + 1] if place + 1 < len(line) else after
        pair = _divided_note(event, following, key, meter, rng)
        line[place : place + 1] = pair or [event]
    return line


def _divided_note(
    event: Event, following: Event | None, key: Key, meter: Meter, rng: np.random.Generator
) -> list[Event] | None:
    """The note and what leads from it to the next one; None where it is too short or the way too far."""
    division = _division(event, meter)
    if event.pitch is None or following is None or following.pitch is None or not division:
        return None
    gap = following.pitch - event.pitch
    direction = int(np.sign(gap)) or (1 if rng.random() < 0.5 else -1)
    # A passing tone fills a third; a neighbour decorates a repeated note or a step. Larger gaps stay open.
    middle = transposed_steps(event.pitch, direction if abs(gap) >= 3 or gap == 0 else -direction, key)
    if abs(gap) > 4 or abs(middle - event.pitch) > 2 or abs(middle - following.pitch) > 4:
        return None
    return [replace(event, duration=division), Event(event.start + division, event.duration - division, middle)]


def _division(event: Event, meter: Meter) -> int:
    """Ticks after which a note may be divided; 0 where it is too short or hides the beat."""
    if event.start % meter.beat_ticks:
        return 0
    if meter.is_compound:
        return {480: 240, 720: 480}.get(event.duration, 0)
    return event.duration // 2 if event.duration in (480, 960) else 0


def simplified(events: Sequence[Event], meter: Meter, ratio: float) -> list[Event]:
    """Joins the notes of whole beats, weak beats first, then of two beats, down to ``ratio`` of their number.

    The first pitch of each beat stays, by which the tune is known.
    """
    line = list(events)
    wanted = max(1, round(len(line) * ratio))
    for span in (meter.beat_ticks, 2 * meter.beat_ticks):
        starts = sorted({e.start - e.start % span for e in line}, key=lambda tick: (meter.accent(tick), tick))
        for tick in starts:
            if len(line) <= wanted:
                return line
            line = _joined(line, tick, span, meter)
    return line


def _joined(events: list[Event], start: int, span: int, meter: Meter) -> list[Event]:
    """The events with those that fill ``start`` .. ``start + span`` as one note; unchanged where that cannot be."""
    inside = [e for e in events if start <= e.start and e.end <= start + span]
    offset = start % meter.bar_ticks
    fills = len(inside) > 1 and inside[0].start == start and inside[-1].end == start + span
    reads = offset + span <= meter.bar_ticks and span in DURATIONS and starts_well(meter, offset, span)
    if not fills or not reads or inside[0].pitch is None:
        return events
    place = events.index(inside[0])
    return [*events[:place], replace(inside[0], duration=span), *events[place + len(inside) :]]


def eased(
    events: Sequence[Event], before: int | None, tones: Callable[[Event], frozenset[int]], low: int, high: int
) -> list[Event]:
    """The events with a new pitch for each note that cannot be sung after the one before it, ``before`` at first.

    It is the nearest that leads on to the next note as well; a note that no pitch would help stays. ``tones`` gives
    the pitch classes that may sound at an event, ``low`` and ``high`` bound the pitches.
    """
    line: list[Event] = []
    last = before
    for place, event in enumerate(events):
        if event.pitch is None:
            line.append(event)
            continue
        following = next((e.pitch for e in events[place + 1 :] if e.pitch is not None), None)
        pitch = event.pitch
        if not (_is_sung(last, pitch) and low <= pitch <= high):
            near = [p for p in range(max(low, pitch - OCTAVE), min(high, pitch + OCTAVE) + 1) if p % 12 in tones(event)]
            led = [p for p in near if _is_sung(last, p) and _is_sung(p, following)]
            pitch = _nearest_of(led, pitch)
        line.append(replace(event, pitch=pitch))
        last = pitch
    return line


def _nearest_of(pitches: Sequence[int], wanted: int) -> int:
    """The pitch nearest to ``wanted``, the lower of two; ``wanted`` itself if there is none."""
    return min(pitches, key=lambda p: (abs(p - wanted), p), default=wanted)


def _is_sung(first: int | None, second: int | None) -> bool:
    """Whether the step from one pitch to the next is none of the intervals that melodies avoid."""
    if first is None or second is None:
        return True
    size = abs(second - first)
    return size <= OCTAVE and size not in BANNED_INTERVALS
