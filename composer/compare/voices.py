"""Voice-leading faults that came or went between two versions.

The new version is judged as the old piece with the notes that it has now: a note that stayed, moved or changed belongs
to the part that it had, whatever track it came back on. So both versions are judged by the same roles.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from statistics import fmean

from composer.compare.alignment import Alignment
from composer.compare.matching import Group
from composer.compare.notes import NoteEdit, NoteEdits
from composer.compare.song import SongEdit
from composer.compare.view import CHORDS, Tone
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import SourceMidi
from composer.music.lines import melody_part
from composer.music.notes import BASS, ChordSpan, Note, Part, Piece
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import Offence, offences, voices_of


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A rule of ``voice_leading.RULES`` broken at ``time`` (in units of the comparison) by ``voices``: the names of the
    tracks of the lower and of the upper voice. ``is_outer`` where they are the lowest and the highest."""

    time: int
    rule: str
    is_outer: bool
    voices: tuple[str, str]


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
    song: Sequence[SongEdit],
    shift: int,
    alignment: Alignment,
    unit: int,
) -> VoiceLeading:
    """The faults that edits of notes and chord symbols made and mended; the rest stayed. Faults in bars that only one
    version has do not count. ``parts`` are all lines with their notes; the new ones were ``shift`` units later."""
    old, come = piece_of(before), piece_of(after)
    spans = [_moved_back(span, alignment, Fraction(unit, TICKS_PER_BEAT), shift) for span in come.chords]
    new = _new_piece(old, replace(come, chords=tuple(span for span in spans if span)), parts, unit)
    labels = {line.index: line.label for group, _ in parts for line in group.before}
    fresh = [group.after[0].label for group, _ in parts if not group.before]
    names = [labels.get(i, part.name) for i, part in enumerate(old.parts)]
    doubled = voices_of(old).doubled
    olds, news = (
        _faults(piece, offences(piece, doubled), tracks, unit) for piece, tracks in ((old, names), (new, names + fresh))
    )
    touched = _touched_bars([edit for _, found in parts for edit in found.edits], song, alignment)
    bars, seams = alignment.bars[0], {step.after + 1 for step in alignment.steps}

    def counts(fault: Fault) -> bool:
        return not alignment.is_taken_out(fault.time) and bars.place(fault.time).bar in touched | seams

    gone, come_new = (sorted(filter(counts, found.elements())) for found in (olds - news, news - olds))
    here = sum(not alignment.is_taken_out(fault.time) for fault in olds.elements())
    return VoiceLeading(tuple(gone), tuple(come_new), here - len(gone))


def _touched_bars(edits: Sequence[NoteEdit], song: Sequence[SongEdit], alignment: Alignment) -> set[int]:
    """The bars of the old version in which edited notes sound, or sounded, and the next, to which their voices move."""
    bar_of = alignment.bars[0].place
    spans = [(t.start, max(t.start, t.end - 1)) for e in edits for t in (e.before, e.after) if t is not None]
    spans += [(e.time, e.time) for edit in song if edit.what == CHORDS for e in (edit.before, edit.after) if e]
    return {bar for first, last in spans for bar in range(bar_of(first).bar, bar_of(last).bar + 2)}


def _faults(piece: Piece, found: Sequence[Offence], names: Sequence[str], unit: int) -> Counter[Fault]:
    """The faults of a piece whose parts have these names."""
    faults: Counter[Fault] = Counter()
    roles = {number: part.role for number, part in enumerate(piece.parts)}
    melody, played = melody_part(piece), _played(piece)
    for one in found:
        voices = [""] * 2
        for end, voice in enumerate(one.voices):
            is_top = voice == len(one.after.pitches) - 1
            likely = {n for n, part in enumerate(piece.parts) if (part is melody) == is_top}
            likely &= {n for n, role in roles.items() if (role == BASS) == (voice == 0)} or likely
            voices[end] = names[_player(played, one.tick, one.after.pitches[voice], likely)]
        faults[Fault(one.tick * unit // TICKS_PER_BEAT, one.rule, one.is_outer, (voices[0], voices[1]))] += 1
    return faults


def _played(piece: Piece) -> list[dict[int, list[tuple[int, int]]]]:
    """When each part plays each pitch: from tick to tick, ascending."""
    found: list[dict[int, list[tuple[int, int]]]] = []
    for part in piece.parts:
        times: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for note in sorted(part.notes):
            times[note.pitch].append((note.start, note.end))
        found.append(times)
    return found


def _player(played: Sequence[Mapping[int, list[tuple[int, int]]]], tick: int, pitch: int, likely: set[int]) -> int:
    """The index of the part that plays ``pitch`` at ``tick``, or next to it; of several one that is ``likely``."""

    def distance(number: int) -> tuple[float, bool]:
        times = played[number].get(pitch, [])
        here = bisect_right(times, tick, key=lambda time: time[0])
        near = (max(start - tick, tick + 1 - end, 0) for start, end in times[max(0, here - 1) : here + 1])
        return min(near, default=inf), number not in likely

    return min(range(len(played)), key=distance)


def _new_piece(old: Piece, after: Piece, parts: Sequence[tuple[Group, NoteEdits]], unit: int) -> Piece:
    notes: dict[int, list[Note]] = defaultdict(list)
    fresh = []
    for group, found in parts:
        if not group.before:
            tones = [edit.after for edit in found.edits if edit.after is not None]
            fresh.append(replace(after.parts[group.after[0].index], notes=_notes(tones, unit)))
            continue
        middles = {line.index: fmean([t.pitch for t in line.tones] or [0]) for line in group.before}
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
