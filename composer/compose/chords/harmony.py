"""Chords for the plan, phrase by phrase between fixed cadences: from the network, or from bigrams alone.

The bigrams are sampled exactly (forward filter, backward sample). They are the fallback, and what tests reason about.
With a network they only look ahead: it proposes many paths for each phrase, and one that is likely, varied and as tense
as the plan asks is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.cadences import Slot, allowed_states, parts_of, plan_key, slots_at, slots_of
from composer.compose.chords.search import Task, bigram_path, is_possible, sampled_paths
from composer.compose.chords.table import Harmony, ModeTable, State, harmony_of, harmony_with
from composer.compose.chords.variety import Setting, chosen
from composer.compose.form.plan import DANCE, PERFECT, SONG, Phrase, Plan
from composer.encoding.harmony import HarmonyFrame, parent_mode, plan_columns
from composer.formats.brief.brief import Brief
from composer.music.chord import Chord, progression_of
from composer.music.key import Key

__all__ = ["Bar", "Harmony", "ModeTable", "State", "chords_of", "harmony_of", "harmony_with"]
Bar = tuple[Chord, ...]
TENSE = 0.6  # mean tension of a phrase above which they move as in songs all the same


def chords_of(
    plan: Plan, brief: Brief, harmony: Harmony, rng: np.random.Generator, standing: Mapping[int, Bar] | None = None
) -> tuple[Bar, ...]:
    """The chords of every bar: the brief's own where it writes them for a section or a bar, else drawn by phrases.

    The bars ``standing`` keep the chords that they have, and those around them lead from and to these.
    """
    stay = standing or {}
    bars: list[Bar] = []
    base = int(rng.integers(2**32))
    written = [progression_of(s.chords) if s.chords else None for s in brief.form]
    for phrase in plan.phrases:
        given = written[phrase.section]
        if given is not None:
            offset = phrase.first - plan.section_starts[phrase.section]
            own_bars = [tuple(given[(offset + i) % len(given)]) for i in range(phrase.bars)]
            bars += [stay.get(phrase.first + i, bar) for i, bar in enumerate(own_bars)]
            continue
        # A generator for each phrase: chords written into one section leave the draws of the others alone.
        own = np.random.default_rng([base, phrase.index])
        kept = _kept(phrase, bars, plan)
        if any(bar in stay for bar in range(phrase.first, phrase.last + 2)):
            bars += _around(phrase, bars, kept, stay, harmony, plan, own)
        else:
            bars += [*kept, *_drawn(phrase, bars, kept, harmony, plan, own)]
    single = {change.bar - 1: tuple(progression_of(change.chord)[0]) for change in brief.bars_ if change.chord}
    return tuple(single.get(bar, chords) if bar not in stay else chords for bar, chords in enumerate(bars))


def _kept(phrase: Phrase, bars: Sequence[Bar], plan: Plan) -> list[Bar]:
    """The bars that a returning phrase takes from its source: all, or all but the end where the cadence differs."""
    if phrase.source is None or not phrase.keeps_chords:
        return []
    source = plan.phrases[phrase.source]
    key, there = plan_key(plan, phrase), plan_key(plan, source)
    if source.bars < phrase.bars or key.mode != there.mode:
        return []
    shift = key.tonic_class - there.tonic_class
    copied = [tuple(_transposed(c, shift) for c in bar) for bar in bars[source.first : source.first + phrase.bars]]
    closes = phrase.cadence != PERFECT or copied[-1][-1].root == key.tonic_class
    if phrase.cadence == source.cadence and closes:
        return copied
    return copied[: max(0, phrase.bars - 2)]


def _transposed(chord: Chord, semitones: int) -> Chord:
    if semitones % 12 == 0:
        return chord
    bass = None if chord.bass is None else (chord.bass + semitones) % 12
    return replace(chord, root=(chord.root + semitones) % 12, bass=bass)


def _drawn(
    phrase: Phrase, bars: Sequence[Bar], kept: Sequence[Bar], harmony: Harmony, plan: Plan, rng: np.random.Generator
) -> list[Bar]:
    """The bars of the phrase after those ``kept``, ending with its cadence."""
    if len(kept) == phrase.bars:
        return []
    key = plan_key(plan, phrase)
    table = harmony.table(key)
    slots = tuple(s for s in slots_of(phrase, plan, rng) if s.bar >= phrase.first + len(kept))
    task = _task([*bars, *kept], phrase, slots, table, plan, is_whole=not kept)
    drawn = _bars_of(slots, _path(harmony, table, task, slots, rng), table, key, plan)
    return [drawn[bar] for bar in range(phrase.first + len(kept), phrase.last + 1)]


def _path(
    harmony: Harmony, table: ModeTable, task: Task, slots: Sequence[Slot], rng: np.random.Generator
) -> Sequence[int]:
    """The state of each slot."""
    if harmony.model is None or table.tokens is None:
        return bigram_path(table, task, rng)
    return chosen(sampled_paths(harmony.model, table, task, rng), table, _setting(slots, task), rng)


def _bars_of(slots: Sequence[Slot], path: Sequence[int], table: ModeTable, key: Key, plan: Plan) -> dict[int, Bar]:
    """The chords of the slots, by bar."""
    drawn: dict[int, list[Chord]] = {}
    for slot, state in zip(slots, path, strict=True):
        chord = table.states[state].chord(key)
        bar = drawn.setdefault(slot.bar, [])
        if not bar or bar[-1] != chord:
            bar.append(replace(chord, bass=chord.fifth) if slot.is_six_four else chord)
    # In triple time the second chord has the last beat.
    is_triple = parts_of(plan.meter) == 3
    return {n: (bar[0], *bar) if is_triple and len(bar) == 2 else tuple(bar) for n, bar in drawn.items()}


def _around(
    phrase: Phrase,
    bars: Sequence[Bar],
    kept: Sequence[Bar],
    standing: Mapping[int, Bar],
    harmony: Harmony,
    plan: Plan,
    rng: np.random.Generator,
) -> list[Bar]:
    """All bars of a phrase around those that stand, in it or right after it: what is new leads from and to them."""
    key = plan_key(plan, phrase)
    table = harmony.table(key)
    places = range(phrase.first, phrase.last + 1)
    fixed = dict(enumerate(kept, phrase.first)) | {bar: standing[bar] for bar in places if bar in standing}
    drawn = slots_of(phrase, plan, rng)
    rates = [len(fixed[bar]) if bar in fixed else sum(s.bar == bar for s in drawn) for bar in places]
    six_four = {(s.bar, s.number) for s in drawn if s.is_six_four and s.bar not in fixed}
    slots = [replace(s, is_six_four=(s.bar, s.number) in six_four) for s in slots_at(phrase, plan, rates)]
    task = _task(bars, phrase, slots, table, plan, is_whole=phrase.first not in fixed)
    allowed = task.allowed.copy()
    for row, slot in zip(allowed, slots, strict=True):
        if slot.bar in fixed:
            state = table.index_of(fixed[slot.bar][slot.number], key)
            row[:] = True if state is None else np.arange(len(row)) == state
    after = table.index_of(standing[phrase.last + 1][0], key) if phrase.last + 1 in standing else None
    leave = None if after is None else np.asarray(0.5 * table.bar_transition[:, after] + 0.5 / len(table.states))
    task = replace(task, allowed=allowed, exit=leave)
    found = _bars_of(slots, _path(harmony, table, task, slots, rng), table, key, plan) | fixed
    return [found[bar] for bar in places]


def _task(
    bars: Sequence[Bar], phrase: Phrase, slots: Sequence[Slot], table: ModeTable, plan: Plan, is_whole: bool
) -> Task:
    """What is to be drawn into ``slots``, after ``bars``; only those of the same section are remembered."""
    allowed = allowed_states(phrase, slots, table, plan)
    key = plan_key(plan, phrase)
    earlier = _earlier_slots(bars, phrase, plan)
    chords = [bars[slot.bar][slot.number] for slot in earlier]
    frame = HarmonyFrame(parent_mode(key), plan.meter, _style(phrase, plan))
    task = Task(
        allowed=allowed,
        entry=_entry(bars[-1][-1] if bars else None, is_whole, table, plan, phrase),
        columns=plan_columns(frame, [slot.asked for slot in slots]),
        tension=np.array([slot.asked.tension or 0.0 for slot in slots]),
        before=tuple(table.index_of(chord, key) for chord in chords),
        columns_before=plan_columns(frame, [slot.asked for slot in earlier]),
        opens=tuple(slot.number == 0 for slot in slots),
        mains=tuple(table.index_of(bars[slot.bar][0], key) for slot in earlier if slot.number == 0),
    )
    if is_possible(table, task):
        return task
    return replace(task, allowed=allowed_states(phrase, slots, table, plan, with_chromatic=False))


def _earlier_slots(bars: Sequence[Bar], phrase: Phrase, plan: Plan) -> list[Slot]:
    """The slots of the section's bars that stand already, in this phrase and those before it."""
    found: list[Slot] = []
    for other in plan.phrases[: phrase.index + 1]:
        if other.section == phrase.section:
            rates = [len(bars[bar]) if bar < len(bars) else 1 for bar in range(other.first, other.last + 1)]
            found += [slot for slot in slots_at(other, plan, rates) if slot.bar < len(bars)]
    return found


def _entry(previous: Chord | None, is_whole: bool, table: ModeTable, plan: Plan, phrase: Phrase) -> NDArray[np.float64]:
    """(S,) weights of the first drawn chord, given the chord before it."""
    start = table.start / table.start.sum()
    index = None if previous is None else table.index_of(previous, plan_key(plan, phrase))
    if index is None:
        return np.asarray(start)
    row = table.bar_transition[index]
    return np.asarray(0.5 * row + 0.5 * start) if is_whole else row


def _setting(slots: Sequence[Slot], task: Task) -> Setting:
    """Where the paths stand, for the choice among them."""
    places = tuple(slot.bar for slot in slots)
    return Setting(
        bars=places,
        targets=tuple(slot.asked.tension or 0.0 for slot in slots if slot.number == 0),
        before=tuple(-1 if state is None else state for state in task.mains),
    )


def _style(phrase: Phrase, plan: Plan) -> str:
    """Whose habits the network follows: dances are quick and plain, songs slower and richer."""
    tension = float(np.mean([plan.bars[bar].tension for bar in range(phrase.first, phrase.last + 1)]))
    return DANCE if plan.style == DANCE and tension < TENSE else SONG
