"""The evaluate stage: MIDI bytes to the measures and gates that a musician compares with real tunes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from composer.evaluate.anchors import DEFAULT_STYLE, SOFT_RANGES, Anchor, Anchors, is_inside, load_anchors
from composer.evaluate.gates import Gate, gates_of
from composer.evaluate.line import Measure, line_of
from composer.evaluate.measures import FAMILIES, Measures, measures_of
from composer.formats.brief import Brief
from composer.formats.source import read_source
from composer.formats.source_piece import piece_of
from composer.music.instruments import INSTRUMENTS

FORMAT = "composer.evaluation/1"
# A melody with fewer notes than this moves like a chorale, not like a dance: compare it with chorales.
CHORALE_NOTES_PER_QUARTER = 1.1


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a measure, the piece's value, what real tunes have, and whether it is in range.

    ``inside`` is ``None`` where there is no soft range or no value.
    """

    family: str
    measure: Measure
    value: float | None
    anchor: Anchor | None
    soft_range: str
    inside: bool | None

    def cells(self) -> tuple[str, ...]:
        """Name, value, 10th, 50th and 90th percentile, soft range, and a mark, as text."""
        digits = self.measure.digits
        a = self.anchor
        values = (self.value, a.p10, a.p50, a.p90) if a else (self.value, None, None, None)
        shown = [_shown(value, digits) for value in values]
        mark = {True: "yes", False: "NO", None: ""}[self.inside]
        return (self.measure.name, *shown, self.soft_range, mark)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``composer evaluate`` shows and writes for one file."""

    name: str
    bars: int
    notes: int
    measures: Measures
    gates: tuple[Gate, ...]
    anchors: Anchors

    @property
    def passed(self) -> bool:
        """Whether every hard gate passed."""
        return all(gate.passed for gate in self.gates)

    def rows(self) -> list[Row]:
        """The table, family by family."""
        return [
            Row(
                family,
                measure,
                value := self.measures[measure.name],
                self.anchors.measures.get(measure.name),
                str(SOFT_RANGES.get(measure.name, "")),
                is_inside(measure.name, value),
            )
            for family, module in FAMILIES.items()
            for measure in module.MEASURES
        ]

    def as_json(self) -> Mapping[str, Any]:
        """The same as plain JSON values; measures that the piece cannot have are null."""
        return {
            "format": FORMAT,
            "name": self.name,
            "bars": self.bars,
            "melody_notes": self.notes,
            "passed": self.passed,
            "gates": [{"name": g.name, "passed": g.passed, "bars": list(g.where), "note": g.note} for g in self.gates],
            "measures": {
                row.measure.name: {
                    "family": row.family,
                    "value": None if row.value is None else round(row.value, 6),
                    "unit": row.measure.unit,
                    "inside": row.inside,
                    "p10_p50_p90": [a.p10, a.p50, a.p90] if (a := row.anchor) else None,
                }
                for row in self.rows()
            },
            "anchors": {"style": self.anchors.style, "tunes": self.anchors.tunes},
        }


def evaluated(data: bytes, name: str, brief: Brief | None = None) -> Evaluation:
    """The evaluation of a MIDI file; the brief, where there is one, says key and range.

    Raises BadInput or OverLimit for a file that the MIDI reader refuses.
    """
    piece = piece_of(read_source(data, name), brief)
    line = line_of(piece)
    low, high = _range(brief)
    gates = gates_of(piece, planned_key=brief.key.key if brief else None, low=low, high=high)
    measures = measures_of(piece)
    density = measures["notes_per_quarter"]
    slow = density is not None and density < CHORALE_NOTES_PER_QUARTER
    anchors = load_anchors("chorale" if slow else DEFAULT_STYLE)
    return Evaluation(name, piece.bars, len(line.notes), measures, tuple(gates), anchors)


def _range(brief: Brief | None) -> tuple[int, int]:
    """The melody's lowest and highest MIDI pitch: the brief's, else the instrument's."""
    if brief is None:
        return 0, 127
    instrument = INSTRUMENTS.get(brief.melody.instrument)
    low = brief.melody.low if brief.melody.low is not None else instrument.low if instrument else 0
    high = brief.melody.high if brief.melody.high is not None else instrument.high if instrument else 127
    return low, high


def _shown(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
