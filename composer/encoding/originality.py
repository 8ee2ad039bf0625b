"""How long a melody goes along with a tune that is known.

Conventions: a melody is read as moves (interval in semitones, ratio of the next note's length to this one's; rests are
skipped), so a tune is found again in any key and at any note value. A run is a number of moves: a run of 15 is 16
notes. Runs below ``SEED`` moves are idiom, not evidence, and count as none.

The index holds the moves of every tune of the shipped corpora (``composer/weights/originality``, about half a
megabyte), so a run is exact, not a guess from hashes; ``python -m tests.benchmarks.known_tunes`` makes it. What to
make of a run: of held-out tunes 39 % share 12 moves or more with a training tune (mostly variants of one), 19 % share
16.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from composer.errors import MissingTool
from composer.resources import shipped

FORMAT = "composer.known-tunes/1"
SEED = 8  # moves: the shortest run that is found
COVERING_RUN = 12  # moves: notes in a run of this length count as covered
# Codes above every move of the index; none of them equals anything.
_UNKNOWN, _TUNE_END, _MELODY_END = 0xFFFD, 0xFFFE, 0xFFFF
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Codes = NDArray[np.uint16]
Ints = NDArray[np.int64]


class Sounding(Protocol):
    """A note or an event: length in ticks, and a pitch in semitones from anywhere (``None``: a rest)."""

    @property
    def pitch(self) -> int | None: ...

    @property
    def duration(self) -> int: ...


@dataclass(frozen=True, slots=True)
class KnownTune:
    """A tune of the index. ``split`` is train, valid or test: models learned from train alone."""

    id: str
    title: str
    style: str
    split: str


@dataclass(frozen=True, slots=True)
class SharedRun:
    """``length`` moves from sounding note ``note`` of the melody on are in tune ``tune`` too, from its note
    ``tune_note`` on. ``coverage`` is the share 0..1 of moves in runs of ``COVERING_RUN`` or more."""

    length: int = 0
    note: int = 0
    tune: int | None = None
    tune_note: int = 0
    coverage: float = 0.0

    @property
    def notes(self) -> int:
        """Notes in a row that are shared; 0 for no run."""
        return self.length + 1 if self.length else 0


class KnownRuns:
    """An index of tunes, to find what melodies share with them."""

    def __init__(self, tunes: Sequence[KnownTune], codes: Codes, sizes: Ints, moves: Ints) -> None:
        """``codes`` (N,) are the moves of all tunes one after the other, ``sizes`` (T,) how many each has, and
        ``moves`` (M, 3) what a code means: interval, numerator and denominator of the ratio."""
        self.tunes = tuple(tunes)
        self._keys = _keys(moves[:, 0], moves[:, 1], moves[:, 2])
        self._order = np.argsort(self._keys)
        self._keys = self._keys[self._order]
        ends = np.cumsum(sizes)
        self._codes = np.insert(codes, ends, _TUNE_END)
        self._starts = np.concatenate([[0], ends[:-1]]) + np.arange(len(sizes))
        hashes = _gram_hashes(self._codes)
        self._places = np.argsort(hashes)
        self._hashes = hashes[self._places]

    @property
    def held_out(self) -> frozenset[int]:
        """The numbers of the tunes that no model learned from."""
        return frozenset(i for i, tune in enumerate(self.tunes) if tune.split != "train")

    def longest_shared(self, melody: Sequence[Sounding], ignore: Iterable[int] = ()) -> SharedRun:
        """The longest run of ``melody`` in any tune but those numbered in ``ignore``."""
        return self.longest_runs([melody], ignore)[0]

    def longest_runs(self, melodies: Sequence[Sequence[Sounding]], ignore: Iterable[int] = ()) -> list[SharedRun]:
        """The longest run of each melody; of equal ones the first in the melody, then in the index."""
        if not melodies:
            return []
        codes, starts = self._coded(melodies)
        mine, theirs = self._seeds(codes)
        tune = np.searchsorted(self._starts, theirs, side="right") - 1
        keep = ~np.isin(tune, list(ignore))
        # A match that began one move earlier was counted there.
        keep &= codes[mine - 1] != self._codes[theirs - 1]
        mine, theirs, tune = mine[keep], theirs[keep], tune[keep]
        lengths = self._lengths(codes, mine, theirs)
        found = lengths >= SEED
        mine, theirs, tune, lengths = mine[found], theirs[found], tune[found], lengths[found]
        covered = _covered(mine, lengths, len(codes))
        order = np.lexsort((theirs, mine, -lengths))
        owner = np.searchsorted(starts, mine[order], side="right") - 1
        best = {int(o): int(i) for o, i in zip(owner[::-1], order[::-1], strict=True)}
        runs = []
        for index, (first, end) in enumerate(zip(starts, [*starts[1:], len(codes)], strict=True)):
            if (i := best.get(index)) is None:
                runs.append(SharedRun())
                continue
            at = int(theirs[i] - self._starts[tune[i]])
            share = float(covered[first : end - 1].mean())
            runs.append(SharedRun(int(lengths[i]), int(mine[i] - first), int(tune[i]), at, share))
        return runs

    def _coded(self, melodies: Sequence[Sequence[Sounding]]) -> tuple[Codes, Ints]:
        """The moves of all melodies in one row, each followed by an end mark, and where each begins."""
        sounding = [[n for n in melody if n.pitch is not None and n.duration > 0] for melody in melodies]
        pitch = np.array([n.pitch for melody in sounding for n in melody], np.int64)
        ticks = np.array([n.duration for melody in sounding for n in melody], np.int64)
        # Each melody of n notes gives n - 1 moves and its end mark; one without notes a mark alone.
        sizes = np.array([max(1, len(melody)) for melody in sounding], np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(sizes) else np.zeros(0, np.int64)
        codes = np.full(int(sizes.sum()), _MELODY_END, np.uint16)
        if len(pitch) < 2 or not len(self._keys):
            return codes, starts
        common = np.gcd(ticks[1:], ticks[:-1])
        keys = _keys(np.diff(pitch), ticks[1:] // common, ticks[:-1] // common)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        found = np.where(self._keys[at] == keys, self._order[at], _UNKNOWN).astype(np.uint16)
        place = np.concatenate([np.arange(len(m)) + s for m, s in zip(sounding, starts, strict=True)]).astype(np.int64)
        codes[place[:-1]] = found
        codes[starts + sizes - 1] = _MELODY_END
        return codes, starts

    def _seeds(self, codes: Codes) -> tuple[Ints, Ints]:
        """Where ``SEED`` moves may be equal: places in ``codes`` and in the index."""
        hashes = _gram_hashes(codes)
        low = np.searchsorted(self._hashes, hashes, side="left")
        count = np.searchsorted(self._hashes, hashes, side="right") - low
        mine = np.repeat(np.arange(len(hashes)), count)
        within = np.arange(len(mine)) - np.repeat(np.cumsum(count) - count, count)
        return mine, self._places[np.repeat(low, count) + within]

    def _lengths(self, codes: Codes, mine: Ints, theirs: Ints) -> Ints:
        """How many moves are equal from each pair of places on. End marks differ, so no run leaves its tune."""
        lengths = np.zeros(len(mine), np.int64)
        alive = np.arange(len(mine))
        while len(alive):
            one, other = mine[alive] + lengths[alive], theirs[alive] + lengths[alive]
            alive = alive[codes[one] == self._codes[other]]
            lengths[alive] += 1
        return lengths


def _keys(interval: Ints, numerator: Ints, denominator: Ints) -> Ints:
    """One number for each move: 8 bits of interval, 24 bits each for the ratio's two sides."""
    return ((interval + 128) << 48) | (numerator << 24) | denominator


