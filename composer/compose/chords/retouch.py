"""Chords once more, when the tune stands: bars whose harmony is calmer or tenser than planned get another chord.

Chords are drawn before the tune, and a phrase that returns brings those of its source with it. So a return that shall
be tenser than its source is not. Here every phrase is gone through again, by Viterbi over bars or half bars: a chord
goes only where the tune fits the new one as well, where the new one follows and leads on as chords do, and where that
brings the bar nearer to its tension. Cadences stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.cadences import CHROMATIC_TENSION, parts_of, plan_key, tension_at
from composer.compose.chords.fit import Sung, fit_of, sung_in
from composer.compose.chords.harmony import Bar
from composer.compose.chords.search import HELD_BARS
from composer.compose.chords.table import Harmony, ModeTable
from composer.compose.chords.variety import RICH_CHORDS, see_saws
from composer.compose.form.plan import HALF, Phrase, Plan
from composer.encoding.harmony import raw_of_level
from composer.encoding.melody import Event
from composer.formats.brief.brief import Brief
from composer.music.chord import QUALITIES, Chord
from composer.music.key import Key

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
TENSION_WIDTH = 0.06  # raw tension; a bar that far from its target pays half a nat
CHANGE_COST = 0.8  # nats for a bar that gets another chord ...
RETURN_COST = 0.4  # ... and more of them where a phrase brings its chords back
FIT_LOSS = 0.1  # of a fit of -2..1 that a new chord may cost
FIT_GAIN = 1.0  # nats for a fit that is better by 1
HABIT = 0.5  # weight of which chord follows which
SPLIT_COST = 0.8  # nats for a second chord in a bar that had one
STAY_COST = 0.7  # nats for a root that stays over the bar line
LATE_TENSION = 0.6  # above it the tonic of a close may come late, after its fourth or its dominant
OPEN_TENSION = 0.75  # above it a phrase may stop on V7


@dataclass(frozen=True, slots=True)
class _Slot:
    """Ticks ``start`` .. ``end`` of ``bar``, which have ``chord`` so far; ``share`` of the bar."""

    bar: int
    start: int
    end: int
    chord: Chord
    share: float
    is_fixed: bool


def retouched(
    chords: Sequence[Bar],
    plan: Plan,
    brief: Brief,
    harmony: Harmony,
    events: Sequence[Event],
    standing: Collection[int] = (),
) -> tuple[Bar, ...]:
    """The chords of every bar, nearer to the plan's tension where ``events`` (semitones above the tonic) allow.

    Chords that the brief writes stay, and those of the bars ``standing``. No draws: the same tune gets the same chords.
    """
    stays = frozenset(standing)
    written = stays | {change.bar - 1 for change in brief.bars_ if change.chord}
    bars = list(chords)
    for phrase in plan.phrases:
        if brief.form[phrase.section].chords or stays.issuperset(range(phrase.first, phrase.last + 1)):
            continue
        table = harmony.table(plan_key(plan, phrase))
        found = _phrase(bars, phrase, plan, table, events, written)
        trial = [*bars[: phrase.first], *found, *bars[phrase.last + 1 :]]
        is_poorer = _roots(found) < min(RICH_CHORDS, _roots(bars[phrase.first : phrase.last + 1]))
        if not is_poorer and _monotony(trial) <= _monotony(bars):
            bars = trial
    return tuple(bars)


def _phrase(
    bars: Sequence[Bar], phrase: Phrase, plan: Plan, table: ModeTable, events: Sequence[Event], written: frozenset[int]
) -> list[Bar]:
    """The bars of the phrase, retouched."""
    key = plan_key(plan, phrase)
    slots = _slots(bars, phrase, plan, table, written)
    allowed = _allowed(slots, phrase, plan, table)
    now = [table.index_of(slot.chord, key) for slot in slots]
    shift = (key.tonic_class - plan.key.tonic_class) % 12
    scores = np.array(
        [
            _scores(slot, index, phrase, plan, table, sung_in(events, slot.start, slot.end, plan.meter, shift))
            for slot, index in zip(slots, now, strict=True)
        ]
    )
    before = None if phrase.first == 0 else table.index_of(bars[phrase.first - 1][-1], key)
    path = _best_path(slots, np.where(allowed, scores, -np.inf), before, table)
    if path is None:
        return list(bars[phrase.first : phrase.last + 1])
    line = [
        slot.chord if state == index or slot.is_fixed else table.states[state].chord(key)
        for slot, index, state in zip(slots, now, path, strict=True)
    ]
    line = [_in_close(c, n, s, phrase, key) for c, n, s in zip(line, [*line[1:], None], slots, strict=True)]
    return [_bar(bar, slots, line, bars, plan) for bar in range(phrase.first, phrase.last + 1)]


def _bar(bar: int, slots: Sequence[_Slot], line: Sequence[Chord], bars: Sequence[Bar], plan: Plan) -> Bar:
    """What stands in a bar now, evenly divided: in triple time a second chord on the last beat makes three."""
    content = [chord for slot, chord in zip(slots, line, strict=True) if slot.bar == bar]
    if len(set(content)) == 1:
        return (content[0],)
    is_divided = len(bars[bar]) == 1 and parts_of(plan.meter) == 3
    return (content[0], *content) if is_divided else tuple(content)


def _in_close(chord: Chord, following: Chord | None, slot: _Slot, phrase: Phrase, key: Key) -> Chord:
    """The chord as it stands in a cadence: a tonic before the dominant over the dominant's bass, a subdominant on the
    way back to the tonic over the tonic's."""
    if following is None or slot.share == 1 or phrase.cadence == HALF or slot.is_fixed:
        return chord
    degree, goal = ((c.root - key.tonic_class) % 12 for c in (chord, following))
    if slot.bar == phrase.last - 1 and (degree, goal) == (0, 7) and len(chord.classes) == 3:
        return replace(chord, bass=chord.fifth)
    if slot.bar == phrase.last and (degree, goal) == (5, 0):
        return replace(chord, bass=following.root)
    return chord


