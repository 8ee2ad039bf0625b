"""Operators that make a phrase out of an earlier one: what returns, and how it differs.

``kept_of`` is the one way in. Each operator works on rhythm, scale degrees and chords, so that its result fits where
it stands, and gives a prefix of the new phrase: the rest is for the melody writer to compose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from composer.compose.form import phrase
from composer.compose.tune.rhythm import starts_well
from composer.compose.tune.variation import (
    divided,
    eased,
    fit_to_chords,
    fit_to_scales,
    inverted,
    moved,
    ornamented,
    sequence,
    simplified,
    tones_at,
    transposed_steps,
)
from composer.encoding.melody import DURATIONS, Event
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT, Meter

OCTAVE_STEPS = 7
SEQUENCE_STEPS = 3  # the furthest that a sequence moves, in scale steps
NEAR_SEMITONES = 2.0  # a register this near to the source's leaves the direction of a sequence to chance
# Kept notes are joined or divided where a bar shall have fewer or more than these times their number; what returns
# literally is left alone longer.
CLOSE, LITERAL = (0.76, 1.3), (0.55, 1.8)
_Operator = Callable[[list[Event], "Setting"], "Kept"]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a derived phrase stands.

    ``start`` is the tick of its first bar line and ``bars`` its length; its final note lasts from ``onset`` to ``end``;
    ``shift`` is the distance in ticks from the source's first bar line and ``source_bars`` the source's length.
    ``pickup`` is the phrase's own anacrusis. ``chords`` begin at the ticks ``chord_starts``. ``low``, ``high`` and
    ``register`` (the wanted mean) are semitones above the tonic that events count from; ``density_npq`` is the wanted
    number of notes to the quarter, ``bar_npq`` that of each bar (all like the phrase if empty).
    """

    key: Key
    meter: Meter
    chords: Sequence[Chord]
    chord_starts: Sequence[int]
    start: int
    bars: int
    onset: int
    end: int
    shift: int
    source_bars: int
    same_cadence: bool
    low: int
    high: int
    register: float
    density_npq: float
    rng: np.random.Generator
    pickup: int = 0
    bar_npq: tuple[float, ...] = ()

    def bar_start(self, bar: int) -> int:
        """The tick at which bar ``bar`` (from 0) of the phrase begins."""
        return self.start + bar * self.meter.bar_ticks


@dataclass(frozen=True, slots=True)
class Kept:
    """What a phrase keeps of its source, from the tick ``begins`` on: notes as they are (``events``, without gaps),
    or durations in order that want new pitches (``rhythm``). Never both; both may be empty."""

    events: tuple[Event, ...] = ()
    rhythm: tuple[int, ...] = ()
    begins: int = 0


def kept_of(operator: str, source_events: Sequence[Event], setting: Setting) -> Kept:
    """What ``operator`` (one of ``composer.compose.form.phrase.OPERATORS``) keeps of ``source_events``.

    The writer first composes its own notes up to ``Kept.begins`` (a pick-up that the source lacks; otherwise that is
    where the phrase begins), then takes ``events`` as they are or fills ``rhythm`` with new pitches, then composes on
    from there to the cadence. Nothing that is kept reaches ``setting.onset``, unless the whole phrase is a literal
    copy: then its last note is the cadence's own. ``source_events`` stand where they stood in the source, pick-up
    included; nothing in them is changed. If the kept notes cannot be sung after what comes before, ``singable``
    mends the notes in the way; where that fails, ``rhythm_of`` keeps at least the rhythm.
    """
    if operator == phrase.NEW or not source_events:
        return Kept(begins=setting.start - setting.pickup)
    return _OPERATORS[operator](_placed(source_events, setting), setting)


def singable(kept: Kept, before: int | None, setting: Setting) -> Kept:
    """``kept`` with other pitches for the few notes that cannot be sung after ``before`` or after each other."""

    def tones(event: Event) -> frozenset[int]:
        return tones_at(event, setting.chords, setting.chord_starts, setting.key, setting.meter)

    return replace(kept, events=tuple(eased(kept.events, before, tones, setting.low, setting.high)))


def rhythm_of(source_events: Sequence[Event], setting: Setting) -> Kept:
    """The source's rhythm alone, up to the final note."""
    return _same_rhythm(_placed(source_events, setting), setting)


# -- the operators: events at the new phrase's ticks -> what is kept of them


def _copy(events: list[Event], setting: Setting) -> Kept:
    final = next((e for e in events if e.start == setting.onset), None)
    if final and setting.same_cadence and setting.bars == setting.source_bars:
        before = _matched([e for e in events if e.end <= setting.onset], setting, LITERAL)
        whole = [*before, replace(final, duration=setting.end - setting.onset)]
        return Kept(events=tuple(_lawful(whole, setting)), begins=_begins(whole, setting))
    return _kept(_matched(_until(events, setting, max(1, setting.bars - 1)), setting, LITERAL), setting)


