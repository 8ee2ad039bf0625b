"""Texture: a style's patterns laid over voiced chords. Pure functions of their arguments and the generator.

A pattern is drawn once for each section and level, so a texture stays until the section ends. Every note is aimed at
the chord that sounds at its onset; a note that outlasts its chord ends there and is struck again on the next one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.compose.styles import (
    ANY,
    CLOSE,
    ENDING,
    FILL,
    INTRO,
    LOWEST,
    SECTIONS,
    TOP,
    VOICE,
    WALK,
    WHOLE,
    Event,
    Pattern,
    Style,
    Tone,
)
from composer.music.chord import Chord
from composer.music.notes import BASS, CHORDS, DRUMS, Note
from composer.music.time import Meter

MUD_PITCH = 48  # below C3 ...
MUD_SEMITONES = 7  # ... intervals under a fifth blur
TIE_BARS = 2  # the longest held note, in bars
ENDING_VELOCITY = 80
LEFT_HAND = 57  # A3: how high a left hand that plays the bass track goes
MID_INTENSITY, HIGH_INTENSITY = 0.38, 0.68


@dataclass(frozen=True, slots=True)
class VoicedChord:
    """A chord from ``start`` to ``end`` ticks, as pitches.

    ``voices`` is the upper structure from the lowest, ``bass`` the structural bass. ``intensity`` is 0..1;
    ``section`` is the section's name and ``is_last`` marks the last chord of the piece.
    """

    start: int
    end: int
    chord: Chord
    voices: tuple[int, ...]
    bass: int
    section: str = "A"
    intensity: float = 0.5
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Which parts play, and how far they reach: (low, high) MIDI pitches, or None for a part that is absent."""

    accompaniment: tuple[int, int] | None = (36, 84)
    bass: tuple[int, int] | None = None
    drums: bool = False


@dataclass(frozen=True, slots=True)
class Texture:
    """The notes of the three parts in order of onset; velocities are the patterns' own, 1..127."""

    accompaniment: tuple[Note, ...] = ()
    bass: tuple[Note, ...] = ()
    drums: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    """A chord with its ceiling, the chord after it and where its section ends."""

    voiced: VoicedChord
    ceiling: int
    section_index: int
    section_end: int
    level: int


def textured(
    style: Style,
    voiced: Sequence[VoicedChord],
    meter: Meter,
    rng: np.random.Generator,
    *,
    scale: Sequence[int],
    layout: Layout = Layout(),
    ceilings: Sequence[int | None] | None = None,
    drums: Style | None = None,
) -> Texture:
    """``voiced`` (in time order, bar 1 at tick 0) played in ``style``.

    ``scale`` holds the pitch classes that walking may step on; ``ceilings`` the highest pitch the accompaniment may
    take over each chord; ``drums`` the style whose drum patterns play, ``style`` itself if absent.
    """
    spans = _spans(voiced, ceilings)
    if not spans:
        return Texture()
    accompaniment: tuple[Note, ...] = ()
    bass: tuple[Note, ...] = ()
    beat: tuple[Note, ...] = ()
    if layout.accompaniment is not None and style.patterns:
        player = _Player(style, spans, meter, rng, frozenset(scale), CHORDS, layout.accompaniment)
        accompaniment = player.notes(with_bass=layout.bass is None)
        if style.left_hand and layout.bass is None:
            low, high = layout.accompaniment
            hand = _Player(style, spans, meter, rng, frozenset(scale), BASS, (low, min(high, max(LEFT_HAND, low + 12))))
            accompaniment = _trimmed((*hand.notes(), *accompaniment))
    if layout.bass is not None:
        bass = _Player(style, spans, meter, rng, frozenset(scale), BASS, layout.bass).notes()
    if layout.drums:
        beat = _Player(drums or style, spans, meter, rng, frozenset(scale), DRUMS, (0, 127)).notes()
    return Texture(accompaniment, bass, beat)


