"""The chords that a file names, bar by bar as composing has them: evenly divided."""

from __future__ import annotations

from composer.compose.chords.harmony import Bar
from composer.music.notes import Piece

_PARTS_OF_BAR = (1, 2, 3, 4, 6, 8, 12)


def named_chords(piece: Piece, bar: int) -> Bar:
    """The chords of ``bar`` (from 0) by the coarsest division that has every change; an unnamed stretch goes with the
    one before. Empty where no chord is named."""
    ticks = piece.meter.bar_ticks
    start = bar * ticks
    inside = [span for span in piece.chords if span.start < start + ticks and span.end > start]
    if not inside:
        return ()
    changes = [span.start - start for span in inside if span.start > start]
    fitting = (n for n in _PARTS_OF_BAR if ticks % n == 0 and all(c % (ticks // n) == 0 for c in changes))
    count = next(fitting, piece.meter.beats)
    found = [inside[0].chord]
    for place in range(count):
        at = start + place * ticks // count
        now = next((span.chord for span in inside if span.start <= at < span.end), found[-1])
        found.append(now)
    line = found[1:]
    return (line[0],) if len(set(line)) == 1 else tuple(line)
