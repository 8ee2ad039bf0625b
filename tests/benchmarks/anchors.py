"""Measure the held-out tunes and write the anchors: ``python -m tests.benchmarks.anchors``.

Anchors come from the test and valid splits, which no model was trained on, one tune of each cluster of near-duplicates.
``anchors.json`` holds percentiles, ``reference.npz`` every tune's measures with two controls made from it: its rhythm
with pitches of a second-order Markov chain of the training tunes of its style, and its bars shuffled. A tune's own
phrase ends are used throughout.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from composer.corpus.prepare import DEFAULT, Prepared, prepare
from composer.corpus.tune import Tune
from composer.evaluate.anchors import FORMAT, STYLES
from composer.evaluate.critic import FEATURES, critic_auc
from composer.evaluate.line import line_of
from composer.evaluate.measures import MEASURES, Measures, matrix, measures_of
from composer.evaluate.reference import Reference, reference_bytes
from composer.evaluate.shapes import SHAPES, shapes_of
from composer.formats.files import write_whole
from composer.resources import shipped
from tests.benchmarks.baselines import MarkovMelody, shuffled_bars
from tests.benchmarks.tunes import piece_of_tune

SPLITS = ("valid", "test")
PERCENTILES = {"p10": 10, "p50": 50, "p90": 90}
TUNES_MIN = 20  # a percentile over fewer tunes says nothing
SEED = 7


@dataclass(frozen=True)
class Made:
    """The content of both files."""

    anchors: dict[str, object]
    references: tuple[Reference, ...]


def measured(tunes: Sequence[Tune]) -> list[Measures]:
    return [measures_of(piece_of_tune(tune), tune.phrase_ends) for tune in tunes]


def percentiles(found: Sequence[Measures]) -> dict[str, dict[str, float]]:
    """p10, p50 and p90 of every measure that enough tunes have."""
    result = {}
    for name in MEASURES:
        values = [value for m in found if (value := m[name]) is not None]
        if len(values) >= TUNES_MIN:
            result[name] = {p: round(float(np.percentile(values, q)), 4) for p, q in PERCENTILES.items()}
    return result


def reference_of_style(style: str, tunes: Sequence[Tune], found: Sequence[Measures], chain: MarkovMelody) -> Reference:
    """The measures of the tunes and of the controls made from each."""
    rng = np.random.default_rng(SEED)
    names = tuple(name for name in MEASURES if any(m[name] is not None for m in found))
    markov = measured([chain.pitches_for(tune, rng) for tune in tunes])
    shuffled = measured([shuffled_bars(tune, rng) for tune in tunes])
    shapes = [shapes_of(line_of(piece_of_tune(tune))) for tune in tunes]
    return Reference(
        style, names, matrix(found, names), matrix(markov, names), matrix(shuffled, names),
        {name: np.array([shape[name] for shape in shapes]) for name in SHAPES},
    )  # fmt: skip


def made_of(prepared: Prepared) -> Made:
    styles: dict[str, object] = {}
    references = []
    for style in STYLES:
        held_out = [t for split in SPLITS for t in prepared.split(split) if t.style == style]
        tunes = list({tune.cluster: tune for tune in reversed(held_out)}.values())[::-1]
        if len(tunes) < TUNES_MIN:
            continue
        found = measured(tunes)
        styles[style] = {"tunes": len(found), "measures": percentiles(found)}
        chain = MarkovMelody([t for t in prepared.split("train") if t.style == style])
        references.append(reference_of_style(style, tunes, found, chain))
    anchors: dict[str, object] = {
        "format": FORMAT,
        "made_by": "python -m tests.benchmarks.anchors",
        "corpora": list(prepared.report.corpora),
        "corpus_sha256": prepared.report.source_sha256,
        "splits": list(SPLITS),
        "reference": "reference.npz: the same tunes one by one, Markov pitches on their rhythm, their bars shuffled",
        "styles": styles,
    }
    return Made(anchors, tuple(references))


def card_of(anchors: dict[str, object], anchors_bytes: bytes, reference: bytes) -> bytes:
    """The card of the folder: what its files are, and their hashes."""
    card = {
        "format": "composer.anchors-card/1",
        "title": "Anchors: what tunes that no model learned from measure",
        **{name: anchors[name] for name in ("made_by", "corpora", "corpus_sha256", "splits", "reference")},
        "licence": "Measures only: no music of the sources can be had from them.",
        "tables_sha256": hashlib.sha256(anchors_bytes).hexdigest(),
        "reference_sha256": hashlib.sha256(reference).hexdigest(),
    }
    return (json.dumps(card, indent=1) + "\n").encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", default=DEFAULT, help="as for composer train")
    parser.add_argument("-o", "--output", type=Path, default=None, help="a folder")
    arguments = parser.parse_args()
    folder = arguments.output or shipped("weights") / "anchors"
    folder.mkdir(parents=True, exist_ok=True)
    made = made_of(prepare(arguments.corpus))
    data = reference_bytes(made.references)
    anchors = (json.dumps(made.anchors, indent=1) + "\n").encode()
    write_whole(folder / "anchors.json", anchors)
    write_whole(folder / "reference.npz", data)
    write_whole(folder / "card.json", card_of(made.anchors, anchors, data))
    print(f"{folder}: reference.npz has {len(data)} bytes")
    for one in made.references:
        real, markov, shuffled = (one.columns(rows, FEATURES) for rows in (one.real, one.markov, one.shuffled))
        scores = f"Markov {critic_auc(real, markov):.3f}, shuffled bars {critic_auc(real, shuffled):.3f}"
        print(f"{one.style}: {len(real)} tunes; critic against {scores}")


if __name__ == "__main__":
    main()
