"""Figures -> notes: where both hands lie over each chord, and what they then play.

The left hand's anchor is the structural bass. The right hand's is chosen for all chords at once (Viterbi): little
motion, room under the tune and over the left hand, no parallels. What the checker of voice leading still finds is laid
anew, with more ways to play the chords around it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from composer.compose.accompaniment.hand_options import LEFT, RIGHT, Option, Stroke, Task, move_cost, options_of
from composer.compose.voices.slots import Costs, cheapest_path
from composer.compose.voices.sounding import trimmed
from composer.encoding.figuration import DURATIONS, PULSES, SHAPES, Figure, FigureFrame
from composer.music.chord import Chord
from composer.music.notes import Note

_ROUNDS = 16  # of laying the hands anew around what the checker of voice leading found
_FAULT, _PRESSURE = 20.0, 0.3
_STEP = 2  # semitones to the tone that a passing one goes on to
_VELOCITIES = {LEFT: (84, 70), RIGHT: (68, 62)}  # on a beat, off it
Heard = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """The notes of both hands, in order."""

    left: tuple[Note, ...]
    right: tuple[Note, ...]


def played(
    figures: Sequence[Figure],
    frame: FigureFrame,
    ceilings: Sequence[int],
    voicings: Sequence[tuple[int, ...]],
    reach: tuple[int, int],
    faults: Callable[[Played], Sequence[int]] = lambda hands: (),
) -> Played:
    """``figures`` as notes within ``reach`` (low, high); ``ceilings`` and ``voicings`` (low to high) per chord.

    ``faults`` tells the ticks of faults in what both hands play: there they are laid differently as far as can be.
    """
    strokes = _strokes(figures, frame)
    tasks = [
        Task(tuple(own), span.chord, bass, ceiling, voicing[0], reach, frame.key.scale)
        for own, span, bass, ceiling, voicing in zip(
            strokes, frame.chords, frame.basses, ceilings, voicings, strict=True
        )
    ]
    table = _Table(tasks, frame)
    best, fewest = Played((), ()), -1
    for _ in range(_ROUNDS):
        chosen = table.best()
        hands = _sounding(strokes, chosen, frame)
        ticks = faults(hands)
        if fewest < 0 or len(ticks) < fewest:
            best, fewest = hands, len(ticks)
        if not ticks:
            break
        table.forbid(ticks, chosen)
    return best


class _Table:
    """The options of all chords with their costs, and what was forbidden so far."""

    def __init__(self, tasks: Sequence[Task], frame: FigureFrame) -> None:
        self.tasks = tasks
        self.starts = [s.start for s in frame.chords]
        self.tops = [_top(frame, start) for start in self.starts]
        self.rich: set[int] = set()
        self.pressure = [0.0] * len(tasks)  # what a voice costs: with fewer of them there is less to go wrong
        self.lays: dict[tuple[int, Heard], float] = {}
        self.moves: dict[tuple[int, Heard, Heard], float] = {}
        self.options = [options_of(task, False) for task in tasks]
        self.steps = [self._step(index) for index in range(len(tasks) - 1)]

    def best(self) -> list[Option]:
        """The cheapest option of each chord, all chords at once."""
        local = [
            np.array([o.cost + self.lays.get((i, o.heard), 0.0) + self.pressure[i] * len(o.heard) for o in found])
            for i, found in enumerate(self.options)
        ]
        steps = self.steps
        if self.moves:
            steps = [self._with_forbidden(index) for index in range(len(self.steps))]
        return [found[choice] for found, choice in zip(self.options, cheapest_path(local, steps), strict=True)]

    def forbid(self, ticks: Sequence[int], chosen: Sequence[Option]) -> None:
        """Make what was chosen at ``ticks`` dear, the move into a chord or the chord itself, and offer more there."""
        changed: set[int] = set()
        for tick in ticks:
            span = max(0, bisect_right(self.starts, tick) - 1)
            changed |= {span, max(0, span - 1)} - self.rich
            self.pressure[span] += _PRESSURE
            if tick == self.starts[span] and span:
                move = (span - 1, chosen[span - 1].heard, chosen[span].heard)
                self.moves[move] = self.moves.get(move, 0.0) + _FAULT
            else:
                lay = (span, chosen[span].heard)
                self.lays[lay] = self.lays.get(lay, 0.0) + _FAULT
        for span in changed:
            self.options[span] = options_of(self.tasks[span], True)
        for index in sorted({i for span in changed for i in (span - 1, span) if 0 <= i < len(self.steps)}):
            self.steps[index] = self._step(index)
        self.rich |= changed

    def _step(self, index: int) -> Costs:
        before, tops = self.tops[index][1], self.tops[index + 1]
        after = self.options[index + 1]
        return np.array([[move_cost(a, b, before, tops) for b in after] for a in self.options[index]])

    def _with_forbidden(self, index: int) -> Costs:
        step = self.steps[index]
        dear = [(key, cost) for key, cost in self.moves.items() if key[0] == index]
        if not dear:
            return step
        step = step.copy()
        for (_, before, after), cost in dear:
            rows = [i for i, o in enumerate(self.options[index]) if o.heard == before]
            columns = [i for i, o in enumerate(self.options[index + 1]) if o.heard == after]
            step[np.ix_(rows, columns)] += cost
        return step


def _sounding(strokes: Sequence[Sequence[Stroke]], chosen: Sequence[Option], frame: FigureFrame) -> Played:
    """The notes of both hands as the options say."""
    hands: tuple[list[Note], list[Note]] = ([], [])
    for index, (own, option) in enumerate(zip(strokes, chosen, strict=True)):
        for stroke, pitches in zip(own, option.pitches, strict=True):
            hands[stroke.hand].extend(_notes(stroke, pitches, frame, index))
    left = trimmed(_resolved(hands[LEFT], frame))
    return Played(left, _without_doubles(left, trimmed(_resolved(hands[RIGHT], frame))))


def _strokes(figures: Sequence[Figure], frame: FigureFrame) -> list[list[Stroke]]:
    """The strokes over each chord, the left hand's first where both strike."""
    found: list[list[Stroke]] = [[] for _ in frame.chords]
    starts = [s.start for s in frame.chords]
    for bar, figure in enumerate(figures):
        for index, step in enumerate(figure.steps):
            tick = bar * frame.meter.bar_ticks + index * PULSES[figure.pulse]
            span = max(0, bisect_right(starts, tick) - 1)
            for hand, token, length in ((LEFT, step.left, step.left_length), (RIGHT, step.right, step.right_length)):
                shape = SHAPES[token]
                if shape is not None:
                    found[span].append(Stroke(tick, hand, shape, DURATIONS[length]))
    return found


