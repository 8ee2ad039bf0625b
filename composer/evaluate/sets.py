"""A set of pieces: what holds for each, and what only a set can show.

Conventions: a set is compared with the held-out real tunes of one style, the one that most of its pieces are nearest
to. Figures over a set leave out the pieces that cannot have them; what no piece has is ``None``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.soft_ranges import SOFT_RANGES
from composer.evaluate.anchors import is_inside
from composer.evaluate.comparison import Distances, auc, distances, frechet, overlap
from composer.evaluate.control import AIMS
from composer.evaluate.critic import Verdict, verdict_of
from composer.evaluate.diversity import SPREAD_FEATURES, Diversity, diversity_of
from composer.evaluate.line import Measure
from composer.evaluate.measures import MEASURES, Measures
from composer.evaluate.originality import SharedRuns, shared_runs
from composer.evaluate.reference import Reference, load_reference
from composer.evaluate.shapes import SHAPES, shapes_of
from composer.evaluate.stage import Evaluation

FORMAT = "composer.evaluation-set/1"
OVERLAP_MIN = 0.7  # two measures are alike when their densities share this area
INSIDE_AIM = 0.9  # of the pieces, in the soft range of each measure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is no piece, and why."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Summary:
    """One measure over a set, ``values``, beside the ``other`` values that it is compared with."""

    measure: Measure
    values: Floats
    other: Floats

    @property
    def median(self) -> float | None:
        return _median(self.values.tolist())

    @property
    def other_median(self) -> float | None:
        return _median(self.other.tolist())

    @property
    def inside(self) -> float | None:
        """The share of pieces in the soft range."""
        if self.measure.name not in SOFT_RANGES or not len(self.values):
            return None
        return float(np.mean([bool(is_inside(self.measure.name, value)) for value in self.values.tolist()]))

    @cached_property
    def auc(self) -> float | None:
        """The chance that a value of the other side is larger."""
        return _number(auc(self.other, self.values))

    @cached_property
    def overlap(self) -> float | None:
        """The area shared with the other side."""
        return _number(overlap(self.other, self.values))

    @cached_property
    def distances(self) -> Distances:
        """mgeval's figures."""
        return distances(self.other, self.values)

    def as_json(self) -> Mapping[str, Any]:
        return {
            "median": _plain(self.median),
            "other_median": _plain(self.other_median),
            "inside": _plain(self.inside),
            "soft_range": str(SOFT_RANGES.get(self.measure.name, "")) or None,
            "auc": _plain(self.auc),
            "overlap": _plain(self.overlap),
            "mgeval_overlap": _plain(self.distances.overlap),
            "mgeval_kld": _plain(self.distances.kld),
        }


@dataclass(frozen=True)
class PieceSet:
    """The pieces of a folder, or any others, and the files that were none."""

    name: str
    pieces: tuple[Evaluation, ...]
    unread: tuple[Unread, ...] = ()
    style: str = ""

    @cached_property
    def reference(self) -> Reference:
        return load_reference(self.style or _common_style(self.pieces))

    @property
    def measures(self) -> list[Measures]:
        return [piece.measures for piece in self.pieces]

    def values(self, name: str) -> Floats:
        """One measure of every piece that has it."""
        return np.array([value for piece in self.pieces if (value := piece.measures[name]) is not None])

    @cached_property
    def verdict(self) -> Verdict | None:
        """The critic's, with takes of one brief kept together."""
        return verdict_of(self.measures, self.reference, _groups(self.pieces))

    @cached_property
    def diversity(self) -> Diversity | None:
        return diversity_of(self.measures, [piece.line for piece in self.pieces], self.reference)

    @cached_property
    def shared(self) -> SharedRuns | None:
        return shared_runs([piece.originality for piece in self.pieces]) if self.pieces else None

    @cached_property
    def frechet(self) -> float | None:
        """The Frechet distance to the real tunes."""
        real = self.reference.columns(self.reference.real, SPREAD_FEATURES)
        return _number(frechet(real, self.rows(SPREAD_FEATURES)))

    def rows(self, names: Sequence[str]) -> Floats:
        """(pieces, len(names)) with NaN for what a piece cannot have."""
        rows = [[np.nan if (v := p.measures[name]) is None else v for name in names] for p in self.pieces]
        return np.array(rows, dtype=np.float64).reshape(len(self.pieces), len(names))

    @cached_property
    def summaries(self) -> list[Summary]:
        """Every measure beside the real tunes."""
        return [Summary(m, self.values(m.name), self.reference.values(m.name)) for m in MEASURES.values()]

    @cached_property
    def shapes(self) -> dict[str, Floats]:
        """(pieces, D) the distributions of every melody."""
        found = [shapes_of(piece.line) for piece in self.pieces]
        return {name: np.array([shape[name] for shape in found]).reshape(-1, size) for name, size in SHAPES.items()}

    @cached_property
    def shape_distances(self) -> dict[str, Distances]:
        """mgeval's figures for the distributions, beside the real tunes."""
        return {name: distances(self.reference.shapes[name], rows) for name, rows in self.shapes.items()}

    def control(self) -> dict[str, float | None]:
        """The median over the pieces of each rho."""
        return {name: _median([p.control.rho[name] for p in self.pieces if p.control]) for name in AIMS}

    @property
    def passed(self) -> float | None:
        """The share of pieces that pass all gates."""
        return float(np.mean([piece.passed for piece in self.pieces])) if self.pieces else None

    def failed_gates(self) -> dict[str, int]:
        """How many pieces have each fault, the commonest first."""
        return dict(Counter(g.name for p in self.pieces for g in p.gates if not g.passed).most_common())

    def as_json(self) -> Mapping[str, Any]:
        """The set as plain JSON values."""
        return {
            "format": FORMAT,
            "name": self.name,
            "pieces": [{"file": piece.name, **piece.as_json()} for piece in self.pieces],
            "unread": [{"file": one.name, "reason": one.reason} for one in self.unread],
            **(_set_json(self) if self.pieces else {}),
        }


