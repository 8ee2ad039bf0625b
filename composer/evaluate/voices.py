"""Voice leading: between the outer voices at every onset, and between the structural voices from chord to chord.

Conventions: a moment is what sounds at one tick, from the bass up. Outer moments are the bass and the melody at each
onset of either. Structural moments are bass, accompaniment and melody at each chord: its first block chord, or of a
broken texture all pitches that the chord's span brings. Perfect intervals are
told by semitones mod 12, not by name. Counts are per 100 changes (moments that differ from the one before). ``None``
where there are fewer than two moments.

Sources: the rules as in any harmony book; names and figures to compare with (351 chorales) as in our anchors. music21's
``parallelFifth`` goes by note names and misses mis-spelled fifths, so it is not used here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from composer.evaluate.line import Line, Measure, melody_part, written
from composer.evaluate.line import validate as validate_line
from composer.music.notes import BASS, DRUMS, MELODY, Note, Piece
from composer.music.time import TICKS_PER_BEAT

FIFTH, OCTAVE = 7, 12
STEP_SEMITONES = 2
SPACING_SEMITONES = 12
HOLD_TICKS = TICKS_PER_BEAT  # a voice is remembered this long after its note ends (articulation, short rests)
BLOCK_VOICES = 3  # so many notes at once are a chord, fewer a broken texture
EARLY_TICKS = 24  # performed notes may come this much before their chord

MEASURES: tuple[Measure, ...] = (
    Measure("parallels_outer", "per 100", "parallel fifths and octaves between melody and bass", 1),
    Measure("parallels_structural", "per 100", "parallel fifths and octaves among the voices of the chords", 1),
    Measure("direct_outer", "per 100", "fifths and octaves reached in similar motion with the melody leaping", 1),
    Measure("crossing", "per 100", "voices below the voice under them", 1),
    Measure("overlap", "per 100", "voices that pass where their neighbour just was", 1),
    Measure("spacing", "per 100", "neighbouring voices of the accompaniment more than an octave apart", 1),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """MIDI pitches at a tick, from the bass up to the melody.

    ``figure`` are the indices of voices gathered from a broken texture. Where its top doubles one of its inner voices
    nobody can say which notes are the voices, and only the outer two are compared.
    """

    tick: int
    pitches: tuple[int, ...]
    figure: range = range(0)

    @property
    def has_clear_voices(self) -> bool:
        return not self.figure or self.pitches[self.figure[-1]] - OCTAVE not in self.pitches[1 : self.figure[-1]]


@dataclass(frozen=True, slots=True)
class Offence:
    """A rule broken at ``tick``; ``voices`` are indices from the bass up."""

    rule: str
    tick: int
    voices: tuple[int, int]


validate = validate_line


def evaluate(piece: Piece, line: Line) -> Mapping[str, float | None]:
    """Every measure of the family by name."""
    validate(line)
    outer, structural = outer_moments(piece, line), structural_moments(piece, line)
    return {
        "parallels_outer": _per_hundred(parallels(outer), outer),
        "parallels_structural": _per_hundred(parallels(structural), structural),
        "direct_outer": _per_hundred(directs(outer), outer),
        "crossing": _per_hundred(crossings(structural), structural),
        "overlap": _per_hundred(overlaps(structural), structural),
        "spacing": _per_hundred(spacings(structural), structural),
    }


def _per_hundred(offences: Sequence[Offence], moments: Sequence[Moment]) -> float | None:
    changes = sum(a.pitches != b.pitches for a, b in pairwise(moments))
    return 100 * len(offences) / changes if changes else None


def outer_moments(piece: Piece, line: Line) -> list[Moment]:
    """Bass and melody at every onset of either."""
    bass = bass_line(piece)
    if not bass or not line.notes:
        return []
    ticks = sorted({n.start for n in bass} | {n.start for n in line.notes})
    lows, highs = _Held(bass), _Held(line.notes)
    pairs = ((tick, lows.at(tick), highs.at(tick)) for tick in ticks)
    return [Moment(tick, (low, high)) for tick, low, high in pairs if low is not None and high is not None]


def bass_line(piece: Piece) -> tuple[Note, ...]:
    """The bass part as a line; without one, the lowest accompaniment note of each chord (of each bar without chords),
    held as long as the chord."""
    part = piece.part(BASS)
    if part is not None and part.notes:
        return written(part.notes, piece.meter)
    bar_ticks = piece.meter.bar_ticks
    bars = [(bar * bar_ticks, (bar + 1) * bar_ticks) for bar in range(piece.bars)]
    line = []
    for start, end, notes in _spanned(piece, [(s.start, s.end) for s in piece.chords] or bars):
        if notes:
            line.append(Note(start, min(n.pitch for n in notes), end - start))
    return written(line, piece.meter)


def _spanned(piece: Piece, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int, list[Note]]]:
    """The accompaniment's notes that begin in each span."""
    melody = melody_part(piece)
    parts = [p for p in piece.parts if p.role not in (BASS, DRUMS, MELODY) and p is not melody]
    notes = sorted((n for part in parts for n in part.notes), key=lambda n: n.start)
    starts = [n.start + EARLY_TICKS for n in notes]
    return [(a, b, notes[bisect_left(starts, a) : bisect_left(starts, b)]) for a, b in sorted(spans)]