def _slots(bars: Sequence[Bar], phrase: Phrase, plan: Plan, table: ModeTable, written: frozenset[int]) -> list[_Slot]:
    """The places of chords in the phrase: half bars where a bar may be divided, else bars."""
    meter, key = plan.meter, plan_key(plan, phrase)
    slots: list[_Slot] = []
    for bar in range(phrase.first, phrase.last + 1):
        content = bars[bar]
        unknown = any(chord.bass is not None or table.index_of(chord, key) is None for chord in content)
        is_fixed = bar in written or unknown or bar + 1 == len(bars)
        edges = _edges(len(content), plan)
        for place, (start, end) in enumerate(pairwise(edges)):
            chord = content[place * len(content) // (len(edges) - 1)]
            share = (end - start) / meter.bar_ticks
            at = bar * meter.bar_ticks
            slots.append(_Slot(bar, at + start, at + end, chord, share, is_fixed))
    return slots


def _edges(count: int, plan: Plan) -> list[int]:
    """Ticks in the bar between which chords stand: those of its ``count`` chords, or where one may be divided."""
    meter = plan.meter
    if count > 1 or not parts_of(meter):
        return [place * meter.bar_ticks // count for place in range(count + 1)]
    return [0, (parts_of(meter) - 1) * meter.bar_ticks // parts_of(meter), meter.bar_ticks]


def _allowed(slots: Sequence[_Slot], phrase: Phrase, plan: Plan, table: ModeTable) -> Flags:
    """(T, S) which states may stand in each slot; what stands there may always stay."""
    key, states = plan_key(plan, phrase), table.states
    roots = np.array([s.root for s in states])
    allowed = np.ones((len(slots), len(states)), dtype=bool)
    rest = next(i for i, slot in enumerate(slots) if slot.bar == phrase.last)
    # A section begins as it was meant to: that is how one knows it again, and its key.
    openings = frozenset(plan.section_starts)
    for index, (slot, row) in enumerate(zip(slots, allowed, strict=True)):
        now = table.index_of(slot.chord, key)
        level = tension_at(plan, slot.bar)
        if level <= CHROMATIC_TENSION:
            row &= ~table.is_chromatic
        if index == len(slots) - 1:
            row &= (roots == 7) & (level > OPEN_TENSION) & (phrase.cadence == HALF) & _major_thirds(table)
        elif index >= rest and phrase.cadence != HALF:
            row &= _is_close(table) & (level > LATE_TENSION)
        elif index == rest - 1 and phrase.cadence == HALF:
            row &= ~np.isin(roots, (7, 11))
        elif index == rest - 1 and now is not None:
            row &= (roots == states[now].root) & (_major_thirds(table) == _major_thirds(table)[now])
        is_opening = slot.bar in openings and phrase.bars > 1
        if slot.is_fixed or (is_opening and (level <= LATE_TENSION or slot.start % plan.meter.bar_ticks == 0)):
            row[:] = False
        if now is not None:
            row[now] = True
        elif not row.any():
            row[:] = True
    return allowed


def _major_thirds(table: ModeTable) -> Flags:
    return np.array([4 in QUALITIES[s.quality] for s in table.states])


def _is_close(table: ModeTable) -> Flags:
    """(S,) what may stand over a final note before its tonic: dominants, the tonic, and the fourth over its bass."""
    return np.array([(s.root in (0, 5) and s.is_triad) or s.root == 7 for s in table.states]) & ~table.is_chromatic


def _scores(slot: _Slot, now: int | None, phrase: Phrase, plan: Plan, table: ModeTable, sung: Sequence[Sung]) -> Floats:
    """(S,) what speaks for each state in the slot, in nats; -inf where the tune does not fit."""
    key = plan_key(plan, phrase)
    if now is None:
        return np.zeros(len(table.states))
    target = float(raw_of_level(tension_at(plan, slot.bar)))
    missed = 0.5 * ((table.tension - target) / TENSION_WIDTH) ** 2
    scale = frozenset((c - key.tonic_class) % 12 for c in key.scale)
    fits = np.array([fit_of(sung, state.classes, scale) for state in table.states])
    cost = np.full(len(table.states), CHANGE_COST + RETURN_COST * phrase.keeps_chords)
    cost[now] = 0.0
    score = slot.share * (FIT_GAIN * (fits - fits[now]) - missed - cost)
    worse = fits < fits[now] - FIT_LOSS
    worse[now] = False
    return np.where(worse, -np.inf, score)


def _best_path(slots: Sequence[_Slot], scores: Floats, before: int | None, table: ModeTable) -> list[int] | None:
    """The state of every slot by Viterbi with what follows what; None where no way is open."""
    with np.errstate(divide="ignore"):
        habit = HABIT * np.log(table.bar_transition)
    roots = np.array([s.root for s in table.states])
    same = np.eye(len(roots), dtype=bool)
    across = habit - STAY_COST * (roots[:, None] == roots[None, :])
    inside = np.where(same, 0.0, habit - SPLIT_COST)
    best = scores[0] + (0.0 if before is None else across[before])
    back = np.zeros(scores.shape, dtype=np.int64)
    for step in range(1, len(slots)):
        moves = inside if slots[step].bar == slots[step - 1].bar else across
        total = best[:, None] + moves
        back[step] = total.argmax(axis=0)
        best = total.max(axis=0) + scores[step]
    if not np.isfinite(best).any():
        return None
    path = [int(best.argmax())]
    for step in range(len(slots) - 1, 0, -1):
        path.append(int(back[step, path[-1]]))
    return path[::-1]


def _roots(bars: Sequence[Bar]) -> int:
    """How many different roots there are."""
    return len({chord.root for bar in bars for chord in bar})


def _monotony(bars: Sequence[Bar]) -> int:
    """How often two chords swing to and fro too long, and bars beyond the second of one root."""
    roots = [bar[0].root for bar in bars]
    held = sum(
        len(set(roots[i : i + HELD_BARS + 1])) == 1 and len(bars[i + HELD_BARS]) == 1
        for i in range(len(roots) - HELD_BARS)
    )
    return see_saws(roots) + held
