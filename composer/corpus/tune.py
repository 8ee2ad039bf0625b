"""The one type that every corpus reader gives: a tune in the melody encoding, with its bars, phrases and chords."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.corpus.abc import AbcNote, AbcTune, UnusableTune
from composer.encoding.chord_labels import chords_of
from composer.encoding.melody import DURATIONS, Event, TuneFrame, controls_of
from composer.music.chord import Chord
from composer.music.key import Key, key_of
from composer.music.phrases import PHRASE_BARS
from composer.music.time import Meter

BARS_MIN, BARS_MAX = 8, 48
NOTES_MIN, NOTES_MAX = 24, 250
_ODD_RHYTHM_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Tune:
    """A melody. Event pitches are semitones above ``tonic_midi``; times are ticks from bar 1.

    ``chords`` has one entry per bar (the chord on the downbeat), ``beat_chords`` one per beat where the source has
    harmony (chorales), else it is empty. ``split`` is train, valid or test and never parts a ``cluster``.
    ``beats_per_minute`` counts felt beats, and is ``None`` where the source has no tempo.
    """

    id: str
    source: str
    title: str
    key: Key
    meter: Meter
    tonic_midi: int
    events: tuple[Event, ...]
    bars: int
    phrase_ends: tuple[int, ...]
    chords: tuple[Chord | None, ...]
    beat_chords: tuple[Chord | None, ...]
    style: str
    cluster: int = -1
    split: str = "train"
    beats_per_minute: float | None = None

    def frame(self) -> TuneFrame:
        """What a model may know of the tune before its notes."""
        controls = controls_of(self.events, self.meter, self.bars, self.phrase_ends)
        return TuneFrame(
            key=self.key,
            meter=self.meter,
            bars=self.bars,
            phrase_ends=self.phrase_ends,
            chords=self.chords,
            controls=tuple(controls),
            style=self.style,
            starts_at=self.events[0].start,
            beats_per_minute=self.beats_per_minute,
        )


def labelled(tune: Tune, identity: str) -> Tune:
    """``tune`` under its lasting id, with a chord inferred for every bar."""
    return replace(tune, id=identity, chords=chords_of(tune.events, tune.key, tune.meter, tune.bars))


def tonic_below_median(pitches: list[int], key: Key) -> int:
    """MIDI pitch of the tonic that lies at or below the median of ``pitches``."""
    median = int(np.median(pitches))
    return median - (median - key.tonic_class) % 12


def tune_of(written: AbcTune, source: str, style: str, phrases_are_lines: bool = False) -> Tune:
    """``written`` on a grid of full bars, without chords; raises UnusableTune when bars do not add up.

    A section that ends short of its bar (because the next repeat brings the pick-up) has its last note held.
    """
    notes, section_starts, pickup, line_ends = _on_bars(written)
    bar_ticks = written.meter.bar_ticks
    bars = -(-(notes[-1].start + notes[-1].duration) // bar_ticks)
    notes[-1].duration = bars * bar_ticks - notes[-1].start
    sounding = [n.midi for n in notes if n.midi is not None]
    if not BARS_MIN <= bars <= BARS_MAX or not NOTES_MIN <= len(sounding) <= NOTES_MAX:
        raise UnusableTune("outside 8-48 bars or 24-250 notes")
    if sum(n.duration not in DURATIONS for n in notes) > _ODD_RHYTHM_SHARE * len(notes):
        raise UnusableTune("rhythms outside the vocabulary")
    key = _key_of_song(written.key, notes) if phrases_are_lines else _checked_key(written.key, notes)
    tonic = tonic_below_median(sounding, key)
    events = tuple(Event(n.start, n.duration, None if n.midi is None else n.midi - tonic) for n in notes)
    boundaries = {e.start for e in events}
    if phrases_are_lines:
        ends = tuple(sorted({t for t in line_ends if t in boundaries and t > events[0].start} | {bars * bar_ticks}))
    else:
        ends = _phrase_ends(section_starts, bars, bar_ticks, pickup, boundaries)
    return Tune(
        f"{source}/{written.number}", source, written.title, key, written.meter, tonic, events, bars, ends,
        (None,) * bars, (), style,
    )  # fmt: skip


def _on_bars(written: AbcTune) -> tuple[list[AbcNote], list[int], int, list[int]]:
    """Notes shifted so that every bar line lies on the grid; section starts (bars); pick-up ticks; line ends."""
    bar_ticks = written.meter.bar_ticks
    lines = [line for line in written.bar_lines if line.tick > 0]
    first = lines[0].tick if lines else 0
    if not lines or first > bar_ticks:
        raise UnusableTune("no bar lines")
    pickup = first % bar_ticks
    offset = bar_ticks - pickup if pickup else 0
    shifts = [(0, offset)]  # (from tick, ticks to add)
    sections = [1 if pickup else 0]
    for line in lines:
        at = line.tick + offset
        if at % bar_ticks and line.is_section:
            rest = -at % bar_ticks
            following = next((x.tick for x in lines if x.tick > line.tick), None)
            completes = following is not None and (following + offset) % bar_ticks == 0
            if not completes:
                offset += rest
                shifts.append((line.tick, offset))
        elif at % bar_ticks and line.tick < written.notes[-1].start + written.notes[-1].duration:
            raise UnusableTune("bars that do not add up")
        if line.is_section:
            sections.append(-(-(line.tick + offset) // bar_ticks))
    return _shifted(written, shifts), sections, pickup, [_moved(t, shifts) for t in written.line_ends]


def _moved(tick: int, shifts: list[tuple[int, int]]) -> int:
    return tick + next(add for since, add in reversed(shifts) if tick >= since)


def _shifted(written: AbcTune, shifts: list[tuple[int, int]]) -> list[AbcNote]:
    notes = [AbcNote(_moved(n.start, shifts), n.duration, n.midi) for n in written.notes]
    for note, following in pairwise(notes):
        note.duration = following.start - note.start
    return notes


def _phrase_ends(sections: list[int], bars: int, bar_ticks: int, pickup: int, boundaries: set[int]) -> tuple[int, ...]:
    """Every four bars from each section's start; before the pick-up where a note begins there."""
    starts = sorted({s for s in sections if s < bars})
    ends = []
    for start, stop in zip(starts, [*starts[1:], bars], strict=True):
        marks = list(range(start + PHRASE_BARS, stop, PHRASE_BARS))
        if marks and stop - marks[-1] < 2:
            marks.pop()
        ends += [*marks, stop]
    ticks = set()
    for end in ends:
        early = end * bar_ticks - pickup
        ticks.add(early if pickup and end < bars and early in boundaries else end * bar_ticks)
    return tuple(sorted(ticks))


