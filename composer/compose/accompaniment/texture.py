"""Texture: a style's patterns laid over voiced chords. Pure functions of their arguments and the generator.

A pattern is drawn once for each section and level, so a texture stays until the section ends. Every note is aimed at
the chord that sounds at its onset; a note that outlasts its chord ends there and is struck again on the next one.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from composer.compose.accompaniment.styles import (
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
from composer.compose.voices.sounding import climbing, joined, trimmed, unmuddied
from composer.music.chord import Chord
from composer.music.notes import BASS, CHORDS, DRUMS, Note
from composer.music.pitch import folded
from composer.music.time import Meter

THIN_BARS = 2  # so many bars before the end are played a level lower
FULL_CHORD = 3  # voices that make a chord complete; a fourth doubles
TIE_BARS = 2  # the longest held note, in bars
ENDING_VELOCITY = 80
LEFT_HAND = 57  # A3: how high a left hand that plays the bass track goes
MID_INTENSITY, HIGH_INTENSITY = 0.38, 0.68


@dataclass(frozen=True, slots=True)
class VoicedChord:
    """A chord from ``start`` to ``end`` ticks, as pitches.

    ``voices`` is the upper structure from the lowest, ``bass`` the structural bass. ``intensity`` is 0..1;
    ``section`` is the section's name, ``is_last`` marks the last chord of the piece, and ``scale`` holds the pitch
    classes of the key at that place (``None``: that of the piece).
    """

    start: int
    end: int
    chord: Chord
    voices: tuple[int, ...]
    bass: int
    section: str = "A"
    intensity: float = 0.5
    is_last: bool = False
    scale: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which parts play, and how far they reach: (low, high) MIDI pitches, or None for a part that is absent."""

    accompaniment: tuple[int, int] | None = (36, 84)
    bass: tuple[int, int] | None = None
    drums: bool = False


@dataclass(frozen=True, slots=True)
class Texture:
    """The notes of the three parts in order of onset; velocities are the patterns' own, 1..127.

    ``left_hand`` is a bass line that the accompaniment's player plays, not yet among the accompaniment's notes.
    """

    accompaniment: tuple[Note, ...] = ()
    bass: tuple[Note, ...] = ()
    drums: tuple[Note, ...] = ()
    left_hand: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    """A chord with its ceiling, the lowest one of it and its neighbours, where its section ends (ticks) and how busy
    it is."""

    voiced: VoicedChord
    ceiling: int
    room: int
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

    ``scale`` holds the pitch classes that walking may step on where a chord has no scale of its own; ``ceilings`` the
    highest pitch the accompaniment may take over each chord; ``drums`` the style whose drum patterns play, ``style``
    itself if absent.
    """
    spans = _spans(voiced, ceilings, meter)
    if not spans:
        return Texture()
    accompaniment: tuple[Note, ...] = ()
    bass: tuple[Note, ...] = ()
    left_hand: tuple[Note, ...] = ()
    beat: tuple[Note, ...] = ()
    if layout.accompaniment is not None and style.patterns:
        player = _Player(style, spans, meter, rng, frozenset(scale), CHORDS, layout.accompaniment)
        accompaniment = player.notes(with_bass=layout.bass is None)
        if style.left_hand and layout.bass is None:
            low, high = layout.accompaniment
            reach = (low, min(high, max(LEFT_HAND, low + 12)))
            left_hand = _Player(style, spans, meter, rng, frozenset(scale), BASS, reach).notes()
    if layout.bass is not None:
        bass = _Player(style, spans, meter, rng, frozenset(scale), BASS, layout.bass).notes()
    if layout.drums:
        beat = _Player(drums or style, spans, meter, rng, frozenset(scale), DRUMS, (0, 127)).notes()
    return Texture(accompaniment, bass, beat, left_hand)


def level_of(intensity: float) -> int:
    """1 (low), 2 (mid) or 3 (high) for an intensity 0..1."""
    return 1 if intensity < MID_INTENSITY else 2 if intensity < HIGH_INTENSITY else 3


def section_kind(name: str) -> str:
    """The style section that a form's section name asks for: "Intro" -> "intro", "A'" -> "A", "Coda" -> "any"."""
    if name.lower().startswith(INTRO):
        return INTRO
    letter = name[:1].upper()
    return letter if letter in SECTIONS and not name[1:2].isalpha() else ANY


