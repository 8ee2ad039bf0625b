"""A hash for every track and bar of a MIDI file, to see which bars a person changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass

from composer.formats.smf_scan import SYSEX, TIME_SIGNATURE
from composer.formats.source import SourceMidi, read_source

HASH_CHARS = 8  # 32 bits: enough to tell one bar from its edited self
EMPTY = "-"  # a bar without events
# Files with more bars times tracks are not worth a record of this size.
CELLS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class EditedBars:
    """The bars (from 1) of a track that are not as written; a track that is new or gone has all its bars."""

    track: str
    bars: tuple[int, ...]


def bar_hashes(data: bytes, name: str) -> dict[str, str]:
    """Track name -> the hashes of its bars with spaces between; only what plays counts, not names or markers.

    Times are hashed in 480ths of a quarter, so that a DAW's other resolution alone is no edit.
    Raises BadInput or OverLimit for a file that cannot be read.
    """
    source = read_source(data, name)
    bar = _bar_ticks(source)
    if (source.end_tick / bar + 1) * len(source.tracks) > CELLS_MAX:
        return {}
    cells: dict[str, dict[int, list[tuple[int, ...]]]] = defaultdict(lambda: defaultdict(list))
    labels = _labels(source)
    for note in source.notes:
        start, end = (t * 480 // source.ticks_per_beat for t in (note.start, note.end))
        cells[labels[note.track]][int(note.start / bar)].append((start, end, note.pitch, note.velocity))
    for number, track in enumerate(source.tracks):
        for event in track:
            if 0xA0 <= event.status < SYSEX:
                tick = event.tick * 480 // source.ticks_per_beat
                cells[labels[number]][int(event.tick / bar)].append((tick, event.status >> 4, *event.data))
    return {label: _joined(bars) for label, bars in cells.items()}


def changed_bars(before: dict[str, str], after: dict[str, str]) -> tuple[EditedBars, ...]:
    """Where two results of ``bar_hashes`` differ, track by track."""
    found = []
    for label in sorted({*before, *after}):
        old, new = before.get(label, "").split(), after.get(label, "").split()
        length = max(len(old), len(new))
        old, new = (bars + [EMPTY] * (length - len(bars)) for bars in (old, new))
        bars = tuple(i + 1 for i in range(length) if old[i] != new[i])
        if bars:
            found.append(EditedBars(label, bars))
    return tuple(found)


def _bar_ticks(source: SourceMidi) -> float:
    signatures = source.metas(TIME_SIGNATURE)
    quarters = signatures[0].data[0] * 4 / 2 ** signatures[0].data[1] if signatures else 4
    return max(1.0, quarters * source.ticks_per_beat)


def _labels(source: SourceMidi) -> list[str]:
    """A name for each track: its own, numbered where it is taken or empty."""
    labels: list[str] = []
    for number, name in enumerate(source.track_names):
        label = name or f"track {number + 1}"
        labels.append(label if label not in labels else f"{label} ({number + 1})")
    return labels


def _joined(bars: dict[int, list[tuple[int, ...]]]) -> str:
    return " ".join(_hash(bars[number]) if number in bars else EMPTY for number in range(max(bars) + 1))


def _hash(events: list[tuple[int, ...]]) -> str:
    return hashlib.sha256(repr(sorted(events)).encode()).hexdigest()[:HASH_CHARS]
