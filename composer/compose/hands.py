"""Figures -> notes: where the right hand lies over each chord, and what both hands then play.

The left hand's anchor is the structural bass. The right hand's is chosen for all chords at once (Viterbi): little
motion, room under the tune and over the left hand, and no parallels between any of the voices that a listener hears.
Where a doubled octave or a note under the bass would make one, the chord is played without it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np

from composer.compose.slots import Costs, cheapest_path
from composer.compose.sounding import trimmed
from composer.encoding.figuration import DURATIONS, PULSES, SHAPES, Figure, FigureFrame, Shape, pitches_of
from composer.music.chord import Chord
from composer.music.notes import Note

LEFT, RIGHT = 0, 1
ANCHORS = (48, 74)  # where the lowest note of the right hand may lie
_BLOCK_NOTES = 3  # so many notes at once are heard as voices
_PARALLEL, _OUTER_PARALLEL, _WIDE = 14.0, 20.0, 5.0
_OVER_CEILING, _UNDER_LEFT, _LOW, _OTHER_BASS, _LIFT = 6.0, 1.5, 2.0, 1.5, 0.6
_MOTION, _OFF_CENTRE, _OFF_VOICING = 0.16, 0.08, 0.05
_OPTIONS, _OTHER_OPTIONS = 12, 3  # of each bass, the planned one and its octaves, that are weighed
LOWEST_BASS, HIGHEST_BASS = 33, 57
_ROUNDS = 6  # of laying the hands anew around what the checker of voice leading found
_BELOW_TUNE = 8  # semitones from the middle of the right hand to the tune, where there is room
_CENTRE = (57, 67)
_STEP = 2
_VELOCITIES = {LEFT: (84, 70), RIGHT: (68, 62)}  # on a beat, off it


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one hand strikes: ``length`` in ticks as the figure has it."""

    tick: int
    hand: int
    shape: Shape
    length: int


@dataclass(frozen=True, slots=True)
class Played:
    """The notes of both hands, in order."""

    left: tuple[Note, ...]
    right: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Option:
    """One way to play the strokes over a chord: pitches of each stroke; ``heard`` are the voices of its moment,
    ``lowest`` is the lowest note of all."""

    anchor: int
    pitches: tuple[tuple[int, ...], ...]
    heard: tuple[int, ...]
    is_block: bool
    lowest: int
    cost: float


def played(
    figures: Sequence[Figure],
    frame: FigureFrame,
    ceilings: Sequence[int],
    voicings: Sequence[tuple[int, ...]],
    reach: tuple[int, int],
    faults: Callable[[Played], Sequence[int]] = lambda hands: (),
) -> Played:
    """``figures`` as notes within ``reach`` (low, high); ``ceilings`` and ``voicings`` (low to high) per chord.

    ``faults`` tells the ticks of parallels in what both hands play: those chords are laid differently as far as can be.
    """
    strokes = _strokes(figures, frame)
    options = [
        _options(own, frame, index, ceilings[index], voicings[index], reach) for index, own in enumerate(strokes)
    ]
    local = [np.array([o.cost for o in found]) for found in options]
    tops = [_top(frame, span.start) for span in frame.chords]
    steps = [
        np.array([[_move(a, b, before, after) for b in options[i + 1]] for a in options[i]])
        for i, (before, after) in enumerate(pairwise(tops))
    ]
    best, fewest = Played((), ()), -1
    for _ in range(_ROUNDS):
        path = cheapest_path(local, steps)
        hands = _sounding(strokes, [found[choice] for found, choice in zip(options, path, strict=True)], frame)
        ticks = faults(hands)
        if fewest < 0 or len(ticks) < fewest:
            best, fewest = hands, len(ticks)
        if not ticks:
            break
        _forbid(ticks, path, frame, local, steps)
    return best