def _new_end(events: list[Event], setting: Setting) -> Kept:
    most = max(1, setting.bars - 1)
    head = _until(events, setting, int(setting.rng.integers(max(1, setting.bars // 2), most + 1)))
    return _kept(_matched(head, setting, LITERAL), setting)


def _same_rhythm(events: list[Event], setting: Setting) -> Kept:
    inside = _matched([e for e in _until(events, setting, setting.bars) if e.end <= setting.onset], setting)
    return Kept(rhythm=tuple(e.duration for e in inside), begins=_begins(inside, setting))


def _sequence(events: list[Event], setting: Setting) -> Kept:
    head = _until(events, setting, _most_bars(setting))
    moved_head = sequence(head, _steps_toward(head, setting), setting.key)
    return _kept(_matched(_chorded(moved_head, setting), setting), setting)


def _fit_chord(events: list[Event], setting: Setting) -> Kept:
    return _kept(_matched(_chorded(_until(events, setting, _most_bars(setting)), setting), setting), setting)


def _ornament(events: list[Event], setting: Setting) -> Kept:
    head, tail = _split(_until(events, setting, _most_bars(setting)), setting)
    decorated = _at_home(ornamented(tail, setting.key, setting.meter, setting.rng), setting)
    return _kept(_matched([*head, *decorated], setting, (LITERAL[0], CLOSE[1])), setting)


def _simplify(events: list[Event], setting: Setting) -> Kept:
    head = _until(events, setting, _most_bars(setting))
    wanted = setting.density_npq / max(_density(head, setting), 1e-6)
    plain = _at_home(simplified(head, setting.meter, min(wanted, CLOSE[0])), setting)
    return _kept(_matched(plain, setting), setting)


def _invert(events: list[Event], setting: Setting) -> Kept:
    turned = _lifted(inverted(_until(events, setting, _most_bars(setting)), setting.key), setting)
    return _kept(_matched(_chorded(turned, setting), setting), setting)


def _octave(events: list[Event], setting: Setting) -> Kept:
    head = _until(events, setting, _most_bars(setting))
    pitches = [e.pitch for e in head if e.pitch is not None]
    if pitches:
        octaves = [o for o in (12, 0, -12) if setting.low <= min(pitches) + o and max(pitches) + o <= setting.high]
        chosen = min(octaves or [0], key=lambda o: abs(float(np.mean(pitches)) + o - setting.register))
        head = [e if e.pitch is None else replace(e, pitch=e.pitch + chosen) for e in head]
    return _kept(_matched(_at_home(head, setting), setting), setting)


def _fragment(events: list[Event], setting: Setting) -> Kept:
    """The first bar of the source again and again, each time a step further: half of the phrase."""
    bar_ticks = setting.meter.bar_ticks
    motif = [e for e in events if setting.start <= e.start and e.end <= setting.start + bar_ticks]
    if not motif or motif[0].start != setting.start or motif[-1].end != setting.start + bar_ticks:
        return _same_rhythm(events, setting)
    direction = 1 if _steps_toward(motif, setting) > 0 else -1
    line: list[Event] = []
    for turn in range(max(1, setting.bars // 2)):
        line += sequence(moved(motif, turn * bar_ticks), direction * turn, setting.key)
    return _kept(_matched(_chorded(line, setting), setting, LITERAL), setting)


def _augment(events: list[Event], setting: Setting) -> Kept:
    """The source at half its speed, as far as it can be read and the phrase has room."""
    stretched: list[Event] = []
    limit = setting.bar_start(max(1, setting.bars - 1))
    for event in events:
        if event.start < setting.start:
            continue
        slow = Event(setting.start + 2 * (event.start - setting.start), 2 * event.duration, event.pitch)
        offset = (slow.start - setting.start) % setting.meter.bar_ticks
        fits = slow.end <= limit and offset + slow.duration <= setting.meter.bar_ticks
        if slow.duration not in DURATIONS or not fits or not starts_well(setting.meter, offset, slow.duration):
            break
        stretched.append(slow)
    return _kept(_chorded(stretched, setting), setting)


_OPERATORS: dict[str, _Operator] = {
    phrase.COPY: _copy,
    phrase.NEW_END: _new_end,
    phrase.SAME_RHYTHM: _same_rhythm,
    phrase.SEQUENCE: _sequence,
    phrase.FIT_CHORD: _fit_chord,
    phrase.ORNAMENT: _ornament,
    phrase.SIMPLIFY: _simplify,
    phrase.INVERT: _invert,
    phrase.OCTAVE: _octave,
    phrase.FRAGMENT: _fragment,
    phrase.AUGMENT: _augment,
}


# -- what they share


def _placed(events: Sequence[Event], setting: Setting) -> list[Event]:
    """The source's events at the new phrase's ticks, without a pick-up that the phrase does not have."""
    earliest = setting.start - setting.pickup
    placed = [e for e in moved(events, setting.shift) if e.start >= earliest]
    has_pickup = bool(placed) and placed[0].start == earliest
    return placed if has_pickup else [e for e in placed if e.start >= setting.start]


def _kept(events: Sequence[Event], setting: Setting) -> Kept:
    """``events`` before the final note, where the chords forbid a tone with its nearest neighbour."""
    before = _lawful([e for e in events if e.end <= setting.onset], setting)
    return Kept(events=tuple(before), begins=_begins(before, setting))


def _begins(events: Sequence[Event], setting: Setting) -> int:
    return events[0].start if events else setting.start - setting.pickup


def _until(events: Sequence[Event], setting: Setting, bars: int) -> list[Event]:
    """The events within the first ``bars`` bars."""
    return [e for e in events if e.end <= setting.bar_start(bars)]


def _most_bars(setting: Setting) -> int:
    """How much of a varied phrase comes from its source: all but the cadence, at most three bars."""
    return max(1, min(setting.bars - 1, 3))


def _split(events: Sequence[Event], setting: Setting) -> tuple[list[Event], list[Event]]:
    """The first bar, by which one hears what returns, and the rest."""
    second = setting.bar_start(1)
    return [e for e in events if e.start < second], [e for e in events if e.start >= second]


def _chorded(events: Sequence[Event], setting: Setting) -> list[Event]:
    return fit_to_chords(events, setting.chords, setting.chord_starts, setting.key, setting.meter)


def _lawful(events: Sequence[Event], setting: Setting) -> list[Event]:
    return fit_to_scales(events, setting.chords, setting.chord_starts, setting.key)


def _at_home(events: list[Event], setting: Setting) -> list[Event]:
    """Fitted to the chords where these may differ from the source's: before another cadence."""
    if setting.same_cadence:
        return events
    head, tail = _split(events, setting)
    return [*head, *_chorded(tail, setting)]


def _density(events: Sequence[Event], setting: Setting) -> float:
    """Notes to the quarter; 0 without events."""
    ticks = sum(e.duration for e in events)
    return sum(e.pitch is not None for e in events) * TICKS_PER_BEAT / ticks if ticks else 0.0


def _matched(events: Sequence[Event], setting: Setting, bounds: tuple[float, float] = CLOSE) -> list[Event]:
    """The events with notes divided or joined in each full bar whose density lies outside ``bounds`` of its target."""
    bar_ticks = setting.meter.bar_ticks
    bars = sorted({(e.start - setting.start) // bar_ticks for e in events})
    result: list[Event] = []
    for bar in bars:
        inside = [e for e in events if (e.start - setting.start) // bar_ticks == bar]
        after = next((e for e in events if e.start >= setting.bar_start(bar + 1)), None)
        count = sum(e.pitch is not None for e in inside)
        is_full = sum(e.duration for e in inside) == bar_ticks
        wanted = _npq(setting, bar) * bar_ticks / TICKS_PER_BEAT
        if not is_full or not count or bounds[0] <= wanted / count <= bounds[1]:
            result += inside
        elif wanted > count:
            result += divided(inside, after, setting.key, setting.meter, setting.rng, round(wanted) - count)
        else:
            result += simplified(inside, setting.meter, wanted / count)
    return result


def _npq(setting: Setting, bar: int) -> float:
    """Notes to the quarter that bar ``bar`` of the phrase shall have."""
    return setting.bar_npq[bar] if 0 <= bar < len(setting.bar_npq) else setting.density_npq


def _lifted(events: list[Event], setting: Setting) -> list[Event]:
    """The events moved by as many scale steps as bring them nearest to the register, within the range if they fit."""
    pitches = [e.pitch for e in events if e.pitch is not None]
    if not pitches:
        return events

    def cost(steps: int) -> tuple[bool, float, int]:
        line = [transposed_steps(p, steps, setting.key) for p in pitches]
        leaves = min(line) < setting.low or max(line) > setting.high
        return leaves, abs(float(np.mean(line)) - setting.register), abs(steps)

    return sequence(events, min(range(-OCTAVE_STEPS, OCTAVE_STEPS + 1), key=cost), setting.key)


def _steps_toward(events: Sequence[Event], setting: Setting) -> int:
    """One to three scale steps up or down: toward the register, and within the range."""
    pitches = [e.pitch for e in events if e.pitch is not None]
    if not pitches:
        return 1
    gap = setting.register - float(np.mean(pitches))
    toward = [n for n in range(-SEQUENCE_STEPS, SEQUENCE_STEPS + 1) if n]
    shifted = {n: [transposed_steps(p, n, setting.key) for p in pitches] for n in toward}
    fitting = [n for n in toward if setting.low <= min(shifted[n]) and max(shifted[n]) <= setting.high] or toward
    if abs(gap) > NEAR_SEMITONES:
        return min(fitting, key=lambda n: (abs(float(np.mean(shifted[n])) - setting.register), n))
    near = [n for n in fitting if abs(n) <= 2] or fitting
    return int(near[int(setting.rng.integers(len(near)))])
