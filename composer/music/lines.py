"""The written line behind performed notes: one note at a time, on the grid.

Drafts and DAW files hold performed times (a jitter of a few ticks, lengths shortened by articulation). ``written``
undoes both: onsets go to the nearest 24th of a quarter that is a 16th or a triplet, and in a performed line a note that
sounds for most of the time to the next onset is taken to fill it.
"""

from __future__ import annotations

from collections.abc import Sequence

from composer.music.notes import MELODY, Note, Part, Piece
from composer.music.time import TICKS_PER_BEAT, Meter

# 32nds and 16th triplets: every written onset lies on a multiple of one of the two.
_GRIDS_TICKS = (60, 80)
# A note that sounds for this share of the time to the next onset was written to fill it (staccato is about .5).
FILLS_SHARE = 0.45
# A line with fewer notes on the grid than this share is a performance, not notation.
WRITTEN_SHARE = 0.9
# Silence before the next onset beyond this many beats is a rest whatever came before it.
REST_BEATS = 4


def melody_part(piece: Piece) -> Part | None:
    """The part that is the melody; where none says so, the pitched part that lies highest."""
    named = piece.part(MELODY)
    if named is not None:
        return named
    pitched = [p for p in piece.parts if not p.is_drums and p.notes]
    return max(pitched, key=lambda p: sum(n.pitch for n in p.notes) / len(p.notes), default=None)


def is_performed(notes: Sequence[Note]) -> bool:
    """Whether the notes are a performance rather than notation."""
    return sum(_is_on_grid(n.start) and _is_on_grid(n.duration) for n in notes) < WRITTEN_SHARE * len(notes)


def written(
    notes: Sequence[Note], meter: Meter, *, performed: bool | None = None, end: int | None = None
) -> tuple[Note, ...]:
    """``notes`` as a line: the top note of each onset, on the grid, none reaching over the next.

    Of a stretch of a longer line, ``performed`` says whether that is a performance, and ``end`` is the tick at which
    something else begins.
    """
    top: dict[int, Note] = {}
    for note in sorted(notes):
        start = on_grid(note.start)
        if start not in top or note.pitch > top[start].pitch:
            top[start] = note
    starts = sorted(top)
    nexts: list[int | None] = [*starts[1:], end]
    performed = is_performed(notes) if performed is None else performed
    line = []
    for start, following in zip(starts, nexts, strict=False):
        note = top[start]
        duration = max(min(_GRIDS_TICKS), on_grid(note.duration))
        if following is not None:
            room = following - start
            fills = performed and note.duration >= FILLS_SHARE * room and room <= REST_BEATS * TICKS_PER_BEAT
            duration = room if fills else min(duration, room)
        elif performed:
            to_bar_line = -start % meter.bar_ticks or meter.bar_ticks
            duration = to_bar_line if note.duration >= 2 * FILLS_SHARE * to_bar_line else duration
        line.append(Note(start, note.pitch, duration, note.velocity))
    return tuple(line)


def on_grid(ticks: int) -> int:
    """The nearest multiple of a 32nd or of a 16th triplet."""
    return min((round(ticks / grid) * grid for grid in _GRIDS_TICKS), key=lambda t: (abs(t - ticks), t))


def _is_on_grid(ticks: int) -> bool:
    return any(ticks % grid == 0 for grid in _GRIDS_TICKS)
