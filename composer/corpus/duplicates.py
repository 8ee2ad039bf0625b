"""Near-duplicates among tunes, and a train/valid/test split that never parts them.

Two tunes are near-duplicates when one shares more than 60 % of its 8-grams of (interval, duration ratio) with the
other: collections of one tradition print the same tune several times, and a test on a copy flatters a model.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from composer.corpus.tune import Tune

GRAM = 8
SHARED = 0.6
_COMMON = 60  # a figure in more tunes than this is idiom, not evidence of a copy
_VALID_PERCENT, _TEST_PERCENT = 6, 8


def clusters_of(tunes: Sequence[Tune]) -> list[int]:
    """For each tune the index of the first tune of its cluster of near-duplicates."""
    grams = [_grams(tune) for tune in tunes]
    holders: dict[int, list[int]] = defaultdict(list)
    for index, own in enumerate(grams):
        for gram in own:
            holders[gram].append(index)
    leader = list(range(len(tunes)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for index, own in enumerate(grams):
        shared: Counter[int] = Counter()
        for gram in own:
            if len(holders[gram]) <= _COMMON:
                shared.update(other for other in holders[gram] if other < index)
        for other, count in shared.items():
            if count > SHARED * min(len(own), len(grams[other])):
                first, second = sorted((find(index), find(other)))
                leader[second] = first
    return [find(index) for index in range(len(tunes))]


def split_of(cluster_id: str) -> str:
    """``"train"``, ``"valid"`` or ``"test"``, fixed for ever by the id of the cluster's first tune."""
    percent = int.from_bytes(hashlib.sha256(cluster_id.encode()).digest()[:4], "big") % 100
    if percent < _TEST_PERCENT:
        return "test"
    return "valid" if percent < _TEST_PERCENT + _VALID_PERCENT else "train"


def _grams(tune: Tune) -> set[int]:
    notes = [e for e in tune.events if e.pitch is not None]
    steps = []
    for one, two in pairwise(notes):
        ratio = round(4 * two.duration / one.duration) if one.duration else 0
        steps.append(((two.pitch or 0) - (one.pitch or 0), ratio))
    return {hash(tuple(steps[i : i + GRAM])) for i in range(len(steps) - GRAM + 1)}
