"""The notes of a piece as cleanup sees them: flat, numbered, each with the price of changing it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.notes import Note, Piece
from composer.music.time import TICKS_PER_BEAT

# Price of changing a note, by origin (MUSIC: the draft is ours, the rest belongs to a person).
WEIGHT_DRAFT, WEIGHT_FOREIGN, WEIGHT_LOCKED = 1.0, 2.5, math.inf


@dataclass(frozen=True, slots=True)
class Tone:
    """Note ``index`` of part ``part`` of the piece, with the price of changing it."""

    part: int
    index: int
    start: int
    end: int
    pitch: int
    weight: float

    @property
    def place(self) -> tuple[int, int]:
        return self.part, self.index


@dataclass(frozen=True)
class Score:
    """``piece`` with pitches possibly changed; ``tones`` leaves the drums out and is sorted by onset."""

    piece: Piece
    tones: tuple[Tone, ...]

    @cached_property
    def by_part(self) -> dict[int, list[Tone]]:
        found: dict[int, list[Tone]] = {}
        for tone in self.tones:
            found.setdefault(tone.part, []).append(tone)
        return found

    @cached_property
    def part_starts(self) -> dict[int, list[int]]:
        return {part: [t.start for t in tones] for part, tones in self.by_part.items()}

    @cached_property
    def _chord_starts(self) -> list[int]:
        return [span.start for span in self.piece.chords]

    def chord_at(self, tick: int) -> Chord | None:
        """The chord of the chord track at ``tick``, with a little tolerance for playing early."""
        index = bisect_right(self._chord_starts, tick + TICKS_PER_BEAT // 12) - 1
        if index < 0 or tick >= self.piece.chords[index].end:
            return None
        return self.piece.chords[index].chord

    def key_at(self, tick: int) -> Key:
        return next((k for start, k in reversed(self.piece.keys) if start <= tick), self.piece.key)

    def between(self, start: int, end: int) -> Score:
        """Only the tones that begin in ``start <= tick < end``."""
        return Score(self.piece, tuple(t for t in self.tones if start <= t.start < end))

    def with_pitches(self, pitches: Mapping[tuple[int, int], int]) -> Score:
        """A copy in which the tones at these places sound another pitch."""
        changed = (replace(t, pitch=pitches[t.place]) if t.place in pitches else t for t in self.tones)
        return Score(self.piece, tuple(changed))

    def sounding(self) -> Piece:
        """The piece reduced to the tones of this score."""
        parts = []
        for number, part in enumerate(self.piece.parts):
            tones = self.by_part.get(number, ())
            parts.append(replace(part, notes=tuple(Note(t.start, t.pitch, t.end - t.start) for t in tones)))
        return replace(self.piece, parts=tuple(parts))

    def finished(self) -> Piece:
        """The piece with the pitches of this score."""
        pitches = {t.place: t.pitch for t in self.tones}
        parts = []
        for number, part in enumerate(self.piece.parts):
            notes = tuple(_at(n, pitches.get((number, i), n.pitch)) for i, n in enumerate(part.notes))
            parts.append(replace(part, notes=notes))
        return replace(self.piece, parts=tuple(parts))


def score_of(piece: Piece, weights: Mapping[tuple[int, int], float], default: float) -> Score:
    """The notes of ``piece`` but the drums; ``weights`` overrides ``default`` for (part, note index)."""
    tones = [
        Tone(number, index, n.start, n.end, n.pitch, weights.get((number, index), default))
        for number, part in enumerate(piece.parts)
        if not part.is_drums
        for index, n in enumerate(part.notes)
    ]
    return Score(piece, tuple(sorted(tones, key=lambda t: (t.start, t.part, t.pitch, t.index))))


def _at(note: Note, pitch: int) -> Note:
    return note if note.pitch == pitch else replace(note, pitch=pitch)
