"""What cleanup proposes and did, for people and programs: every change, the counts of every rule, the certificate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from composer.errors import command
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


# Two fields of a change have other names in the file, where they are no words of Python.
JSON_NAMES = {"before": "from", "after": "to"}


@dataclass(frozen=True, slots=True)
class Change:
    """One note that cleanup would change. ``bar`` and ``beat`` (of the lower number of the metre there)
    count from 1.

    ``accept`` is the person's to set. A ``suggestion`` lies in a bar that a person edited, so it is not accepted by
    itself. ``applied`` is false for an accepted change that could not be made. Changes of one ``group`` (from 1) were
    found together. ``part`` is cleanup's name for who plays, ``track`` the name of the track in the file. Costs are
    the weighted faults around it.
    """

    id: str
    accept: bool
    bar: int
    beat: float
    part: str
    track: str
    before: str
    after: str
    rules: tuple[str, ...]
    why: str
    suggestion: bool
    applied: bool
    group: int
    cost_before: float
    cost_after: float

    @property
    def is_choice(self) -> bool:
        """Whether a person decided otherwise than cleanup does by itself."""
        return self.accept == self.suggestion

    @property
    def text(self) -> str:
        return f"{self.id} (bar {self.bar}, {self.part}, {self.before} to {self.after})"

    def as_json(self) -> dict[str, object]:
        """As it stands in the report."""
        return {JSON_NAMES.get(k, k): v for k, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """What a report rests on: the MIDI file by its SHA-256, the options, and how many changes were proposed.

    ``file`` and ``writes`` (the cleaned file) are relative to the report, called ``report``. ``read_sha256`` is
    the hash of what the file was taken for: that of the file itself, unless it had lost something in a DAW.
    """

    file: str
    sha256: str
    writes: str
    report: str
    options: Mapping[str, object]
    options_sha256: str
    read_sha256: str
    proposed: int


def options_sha256(options: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()


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
    """Everything about one run of cleanup; ``before`` and ``after`` count the faults of each rule in ``RULES``.

    ``made_from`` is None where nobody will apply the report later.
    """

    name: str
    key: KeyReport
    changes: tuple[Change, ...]
    before: dict[str, int]
    after: dict[str, int]
    certificate: Certificate | None
    notes: tuple[str, ...] = ()
    made_from: MadeFrom | None = None

    @property
    def applied(self) -> tuple[Change, ...]:
        """The changes that were made."""
        return tuple(c for c in self.changes if c.applied)

    @property
    def suggestions(self) -> tuple[Change, ...]:
        """What was only suggested and not accepted."""
        return tuple(c for c in self.changes if c.suggestion and not c.accept)

    @property
    def refused(self) -> tuple[Change, ...]:
        """What a person refused."""
        return tuple(c for c in self.changes if not c.suggestion and not c.accept)

    @property
    def removed(self) -> int:
        """How many faults are gone."""
        return sum(self.before.values()) - sum(self.after.values())

    def bytes(self) -> bytes:
        """Indented JSON with a final newline; ``from`` and ``to`` name the notes of a change."""
        made_from = asdict(self.made_from) if self.made_from is not None else None
        content: dict[str, object] = {"format": FORMAT, "name": self.name, "made_from": made_from}
        if self.made_from is not None:
            again = command("cleanup", "--apply", self.made_from.report)
            content["edit"] = f"set accept to true or false, then: {again}"
        content |= {k: v for k, v in asdict(self).items() if k not in content}
        content["changes"] = [change.as_json() for change in self.changes]
        content["rules"] = RULES
        return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