def _forbid(
    ticks: Sequence[int], path: Sequence[int], frame: FigureFrame, local: list[Costs], steps: list[Costs]
) -> None:
    """Make what was chosen at the faults dear: the move into a chord, or what is played over it."""
    starts = [s.start for s in frame.chords]
    for tick in ticks:
        span = max(0, bisect_right(starts, tick) - 1)
        if tick == starts[span] and span:
            steps[span - 1][path[span - 1], path[span]] += _OUTER_PARALLEL
        else:
            local[span][path[span]] += _PARALLEL


def _sounding(strokes: Sequence[Sequence[Stroke]], chosen: Sequence[_Option], frame: FigureFrame) -> Played:
    """The notes of both hands as the options say."""
    hands: tuple[list[Note], list[Note]] = ([], [])
    for index, (own, option) in enumerate(zip(strokes, chosen, strict=True)):
        for stroke, pitches in zip(own, option.pitches, strict=True):
            hands[stroke.hand].extend(_notes(stroke, pitches, frame, index))
    left = trimmed(_resolved(hands[LEFT], frame))
    return Played(left, _without_doubles(left, trimmed(_resolved(hands[RIGHT], frame))))


def _strokes(figures: Sequence[Figure], frame: FigureFrame) -> list[list[Stroke]]:
    """The strokes over each chord, the left hand's first where both strike."""
    found: list[list[Stroke]] = [[] for _ in frame.chords]
    starts = [s.start for s in frame.chords]
    for bar, figure in enumerate(figures):
        for index, step in enumerate(figure.steps):
            tick = bar * frame.meter.bar_ticks + index * PULSES[figure.pulse]
            span = max(0, bisect_right(starts, tick) - 1)
            for hand, token, length in ((LEFT, step.left, step.left_length), (RIGHT, step.right, step.right_length)):
                shape = SHAPES[token]
                if shape is not None:
                    found[span].append(Stroke(tick, hand, shape, DURATIONS[length]))
    return found


