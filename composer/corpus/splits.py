"""Which tunes are learned from, which are checked on and which are tested with: near-duplicates are never parted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from composer.corpus.duplicates import clusters_of, split_of
from composer.corpus.tune import Tune

# Of a small collection one file in twelve is held out for each of valid and test, of a large one what the hash says.
_HELD_OUT_OF, _SMALL_FILES = 12, 120


def split_tunes(tunes: list[Tune]) -> list[Tune]:
    """``tunes`` with their clusters and splits; of a small collection something is held out all the same."""
    leaders = clusters_of(tunes)
    groups = _families(tunes, leaders)
    sides = {group: split_of(group) for group in groups}
    if "train" not in sides.values():
        sides = dict.fromkeys(sides, "train")
    for missing, least in (("valid", 2), ("test", 4)):
        wanted = max(1, min(len(sides), _SMALL_FILES) // _HELD_OUT_OF)
        train = sorted((g for g, side in sides.items() if side == "train"), key=_shuffled)
        short = wanted - sum(side == missing for side in sides.values())
        for group in train[: max(0, short) if len(train) >= least else 0]:
            sides[group] = missing
    return [replace(t, cluster=c, split=sides[g]) for t, c, g in zip(tunes, leaders, groups, strict=True)]


def _shuffled(group: str) -> bytes:
    return hashlib.sha256(group.encode()).digest()


def _families(tunes: list[Tune], leaders: list[int]) -> list[str]:
    """For each tune the file of the first tune that it hangs together with.

    The parts of one file (name#0, name#1) hang together, and so do near-duplicates, whichever file they are in.
    """
    files = [tune.id.partition("#")[0] for tune in tunes]
    first: dict[str, str] = {}

    def find(name: str) -> str:
        while first.get(name, name) != name:
            name = first[name]
        return name

    order = {name: number for number, name in reversed(list(enumerate(files)))}
    for leader, name in zip(leaders, files, strict=True):
        one, two = sorted((find(files[leader]), find(name)), key=lambda n: order[n])
        first[two] = one
    return [find(name) for name in files]