def _top(frame: FigureFrame, tick: int) -> tuple[int, int]:
    """The melody's pitch just before ``tick`` and at it."""
    melody = frame.melody
    if not melody:
        return 127, 127
    place = bisect_right(melody, tick, key=lambda n: n.start) - 1
    at = melody[max(0, place)]
    before = melody[max(0, place - 1)] if place > 0 and at.start == tick else at
    return before.pitch, at.pitch


def _notes(stroke: Stroke, pitches: Sequence[int], frame: FigureFrame, index: int) -> list[Note]:
    """The stroke's notes, ended with their chord at the latest; in the last bar held to its end."""
    meter, end = frame.meter, frame.chords[index].end
    is_last = stroke.tick >= (frame.bars - 1) * meter.bar_ticks
    length = end - stroke.tick if is_last else min(stroke.length, end - stroke.tick)
    velocity = _VELOCITIES[stroke.hand][meter.accent(stroke.tick) == 0]
    return [Note(stroke.tick, pitch, length, velocity) for pitch in pitches]


def _resolved(notes: Sequence[Note], frame: FigureFrame) -> list[Note]:
    """The hand's notes with every tone outside its chord that does not go on by step put back into the chord."""
    ordered = sorted(notes)
    found = []
    for index, note in enumerate(ordered):
        chord = _chord_at(frame, note.start)
        if note.pitch % 12 not in chord.classes:
            following = next((n for n in ordered[index + 1 :] if n.start > note.start), None)
            if following is None or not 0 < abs(following.pitch - note.pitch) <= _STEP:
                near = [p for p in range(note.pitch - 4, note.pitch) if p % 12 in chord.classes]
                note = replace(note, pitch=near[-1] if near else note.pitch)
        found.append(note)
    return found


def _chord_at(frame: FigureFrame, tick: int) -> Chord:
    place = bisect_right(frame.chords, tick, key=lambda s: s.start) - 1
    return frame.chords[max(0, place)].chord


def _without_doubles(left: Sequence[Note], right: Sequence[Note]) -> tuple[Note, ...]:
    """The right hand without notes that the left one sounds already, ended where the left one strikes them."""
    by_pitch: dict[int, list[Note]] = {}
    for note in left:
        by_pitch.setdefault(note.pitch, []).append(note)
    kept = []
    for note in right:
        others = by_pitch.get(note.pitch, [])
        if any(o.start <= note.start < o.end for o in others):
            continue
        stop = min([o.start for o in others if note.start < o.start < note.end], default=note.end)
        kept.append(replace(note, duration=stop - note.start))
    return tuple(kept)
