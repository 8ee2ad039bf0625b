"""A person's edits of a file, drawn by a generator, each far enough from the others to be told apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from composer.formats.midi.source import (
    ChangeNote,
    DeleteNote,
    Edit,
    InsertNote,
    SourceMidi,
    SourceNote,
    edited,
    read_source,
)

BAR = 1920
Heard = tuple[str, int, int, int, int]  # track, start, end, pitch, velocity
KINDS = ("pitch", "velocity", "moved", "length", "removed", "added")


@dataclass(frozen=True, slots=True)
class Handiwork:
    """The edited file, the notes that went and those that came (a changed note is in both)."""

    midi: bytes
    gone: Counter[Heard]
    come: Counter[Heard]


def heard(data: bytes) -> Counter[Heard]:
    """All notes by the name of their track."""
    source = read_source(data, "x.mid")
    return Counter((source.track_names[n.track], n.start, n.end, n.pitch, n.velocity) for n in source.notes)


def edited_by_hand(data: bytes, seed: int, count: int = 10) -> Handiwork:
    """At most ``count`` edits of random kinds, no two of them in neighbouring bars."""
    rng = np.random.default_rng(seed)
    source = read_source(data, "x.mid")
    taken: set[int] = set()
    edits: list[Edit] = []
    for note in rng.permutation(len(source.notes)):
        old = source.notes[int(note)]
        bar = old.start // BAR
        if len(edits) == count or {bar - 1, bar, bar + 1} & taken or not _is_alone(old, source, old):
            continue
        edit = _drawn(old, source, rng)
        if edit is not None:
            edits.append(edit)
            taken.add(bar)
    result = edited(source, edits)
    before, after = heard(data), heard(result)
    return Handiwork(result, before - after, after - before)


def _drawn(old: SourceNote, source: SourceMidi, rng: np.random.Generator) -> Edit | None:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    sign = 1 if rng.integers(2) else -1
    match kind:
        case "pitch":
            edit: Edit = ChangeNote(old, pitch=old.pitch + sign * int(rng.integers(1, 6)))
        case "velocity":
            edit = ChangeNote(old, velocity=(old.velocity + 30) % 127 + 1)
        case "moved":
            by = sign * int(rng.integers(13, 40)) * 5
            if old.start + by < 0 or old.end + by > source.end_tick:
                return None
            edit = ChangeNote(old, start=old.start + by, end=old.end + by)
        case "length":
            edit = ChangeNote(old, end=old.start + max(30, (old.end - old.start) // 2 // 5 * 5))
            if old.end - old.start < 90:
                return None
        case "removed":
            return DeleteNote(old)
        case _:
            own = [n.pitch for n in source.notes if n.track == old.track]
            start = old.start + 95
            edit = InsertNote(old.track, old.channel, start, start + 200, round(fmean(own)) + 1, 83)
            if _nearest_track(edit.pitch, source) != old.track or any(abs(n.start - start) < 60 for n in source.notes):
                return None
    return edit if _is_alone(edit, source, old) else None


def _nearest_track(pitch: int, source: SourceMidi) -> int:
    tracks = {n.track for n in source.notes if n.channel != 9}
    return min(tracks, key=lambda t: abs(fmean(n.pitch for n in source.notes if n.track == t) - pitch))


def _is_alone(new: SourceNote | Edit, source: SourceMidi, old: SourceNote) -> bool:
    """Whether nothing else sounds the pitch meanwhile, on whatever track: on one channel the two could not be told."""
    if isinstance(new, ChangeNote):
        start = old.start if new.start is None else new.start
        end = old.end if new.end is None else new.end
        pitch = old.pitch if new.pitch is None else new.pitch
    elif isinstance(new, DeleteNote):
        return True
    else:
        start, end, pitch = new.start, new.end, new.pitch
    ignored = None if isinstance(new, InsertNote) else old
    return not any(
        n is not ignored and n.pitch == pitch and n.start < end + 480 and start - 480 < n.end for n in source.notes
    )
