"""A trained network as a folder: ``weights.npz`` for the numpy runtime, and ``card.json`` that says what it is."""

from __future__ import annotations

import hashlib
import io
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from composer.corpus import catalog
from composer.corpus.prepare import Report
from composer.formats.files import cannot_write, write_whole
from composer.models.lstm_cell import CARD, WEIGHTS
from composer.models.recipe_files import TrainingRecipe, recipe_fields

LICENCE = "Weights: the licence of composer. Each source keeps its own licence, stated above."
_PACKAGES = ("numpy", "keras", "tensorflow", "tensorflow-cpu", "music21")


@dataclass(frozen=True, slots=True)
class CardText:
    """What only the family knows of a network: its card's format, what it learned from, how well, and its tables."""

    format: str
    family: str
    recipe: TrainingRecipe
    corpus: Mapping[str, Any]
    metrics: Mapping[str, Any]
    epochs: int
    seconds: float
    vocabulary_sha256: str
    more: Mapping[str, Any]


def make_folder(folder: Path) -> None:
    """Make ``folder``; raises CannotWrite."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None


def write_folder(
    folder: Path, arrays: Mapping[str, Any], text: CardText, *, is_compressed: bool = False
) -> dict[str, Any]:
    """Write the weights, then the card (last, so that a cut-off write is noticed); the card."""
    stream = io.BytesIO()
    (np.savez_compressed if is_compressed else np.savez)(stream, **arrays)
    content = stream.getvalue()
    make_folder(folder)
    write_whole(folder / WEIGHTS, content)
    card = _card(text, content)
    write_whole(folder / CARD, (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return card


def sources_of(report: Report) -> list[dict[str, Any]]:
    """Name, title, number of tunes and licence of each corpus that was read."""
    known = {corpus.name: corpus for corpus in catalog.list_corpora()}
    return [
        {
            "name": name,
            "title": known[name].title if name in known else Path(name).name,
            "tunes": report.by_source.get(name, 0),
            "licence": known[name].licence if name in known else "the user's own files",
        }
        for name in report.corpora
    ]


def _card(text: CardText, weights: bytes) -> dict[str, Any]:
    return {
        "format": text.format,
        "name": text.recipe.name,
        "title": text.recipe.title,
        "family": text.family,
        "recipe": recipe_fields(text.recipe),
        "corpus": dict(text.corpus),
        "licence": LICENCE,
        "metrics": dict(text.metrics),
        **text.more,
        "epochs": text.epochs,
        "training_seconds": round(text.seconds),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "vocabulary_sha256": text.vocabulary_sha256,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "weights_bytes": len(weights),
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"
