"""What the layer of expression does to files of other people: ``python -m tests.benchmarks.humanize FOLDER [COUNT]``.

Read with mido alone: every event that is no note, pedal or tempo stays at its tick, no note leaves its cell or its bar,
order and polyphony stay, and rounding gives the grid back. Prints figures and every file that breaks a rule.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import mido
import numpy as np

from composer.errors import ComposerError
from composer.formats.midi.source import read_source
from composer.humanize.layer import Layer
from composer.humanize.outline import outline_of
from composer.humanize.stage import humanized, performance_of
from composer.humanize.undo import regridded
from tests.humanize.reader import Heard, heard, others, overlaps

STRENGTHS = (0.5, 1.0)


def main(folder: Path, count: int) -> None:
    files = sorted(folder.rglob("*.mid"))
    chosen = np.random.default_rng(1).permutation(len(files))[:count]
    late: dict[float, list[float]] = defaultdict(list)
    broken: Counter[str] = Counter()
    seconds = []
    for number in sorted(int(n) for n in chosen):
        path = files[number]
        data = path.read_bytes()
        try:
            source = read_source(data, path.name)
        except ComposerError as problem:
            print(f"{path.name}: refused: {problem}")
            continue
        for strength in STRENGTHS:
            began = time.perf_counter()
            layer = Layer(strength, 7, outline_of(source))
            played = humanized(data, path.name, layer).midi
            seconds.append(time.perf_counter() - began)
            before, after = heard(data), heard(played)
            for fault in faults(data, played, before, after):
                broken[fault] += 1
                print(f"{path}: {fault}")
            taken_off = regridded(read_source(played, "x"), source, performance_of(source, layer), data).midi
            if taken_off != data:
                broken["undo"] += 1
                print(f"{path}: undo gives other bytes")
            ticks = mido.MidiFile(path).ticks_per_beat
            late[strength] += [(b.start - a.start) / ticks for a, b in zip(before, after, strict=False)]
    for strength, shifts in late.items():
        moved = [s for s in shifts if s] or [0.0]
        share = len(moved) / max(1, len(shifts))
        print(f"strength {strength}: {len(shifts)} notes, {share:.1%} moved, "
              f"by {statistics.fmean(moved):.4f} quarters, at most {max(moved):.4f}")  # fmt: skip
    print(f"{len(chosen)} files, faults {dict(broken)}")
    print(f"{statistics.median(seconds):.2f} s each, {max(seconds):.2f} at most")


def faults(data: bytes, played: bytes, before: list[Heard], after: list[Heard]) -> list[str]:
    """What the layer did that it may not."""
    found = []
    if others(data) != others(played):
        found.append("another event changed")
    if [(n.track, n.channel, n.pitch) for n in before] != [(n.track, n.channel, n.pitch) for n in after]:
        found.append("the order changed")
    if overlaps(after) > overlaps(before):
        found.append("new overlaps")
    if any(not 0 <= b.start - a.start < 0.125 * a.quarter + 1 for a, b in zip(before, after, strict=False)):
        found.append("a note left its cell")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