def level_of(intensity: float) -> int:
    """1 (low), 2 (mid) or 3 (high) for an intensity 0..1."""
    return 1 if intensity < MID_INTENSITY else 2 if intensity < HIGH_INTENSITY else 3


def section_kind(name: str) -> str:
    """The style section that a form's section name asks for: "Intro" -> "intro", "A'" -> "A", "Coda" -> "any"."""
    if name.lower().startswith(INTRO):
        return INTRO
    letter = name[:1].upper()
    return letter if letter in SECTIONS and not name[1:2].isalpha() else ANY


def _spans(voiced: Sequence[VoicedChord], ceilings: Sequence[int | None] | None) -> list[_Span]:
    """The chords with what their surroundings decide; the level is the section's mean, weighted by length."""
    limits = [127 if c is None else c for c in ceilings] if ceilings is not None else [127] * len(voiced)
    spans: list[_Span] = []
    first = 0
    number = 0
    while first < len(voiced):
        last = first
        while last + 1 < len(voiced) and voiced[last + 1].section == voiced[first].section:
            last += 1
        group = voiced[first : last + 1]
        total = sum(c.end - c.start for c in group)
        level = level_of(sum(c.intensity * (c.end - c.start) for c in group) / max(1, total))
        spans += [_Span(c, limits[first + i], number, group[-1].end, level) for i, c in enumerate(group)]
        first, number = last + 1, number + 1
    return spans


