"""Where sections and phrases begin, from a file's markers, else from its brief."""

from __future__ import annotations

from itertools import pairwise

from composer.formats.brief.brief import Brief
from composer.formats.midi.piece import is_section_name
from composer.formats.midi.source import SourceMidi
from composer.humanize.layer import Outline
from composer.music.phrases import PHRASE_BARS


def outline_of(source: SourceMidi, brief: Brief | None = None) -> Outline:
    """Sections by the markers of the file, by the brief where it has none, else one; in phrases of four bars where the
    brief says nothing else."""
    bars = source.bar_map
    total = max(1, bars.bars_until(source.end_tick))
    marked = {bars.place(marker.tick).bar for marker in source.markers if is_section_name(marker.text, brief)}
    named = {section.first for section in brief.sections} if brief is not None else set()
    sections = sorted({1, *(bar for bar in marked or named if bar <= total)})
    phrases = {bar for bar in _written_phrases(brief) if bar <= total}
    for first, following in pairwise([*sections, total + 1]):
        if not any(first < bar < following for bar in phrases):
            phrases |= set(range(first, max(first + 1, following - PHRASE_BARS + 1), PHRASE_BARS))
    return Outline(tuple(sections), tuple(sorted({*sections, *phrases})))


def _written_phrases(brief: Brief | None) -> set[int]:
    """The first bars of the phrases that the brief writes out."""
    found: set[int] = set()
    for plan, section in zip(brief.form, brief.sections, strict=True) if brief is not None else ():
        bar = section.first
        for phrase in plan.phrases or ():
            found.add(bar)
            bar += phrase.bars
    return found
