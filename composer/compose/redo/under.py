"""What stands under a tune that is composed anew: how often new notes run in parallel with it, or below it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from composer.compose.redo.standing import Stay
from composer.encoding.melody import Event
from composer.music.notes import Note
from composer.music.voice_leading import PARALLELS, Moment, bass_line, chord_moments, crossings, motions

PARALLEL_COST, LESSER_COST, CROSSED_COST = 2.0, 0.4, 1.5  # for each; the lesser are direct and anti-parallel motion
_HIGHEST = 127


@dataclass(frozen=True, slots=True)
class Under:
    """What stands below a tune: the bass as (tick, MIDI pitch) and the voices of the chords, in order of time."""

    bass: tuple[tuple[int, int], ...]
    chords: tuple[Moment, ...]

    def cost(self, events: Sequence[Event], tonic_midi: int, start: int, end: int) -> float:
        """What ``events`` (a tune in order, in semitones above ``tonic_midi``) cost against what stands from the tick
        ``start`` up to the tick ``end``; 0 where no rule is broken, else in units of the costs above."""
        tune = [(e.start, (e.pitch or 0) + tonic_midi) for e in events if e.pitch is not None]
        if not tune:
            return 0.0
        sung, low = _Line(tune), _Line(self.bass)
        ticks = {tick for tick, _ in tune} | {tick for tick, _ in self.bass}
        outer = [
            Moment(tick, (below, above))
            for tick in sorted(t for t in ticks if start <= t < end)
            if (below := low.at(tick)) is not None and (above := sung.at(tick)) is not None
        ]
        inner = [
            Moment(m.tick, (*m.pitches, above), m.figure)
            for m in self.chords
            if start <= m.tick < end and (above := sung.at(m.tick)) is not None
        ]
        # What stands among itself is nobody's fault here, and costs all candidates the same.
        faults = {(o.rule, o.tick, o.voices[1] == len(o.after.pitches) - 1) for o in [*motions(outer), *motions(inner)]}
        total = sum(PARALLEL_COST if rule in PARALLELS else LESSER_COST for rule, _, is_tune in faults if is_tune)
        return total + CROSSED_COST * len({o.tick for o in crossings(inner)})


class _Line:
    """What a line sounds, or sounded last, at a tick."""

    def __init__(self, notes: Sequence[tuple[int, int]]) -> None:
        self._starts, self._pitches = [tick for tick, _ in notes], [pitch for _, pitch in notes]

    def at(self, tick: int) -> int | None:
        index = bisect_right(self._starts, tick) - 1
        return self._pitches[index] if index >= 0 else None


def under_of(stay: Stay, bars: int) -> Under:
    """What stands in the first ``bars`` bars in which all who accompany stay as they are."""
    piece, ticks = stay.piece, stay.piece.meter.bar_ticks
    if stay.melody is None:
        return Under((), ())
    players = [part for part in piece.parts if part is not stay.melody and not part.is_drums]
    stays = [bool(players) and not any(stay.is_redone(part, bar) for part in players) for bar in range(bars)]
    # A tune above everything stands for the one to come, so that no part is taken for it.
    above = replace(stay.melody, notes=(Note(0, _HIGHEST, max(1, piece.length)),))
    rest = replace(piece, parts=(above, *(part for part in piece.parts if part is not stay.melody)))
    bass = tuple((n.start, n.pitch) for n in bass_line(rest) if n.start // ticks < bars and stays[n.start // ticks])
    chords = tuple(
        replace(m, pitches=m.pitches[:-1])
        for m in (chord_moments(rest) if piece.chords else ())
        if m.tick // ticks < bars and stays[m.tick // ticks] and len(m.pitches) > 1
    )
    return Under(bass, chords)
