"""Songs with piano -> figures: which hand plays which note, and each bar's accompaniment relative to its chords.

The archive of songs has both staves in one track, so the hands are told apart here: one border pitch for each bar, all
bars of a song at once (Viterbi), such that neither hand stretches too far and the border stays where it is. A note
outside the vocabulary of shapes is moved to the nearest chord tone (3 % of the strokes).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from composer.corpus.duplicates import clusters_of, split_of
from composer.corpus.lieder import Song
from composer.corpus.song_labels import slots_per_bar
from composer.corpus.tune import Tune
from composer.encoding.figuration import (
    GRID_TICKS,
    NOTHING,
    PULSES,
    Figure,
    FigureControls,
    FigureFrame,
    Shape,
    Step,
    length_token,
    pulse_of,
    rung_of,
    shape_token,
)
from composer.encoding.melody import Event
from composer.music.chord import Chord
from composer.music.notes import ChordSpan, Note
from composer.music.time import TICKS_PER_BEAT, Meter

BORDERS = range(46, 73)  # pitches that may part the hands: the first of the right hand's
_CENTRE = 59
_STRETCH_SEMITONES = 14
_HAND_NOTES = 5
_MOVE_COST, _CENTRE_COST, _STRETCH_COST, _EMPTY_COST, _GAP_GAIN = 0.25, 0.05, 1.0, 0.5, 0.12
_FRESH_SHARE = 0.5  # a bar that shares fewer onsets than this with the one before begins a new texture


@dataclass(frozen=True, slots=True)
class FiguredSong:
    """A song as figures, one for each bar; ``split`` is train, valid or test and never parts near-duplicates."""

    name: str
    frame: FigureFrame
    figures: tuple[Figure, ...]
    split: str = "train"


@dataclass(frozen=True, slots=True)
class _Played:
    """One accompaniment note: ticks from bar 1 on the grid."""

    start: int
    length: int
    pitch: int


def figured_songs(songs: Iterable[Song]) -> list[FiguredSong]:
    """Every song of ``songs`` as figures, split by clusters of near-duplicate melodies."""
    kept = list(songs)
    figured = [figured_song(song) for song in kept]
    leaders = clusters_of([_tune(song) for song in kept])
    # Stretches of one file belong together, whatever their melodies are like.
    names = [kept[leader].name.partition("#")[0] for leader in leaders]
    return [replace(item, split=split_of(name)) for item, name in zip(figured, names, strict=True)]


def figured_song(song: Song) -> FiguredSong:
    """``song`` as figures, with the frame that a composer would have before its accompaniment."""
    notes = [_Played(_snapped(s), max(GRID_TICKS, e - s), p) for s, e, p in song.accompaniment]
    bars = _by_bar(notes, song.meter, song.bars)
    borders = hand_borders(bars)
    spans = _spans(song)
    figures, basses = [], dict[int, int]()
    anchor = _first_bass(bars, spans[0].chord)
    for index, (bar, border) in enumerate(zip(bars, borders, strict=True)):
        figure, anchors = _figure(bar, border, index * song.meter.bar_ticks, song.meter, spans, anchor)
        figures.append(figure)
        for span, pitch in anchors.items():
            basses.setdefault(span, pitch)
            anchor = pitch
    melody = tuple(Note(s, p, e - s) for s, e, p in song.melody)
    frame = FigureFrame(
        song.key, song.meter, song.bars, spans, tuple(basses[i] for i in range(len(spans))), melody,
        tuple(_controls(figures, bars, song.meter)),
    )  # fmt: skip
    return FiguredSong(song.name, frame, tuple(figures))


def _tune(song: Song) -> Tune:
    """The melody as the finder of near-duplicates reads it."""
    events = tuple(Event(s, e - s, p) for s, e, p in song.melody)
    return Tune(song.name, "lieder", song.title, song.key, song.meter, 0, events, song.bars, (), (), (), "song")


def _snapped(tick: int) -> int:
    return round(tick / GRID_TICKS) * GRID_TICKS


def _by_bar(notes: Sequence[_Played], meter: Meter, bars: int) -> list[list[_Played]]:
    found: list[list[_Played]] = [[] for _ in range(bars)]
    for note in notes:
        bar = note.start // meter.bar_ticks
        if bar < bars:
            found[bar].append(note)
    return found


def _spans(song: Song) -> tuple[ChordSpan, ...]:
    """The song's chords, equal neighbours joined."""
    ticks = song.meter.bar_ticks // slots_per_bar(song.meter)
    spans, at = [], 0
    for chord, run in groupby(song.slot_chords):
        end = at + ticks * len(list(run))
        spans.append(ChordSpan(at, end, chord))
        at = end
    return tuple(spans)


# -- hands


