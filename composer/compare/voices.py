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

from composer.compare.alignment import Alignment
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
    before: SourceMidi,
    after: SourceMidi,
    parts: Sequence[tuple[Group, NoteEdits]],
    unit: int,
    shift: int,
    alignment: Alignment,
) -> VoiceLeading:
    """The faults of both versions without those in bars that only one of them has.

    ``parts`` are all lines with their notes; the new one is ``shift`` units later.
    """  # fmt: skip
    old, come = piece_of(before), piece_of(after)
    spans = [_moved_back(span, alignment, Fraction(unit, TICKS_PER_BEAT), shift) for span in come.chords]
    new = _new_piece(old, replace(come, chords=tuple(span for span in spans if span)), parts, unit)
    olds, news = (
        Counter(
            (o.tick, o.rule, o.is_outer)
            for o in offences(piece)
            if not alignment.is_taken_out(o.tick * unit // TICKS_PER_BEAT)
        )
        for piece in (old, new)
    )
    return VoiceLeading(_faults(olds - news, unit), _faults(news - olds, unit), (olds & news).total())


def _new_piece(old: Piece, after: Piece, parts: Sequence[tuple[Group, NoteEdits]], unit: int) -> Piece:
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
    return replace(old, parts=(*kept, *fresh), chords=after.chords or old.chords, length=max(old.length, after.length))


def _nearest(tone: Tone, middles: Mapping[int, float]) -> int:
    """The line in whose range a note lies that has been added to several lines on one track."""
    return min(middles, key=lambda index: (abs(middles[index] - tone.pitch), index))


def _notes(tones: Sequence[Tone], unit: int) -> tuple[Note, ...]:
    return tuple(sorted(_note(tone, unit) for tone in tones))


def _note(tone: Tone, unit: int) -> Note:
    start, end = (round(Fraction(time * TICKS_PER_BEAT, unit)) for time in (tone.start, tone.end))
    return Note(start, tone.pitch, max(1, end - start), tone.velocity)


def _moved_back(span: ChordSpan, alignment: Alignment, scale: Fraction, shift: int) -> ChordSpan | None:
    """The chord where its bar was; None in bars that were put in. A ``scale`` of units to the tick, as ``shift`` is."""
    start, last = (alignment.old_time(max(0, round(t * scale) - shift)) for t in (span.start, span.end - 1))
    if start is None:
        return None
    end = start + (span.end - span.start) * scale if last is None else last + scale
    return replace(span, start=round(start / scale), end=round(end / scale))


def _faults(found: Counter[tuple[int, str, bool]], unit: int) -> tuple[Fault, ...]:
    return tuple(sorted(Fault(tick * unit // TICKS_PER_BEAT, rule, outer) for tick, rule, outer in found.elements()))
