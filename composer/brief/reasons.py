"""A choice with its reason, and the ranking that most choices come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from composer.formats.brief.brief import Because

T = TypeVar("T")

CLOSE = 0.15  # a confidence below which the evidence says that it was a close call


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """A value for the brief: ``evidence`` in a musician's words, the next best value, and a confidence 0..1."""

    value: T
    evidence: str
    runner_up: str | None = None
    confidence: float = 1.0

    @property
    def because(self) -> Because:
        confidence = round(min(1.0, max(0.0, self.confidence)), 2)
        evidence = self.evidence
        if self.runner_up and confidence < CLOSE:
            evidence = f"{evidence} A close call: {self.runner_up} would suit it nearly as well."
        return Because(evidence=evidence[:1000], runner_up=self.runner_up, confidence=confidence)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best and the second of some candidates; ``confidence`` is 0 for a tie and 1 for a lead of ``clear``."""

    best: str
    second: str | None
    confidence: float


def ranking_of(scores: Mapping[str, float], clear: float = 0.5) -> Ranking:
    """Candidates compared to three decimals, so that rounding noise never decides; ties fall by name."""
    order = sorted(scores, key=lambda name: (-round(scores[name], 3), name))
    if len(order) == 1:
        return Ranking(order[0], None, 1.0)
    lead = round(scores[order[0]], 3) - round(scores[order[1]], 3)
    return Ranking(order[0], order[1], min(1.0, lead / clear))


def given(value: T, what: str) -> Choice[T]:
    """A value that the person asked for."""
    return Choice(value, f"You asked for {what}.", None, 1.0)


def percent(share: float) -> str:
    """``"46 %"``; never ``"0 %"`` for something that is there."""
    return f"{max(1, round(100 * share))} %" if share > 0 else "0 %"
