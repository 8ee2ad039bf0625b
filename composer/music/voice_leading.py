"""The rules of voice leading, and the voices they are judged on. Evaluation and cleanup both count by this module.

A moment is what sounds at one tick, from the bass up. Outer moments are the bass and the melody at each onset of
either. Chord moments are bass, accompaniment and melody at each chord of the chord track: its first block chord, or of
a broken or offbeat texture all pitches that the chord's span brings. Without a chord track they are what sounds at each
onset, in as far as every part is one line or moves in block chords.

Intervals are told by semitones mod 12, not by name. Where the music has no chord track, nobody planned its voices, and
two that double each other nearly all the time are taken as meant (``doubled_pairs``).

Sources: the rules as in any harmony book. music21's ``parallelFifth`` goes by note names and misses mis-spelled fifths,
so it judges here only as a second opinion (``composer.cleanup.certificate``).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from composer.music.lines import melody_part, on_grid, written
from composer.music.notes import BASS, DRUMS, MELODY, Note, Part, Piece
from composer.music.time import TICKS_PER_BEAT

FIFTH, OCTAVE = 7, 12
STEP_SEMITONES = 2
SPACING_SEMITONES = 12
HOLD_TICKS = TICKS_PER_BEAT  # a voice is remembered this long after its note ends (articulation, short rests)
HELD_TICKS = TICKS_PER_BEAT // 2  # a note that sounds this long into a chord belongs to it
BLOCK_VOICES = 3  # so many notes at once are a chord, fewer a broken texture
EARLY_TICKS = 24  # performed notes may come this much before their chord
# At most this share of the notes of a single line overlap the next.
OVERLAP_SHARE = 0.05
# A part moves in block chords when this share of its onsets has the same number of notes.
BLOCK_SHARE = 0.8
# Where two voices are in octaves or fifths this often when both move, that is a doubling, not a fault ...
DOUBLING_SHARE, DOUBLING_TIMES = 0.6, 4
# ... but a melody is doubled on purpose only note for note, and not in fifths.
MELODY_DOUBLING_SHARE, MELODY_DOUBLING_TIMES = 0.85, 8

FIFTHS, OCTAVES, ANTI_PARALLEL, DIRECT = "ParallelFifths", "ParallelOctaves", "AntiParallel", "DirectOuter"
CROSSED, OVERLAPPED, WIDE = "CrossedVoices", "OverlappedVoices", "WideSpacing"
PARALLELS = (FIFTHS, OCTAVES)
RULES: Mapping[str, str] = {
    FIFTHS: "two voices move in the same direction from a perfect fifth to another",
    OCTAVES: "two voices move in the same direction from an octave or unison to another",
    ANTI_PARALLEL: "two voices move in contrary motion from a fifth or octave to another of the same kind",
    DIRECT: "the outer voices move in the same direction into a fifth or octave, the upper one by a leap",
    CROSSED: "a voice lies above the next higher one",
    OVERLAPPED: "a voice moves past the place that its neighbour just left",
    WIDE: "more than an octave between neighbouring inner voices of a block chord",
}

Pair = tuple[int, int, int]  # number of voices of the moment, lower voice, higher voice


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
    """``rule`` broken at ``tick`` by two voices: indices from the bass up in ``after``, the moment at ``tick``;
    ``before`` is the moment that they came from (``after`` itself where the rule is about one moment)."""

    rule: str
    before: Moment
    after: Moment
    voices: tuple[int, int]

    @property
    def tick(self) -> int:
        return self.after.tick

    @property
    def is_outer(self) -> bool:
        """Whether it lies between the lowest and the highest voice."""
        return self.voices == (0, len(self.after.pitches) - 1)


@dataclass(frozen=True, slots=True)
class Voices:
    """The moments of a piece, ascending, and the pairs of voices that double each other on purpose."""

    outer: tuple[Moment, ...]
    chords: tuple[Moment, ...]
    doubled: frozenset[Pair] = frozenset()


def voices_of(piece: Piece) -> Voices:
    """What the rules are judged on; empty for a piece of drums or of one line."""
    outer, chords = tuple(outer_moments(piece)), tuple(chord_moments(piece))
    doubled: frozenset[Pair] = frozenset()
    if not piece.chords:
        doubled = doubled_pairs(outer) | doubled_pairs(chords)
    return Voices(outer, chords, doubled)


def offences(piece: Piece, doubled: frozenset[Pair] | None = None) -> list[Offence]:
    """Every breach of ``RULES`` in ``piece``, each once, by tick; ``doubled`` overrides the doublings found."""
    voices = voices_of(piece)
    meant = voices.doubled if doubled is None else doubled
    inner = [
        *motions(voices.chords, meant), *crossings(voices.chords), *overlaps(voices.chords), *spacings(voices.chords),
    ]  # fmt: skip
    known = {(o.rule, o.tick) for o in inner if o.is_outer}
    outer = [o for o in motions(voices.outer, meant) if (o.rule, o.tick) not in known]
    return sorted([*inner, *outer], key=lambda o: (o.tick, o.rule, o.voices))


def outer_moments(piece: Piece) -> list[Moment]:
    """Bass and melody at every onset of either."""
    part = melody_part(piece)
    bass, sung = bass_line(piece), written(part.notes, piece.meter) if part else ()
    if not bass or not sung:
        return []
    ticks = sorted({n.start for n in bass} | {n.start for n in sung})
    lows, highs = _Held(bass), _Held(sung)
    pairs = ((tick, lows.at(tick), highs.at(tick)) for tick in ticks)
    return [Moment(tick, (low, high)) for tick, low, high in pairs if low is not None and high is not None]


def bass_line(piece: Piece) -> tuple[Note, ...]:
    """The bass part as a line; without one, what lies under the block chord of each chord (of each bar without chords),
    or the lowest accompaniment note of a chord, held as long as it lasts."""
    part = piece.part(BASS)
    if part is not None and part.notes:
        return written(part.notes, piece.meter)
    bar_ticks = piece.meter.bar_ticks
    bars = [(bar * bar_ticks, (bar + 1) * bar_ticks) for bar in range(piece.bars)]
    line = []
    for start, end, notes in _spanned(piece, [(s.start, s.end) for s in piece.chords] or bars):
        chord = sorted(_block(notes))
        # A block that opens the span holds the bass itself.
        opens = bool(chord) and min(n.pitch for n in notes if n.start - notes[0].start <= EARLY_TICKS) in chord
        under = [n for n in notes if chord and n.pitch < chord[int(opens and len(chord) > BLOCK_VOICES)]]
        if under:
            line += under
        elif notes:
            line.append(Note(start, min(n.pitch for n in notes), end - start))
    return written(line, piece.meter)


def chord_moments(piece: Piece) -> list[Moment]:
    """The voices of each chord, from the bass up."""
    if not piece.chords:
        return _onset_moments(piece)
    low_part, top_part = piece.part(BASS), melody_part(piece)
    bass = _Held(written(low_part.notes, piece.meter)) if low_part is not None else None
    sung = _Held(written(top_part.notes, piece.meter) if top_part is not None else ())
    moments: list[Moment] = []
    for start, _, inside in _spanned(piece, [(s.start, s.end) for s in piece.chords]):
        if not inside:
            continue
        inner, is_figure = _chord_voices(inside)
        low, top = bass.at(start) if bass else None, sung.at(start)
        first = int(low is not None)
        voices = (*((low,) if low is not None else ()), *inner, *((top,) if top is not None else ()))
        moments.append(Moment(start, voices, range(first, first + len(inner)) if is_figure else range(0)))
    return moments


def _spanned(piece: Piece, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int, list[Note]]]:
    """The accompaniment's notes of each span: those that begin in it, and as if they did those held into it."""
    melody = melody_part(piece)
    parts = [p for p in piece.parts if p.role not in (BASS, DRUMS, MELODY) and p is not melody]
    notes = sorted((n for part in parts for n in part.notes), key=lambda n: n.start)
    starts = [n.start + EARLY_TICKS for n in notes]
    longest = max((n.duration for n in notes), default=0)
    found = []
    for a, b in sorted(spans):
        first, last = bisect_left(starts, a), bisect_left(starts, b)
        earlier = notes[bisect_left(starts, a - longest) : first]
        held = [Note(a, n.pitch, n.end - a, n.velocity) for n in earlier if n.end >= a + HELD_TICKS]
        found.append((a, b, [*held, *notes[first:last]]))
    return found


