"""Playing turned into writing: notes on a readable grid, in voices, cut at bar lines and beats.

Only the score is quantised; MIDI keeps every tick. Musical time is in ticks, 480 to the quarter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from composer.music.notes import Note
from composer.music.time import TICKS_PER_BEAT, Meter

# Parts of a quarter that a beat may be divided into, with the price in ticks a note for choosing it: 16ths first,
# then triplets, 32nds and sextuplets only where the playing clearly means them.
GRIDS = ((4, 0), (3, 8), (8, 22), (6, 26))
# A note that stops sounding before this share of its written value is written with a staccato dot.
STACCATO_SHARE = 0.6
# Silence up to this share of the time to the next note is articulation, not a rest.
ARTICULATION_SHARE = 0.55
# Before a bar line or another chord, where no note follows, less of it is.
BORDER_SHARE = 0.3
VOICES = 2
# Single written values (undotted, dotted, and inside triplets), in ticks.
_PLAIN = frozenset((60, 120, 240, 480, 960, 1920, 180, 360, 720, 1440, 2880, 40, 80, 160, 320))
# Room kept in the last bar for a note that begins at the very end.
_LAST_TICKS = 60


@dataclass(frozen=True, slots=True)
class Written:
    """A note or chord of one voice: ``pitches`` low to high, times in ticks from the start of the piece."""

    start: int
    end: int
    pitches: tuple[int, ...]
    staccato: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """One notehead (or rest, when ``pitches`` is empty) in a bar: offset and length in ticks of the bar."""

    offset: int
    length: int
    pitches: tuple[int, ...]
    tied_from: bool = False
    tied_to: bool = False
    staccato: bool = False
    hidden: bool = False


def on_grid(notes: Sequence[Note], meter: Meter, changes: Sequence[int] = ()) -> list[Written]:
    """``notes`` with onsets and ends on the grid of their beat, sorted; every note keeps an onset of its own pitch.

    ``changes`` are the ticks, in order, where the harmony changes: like a bar line, no silence is filled across one.
    """
    divisions = _divisions(notes, meter)
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for note in sorted(notes):
        start = _snapped(note.start, divisions)
        while (start, note.pitch) in found and start < note.end:
            start += TICKS_PER_BEAT // 8
        division = max(4, divisions.get(start // TICKS_PER_BEAT, 4))
        end = max(_snapped(note.end, divisions), start + TICKS_PER_BEAT // division)
        found[start, note.pitch] = (end, note.duration)
    onsets = sorted({start for start, _ in found})
    following = dict(pairwise(onsets))
    return [
        _articulated(start, end, pitch, played, following.get(start), _border(start, end, meter, changes), meter)
        for (start, pitch), (end, played) in sorted(found.items())
    ]


def written_starts(notes: Sequence[Note], meter: Meter) -> dict[int, int]:
    """Start of each note -> where ``on_grid`` writes it, in ticks."""
    divisions = _divisions(notes, meter)
    return {note.start: _snapped(note.start, divisions) for note in notes}


def _divisions(notes: Sequence[Note], meter: Meter) -> dict[int, int]:
    """Quarter of the piece -> how many equal parts its onsets fall on."""
    grids = [g for g in GRIDS if not (meter.is_compound and g[0] % 3 == 0)]
    by_quarter = groupby(sorted(n.start for n in notes), key=lambda tick: (tick + 29) // TICKS_PER_BEAT)
    return {quarter: min(grids, key=_misfit(sorted(set(ticks))))[0] for quarter, ticks in by_quarter}


class _misfit:
    """How badly the onsets of one quarter fit a grid; a key for ``min``."""

    def __init__(self, ticks: Sequence[int]) -> None:
        self.ticks = ticks

    def __call__(self, grid: tuple[int, int]) -> float:
        parts, price = grid
        step = TICKS_PER_BEAT / parts
        errors = [abs(t - round(t / step) * step) for t in self.ticks]
        # Two onsets on one grid point would become one chord: that costs more than any rounding.
        merged = len(self.ticks) - len({round(t / step) for t in self.ticks}) if parts < 8 else 0
        near = sum(b - a < 30 for a, b in zip(self.ticks, self.ticks[1:], strict=False))
        return sum(errors) + price * len(self.ticks) + 60 * max(0, merged - near)


def _snapped(tick: int, divisions: dict[int, int]) -> int:
    step = TICKS_PER_BEAT // divisions.get((tick + 29) // TICKS_PER_BEAT, 4)
    return (tick + step // 2) // step * step


def _articulated(
    start: int, end: int, pitch: int, played: int, following: int | None, border: int, meter: Meter
) -> Written:
    """Close the small silence before the next onset, else the one before the next beat, but none across ``border``;
    with a staccato dot where the note is clearly short."""
    onset = border + 1 if following is None else following
    beat = -(-end // meter.beat_ticks) * meter.beat_ticks
    is_exact = played == end - start
    # After an exact value the silence is a rest, as in the second and third beat of a waltz, but within its own beat.
    limits = () if is_exact and played >= TICKS_PER_BEAT else (beat,) if is_exact else (onset, beat)
    for limit in (min(limit, onset, border) for limit in limits):
        room, silence = limit - start, limit - end
        share = BORDER_SHARE if limit == border != onset else ARTICULATION_SHARE
        if 0 < silence < TICKS_PER_BEAT and silence <= share * room:
            return Written(start, limit, (pitch,), staccato=played < STACCATO_SHARE * room and room <= TICKS_PER_BEAT)
    return Written(start, end, (pitch,))


def _border(start: int, end: int, meter: Meter, changes: Sequence[int]) -> int:
    """The first bar line or change of harmony that the note does not itself sound across."""
    after = bisect_left(changes, max(end, start + 1))
    return min([-(-end // meter.bar_ticks) * meter.bar_ticks, *changes[after : after + 1]])


def in_voices(written: Sequence[Written]) -> list[list[Written]]:
    """At most two voices without overlaps inside a voice: the upper first; long notes are cut where they must be."""
    groups = _chords(written)
    voices: list[list[Written]] = [[] for _ in range(VOICES)]
    for index, group in enumerate(groups):
        voice = _voice_for(group, groups[index + 1 :], voices)
        if voices[voice] and voices[voice][-1].end > group.start:
            held = voices[voice].pop()
            if held.start == group.start:
                group = Written(group.start, min(held.end, group.end), _merged(held.pitches, group.pitches))
            else:
                voices[voice].append(replace(held, end=group.start))
        voices[voice].append(group)
    return voices


def _chords(written: Sequence[Written]) -> list[Written]:
    """Notes of one onset as at most two chords, by length; the longer ends are cut to the chord's shortest."""
    chords = []
    for start, same in groupby(sorted(written, key=lambda w: w.start), key=lambda w: w.start):
        notes = list(same)
        ends = sorted({w.end for w in notes})
        limit = ends[0] if len(ends) == 1 else max(zip(ends[1:], ends, strict=False), key=lambda p: p[0] - p[1])[1]
        for group in ([w for w in notes if w.end <= limit], [w for w in notes if w.end > limit]):
            if group:
                pitches = _merged(*(w.pitches for w in group))
                chords.append(Written(start, min(w.end for w in group), pitches, all(w.staccato for w in group)))
    return chords


