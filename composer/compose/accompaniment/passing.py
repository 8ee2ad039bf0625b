"""Passing notes in the lower voices of a chorale: a voice that moves by a third fills it on the last beat before.

Only where it stays clean: on a tone of the scale, in order with its neighbours, without a semitone against the tune,
and without parallels on the way in or out. One voice at a change, the lowest that can.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from composer.compose.accompaniment.texture import HIGH_INTENSITY, Texture, VoicedChord
from composer.music.notes import Note
from composer.music.time import Meter
from composer.music.voice_leading import motion_faults

THIRDS = (3, 4)
CLASHES = (1, 11)
SOFTER = 6  # steps of velocity below the note that it continues


@dataclass(frozen=True, slots=True)
class _Change:
    """Two neighbouring chords as voices from the bass up, and the tune on top, just before and at the change."""

    tick: int
    before: tuple[int, ...]
    after: tuple[int, ...]


def with_passing_notes(
    texture: Texture,
    voiced: Sequence[VoicedChord],
    tune: Sequence[Note],
    scales: Sequence[Sequence[int]],
    meter: Meter,
    rests: Sequence[int],
) -> Texture:
    """``texture`` with passing notes before the changes of calm sections; none over ``rests`` (ticks).

    ``scales`` are the pitch classes of the scale over each chord."""
    bass, inner = list(texture.bass), list(texture.accompaniment)
    starts = [n.start for n in tune]
    for (a, scale), b in zip(zip(voiced, scales, strict=True), voiced[1:], strict=False):
        calm = max(a.intensity, b.intensity) < HIGH_INTENSITY
        if not calm or a.end != b.start or b.start in rests or len(a.voices) != len(b.voices) or not tune:
            continue
        tops = [tune[max(0, bisect_right(starts, tick) - 1)].pitch for tick in (b.start - 1, b.start)]
        change = _Change(b.start, (a.bass, *a.voices, tops[0]), (b.bass, *b.voices, tops[1]))
        for voice in range(len(change.before) - 1):
            line = bass if voice == 0 and bass else inner
            found = _filled(line, voice, change, a.chord.steps_in(scale), meter, tune, starts)
            if found is not None:
                held, shortened, passing = found
                line[line.index(held)] = shortened
                line.append(passing)
                break
    return Texture(tuple(sorted(inner)), tuple(sorted(bass)), texture.drums, texture.left_hand)


def _filled(
    line: Sequence[Note],
    voice: int,
    change: _Change,
    scale: Collection[int],
    meter: Meter,
    tune: Sequence[Note],
    starts: Sequence[int],
) -> tuple[Note, Note, Note] | None:
    """The voice's note before the change, the same shortened, and the passing note; ``None`` where it cannot be."""
    pitch, goal = change.before[voice], change.after[voice]
    held = next((n for n in line if n.pitch == pitch and n.start < change.tick == n.end), None)
    between = _between(pitch, goal, scale)
    if held is None or between is None:
        return None
    length = meter.beat_ticks if held.duration >= 2 * meter.beat_ticks else held.duration // 2
    at = change.tick - length
    if length < meter.beat_ticks // 2 or not _is_clean(between, voice, change, _heard(tune, starts, at, change.tick)):
        return None
    shortened = Note(held.start, pitch, held.duration - length, held.velocity)
    return held, shortened, Note(at, between, length, max(1, held.velocity - SOFTER))


def _between(pitch: int, goal: int, scale: Collection[int]) -> int | None:
    """The scale tone inside a third, if there is just one."""
    low, high = sorted((pitch, goal))
    tones = [p for p in range(low + 1, high) if p % 12 in scale]
    return tones[0] if high - low in THIRDS and len(tones) == 1 else None


def _heard(tune: Sequence[Note], starts: Sequence[int], begin: int, end: int) -> list[int]:
    """The tune's pitches just before ``begin`` and from then to ``end``."""
    first = max(0, bisect_right(starts, begin) - 1)
    sounding = [n.pitch for n in tune[first:] if n.start < end]
    return [tune[max(0, bisect_right(starts, begin - 1) - 1)].pitch, *sounding]


def _is_clean(passing: int, voice: int, change: _Change, heard: Sequence[int]) -> bool:
    """Whether the note keeps its place among the voices and makes no parallels and no clash."""
    before, after = change.before, change.after
    floor = before[voice - 1] if voice else -1
    ceiling = min(heard) if voice == len(before) - 2 else before[voice + 1]
    if not floor < passing < ceiling or any((top - passing) % 12 in CLASHES for top in heard[1:]):
        return False
    own = [(before[voice], passing), (passing, after[voice])]
    others = [
        *((one, other, *own[0]) for one, other in pairwise(heard[:2])),
        *((before[u], after[u], *own[1]) for u in range(len(before)) if u != voice),
    ]
    return not any(_breaks(*pair, outer=voice == 0) for pair in others)


def _breaks(u0: int, u1: int, l0: int, l1: int, *, outer: bool) -> bool:
    """Whether two voices run in parallel (or, for the bass, reach a perfect interval behind a leap)."""
    if u0 < l0:
        u0, u1, l0, l1 = l0, l1, u0, u1
    faults = motion_faults(*(np.array(p) for p in (u0, u1, l0, l1)), outer=outer)
    return any(bool(hit) for hit in faults.values())
