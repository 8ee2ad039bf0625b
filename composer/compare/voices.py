"""Voice-leading faults that came or went between two versions.

The new version is judged as the old piece with the notes that it has now: a note that stayed, moved or changed belongs
to the part that it had, whatever track it came back on. So both versions are judged by the same roles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import fmean

from composer.compare.matching import Group
from composer.compare.notes import NoteEdits
from composer.compare.view import Tone
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import SourceMidi
from composer.music.notes import ChordSpan, Note, Part, Piece
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import offences


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A rule of ``voice_leading.RULES`` broken at ``time`` (in units of the comparison), by the outer voices or not."""

    time: int
    rule: str
    is_outer: bool


@dataclass(frozen=True, slots=True)
class VoiceLeading:
    """The faults that are ``gone`` and ``new``, and how many stayed."""

    gone: tuple[Fault, ...]
    new: tuple[Fault, ...]
    stayed: int


def voice_leading_between(
    before: SourceMidi, after: SourceMidi, parts: Sequence[tuple[Group, NoteEdits]], unit: int, shift: int
) -> VoiceLeading:
    """The faults of both versions; ``parts`` are all lines with their notes; the new one is ``shift`` units later."""
    old = piece_of(before)
    new = _new_piece(old, piece_of(after), parts, unit, shift)
    olds, news = (Counter((o.tick, o.rule, o.is_outer) for o in offences(piece)) for piece in (old, new))
    return VoiceLeading(_faults(olds - news, unit), _faults(news - olds, unit), (olds & news).total())


def _new_piece(old: Piece, after: Piece, parts: Sequence[tuple[Group, NoteEdits]], unit: int, shift: int) -> Piece:
    notes: dict[int, list[Note]] = defaultdict(list)
    fresh = []
    for group, found in parts:
        if not group.before:
            tones = [edit.after for edit in found.edits if edit.after is not None]
            fresh.append(replace(after.parts[group.after[0].index], notes=_notes(tones, unit)))
            continue
        middles = {line.index: fmean(tone.pitch for tone in line.tones) for line in group.before}
        for was, now in found.pairs:
            notes[was.line].append(_note(now, unit))
        for edit in found.edits:
            if edit.before is None and edit.after is not None:
                notes[_nearest(edit.after, middles)].append(_note(edit.after, unit))
    kept: list[Part] = [replace(part, notes=tuple(sorted(notes[i]))) for i, part in enumerate(old.parts)]
    chords = tuple(_earlier(span, Fraction(shift * TICKS_PER_BEAT, unit)) for span in after.chords)
    return replace(old, parts=(*kept, *fresh), chords=chords or old.chords, length=max(old.length, after.length))


def _nearest(tone: Tone, middles: Mapping[int, float]) -> int:
    """The line in whose range a note lies that has been added to several lines on one track."""
    return min(middles, key=lambda index: (abs(middles[index] - tone.pitch), index))


def _notes(tones: Sequence[Tone], unit: int) -> tuple[Note, ...]:
    return tuple(sorted(_note(tone, unit) for tone in tones))


def _note(tone: Tone, unit: int) -> Note:
    start, end = (round(Fraction(time * TICKS_PER_BEAT, unit)) for time in (tone.start, tone.end))
    return Note(start, tone.pitch, max(1, end - start), tone.velocity)


def _earlier(span: ChordSpan, ticks: Fraction) -> ChordSpan:
    start, end = (max(0, round(time - ticks)) for time in (span.start, span.end))
    return replace(span, start=start, end=end)


def _faults(found: Counter[tuple[int, str, bool]], unit: int) -> tuple[Fault, ...]:
    return tuple(sorted(Fault(tick * unit // TICKS_PER_BEAT, rule, outer) for tick, rule, outer in found.elements()))
