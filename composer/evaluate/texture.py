"""How much sounds at once, and where nothing does.

Conventions: all pitched parts together; drums are left out. ``None`` where nothing pitched sounds, or there is no time.

Sources: polyphony and empty-beat rate of MusPy (Dong et al. 2020). A beat is a quarter; a note that ends where a beat
begins does not sound in it (theirs counts it).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from composer.evaluate.line import Line, Measure
from composer.evaluate.line import validate as validate
from composer.music.notes import Note, Piece
from composer.music.time import TICKS_PER_BEAT

MEASURES: tuple[Measure, ...] = (
    Measure("polyphony", "pitches", "different pitches at once, mean over the time with sound (MusPy)"),
    Measure("empty_beats", "share", "quarters in which nothing sounds (MusPy)"),
)


def evaluate(piece: Piece, line: Line) -> Mapping[str, float | None]:
    """Every measure of the family by name."""
    validate(line)
    notes = [note for part in piece.parts if not part.is_drums for note in part.notes]
    return {"polyphony": polyphony(notes), "empty_beats": empty_beats(notes, line.length)}


def polyphony(notes: Iterable[Note]) -> float | None:
    """Pitches at once; 1 for a melody alone. A pitch that two parts play counts once."""
    by_pitch: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        by_pitch[note.pitch].append(note)
    time = _union_ticks([note for same in by_pitch.values() for note in same])
    return sum(_union_ticks(same) for same in by_pitch.values()) / time if time else None


def empty_beats(notes: Iterable[Note], length: int) -> float | None:
    """The share 0..1 of quarters up to ``length`` (ticks) in which no note sounds."""
    beats = -(-length // TICKS_PER_BEAT)
    full = {beat for n in notes for beat in range(n.start // TICKS_PER_BEAT, -(-n.end // TICKS_PER_BEAT))}
    return 1 - len(full & set(range(beats))) / beats if beats and full else None


def _union_ticks(notes: Iterable[Note]) -> int:
    """Ticks in which at least one of ``notes`` sounds."""
    total, reached = 0, 0
    for note in sorted(notes):
        total += max(0, note.end - max(note.start, reached))
        reached = max(reached, note.end)
    return total
