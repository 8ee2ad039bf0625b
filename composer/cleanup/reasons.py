"""Why a note should change, in a musician's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from composer.cleanup.repair import Repair
from composer.cleanup.rules import Fault
from composer.cleanup.setting import NotePlace, Setting
from composer.music.pitch import note_name

# A fault as one says it; {others} are the parts that it is shared with.
SAID: dict[str, str] = {
    "ParallelFifths": "parallel fifths with {others}",
    "ParallelOctaves": "parallel octaves with {others}",
    "AntiParallel": "fifths or octaves in contrary motion with {others}",
    "DirectOuter": "a direct fifth or octave with {others}",
    "CrossedVoices": "a crossing with {others}",
    "OverlappedVoices": "an overlap with {others}",
    "WideSpacing": "a gap of more than an octave to {others}",
    "OutOfRange": "a note outside the comfortable range",
    "LeadingTone": "a leading tone that does not rise",
    "SeventhResolution": "a seventh that does not resolve by step",
    "AugmentedLeap": "an awkward leap",
    "UnresolvedLeap": "a leap that is not followed by a turn",
    "CrossRelation": "a cross-relation with {others}",
    "DoubledLeadingTone": "a leading tone doubled by {others}",
    "SemitoneClash": "a minor ninth against {others}",
}
BEAT_PARTS = 12  # beats are told to a twelfth
SHOWN = 3  # reasons of one note; more would not be read


def reason(setting: Setting, place: NotePlace, repairs: Sequence[Repair]) -> str:
    """Why the note at ``place`` was changed by ``repairs``: which fault with which voice, and where."""
    found = list(dict.fromkeys(line for repair in repairs for line in _reasons(setting, place, repair)))
    more = [f"{len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "; ".join([*found[:SHOWN], *more])


def fault_text(setting: Setting, fault: Fault, place: NotePlace | None = None) -> str:
    """The fault as seen from the note at ``place``, or with all the parts that it lies in."""
    parts = setting.piece.parts
    own = place[0] if place is not None else fault.places[0][0]
    others = [parts[number].name for number in sorted({p for p, _ in fault.places} - {own})]
    said = SAID[fault.rule].format(others=" and ".join(others) or f"another voice of {parts[own].name}")
    bar, beat = setting.beat_at(fault.tick)
    where = "" if place is not None and bar == setting.bar_of(place) else f" of bar {bar}"
    whose = "" if place is not None else f"{parts[own].name} has "
    return f"{whose}{said} on beat {beat_text(beat)}{where}"


def beat_text(beat: float) -> str:
    """``"2"`` or ``"2 1/3"``."""
    whole, rest = divmod(Fraction(beat).limit_denominator(BEAT_PARTS), 1)
    return f"{whole} {rest}" if rest else str(whole)


def _reasons(setting: Setting, place: NotePlace, repair: Repair) -> Iterator[str]:
    if "OutOfKey" in repair.rules:
        note = setting.note(place)
        tick = setting.piece.parts[place[0]].notes[place[1]].start
        key = next((k for start, k in reversed(setting.piece.keys) if start <= tick), setting.piece.key)
        yield f"{note_name(note.pitch, key.spellings)} is outside {key}, and neither chord nor line explains it"
        return
    mended = _joined(repair.mended, place)
    own = [fault for fault in mended if place in fault.places]
    for fault in own:
        yield fault_text(setting, fault, place)
    if not own:
        for fault in mended:
            yield f"makes room: {fault_text(setting, fault)}"
    if not mended:
        yield from (SAID[rule].format(others="another voice") for rule in repair.rules)


def _joined(faults: Sequence[Fault], place: NotePlace) -> list[Fault]:
    """The faults with those of one rule and tick that the note at ``place`` shares taken as one, with all voices."""
    found: dict[tuple[object, ...], Fault] = {}
    for number, fault in enumerate(faults):
        key = (fault.rule, fault.tick) if place in fault.places else (number,)
        before = found[key].places if key in found else ()
        found[key] = replace(fault, places=tuple(dict.fromkeys((*before, *fault.places))))
    return list(found.values())
