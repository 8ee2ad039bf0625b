"""The checker: the faults of voice leading in a score, in semitones, never in note names."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from composer.cleanup.score import Score
from composer.cleanup.texture import (
    DOUBLING_SHARE,
    DOUBLING_TIMES,
    MELODY_DOUBLING_SHARE,
    MELODY_DOUBLING_TIMES,
    Line,
    Step,
    Texture,
    texture_of,
)  # fmt: skip
from composer.music.instruments import instrument_of_program
from composer.music.time import TICKS_PER_BEAT

# What a fault costs in the search; shaped by counts over 351 Bach chorales.
COSTS: dict[str, float] = {
    "ParallelFifths": 20.0, "ParallelOctaves": 20.0, "AntiParallel": 8.0, "DirectOuter": 4.0, "VoiceCrossing": 6.0,
    "VoiceOverlap": 2.5, "Spacing": 1.0, "OutOfRange": 6.0, "LeadingTone": 6.0, "SeventhResolution": 4.0,
    "AugmentedLeap": 3.0, "UnresolvedLeap": 1.0, "CrossRelation": 2.0, "DoubledLeadingTone": 5.0, "SemitoneClash": 6.0,
}  # fmt: skip
SEMITONE, TRITONE, FIFTH, OCTAVE = 1, 6, 7, 12
_LONG = TICKS_PER_BEAT
_LEAP = 8  # a minor sixth


@dataclass(frozen=True, slots=True)
class Fault:
    """A breach of ``rule`` at ``tick``; ``places`` are the notes it lies in."""

    rule: str
    tick: int
    places: tuple[tuple[int, int], ...]

    @property
    def cost(self) -> float:
        return COSTS[self.rule]


def counts_of(faults: Sequence[Fault]) -> Counter[str]:
    return Counter(f.rule for f in faults)


def doublings(texture: Texture) -> frozenset[tuple[str, str]]:
    """Pairs of voices that move in octaves, unisons or fifths so often that it is meant."""
    meant = set()
    for upper, lower in combinations(texture.lines, 2):
        moves = _joint_moves(upper, lower)
        both = [(a, b, c, d) for a, b, c, d in moves if a.pitch != b.pitch and c.pitch != d.pitch]
        tune = "melody" in (upper.kind, lower.kind)
        times, share = (MELODY_DOUBLING_TIMES, MELODY_DOUBLING_SHARE) if tune else (DOUBLING_TIMES, DOUBLING_SHARE)
        for interval in (0,) if tune else (0, FIFTH):
            alike = sum((b.pitch - d.pitch) % 12 == interval for _, b, _, d in both)
            if len(both) >= times and alike >= share * len(both):
                meant.add((upper.name, lower.name))
    return frozenset(meant)


def faults_of(score: Score, meant: frozenset[tuple[str, str]], texture: Texture | None = None) -> list[Fault]:
    """Every fault of ``score`` but the spelling and the key, sorted by tick; ``meant`` pairs may run in parallel."""
    texture = texture or texture_of(score)
    found: list[Fault] = []
    for index, upper in enumerate(texture.lines):
        for distance, lower in enumerate(texture.lines[index + 1 :]):
            together = (upper.name, lower.name) in meant or (lower.name, upper.name) in meant
            found += _pair_faults(upper, lower, adjacent=distance == 0, doubled=together)
    for line in texture.lines:
        found += _line_faults(line, score)
    found += _chord_faults(texture, score)
    return sorted(found, key=lambda f: (f.tick, f.rule, f.places))


def _joint_moves(upper: Line, lower: Line) -> list[tuple[Step, Step, Step, Step]]:
    """(upper before, after, lower before, after) wherever both voices begin a note together and came from one."""
    arrivals = {b.start: (a, b) for a, b in zip(lower.steps, lower.steps[1:], strict=False) if _joined(a, b)}
    return [
        (a, b, *arrivals[b.start])
        for a, b in zip(upper.steps, upper.steps[1:], strict=False)
        if b.start in arrivals and _joined(a, b)
    ]


def _joined(before: Step, after: Step) -> bool:
    """No silence of a beat or more between two notes of one voice."""
    return after.start - before.end < TICKS_PER_BEAT


def _pair_faults(upper: Line, lower: Line, *, adjacent: bool, doubled: bool) -> Iterator[Fault]:
    moves = _joint_moves(upper, lower)
    if moves and not doubled:
        outer = upper.kind == "melody" and lower.kind == "bass"
        pitches = np.array([[s.pitch for s in move] for move in moves])
        for rule, hit in motion_faults(*pitches.T, outer=outer).items():
            for index in np.flatnonzero(hit):
                a, b, c, d = moves[index]
                yield Fault(rule, b.start, (*a.places, *b.places, *c.places, *d.places))
    if adjacent and not doubled:
        yield from _order_faults(upper, lower)


def motion_faults(
    u0: np.ndarray, u1: np.ndarray, l0: np.ndarray, l1: np.ndarray, *, outer: bool
) -> dict[str, np.ndarray]:
    """Rule -> where two voices moving u0 -> u1 over l0 -> l1 break it; the arrays broadcast."""
    up, low = u1 - u0, l1 - l0
    both = (up != 0) & (low != 0)
    before, after = (u0 - l0) % OCTAVE, (u1 - l1) % OCTAVE
    similar = both & ((up > 0) == (low > 0))
    same = before == after
    found = {
        "ParallelFifths": similar & same & (after == FIFTH),
        "ParallelOctaves": similar & same & (after == 0),
        "AntiParallel": both & ~similar & same & ((after == FIFTH) | (after == 0)),
    }
    if outer:
        found["DirectOuter"] = similar & ~same & ((after == FIFTH) | (after == 0)) & (np.abs(up) > 2)
    return found


def _order_faults(upper: Line, lower: Line) -> Iterator[Fault]:
    """Crossing wherever two neighbours sound together, overlap where they move (not against a free melody)."""
    starts = [s.start for s in lower.steps]
    previous: tuple[Step, Step] | None = None
    seen = set()
    for tick in sorted({s.start for s in upper.steps} | set(starts)):
        over, under = _sounding(upper, tick), _sounding(lower, tick)
        if over is None or under is None:
            previous = None
            continue
        if over.pitch < under.pitch and (over.start, under.start) not in seen:
            seen.add((over.start, under.start))
            yield Fault("VoiceCrossing", tick, (*over.places, *under.places))
        elif (
            previous and upper.kind != "melody" and (under.pitch > previous[0].pitch or over.pitch < previous[1].pitch)
        ):
            yield Fault("VoiceOverlap", tick, (*over.places, *under.places))
        previous = over, under


def _sounding(line: Line, tick: int) -> Step | None:
    index = bisect_right(line.steps, tick, key=lambda s: s.start) - 1
    return line.steps[index] if index >= 0 and tick < line.steps[index].end else None


def _line_faults(line: Line, score: Score) -> Iterator[Fault]:
    part = score.piece.parts[line.part]
    instrument = instrument_of_program(part.program)
    for step in line.steps:
        if not instrument.low <= step.pitch <= instrument.high:
            yield Fault("OutOfRange", step.start, step.places)
    for index, (a, b) in enumerate(zip(line.steps, line.steps[1:], strict=False)):
        if not _joined(a, b):
            continue
        yield from _resolution_faults(line, a, b, score)
        if line.kind == "inner" or line.chordal:
            continue
        if _is_bad_leap(a, b, score):
            yield Fault("AugmentedLeap", b.start, (*a.places, *b.places))
        following = line.steps[index + 2] if index + 2 < len(line.steps) else None
        leap = b.pitch - a.pitch
        is_leap = line.kind == "melody" and abs(leap) >= _LEAP
        if is_leap and following and _joined(b, following) and (following.pitch - b.pitch) * leap > 0:
            yield Fault("UnresolvedLeap", b.start, (*a.places, *b.places, *following.places))


def _is_bad_leap(a: Step, b: Step, score: Score) -> bool:
    size = abs(b.pitch - a.pitch)
    chord = score.chord_at(b.start)
    if size in (TRITONE, 10, 11):
        return chord is None or not {a.pitch % 12, b.pitch % 12} <= set(chord.classes)
    if size == 3 and score.key_at(b.start).mode == "minor":
        tonic = score.key_at(b.start).tonic_class
        return {(a.pitch - tonic) % 12, (b.pitch - tonic) % 12} == {8, 11}
    return size > OCTAVE


def _resolution_faults(line: Line, a: Step, b: Step, score: Score) -> Iterator[Fault]:
    chord, following = score.chord_at(max(a.start, a.end - TICKS_PER_BEAT // 8)), score.chord_at(b.start)
    if chord is None or following is None or chord == following:
        return
    tonic = score.key_at(a.start).tonic_class
    dominant = chord.root in ((tonic + 7) % 12, (tonic + 11) % 12) and (tonic + 11) % 12 in chord.classes
    leads = a.pitch % 12 == (tonic + 11) % 12 and dominant and following.root == tonic
    if leads and line.kind in ("melody", "bass") and b.pitch - a.pitch != SEMITONE:
        yield Fault("LeadingTone", b.start, (*a.places, *b.places))
    if chord.seventh == a.pitch % 12 and chord.root != following.root and b.pitch - a.pitch not in (0, -1, -2):
        yield Fault("SeventhResolution", b.start, (*a.places, *b.places))


def _chord_faults(texture: Texture, score: Score) -> Iterator[Fault]:
    """Faults between more than two voices or against the chord."""
    yield from _spacing_faults(texture)
    melodies = [x for x in texture.lines if x.kind == "melody"]
    others = [x for x in texture.lines if x.kind != "melody"]
    for melody in melodies:
        for step in melody.steps:
            if step.end - step.start >= _LONG:
                yield from _clashes(step, others, score)
    for tick in sorted({s.start for x in others for s in x.steps}):
        chord = score.chord_at(tick)
        leading = (score.key_at(tick).tonic_class + 11) % 12
        if chord is None or chord.third != leading or chord.root != (leading + 8) % 12:
            continue
        holders = [s for s in (_sounding(x, tick) for x in texture.lines) if s and s.pitch % 12 == leading]
        if len({s.pitch for s in holders}) > 1 and any(s.start == tick for s in holders):
            yield Fault("DoubledLeadingTone", tick, tuple(p for s in holders for p in s.places))


def _clashes(step: Step, others: Sequence[Line], score: Score) -> Iterator[Fault]:
    for line in others:
        under = _sounding(line, step.start)
        if under is None or under.pitch >= step.pitch or (step.pitch - under.pitch) % 12 != SEMITONE:
            continue
        chord = score.chord_at(step.start)
        if chord is None or step.pitch % 12 not in chord.classes:
            yield Fault("SemitoneClash", step.start, (*step.places, *under.places))


def _spacing_faults(texture: Texture) -> Iterator[Fault]:
    """Neighbouring upper voices of one chordal part; the gap above its lowest voice is free."""
    by_part: dict[int, dict[int, list[Step]]] = {}
    for line in texture.lines:
        if line.chordal:
            for step in line.steps:
                by_part.setdefault(line.part, {}).setdefault(step.start, []).append(step)
    for chords in by_part.values():
        for tick, steps in chords.items():
            ordered = sorted(steps, key=lambda s: s.pitch)[1:]
            for a, b in pairwise(ordered):
                if b.pitch - a.pitch > OCTAVE:
                    yield Fault("Spacing", tick, (*a.places, *b.places))
