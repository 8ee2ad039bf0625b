"""Four-part Bach chorales -> tunes: the soprano, its phrases (fermatas), and a chord label on every beat.

Only this module parses with music21, from the source each time: music21's own cache is a pickle that can go stale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from composer.corpus.abc import UnusableTune
from composer.corpus.tune import BARS_MAX, Tune, tonic_below_median
from composer.encoding.melody import Event
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.keyfinding import key_of_weights
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

_BARS_MIN, _NOTES_MIN = 6, 20
_LABELS = ("", "m", "7", "m7", "m7b5", "dim", "maj7", "dim7")
_FINAL_BASS_BONUS = 0.25

Sung = tuple[int, int, int | None]  # start, end in ticks, MIDI pitch (None: a rest)
_Part = list[Sung]


@dataclass(frozen=True, slots=True)
class FourParts:
    """A chorale with all its voices: soprano, alto, tenor and bass; ``tune`` is the soprano with the chords."""

    tune: Tune
    voices: tuple[tuple[Sung, ...], ...]


def read_chorales(
    paths: Sequence[Path], progress: Callable[[int, int, str], None] | None = None
) -> tuple[list[Tune], dict[str, int]]:
    """The usable chorales among ``paths``, and how many were left out for each reason."""
    chorales, refused = read_four_parts(paths, progress)
    return [chorale.tune for chorale in chorales], refused


def read_four_parts(
    paths: Sequence[Path], progress: Callable[[int, int, str], None] | None = None
) -> tuple[list[FourParts], dict[str, int]]:
    """As ``read_chorales``, with the lower voices."""
    chorales: list[FourParts] = []
    refused: dict[str, int] = {}
    for index, path in enumerate(paths):
        if progress:
            progress(index, len(paths), "chorales")
        try:
            chorales.append(four_parts_of(_parsed(path), path.stem))
        except UnusableTune as reason:
            refused[str(reason)] = refused.get(str(reason), 0) + 1
    return chorales, refused


def _parsed(path: Path) -> Any:
    from music21 import converter, exceptions21

    reader = converter.Converter()
    try:
        reader.parseFileNoPickle(path)
    except (exceptions21.Music21Exception, ValueError, KeyError, AttributeError):
        raise UnusableTune("not readable") from None
    return reader.stream


def chorale_of(score: Any, name: str) -> Tune:
    """The tune of a parsed four-part score; raises UnusableTune."""
    return four_parts_of(score, name).tune


def four_parts_of(score: Any, name: str) -> FourParts:
    """The tune and the voices of a parsed four-part score, on one grid; raises UnusableTune."""
    staves = list(score.parts)
    if len(staves) != 4:
        raise UnusableTune("not in four parts")
    meters = {s.ratioString for s in staves[0].recurse().getElementsByClass("TimeSignature")}
    if len(meters) != 1:
        raise UnusableTune("changes metre")
    meter = meter_of(meters.pop())
    offset = _offset_ticks(staves[0], meter)
    voices = [_voice(staff, offset) for staff in staves]
    soprano = voices[0]
    bars = -(-soprano[-1][1] // meter.bar_ticks)
    pitches = [p for _, _, p in soprano if p is not None]
    if not _BARS_MIN <= bars <= BARS_MAX or len(pitches) < _NOTES_MIN:
        raise UnusableTune("outside 6-48 bars or 20 notes")
    key = _key(voices)
    tonic = tonic_below_median(pitches, key)
    events = _events(soprano, tonic, bars * meter.bar_ticks)
    beats = _beat_chords(voices, bars, meter)
    per_bar = meter.bar_ticks // meter.beat_ticks
    chords = tuple(next((c for c in beats[b * per_bar : (b + 1) * per_bar] if c), None) for b in range(bars))
    tune = Tune(
        f"chorales/{name}", "chorales", name, key, meter, tonic, events, bars,
        _phrase_ends(staves[0], offset, events, bars * meter.bar_ticks), chords, beats, "chorale",
    )  # fmt: skip
    return FourParts(tune, tuple(tuple(voice) for voice in voices))


def _offset_ticks(staff: Any, meter: Meter) -> int:
    """Ticks to add so that the first full bar starts on the grid (the pick-up stands at the end of bar 1)."""
    first = next(iter(staff.getElementsByClass("Measure")), None)
    if first is None:
        raise UnusableTune("no bars")
    filled = _ticks(first.duration.quarterLength)
    return (meter.bar_ticks - filled) % meter.bar_ticks if filled < meter.bar_ticks else 0


def _voice(staff: Any, offset: int) -> _Part:
    """The sounding notes of a part in order, ties joined, the top note of a chord."""
    notes: _Part = []
    flat = staff.flatten().notesAndRests
    for item in flat:
        if item.duration.isGrace:
            continue
        start = _ticks(item.offset) + offset
        end = start + _ticks(item.duration.quarterLength)
        midi = None if item.isRest else max(int(p.midi) for p in item.pitches)
        tied = item.tie is not None and item.tie.type in ("stop", "continue")
        if notes and ((tied and notes[-1][2] == midi) or (midi is None and notes[-1][2] is None)):
            notes[-1] = (notes[-1][0], end, midi)
        else:
            notes.append((start, end, midi))
    while notes and notes[-1][2] is None:
        notes.pop()
    while notes and notes[0][2] is None:
        notes.pop(0)
    if not notes:
        raise UnusableTune("an empty part")
    return notes


def _events(soprano: _Part, tonic: int, end: int) -> tuple[Event, ...]:
    events = []
    for index, (start, _, pitch) in enumerate(soprano):
        stop = soprano[index + 1][0] if index + 1 < len(soprano) else end
        if stop <= start:
            raise UnusableTune("overlapping notes in the soprano")
        events.append(Event(start, stop - start, None if pitch is None else pitch - tonic))
    return tuple(events)


def _key(voices: list[_Part]) -> Key:
    """Krumhansl's key over all parts, with a bonus for the last note of the bass as tonic."""
    weights = np.zeros(12)
    for voice in voices:
        for start, end, pitch in voice:
            if pitch is not None:
                weights[pitch % 12] += end - start
    final = next(p for _, _, p in reversed(voices[3]) if p is not None) % 12
    return key_of_weights(weights, final, _FINAL_BASS_BONUS)


