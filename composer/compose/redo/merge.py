"""What stands and what is new made one piece: every part keeps its cells, and new notes give way at their borders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from composer.compose.accompaniment.expression import QUIETEST, STRONGEST
from composer.compose.redo.standing import Stay
from composer.music.borders import after_kept
from composer.music.notes import ChordSpan, Note, Part, Piece

NEAR_BARS = 4  # so many bars from what stands, a new bar is no longer as loud as that
LOUDER_MIN, LOUDER_MAX = 3, 24  # steps of velocity that what stands differs from the plan: below, by chance
LEVEL_BARS = 2  # bars on either side that tell how loud what stands is
SHORTEST_TICKS = 60


def merged(stay: Stay, composed: Piece, chord_bars: Collection[int], heard: Collection[tuple[int, int]]) -> Piece:
    """``composed`` with what stands outside the cells; ``chord_bars`` (from 0) have new chords.

    ``heard`` are the notes (start, pitch) of the tune that were composed around and stand already. Parts that only the
    piece that stands has are kept as they are. Title, tempi, keys and markers are the composed ones.
    """
    standing = dict(stay.seats)
    parts = []
    for part in composed.parts:
        own = standing.pop(part.name, None)
        if own is None:
            parts.append(part)
            continue
        known = heard if own is stay.melody else frozenset()
        parts.append(_part(stay, own, part, composed, known))
    used = {id(part) for name, part in stay.seats.items() if name not in standing}
    parts += [part for part in stay.piece.parts if id(part) not in used]
    end = max((n.end for part in parts for n in part.notes), default=0)
    bar = composed.meter.bar_ticks
    length = max(composed.length, -(-end // bar) * bar if end > composed.length + SHORTEST_TICKS else 0)
    return replace(composed, parts=tuple(parts), length=length, chords=_spans(stay, composed, chord_bars))


def _part(stay: Stay, own: Part, new: Part, composed: Piece, heard: Collection[tuple[int, int]]) -> Part:
    bar = composed.meter.bar_ticks
    kept = [n for n in own.notes if not stay.is_redone(own, n.start // bar)]
    fresh = [n for n in new.notes if stay.is_redone(own, n.start // bar) and (n.start, n.pitch) not in heard]
    fresh = _levelled(fresh, _louder(stay, own, new, composed), bar)
    controls = [c for c in own.controls if not stay.is_redone(own, c.tick // bar)]
    controls += [c for c in new.controls if stay.is_redone(own, c.tick // bar)]
    return replace(
        own, notes=tuple(sorted((*kept, *_within(fresh, kept, stay, own, bar)))), controls=tuple(sorted(controls))
    )


def _within(fresh: Sequence[Note], kept: Sequence[Note], stay: Stay, own: Part, bar: int) -> list[Note]:
    """The new notes, ended where a bar that stands begins and begun where a note of their pitch that stands ends;
    ``bar`` is the length of a bar in ticks."""
    ends: dict[int, list[Note]] = {}
    for note in kept:
        ends.setdefault(note.pitch, []).append(note)
    found = []
    for note in fresh:
        line = next(
            (b * bar for b in range(note.start // bar + 1, -(-note.end // bar)) if not stay.is_redone(own, b)), note.end
        )
        cut = replace(note, duration=min(note.end, line) - note.start)
        sounds_until = max(
            (k.end for k in ends.get(note.pitch, ()) if k.start <= note.start < k.end), default=note.start
        )
        if (waited := after_kept(cut, sounds_until)) is not None:
            found.append(waited)
    return found


def _louder(stay: Stay, own: Part, new: Part, composed: Piece) -> dict[int, int]:
    """For each bar (from 0) that is redone: how much louder than the plan its neighbours that stand are, in steps of
    velocity."""
    bar, bars = composed.meter.bar_ticks, composed.bars
    theirs, planned = _levels(own, bar), _levels(new, bar)
    apart = {
        b: theirs[b] - planned[b] for b in range(bars) if not stay.is_redone(own, b) and b in theirs and b in planned
    }
    found = {}
    for b in range(bars):
        if not stay.is_redone(own, b):
            continue
        weighed = []
        for step in (-1, 1):
            near = next((n for n in range(1, NEAR_BARS + 1) if not stay.is_redone(own, b + step * n)), None)
            if near is None or b + step * near < 0:
                continue
            seen = [apart[n] for k in range(LEVEL_BARS) if (n := b + step * (near + k)) in apart]
            if seen:
                weighed.append((float(np.mean(seen)), (NEAR_BARS + 1 - near) / NEAR_BARS))
        total = sum(weight for _, weight in weighed)
        level = sum(value * weight for value, weight in weighed) / max(1.0, total)
        found[b] = round(float(np.clip(level, -LOUDER_MAX, LOUDER_MAX))) if abs(level) >= LOUDER_MIN else 0
    return found


def _levels(part: Part, bar: int) -> dict[int, float]:
    """The mean velocity of each bar (from 0) that has notes; ``bar`` is the length of a bar in ticks."""
    found: dict[int, list[int]] = {}
    for note in part.notes:
        found.setdefault(note.start // bar, []).append(note.velocity)
    return {place: float(np.mean(values)) for place, values in found.items()}


def _levelled(notes: Sequence[Note], louder: dict[int, int], bar: int) -> list[Note]:
    """The notes with what ``louder`` says of their bar (from 0), in steps of velocity; a bar has ``bar`` ticks."""
    return [
        replace(n, velocity=min(STRONGEST, max(QUIETEST, n.velocity + louder.get(n.start // bar, 0))))
        if louder.get(n.start // bar)
        else n
        for n in notes
    ]


def _spans(stay: Stay, composed: Piece, chord_bars: Collection[int]) -> tuple[ChordSpan, ...]:
    """The chords: those that stand exactly as they stand, the new ones in their bars."""
    bar = composed.meter.bar_ticks
    named = {b for s in stay.piece.chords for b in range(s.start // bar, -(-s.end // bar))}
    new = set(chord_bars) | (set(range(composed.bars)) - named)
    found = [piece for span in composed.chords for piece in _cut(span, bar, new)]
    found += [piece for span in stay.piece.chords for piece in _cut(span, bar, named - new)]
    return tuple(sorted(found, key=lambda s: s.start))


def _cut(span: ChordSpan, bar: int, bars: Collection[int]) -> list[ChordSpan]:
    """What of the span lies in ``bars`` (from 0, each ``bar`` ticks long): pieces that are as long as can be."""
    found: list[ChordSpan] = []
    for place in range(span.start // bar, -(-span.end // bar)):
        if place in bars:
            start, end = max(span.start, place * bar), min(span.end, (place + 1) * bar)
            if found and found[-1].end == start:
                found[-1] = replace(found[-1], end=end)
            else:
                found.append(ChordSpan(start, end, span.chord))
    return found
