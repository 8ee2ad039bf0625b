"""A performance read off two files: the music on the grid, and the same as it was played.

Where both are at hand this does not depend on how the layer was made, by which version or with which seed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from composer.formats.midi.scan import CONTROL, SET_TEMPO, RawEvent
from composer.formats.midi.source import SourceMidi, SourceNote
from composer.humanize.layer import Added, Performance, Played
from composer.music.notes import CC_PEDAL

_Key = tuple[int, int, int]  # track, channel, pitch


def performance_in(played: SourceMidi, grid: SourceMidi) -> Performance | None:
    """How ``played`` plays the notes of ``grid``; None where it does not have just these notes, as then it is not a
    performance of it."""
    ours, theirs = _by_pitch(grid.notes), _by_pitch(played.notes)
    is_alike = played.ticks_per_beat == grid.ticks_per_beat and len(played.tracks) == len(grid.tracks)
    if not is_alike or {k: len(v) for k, v in ours.items()} != {k: len(v) for k, v in theirs.items()}:
        return None
    # The layer never lets one note of a pitch overtake another.
    pairs = {a: b for key, notes in ours.items() for a, b in zip(notes, theirs[key], strict=True)}
    notes = tuple(Played(note, pairs[note].start, pairs[note].end, pairs[note].velocity) for note in grid.notes)
    added = [
        Added(number, event)
        for number, (before, after) in enumerate(zip(grid.tracks, played.tracks, strict=True))
        for event in _added(before, after)
    ]
    pedal = tuple(one for one in added if one.event.meta != SET_TEMPO)
    return Performance(notes, pedal, tuple(one for one in added if one.event.meta == SET_TEMPO))


def _by_pitch(notes: Sequence[SourceNote]) -> dict[_Key, list[SourceNote]]:
    """The notes of each pitch by start."""
    found: dict[_Key, list[SourceNote]] = defaultdict(list)
    for note in sorted(notes, key=lambda n: (n.start, n.on_index)):
        found[note.track, note.channel, note.pitch].append(note)
    return found


def _added(before: Sequence[RawEvent], after: Sequence[RawEvent]) -> list[RawEvent]:
    """The pedal and tempo events of a track that it did not have before."""
    known = Counter(before)
    found = []
    for event in after:
        is_pedal = event.status & 0xF0 == CONTROL and event.data[0] == CC_PEDAL
        if known[event] > 0:
            known[event] -= 1
        elif is_pedal or event.meta == SET_TEMPO:
            found.append(event)
    return found
