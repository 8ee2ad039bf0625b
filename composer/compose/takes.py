"""Several takes of one piece: their seeds, how good each is, and one line in plain words on why.

A score is a sum of parts that are measured, not felt: how the tune moves and repeats (the critic), how near it is to
what the plan asked, rules that gave way, and faults that a teacher would mark in red. 0 is flawless.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from composer.compose.critic import candidate_score
from composer.compose.draft import Draft
from composer.compose.plan import Plan
from composer.encoding.melody import Event
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import CROSSED, PARALLELS, offences

_SEED_BELOW = 10**6  # derived seeds are short enough to type again
RULE_COST, FAULT_COST, ENDING_COST = 0.25, 0.4, 1.5
DENSITY_COST, REGISTER_COST = 0.8, 0.08  # for an octave of density, and a semitone of register
BUSIER, THINNER = 1.6, 0.55  # times the notes that were asked for
EQUAL_PITCHES_MAX = 4
INTERVALS = (
    "a unison", "a semitone", "a second", "a minor third", "a third", "a fourth", "a tritone", "a fifth",
    "a minor sixth", "a sixth", "a minor seventh", "a seventh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TakeScore:
    """``total`` is the sum of ``parts`` (name, points; 0 is flawless); ``why`` says in words what was measured."""

    total: float
    parts: tuple[tuple[str, float], ...]
    why: str


@dataclass(frozen=True, slots=True)
class Take:
    """One take: the seed that gives it again, and its draft with its score."""

    seed: int
    draft: Draft
    score: TakeScore


def take_seeds(seed: int, count: int) -> tuple[int, ...]:
    """``count`` seeds: ``seed`` itself first, then others that depend on it alone, none twice."""
    drawn = np.random.default_rng([seed, 20]).choice(_SEED_BELOW, size=count, replace=False)
    return (seed, *[int(s) for s in drawn if s != seed][: count - 1])


def ranked(compose: Callable[[int], Draft], seeds: Sequence[int]) -> tuple[Take, ...]:
    """A take for each seed, the best first; of equals the earlier."""
    takes = []
    for seed in seeds:
        draft = compose(seed)
        takes.append(Take(seed, draft, take_score(draft)))
    return tuple(sorted(takes, key=lambda take: -take.score.total))


def take_score(draft: Draft) -> TakeScore:
    """How good a draft is, with the parts of the judgement and its words."""
    plan, melody = draft.sketch.plan, draft.sketch.melody
    notes = [e for e in melody.events if e.pitch is not None]
    if not notes:
        return TakeScore(-ENDING_COST, (("ending", -ENDING_COST),), "no tune")
    critic = candidate_score(list(melody.events), 0, 0.0, 0, plan, melody.tonic_midi)
    density, register = _control_errors(notes, plan, melody.tonic_midi)
    faults = _faults(draft, notes)
    parts = (
        ("critic", critic),
        ("density", -DENSITY_COST * density),
        ("register", -REGISTER_COST * register),
        ("rules", -RULE_COST * len(melody.relaxed)),
        ("faults", -FAULT_COST * sum(count for _, count in faults)),
        ("ending", 0.0 if _closes(notes, plan) else -ENDING_COST),
    )
    rounded = tuple((name, round(value, 4) + 0.0) for name, value in parts)
    return TakeScore(round(sum(value for _, value in rounded), 4), rounded, _why(draft, notes, faults))


def _closes(notes: Sequence[Event], plan: Plan) -> bool:
    """Whether the last note is the tonic on a strong beat."""
    last = notes[-1]
    return (last.pitch or 0) % 12 == 0 and plan.meter.accent(last.start) >= 2


def _control_errors(notes: Sequence[Event], plan: Plan, tonic: int) -> tuple[float, float]:
    """Mean distance from the bars' density (octaves) and register (semitones); cadence bars rest and do not count."""
    density, register = [], []
    for bar, inside in _by_bar(notes, plan).items():
        register.append(abs(float(np.mean([e.pitch for e in inside])) + tonic - plan.bars[bar].register))
        if plan.bars[bar].role != "cadence":
            density.append(abs(float(np.log2(_density_ratio(inside, plan, bar)))))
    return float(np.mean(density)) if density else 0.0, float(np.mean(register))


