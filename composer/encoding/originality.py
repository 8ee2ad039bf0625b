"""How long a melody goes along with a tune that is known.

Conventions: a melody is read as moves (interval in semitones, ratio of the next note's length to this one's; rests are
skipped), so a tune is found again in any key and at any note value. A run is a number of moves: a run of 15 is 16
notes. Runs below ``SEED`` moves are idiom, not evidence, and count as none.

The index (``composer/weights/originality``, made by ``python -m tests.benchmarks.known_tunes``) holds no moves: for
every ``SEED`` moves in a row, wherever they begin in a tune, one number of 64 bits, sorted by hash. Its upper 40 bits
are a hash of the moves, its lower 24 the place, masked with another hash of the same moves. So neither the moves nor
their order can be read from it; who knows the moves already finds where they are. (Nothing that answers this question
fast can keep whoever tries out moves by the million from confirming guesses, and so rebuilding a tune.)

A run of n moves is n - 7 matches at places in a row. That moves which are not there match by chance has the odds
``false_match_rate``, of the shipped index 2e-8 for each place of a melody; that a run is a move too long, 3e-14.

What to make of a run: of held-out dances 35 % share 12 moves or more with a training tune (mostly variants of one),
18 % share 15; of held-out songs 0.3 % and none.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.errors import MissingTool
from composer.resources import shipped

FORMAT = "composer.known-tunes/2"
SEED = 8  # moves: the shortest run that is found
COVERING_RUN = 12  # moves: notes in a run of this length count as covered
HASH_BITS, PLACE_BITS = 40, 24
_PLACES = np.uint64(2**PLACE_BITS - 1)
_BUCKET_BITS, _REST_BYTES = 16, 6  # in the file: how many entries begin with each 16 bits, and the other 48
# The key of the hash: 64 bits of the fractional part of the square root of 2.
_KEY = np.uint64(0x6A09E667F3BCC908)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


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


@dataclass(frozen=True, slots=True)
class _Row:
    """Melodies one after the other: ``starts`` (M,) is where each begins, counted in notes, ``total`` how many notes
    all have (a melody without notes counts one); ``places`` (G,) is where ``SEED`` moves begin that are of one melody,
    and ``hashes`` (G,) are theirs. A move has the place of its first note, so the last place of a melody has none."""

    starts: Ints
    total: int
    places: Ints
    hashes: Hashes


class KnownRuns:
    """An index of tunes, to find what melodies share with them."""

    def __init__(self, tunes: Sequence[KnownTune], starts: Ints, total: int, entries: Hashes) -> None:
        """``starts`` (T,) and ``total`` are places as in ``_Row``; ``entries`` (G,) ascend by hash."""
        self.tunes = tuple(tunes)
        self._starts, self._total, self._entries = starts, total, entries

    @property
    def held_out(self) -> frozenset[int]:
        """The numbers of the tunes that no model learned from."""
        return frozenset(i for i, tune in enumerate(self.tunes) if tune.split != "train")

    @property
    def runs(self) -> int:
        """How many runs of ``SEED`` moves are in the index, those that stand in several places as often."""
        return len(self._entries)

    @property
    def false_match_rate(self) -> float:
        """How many places of the index ``SEED`` moves match on average that are in no tune."""
        return float(self.runs * self._total / 2 ** (HASH_BITS + PLACE_BITS))

    def longest_shared(self, melody: Sequence[Sounding], ignore: Iterable[int] = ()) -> SharedRun:
        """The longest run of ``melody`` in any tune but those numbered in ``ignore``."""
        return self.longest_runs([melody], ignore)[0]

    def longest_runs(self, melodies: Sequence[Sequence[Sounding]], ignore: Iterable[int] = ()) -> list[SharedRun]:
        """The longest run of each melody; of equal ones the first in the melody, then in the index."""
        if not melodies:
            return []
        row = _row_of(melodies)
        mine, theirs = self._matches(row)
        if left_out := list(ignore):
            keep = ~np.isin(self._tunes_at(theirs), left_out)
            mine, theirs = mine[keep], theirs[keep]
        mine, theirs, lengths = _joined(mine, theirs)
        runs = [SharedRun()] * len(melodies)
        if not len(mine):
            return runs
        covered = _covered(mine, lengths, row.total)
        order = np.lexsort((theirs, mine, -lengths))
        owners = np.searchsorted(row.starts, mine[order], side="right") - 1
        ends = np.append(row.starts[1:], row.total)
        for owner, first in zip(*np.unique(owners, return_index=True), strict=True):
            i = order[first]
            begin, tune = row.starts[owner], int(self._tunes_at(theirs[i : i + 1])[0])
            share = float(covered[begin : ends[owner] - 1].mean())
            at = int(theirs[i] - self._starts[tune])
            runs[owner] = SharedRun(int(lengths[i]), int(mine[i] - begin), tune, at, share)
        return runs

    def _tunes_at(self, places: Ints) -> Ints:
        return np.searchsorted(self._starts, places, side="right") - 1

    def _matches(self, row: _Row) -> tuple[Ints, Ints]:
        """Where ``SEED`` moves of the row stand in the index: places of both, a pair for each match."""
        if not len(self._entries):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        low = np.searchsorted(self._entries, row.hashes & ~_PLACES, side="left")
        nearest = self._entries[np.minimum(low, len(self._entries) - 1)]
        found = np.flatnonzero((nearest ^ row.hashes) <= _PLACES)  # most are not in the index
        low, hashes = low[found], row.hashes[found]
        count = np.searchsorted(self._entries, hashes | _PLACES, side="right") - low
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        masked = self._entries[np.repeat(low, count) + within]
        theirs = ((masked ^ _masks(np.repeat(hashes, count), within)) & _PLACES).astype(np.int64)
        mine = np.repeat(row.places[found], count)
        real = theirs < self._total
        return mine[real], theirs[real]


def _joined(mine: Ints, theirs: Ints) -> tuple[Ints, Ints, Ints]:
    """Runs from matches: the pairs of places where they begin, and their lengths in moves.

    No run leaves its melody or its tune: at their last ``SEED`` places nothing begins that could match.
    """
    order = np.lexsort((mine, theirs - mine))
    mine, theirs = mine[order], theirs[order]
    goes_on = (np.diff(mine) == 1) & (np.diff(theirs) == 1)
    first = np.flatnonzero(np.concatenate([[True], ~goes_on]) if len(mine) else np.zeros(0, np.bool_))
    lengths = np.diff(np.append(first, len(mine))) + SEED - 1
    return mine[first], theirs[first], lengths


def _row_of(melodies: Sequence[Sequence[Sounding]]) -> _Row:
    sounding = [[(n.pitch, n.duration) for n in m if n.pitch is not None and n.duration > 0] for m in melodies]
    sizes = np.array([len(melody) for melody in sounding], np.int64)
    slots = np.maximum(sizes, 1)
    ends = np.cumsum(slots)
    starts, total = ends - slots, int(slots.sum())
    notes = np.array([note for melody in sounding for note in melody or [(0, 1)]], np.int64).reshape(-1, 2)
    pitch, ticks = notes[:, 0], notes[:, 1]
    common = np.gcd(ticks[1:], ticks[:-1])
    hashes = _hashes(_moves(np.diff(pitch), ticks[1:] // common, ticks[:-1] // common))
    # The move from the last note of a melody to the next one's first is none of either.
    left = np.repeat(ends, slots)[: len(hashes)] - np.arange(len(hashes))
    places = np.flatnonzero(left > SEED)
    return _Row(starts, total, places, hashes[places])


def _moves(interval: Ints, numerator: Ints, denominator: Ints) -> Hashes:
    """One number for each move: interval, and 24 bits each for the ratio's two sides, mixed."""
    plain = ((interval + 128) << 48) | (numerator << 24) | denominator
    return _mixed(plain.astype(np.uint64) ^ _KEY)


