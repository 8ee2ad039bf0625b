"""The brief as a MIDI file has it, in which a person may have moved the sections in a DAW, or put bars in or taken out.

Names of sections then mean the bars where the markers stand now, and numbers of bars are those of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from composer.errors import BadInput, did_you_mean
from composer.formats.brief.brief import Brief, Locked
from composer.formats.brief.form import PHRASE_BARS_MAX, PhrasePlan, SectionPlan
from composer.formats.midi.source import SourceMidi
from composer.limits import BRIEF_BARS, BRIEF_SECTIONS
from composer.music.bars import BarMap
from composer.music.regions import Track, bars_named, bars_text

BEFORE = "Intro"
UNNAMED = "the brief"  # where nobody says which file it is in
EARLY_SHARE = 0.25  # of a quarter: a marker that stands so little before a bar line means the bar behind it


def as_standing(brief: Brief, source: SourceMidi) -> Brief:
    """``brief`` with its sections where the markers of ``source`` are, the last one long enough for its last note.

    The brief itself where all are where it has them, or where the markers name other sections than it does.
    """
    bars = source.bar_map
    planned = [section.first for section in brief.sections]
    firsts = _firsts(brief, source, bars) or planned
    sounding = max((bars.place(note.start).bar for note in source.notes), default=0)
    last = max(brief.bars + firsts[-1] - planned[-1], sounding)
    if firsts == planned and last == brief.bars:
        return brief
    lengths = [after - first for first, after in pairwise([*firsts, last + 1])]
    form = [_resized(plan, length) for plan, length in zip(brief.form, lengths, strict=True)]
    if firsts[0] > 1:
        drawn = {"phrases": None, "chords": None, "cadence": None}
        form.insert(0, brief.form[0].model_copy(update={"name": BEFORE, "bars": firsts[0] - 1, **drawn}))
    if last > BRIEF_BARS or len(form) > BRIEF_SECTIONS:
        return brief
    changes = [change for change in brief.bars_ if change.bar <= last]
    standing = brief.model_copy(update={"form": _without_lost_sources(form), "bars_": changes})
    return standing.model_copy(update={"locked": _locked(brief, standing)})


def check_locked(brief: Brief, brief_name: str, known: Sequence[Track], file_name: str) -> None:
    """Raise BadInput for a track that the brief in the file ``brief_name`` locks, called like none of ``known``."""
    for place, one in enumerate(brief.locked):
        for word in one.tracks or ():
            if not any(track.is_called(word) for track in known):
                names = list(dict.fromkeys(track.name for track in known))
                what = f'locked[{place}].tracks: {file_name} has no track "{word}"{did_you_mean(word, names)}'
                raise BadInput(brief_name, what, f"its tracks are {', '.join(names)}")


def moved_lines(brief: Brief, standing: Brief, name: str) -> list[str]:
    """What tells that the sections in the file ``name`` are not where the brief has them; nothing where they are."""
    if brief.sections == standing.sections:
        return []
    return [f"sections as in {name}: {_sections_text(standing)} (the brief: {_sections_text(brief)})"]


def _sections_text(brief: Brief) -> str:
    return ", ".join(f"{one.name} {bars_text(range(one.first, one.last + 1))}" for one in brief.sections)


def _firsts(brief: Brief, source: SourceMidi, bars: BarMap) -> list[int]:
    """The bars in which the sections begin by the file's markers; none where those are not the brief's sections."""
    names = [plan.name.casefold() for plan in brief.form]
    early = round(source.ticks_per_beat * EARLY_SHARE)
    found = [(m.text.casefold(), bars.place(m.tick + early).bar) for m in source.markers if m.text.casefold() in names]
    firsts = [bar for _, bar in found]
    is_told = [name for name, _ in found] == names and all(a < b for a, b in pairwise(firsts))
    return firsts if is_told else []


def _resized(plan: SectionPlan, bars: int) -> SectionPlan:
    """The section with so many bars: its last phrases take up the difference, or new ones are drawn."""
    if bars == plan.bars:
        return plan
    chords = plan.chords and " | ".join(bar.strip() for bar in plan.chords.strip().strip("|").split("|")[:bars])
    return plan.model_copy(
        update={"bars": bars, "phrases": _refilled(plan.phrases, bars - plan.bars), "chords": chords}
    )


def _refilled(phrases: Sequence[PhrasePlan] | None, more: int) -> list[PhrasePlan] | None:
    if phrases is None:
        return None
    last = phrases[-1]
    if not 1 <= last.bars + more <= PHRASE_BARS_MAX:
        return None
    return [*phrases[:-1], last.model_copy(update={"bars": last.bars + more})]


def _without_lost_sources(form: Sequence[SectionPlan]) -> list[SectionPlan]:
    """The form, in which no phrase derives from one that is not there any more."""
    labels = {phrase.label for plan in form for phrase in plan.phrases or ()}
    return [
        plan
        if all(phrase.derive_from is None or phrase.derive_from in labels for phrase in plan.phrases or ())
        else plan.model_copy(update={"phrases": None})
        for plan in form
    ]


def _locked(brief: Brief, standing: Brief) -> list[Locked]:
    """What is locked: bars by their numbers as far as there are such, sections where they are now."""
    kept = []
    for one in brief.locked:
        if one.bars is None:
            kept.append(one)
            continue
        try:
            bars = bars_named(one.bars, standing.sections)
        except ValueError:
            bars = frozenset(bar for bar in bars_named(one.bars, brief.sections) if bar <= standing.bars)
        if bars:
            kept.append(one.model_copy(update={"bars": bars_text(bars)}))
    return kept
