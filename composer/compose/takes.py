"""Several takes of one piece: their seeds, how good each is, and one line in plain words on why.

A score is a sum of parts that are measured, not felt: how the tune moves and repeats (the critic), how near it is to
what the plan asked, rules that gave way, and faults that a teacher would mark in red. 0 is flawless.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from composer.compose.draft import Draft
from composer.compose.form.plan import Plan
from composer.compose.tune.prospect import chord_line
from composer.compose.tune.seams import Seam, seams_of
from composer.encoding.melody import Event
from composer.errors import counted
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import CROSSED, PARALLELS, offences

_SEED_BELOW = 10**6  # derived seeds are short enough to type again
RULE_COST, FAULT_COST, ENDING_COST, HARMONY_COST = 0.25, 0.4, 1.5, 3.0
FAULTS_MAX = 4  # of one kind: more of them are a manner of playing
DENSITY_COST, REGISTER_COST = 0.8, 0.08  # for an octave of density, and a semitone of register
BUSIER, THINNER = 1.6, 0.55  # times the notes that were asked for
EQUAL_PITCHES_MAX = 4
SEAM_COST, NEAR_SEMITONES = 0.15, 4  # for a semitone over a third from a note that stands to a new one, or back
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


@dataclass(frozen=True, slots=True)
class Judged:
    """What of a draft is composer's own and is judged: the bars from ``first_bar`` on; not the tune if it is given.

    ``bars`` (from 0) are those that were composed anew, if not all were: they are judged with their seams.
    """

    first_bar: int = 0
    is_tune_given: bool = False
    bars: frozenset[int] | None = None

    def has(self, bar: int) -> bool:
        return bar >= self.first_bar and (self.bars is None or bar in self.bars)


def ranked(compose: Callable[[int], Draft], seeds: Sequence[int], judged: Judged = Judged()) -> tuple[Take, ...]:
    """A take for each seed, the best first; of equals the earlier."""
    takes = []
    for seed in seeds:
        draft = compose(seed)
        takes.append(Take(seed, draft, take_score(draft, judged)))
    return tuple(sorted(takes, key=lambda take: -take.score.total))


def take_score(draft: Draft, judged: Judged = Judged()) -> TakeScore:
    """How good a draft is, with the parts of the judgement and its words."""
    plan, melody = draft.sketch.plan, draft.sketch.melody
    every = [e for e in melody.events if e.pitch is not None]
    notes = [e for e in every if judged.has(e.start // plan.meter.bar_ticks)]
    if not notes:
        return TakeScore(-ENDING_COST, (("ending", -ENDING_COST),), "no tune")
    faults = _faults(draft, notes, judged)
    fit = harmony_fit(notes, draft)
    parts = [
        ("harmony", -HARMONY_COST * (1.0 - fit)),
        ("faults", -FAULT_COST * sum(min(count, FAULTS_MAX) for _, count in faults)),
    ]
    if judged.is_tune_given:
        return _score(parts, _why_harmony(draft, notes, fit, faults))
    density, register = _control_errors(notes, plan, melody.tonic_midi)
    parts += [
        ("critic", melody.score.total if melody.score is not None else 0.0),
        ("density", -DENSITY_COST * density),
        ("register", -REGISTER_COST * register),
        ("rules", -RULE_COST * len(melody.relaxed)),
        ("ending", 0.0 if not judged.has(len(plan.bars) - 1) or _closes(notes, plan) else -ENDING_COST),
    ]
    if judged.bars is not None:
        seams = seams_of(every, judged.bars, plan)
        parts.append(("seams", -sum(SEAM_COST * max(0, seam.size - NEAR_SEMITONES) for seam in seams)))
        return _score(parts, _why_redone(draft, notes, seams, faults))
    return _score(parts, _why(draft, notes, faults, judged))


def _score(parts: Sequence[tuple[str, float]], why: str) -> TakeScore:
    rounded = tuple((name, round(value, 4) + 0.0) for name, value in parts)
    return TakeScore(round(sum(value for _, value in rounded), 4), rounded, why)


def harmony_fit(notes: Sequence[Event], draft: Draft) -> float:
    """The share of the accented and long notes that belong to the chord under them."""
    plan, tonic = draft.sketch.plan, draft.sketch.melody.tonic_midi
    starts, chords = chord_line(draft.sketch.chords, plan.meter.bar_ticks)
    weighty = [e for e in notes if plan.meter.accent(e.start) >= 2 or e.duration >= TICKS_PER_BEAT]
    inside = [
        ((e.pitch or 0) + tonic) % 12 in chords[max(0, bisect_right(starts, e.start) - 1)].classes for e in weighty
    ]
    return sum(inside) / len(inside) if inside else 1.0


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


def _faults(draft: Draft, notes: Sequence[Event], judged: Judged) -> list[tuple[str, int]]:
    """(what is wrong, how often) for what a teacher would mark in red."""
    bar_ticks = draft.sketch.plan.meter.bar_ticks
    found = [o for o in offences(draft.piece) if judged.has(o.tick // bar_ticks)]
    parallels = [o for o in found if o.rule in PARALLELS]
    crossed = [o for o in found if o.rule == CROSSED]
    pitches = [] if judged.is_tune_given else [e.pitch for e in notes]
    hammered = sum(len(list(run)) > EQUAL_PITCHES_MAX for _, run in groupby(pitches))
    faults = [
        (counted(len(parallels), "parallel fifth or octave", "parallel fifths or octaves"), len(parallels)),
        (counted(len(crossed), "crossing of voices", "crossings of voices"), len(crossed)),
        (counted(hammered, "pitch struck over and over", "pitches struck over and over"), hammered),
    ]
    return [(words, count) for words, count in faults if count]


def _why_harmony(draft: Draft, notes: Sequence[Event], fit: float, faults: Sequence[tuple[str, int]]) -> str:
    """The harmony of a given tune: "24 chords, ends on V7 I, 93 % of the weighty notes in their chords"."""
    plan = draft.sketch.plan
    line = [chord for chord, _ in groupby(chord for bar in draft.sketch.chords for chord in bar)]
    end = " ".join(chord.roman(plan.key) for chord in line[-2:])
    praise = f"{counted(len(line), 'chord')}, ends on {end}, {round(100 * fit)} % of the weighty notes in their chords"
    return "; ".join([praise, *(words for words, _ in faults)])


def _why(draft: Draft, notes: Sequence[Event], faults: Sequence[tuple[str, int]], judged: Judged) -> str:
    """What was measured, as a musician would say it: "closes firmly, the tune returns in bar 9, ..."."""
    plan = draft.sketch.plan
    praise = ["closes firmly" if _closes(notes, plan) else "the end stays open"]
    if judged.first_bar:
        returns = borrowed_bars(draft, judged.first_bar)
        praise.append(f"takes up bars of yours in {_bars(returns)}" if returns else "no bar of yours returns")
    else:
        returns = returning_bars(notes, plan)
        praise.append(f"the tune returns in {_bars(returns)}" if returns else "the opening bar never returns")
    pitches = [e.pitch for e in notes if e.pitch is not None]
    praise.append(f"range {interval_name(max(pitches) - min(pitches))}")
    blame = _blame(draft, notes, faults)
    return "; ".join(part for part in (", ".join(praise), ", ".join(blame)) if part)


def _why_redone(draft: Draft, notes: Sequence[Event], seams: Sequence[Seam], faults: Sequence[tuple[str, int]]) -> str:
    """Of bars between others: "leads into bar 9 by a second, takes up bars of yours in bar 6, range an octave; ..."."""
    onward = [seam for seam in seams if seam.leads_on] or list(seams)
    leaps = {seam.bar: seam.size for seam in onward[:3]}
    praise = [f"leads into {', '.join(f'bar {bar} by {interval_name(size)}' for bar, size in leaps.items())}"]
    pitches = [e.pitch for e in notes if e.pitch is not None]
    praise.append(f"range {interval_name(max(pitches) - min(pitches))}")
    blame = _blame(draft, notes, faults)
    return "; ".join(part for part in (", ".join(praise if leaps else praise[1:]), ", ".join(blame)) if part)


def _blame(draft: Draft, notes: Sequence[Event], faults: Sequence[tuple[str, int]]) -> list[str]:
    """What came out otherwise than it should."""
    plan, relaxed = draft.sketch.plan, draft.sketch.melody.relaxed
    ratios = {bar: _density_ratio(group, plan, bar) for bar, group in _by_bar(notes, plan).items()}
    inner = {bar: ratio for bar, ratio in ratios.items() if plan.bars[bar].role != "cadence"}
    busier, thinner = sum(r >= BUSIER for r in inner.values()), sum(r <= THINNER for r in inner.values())
    return [
        *([f"{counted(busier, 'bar')} busier than asked"] if busier else []),
        *([f"{counted(thinner, 'bar')} thinner than asked"] if thinner else []),
        *[words for words, _ in faults],
        *([f"{counted(len(relaxed), 'rule')} gave way"] if relaxed else []),
    ]


def returning_bars(notes: Sequence[Event], plan: Plan) -> list[int]:
    """Bars (from 1) in which the opening bar's notes come back, also an octave away."""
    bars = _by_bar(notes, plan)
    first = min(bars)
    opening = _content(bars[first], plan)
    return [bar + 1 for bar in bars if bar > first and _content(bars[bar], plan) == opening]


def borrowed_bars(draft: Draft, first_bar: int) -> list[int]:
    """Bars (from 1) after ``first_bar`` whose notes are those of a bar before it, also an octave away."""
    plan = draft.sketch.plan
    bars = _by_bar([e for e in draft.sketch.melody.events if e.pitch is not None], plan)
    played = [_content(notes, plan) for bar, notes in bars.items() if bar < first_bar]
    return [bar + 1 for bar, notes in bars.items() if bar >= first_bar and _content(notes, plan) in played]


def _content(notes: Sequence[Event], plan: Plan) -> list[tuple[int, int, int]]:
    """Place, length and pitch of the notes of a bar, the pitches from the octave of the lowest."""
    lowest = min(e.pitch or 0 for e in notes) // 12 * 12
    return [(e.start % plan.meter.bar_ticks, e.duration, (e.pitch or 0) - lowest) for e in notes]


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
