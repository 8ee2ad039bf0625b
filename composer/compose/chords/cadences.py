"""How phrases begin and end: which chords may stand in each slot, and how many chords a bar has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.table import DIMINISHED, ModeTable
from composer.compose.form.plan import DANCE, DECEPTIVE, HALF, IMPERFECT, PERFECT, PLAGAL, Phrase, Plan
from composer.encoding.harmony import BEAT_RATE, SlotPlan
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT, Meter

SPLIT_SHARE = (0.9, 0.35, 0.9)  # share of bars before a close with two chords: where it is calm, between, tense
SIX_FOUR_SHARE = {False: 0.1, True: 0.9}  # of those, how many are a cadential six-four; more in calm bars
CALM_TENSION = 0.35
CONTRAST = 1.5
AIMS = (0.25, 0.97)  # below, nothing but the tonic would be calm enough; above, nothing but diminished chords tense
LONG_BAR_TICKS = 3 * TICKS_PER_BEAT  # a bar of a song that is so long may have two chords ...
SLOW_TENSION = 0.4  # ... where something is going on
CHROMATIC_TENSION = 0.5  # above it, chords may leave the scale
LEADING_TONE = 11  # semitones above the tonic
_DOMINANTS = {
    "major": ((7, ""), (7, "7")),
    "minor": ((7, ""), (7, "7")),
    "lydian": ((7, ""), (2, "")),
    "mixolydian": ((10, ""), (7, "m")),
    "dorian": ((10, ""), (5, "")),
    "phrygian": ((1, ""), (10, "m")),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one chord: its bar in the piece, its number in the bar, and what is asked of it."""

    bar: int
    number: int
    asked: SlotPlan
    is_six_four: bool = False


def slots_of(phrase: Phrase, plan: Plan, rng: np.random.Generator) -> tuple[Slot, ...]:
    """The slots of a phrase: a chord a bar, two in tense bars of songs and in some bars before a full close."""
    divided = _divided(phrase, plan, rng)
    slots = slots_at(phrase, plan, [2 if bar in divided else 1 for bar in range(phrase.bars)])
    six_four = phrase.first + phrase.bars - 2 if phrase.bars > 2 and divided.get(phrase.bars - 2) else None
    return tuple(replace(s, is_six_four=s.bar == six_four and s.number == 0) for s in slots)


def slots_at(phrase: Phrase, plan: Plan, rates: Sequence[int]) -> tuple[Slot, ...]:
    """The slots of a phrase whose bars have ``rates`` chords each."""
    total = sum(rates)
    part = "first" if phrase.index == 0 else "last" if phrase.index == len(plan.phrases) - 1 else "middle"
    slots: list[Slot] = []
    for bar, rate in enumerate(rates):
        for number in range(rate):
            asked = SlotPlan(
                rate=min(rate, BEAT_RATE),
                place=0 if number == 0 else 1 if 2 * number == rate and parts_of(plan.meter) == 2 else 2,
                bar_in_phrase=bar,
                bars_left=phrase.bars - 1 - bar,
                slots_left=total - 1 - len(slots),
                cadence=phrase.cadence,
                part=part,
                tension=tension_at(plan, phrase.first + bar),
            )
            slots.append(Slot(phrase.first + bar, number, asked))
    return tuple(slots)


def tension_at(plan: Plan, bar: int) -> float:
    """The tension that the chords of a bar aim at, 0..1: the plan's, further from the middle.

    Cadences are as tense as they are, whatever the plan says; the bars between make up for it.
    """
    return float(np.clip(0.5 + CONTRAST * (plan.bars[bar].tension - 0.5), *AIMS))


def _divided(phrase: Phrase, plan: Plan, rng: np.random.Generator) -> dict[int, bool]:
    """Bars of the phrase (from 0) with two chords; True for the one that begins with a cadential six-four."""
    coins = rng.random(phrase.bars + 2)
    if not parts_of(plan.meter):
        return {}
    divided = {}
    # By the kind of music and not by the tempo: whoever changes the tempo wants the same notes.
    if plan.style != DANCE and plan.meter.bar_ticks >= LONG_BAR_TICKS:
        for bar in range(phrase.bars - 1):
            if coins[bar] < tension_at(plan, phrase.first + bar) - SLOW_TENSION + 0.3:
                divided[bar] = False
    before = phrase.bars - 2
    if phrase.cadence in (PERFECT, IMPERFECT, DECEPTIVE) and before >= 0:
        tension = tension_at(plan, phrase.first + before)
        is_calm, is_tense = tension < CALM_TENSION, tension > CHROMATIC_TENSION
        if coins[-1] >= SPLIT_SHARE[0 if is_calm else 2 if is_tense else 1]:
            return divided
        is_plain = plan_key(plan, phrase).mode in ("major", "minor")
        # Over a six-four the tonic still sounds: it prepares the dominant at rest, ii and IV with more pull.
        divided[before] = is_plain and bool(coins[-2] < SIX_FOUR_SHARE[is_calm])
    return divided