def alike(summaries: Sequence[Summary]) -> tuple[int, int]:
    """How many measures with a soft range overlap by ``OVERLAP_MIN`` or more, of how many that can be compared."""
    areas = [s.overlap for s in summaries if s.measure.name in SOFT_RANGES and s.overlap is not None]
    return sum(area >= OVERLAP_MIN for area in areas), len(areas)


def _set_json(found: PieceSet) -> Mapping[str, Any]:
    verdict, diversity, shared = found.verdict, found.diversity, found.shared
    near, of = alike(found.summaries)
    return {
        "anchors": {"style": found.reference.style, "tunes": len(found.reference.real)},
        "passed": _plain(found.passed),
        "failed_gates": found.failed_gates(),
        "measures": {s.measure.name: s.as_json() for s in found.summaries},
        "shapes": {
            name: {"mgeval_overlap": _plain(d.overlap), "mgeval_kld": _plain(d.kld)}
            for name, d in found.shape_distances.items()
        },
        "alike": {"measures": near, "of": of, "overlap_min": OVERLAP_MIN},
        "critic": critic_json(verdict),
        "frechet": _plain(found.frechet),
        "originality": None if shared is None else {
            "median_run": shared.median, "longest_run": shared.largest, "share_12": _plain(shared.share_12),
            "share_16": _plain(shared.share_16), "coverage": _plain(shared.coverage),
        },
        "diversity": None if diversity is None else {
            "ratio": _plain(diversity.ratio), "longest_common_run": diversity.common.length,
        },
        "control": {name: _plain(rho) for name, rho in found.control().items()},
    }  # fmt: skip


def critic_json(verdict: Verdict | None) -> Mapping[str, Any] | None:
    if verdict is None:
        return None
    return {
        "auc": _plain(verdict.auc),
        "error": _plain(verdict.error),
        "control_auc": _plain(verdict.control_auc),
        "broken": verdict.is_broken,
        "told_by": {tell.measure: _plain(tell.share) for tell in verdict.tells},
    }


def _common_style(pieces: Sequence[Evaluation]) -> str:
    styles = Counter(piece.anchors.style for piece in pieces)
    return styles.most_common(1)[0][0] if styles else "dance"


def _groups(pieces: Sequence[Evaluation]) -> list[int]:
    """A number for each piece; pieces of one brief (whatever its seed) have the same."""
    seen: dict[str, int] = {}
    keys = [p.brief.model_dump_json(exclude={"seed", "title"}) if p.brief else f"\0{i}" for i, p in enumerate(pieces)]
    return [seen.setdefault(key, len(seen)) for key in keys]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _number(value: float) -> float | None:
    return None if isnan(value) else value


def _plain(value: float | None) -> float | None:
    """Rounded for JSON, which has no infinity."""
    return None if value is None or not np.isfinite(value) else round(float(value), 4)
