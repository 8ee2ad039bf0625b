"""The ways to play what both hands strike over one chord, and what going from one chord to the next costs.

The left hand lies on the structural bass. The right hand lies on some chord tone under the tune; where parallels are to
be mended the strokes may also be lightened, turned, or taken in another octave of the bass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

from composer.encoding.figuration import Shape, pitches_of
from composer.music.chord import Chord
from composer.music.pitch import folded

LEFT, RIGHT = 0, 1
ANCHORS = (48, 76)  # where the lowest note of the right hand may lie
LOWEST_BASS, HIGHEST_BASS = 33, 57
_BLOCK_NOTES = 3  # so many notes at once are heard as voices
_PARALLEL, _OUTER_PARALLEL, _WIDE = 14.0, 20.0, 5.0
_OVER_CEILING, _UNDER_LEFT, _LOW, _OTHER_BASS, _LIFT = 6.0, 1.5, 2.0, 1.5, 0.6
_SECOND, _NO_THIRD = 1.5, 1.5  # seconds struck together in all strokes; a chord without its third
_MOTION, _OFF_CENTRE, _OFF_VOICING = 0.16, 0.08, 0.05
_BELOW_TUNE = 6  # semitones from the middle of the right hand to the tune, where there is room
_CENTRE = (60, 69)
_PLAIN_OPTIONS, _RICH_OPTIONS = 14, 40

# Forms: as written; without octaves and notes under the bass; so and the bass bare where the chord begins; so and
# without the right hand's lowest or highest note there; so and without what the left hand plays inside the chord.
AS_WRITTEN, PLAIN, BARE, WITHOUT_LOWEST, WITHOUT_HIGHEST, WITHOUT_INNER = range(6)
_FORM_COSTS = (0.0, 0.7, 1.4, 2.4, 2.8, 3.2)


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one hand strikes: ``length`` in ticks as the figure has it."""

    tick: int
    hand: int
    shape: Shape
    length: int


@dataclass(frozen=True, slots=True)
class Task:
    """The strokes over one chord, with the pitch of its bass, the highest pitch, the lowest voice of the planned
    voicing and how far the instrument reaches (low, high)."""

    strokes: tuple[Stroke, ...]
    chord: Chord
    bass: int
    ceiling: int
    voice: int
    reach: tuple[int, int]
    scale: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One way to play a task: the pitches of each stroke. ``heard`` are the voices of its moment, as
    ``composer.music.voice_leading`` hears them; in a block they sound together, else they are all that sounds."""

    anchor: int
    pitches: tuple[tuple[int, ...], ...]
    heard: tuple[int, ...]
    is_block: bool
    cost: float


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the hands lie and in which form; ``lift`` moves what the left hand plays over its bass by rungs."""

    anchor: int
    bass: int
    form: int = AS_WRITTEN
    lift: int = 0


def options_of(task: Task, is_rich: bool) -> list[Option]:
    """The cheapest ways to play ``task``; rich ones where plain ones made a fault."""
    inside = [p for p in range(*ANCHORS) if p % 12 in task.chord.classes]
    # Over a bass that somebody played higher than any anchor, the hands lie as high as they may.
    anchors = [p for p in inside if p > task.bass] or inside[-1:]
    if any(s.hand == RIGHT for s in task.strokes):
        anchors = ([p for p in anchors if p <= task.ceiling] or anchors[:1])[-6:]
    else:
        anchors = [min(anchors, key=lambda p: abs(p - task.voice))]
    places = [_Place(anchor, task.bass, form) for form in (AS_WRITTEN, PLAIN) for anchor in anchors]
    if is_rich:
        low = max(task.reach[0], LOWEST_BASS)
        others = [p for p in (task.bass - 12, task.bass + 12) if low <= p <= min(HIGHEST_BASS, task.ceiling)]
        places += [_Place(a, task.bass, f, lift) for f, a, lift in product(range(2, 6), anchors, (0, 1, -1))]
        places += [_Place(a, bass, f) for f, a, bass in product((PLAIN, BARE, WITHOUT_INNER), anchors, others)]
        places += [_Place(a, task.bass, f, lift) for f, a, lift in product((AS_WRITTEN, PLAIN), anchors, (1, -1, 2))]
    found: dict[tuple[tuple[int, ...], ...], Option] = {}
    for place in places:
        option = _option(task, place)
        if option.pitches not in found or option.cost < found[option.pitches].cost:
            found[option.pitches] = option
    return sorted(found.values(), key=lambda o: o.cost)[: _RICH_OPTIONS if is_rich else _PLAIN_OPTIONS]