def _gram_hashes(codes: Codes) -> NDArray[np.uint64]:
    """(N - SEED + 1,) hashes of ``SEED`` codes in a row, modulo 2**64."""
    count = max(0, len(codes) - SEED + 1)
    total = np.zeros(count, np.uint64)
    for step in range(SEED):
        total = total * _MULTIPLIER + codes[step : step + count].astype(np.uint64) + np.uint64(1)
    return total


def _covered(mine: Ints, lengths: Ints, total: int) -> NDArray[np.bool_]:
    """(total,) whether a place lies in a run of ``COVERING_RUN`` moves or more."""
    long = lengths >= COVERING_RUN
    edges = np.zeros(total + 1, np.int64)
    np.add.at(edges, mine[long], 1)
    np.add.at(edges, mine[long] + lengths[long], -1)
    return np.cumsum(edges)[:-1] > 0


def runs_of(melodies: Sequence[Sequence[Sounding]], tunes: Sequence[KnownTune] | None = None) -> KnownRuns:
    """An index of ``melodies``; they are called by number unless ``tunes`` says how."""
    named = tunes or [KnownTune(str(i), "", "", "train") for i in range(len(melodies))]
    moves: dict[tuple[int, int, int], int] = {}
    codes: list[int] = []
    sizes = []
    for melody in melodies:
        notes = [n for n in melody if n.pitch is not None and n.duration > 0]
        sizes.append(max(0, len(notes) - 1))
        for one, two in pairwise(notes):
            common = int(np.gcd(one.duration, two.duration))
            move = ((two.pitch or 0) - (one.pitch or 0), two.duration // common, one.duration // common)
            codes.append(moves.setdefault(move, len(moves)))
    table = np.array(list(moves), np.int64).reshape(-1, 3)
    return KnownRuns(named, np.array(codes, np.uint16), np.array(sizes, np.int64), table)


def known_bytes(melodies: Sequence[Sequence[Sounding]], tunes: Sequence[KnownTune]) -> bytes:
    """The index as one npz file: the same for the same tunes."""
    index = runs_of(melodies, tunes)
    inside = index._codes != _TUNE_END  # the marks are put back on reading
    back = np.argsort(index._order)
    keys = index._keys[back]
    heads = {"format": FORMAT, "tunes": [[t.id, t.title, t.style, t.split] for t in tunes]}
    arrays = {
        "heads": np.frombuffer(json.dumps(heads, ensure_ascii=False).encode(), np.uint8),
        "codes": index._codes[inside],
        "sizes": np.diff(np.append(index._starts, len(index._codes))) - 1,
        "moves": np.column_stack([(keys >> 48) - 128, keys >> 24 & 0xFFFFFF, keys & 0xFFFFFF]),
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def known_of(data: bytes) -> KnownRuns:
    """The index in the bytes of a file; raises KeyError, ValueError or BadZipFile for anything else."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        heads = json.loads(stored["heads"].tobytes())
        if heads["format"] != FORMAT:
            raise ValueError(f"format {heads['format']!r}, not {FORMAT!r}")
        tunes = [KnownTune(*map(str, head)) for head in heads["tunes"]]
        return KnownRuns(tunes, stored["codes"], stored["sizes"].astype(np.int64), stored["moves"].astype(np.int64))


@cache
def known_runs(path: Path | None = None) -> KnownRuns:
    """The shipped index (read once); raises MissingTool when it is absent or damaged."""
    path = path or shipped("weights") / "originality" / "known.npz"
    try:
        return known_of(path.read_bytes())
    except OSError as error:
        raise MissingTool(path, f"cannot be read ({error.strerror})", "install composer again") from None
    except (EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile):
        raise MissingTool(path, "is no index of known tunes", "install composer again") from None
