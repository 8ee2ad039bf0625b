"""Held-out real tunes by their measures, and two controls made from them, as shipped with the program.

Conventions: one row a tune, one tune of each cluster of near-duplicates, none that a model learned from. Row k of the
controls was made from real tune k: ``markov`` keeps its rhythm and draws pitches from a second-order chain of the
training tunes, ``shuffled`` has its bars in another order. ``tests/benchmarks/anchors.py`` makes the file.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from composer.errors import MissingTool
from composer.evaluate.shapes import SHAPES
from composer.resources import shipped

FORMAT = "composer.reference/1"
SHAPE_UNIT = 255  # shares are stored as whole numbers of this

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """``real``, ``markov`` and ``shuffled`` (N, len(names)) hold a measure of ``names`` in each column, NaN where a
    tune has none; ``shapes`` (N, D) are the real tunes' distributions."""

    style: str
    names: tuple[str, ...]
    real: Floats
    markov: Floats
    shuffled: Floats
    shapes: Mapping[str, Floats]

    def columns(self, rows: Floats, names: Sequence[str]) -> Floats:
        """(N, len(names)) the columns of ``rows`` for ``names``; NaN for a measure that was not stored."""
        empty = np.full(len(rows), np.nan)
        return np.column_stack([rows[:, self.names.index(n)] if n in self.names else empty for n in names])

    def values(self, name: str) -> Floats:
        """The real tunes' values of one measure, in rising order, without those that lack it."""
        column = self.columns(self.real, (name,))[:, 0]
        return np.sort(column[~np.isnan(column)])

    def without(self, rows: Floats) -> Reference:
        """The reference without the real tunes whose measures (columns ``names``) are one of ``rows``."""
        stored = [row.tobytes() for row in self.real.astype(np.float16)]
        gone = {row.tobytes() for row in rows.astype(np.float16)}
        kept = np.array([row not in gone for row in stored])
        shapes = {name: shape[kept] for name, shape in self.shapes.items()}
        return replace(
            self, real=self.real[kept], markov=self.markov[kept], shuffled=self.shuffled[kept], shapes=shapes
        )

    def percentile(self, name: str, value: float | None) -> float | None:
        """The percentage 0..100 of real tunes below ``value``, equal ones half; ``None`` where there is nothing to
        compare."""
        known = self.values(name)
        if value is None or not len(known):
            return None
        own = float(np.float16(value))  # as the tunes' values are stored
        return 100 * float(np.mean((known < own) + 0.5 * (known == own)))


def reference_bytes(references: Sequence[Reference]) -> bytes:
    """The file of all styles: the same for the same tunes."""
    heads = {"format": FORMAT, "names": {r.style: list(r.names) for r in references}}
    arrays = {"heads": np.frombuffer(json.dumps(heads).encode(), np.uint8)}
    for r in references:
        arrays |= {
            f"{r.style}.{name}": rows.astype(np.float16)
            for name, rows in (("real", r.real), ("markov", r.markov), ("shuffled", r.shuffled))
        }
        arrays |= {f"{r.style}.{name}": np.round(r.shapes[name] * SHAPE_UNIT).astype(np.uint8) for name in SHAPES}
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def reference_of(data: bytes, style: str) -> Reference:
    """The reference of ``style``; raises KeyError, ValueError or BadZipFile for anything else."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        heads = json.loads(stored["heads"].tobytes())
        if heads["format"] != FORMAT:
            raise ValueError(f"format {heads['format']!r}, not {FORMAT!r}")
        rows = [stored[f"{style}.{name}"].astype(np.float64) for name in ("real", "markov", "shuffled")]
        shapes = {name: stored[f"{style}.{name}"] / SHAPE_UNIT for name in SHAPES}
        return Reference(style, tuple(map(str, heads["names"][style])), rows[0], rows[1], rows[2], shapes)


@cache
def load_reference(style: str) -> Reference:
    """The shipped reference of ``style``; raises MissingTool when it is absent or damaged."""
    path = shipped("weights") / "anchors" / "reference.npz"
    try:
        return reference_of(path.read_bytes(), style)
    except OSError as error:
        raise MissingTool(path, f"cannot be read ({error.strerror})", "install composer again") from None
    except (EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        raise MissingTool(path, f"holds no reference tunes of style {style}", "install composer again") from None
