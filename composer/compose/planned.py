"""The plan that a brief gets before any note, as rows to read and as phrases to write into the brief."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from composer.compose.accompaniment.orchestra import orchestra_of
from composer.compose.draft import PLAN_JOB, rng_of
from composer.compose.form.plan import Phrase, Plan, plan_of
from composer.formats.brief.brief import Brief
from composer.music.key import Key
from composer.music.pitch import note_name
from composer.music.time import TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """One phrase for a table: bars from 1, means of its targets (notes to the quarter, MIDI pitch, 0..1)."""

    section: str
    label: str
    first_bar: int
    last_bar: int
    cadence: str
    operator: str
    source: str
    pickup_quarters: float
    key: str
    density_npq: float
    register: float
    energy: float
    tension: float
    has_climax: bool

    def cells(self) -> tuple[str, ...]:
        """The row in words, by ``COLUMNS``."""
        made = f"{self.operator} of {self.source}" if self.source else self.operator
        return (
            self.section,
            self.label,
            f"{self.first_bar}-{self.last_bar}",
            self.cadence,
            made,
            f"{self.pickup_quarters:g}",
            self.key,
            f"{self.density_npq:.2f}",
            note_name(round(self.register), Key(*self.key.split(maxsplit=1)).plain_spellings),
            f"{self.energy:.2f}",
            f"{self.tension:.2f}",
            "climax" if self.has_climax else "",
        )


COLUMNS = (
    "section", "phrase", "bars", "close", "made by", "pick-up", "key", "notes/quarter", "around", "energy", "tension",
    "",
)  # fmt: skip


def plan_for(brief: Brief, seed: int) -> Plan:
    """The plan that ``generate`` uses for ``brief`` and ``seed``; raises BadInput for an unknown ensemble."""
    return plan_of(brief, orchestra_of(brief).melody.instrument, rng_of(seed, PLAN_JOB))


def rows_of(plan: Plan, brief: Brief) -> tuple[PhraseRow, ...]:
    """A row for each phrase of ``plan``."""
    return tuple(_row(phrase, plan, brief) for phrase in plan.phrases)


def written_phrases(plan: Plan) -> tuple[tuple[Mapping[str, Any], ...], ...]:
    """For each section its phrases as they stand in a brief: with them, every seed gives this plan."""
    sections: list[list[Mapping[str, Any]]] = [[] for _ in plan.section_starts]
    for phrase in plan.phrases:
        entry: dict[str, Any] = {"bars": phrase.bars, "cadence": phrase.cadence, "label": phrase.label}
        if phrase.source is not None:
            entry |= {"derive_from": plan.phrases[phrase.source].label, "op": phrase.operator}
        if phrase.index:
            entry["pickup"] = phrase.pickup / TICKS_PER_BEAT
        sections[phrase.section].append(entry)
    return tuple(tuple(entries) for entries in sections)


def _row(phrase: Phrase, plan: Plan, brief: Brief) -> PhraseRow:
    bars = plan.bars[phrase.first : phrase.last + 1]
    return PhraseRow(
        section=brief.form[phrase.section].name,
        label=phrase.label,
        first_bar=phrase.first + 1,
        last_bar=phrase.last + 1,
        cadence=phrase.cadence,
        operator=phrase.operator,
        source="" if phrase.source is None else plan.phrases[phrase.source].label,
        pickup_quarters=phrase.pickup / TICKS_PER_BEAT,
        key=str(plan.key_at(phrase.first)),
        density_npq=round(sum(b.density_npq for b in bars) / len(bars), 3),
        register=round(sum(b.register for b in bars) / len(bars), 2),
        energy=round(sum(b.energy for b in bars) / len(bars), 3),
        tension=round(sum(b.tension for b in bars) / len(bars), 3),
        has_climax=phrase.first <= plan.climax_bar <= phrase.last,
    )