def _option(task: Task, place: _Place) -> Option:
    cost = _FORM_COSTS[place.form] + _OFF_VOICING * abs(place.anchor - task.voice)
    cost += _LIFT * abs(place.lift) + _OTHER_BASS * (place.bass != task.bass)
    hands: tuple[list[int], list[int]] = ([], [])
    pitches = []
    for stroke in task.strokes:
        own = _struck(task, stroke, place)
        kept = tuple(p for p in own if p <= task.ceiling or p == task.bass)
        cost += _OVER_CEILING * (len(own) - len(kept)) / len(task.strokes)
        hands[stroke.hand].extend(kept)
        pitches.append(kept)
        cost += _SECOND * any(b - a <= 2 for a, b in pairwise(kept)) / len(task.strokes)
    cost += _NO_THIRD * all(p % 12 != task.chord.third for p in (*hands[LEFT], *hands[RIGHT]))
    heard, is_block = _heard(task.strokes, pitches)
    if is_block:
        cost += _WIDE * sum(b - a > 12 for a, b in pairwise(heard[1:]))
    return Option(place.anchor, tuple(pitches), heard, is_block, cost + _lie(hands[LEFT], hands[RIGHT], task.ceiling))


def _struck(task: Task, stroke: Stroke, place: _Place) -> tuple[int, ...]:
    """The pitches of one stroke, ascending."""
    shape, opens = stroke.shape, stroke.tick == task.strokes[0].tick
    if place.form != AS_WRITTEN and (shape.octave or shape.start < 0):
        start = -shape.start if stroke.hand == LEFT and shape.start < 0 else shape.start
        shape = replace(shape, octave=False, start=start)
    if stroke.hand == LEFT and shape.start > 0:
        if place.form == WITHOUT_INNER:
            return ()
        if place.lift:
            shape = replace(shape, start=max(1, shape.start + place.lift))
    own = pitches_of(shape, place.bass if stroke.hand == LEFT else place.anchor, task.chord, task.scale)
    if len(own) > 1:
        if stroke.hand == LEFT and place.form >= BARE and (opens or place.form == WITHOUT_INNER):
            own = own[:1]
        elif stroke.hand == RIGHT and opens and place.form == WITHOUT_LOWEST:
            own = own[1:]
        elif stroke.hand == RIGHT and opens and place.form == WITHOUT_HIGHEST:
            own = own[:-1]
    low, high = task.reach
    if own[0] >= low and own[-1] <= high:
        return own
    return tuple(sorted({folded(p, low, high) for p in own}))


def _lie(left: Sequence[int], right: Sequence[int], ceiling: int) -> float:
    """What it costs where the right hand lies: far from the middle of its room, low, among the left hand's notes."""
    if not right:
        return 0.0
    centre = min(max(ceiling - _BELOW_TUNE, _CENTRE[0]), _CENTRE[1])
    cost = _OFF_CENTRE * abs((min(right) + max(right)) / 2 - centre) + _LOW * (min(right) < 50)
    if left:
        cost += _UNDER_LEFT * ((min(right) <= max(left)) + (min(right) <= min(left)))
    return cost


def _heard(strokes: Sequence[Stroke], pitches: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], bool]:
    """The first block of three notes with the low note before it, else all pitches; and whether it is a block."""
    onsets: dict[int, set[int]] = {}
    for stroke, own in zip(strokes, pitches, strict=True):
        if own:
            onsets.setdefault(stroke.tick, set()).update(own)
    struck = [onsets[tick] for tick in sorted(onsets)]
    if not struck:
        return (), False
    block = next((chord for chord in struck if len(chord) >= _BLOCK_NOTES), None)
    if block is None:
        return tuple(sorted(set().union(*struck))), False
    low = min(struck[0])
    return tuple(sorted(block | {low} if low < min(block) else block)), True


def move_cost(before: Option, after: Option, top_before: int, tops: tuple[int, int]) -> float:
    """What going from one chord to the next costs.

    ``top_before`` is the melody where the first chord begins, ``tops`` the melody just before the second and at it.
    """
    cost = _MOTION * abs(after.anchor - before.anchor)
    if not before.heard or not after.heard:
        return cost
    low0, low1 = before.heard[0], after.heard[0]
    for top in {tops[0], top_before}:
        cost += _OUTER_PARALLEL * is_parallel(low0, low1, top, tops[1])
    one, two = (*before.heard, top_before), (*after.heard, tops[1])
    if len(one) == len(two) and _are_voices(before, after, one, two):
        for i in range(len(one) - 1):
            for j in range(i + 1, len(one)):
                cost += _PARALLEL * is_parallel(one[i], two[i], one[j], two[j])
    return cost


def _are_voices(before: Option, after: Option, one: tuple[int, ...], two: tuple[int, ...]) -> bool:
    """Whether all pitches can be followed as voices from chord to chord."""
    if before.is_block and after.is_block:
        return True
    jumps = any(abs(b - a) > 12 for a, b in zip(one, two, strict=True))
    clear = all(o.is_block or o.heard[-1] - 12 not in o.heard[1:-1] for o in (before, after))
    return clear and not jumps


def is_parallel(low0: int, low1: int, high0: int, high1: int) -> bool:
    """Whether two voices move in the same direction from a fifth or octave to another."""
    low, high = low1 - low0, high1 - high0
    if not low or not high or (low > 0) != (high > 0):
        return False
    interval = (high0 - low0) % 12
    return interval in (0, 7) and interval == (high1 - low1) % 12