def hand_borders(bars: Sequence[Sequence[_Played]]) -> list[int]:
    """For each bar the pitch at which the right hand begins."""
    moves = _MOVE_COST * np.abs(np.subtract.outer(np.array(BORDERS), np.array(BORDERS)))
    local = [np.array([_border_cost(bar, border) for border in BORDERS]) for bar in bars]
    total = local[0]
    back: list[NDArray[np.int64]] = []
    for cost in local[1:]:
        table = total[:, None] + moves
        back.append(table.argmin(axis=0))
        total = table.min(axis=0) + cost
    path = [int(total.argmin())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return [BORDERS[i] for i in reversed(path)]


def _border_cost(bar: Sequence[_Played], border: int) -> float:
    """How unlike two hands the notes under and from ``border`` on are."""
    if not bar:
        return 0.0
    cost = _CENTRE_COST * abs(border - _CENTRE)
    pitches = sorted({n.pitch for n in bar})
    under, over = [p for p in pitches if p < border], [p for p in pitches if p >= border]
    if under and over:
        cost -= _GAP_GAIN * min(12, over[0] - under[-1])
    elif len(pitches) > 2:
        cost += _EMPTY_COST
    for _, group in groupby(bar, key=lambda n: n.start):
        struck = [n.pitch for n in group]
        for hand in ([p for p in struck if p < border], [p for p in struck if p >= border]):
            if hand:
                cost += _STRETCH_COST * (
                    max(0, max(hand) - min(hand) - _STRETCH_SEMITONES) / 4 + max(0, len(hand) - _HAND_NOTES)
                )
    for hand in (under, over):
        cost += 0.1 * max(0, hand[-1] - hand[0] - 24) if hand else 0.0
    return cost


# -- figures


def _first_bass(bars: Sequence[Sequence[_Played]], chord: Chord) -> int:
    lowest = next((min(n.pitch for n in bar) for bar in bars if bar), 48)
    return _chord_tone(lowest, chord)


def _chord_tone(pitch: int, chord: Chord) -> int:
    """The chord tone nearest to ``pitch``, the lower one of two."""
    return min(range(pitch - 6, pitch + 7), key=lambda p: (p % 12 not in chord.classes, abs(p - pitch), p))


def _figure(
    bar: Sequence[_Played], border: int, start: int, meter: Meter, spans: Sequence[ChordSpan], anchor: int
) -> tuple[Figure, dict[int, int]]:
    """The figure of one bar, and the left hand's anchor over each of its chords (by index)."""
    pulse = pulse_of(sorted({n.start - start for n in bar}), meter)
    step_ticks = PULSES[pulse]
    count = meter.bar_ticks // step_ticks
    ends = [s.end for s in spans]
    hands = ([n for n in bar if n.pitch < border], [n for n in bar if n.pitch >= border])
    first, last = bisect_right(ends, start), bisect_right(ends, start + meter.bar_ticks - 1)
    anchors: dict[int, int] = {}
    tokens = np.zeros((count, 4), dtype=np.int64)
    for index in range(first, min(last, len(spans) - 1) + 1):
        span = spans[index]
        inside = [[n for n in hand if span.start <= n.start < span.end] for hand in hands]
        anchor = _left_anchor(inside[0], span.chord, anchor)
        anchors[index] = anchor
        places = (anchor, _right_anchor(inside[1], span.chord))
        for side, (hand, place) in enumerate(zip(inside, places, strict=True)):
            for tick, group in groupby(hand, key=lambda n: n.start):
                step = min(count - 1, round((tick - start) / step_ticks))
                if not tokens[step, side]:
                    struck = list(group)
                    voice = struck[0] if side == 0 else struck[-1]
                    tokens[step, side] = shape_token(shape_of([n.pitch for n in struck], place, span.chord))
                    tokens[step, 2 + side] = length_token(voice.length)
    return Figure(pulse, tuple(Step(*row) for row in tokens.tolist())), anchors


def _left_anchor(hand: Sequence[_Played], chord: Chord, before: int) -> int:
    """The lowest of what the left hand strikes first over the chord; where it rests, a chord tone by where it was."""
    if not hand:
        return _chord_tone(before, chord)
    return _chord_tone(min(n.pitch for n in hand if n.start == hand[0].start), chord)


def _right_anchor(hand: Sequence[_Played], chord: Chord) -> int:
    tones = [n.pitch for n in hand if n.pitch % 12 in chord.classes]
    return min(tones) if tones else _chord_tone(min((n.pitch for n in hand), default=60), chord)


def shape_of(pitches: Sequence[int], anchor: int, chord: Chord) -> Shape:
    """The shape that strikes ``pitches`` (MIDI) at once; chords lose their foreign tones to the nearest rung."""
    ordered = sorted(set(pitches))
    if len(ordered) == 1:
        rung, is_above = rung_of(ordered[0], anchor, chord)
        return Shape(rung, passing=is_above)
    lowest = _chord_tone(ordered[0], chord)
    rungs = sorted({rung_of(_chord_tone(p, chord), anchor, chord)[0] for p in ordered})
    octave_rung = rung_of(lowest + 12, anchor, chord)[0]
    has_octave = octave_rung in rungs
    above = tuple(r - rungs[0] for r in rungs if r != octave_rung)
    return Shape(rungs[0], above, has_octave)


# -- controls


def _controls(figures: Sequence[Figure], bars: Sequence[Sequence[_Played]], meter: Meter) -> list[FigureControls]:
    quarters = meter.bar_ticks / TICKS_PER_BEAT
    found = []
    for index, (figure, bar) in enumerate(zip(figures, bars, strict=True)):
        onsets = figure.onsets
        found.append(
            FigureControls(
                density=len(onsets) / quarters,
                thickness=len(bar) / len({n.start for n in bar}) if bar else None,
                register=fmean(n.pitch for n in bar) if bar else None,
                fresh=index == 0 or alike(figures[index - 1], figure) < _FRESH_SHARE,
            )
        )
    return found


def alike(first: Figure, second: Figure) -> float:
    """The share 0..1 of their strokes (place and hand) that two bars have in common."""
    one, two = _strokes(first), _strokes(second)
    return len(one & two) / len(one | two) if one | two else 1.0


def _strokes(figure: Figure) -> set[tuple[int, str]]:
    ticks = PULSES[figure.pulse]
    left = {(i * ticks, "left") for i, s in enumerate(figure.steps) if s.left != NOTHING}
    return left | {(i * ticks, "right") for i, s in enumerate(figure.steps) if s.right != NOTHING}
