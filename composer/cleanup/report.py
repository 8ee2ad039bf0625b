"""What cleanup did, for people and programs: every change, the counts of every rule, the certificate."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from composer.music.voice_leading import RULES as BETWEEN_VOICES

FORMAT = "composer.cleanup/1"

# The name of a rule is its key in JSON, in tables and in the docs.
RULES: dict[str, str] = {
    "OutOfKey": "a note outside the key that no rule of harmony justifies",
    **BETWEEN_VOICES,
    "OutOfRange": "a note outside the comfortable range of its instrument",
    "LeadingTone": "an outer leading tone that does not rise to the tonic when the dominant resolves",
    "SeventhResolution": "the seventh of a chord that does not stay or fall by step when the chord changes",
    "AugmentedLeap": "a melodic augmented second, tritone, seventh or more than an octave",
    "UnresolvedLeap": "a melodic leap of a minor sixth or more that is not followed by a turn",
    "CrossRelation": "a note and its chromatic alteration in different voices, one right after the other",
    "DoubledLeadingTone": "the leading tone of a dominant chord in two voices",
    "SemitoneClash": "a long melody note a minor ninth above a chord note",
    "Spelling": "a note that the score would spell against its key",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One note changed. ``bar`` and ``beat`` (felt beats) count from 1; costs are the weighted faults around it."""

    bar: int
    beat: float
    part: str
    before: str
    after: str
    rules: tuple[str, ...]
    cost_before: float
    cost_after: float


@dataclass(frozen=True, slots=True)
class KeyReport:
    name: str
    confidence: float
    source: str
    runner_up: str | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """music21's own count over the finished notes, which takes parallels in contrary motion for parallels too."""

    checker: str
    quartets: int
    parallel_fifths: int
    parallel_octaves: int
    hidden_fifths: int
    hidden_octaves: int
    voice_crossings: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one run of cleanup; ``before`` and ``after`` count the faults of each rule in ``RULES``."""

    name: str
    key: KeyReport
    changes: tuple[Change, ...]
    before: dict[str, int]
    after: dict[str, int]
    certificate: Certificate | None
    notes: tuple[str, ...] = ()

    @property
    def removed(self) -> int:
        """How many faults are gone."""
        return sum(self.before.values()) - sum(self.after.values())

    def bytes(self) -> bytes:
        """Indented JSON with a final newline; ``from`` and ``to`` name the notes of a change."""
        content = {"format": FORMAT, **asdict(self)}
        content["changes"] = [
            {{"before": "from", "after": "to"}.get(k, k): v for k, v in asdict(c).items()} for c in self.changes
        ]
        content["rules"] = RULES
        return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
