"""How the melody fits the chords.

Conventions: pitch classes against the chord that sounds at the note's onset; notes without a chord are left out.
Shares are 0..1, by the number of notes unless the name says otherwise. ``None`` without chords or melody.

Sources: CTnCTR, PCS and MCTD after Yeh et al. (2021). Differences: PCS is summed over the chord's first three tones
(theirs averages), so it runs from -3 to 3; CTnCTR lets a note that is repeated not
count as resolved; MCTD uses the tonal centroid of Harte et al. (2006) with radii 1, 1, 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from math import cos, pi, sin, sqrt

from composer.evaluate.line import Line, Measure
from composer.evaluate.line import validate as validate_line
from composer.music.chord import Chord
from composer.music.notes import Note, Piece
from composer.music.time import TICKS_PER_BEAT

RESOLUTION_SEMITONES = 2
LONG_TICKS = TICKS_PER_BEAT
_CONSONANT = (0, 3, 4, 7, 8, 9)
_NEUTRAL = (5,)

MEASURES: tuple[Measure, ...] = (
    Measure("chord_tones", "share", "melody notes that belong to the chord"),
    Measure("chord_or_resolved", "share", "chord tones and notes that resolve by step (CTnCTR)"),
    Measure("pitch_consonance", "score", "consonance of melody and chord, -3..3, by length (PCS)"),
    Measure("tonal_distance", "distance", "tonal centroid distance of melody and chord, by length (MCTD)"),
    Measure("chord_variety", "share", "different three-chord progressions among all (MusDr CPI)"),
    Measure("downbeat_chord_tones", "share", "chord tones among the notes on the downbeat"),
    Measure("long_chord_tones", "share", "chord tones among the notes of a quarter or more"),
)


def validate(line: Line) -> None:
    """Raises ValueError for a line that is none, or chords that overlap."""
    validate_line(line)
    for span, following in pairwise(line.chords):
        if following.start < span.end:
            raise ValueError(f"the chords at ticks {span.start} and {following.start} overlap")


def evaluate(piece: Piece, line: Line) -> Mapping[str, float | None]:
    """Every measure of the family by name."""
    validate(line)
    sung = harmonised(line)
    downbeat = [(n, c) for n, c in sung if line.offset(n) == 0]
    long = [(n, c) for n, c in sung if n.duration >= LONG_TICKS]
    return {
        "chord_tones": chord_tone_share(sung),
        "chord_or_resolved": chord_or_resolved(line),
        "pitch_consonance": pitch_consonance(sung),
        "tonal_distance": tonal_distance(sung),
        "chord_variety": chord_variety(line),
        "downbeat_chord_tones": chord_tone_share(downbeat),
        "long_chord_tones": chord_tone_share(long),
    }


def harmonised(line: Line) -> list[tuple[Note, Chord]]:
    """Every note with the chord at its onset."""
    return [(note, chord) for note in line.notes if (chord := line.chord_at(note.start)) is not None]


def is_chord_tone(pitch: int, chord: Chord) -> bool:
    return pitch % 12 in chord.classes or pitch % 12 == chord.bass_class


def chord_tone_share(sung: list[tuple[Note, Chord]]) -> float | None:
    return sum(is_chord_tone(n.pitch, c) for n, c in sung) / len(sung) if sung else None


def chord_or_resolved(line: Line) -> float | None:
    """CTnCTR: chord tones plus non-chord tones whose next note is at most two semitones away."""
    nexts: list[Note | None] = [*line.notes[1:], None]
    proper = total = 0
    for note, following in zip(line.notes, nexts, strict=False):
        chord = line.chord_at(note.start)
        if chord is None:
            continue
        total += 1
        resolves = following is not None and 0 < abs(following.pitch - note.pitch) <= RESOLUTION_SEMITONES
        proper += is_chord_tone(note.pitch, chord) or resolves
    return proper / total if total else None


def pitch_consonance(sung: list[tuple[Note, Chord]]) -> float | None:
    """PCS: for each of the chord's first three tones 1 consonant, 0 a fourth, -1 dissonant; weighted by length."""
    total = sum(n.duration for n, _ in sung)
    if not total:
        return None
    return sum(n.duration * sum(_score(n.pitch - tone) for tone in c.classes[:3]) for n, c in sung) / total


def _score(interval: int) -> int:
    step = interval % 12
    return 1 if step in _CONSONANT else 0 if step in _NEUTRAL else -1


def tonal_distance(sung: list[tuple[Note, Chord]]) -> float | None:
    """MCTD: Euclidean distance of the note's and the chord's tonal centroid; weighted by length."""
    total = sum(n.duration for n, _ in sung)
    if not total:
        return None
    return sum(n.duration * centroid_distance((n.pitch % 12,), c.classes) for n, c in sung) / total


def chord_variety(line: Line) -> float | None:
    """Different progressions of three chords over all of them: low when a loop goes round; chords that stay count once.

    The chord progression irregularity of MusDr (Wu and Yang 2020).
    """
    chords = [s.chord for i, s in enumerate(line.chords) if i == 0 or s.chord != line.chords[i - 1].chord]
    grams = [tuple(chords[i : i + 3]) for i in range(len(chords) - 2)]
    return len(set(grams)) / len(grams) if grams and line.notes else None


@cache
def centroid_distance(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Between the tonal centroids of two sets of pitch classes: 0 for the same set."""
    return sqrt(sum((a - b) ** 2 for a, b in zip(_centroid(one), _centroid(other), strict=True)))


def _centroid(classes: tuple[int, ...]) -> tuple[float, ...]:
    """(6,) places on the circles of fifths, minor thirds and major thirds."""
    circles = ((1.0, 7 * pi / 6), (1.0, 3 * pi / 2), (0.5, 2 * pi / 3))
    return tuple(
        sum(radius * wave(c * angle) for c in classes) / len(classes)
        for radius, angle in circles
        for wave in (sin, cos)
    )
