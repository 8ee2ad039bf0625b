"""Two sets of pieces side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from composer.evaluate.comparison import Distances, distances, frechet
from composer.evaluate.critic import Verdict
from composer.evaluate.critic import beside as critic_beside
from composer.evaluate.diversity import SPREAD_FEATURES
from composer.evaluate.measures import MEASURES
from composer.evaluate.sets import PieceSet, Summary, critic_json

FORMAT = "composer.evaluation-beside/1"


@dataclass(frozen=True)
class Beside:
    """``one`` and ``other``; in every figure ``one`` is what ``other`` is compared with."""

    one: PieceSet
    other: PieceSet

    @cached_property
    def rows(self) -> list[tuple[Summary, Summary]]:
        """For each measure the summary of ``one`` beside real tunes, and of ``other`` beside ``one``."""
        of_other = [Summary(m, self.other.values(m.name), self.one.values(m.name)) for m in MEASURES.values()]
        return list(zip(self.one.summaries, of_other, strict=True))

    @cached_property
    def verdict(self) -> Verdict | None:
        """How well a critic can tell the sets apart; its control has sets of the same sizes."""
        return critic_beside(self.one.measures, self.other.measures, self.one.reference)

    @cached_property
    def frechet(self) -> float | None:
        found = frechet(self.one.rows(SPREAD_FEATURES), self.other.rows(SPREAD_FEATURES))
        return None if np.isnan(found) else found

    @cached_property
    def shape_distances(self) -> dict[str, Distances]:
        return {name: distances(rows, self.other.shapes[name]) for name, rows in self.one.shapes.items()}

    def as_json(self) -> Mapping[str, Any]:
        """Both sets, and what lies between them, as plain JSON values."""
        between = {
            "measures": {other.measure.name: other.as_json() for _, other in self.rows},
            "shapes": {
                name: {"mgeval_overlap": _finite(d.overlap), "mgeval_kld": _finite(d.kld)}
                for name, d in self.shape_distances.items()
            },
            "critic": critic_json(self.verdict),
            "frechet": None if self.frechet is None else round(self.frechet, 4),
        }
        return {"format": FORMAT, "one": self.one.as_json(), "other": self.other.as_json(), "between": between}


def _finite(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