def _voice_for(group: Written, later: Sequence[Written], voices: Sequence[Sequence[Written]]) -> int:
    free = [v for v in range(VOICES) if not voices[v] or voices[v][-1].end <= group.start]
    if len(free) == 1:
        return free[0]
    if not free:
        return min(range(VOICES), key=lambda v: (voices[v][-1].start == group.start, voices[v][-1].end))
    over = [g for g in later[:12] if g.start < group.end]
    if not over:
        return 0
    return 1 if group.pitches[0] < min(g.pitches[0] for g in over) else 0


def _merged(*pitches: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted({p for group in pitches for p in group}))


def in_bars(voice: Sequence[Written], bars: int, meter: Meter, *, rests: bool = True) -> list[list[Value]]:
    """The values of each bar, ties over bar lines and beats, rests filled in (``rests=False`` hides them)."""
    filled: list[list[Value]] = [[] for _ in range(bars)]
    for item in voice:
        total = bars * meter.bar_ticks
        cuts = _cuts(min(item.start, total - _LAST_TICKS), min(max(item.end, _LAST_TICKS), total), meter)
        for number, (start, end) in enumerate(cuts):
            filled[start // meter.bar_ticks].append(
                Value(
                    start % meter.bar_ticks,
                    end - start,
                    item.pitches,
                    tied_from=number > 0,
                    tied_to=number < len(cuts) - 1,
                    staccato=item.staccato and len(cuts) == 1,
                )
            )
    return [_with_rests(values, meter, hidden=not rests) for values in filled]