def _options(
    strokes: Sequence[Stroke],
    frame: FigureFrame,
    index: int,
    ceiling: int,
    voicing: Sequence[int],
    reach: tuple[int, int],
) -> list[_Option]:
    """The cheapest ways to play ``strokes``: places of the right hand and of the bass, and lighter forms of both."""
    chord, bass = frame.chords[index].chord, frame.basses[index]
    anchors = [p for p in range(*ANCHORS) if p % 12 in chord.classes and p > bass]
    if any(s.hand == RIGHT for s in strokes):
        anchors = ([p for p in anchors if p <= ceiling] or anchors[:1])[-7:]
    else:
        anchors = [min(anchors, key=lambda p: abs(p - voicing[0]))]
    basses = [p for p in (bass, bass - 12, bass + 12) if max(reach[0], LOWEST_BASS) <= p <= HIGHEST_BASS] or [bass]
    # A left hand that plays alone may take the chord over its bass in another position.
    lifts = (0,) if len(anchors) > 1 else (0, 1, -1, 2)
    kept: list[_Option] = []
    for place in basses:
        found: dict[tuple[tuple[int, ...], ...], _Option] = {}
        for form, anchor, lift in product(_FORMS, anchors, lifts):
            option = _option(strokes, frame, index, ceiling, voicing, reach, _Place(anchor, place, form, lift))
            if option.pitches not in found or option.cost < found[option.pitches].cost:
                found[option.pitches] = option
        kept += sorted(found.values(), key=lambda o: o.cost)[: _OPTIONS if place == bass else _OTHER_OPTIONS]
    return kept


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the hands lie, and in which form they play: as written; without octaves and notes under the bass; so and
    with one right-hand note less where the chord begins (the lowest or the highest). ``lift`` moves what the left hand
    plays over its bass by so many rungs."""

    anchor: int
    bass: int
    form: str
    lift: int = 0


AS_WRITTEN, PLAIN, WITHOUT_LOWEST, WITHOUT_HIGHEST = _FORMS = ("as written", "plain", "without low", "without high")
_FORM_COSTS = {AS_WRITTEN: 0.0, PLAIN: 0.7, WITHOUT_LOWEST: 2.0, WITHOUT_HIGHEST: 2.4}


def _option(
    strokes: Sequence[Stroke],
    frame: FigureFrame,
    index: int,
    ceiling: int,
    voicing: Sequence[int],
    reach: tuple[int, int],
    place: _Place,
) -> _Option:
    chord = frame.chords[index].chord
    cost = _FORM_COSTS[place.form] + _OFF_VOICING * abs(place.anchor - voicing[0])
    cost += _LIFT * abs(place.lift) + _OTHER_BASS * (place.bass != frame.basses[index])
    hands: tuple[list[int], list[int]] = ([], [])
    pitches = []
    for stroke in strokes:
        shape = stroke.shape if place.form == AS_WRITTEN else _plain(stroke.shape, stroke.hand)
        if stroke.hand == LEFT and shape.start > 0:
            shape = replace(shape, start=max(1, shape.start + place.lift))
        anchor = place.bass if stroke.hand == LEFT else place.anchor
        own = pitches_of(shape, anchor, chord, frame.key.scale)
        if stroke.hand == RIGHT and stroke.tick == strokes[0].tick and len(own) > 1:
            own = own[1:] if place.form == WITHOUT_LOWEST else own[:-1] if place.form == WITHOUT_HIGHEST else own
        kept = tuple(sorted({_within(p, *reach) for p in own if p <= ceiling or stroke.hand == LEFT}))
        cost += _OVER_CEILING * (len(own) - len(kept)) / max(1, len(strokes))
        hands[stroke.hand].extend(kept)
        pitches.append(kept)
    heard, is_block = _heard(strokes, pitches)
    if is_block:
        cost += _WIDE * sum(b - a > 12 for a, b in pairwise(heard[1:]))
    lowest = min((*hands[LEFT], *hands[RIGHT]), default=place.bass)
    cost += _lie(hands[LEFT], hands[RIGHT], ceiling)
    return _Option(place.anchor, tuple(pitches), heard, is_block, lowest, cost)


def _lie(left: Sequence[int], right: Sequence[int], ceiling: int) -> float:
    """What it costs where the right hand lies: far from the middle of its room, low, among the left hand's notes."""
    if not right:
        return 0.0
    centre = min(max(ceiling - _BELOW_TUNE, _CENTRE[0]), _CENTRE[1])
    cost = _OFF_CENTRE * abs((min(right) + max(right)) / 2 - centre) + _LOW * (min(right) < 50)
    if left:
        cost += _UNDER_LEFT * ((min(right) <= max(left)) + (min(right) <= min(left)))
    return cost


def _plain(shape: Shape, hand: int) -> Shape:
    shape = replace(shape, octave=False)
    return replace(shape, start=-shape.start) if hand == LEFT and shape.start < 0 else shape


def _within(pitch: int, low: int, high: int) -> int:
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return pitch


def _heard(strokes: Sequence[Stroke], pitches: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], bool]:
    """The voices of a chord as ``composer.music.voice_leading`` hears them: its first block, else all its pitches."""
    if not strokes:
        return (), False
    first = {p for s, own in zip(strokes, pitches, strict=True) if s.tick == strokes[0].tick for p in own}
    if len(first) >= _BLOCK_NOTES:
        return tuple(sorted(first)), True
    return tuple(sorted({p for own in pitches for p in own})), False


def _top(frame: FigureFrame, tick: int) -> tuple[int, int]:
    """The melody's pitch just before ``tick`` and at it."""
    melody = frame.melody
    if not melody:
        return 127, 127
    place = bisect_right(melody, tick, key=lambda n: n.start) - 1
    at = melody[max(0, place)]
    before = melody[max(0, place - 1)] if place > 0 and at.start == tick else at
    return before.pitch, at.pitch


