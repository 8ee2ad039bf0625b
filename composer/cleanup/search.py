"""The search for changes: slips first, then voices, round by round; no rule may have more faults in the end."""

from __future__ import annotations

import math
from dataclasses import dataclass

from composer.cleanup.repair import Repair, repaired
from composer.cleanup.rules import Fault, counts_of
from composer.cleanup.score import Score
from composer.cleanup.setting import Setting
from composer.cleanup.slips import corrections, slips

# Repairs make room for others; in practice the second round finds nothing.
MAX_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Search:
    """A score with better notes, and the repairs that led there from the score before, in order."""

    score: Score
    repairs: tuple[Repair, ...]


def searched(setting: Setting, start: Score) -> Search:
    """What may be made better in ``start``; notes of infinite weight stay as they are."""
    score, done = start, list[Repair]()
    for _ in range(MAX_ROUNDS):
        score, repairs = _corrected(setting, score) if setting.may_correct else (score, [])
        if setting.may_repair:
            score, more = repaired(score, keep_melody=setting.options.keep_melody)
            repairs += more
        if not repairs:
            break
        done += repairs
    return _without_what_made_worse(setting, start, Search(score, tuple(done)))


def has_risen(before: list[Fault], after: list[Fault]) -> bool:
    """Whether a rule has more faults."""
    counts = counts_of(before)
    return any(n > counts[rule] for rule, n in counts_of(after).items())


def _corrected(setting: Setting, score: Score) -> tuple[Score, list[Repair]]:
    """The slips that have a place in the key which makes nothing worse."""
    done = []
    for tone in slips(score):
        if math.isinf(tone.weight):
            continue
        before = setting.faults(score)
        for pitch in corrections(score, tone):
            trial = score.with_pitches({tone.place: pitch})
            after = setting.faults(trial)
            if not has_risen(before, after):
                cost, new_cost = (sum(f.cost for f in faults) for faults in (before, after))
                done.append(Repair({tone.place: pitch}, ("OutOfKey",), cost, new_cost))
                score = trial
                break
    return score, done


def _without_what_made_worse(setting: Setting, start: Score, found: Search) -> Search:
    """``found`` less its last repairs, for as long as some rule has more faults than in ``start``."""
    before, slipped = setting.faults(start), len(slips(start))
    repairs, score = list(found.repairs), found.score
    while repairs and (has_risen(before, setting.faults(score)) or len(slips(score)) > slipped):
        repairs.pop()
        score = start
        for repair in repairs:
            score = score.with_pitches(repair.pitches)
    return Search(score, tuple(repairs))