def _chord_voices(notes: Sequence[Note]) -> tuple[tuple[int, ...], bool]:
    """Ascending pitches of the first block chord with the low note before it, else all pitches of the broken texture;
    and whether it is broken."""
    block = _block(notes)
    if not block:
        return tuple(sorted({n.pitch for n in notes})), True
    low = min(next(_struck(notes)))
    return tuple(sorted(block | {low} if low < min(block) else block)), False


def _block(notes: Sequence[Note]) -> set[int]:
    """The block chord that opens the span, alone or after a single low note; empty where the texture is broken."""
    first, second = [*_struck(notes), set[int](), set[int]()][:2]
    if len(first) == 1 < len(second) and max(first) < min(second):
        return second
    return first if len(first) >= BLOCK_VOICES else set()


def _struck(notes: Sequence[Note]) -> Iterator[set[int]]:
    """The pitches of each onset, in order."""
    start = None
    chord: set[int] = set()
    for note in notes:
        if start is None or note.start - start > EARLY_TICKS:
            if chord:
                yield chord
            start, chord = note.start, set()
        chord.add(note.pitch)
    if chord:
        yield chord


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


def _onset_moments(piece: Piece) -> list[Moment]:
    """What all lines and block chords sound at each onset; parts whose voices cannot be told apart are left out."""
    layers = [_layers(part, piece) for part in piece.parts if part.notes and not part.is_drums]
    lines = sorted((line for found in layers for line in found), key=lambda line: fmean(n.pitch for n in line))
    if len(lines) < 2:
        return []
    held = [_Held(line) for line in lines]
    ticks = sorted({n.start for line in lines for n in line})
    sounding = ((tick, [line.at(tick) for line in held]) for tick in ticks)
    return [Moment(tick, tuple(p for p in pitches if p is not None)) for tick, pitches in sounding]