def _beat_chords(voices: list[_Part], bars: int, meter: Meter) -> tuple[Chord | None, ...]:
    """The chord on each felt beat: what all parts sound there."""
    labels: list[Chord | None] = []
    for beat in range(bars * meter.bar_ticks // meter.beat_ticks):
        tick = beat * meter.beat_ticks
        sounding = [next((p for s, e, p in voice if s <= tick < e and p is not None), None) for voice in voices]
        labels.append(label_of([p for p in sounding if p is not None]))
    return tuple(labels)


def label_of(pitches: Sequence[int]) -> Chord | None:
    """The triad or seventh chord that explains ``pitches`` (MIDI) best; ``None`` for fewer than two classes."""
    classes = {p % 12 for p in pitches}
    if len(classes) < 2:
        return None
    bass = min(pitches) % 12

    def fit(chord: Chord) -> tuple[float, int, int]:
        members = set(chord.classes)
        missing = sum(c not in classes for c in chord.classes[:2]) + 0.4 * (chord.classes[2] not in classes)
        foreign = len(classes - members)
        unused = 0.6 * (len(chord.classes) > 3 and chord.classes[3] not in classes)
        return (-(1.2 * foreign + missing + unused), int(chord.root == bass), -_LABELS.index(chord.quality))

    best = max((Chord(root, quality) for root in range(12) for quality in _LABELS), key=fit)
    return best if len(classes & set(best.classes)) >= 2 else None


def _phrase_ends(staff: Any, offset: int, events: tuple[Event, ...], end: int) -> tuple[int, ...]:
    """Where the notes under a fermata end."""
    held = {
        _ticks(n.offset) + offset
        for n in staff.flatten().notes
        if any("Fermata" in type(x).__name__ for x in n.expressions)
    }
    ends = {e.end for e in events if any(e.start <= tick < e.end for tick in held)}
    return tuple(sorted({t for t in ends if t < end} | {end}))


def _ticks(quarters: Any) -> int:
    ticks = float(quarters) * TICKS_PER_BEAT
    if abs(ticks - round(ticks)) > 1e-6:
        raise UnusableTune("a rhythm finer than a tick")
    return round(ticks)
