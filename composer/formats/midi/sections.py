"""The brief as a MIDI file has it, in which a person may have moved the sections in a DAW, or put bars in or taken out.

Names of sections then mean the bars where the markers stand now, and numbers of bars are those of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from composer.errors import BadInput, did_you_mean
from composer.formats.brief.brief import Brief, Locked
from composer.formats.brief.form import PHRASE_BARS_MAX, PhrasePlan, SectionPlan
from composer.formats.midi.piece import is_section_name
from composer.formats.midi.source import SourceMidi
from composer.limits import BRIEF_BARS, BRIEF_SECTIONS
from composer.music.bars import BarMap
from composer.music.regions import Region, Section, Track, bars_named, bars_text

BEFORE = "Intro"
UNNAMED = "the brief"  # where nobody says which file it is in
EARLY_SHARE = 0.25  # of a quarter: a marker that stands so little before a bar line means the bar behind it


def as_standing(brief: Brief, source: SourceMidi) -> Brief:
    """``brief`` with the sections that the markers of ``source`` begin, the last one long enough for its last note.

    The brief itself where these are its own; a file whose markers name none of its sections has them where it says.
    """
    bars = source.bar_map
    found = _marked(brief, source, bars) or [(section.name, section.first) for section in brief.sections]
    firsts = [first for _, first in found]
    plans = _plans(brief, [name for name, _ in found])
    sounding = bars.place(max(note.start for note in source.notes)).bar if source.notes else 0
    last = max(found[-1][1] + plans[-1].bars - 1, sounding)
    lengths = [after - first for first, after in pairwise([*firsts, last + 1])]
    form = [_resized(plan, length) for plan, length in zip(plans, lengths, strict=True)]
    if form == brief.form or last > BRIEF_BARS or len(form) > BRIEF_SECTIONS:
        return brief
    changes = [change for change in brief.bars_ if change.bar <= last]
    standing = brief.model_copy(update={"form": _in_order(form), "bars_": changes})
    return standing.model_copy(update={"locked": _locked(brief, standing)})


def locked_in(source: SourceMidi, known: Sequence[Track], brief: Brief, brief_name: str) -> tuple[Region, ...]:
    """What the brief in the file ``brief_name`` locks in ``source``.

    Raises BadInput for a track that is called like none of ``known``, and for a section that the file does not have.
    """
    if not brief.locked:
        return ()
    for place, one in enumerate(brief.locked):
        for word in one.tracks or ():
            if not any(track.is_called(word) for track in known):
                names = list(dict.fromkeys(track.name for track in known))
                what = f'locked[{place}].tracks: {source.name} has no track "{word}"{did_you_mean(word, names)}'
                raise BadInput(brief_name, what, f"its tracks are {', '.join(names)}")
    standing = as_standing(brief, source)
    sections = standing.sections
    for place, one in enumerate(brief.locked):
        for word in _words(one.bars or "", brief):
            if _bars(word, sections) is None and _bars(word, brief.sections) is not None and not word[0].isdecimal():
                what = f'locked[{place}].bars: {source.name} has no section "{word}"'
                there = ", ".join(dict.fromkeys(section.name for section in sections))
                raise BadInput(brief_name, what, f"its markers name {there}; correct the lock, or the marker")
    return standing.locked_regions


def moved_lines(brief: Brief, standing: Brief, name: str) -> list[str]:
    """What tells that the sections in the file ``name`` are not where the brief has them; nothing where they are."""
    if brief.sections == standing.sections:
        return []
    return [f"sections as in {name}: {_sections_text(standing)} (the brief: {_sections_text(brief)})"]


def _sections_text(brief: Brief) -> str:
    return ", ".join(f"{one.name} {bars_text(range(one.first, one.last + 1))}" for one in brief.sections)


def _marked(brief: Brief, source: SourceMidi, bars: BarMap) -> list[tuple[str, int]]:
    """The sections that the file's markers begin, each with its first bar; none where they are not the brief's."""
    names = {plan.name.casefold(): plan.name for plan in brief.form}
    early = round(source.ticks_per_beat * EARLY_SHARE)
    found: dict[int, str] = {}
    for marker in source.markers:
        bar, name = bars.place(marker.tick + early).bar, names.get(marker.text.casefold(), marker.text)
        # Of two in one bar the brief's own counts.
        if is_section_name(name, brief) and (bar not in found or found[bar].casefold() not in names):
            found[bar] = name
    known = {name.casefold() for name in found.values()}
    if not known & {*names}:
        return []
    # The marker of the first section is what programs lose first.
    first = brief.form[0].name
    found = {1: BEFORE if first.casefold() in known else first} | found
    return [(found[bar], bar) for bar in sorted(found)]


def _plans(brief: Brief, names: Sequence[str]) -> list[SectionPlan]:
    """What the brief says of the sections of these names: the first of a name for the first, and so on; one that it
    does not have is what stands in its place there, or goes on as the one before it."""
    own = [plan.name.casefold() for plan in brief.form]
    places: list[int | None] = []
    for name in names:
        left = [i for i, one in enumerate(own) if one == name.casefold() and i not in places]
        places.append(left[0] if left else None)
    plans: list[SectionPlan] = []
    for number, (name, place) in enumerate(zip(names, places, strict=True)):
        before = max((i for i in places[:number] if i is not None), default=-1)
        after = min((i for i in places[number:] if i is not None and i > before), default=len(own))
        free = [i for i in range(before + 1, after) if i not in places and own[i] not in map(str.casefold, names)]
        if place is None and free and name.casefold() not in own:
            place = places[number] = free[0]
        if place is not None:
            plans.append(brief.form[place].model_copy(update={"name": name}))
            continue
        alike = [plan for plan in plans if plan.name.casefold() == name.casefold()]
        model = alike[-1] if alike else plans[-1] if plans else brief.form[0]
        drawn = {} if alike else {"chords": None, "cadence": None}
        plans.append(model.model_copy(update={"name": name, "phrases": None, **drawn}))
    return plans


def _resized(plan: SectionPlan, bars: int) -> SectionPlan:
    """The section with so many bars: its last phrase takes up the difference, or new ones are drawn."""
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


def _in_order(form: Sequence[SectionPlan]) -> list[SectionPlan]:
    """The form, in which every phrase derives from an earlier one and none leads into the first bar."""
    known: set[str] = set()
    ordered = []
    for number, plan in enumerate(form):
        labels: set[str] = set()
        is_sound = number > 0 or not (plan.phrases and plan.phrases[0].pickup)
        for phrase in plan.phrases or ():
            is_sound &= phrase.derive_from is None or phrase.derive_from in known | labels
            labels |= {phrase.label} if phrase.label else set()
        known |= labels if is_sound else set()
        ordered.append(plan if is_sound else plan.model_copy(update={"phrases": None}))
    return ordered


def _locked(brief: Brief, standing: Brief) -> list[Locked]:
    """What is locked: bars by their numbers as far as there are such, sections where they are now."""
    sections = _with_strangers(brief, standing)
    kept = []
    for one in brief.locked:
        if one.bars is None:
            kept.append(one)
            continue
        found = [_bars(word, sections) or _numbers(word, brief, standing.bars) for word in _words(one.bars, brief)]
        bars = frozenset[int]().union(*found)
        if bars:
            kept.append(one.model_copy(update={"bars": bars_text(bars)}))
    return kept


def _with_strangers(brief: Brief, standing: Brief) -> list[Section]:
    """The sections that the brief knows, each with those behind it that it does not: who marks a place within a locked
    section does not unlock it."""
    names = {plan.name.casefold() for plan in brief.form}
    found: list[Section] = []
    for section in standing.sections:
        if found and section.name.casefold() not in names:
            found[-1] = Section(found[-1].name, found[-1].first, found[-1].bars + section.bars)
        else:
            found.append(section)
    return found


def _words(text: str, brief: Brief) -> list[str]:
    """The entries of a list of bars and sections; a section may have a comma in its name."""
    is_name = text.strip().casefold() in [plan.name.strip().casefold() for plan in brief.form]
    return [text.strip()] if is_name else [word.strip() for word in text.split(",") if word.strip()]


def _bars(word: str, sections: Sequence[Section]) -> frozenset[int] | None:
    """None for what ``sections`` do not have."""
    try:
        return bars_named(word, sections)
    except ValueError:
        return None


def _numbers(word: str, brief: Brief, last: int) -> frozenset[int]:
    """The bars that ``word`` names by number, as far as there are such; none for a section that is gone."""
    bars = _bars(word, brief.sections) or frozenset()
    return frozenset(bar for bar in bars if bar <= last) if word[0].isdecimal() else frozenset()