def _hashes(moves: Hashes) -> Hashes:
    """(N - SEED + 1,) the hashes of ``SEED`` moves in a row."""
    count = max(0, len(moves) - SEED + 1)
    total = np.zeros(count, np.uint64)
    for step in range(SEED):
        total = total * _MULTIPLIER + moves[step : step + count]
    return _mixed(total ^ _KEY)


def _mixed(numbers: Hashes) -> Hashes:
    """Every bit depends on every bit: the finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _masks(hashes: Hashes, within: Ints) -> Hashes:
    """What hides the places of entries: another number for each of those that have the same hash."""
    return _mixed(hashes + (within.astype(np.uint64) + np.uint64(1)) * _MULTIPLIER)


def _entries_of(row: _Row) -> Hashes:
    """The entries of all places, by hash, of one hash in the order of their places."""
    order = np.argsort(row.hashes, kind="stable")
    hashes = row.hashes[order]
    is_first = np.diff(hashes & ~_PLACES, prepend=~hashes[:1]) != 0
    firsts = np.flatnonzero(is_first)
    within = np.arange(len(hashes)) - np.repeat(firsts, np.diff(np.append(firsts, len(hashes))))
    hidden = row.places[order].astype(np.uint64) ^ _masks(hashes, within)
    return (hashes & ~_PLACES) | (hidden & _PLACES)


def _covered(mine: Ints, lengths: Ints, total: int) -> NDArray[np.bool_]:
    """(total,) whether a place lies in a run of ``COVERING_RUN`` moves or more."""
    long = lengths >= COVERING_RUN
    edges = np.zeros(total + 1, np.int64)
    np.add.at(edges, mine[long], 1)
    np.add.at(edges, mine[long] + lengths[long], -1)
    return np.cumsum(edges)[:-1] > 0


def runs_of(melodies: Sequence[Sequence[Sounding]], tunes: Sequence[KnownTune] | None = None) -> KnownRuns:
    """An index of ``melodies``; they are called by number unless ``tunes`` says how.

    Raises ValueError for more than 2**24 notes.
    """
    named = tunes or [KnownTune(str(i), "", "", "train") for i in range(len(melodies))]
    row = _row_of(melodies)
    if row.total > 2**PLACE_BITS:
        raise ValueError(f"an index holds {2**PLACE_BITS} notes, not {row.total}")
    return KnownRuns(named, row.starts, row.total, _entries_of(row))


def known_bytes(melodies: Sequence[Sequence[Sounding]], tunes: Sequence[KnownTune]) -> bytes:
    """The index as one npz file: the same for the same tunes."""
    index = runs_of(melodies, tunes)
    heads = {"format": FORMAT, "tunes": [[t.id, t.title, t.style, t.split] for t in tunes]}
    text = zlib.compress(json.dumps(heads, ensure_ascii=False).encode(), 9)
    rest = index._entries.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :_REST_BYTES]
    arrays: dict[str, NDArray[Any]] = {
        "heads": np.frombuffer(text, np.uint8),
        "sizes": np.diff(np.append(index._starts, index._total)).astype(np.uint32),
        "buckets": np.bincount((index._entries >> _bucket_shift()).astype(np.int64), minlength=2**_BUCKET_BITS).astype(
            np.uint16
        ),
        "entries": np.ascontiguousarray(rest),
    }
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def known_of(data: bytes) -> KnownRuns:
    """The index in the bytes of a file; raises KeyError, ValueError, zlib.error or BadZipFile for anything else."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        heads = json.loads(zlib.decompress(stored["heads"].tobytes()))
        if heads["format"] != FORMAT:
            raise ValueError(f"format {heads['format']!r}, not {FORMAT!r}")
        tunes = [KnownTune(*map(str, head)) for head in heads["tunes"]]
        sizes, buckets, rest = stored["sizes"].astype(np.int64), stored["buckets"], stored["entries"]
    whole = np.zeros((len(rest), 8), np.uint8)
    whole[:, :_REST_BYTES] = rest
    upper = np.repeat(np.arange(2**_BUCKET_BITS, dtype=np.uint64) << _bucket_shift(), buckets)
    entries = whole.view("<u8").reshape(-1).astype(np.uint64) | upper
    return KnownRuns(tunes, np.cumsum(sizes) - sizes, int(sizes.sum()), entries)


def _bucket_shift() -> np.uint64:
    return np.uint64(64 - _BUCKET_BITS)


@cache
def known_runs(path: Path | None = None) -> KnownRuns:
    """The shipped index (read once); raises MissingTool when it is absent or damaged."""
    path = path or shipped("weights") / "originality" / "known.npz"
    try:
        return known_of(path.read_bytes())
    except OSError as error:
        raise MissingTool(path, f"cannot be read ({error.strerror})", "install composer again") from None
    except (EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile, zlib.error):
        raise MissingTool(path, "is no index of known tunes", "install composer again") from None
