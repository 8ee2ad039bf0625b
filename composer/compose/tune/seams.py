"""Where bars that were composed anew meet what stands: the intervals of the tune over both ends of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from composer.compose.form.plan import Plan
from composer.encoding.melody import Event


@dataclass(frozen=True, slots=True)
class Seam:
    """From one note to the next, of which one is new: the ``bar`` (from 1) of the second, ``size`` in semitones, and
    whether it leads on from the new bars (else into them)."""

    bar: int
    size: int
    leads_on: bool


def seams_of(notes: Sequence[Event], bars: frozenset[int], plan: Plan) -> tuple[Seam, ...]:
    """The seams around ``bars`` (from 0) in the notes of a tune, given in order."""
    ticks = plan.meter.bar_ticks
    found = []
    for a, b in pairwise(notes):
        is_new = (a.start // ticks in bars, b.start // ticks in bars)
        if is_new[0] != is_new[1]:
            found.append(Seam(b.start // ticks + 1, abs((b.pitch or 0) - (a.pitch or 0)), is_new[0]))
    return tuple(found)