def _cuts(start: int, end: int, meter: Meter) -> list[tuple[int, int]]:
    pieces = []
    while start < end:
        bar_start = start // meter.bar_ticks * meter.bar_ticks
        stop = min(end, bar_start + meter.bar_ticks)
        for offset, length in written_values(start - bar_start, stop - start, meter):
            pieces.append((bar_start + offset, bar_start + offset + length))
        start = stop
    return pieces


def _with_rests(values: Sequence[Value], meter: Meter, *, hidden: bool) -> list[Value]:
    if not values:
        return [] if hidden else [Value(0, meter.bar_ticks, ())]
    filled, position = [], 0
    for value in [*values, Value(meter.bar_ticks, 0, ())]:
        if value.offset > position:
            gap = written_values(position, value.offset - position, meter, rest=True)
            filled += [Value(offset, length, (), hidden=hidden) for offset, length in gap]
        filled.append(value)
        position = value.offset + value.length
    return filled[:-1]


def written_values(offset: int, length: int, meter: Meter, *, rest: bool = False) -> list[tuple[int, int]]:
    """(offset, length) of the single written values that make up ``length`` at ``offset`` of a bar.

    A value never hides a beat that a reader looks for: what crosses one is cut there and tied.
    """
    if length <= 0:
        return []
    if _is_readable(offset, length, meter, rest):
        return [(offset, length)]
    cut = _strongest_inside(offset, offset + length, meter)
    return [
        *written_values(offset, cut - offset, meter, rest=rest),
        *written_values(cut, offset + length - cut, meter, rest=rest),
    ]


def _is_readable(offset: int, length: int, meter: Meter, rest: bool) -> bool:
    if length not in _PLAIN:
        return length == 20
    end, beat = offset + length, meter.beat_ticks
    if offset == 0 and end == meter.bar_ticks:
        return True
    if offset // beat == (end - 1) // beat:
        return not (rest and length in (180, 360, 720) and beat == TICKS_PER_BEAT)
    if length % beat == 0 and offset % beat == 0:
        crosses = any(offset < strong < end for strong in meter.strong_ticks)
        return not crosses or offset == 0 or (length == 2 * beat and not rest)
    if meter.is_compound or rest:
        return False
    if offset % beat == 0 and length == beat * 3 // 2:
        return not any(offset < strong < end for strong in meter.strong_ticks)
    middle = offset % beat == beat // 2 and length == beat
    return middle and not any(offset < strong < end for strong in meter.strong_ticks)


def _strongest_inside(start: int, end: int, meter: Meter) -> int:
    """The metrically strongest tick strictly between; the last resort is the largest plain value from the start."""
    for step in (*(s for s in meter.strong_ticks if s), 0):
        if start < step < end:
            return step
    for step in (meter.beat_ticks, meter.unit_ticks, 240, 160, 120, 80, 60):
        inside = (start // step + 1) * step
        if inside < end:
            return inside
    return start + max((v for v in _PLAIN if v < end - start), default=20)