def _class_weights(notes: list[AbcNote]) -> NDArray[np.float64]:
    """Sounding ticks of each pitch class."""
    weights = np.zeros(12)
    for note in notes:
        if note.midi is not None:
            weights[note.midi % 12] += note.duration
    return weights


def _key_of_song(key: Key, notes: list[AbcNote]) -> Key:
    """The labelled tonic with the mode that the thirds tell: song collections label every tune as major."""
    weights = _class_weights(notes)
    minor, major = weights[(key.tonic_class + 3) % 12], weights[(key.tonic_class + 4) % 12]
    return key_of(key.tonic, "minor" if minor > major else "major")


def _checked_key(key: Key, notes: list[AbcNote]) -> Key:
    """The labelled key, or the mode on the last note where label and ending disagree.

    Old collections label by signature only: a tune "in G" that ends on A and dwells on A, C and E is dorian.
    """
    weights = _class_weights(notes)
    last = next(n.midi for n in reversed(notes) if n.midi is not None) % 12
    major_tonic = (key.fifths * 7) % 12
    relatives = {0: "major", 2: "dorian", 7: "mixolydian", 9: "minor"}
    mode = relatives.get((last - major_tonic) % 12)
    if last == key.tonic_class or mode is None:
        return key
    rival = key_of(last, mode)

    def weight(k: Key) -> float:
        return float(weights[[k.scale[0], k.scale[2], k.scale[4]]].sum() + weights[k.tonic_class])

    return rival if weight(rival) > 1.1 * weight(key) else key
