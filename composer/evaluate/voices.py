"""Voice leading: between the outer voices at every onset, and between the structural voices from chord to chord.

The moments and the rules are those of ``composer.music.voice_leading``, which cleanup counts by too. Counts are per
100 changes (moments that differ from the one before). ``None`` where there are fewer than two moments.

Sources: the rules as in any harmony book; names and figures to compare with (351 chorales) as in our anchors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from composer.evaluate.line import Line, Measure
from composer.evaluate.line import validate as validate_line
from composer.music.notes import Piece
from composer.music.voice_leading import (
    DIRECT,
    PARALLELS,
    Moment,
    Offence,
    crossings,
    motions,
    overlaps,
    spacings,
    voices_of,
)

MEASURES: tuple[Measure, ...] = (
    Measure("parallels_outer", "per 100", "parallel fifths and octaves between melody and bass", 1),
    Measure("parallels_structural", "per 100", "parallel fifths and octaves among the voices of the chords", 1),
    Measure("direct_outer", "per 100", "fifths and octaves reached in similar motion with the melody leaping", 1),
    Measure("crossing", "per 100", "voices below the voice under them", 1),
    Measure("overlap", "per 100", "voices that pass where their neighbour just was", 1),
    Measure("spacing", "per 100", "neighbouring voices of the accompaniment more than an octave apart", 1),
)

validate = validate_line


def evaluate(piece: Piece, line: Line) -> Mapping[str, float | None]:
    """Every measure of the family by name."""
    validate(line)
    voices = voices_of(piece)
    outer, chords = (motions(moments, voices.doubled) for moments in (voices.outer, voices.chords))
    return {
        "parallels_outer": _per_hundred(_of(PARALLELS, outer), voices.outer),
        "parallels_structural": _per_hundred(_of(PARALLELS, chords), voices.chords),
        "direct_outer": _per_hundred(_of((DIRECT,), outer), voices.outer),
        "crossing": _per_hundred(crossings(voices.chords), voices.chords),
        "overlap": _per_hundred(overlaps(voices.chords), voices.chords),
        "spacing": _per_hundred(spacings(voices.chords), voices.chords),
    }


def _of(rules: Sequence[str], offences: Sequence[Offence]) -> list[Offence]:
    return [o for o in offences if o.rule in rules]


def _per_hundred(offences: Sequence[Offence], moments: Sequence[Moment]) -> float | None:
    changes = sum(a.pitches != b.pitches for a, b in pairwise(moments))
    return 100 * len(offences) / changes if changes else None
