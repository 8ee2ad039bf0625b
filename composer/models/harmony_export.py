"""The harmony model as a folder: ``weights.npz`` for the numpy runtime and ``card.json`` with what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.harmony import PARENTS, STATES, vocabulary_sha256
from composer.models.folder import CardText, write_folder
from composer.models.harmony_baselines import BASELINES, bigrams, fitted
from composer.models.harmony_dataset import CONTROLS, Passage, hidden
from composer.models.harmony_recipe import HarmonyRecipe
from composer.models.harmony_runtime import FORMAT

Floats = NDArray[np.float64]
Nats = Callable[[Sequence[Passage]], Floats]
# What the network is not told, in the ways it is measured.
ABLATIONS: dict[str, tuple[str, ...]] = {
    "lstm": (),
    "lstm_without_tension": ("tension",),
    "lstm_without_tension_or_cadence": ("tension", "cadence"),
    "lstm_chords_only": tuple(name for name in CONTROLS if name not in ("style", "rate", "place")),
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What was learnt from: sha256 of all files together, and for each corpus its size and licence."""

    sha256: str
    corpora: tuple[Mapping[str, object], ...]


def measured(passages: Sequence[Passage], nats: Nats) -> dict[str, dict[str, float]]:
    """Nats a chord on the test split by model and corpus; the tables are fitted on the other two splits."""
    splits = {name: [p for p in passages if p.split == name] for name in ("train", "valid", "test")}
    figures: dict[str, dict[str, float]] = {}
    for name in BASELINES:
        table, strengths = fitted(name, splits["train"], splits["valid"])
        figures[name] = _by_corpus(splits["test"], partial(table.nats, strengths=strengths))
    for name, hide in ABLATIONS.items():
        figures[name] = _by_corpus([hidden(p, hide) for p in splits["test"]], nats)
    return figures


def _by_corpus(test: Sequence[Passage], nats: Callable[[Sequence[Passage]], Floats]) -> dict[str, float]:
    """Mean nats a chord for each corpus and, over all chords, for ``"all"``."""
    found: dict[str, float] = {}
    every = []
    for corpus in dict.fromkeys(p.corpus for p in test):
        values = nats([p for p in test if p.corpus == corpus])
        every.append(values)
        if len(values):
            found[corpus] = round(float(values.mean()), 4)
    if every and sum(map(len, every)):
        found["all"] = round(float(np.concatenate(every).mean()), 4)
    return found


def write_harmony_model(
    output: Path,
    recipe: HarmonyRecipe,
    sources: Sources,
    passages: Sequence[Passage],
    model: Any,
    figures: Mapping[str, Mapping[str, float]],
    epochs: int,
    seconds: float,
) -> dict[str, Any]:
    """Write weights, then the card (last, so that a cut-off write is noticed), and return the card."""
    from composer.models.harmony_lstm import runtime_arrays

    arrays = dict(runtime_arrays(model))
    tables = bigrams([p for p in passages if p.split == "train"])
    for mode in PARENTS:
        arrays[f"start_{mode}"], arrays[f"bigram_{mode}"] = (table.astype(np.float32) for table in tables[mode])
    metrics = {
        "unit": "nats per chord on the test split, which shares no near-duplicate tune with training; '... bars' "
        "are the same pieces with one chord a bar",
        **figures,
    }
    corpus = {"sha256": sources.sha256, "sources": list(sources.corpora), "chords": _targets(passages)}
    more = {
        "states": {mode: [state.roman for state in states] for mode, states in STATES.items()},
        "labels": "Chorales: what the four voices sound on each beat. Tunes: inferred from the melody, a chord a bar. "
        "Songs: inferred from voice and piano. Figures on the last two measure agreement with the inference.",
    }
    text = CardText(FORMAT, "harmony_lstm", recipe, corpus, metrics, epochs, seconds, vocabulary_sha256(), more)
    return write_folder(output, arrays, text)


def _targets(passages: Sequence[Passage]) -> dict[str, dict[str, int]]:
    """How many chords there are to tell, by split and corpus."""
    return {
        split: {
            corpus: int(sum(p.weights.sum() for p in passages if p.split == split and p.corpus == corpus))
            for corpus in dict.fromkeys(p.corpus for p in passages)
        }
        for split in ("train", "valid", "test")
    }