def _layers(part: Part, piece: Piece) -> list[tuple[Note, ...]]:
    """The voices of one part: itself, or each place in its block chords; none where it is neither."""
    if is_single_line([(n.start, n.end) for n in part.notes], part.role):
        return [written(part.notes, piece.meter)]
    chords: dict[int, list[Note]] = {}
    for note in sorted(part.notes):
        chords.setdefault(on_grid(note.start), []).append(note)
    if not are_block_chords([[n.end for n in chord] for chord in chords.values()]):
        return []
    size = max(len(chord) for chord in chords.values())
    voices: list[list[Note]] = [[] for _ in range(size)]
    for chord in chords.values():
        for voice, note in zip(voices, chord, strict=False):
            voice.append(note)
    return [written(voice, piece.meter) for voice in voices]


def is_single_line(times: Sequence[tuple[int, int]], role: str) -> bool:
    """Whether notes with these starts and ends are one voice. A melody or a bass may overlap itself now and then."""
    overlapping = sum(b[0] < a[1] - EARLY_TICKS for a, b in pairwise(sorted(times)))
    return overlapping <= (len(times) // 3 if role in (MELODY, BASS) else OVERLAP_SHARE * len(times))


def are_block_chords(ends: Sequence[Sequence[int]]) -> bool:
    """Whether the notes of each onset, told by where they end, are a chord: nearly always as many, ending together."""
    sizes = Counter(len(chord) for chord in ends)
    even = all(max(chord) - min(chord) <= 2 * EARLY_TICKS for chord in ends)
    return bool(sizes) and even and sizes.most_common(1)[0][1] >= BLOCK_SHARE * len(ends)


def doubled_pairs(moments: Sequence[Moment]) -> frozenset[Pair]:
    """Pairs of voices that move in octaves, unisons or fifths so often that it is meant."""
    moves: dict[Pair, list[int]] = {}
    for before, after, low, high in joint_moves(moments):
        if before.pitches[low] != after.pitches[low] and before.pitches[high] != after.pitches[high]:
            interval = (after.pitches[high] - after.pitches[low]) % OCTAVE
            moves.setdefault((len(after.pitches), low, high), []).append(interval)
    return frozenset(pair for pair, found in moves.items() if _is_doubling(pair, found))


def _is_doubling(pair: Pair, intervals: Sequence[int]) -> bool:
    count, _, high = pair
    tune = high == count - 1
    times, share = (MELODY_DOUBLING_TIMES, MELODY_DOUBLING_SHARE) if tune else (DOUBLING_TIMES, DOUBLING_SHARE)
    perfect = (0,) if tune else (0, FIFTH)
    return len(intervals) >= times and any(intervals.count(i) >= share * len(intervals) for i in perfect)


def joint_moves(moments: Sequence[Moment]) -> Iterator[tuple[Moment, Moment, int, int]]:
    """(before, after, lower voice, higher voice) of all pairs of voices that are the same in both moments."""
    for before, after in pairwise(moments):
        for low, high in _voice_pairs(before, after):
            yield before, after, low, high


def _voice_pairs(before: Moment, after: Moment) -> Iterable[tuple[int, int]]:
    count = len(after.pitches)
    if len(before.pitches) != count or count < 2:
        return ()
    jumps = any(abs(b - a) > OCTAVE for a, b in zip(before.pitches, after.pitches, strict=True))
    unclear = not (before.has_clear_voices and after.has_clear_voices)
    # A voice of a figure that jumps so far is another voice: the figure was cut short.
    if unclear or (jumps and (before.figure or after.figure)):
        return ((0, count - 1),)
    return combinations(range(count), 2)


def motions(moments: Sequence[Moment], doubled: frozenset[Pair] = frozenset()) -> list[Offence]:
    """Parallel, anti-parallel and direct perfect intervals from moment to moment."""
    moves = [move for move in joint_moves(moments) if (len(move[1].pitches), move[2], move[3]) not in doubled]
    if not moves:
        return []
    rows = [(a.pitches[high], b.pitches[high], a.pitches[low], b.pitches[low]) for a, b, low, high in moves]
    outer = np.array([low == 0 and high == len(b.pitches) - 1 for _, b, low, high in moves])
    found = []
    for rule, hit in motion_faults(*np.array(rows).T, outer=outer).items():
        for index in np.flatnonzero(hit):
            before, after, low, high = moves[index]
            found.append(Offence(rule, before, after, (low, high)))
    return sorted(found, key=lambda o: (o.tick, o.rule, o.voices))


def motion_faults(
    u0: NDArray[np.int64], u1: NDArray[np.int64], l0: NDArray[np.int64], l1: NDArray[np.int64], *,
    outer: NDArray[np.bool_] | bool,
) -> dict[str, NDArray[np.bool_]]:  # fmt: skip
    """Rule -> where an upper voice moving u0 -> u1 and a lower one moving l0 -> l1 break it; the arrays broadcast.

    ``outer`` tells where the two are melody and bass: direct perfect intervals are counted only there, and only where
    the melody leaps.
    """
    up, low = u1 - u0, l1 - l0
    both = (up != 0) & (low != 0)
    before, after = (u0 - l0) % OCTAVE, (u1 - l1) % OCTAVE
    similar = both & ((up > 0) == (low > 0))
    same, perfect = before == after, (after == FIFTH) | (after == 0)
    return {
        FIFTHS: similar & same & (after == FIFTH),
        OCTAVES: similar & same & (after == 0),
        ANTI_PARALLEL: both & ~similar & same & perfect,
        DIRECT: outer & similar & ~same & perfect & (np.abs(up) > STEP_SEMITONES),
    }


def parallels(moments: Sequence[Moment]) -> list[Offence]:
    """Parallel fifths and octaves alone."""
    return [o for o in motions(moments) if o.rule in PARALLELS]


def crossings(moments: Sequence[Moment]) -> list[Offence]:
    """Voices below the voice under them."""
    return [
        Offence(CROSSED, moment, moment, (i, i + 1))
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
                found.append(Offence(OVERLAPPED, before, after, (i, i + 1)))
    return found


def spacings(moments: Sequence[Moment]) -> list[Offence]:
    """Gaps of more than an octave between the voices of a block chord, bass and melody aside."""
    return [
        Offence(WIDE, moment, moment, (i, i + 1))
        for moment in moments
        if not moment.figure
        for i in range(1, len(moment.pitches) - 2)
        if moment.pitches[i + 1] - moment.pitches[i] > SPACING_SEMITONES
    ]