def structural_moments(piece: Piece, line: Line) -> list[Moment]:
    """The voices of each chord, from the bass up."""
    part = piece.part(BASS)
    bass = _Held(written(part.notes, piece.meter)) if part is not None else None
    sung = _Held(line.notes)
    moments: list[Moment] = []
    for start, _, inside in _spanned(piece, [(s.start, s.end) for s in line.chords]):
        if not inside:
            continue
        inner, is_figure = _chord_voices(inside)
        low, top = bass.at(start) if bass else None, sung.at(start)
        first = int(low is not None)
        voices = (*((low,) if low is not None else ()), *inner, *((top,) if top is not None else ()))
        moments.append(Moment(start, voices, range(first, first + len(inner)) if is_figure else range(0)))
    return moments


def _chord_voices(notes: Sequence[Note]) -> tuple[tuple[int, ...], bool]:
    """Ascending pitches of the first block chord, else all pitches of the broken texture; and whether it is broken."""
    first = {n.pitch for n in notes if n.start - notes[0].start <= EARLY_TICKS}
    if len(first) >= BLOCK_VOICES:
        return tuple(sorted(first)), False
    return tuple(sorted({n.pitch for n in notes})), True


class _Held:
    """What a line sounds, or has just sounded, at a tick."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self._notes = notes
        self._starts = [n.start for n in notes]

    def at(self, tick: int) -> int | None:
        index = bisect_right(self._starts, tick) - 1
        if index < 0 or tick >= self._notes[index].end + HOLD_TICKS:
            return None
        return self._notes[index].pitch


def parallels(moments: Sequence[Moment]) -> list[Offence]:
    """Two voices that move in the same direction from a fifth to a fifth, or from an octave to an octave."""
    found = []
    for before, after in pairwise(moments):
        for low, high in _voice_pairs(before, after):
            if _both_move_alike(before, after, low, high):
                was = (before.pitches[high] - before.pitches[low]) % OCTAVE
                now = (after.pitches[high] - after.pitches[low]) % OCTAVE
                if was == now and now in (0, FIFTH):
                    found.append(Offence("ParallelFifths" if now else "ParallelOctaves", after.tick, (low, high)))
    return found


def directs(moments: Sequence[Moment]) -> list[Offence]:
    """Outer voices that move alike into a perfect interval while the upper one leaps."""
    found = []
    for before, after in pairwise(moments):
        top = len(after.pitches) - 1
        if len(before.pitches) != len(after.pitches) or top < 1 or not _both_move_alike(before, after, 0, top):
            continue
        was = (before.pitches[top] - before.pitches[0]) % OCTAVE
        now = (after.pitches[top] - after.pitches[0]) % OCTAVE
        leaps = abs(after.pitches[top] - before.pitches[top]) > STEP_SEMITONES
        if now in (0, FIFTH) and was != now and leaps:
            found.append(Offence("DirectPerfect", after.tick, (0, top)))
    return found


def crossings(moments: Sequence[Moment]) -> list[Offence]:
    return [
        Offence("CrossedVoices", moment.tick, (i, i + 1))
        for moment in moments
        for i, (low, high) in enumerate(pairwise(moment.pitches))
        if low > high
    ]


def overlaps(moments: Sequence[Moment]) -> list[Offence]:
    """A voice above where its upper neighbour was, or below where its lower neighbour was."""
    found = []
    for before, after in pairwise(moments):
        if len(before.pitches) != len(after.pitches):
            continue
        for i in range(len(after.pitches) - 1):
            if after.pitches[i] > before.pitches[i + 1] or after.pitches[i + 1] < before.pitches[i]:
                found.append(Offence("OverlappedVoices", after.tick, (i, i + 1)))
    return found


def spacings(moments: Sequence[Moment]) -> list[Offence]:
    """Gaps of more than an octave between the voices of a block chord, bass and melody aside."""
    return [
        Offence("WideSpacing", moment.tick, (i, i + 1))
        for moment in moments
        if not moment.figure
        for i in range(1, len(moment.pitches) - 2)
        if moment.pitches[i + 1] - moment.pitches[i] > SPACING_SEMITONES
    ]


def _voice_pairs(before: Moment, after: Moment) -> list[tuple[int, int]]:
    """Indices of the voices that are the same in both moments."""
    count = len(after.pitches)
    if len(before.pitches) != count:
        return []
    jumps = any(abs(b - a) > OCTAVE for a, b in zip(before.pitches, after.pitches, strict=True))
    unclear = not (before.has_clear_voices and after.has_clear_voices)
    # A voice of a figure that jumps so far is another voice: the figure was cut short.
    if unclear or (jumps and (before.figure or after.figure)):
        return [(0, count - 1)]
    return [(low, high) for low in range(count) for high in range(low + 1, count)]


def _both_move_alike(before: Moment, after: Moment, low: int, high: int) -> bool:
    one, other = after.pitches[low] - before.pitches[low], after.pitches[high] - before.pitches[high]
    return one * other > 0