def _move(before: _Option, after: _Option, top_before: tuple[int, int], top_after: tuple[int, int]) -> float:
    """What going from one chord to the next costs; the tops are the melody just before and at each chord's start."""
    cost = _MOTION * abs(after.anchor - before.anchor)
    if not before.heard or not after.heard:
        return cost
    for low0, low1 in {(before.lowest, after.lowest), (before.heard[0], after.heard[0])}:
        for top in (top_after[0], top_before[1]):
            cost += _OUTER_PARALLEL * _is_parallel(low0, low1, top, top_after[1])
    one, two = (*before.heard, top_before[1]), (*after.heard, top_after[1])
    if len(one) == len(two) and _are_voices(before, after, one, two):
        for i in range(len(one) - 1):
            for j in range(i + 1, len(one)):
                cost += _PARALLEL * _is_parallel(one[i], two[i], one[j], two[j])
    return cost


def _are_voices(before: _Option, after: _Option, one: tuple[int, ...], two: tuple[int, ...]) -> bool:
    """Whether all pitches can be followed as voices from chord to chord."""
    if before.is_block and after.is_block:
        return True
    jumps = any(abs(b - a) > 12 for a, b in zip(one, two, strict=True))
    clear = all(o.is_block or o.heard[-1] - 12 not in o.heard[1:-1] for o in (before, after))
    return clear and not jumps


def _is_parallel(low0: int, low1: int, high0: int, high1: int) -> bool:
    low, high = low1 - low0, high1 - high0
    if not low or not high or (low > 0) != (high > 0):
        return False
    interval = (high0 - low0) % 12
    return interval in (0, 7) and interval == (high1 - low1) % 12


def _notes(stroke: Stroke, pitches: Sequence[int], frame: FigureFrame, index: int) -> list[Note]:
    """The stroke's notes, ended with their chord at the latest; in the last bar held to its end."""
    meter, end = frame.meter, frame.chords[index].end
    is_last = stroke.tick >= (frame.bars - 1) * meter.bar_ticks
    length = end - stroke.tick if is_last else min(stroke.length, end - stroke.tick)
    velocity = _VELOCITIES[stroke.hand][meter.accent(stroke.tick) == 0]
    return [Note(stroke.tick, pitch, length, velocity) for pitch in pitches]


def _resolved(notes: Sequence[Note], frame: FigureFrame) -> list[Note]:
    """The hand's notes with every tone outside its chord that does not go on by step put back into the chord."""
    ordered = sorted(notes)
    found = []
    for index, note in enumerate(ordered):
        chord = _chord_at(frame, note.start)
        if note.pitch % 12 not in chord.classes:
            following = next((n for n in ordered[index + 1 :] if n.start > note.start), None)
            if following is None or not 0 < abs(following.pitch - note.pitch) <= _STEP:
                near = [p for p in range(note.pitch - 4, note.pitch) if p % 12 in chord.classes]
                note = replace(note, pitch=near[-1] if near else note.pitch)
        found.append(note)
    return found


def _chord_at(frame: FigureFrame, tick: int) -> Chord:
    place = bisect_right(frame.chords, tick, key=lambda s: s.start) - 1
    return frame.chords[max(0, place)].chord


def _without_doubles(left: Sequence[Note], right: Sequence[Note]) -> tuple[Note, ...]:
    """The right hand without notes that the left one sounds already, ended where the left one strikes them."""
    by_pitch: dict[int, list[Note]] = {}
    for note in left:
        by_pitch.setdefault(note.pitch, []).append(note)
    kept = []
    for note in right:
        others = by_pitch.get(note.pitch, [])
        if any(o.start <= note.start < o.end for o in others):
            continue
        stop = min([o.start for o in others if note.start < o.start < note.end], default=note.end)
        kept.append(replace(note, duration=stop - note.start))
    return tuple(kept)
