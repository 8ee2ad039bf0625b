"""Tiny pieces with known measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.music.chord import progression_of
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, MELODY, ChordSpan, Note, Part, Piece, Tempo
from composer.music.time import TICKS_PER_BEAT, meter_of

BEAT = TICKS_PER_BEAT
BAR = 4 * BEAT


def line(pitches: Sequence[int], beats: Sequence[float] | float = 1.0, start_beat: float = 0.0) -> tuple[Note, ...]:
    """Notes one after the other, with their lengths in beats."""
    lengths = [beats] * len(pitches) if isinstance(beats, float) else list(beats)
    tick, notes = round(start_beat * BEAT), []
    for pitch, length in zip(pitches, lengths, strict=True):
        notes.append(Note(tick, pitch, round(length * BEAT)))
        tick = notes[-1].end
    return tuple(notes)


def piece(
    melody: Sequence[Note] | None,
    chords: str = "",
    *,
    key: str = "C",
    mode: str = "major",
    bass: Sequence[Note] | None = None,
    inner: Sequence[Note] | None = None,
    bars: int | None = None,
) -> Piece:
    """A piece in 4/4; ``chords`` as in a brief, one or more to the bar."""
    lines = {MELODY: melody, CHORDS: inner, BASS: bass}
    parts = tuple(Part(role.title(), role, 0, tuple(notes)) for role, notes in lines.items() if notes is not None)
    end = max((n.end for part in parts for n in part.notes), default=0)
    length = (bars if bars is not None else -(-end // BAR)) * BAR
    return Piece("Test", meter_of("4/4"), key_of(key, mode), (Tempo(0, 100.0),), parts, length, chords=spans(chords))


def spans(chords: str) -> tuple[ChordSpan, ...]:
    found = []
    for index, bar in enumerate(progression_of(chords) if chords else []):
        ticks = BAR // len(bar)
        found += [ChordSpan(index * BAR + i * ticks, index * BAR + (i + 1) * ticks, c) for i, c in enumerate(bar)]
    return tuple(found)


def tune() -> Piece:
    """Eight bars that repeat and close: a a' with a half and a full cadence."""
    first = line([60, 64, 67, 64, 65, 69, 67, 65, 64, 62, 60, 64], 1.0)
    a = (*first, *line([62], 4.0, 12.0))
    again = tuple(Note(n.start + 4 * BAR, n.pitch, n.duration) for n in first[:8])
    b = (*again, *line([64, 62, 60, 59], 1.0, 24.0), *line([60], 4.0, 28.0))
    return piece((*a, *b), "C | F | C | G | C | F | G | C")


def random_in_key(rng: np.random.Generator, bars: int = 16) -> Piece:
    """Notes of C major over two octaves, of random lengths that fill the bars."""
    scale = [60 + 12 * octave + step for octave in range(2) for step in (0, 2, 4, 5, 7, 9, 11)]
    notes: list[Note] = []
    tick = 0
    while tick < bars * BAR:
        duration = min(int(rng.choice([120, 240, 360, 480, 720, 960])), BAR - tick % BAR)
        notes.append(Note(tick, int(rng.choice(scale)), duration))
        tick += duration
    return piece(notes, " | ".join(["C", "F", "G", "C"] * (bars // 4)))
