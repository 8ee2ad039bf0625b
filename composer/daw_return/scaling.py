"""Units of time that hold every tick of a piece and of composer's, and how far a file's own ticks may move an event."""

from __future__ import annotations

import math
from dataclasses import replace

from composer.formats.midi.source import SourceMidi
from composer.music.time import TICKS_PER_BEAT


def unit_for(ticks_per_beat: int) -> int:
    """Parts of a quarter that hold every tick of that resolution, and the 480ths in which ``composer`` counts."""
    return math.lcm(ticks_per_beat, TICKS_PER_BEAT)


def scaled(source: SourceMidi, unit: int) -> SourceMidi:
    """``source`` at ``unit`` ticks to the quarter, each event at the nearest tick, in the same order."""
    old = source.ticks_per_beat
    if old == unit:
        return source
    tracks = tuple(tuple(e._replace(tick=rescaled(e.tick, old, unit)) for e in track) for track in source.tracks)
    notes = (replace(n, start=rescaled(n.start, old, unit), end=rescaled(n.end, old, unit)) for n in source.notes)
    ordered = tuple(sorted(notes, key=lambda n: (n.start, n.track, n.on_index)))
    return replace(source, ticks_per_beat=unit, tracks=tracks, notes=ordered)


def rescaled(tick: int, old: int, new: int) -> int:
    """The nearest tick at ``new`` ticks to the quarter for one at ``old``; of two that are as near the later."""
    return (2 * tick * new + old) // (2 * old)


def is_exact(source: SourceMidi, ticks_per_beat: int) -> bool:
    """Whether every event of ``source`` has a place at that resolution."""
    return all(e.tick * ticks_per_beat % source.ticks_per_beat == 0 for track in source.tracks for e in track)


def rounding_in(source: SourceMidi, unit: int) -> int:
    """By how many parts of a quarter its resolution moved the events of a file at most."""
    return -(-unit // (2 * source.ticks_per_beat))
