"""A file at 480 ticks to the quarter, and how far its own resolution may have moved an event."""

from __future__ import annotations

from composer.formats.source import SourceMidi, read_source, smf_bytes
from composer.music.time import TICKS_PER_BEAT


def scaled(source: SourceMidi) -> SourceMidi:
    """``source`` at 480 ticks to the quarter, each event at the nearest tick, in the same order."""
    if source.ticks_per_beat == TICKS_PER_BEAT:
        return source
    old = source.ticks_per_beat
    tracks = [[e._replace(tick=(2 * e.tick * TICKS_PER_BEAT + old) // (2 * old)) for e in t] for t in source.tracks]
    return read_source(smf_bytes(source.format, TICKS_PER_BEAT, tracks), source.name)


def is_exact(source: SourceMidi) -> bool:
    """Whether every event of ``source`` has a place at 480 ticks to the quarter."""
    return all(e.tick * TICKS_PER_BEAT % source.ticks_per_beat == 0 for track in source.tracks for e in track)


def rounding_ticks(ticks_per_beat: int) -> int:
    """By how many 480ths of a quarter that resolution moves an event at most."""
    return -(-TICKS_PER_BEAT // (2 * ticks_per_beat))
