"""What the searches for bass line and voicing share: a chord with the tune over it, motion between two voices, Viterbi.

Costs follow Harrison & Pearce (2020) in kind; their sizes were fitted on chorales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.music.chord import Chord
from composer.music.key import Key

Costs = NDArray[np.float64]
Pitches = NDArray[np.int64]
# Parallels right before the change, and between the notes that two chords begin with.
PARALLEL, STRUCTURAL_PARALLEL, ANTI_PARALLEL = 20.0, 18.0, 8.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What stands over a chord already (MIDI pitches): ``bass`` and the ``upper`` notes, from low to high; None or
    empty where nothing stands. Where what stood is to go, ``gone`` are its pitches: other voices are wanted,
    and ``liking`` is the seed by which they are chosen."""

    bass: int | None = None
    upper: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    liking: int = 0

    def dislike(self, options: Pitches, gone_cost: float, spread: float) -> Costs:
        """(N,) what each of the options (N,) or (N, voices) costs that shall not be what is gone."""
        if not self.gone:
            return np.zeros(len(options))
        rows = options.reshape(len(options), -1)
        rng = np.random.default_rng([self.liking, *rows.shape])
        return gone_cost * np.isin(rows, self.gone).all(axis=1) + spread * rng.random(len(rows))


@dataclass(frozen=True, slots=True)
class Slot:
    """One chord with what the melody does over it (MIDI pitches).

    ``melody_at``: sounding at its start; ``melody_before``: just before it; ``melody_low``: the lowest while it lasts.
    ``inversion`` is what another bass than the root costs: much at cadences and beginnings. ``accent`` is
    ``Meter.accent`` of its start, ``beats`` the felt beats it lasts, ``is_phrase_end`` whether a phrase ends in it.
    ``room`` is the melody's floor over a few bars, by which the register of the accompaniment moves slowly;
    ``melody_low`` if absent. ``key`` is that of a section which leaves the home key. ``heard`` is what stands already:
    it stays, and the chords around it are led to it.
    """

    chord: Chord
    melody_at: int
    melody_before: int
    melody_low: int
    inversion: float = 0.9
    accent: int = 3
    beats: int = 4
    is_phrase_end: bool = False
    room: int | None = None
    key: Key | None = None
    heard: Heard | None = None

    def leading(self, key: Key) -> int:
        """The pitch class of the leading tone, of ``key`` unless the slot's section has a key of its own."""
        return ((self.key or key).tonic_class - 1) % 12

    @property
    def floor(self) -> int:
        return self.melody_low if self.room is None else self.room


def cheapest_path(local: Sequence[Costs], steps: Sequence[Costs]) -> list[int]:
    """Indices of the cheapest path (Viterbi); ``steps[i]`` is (n_i, n_{i+1})."""
    total = local[0]
    back: list[NDArray[np.int64]] = []
    for cost, step in zip(local[1:], steps, strict=True):
        table = total[:, None] + step
        back.append(table.argmin(axis=0))
        total = table.min(axis=0) + cost
    path = [int(total.argmin())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


def parallel_cost(
    high_before: Pitches | int,
    high_after: Pitches | int,
    low_before: Pitches,
    low_after: Pitches,
    weight: float = PARALLEL,
) -> Costs:
    """``weight`` where two voices move in parallel fifths or octaves, less where they do so in contrary motion."""
    first, second = (high_before - low_before) % 12, (high_after - low_after) % 12
    perfect = (first == second) & ((first == 0) | (first == 7))
    upper, lower = np.sign(high_after - high_before), np.sign(low_after - low_before)
    both = (upper != 0) & (lower != 0)
    same_way = np.asarray(perfect & both & (upper == lower)) * weight
    return np.asarray(same_way + np.asarray(perfect & both & (upper != lower)) * min(weight, ANTI_PARALLEL))
