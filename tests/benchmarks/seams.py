"""Bars composed anew: the intervals over their seams, beside those of the piece itself and of a naive paste.

    python -m tests.benchmarks.seams [pieces] [regions of each]

For random briefs a draft is written, and bars of it are redone under another seed: the tune alone, or all that plays.
The baseline composes the whole piece again under that seed and pastes the bars in.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from composer.compose.draft import draft_of
from composer.compose.redo.stage import redone
from composer.compose.tune.rules import BANNED_INTERVALS, OCTAVE
from composer.formats.brief.brief import Brief
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import MELODY, Note, Piece
from composer.steps.composing.trained import Tools
from tests.benchmarks.briefs import random_briefs

SEED = 3
LENGTHS = (1, 2, 4, 8)  # bars of a region
SMALL, WIDE = 4, 9  # semitones: what leads on; what is a leap


@dataclass
class Intervals:
    """Sizes in semitones, and the share of notes that a redo took over from what stood."""

    name: str
    sizes: list[int] = field(default_factory=list)
    same: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def line(self) -> str:
        sizes = np.array(self.sizes)
        harsh = np.isin(sizes, BANNED_INTERVALS) | (sizes > OCTAVE)
        same = f"{np.mean(self.same):5.0%}" if self.same else "    -"
        took = f"{np.mean(self.seconds):5.2f}" if self.seconds else "    -"
        return (
            f"{self.name:24}{len(sizes):7}{np.mean(sizes <= SMALL):9.1%}{np.mean(sizes == 0):8.1%}"
            f"{np.mean(sizes >= WIDE):8.1%}{np.mean(harsh):9.1%}{np.mean(sizes):7.2f}{same:>8}{took:>8}"
        )


HEAD = f"{'':24}{'seams':>7}{'third':>9}{'same':>8}{'wide':>8}{'harsh':>9}{'mean':>7}{'kept':>8}{'s':>8}"


def tune_of(piece: Piece) -> list[Note]:
    part = piece.part(MELODY)
    return sorted(part.notes) if part is not None else []


def seams(notes: Sequence[Note], bars: frozenset[int], bar_ticks: int) -> tuple[list[int], list[int]]:
    """Interval sizes into the redone bars (from 0), and out of them."""
    into, out = [], []
    for a, b in pairwise(notes):
        inside = (a.start // bar_ticks in bars, b.start // bar_ticks in bars)
        if inside[0] != inside[1]:
            (out if inside[0] else into).append(abs(b.pitch - a.pitch))
    return into, out


def own_intervals(notes: Sequence[Note], bar_ticks: int) -> list[int]:
    """Interval sizes over the bar lines of a piece."""
    return [abs(b.pitch - a.pitch) for a, b in pairwise(notes) if a.start // bar_ticks != b.start // bar_ticks]


def regions(rng: np.random.Generator, total: int, count: int) -> Iterable[frozenset[int]]:
    for _ in range(count):
        length = min(int(rng.choice(LENGTHS)), total - 2)
        first = int(rng.integers(0, total - length))
        yield frozenset(range(first, first + length))


def pasted(stands: Piece, other: Piece, bars: frozenset[int]) -> list[Note]:
    """The tune of ``stands`` with the bars of ``other``'s."""
    bar = stands.meter.bar_ticks
    kept = [n for n in tune_of(stands) if n.start // bar not in bars]
    return sorted([*kept, *(n for n in tune_of(other) if n.start // bar in bars)])


def same_share(before: Sequence[Note], after: Sequence[Note], bars: frozenset[int], bar: int) -> float:
    old = {(n.start, n.pitch) for n in before if n.start // bar in bars}
    new = [(n.start, n.pitch) for n in after if n.start // bar in bars]
    return sum(n in old for n in new) / len(new) if new else 0.0


def measured(briefs: Sequence[Brief], count: int) -> list[Intervals]:
    tools, rng = Tools(), np.random.default_rng(SEED)
    own = Intervals("the pieces' bar lines")
    found = {n: Intervals(n) for n in ("tune: into", "tune: out", "all: into", "all: out", "paste: into", "paste: out")}
    for index, brief in enumerate(briefs):
        draft = draft_of(brief, tools, index)
        stands = piece_of(read_source(midi_bytes(draft.piece), "draft.mid"), brief)
        bar, tracks = stands.meter.bar_ticks, [part.name for part in stands.parts]
        own.sizes += own_intervals(tune_of(stands), bar)
        other = draft_of(brief, tools, index + 1000).piece
        for number, bars in enumerate(regions(rng, stands.bars, count)):
            results = {"paste": pasted(stands, other, bars)}
            for name, asked in (("tune", tracks[:1]), ("all", [*tracks, "Chords"])):
                cells = frozenset((track, b + 1) for track in asked for b in bars)
                at = time.perf_counter()
                made = redone(brief, stands, cells, tools, index, 5000 + number)
                found[f"{name}: into"].seconds.append(time.perf_counter() - at)
                results[name] = tune_of(made.piece)
            for name, notes in results.items():
                into, out = seams(notes, bars, bar)
                found[f"{name}: into"].sizes += into
                found[f"{name}: out"].sizes += out
                found[f"{name}: out"].same.append(same_share(tune_of(stands), notes, bars, bar))
    return [own, *found.values()]


def main() -> None:
    pieces, count = (int(word) for word in [*sys.argv[1:], *("16", "8")[len(sys.argv) - 1 :]][:2])
    print(HEAD)
    for row in measured(random_briefs(pieces), count):
        print(row.line())


if __name__ == "__main__":
    main()
