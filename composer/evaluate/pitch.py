"""How the melody moves: scale, range and intervals.

Conventions: pitches are MIDI numbers, intervals semitones between neighbouring notes whatever rest lies between;
shares are 0..1. A measure is ``None`` where the melody has too few notes to have it.

Sources: scale consistency and pitch-class entropy as in MusPy (Dong et al. 2020), except that scale consistency also
knows the harmonic minor, so a raised leading tone does not count as foreign; the entropy of bars is H1 of MusDr (Wu and
Yang 2020); number of pitches, range and mean interval as in mgeval (Yang and Lerch 2020; their pitch count, pitch range
and average pitch shift); leap recovery after von Hippel and Huron (2000), who count any reversal, where we ask for a
small one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from math import log2

from composer.evaluate.line import Line, Measure
from composer.evaluate.line import validate as validate
from composer.music.notes import Piece

LEAP_SEMITONES = 5  # a perfect fourth
RECOVERY_SEMITONES = 4  # a major third
STABLE_DEGREES = (0, 1, 2, 4)  # of the scale, from 0
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11))

MEASURES: tuple[Measure, ...] = (
    Measure("scale_consistency", "share", "notes inside the best-fitting major or harmonic minor scale"),
    Measure("pitch_class_entropy", "bits", "evenness of the twelve pitch classes"),
    Measure("bar_entropy", "bits", "evenness of the pitch classes within a bar, mean over bars (MusDr H1)"),
    Measure("pitches", "count", "different pitches", 0),
    Measure("range", "semitones", "from the lowest to the highest note", 0),
    Measure("repeated_note", "share", "intervals that repeat the pitch"),
    Measure("step", "share", "intervals of 1-2 semitones"),
    Measure("third", "share", "intervals of 3-4 semitones"),
    Measure("fourth_fifth", "share", "intervals of 5-7 semitones"),
    Measure("large_leap", "share", "intervals of a minor sixth or more"),
    Measure("mean_interval", "semitones", "mean size of the intervals"),
    Measure("leap_recovery", "share", "leaps of a fourth or more followed by a turn back of at most a third"),
    Measure("direction_changes", "share", "turns among neighbouring moves, repeated notes left out"),
    Measure("tonic_downbeats", "share", "notes on the downbeat that belong to the tonic triad"),
    Measure("stable_closes", "share", "phrases that come to rest on the first, second, third or fifth degree"),
    Measure("ends_on_tonic", "share", "1 when the last note is the tonic, else 0", 0),
)


def evaluate(piece: Piece, line: Line) -> Mapping[str, float | None]:
    """Every measure of the family by name."""
    validate(line)
    return {
        "scale_consistency": scale_consistency(line),
        "pitch_class_entropy": pitch_class_entropy(line),
        "bar_entropy": bar_entropy(line),
        "pitches": float(len(set(line.pitches))) if line.notes else None,
        "range": span(line),
        "repeated_note": interval_share(line, 0, 0),
        "step": interval_share(line, 1, 2),
        "third": interval_share(line, 3, 4),
        "fourth_fifth": interval_share(line, 5, 7),
        "large_leap": interval_share(line, 8, 127),
        "mean_interval": mean_interval(line),
        "leap_recovery": leap_recovery(line),
        "direction_changes": direction_changes(line),
        "tonic_downbeats": tonic_downbeats(line),
        "stable_closes": stable_closes(line),
        "ends_on_tonic": float(line.pitches[-1] % 12 == line.key.tonic_class) if line.notes else None,
    }


def scale_consistency(line: Line) -> float | None:
    """The largest share of notes in one major or harmonic minor scale, 0..1."""
    if not line.notes:
        return None
    classes = Counter(p % 12 for p in line.pitches)
    best = max(sum(classes[(tonic + step) % 12] for step in scale) for tonic in range(12) for scale in _SCALES)
    return best / len(line.notes)


def pitch_class_entropy(line: Line) -> float | None:
    """0 (one pitch class) .. log2(12) = 3.58 bits."""
    return entropy_bits(Counter(p % 12 for p in line.pitches)) if line.notes else None


def bar_entropy(line: Line) -> float | None:
    """Bits, the mean over the bars that have notes."""
    bars = [entropy_bits(Counter(note.pitch % 12 for note in bar)) for bar in line.bars if bar]
    return sum(bars) / len(bars) if bars else None


def entropy_bits(counts: Counter[int]) -> float:
    """Shannon entropy of the counts; 0 for none."""
    total = counts.total()
    return sum(-n / total * log2(n / total) for n in counts.values()) + 0.0 if total else 0.0


def span(line: Line) -> float | None:
    """Semitones from the lowest to the highest note; 0 for one note."""
    return float(max(line.pitches) - min(line.pitches)) if line.notes else None


def interval_share(line: Line, smallest: int, largest: int) -> float | None:
    """The share of intervals whose size lies in ``smallest`` .. ``largest`` semitones."""
    if not line.intervals:
        return None
    return sum(smallest <= abs(i) <= largest for i in line.intervals) / len(line.intervals)


def mean_interval(line: Line) -> float | None:
    return sum(map(abs, line.intervals)) / len(line.intervals) if line.intervals else None


def leap_recovery(line: Line) -> float | None:
    """The share of leaps that turn back or stay, by a third at most; ``None`` without a leap before a further note."""
    pairs = list(pairwise(line.intervals))
    leaps = [(leap, after) for leap, after in pairs if abs(leap) >= LEAP_SEMITONES]
    if not leaps:
        return None
    return sum(leap * after <= 0 and abs(after) <= RECOVERY_SEMITONES for leap, after in leaps) / len(leaps)


def direction_changes(line: Line) -> float | None:
    moves = [i for i in line.intervals if i]
    if len(moves) < 2:
        return None
    return sum(a * b < 0 for a, b in pairwise(moves)) / (len(moves) - 1)


def tonic_downbeats(line: Line) -> float | None:
    """By the key of the line; ``None`` without a note on a downbeat."""
    triad = {line.key.scale[degree] for degree in (0, 2, 4)}
    found = [note.pitch % 12 in triad for note in line.notes if line.offset(note) == 0]
    return sum(found) / len(found) if found else None


def stable_closes(line: Line) -> float | None:
    """By the key of the line, and the note on which each phrase rests (``Line.closes``)."""
    stable = {line.key.scale[degree] for degree in STABLE_DEGREES}
    found = [note.pitch % 12 in stable for note in line.closes]
    return sum(found) / len(found) if found else None
