"""The phrases that a brief writes: where they end and how, for the gates to hold a piece to.

What a brief leaves open (lengths, cadences, pick-ups) composing draws, and no file tells what was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from composer.evaluate.line import phrase_ends_of
from composer.formats.brief.brief import Brief
from composer.formats.brief.form import SectionPlan
from composer.music.notes import Piece
from composer.music.time import TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class WrittenPhrases:
    """``ends`` in ticks, ascending; for each the cadence (``None``: not written) and the ticks before it that belong
    to the pick-up of the next phrase (0 where none is written)."""

    ends: tuple[int, ...]
    cadences: tuple[str | None, ...]
    pickups: tuple[int, ...]


def written_phrases(brief: Brief, piece: Piece) -> WrittenPhrases | None:
    """The phrases of ``brief``, sections without any in fours; ``None`` where it writes neither phrases nor cadences,
    or the piece is not as long as it says."""
    if all(section.phrases is None and section.cadence is None for section in brief.form):
        return None
    bar_ticks = piece.meter.bar_ticks
    if -(-piece.length // bar_ticks) != sum(section.bars for section in brief.form):
        return None
    ends: list[int] = []
    cadences: list[str | None] = []
    pickups: list[int] = []
    starts = accumulate((section.bars for section in brief.form), initial=0)
    for section, first in zip(brief.form, starts, strict=False):
        lengths = _lengths(section, piece)
        ends += [(first + bars) * bar_ticks for bars in accumulate(lengths)]
        cadences += _cadences(section, len(lengths))
        pickups += [round((p.pickup or 0) * TICKS_PER_BEAT) for p in section.phrases or ()] or [0] * len(lengths)
    return WrittenPhrases(tuple(ends), tuple(cadences), (*pickups[1:], 0))


def _lengths(section: SectionPlan, piece: Piece) -> list[int]:
    """Bars of each phrase of a section."""
    if section.phrases is not None:
        return [phrase.bars for phrase in section.phrases]
    alone = Piece(piece.title, piece.meter, piece.key, piece.tempi, (), section.bars * piece.meter.bar_ticks)
    ends = [end // piece.meter.bar_ticks for end in phrase_ends_of(alone)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _cadences(section: SectionPlan, count: int) -> list[str | None]:
    """A phrase's own cadence; the section's is that of its last phrase, unless that one has its own."""
    found: list[str | None] = [phrase.cadence for phrase in section.phrases or ()] or [None] * count
    return [*found[:-1], found[-1] or section.cadence]