def _spans(voiced: Sequence[VoicedChord], ceilings: Sequence[int | None] | None, meter: Meter) -> list[_Span]:
    """The chords with what their surroundings decide; the level is the section's mean, weighted by length, and one
    lower where the piece thins out at its end."""
    limits = [127 if c is None else c for c in ceilings] if ceilings is not None else [127] * len(voiced)
    spans: list[_Span] = []
    thin_from = voiced[-1].end - THIN_BARS * meter.bar_ticks if voiced and voiced[-1].is_last else math.inf
    first = 0
    while first < len(voiced):
        last = first
        while last + 1 < len(voiced) and voiced[last + 1].section == voiced[first].section:
            last += 1
        group = voiced[first : last + 1]
        total = sum(c.end - c.start for c in group)
        level = level_of(sum(c.intensity * (c.end - c.start) for c in group) / max(1, total))
        for i, chord in enumerate(group):
            thins = chord.start >= thin_from
            at, own = first + i, max(1, level - 1) if thins else level
            spans.append(_Span(chord, limits[at], min(limits[max(0, at - 1) : at + 2]), group[-1].end, own))
        first = last + 1
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
            for event in self._restarted(self._events(bar_start), bar_start):
                found += self._played(event, bar_start, with_bass)
        if self.track == CHORDS:
            found = unmuddied(found)
        return joined(found, TIE_BARS * bar_ticks, self._borders()) if self._ties() else trimmed(found)

    def _restarted(self, events: Sequence[Event], bar_start: int) -> Sequence[Event]:
        """The events of a bar, begun anew with each chord that comes inside it, so that every chord has its bass and
        its voices; the piece's last chord plays its ending as written."""
        bar_end = bar_start + self.meter.bar_ticks
        inner = [s.voiced for s in self.spans if bar_start < s.voiced.start < bar_end]
        if not inner or self.track == DRUMS:
            return events
        starts = [0, *(v.start - bar_start for v in inner)]
        found: list[Event] = []
        for start, end in pairwise([*starts, self.meter.bar_ticks]):
            again = [_cut(e, end - start) for e in events if e.offset < end - start]
            written = [e for e in events if start <= e.offset < end]
            if not again or (inner[-1].is_last and start == starts[-1]):
                found += written
            else:
                found += [replace(e, offset=e.offset + start) for e in _with_all_voices(again, events)]
        return found

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
            leading = (voiced.scale[0] - 1) % 12 if voiced.scale else None
            return [climbing(voices, tone.index, voiced.bass, voiced.chord, leading, span.room) + shift]
        if tone.kind == CLOSE:
            stack = _close_stack(voiced, self.style.register, min(span.ceiling, self.high), self.low)
            octaves, place = divmod(tone.index, len(stack))
            return [stack[place] + 12 * octaves + shift]
        return [_member(voiced.chord, _near(voiced.chord.root, self.style.register), tone.index) + shift]

    def _bass_pitch(self, tone: Tone, voiced: VoicedChord, end: int, opens: bool) -> int:
        ground = folded(voiced.bass, self.low, self.high)
        if opens:
            return ground
        if tone.kind == LOWEST:
            return folded(ground + 12 * tone.octave, self.low, self.high)
        if tone.kind == WALK:
            following = self.spans[min(bisect_right(self.ends, end), len(self.spans) - 1)].voiced
            goal = folded(following.bass, self.low, self.high)
            return self._approach(goal, self.previous or ground, voiced.chord.steps_in(voiced.scale or self.scale))
        pitch = _member(voiced.chord, _near(voiced.chord.root, ground), tone.index) + 12 * tone.octave
        return folded(pitch, self.low, self.high)

    def _approach(self, goal: int, previous: int, scale: Collection[int]) -> int:
        """A tone of ``scale`` a step from ``goal``, the nearer one to ``previous`` without repeating it."""
        steps = [goal + s for s in (-1, 1, -2, 2) if (goal + s) % 12 in scale and self._reaches(goal + s)]
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


def _close_stack(voiced: VoicedChord, register: int, ceiling: int, low: int) -> list[int]:
    """The chord in close position on its bass note, an octave lower where its top would pass the ceiling."""
    bass = _near(voiced.bass % 12, register)
    classes = sorted({c for c in voiced.chord.classes if c != bass % 12}, key=lambda c: (c - bass) % 12)
    stack = [bass, *(bass + (c - bass) % 12 for c in classes)]
    while stack[-1] > ceiling and stack[0] - 12 >= low:
        stack = [p - 12 for p in stack]
    return stack


def _with_all_voices(events: Sequence[Event], whole: Sequence[Event]) -> Sequence[Event]:
    """``events``, the beginning of the pattern ``whole``; voices that come later in it join the last voice."""
    last = max((i for i, e in enumerate(events) if e.tones[0].kind == VOICE), default=None)
    if last is None:
        return events
    present = {tone for e in events for tone in e.tones}
    voices = (t for e in whole for t in e.tones if t.kind == VOICE and t.index < FULL_CHORD)
    missing = dict.fromkeys(t for t in voices if t not in present)
    filled = replace(events[last], tones=(*events[last].tones, *missing))
    return [*events[:last], filled, *events[last + 1 :]]


def _cut(event: Event, end: int) -> Event:
    return Event(event.offset, min(event.duration, end - event.offset), event.tones, event.velocity)
