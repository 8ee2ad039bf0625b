"""All measures of one piece, and the table of the families they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from composer.evaluate import harmony, pitch, rhythm, structure, texture, voices
from composer.evaluate.line import Line, Measure, line_of
from composer.music.notes import Piece


class Family(Protocol):
    """What every module of measures offers."""

    MEASURES: tuple[Measure, ...]

    def validate(self, line: Line) -> None: ...

    def evaluate(self, piece: Piece, line: Line) -> Mapping[str, float | None]: ...


FAMILIES: dict[str, Family] = {
    "pitch": pitch,
    "rhythm": rhythm,
    "structure": structure,
    "harmony": harmony,
    "texture": texture,
    "voices": voices,
}
MEASURES: dict[str, Measure] = {m.name: m for family in FAMILIES.values() for m in family.MEASURES}


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers of one piece by name, in the order of ``MEASURES``.

    ``None`` stands for a measure that the piece cannot have (no leaps to recover from, no chords to fit).
    """

    values: Mapping[str, float | None]

    def __getitem__(self, name: str) -> float | None:
        return self.values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def items(self) -> list[tuple[Measure, float | None]]:
        return [(MEASURES[name], value) for name, value in self.values.items()]


def measures_of(piece: Piece, phrase_ends: Sequence[int] | None = None) -> Measures:
    """Every measure of every family; ``phrase_ends`` are ticks, four-bar phrases if absent."""
    line = line_of(piece, phrase_ends)
    values: dict[str, float | None] = {}
    for family in FAMILIES.values():
        values.update(family.evaluate(piece, line))
    return Measures({name: values[name] for name in MEASURES})


def matrix(found: Sequence[Measures], names: Sequence[str]) -> NDArray[np.float64]:
    """(N, len(names)): one row a piece, NaN for a measure that it cannot have."""
    rows = [[np.nan if (value := m[name]) is None else value for name in names] for m in found]
    return np.array(rows, dtype=np.float64).reshape(len(found), len(names))
