"""The families of networks: what each writes, how its card is read, and how a recipe of it is trained.

This is the one place that knows them all; each trainer knows only its own recipe and data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.encoding import harmony, vocabulary
from composer.models import figuration_runtime, harmony_runtime, recipe_files, runtime, voices_runtime
from composer.resources import PACKAGE

WEIGHTS_FOLDER = PACKAGE / "weights"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of network.

    ``recipes`` are the families that a recipe may name to train it. ``learned`` is where its card counts what it
    learned from, and the word for that; ``held_out`` and ``baseline`` are where its card keeps the two figures to
    compare, in ``unit``; ``against`` names the baseline.
    """

    name: str
    writes: str
    shipped: Path
    card_format: str
    vocabulary_sha256: Callable[[], str]
    recipes: tuple[str, ...]
    learned: tuple[str, ...]
    pieces: str
    unit: str
    held_out: tuple[str, ...]
    baseline: tuple[str, ...]
    against: str

    @property
    def can_be_chosen(self) -> bool:
        """Whether ``composer generate --model`` takes a network of this family; of the others the shipped one plays."""
        return recipe_files.MELODY in self.recipes


@dataclass(frozen=True, slots=True)
class Summary:
    """What a card says in a line: what was learned from, and nats on held-out pieces beside a baseline's."""

    learned_from: str
    held_out: float | None
    baseline: float | None
    against: str
    unit: str

    def words(self) -> str:
        """The two figures in a few words; empty where nothing could be held out."""
        if self.held_out is None or self.baseline is None:
            return ""
        return f"{self.held_out:.2f} {self.unit} held out ({self.against}: {self.baseline:.2f})"


FAMILIES = (
    Family(
        "melody",
        "tunes, note by note",
        WEIGHTS_FOLDER / "melody",
        runtime.FORMAT,
        vocabulary.vocabulary_sha256,
        (recipe_files.MELODY, recipe_files.FINE_TUNE),
        ("corpus", "split", "train"),
        "tunes",
        "nats a note",
        ("metrics", "plan_only", "sum"),
        ("metrics", "markov", "sum"),
        "the last two notes",
    ),
    Family(
        "harmony",
        "chords of phrases",
        harmony_runtime.FOLDER,
        harmony_runtime.FORMAT,
        harmony.vocabulary_sha256,
        (recipe_files.HARMONY,),
        ("corpus", "chords", "train"),
        "chords",
        "nats a chord",
        ("metrics", "lstm_without_tension", "all"),
        ("metrics", "bigram_cadence", "all"),
        "the chord before and the cadence",
    ),
    Family(
        "voices",
        "bass, alto and tenor of chorales",
        WEIGHTS_FOLDER / voices_runtime.SHIPPED,
        voices_runtime.FORMAT,
        voices_runtime.voices_sha256,
        (recipe_files.VOICES,),
        ("corpus", "chorales", "train"),
        "chorales",
        "nats a note",
        ("metrics", "test", "mean"),
        ("metrics", "bigram", "mean"),
        "the chord and the note before",
    ),
    Family(
        "accompaniment",
        "what the pianist's hands do (style learned)",
        figuration_runtime.FOLDER,
        figuration_runtime.FORMAT,
        figuration_runtime.figuration_sha256,
        (recipe_files.ACCOMPANIMENT,),
        ("corpus", "songs", "train"),
        "songs",
        "nats a bar",
        ("metrics", "no_controls", "per_bar"),
        ("metrics", "repeating", "per_bar"),
        "the bar before",
    ),
)


def family_of_recipe(name: str) -> Family:
    """The family of networks that recipes of the family ``name`` train."""
    return next(family for family in FAMILIES if name in family.recipes)


def family_of_card(card: Mapping[str, Any]) -> Family | None:
    """The family whose cards have that format; ``None`` for a card of something else."""
    return next((family for family in FAMILIES if card.get("format") == family.card_format), None)


def summary_of(card: Mapping[str, Any], family: Family) -> Summary:
    """The line of a network's card; figures that it does not have are ``None``."""
    count = _at(card, family.learned)
    total = sum(count.values()) if isinstance(count, dict) else count
    learned = f"{total:,} {family.pieces}" if isinstance(total, int) else ""
    held_out, baseline = (_number(_at(card, path)) for path in (family.held_out, family.baseline))
    return Summary(learned, held_out, baseline, family.against, family.unit)


def _at(card: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = card
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