class _Player:
    """One track of a style over the spans."""

    def __init__(
        self,
        style: Style,
        spans: Sequence[_Span],
        meter: Meter,
        rng: np.random.Generator,
        scale: frozenset[int],
        track: str,
        reach: tuple[int, int],
    ) -> None:
        self.style, self.spans, self.meter, self.rng = style, spans, meter, rng
        self.scale, self.track = scale, track
        self.low, self.high = reach
        self.drawn: dict[tuple[str, int], Pattern] = {}
        self.ends = [s.voiced.end for s in spans]
        self.opened: set[int] = set()
        self.previous: int | None = None

    def notes(self, with_bass: bool = True) -> tuple[Note, ...]:
        found: list[Note] = []
        bar_ticks = self.meter.bar_ticks
        end = self.spans[-1].voiced.end
        for bar_start in range(self.spans[0].voiced.start // bar_ticks * bar_ticks, end, bar_ticks):
            for event in self._events(bar_start):
                found += self._played(event, bar_start, with_bass)
        if self.track == CHORDS:
            found = _unmuddied(found)
        return _joined(found, TIE_BARS * bar_ticks, self._borders()) if self._ties() else _trimmed(found)

    def _ties(self) -> bool:
        return self.style.tie and self.track == CHORDS

    def _borders(self) -> frozenset[int]:
        return frozenset(s.section_end for s in self.spans)

    def _events(self, bar_start: int) -> tuple[Event, ...]:
        """The events of one bar: the section's pattern, its fill in the last bar, the ending in the last of all."""
        bar_end = bar_start + self.meter.bar_ticks
        span = self.spans[min(bisect_right(self.ends, bar_start), len(self.spans) - 1)]
        last = self.spans[-1].voiced
        if last.is_last and bar_end >= last.end:
            regular = [e for e in self._regular(span) if bar_start + e.offset < last.start]
            regular = [_cut(e, last.start - bar_start) for e in regular]
            return (*regular, *self._ending(max(0, last.start - bar_start)))
        if span.section_end <= bar_end:
            fill = self.style.choices(self.track, self.meter, span.level, FILL)
            if fill:
                return self._pick(fill).events
        return self._regular(span)

    def _regular(self, span: _Span) -> tuple[Event, ...]:
        kind = section_kind(span.voiced.section)
        choices = self.style.choices(self.track, self.meter, span.level, kind)
        if not choices:
            return self._held(0, 72)
        if self.track in self.style.vary:
            return self._pick(choices).events
        key = (kind, span.level)
        if key not in self.drawn:
            self.drawn[key] = self._pick(choices)
        return self.drawn[key].events

    def _pick(self, choices: Sequence[Pattern]) -> Pattern:
        if len(choices) == 1:
            return choices[0]
        weights = np.array([p.weight for p in choices])
        return choices[int(self.rng.choice(len(choices), p=weights / weights.sum()))]

    def _ending(self, offset: int) -> tuple[Event, ...]:
        """The style's ending where the last chord fills a bar, else that chord held to the bar's end."""
        choices = self.style.choices(self.track, self.meter, self.spans[-1].level, ENDING)
        if choices and offset == 0:
            return self._pick(choices).events
        return self._held(offset, ENDING_VELOCITY)

    def _held(self, offset: int, velocity: int) -> tuple[Event, ...]:
        if self.track == DRUMS:
            return ()
        tones = (Tone(LOWEST),) if self.track == BASS else (Tone(LOWEST), Tone(WHOLE))
        return (Event(offset, self.meter.bar_ticks - offset, tones, velocity),)

    def _played(self, event: Event, bar_start: int, with_bass: bool) -> list[Note]:
        """The notes of one event, struck again where the chord changes under it."""
        start, stop = bar_start + event.offset, bar_start + event.offset + event.duration
        if self.track == DRUMS:
            return [Note(start, tone.index, event.duration, event.velocity) for tone in event.tones]
        notes: list[Note] = []
        for index in range(bisect_right(self.ends, start), len(self.spans)):
            span = self.spans[index]
            begin, end = max(start, span.voiced.start), min(stop, span.voiced.end)
            if begin >= stop:
                break
            pitches = self._bass(event, index, end) if self.track == BASS else self._chord(event, span, with_bass)
            notes += [Note(begin, p, end - begin, event.velocity) for p in pitches]
        return notes

    def _chord(self, event: Event, span: _Span, with_bass: bool) -> list[int]:
        pitches: set[int] = set()
        for tone in event.tones:
            if tone.kind != LOWEST or with_bass:
                pitches.update(self._fitted(p, span.ceiling) for p in self._tones(tone, span))
        return sorted(p for p in pitches if self.low <= p <= min(self.high, span.ceiling))

    def _bass(self, event: Event, index: int, end: int) -> list[int]:
        """One pitch; the first of each chord is the structural bass."""
        opens = index not in self.opened
        self.opened.add(index)
        self.previous = self._bass_pitch(event.tones[0], self.spans[index].voiced, end, opens)
        return [self.previous]

    def _fitted(self, pitch: int, ceiling: int) -> int:
        """``pitch`` in octaves down to the ceiling and the part's range, or up into it."""
        while pitch > min(ceiling, self.high):
            pitch -= 12
        while pitch < self.low:
            pitch += 12
        return pitch

    def _tones(self, tone: Tone, span: _Span) -> list[int]:
        voiced, shift = span.voiced, 12 * tone.octave
        voices = sorted(voiced.voices)
        if tone.kind == LOWEST:
            return [voiced.bass + shift]
        if tone.kind == WHOLE:
            return [p + shift for p in voices]
        if tone.kind == TOP:
            return [voices[-1] + shift]
        if tone.kind == VOICE:
            octaves, place = divmod(tone.index, len(voices))
            return [voices[place] + 12 * octaves + shift]
        if tone.kind == CLOSE:
            stack = _close_stack(voiced, self.style.register, min(span.ceiling, self.high), self.low)
            octaves, place = divmod(tone.index, len(stack))
            return [stack[place] + 12 * octaves + shift]
        return [_member(voiced.chord, _near(voiced.chord.root, self.style.register), tone.index) + shift]

    def _bass_pitch(self, tone: Tone, voiced: VoicedChord, end: int, opens: bool) -> int:
        ground = _within(voiced.bass, self.low, self.high)
        if opens:
            return ground
        if tone.kind == LOWEST:
            return _within(ground + 12 * tone.octave, self.low, self.high)
        if tone.kind == WALK:
            following = self.spans[min(bisect_right(self.ends, end), len(self.spans) - 1)].voiced
            return self._approach(_within(following.bass, self.low, self.high), self.previous or ground)
        pitch = _member(voiced.chord, _near(voiced.chord.root, ground), tone.index) + 12 * tone.octave
        return _within(pitch, self.low, self.high)

    def _approach(self, goal: int, previous: int) -> int:
        """A scale tone a step from ``goal``, the nearer one to ``previous`` without repeating it."""
        steps = [goal + s for s in (-1, 1, -2, 2) if (goal + s) % 12 in self.scale and self._reaches(goal + s)]
        return min(steps, key=lambda p: (p == previous, abs(p - previous)), default=goal)

    def _reaches(self, pitch: int) -> bool:
        return self.low <= pitch <= self.high


def _member(chord: Chord, root: int, index: int) -> int:
    """The chord member ``index`` (0 root, 3 seventh, 4 octave) above ``root``."""
    classes = chord.classes
    if index == 0 or index >= len(classes):
        return root if index == 0 else root + 12
    return root + (classes[index] - chord.root) % 12


def _near(pitch_class: int, centre: int) -> int:
    """The pitch of that class from a tritone below ``centre`` to a fourth above."""
    return centre + (pitch_class - centre + 6) % 12 - 6


def _within(pitch: int, low: int, high: int) -> int:
    """``pitch`` in octaves inside ``low``..``high`` (at least an octave apart)."""
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return pitch


def _close_stack(voiced: VoicedChord, register: int, ceiling: int, low: int) -> list[int]:
    """The chord in close position on its bass note, an octave lower where its top would pass the ceiling."""
    bass = _near(voiced.bass % 12, register)
    classes = sorted({c for c in voiced.chord.classes if c != bass % 12}, key=lambda c: (c - bass) % 12)
    stack = [bass, *(bass + (c - bass) % 12 for c in classes)]
    while stack[-1] > ceiling and stack[0] - 12 >= low:
        stack = [p - 12 for p in stack]
    return stack


def _unmuddied(notes: Sequence[Note]) -> list[Note]:
    """The notes without those that blur low down with a lower one struck together; the lowest always stays."""
    kept: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, -n.duration)):
        opens = not kept or kept[-1].start != note.start
        if opens or note.pitch >= MUD_PITCH or note.pitch - kept[-1].pitch >= MUD_SEMITONES:
            kept.append(note)
    return kept


def _cut(event: Event, end: int) -> Event:
    return Event(event.offset, min(event.duration, end - event.offset), event.tones, event.velocity)


def _trimmed(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The notes in order, each ended where its own pitch is struck again; of two at once the longer stays."""
    kept: dict[int, list[Note]] = {}
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, -n.duration)):
        line = kept.setdefault(note.pitch, [])
        if line and line[-1].start == note.start:
            continue
        if line and line[-1].end > note.start:
            line[-1] = Note(line[-1].start, note.pitch, note.start - line[-1].start, line[-1].velocity)
        line.append(note)
    return tuple(sorted(n for line in kept.values() for n in line))


def _joined(notes: Sequence[Note], longest: int, borders: frozenset[int]) -> tuple[Note, ...]:
    """The notes with equal pitches that abut made one, within ``longest`` ticks and never over a border."""
    kept: dict[int, list[Note]] = {}
    for note in _trimmed(notes):
        line = kept.setdefault(note.pitch, [])
        if line and line[-1].end == note.start not in borders and note.end - line[-1].start <= longest:
            line[-1] = Note(line[-1].start, note.pitch, note.end - line[-1].start, line[-1].velocity)
        else:
            line.append(note)
    return tuple(sorted(n for line in kept.values() for n in line))