def parts_of(meter: Meter) -> int:
    """Into how many equal parts a bar falls, the last of which may have a chord of its own; 0 where it may not."""
    return 2 if meter.beats % 2 == 0 else 3 if meter.beats == 3 else 0


def plan_key(plan: Plan, phrase: Phrase) -> Key:
    """The key that a phrase stands in."""
    return plan.keys[phrase.section] if plan.keys else plan.key


def allowed_states(
    phrase: Phrase, slots: Sequence[Slot], table: ModeTable, plan: Plan, with_chromatic: bool = True
) -> NDArray[np.bool_]:
    """(T, S) which states may stand in each slot; the last ones are fixed by the cadence.

    ``slots`` may be the end of a phrase whose beginning stands already. Chords that leave the scale may stand where the
    plan is tense.
    """
    states, key = table.states, plan_key(plan, phrase)
    allowed = np.ones((len(slots), len(states)), dtype=bool)
    for row, slot in zip(allowed, slots, strict=True):
        is_tense = (slot.asked.tension or 0.0) > CHROMATIC_TENSION
        if not (with_chromatic and is_tense):
            row &= ~table.is_chromatic
    tonic = np.array([s.root == 0 and s.is_triad for s in states]) & ~table.is_chromatic
    dominant = np.array([(s.root, s.quality) in _DOMINANTS[key.mode] for s in states])
    # An applied or diminished chord needs the slot after it for its resolution.
    allowed[-1] &= ~table.is_restless
    _close(allowed, phrase, slots, table, tonic, dominant)
    if slots[0].bar == phrase.first and phrase.bars > 1 and _shows_key(phrase, plan):
        allowed[0] = tonic
    return allowed


def _shows_key(phrase: Phrase, plan: Plan) -> bool:
    """Whether a phrase has to say what key it is in: at the beginning, and where a section changes the key."""
    if phrase.first == 0:
        return True
    key, before = plan_key(plan, phrase), plan_key(plan, plan.phrases[phrase.index - 1])
    return phrase.first in plan.section_starts and key != before


def _close(
    allowed: NDArray[np.bool_],
    phrase: Phrase,
    slots: Sequence[Slot],
    table: ModeTable,
    tonic: NDArray[np.bool_],
    dominant: NDArray[np.bool_],
) -> None:
    """Fix the last rows of ``allowed`` (our own array) to the phrase's cadence."""
    states = table.states
    triad = np.array([s.is_triad for s in states])
    if phrase.cadence == HALF:
        allowed[-1] = dominant & triad
        if len(slots) > 1:
            allowed[-2] &= ~dominant
        return
    allowed[-1] = tonic
    before = dominant
    if phrase.cadence == DECEPTIVE:
        submediant = np.array([s.root in (8, 9) and s.is_triad for s in states]) & ~table.is_chromatic
        allowed[-1] = submediant if submediant.any() else tonic
    elif phrase.cadence == IMPERFECT and (slots[-1].asked.tension or 0.0) > CHROMATIC_TENSION:
        before = dominant | np.array([s.root == LEADING_TONE and s.quality in DIMINISHED for s in states])
    elif phrase.cadence == PLAGAL:
        subdominant = np.array([s.root == 5 and s.is_triad for s in states]) & ~table.is_chromatic
        before = subdominant if subdominant.any() else ~dominant & ~tonic & ~table.is_restless
    if len(slots) > 1:
        allowed[-2] = before
    if len(slots) > 2 and slots[-2].number == 1 and phrase.bars > 2:
        is_tense = (slots[-3].asked.tension or 0.0) > CHROMATIC_TENSION
        allowed[-3] = tonic if slots[-3].is_six_four else _predominant(table, dominant, is_tense)


def _predominant(table: ModeTable, dominant: NDArray[np.bool_], is_tense: bool) -> NDArray[np.bool_]:
    """(S,) ii or IV (ii° or iv), to prepare the dominant; in a tense bar also iv, V/V and the like; in lydian, where
    ii and IV are none, vi and iii."""
    plain = ~table.is_chromatic & ~dominant
    found = np.array([s.root in (2, 5) for s in table.states]) & plain
    if is_tense:
        found |= np.array([s.root in (2, 5, 6) for s in table.states]) & table.is_chromatic
    return found if found.any() else np.array([s.root != 0 for s in table.states]) & plain