def _by_bar(notes: Sequence[Event], plan: Plan) -> dict[int, list[Event]]:
    last = len(plan.bars) - 1
    return {
        bar: list(group)
        for bar, group in groupby(notes, key=lambda e: max(0, min(e.start // plan.meter.bar_ticks, last)))
    }


def _density_ratio(inside: Sequence[Event], plan: Plan, bar: int) -> float:
    """Notes of a bar over the notes that its plan asks for."""
    return len(inside) / (plan.meter.bar_ticks / TICKS_PER_BEAT) / plan.bars[bar].density_npq


def _faults(draft: Draft, notes: Sequence[Event]) -> list[tuple[str, int]]:
    """(what is wrong, how often) for what a teacher would mark in red."""
    found = offences(draft.piece)
    parallels = [o for o in found if o.rule in PARALLELS]
    crossed = [o for o in found if o.rule == CROSSED]
    pitches = [e.pitch for e in notes]
    hammered = sum(len(list(run)) > EQUAL_PITCHES_MAX for _, run in groupby(pitches))
    faults = [
        (_counted(len(parallels), "parallel fifth or octave", "parallel fifths or octaves"), len(parallels)),
        (_counted(len(crossed), "crossing of voices", "crossings of voices"), len(crossed)),
        (_counted(hammered, "pitch struck over and over", "pitches struck over and over"), hammered),
    ]
    return [(words, count) for words, count in faults if count]


def _why(draft: Draft, notes: Sequence[Event], faults: Sequence[tuple[str, int]]) -> str:
    """What was measured, as a musician would say it: "closes firmly, the tune returns in bar 9, ..."."""
    plan, relaxed = draft.sketch.plan, draft.sketch.melody.relaxed
    praise = ["closes firmly" if _closes(notes, plan) else "the end stays open"]
    returns = returning_bars(notes, plan)
    praise.append(f"the tune returns in {_bars(returns)}" if returns else "the opening bar never returns")
    pitches = [e.pitch for e in notes if e.pitch is not None]
    praise.append(f"range {interval_name(max(pitches) - min(pitches))}")
    ratios = {bar: _density_ratio(group, plan, bar) for bar, group in _by_bar(notes, plan).items()}
    inner = {bar: ratio for bar, ratio in ratios.items() if plan.bars[bar].role != "cadence"}
    busier, thinner = sum(r >= BUSIER for r in inner.values()), sum(r <= THINNER for r in inner.values())
    blame = [
        *([f"{_counted(busier, 'bar')} busier than asked"] if busier else []),
        *([f"{_counted(thinner, 'bar')} thinner than asked"] if thinner else []),
        *[words for words, _ in faults],
        *([f"{_counted(len(relaxed), 'rule')} gave way"] if relaxed else []),
    ]
    return "; ".join(part for part in (", ".join(praise), ", ".join(blame)) if part)


def returning_bars(notes: Sequence[Event], plan: Plan) -> list[int]:
    """Bars (from 1) in which the opening bar's notes come back, also an octave away."""
    bars = _by_bar(notes, plan)
    first = min(bars)

    def content(bar: int) -> list[tuple[int, int, int]]:
        lowest = min(e.pitch or 0 for e in bars[bar]) // 12 * 12
        return [(e.start % plan.meter.bar_ticks, e.duration, (e.pitch or 0) - lowest) for e in bars[bar]]

    opening = content(first)
    return [bar + 1 for bar in bars if bar > first and content(bar) == opening]


def interval_name(semitones: int) -> str:
    """``"an octave and a fourth"`` for 17."""
    octaves, rest = divmod(semitones, 12)
    if octaves == 0:
        return INTERVALS[rest]
    head = "an octave" if octaves == 1 else f"{octaves} octaves"
    return head if rest == 0 else f"{head} and {INTERVALS[rest]}"


def _bars(numbers: Sequence[int]) -> str:
    shown = [str(n) for n in numbers[:4]]
    if len(numbers) > len(shown):
        return f"bars {', '.join(shown)} and {len(numbers) - len(shown)} more"
    return f"bar {shown[0]}" if len(shown) == 1 else f"bars {', '.join(shown[:-1])} and {shown[-1]}"


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
