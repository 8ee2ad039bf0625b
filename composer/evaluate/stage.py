"""The evaluate stage: MIDI bytes to the measures and gates that a musician compares with real tunes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from composer.encoding.soft_ranges import SOFT_RANGES
from composer.evaluate.anchors import DEFAULT_STYLE, Anchor, Anchors, is_inside, load_anchors
from composer.evaluate.control import AIMS, Control, control_of
from composer.evaluate.gates import Gate, gates_of
from composer.evaluate.line import Line, Measure, line_of
from composer.evaluate.measures import FAMILIES, Measures, measures_of
from composer.evaluate.originality import Originality, originality_of
from composer.evaluate.reference import load_reference
from composer.evaluate.written import WrittenPhrases, written_phrases
from composer.formats.brief.brief import Brief
from composer.formats.midi.piece import piece_of
from composer.formats.midi.scan import KEY_SIGNATURE
from composer.formats.midi.source import read_source
from composer.music.instruments import INSTRUMENTS
from composer.music.key import Key
from composer.music.keyfinding import key_of_weights
from composer.music.notes import Piece

FORMAT = "composer.evaluation/1"
# A melody with fewer notes than this moves like a chorale, not like a dance: compare it with chorales.
CHORALE_NOTES_PER_QUARTER = 1.1
# For the key that ends the melody; with .10 the key found agrees best with 4,145 labelled fiddle tunes.
FINAL_BONUS = 0.10


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a measure, the piece's value, what real tunes have, and whether it is in range.

    ``percentile`` is the percentage of real tunes below the value; ``inside`` is ``None`` where there is no soft range
    or no value.
    """

    family: str
    measure: Measure
    value: float | None
    percentile: float | None
    anchor: Anchor | None
    soft_range: str
    inside: bool | None

    def cells(self) -> tuple[str, ...]:
        """Name, value, its percentile, the 10th, 50th and 90th percentile, soft range, and a mark, as text."""
        digits = self.measure.digits
        a = self.anchor
        shown = [_shown(self.value, digits), _shown(self.percentile, 0)]
        shown += [_shown(value, digits) for value in ((a.p10, a.p50, a.p90) if a else (None, None, None))]
        mark = {True: "yes", False: "NO", None: ""}[self.inside]
        return (self.measure.name, *shown, self.soft_range, mark)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``composer evaluate`` shows and writes for one file."""

    name: str
    line: Line
    measures: Measures
    gates: tuple[Gate, ...]
    anchors: Anchors
    originality: Originality
    brief: Brief | None = None
    control: Control | None = None

    @property
    def bars(self) -> int:
        return len(self.line.bars) if self.line.length else 0

    @property
    def notes(self) -> int:
        """Notes of the melody."""
        return len(self.line.notes)

    @property
    def inside(self) -> tuple[int, int]:
        """How many measures lie in their soft range, of how many that have both."""
        marks = [is_inside(name, self.measures[name]) for name in SOFT_RANGES]
        return sum(mark is True for mark in marks), sum(mark is not None for mark in marks)

    @property
    def passed(self) -> bool:
        """Whether every hard gate passed."""
        return all(gate.passed for gate in self.gates)

    def rows(self) -> list[Row]:
        """The table, family by family."""
        reference = load_reference(self.anchors.style)
        return [
            Row(
                family,
                measure,
                value := self.measures[measure.name],
                reference.percentile(measure.name, value),
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
                    "percentile": None if row.percentile is None else round(row.percentile, 1),
                    "inside": row.inside,
                    "p10_p50_p90": [a.p10, a.p50, a.p90] if (a := row.anchor) else None,
                }
                for row in self.rows()
            },
            "anchors": {"style": self.anchors.style, "tunes": self.anchors.tunes},
            "originality": self.originality.as_json(),
            "control": _control_json(self.control) if self.control else None,
        }

    def faults(self) -> list[str]:
        """A line for each gate that failed: its name, what was found, and the first bars that have it."""
        failed = [gate for gate in self.gates if not gate.passed]
        return [f"{gate.name}: {gate.note} (bar {', '.join(map(str, gate.where[:8]))})" for gate in failed]


def evaluated(data: bytes, name: str, brief: Brief | None = None, style: str | None = None) -> Evaluation:
    """The evaluation of a MIDI file; the brief, where there is one, says key and range.

    Raises BadInput or OverLimit for a file that the MIDI reader refuses.
    """
    source = read_source(data, name)
    piece = piece_of(source, brief)
    if brief is None and not source.metas(KEY_SIGNATURE):
        piece = replace(piece, key=found_key(piece))
    return evaluation_of(piece, name, brief, style)


def found_key(piece: Piece) -> Key:
    """The key that the notes suggest, the last one of the melody a little more; the piece's own without notes."""
    pitched = [note for part in piece.parts if not part.is_drums for note in part.notes]
    melody = line_of(piece).notes
    if not pitched or not melody:
        return piece.key
    weights = np.bincount([n.pitch % 12 for n in pitched], [n.duration for n in pitched], minlength=12).astype(
        np.float64
    )
    return key_of_weights(weights, melody[-1].pitch % 12, FINAL_BONUS)


def evaluation_of(
    piece: Piece,
    name: str,
    brief: Brief | None = None,
    style: str | None = None,
    phrase_ends: Sequence[int] | None = None,
    ignore: Collection[int] = (),
) -> Evaluation:
    """The evaluation of a piece, beside the real tunes of ``style`` (by its density if absent).

    ``phrase_ends`` (ticks) are known of some tunes, else the brief may write them; ``ignore`` numbers known tunes
    that it may share runs with.
    """
    phrases = written_phrases(brief, piece) if brief and phrase_ends is None else None
    phrase_ends = phrases.ends if phrases else phrase_ends
    line = line_of(piece, phrase_ends)
    gates = _gates(piece, brief, phrase_ends, phrases)
    measures = measures_of(piece, phrase_ends)
    anchors = load_anchors(style or style_of(measures))
    control = control_of(piece, line, brief) if brief else None
    return Evaluation(name, line, measures, tuple(gates), anchors, originality_of(line, ignore=ignore), brief, control)


def _gates(
    piece: Piece, brief: Brief | None, phrase_ends: Sequence[int] | None, phrases: WrittenPhrases | None
) -> list[Gate]:
    """The gates, held to the key, the range and the cadences of the brief."""
    low, high = _range(brief)
    return gates_of(
        piece,
        planned_key=brief.key.key if brief else None,
        low=low,
        high=high,
        phrase_ends=phrase_ends,
        cadences=phrases.cadences if phrases else (),
        pickups=phrases.pickups if phrases else (),
    )


def style_of(measures: Measures) -> str:
    """The style of the real tunes that a melody is compared with."""
    density = measures["notes_per_quarter"]
    slow = density is not None and density < CHORALE_NOTES_PER_QUARTER
    return "chorale" if slow else DEFAULT_STYLE


def _control_json(control: Control) -> Mapping[str, Any]:
    rho = {name: None if value is None else round(value, 4) for name, value in control.rho.items()}
    return {"spearman": rho, "aims": dict(AIMS), "not_as_in_the_brief": list(control.broken)}


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
