"""Measure the held-out tunes and write the anchors: ``python -m tests.benchmarks.anchors``.

Anchors come from the test and valid splits, which no model was trained on. A tune's own phrase ends are used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from composer.corpus.prepare import Prepared, prepare
from composer.corpus.tune import Tune
from composer.evaluate.anchors import FORMAT, STYLES
from composer.evaluate.measures import MEASURES, Measures, measures_of
from composer.formats.files import write_whole
from composer.resources import shipped
from tests.benchmarks.tunes import piece_of_tune

SPLITS = ("valid", "test")
PERCENTILES = {"p10": 10, "p50": 50, "p90": 90}
TUNES_MIN = 20  # a percentile over fewer tunes says nothing


def measured(tunes: Sequence[Tune]) -> list[Measures]:
    """The measures of each tune, one of each cluster of near-duplicates."""
    first = {tune.cluster: tune for tune in reversed(tunes)}
    return [measures_of(piece_of_tune(tune), tune.phrase_ends) for tune in first.values()]


def percentiles(found: Sequence[Measures]) -> dict[str, dict[str, float]]:
    """p10, p50 and p90 of every measure that enough tunes have."""
    result = {}
    for name in MEASURES:
        values = [value for m in found if (value := m[name]) is not None]
        if len(values) >= TUNES_MIN:
            result[name] = {p: round(float(np.percentile(values, q)), 4) for p, q in PERCENTILES.items()}
    return result


def anchors_json(prepared: Prepared) -> dict[str, object]:
    held_out = [tune for split in SPLITS for tune in prepared.split(split)]
    styles: dict[str, object] = {}
    for style in STYLES:
        found = measured([tune for tune in held_out if tune.style == style])
        if len(found) >= TUNES_MIN:
            styles[style] = {"tunes": len(found), "measures": percentiles(found)}
    return {
        "format": FORMAT,
        "made_by": "python -m tests.benchmarks.anchors",
        "corpora": list(prepared.report.corpora),
        "corpus_sha256": prepared.report.source_sha256,
        "splits": list(SPLITS),
        "styles": styles,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=None)
    arguments = parser.parse_args()
    path = arguments.output or shipped("weights") / "anchors" / "anchors.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    anchors = anchors_json(prepare())
    write_whole(path, (json.dumps(anchors, indent=1) + "\n").encode())
    for style, content in anchors["styles"].items():  # type: ignore[attr-defined]
        print(f"{path}: {style}, {content['tunes']} tunes")


if __name__ == "__main__":
    main()
