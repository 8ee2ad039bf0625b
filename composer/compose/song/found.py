"""A value with the reason why a file was read so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from composer.formats.brief.brief import Because

T = TypeVar("T")
EVIDENCE_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """``confidence`` is 1 for what the file says itself, less for what was heard in its notes."""

    value: T
    evidence: str
    confidence: float = 1.0

    @property
    def because(self) -> Because:
        text = self.evidence if len(self.evidence) <= EVIDENCE_CHARS else self.evidence[: EVIDENCE_CHARS - 1] + "…"
        return Because(evidence=text, confidence=round(min(1.0, max(0.0, self.confidence)), 2))
