"""A trained model as a folder: ``weights.npz`` for the numpy runtime and ``card.json`` that says what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.corpus.prepare import Prepared, Report
from composer.corpus.tune import Tune
from composer.encoding.melody import STYLES
from composer.encoding.vocabulary import vocabulary_sha256
from composer.models.baselines import Baseline, markov, per_position
from composer.models.dataset import CHORD_COLUMNS, CONTROL_COLUMNS, PIECE_COLUMNS, sequence_of
from composer.models.folder import CardText, sources_of, write_folder
from composer.models.recipe import Recipe
from composer.models.runtime import FORMAT

Nats = Callable[..., tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Score:
    """Cross-entropy on the test split, nats per event."""

    duration: float
    pitch: float

    @property
    def total(self) -> float:
        return self.duration + self.pitch


UNKNOWN = Score(math.nan, math.nan)  # without a test split
_CONTROLS = (*CONTROL_COLUMNS, *PIECE_COLUMNS)
# What the network is not told, in the ways it is measured; the last knows no more than the baselines.
HIDDEN: dict[str, tuple[int, ...]] = {
    "full": (),
    "no_controls": _CONTROLS,
    "plan_only": (*_CONTROLS, *CHORD_COLUMNS),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model before and after it was trained on, on held-out pieces of the new corpus.

    ``right_before`` and ``right_after`` are the shares of notes whose pitch was its first guess. ``kept_before`` and
    ``kept_after`` are scores on held-out tunes of the corpus that it came from, if that is at hand. ``mixed`` counts
    the tunes of that corpus in the training.
    """

    base: str
    base_sha256: str
    base_corpora: tuple[str, ...]
    mixed: int
    pieces: int
    notes: int
    before: Score
    after: Score
    right_before: float
    right_after: float
    kept_pieces: int
    kept_before: Score
    kept_after: Score


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a training gave.

    full: with the whole plan known; no_controls: without the bar descriptions; plan_only: without chords either
    (the fair comparison with the baselines, which know neither).
    """

    folder: Path
    name: str
    epochs: int
    seconds: float
    bytes: int
    tunes: int
    full: Score
    no_controls: Score
    plan_only: Score
    markov: Score
    per_position: Score
    comparison: Comparison | None = None


def write_model(
    output: Path,
    recipe: Recipe,
    prepared: Prepared,
    model: Any,
    nats: Nats,
    epochs: int,
    seconds: float,
    comparison: Comparison | None = None,
) -> TrainingResult:
    """Measure ``model`` on the test split and write its folder; the card last, so that a cut-off write is noticed."""
    from composer.models.melody_lstm import runtime_arrays

    test, train = prepared.split("test"), prepared.split("train")
    baselines = {"markov": markov(train), "per_position": per_position(train)}
    scores = _scores(nats, baselines, test)
    metrics = {
        "unit": "nats per note on the test split, which shares no near-duplicate with training",
        **{name: _nats(score) for name, score in scores.items()},
        "by_style": _by_style(nats, baselines, test),
    }
    more = {} if comparison is None else {"fine_tuning": _compared(comparison)}
    text = CardText(
        FORMAT, "melody_lstm", recipe, _corpus(prepared.report), metrics, epochs, seconds, vocabulary_sha256(), more
    )
    card = write_folder(output, runtime_arrays(model), text)
    used = min(len(train), recipe.tunes_limit or len(train))
    return TrainingResult(
        output, recipe.name, epochs, seconds, int(card["weights_bytes"]), used, **scores, comparison=comparison
    )


def _compared(found: Comparison) -> dict[str, Any]:
    return {
        "base": found.base,
        "base_weights_sha256": found.base_sha256,
        "base_learned_from": list(found.base_corpora),
        "tunes_mixed_in": found.mixed,
        "unit": "nats per note on held-out pieces of the new corpus",
        "held_out_pieces": found.pieces,
        "held_out_notes": found.notes,
        "before": {**_nats(found.before), "pitch_first_guess_right": _rounded(found.right_before)},
        "after": {**_nats(found.after), "pitch_first_guess_right": _rounded(found.right_after)},
        "corpus_it_came_from": {
            "held_out_pieces": found.kept_pieces,
            "before": _nats(found.kept_before),
            "after": _nats(found.kept_after),
        },
    }


def _nats(score: Score) -> dict[str, float | None]:
    return {"duration": _rounded(score.duration), "pitch": _rounded(score.pitch), "sum": _rounded(score.total)}


def _scores(nats: Nats, baselines: Mapping[str, Baseline], tunes: Sequence[Tune]) -> dict[str, Score]:
    """The network with more and more hidden from it, and the baselines, on ``tunes``."""
    if not tunes:
        return dict.fromkeys((*HIDDEN, *baselines), UNKNOWN)
    test = [sequence_of(t) for t in tunes]
    return {
        **{name: Score(*nats(test, hide)) for name, hide in HIDDEN.items()},
        **{name: Score(*baseline.nats(tunes)) for name, baseline in baselines.items()},
    }


def _by_style(nats: Nats, baselines: Mapping[str, Baseline], test: Sequence[Tune]) -> dict[str, Any]:
    """For each corpus style in ``test`` its size and the same scores; the baselines have learned from all styles."""
    found: dict[str, Any] = {}
    for style in [name for name in STYLES if any(t.style == name for t in test)]:
        tunes = [t for t in test if t.style == style]
        scores = _scores(nats, baselines, tunes)
        found[style] = {
            "tunes": len(tunes),
            "notes": sum(len(t.events) for t in tunes),
            **{name: _nats(score) for name, score in scores.items()},
        }
    return found


def _rounded(nats: float) -> float | None:
    """For JSON, which has no nan."""
    return None if math.isnan(nats) else round(nats, 4)


def _corpus(report: Report) -> dict[str, Any]:
    return {
        "sha256": report.source_sha256,
        "sources": sources_of(report),
        "tunes": report.tunes,
        "clusters": report.clusters,
        "split": report.by_split,
    }
