"""Chord statistics of the corpora: how often each chord stands, starts a tune, and follows another.

Counted on changes of chord only (how long a chord stays is the plan's business): in chorales over the labels of
all beats, in tunes over the chord of each bar. The mix gives the chorales a little more, for their chords were
written and the tunes' were inferred.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.corpus.prepare import Prepared
from composer.corpus.tune import Tune
from composer.encoding.chord_states import STATES, state_of
from composer.formats.files import write_whole
from composer.resources import PACKAGE

FORMAT = "composer.harmony/1"
FOLDER = PACKAGE / "weights" / "harmony"
_BACKOFF = 12.0  # pseudo-count of the unigram in every row
_CHORALE_SHARE = 0.6
_FLOOR = 0.5  # pseudo-count of every chord in the unigram
Floats = NDArray[np.float64]


def harmony_tables(tunes: Sequence[Tune]) -> dict[str, Any]:
    """The tables as they are shipped: all numbers are probabilities, rows of ``transition`` sum to 1."""
    modes = {}
    for mode, states in STATES.items():
        own = [t for t in tunes if t.key.mode == mode and t.split == "train"]
        chorales = _counted([_chorale_path(t) for t in own if t.beat_chords], len(states))
        dances = _counted([_tune_path(t) for t in own if not t.beat_chords], len(states))
        mixed = {name: _CHORALE_SHARE * chorales[name] + (1 - _CHORALE_SHARE) * dances[name] for name in chorales}
        modes[mode] = {
            "states": [{"roman": s.roman, "root": s.root, "quality": s.quality} for s in states],
            **_listed(mixed),
            "chorales": _listed(chorales),
            "tunes": _listed(dances),
        }
    return {"format": FORMAT, "modes": modes}


def write_harmony(prepared: Prepared, folder: Path = FOLDER) -> None:
    """Write ``tables.json`` and its card into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "format": "composer.harmony-card/1",
        "name": "harmony",
        "title": "Chord bigrams of Bach chorales and labelled fiddle tunes",
        "corpus_sha256": prepared.report.source_sha256,
        "sources": {name: prepared.report.by_source.get(name, 0) for name in prepared.report.corpora},
        "counted": "training split, tunes in plain major or minor; changes of chord on beats (chorales) "
        "and from bar to bar (tunes, labelled by Viterbi)",
        "licence": "Counts only: no music of the sources can be had from them.",
    }
    tables = {**harmony_tables(prepared.tunes), "card": card}
    content = (json.dumps(tables, ensure_ascii=False) + "\n").encode()
    write_whole(folder / "tables.json", content)
    card = {**card, "tables_sha256": hashlib.sha256(content).hexdigest()}
    write_whole(folder / "card.json", (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())


def _chorale_path(tune: Tune) -> list[int]:
    """States on the beats; a major tonic in minor is an applied dominant only before iv, else a bright ending."""
    path = [s for c in tune.beat_chords if c is not None and (s := state_of(c, tune.key)) is not None]
    if not tune.key.is_minor:
        return path
    romans = [state.roman for state in STATES["minor"]]
    bright, tonic, goal = romans.index("V/iv"), romans.index("i"), romans.index("iv")
    following = [*path[1:], tonic]
    pairs = zip(path, following, strict=True)
    return [tonic if state == bright and after not in (goal, bright) else state for state, after in pairs]


def _tune_path(tune: Tune) -> list[int]:
    return [s for c in tune.chords if c is not None and (s := state_of(c, tune.key)) is not None]


def _counted(paths: Sequence[Sequence[int]], size: int) -> dict[str, Floats]:
    unigram, start, moves = np.full(size, _FLOOR), np.zeros(size), np.zeros((size, size))
    for path in paths:
        if path:
            start[path[0]] += 1
        for state in path:
            unigram[state] += 1
        for one, two in pairwise(path):
            if one != two:
                moves[one, two] += 1
    unigram /= unigram.sum()
    elsewhere = np.tile(unigram, (size, 1))
    np.fill_diagonal(elsewhere, 0.0)
    elsewhere /= elsewhere.sum(axis=1, keepdims=True)
    moves += _BACKOFF * elsewhere
    start += unigram
    return {
        "unigram": unigram,
        "start": start / start.sum(),
        "transition": moves / moves.sum(axis=1, keepdims=True),
    }


def _listed(tables: dict[str, Floats]) -> dict[str, Any]:
    return {name: np.round(table, 6).tolist() for name, table in tables.items()}
