"""The profiles of real tunes: mean and covariance by corpus style and number of bars, as they are shipped."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from composer.corpus.prepare import Prepared
from composer.corpus.tune import Tune
from composer.encoding.profile import FORMAT, NAMES, PROFILES, WHOLE, Floats, Tally, bars_of, phrase_end_lengths
from composer.formats.files import write_whole
from composer.resources import PACKAGE

FOLDER = PACKAGE / "weights" / "profile"
PREFIXES = (4, 8, 12)  # bars after which a tune is also profiled while it goes on
SHRINK = 0.1  # share of the diagonal in each covariance, against what few tunes make up
TUNES_MIN = 60


def profile_tables(tunes: Sequence[Tune]) -> dict[str, dict[int, tuple[Floats, Floats]]]:
    """By style and number of bars (``WHOLE`` for finished tunes): mean (F,) and covariance (F, F).

    The training split, one tune of each cluster of near-duplicates.
    """
    first = {t.cluster: t for t in reversed(tunes) if t.split == "train"}
    found: dict[str, dict[int, list[Floats]]] = {}
    for tune in first.values():
        for bars, vector in _vectors(tune).items():
            found.setdefault(tune.style, {}).setdefault(bars, []).append(vector)
    return {
        style: {bars: _statistics(np.array(vectors)) for bars, vectors in by_bars.items() if len(vectors) >= TUNES_MIN}
        for style, by_bars in found.items()
        if len(by_bars[WHOLE]) >= TUNES_MIN
    }


def _vectors(tune: Tune) -> dict[int, Floats]:
    """The tune's profile after each of ``PREFIXES`` bars and at its end."""
    tally = Tally(tune.meter, tune.key.is_minor)
    bars = bars_of(tune.events, tune.meter, 0, tune.bars)
    ends = phrase_end_lengths(tune.events, tune.phrase_ends)
    vectors = {}
    for number, bar in enumerate(bars, 1):
        tally.add([[e for e in bar if e.pitch is not None]])
        if number in PREFIXES and tune.bars >= number + 4:
            done = sum(end <= number * tune.meter.bar_ticks for end in tune.phrase_ends)
            tally.ends = ends[:done]
            vectors[number] = tally.vector()
    tally.ends = ends
    vectors[WHOLE] = tally.vector()
    return vectors


def _statistics(vectors: Floats) -> tuple[Floats, Floats]:
    mean = np.nanmean(vectors, axis=0)
    gaps = np.where(np.isnan(vectors), 0.0, vectors - mean)
    covariance = gaps.T @ gaps / len(gaps)
    covariance += SHRINK * np.diag(np.diag(covariance)) + 1e-6 * np.eye(len(covariance))
    return mean, covariance


def write_profiles(prepared: Prepared, folder: Path = FOLDER) -> None:
    """Write the tables and their card into ``folder``."""
    tables = profile_tables(prepared.tunes)
    arrays: dict[str, Any] = {}
    for style, by_bars in sorted(tables.items()):
        for bars, (mean, covariance) in sorted(by_bars.items()):
            arrays[f"{style}.{bars}.mean"] = mean.astype(np.float32)
            arrays[f"{style}.{bars}.covariance"] = covariance.astype(np.float32)
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / PROFILES, stream.getvalue())
    card = {
        "format": FORMAT,
        "title": "Profiles of real tunes: how they move, what returns, how they close",
        "features": NAMES,
        "corpus_sha256": prepared.report.source_sha256,
        "sources": {name: prepared.report.by_source.get(name, 0) for name in prepared.report.corpora},
        "counted": "training split, one tune of each cluster of near-duplicates",
        "licence": "Means and covariances only: no music of the sources can be had from them.",
        "tables_sha256": hashlib.sha256(stream.getvalue()).hexdigest(),
    }
    write_whole(folder / "card.json", (json.dumps(card, indent=1) + "\n").encode())
