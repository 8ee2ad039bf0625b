"""The checker: the faults of voice leading in a score.

The rules between voices are those of ``composer.music.voice_leading``, by which ``composer evaluate`` judges too. The
rules of single lines and of the chord are here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from composer.cleanup.score import Score
from composer.cleanup.texture import Line, Step, Texture, texture_of
from composer.music.instruments import instrument_of_program
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import EARLY_TICKS, OCTAVE, Moment, Offence, Pair, chord_moments, offences, voices_of

# What a fault costs in the search; shaped by counts over 351 Bach chorales.
COSTS: dict[str, float] = {
    "ParallelFifths": 20.0, "ParallelOctaves": 20.0, "AntiParallel": 8.0, "DirectOuter": 4.0, "CrossedVoices": 6.0,
    "OverlappedVoices": 2.5, "WideSpacing": 1.0, "OutOfRange": 6.0, "LeadingTone": 6.0, "SeventhResolution": 4.0,
    "AugmentedLeap": 3.0, "UnresolvedLeap": 1.0, "CrossRelation": 2.0, "DoubledLeadingTone": 5.0, "SemitoneClash": 6.0,
}  # fmt: skip
SEMITONE, TRITONE = 1, 6
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


def doublings(score: Score) -> frozenset[Pair]:
    """Pairs of voices that double each other so often that it is meant: only where nobody planned the chords."""
    return voices_of(score.sounding()).doubled


def faults_of(score: Score, meant: frozenset[Pair], texture: Texture | None = None) -> list[Fault]:
    """Every fault of ``score`` but the spelling and the key, sorted by tick; ``meant`` pairs may run in parallel."""
    texture = texture or texture_of(score)
    places = _Places(texture)
    found = [Fault(o.rule, o.tick, places.of(o)) for o in offences(score.sounding(), meant)]
    for line in texture.lines:
        found += _line_faults(line, score)
    found += _chord_faults(texture, score)
    found += _cross_relations(score, places)
    return sorted(found, key=lambda f: (f.tick, f.rule, f.places))


class _Places:
    """Finds the notes behind the voices of a moment."""

    def __init__(self, texture: Texture) -> None:
        self._steps: dict[int, list[Step]] = {}
        for line in texture.lines:
            for step in line.steps:
                self._steps.setdefault(step.pitch, []).append(step)

    def of(self, offence: Offence) -> tuple[tuple[int, int], ...]:
        moments = (offence.before, offence.after) if offence.before is not offence.after else (offence.after,)
        found = [p for m in moments for voice in offence.voices for p in self.notes(m, voice)]
        return tuple(dict.fromkeys(found))

    def notes(self, moment: Moment, voice: int) -> tuple[tuple[int, int], ...]:
        """What sounds the pitch at the moment, else the first thing that does in the chord, else what just did."""
        steps = self._steps.get(moment.pitches[voice], [])
        tick = moment.tick + EARLY_TICKS
        sounding = [s for s in steps if s.start <= tick < s.end]
        if not sounding:
            sounding = sorted(steps, key=lambda s: (abs(s.start - tick), s.start))[:1]
        return tuple(p for s in sounding for p in s.places)


def _joined(before: Step, after: Step) -> bool:
    """No silence of a beat or more between two notes of one voice."""
    return after.start - before.end < TICKS_PER_BEAT


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


def _cross_relations(score: Score, places: _Places) -> Iterator[Fault]:
    """F in one voice of a chord, F sharp in another voice of the next, and no voice that goes from one to the other."""
    for before, after in pairwise(chord_moments(score.sounding())):
        names = score.key_at(after.tick).spellings
        moves = set(zip(before.pitches, after.pitches, strict=False))
        stepped = {(a % 12, b % 12) for a, b in moves if len(before.pitches) == len(after.pitches)}
        for i, low in enumerate(before.pitches):
            for j, high in enumerate(after.pitches):
                a, b = low % 12, high % 12
                if i != j and a != b and names[a][0] == names[b][0] and (a, b) not in stepped:
                    yield Fault("CrossRelation", after.tick, (*places.notes(before, i), *places.notes(after, j)))
