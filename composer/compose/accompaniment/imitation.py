"""An accompaniment that goes on as it was played: figures of earlier bars laid over new chords.

Every note keeps its place, length and velocity. A chord tone goes to the same member of the new chord, any other tone
as many scale steps as the roots are apart, both to the nearest octave; drums stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from composer.compose.chords.harmony import Bar
from composer.compose.tune.variation import transposed_steps
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.notes import Note, Part
from composer.music.time import Meter

_ROOT_COST, _QUALITY_COST, _RHYTHM_COST, _PLACE_COST, _AGE_COST = 2.0, 0.5, 1.0, 0.75, 0.02
_MISFIT_COST = 4.0  # for a bar none of whose notes are in the chord that was heard
_INVERSION_COST, _INVERSION_COST_LAST = 0.5, 4.0
_PHRASE_BARS = 4
STROKE_TICKS = 30  # notes that begin within this time are one stroke


@dataclass(frozen=True, slots=True)
class Models:
    """The bars that were played, and the chords of all bars, old and new. Ticks count from the first bar."""

    chords: Sequence[Bar]
    given_bars: int
    key: Key
    meter: Meter

    def chord_at(self, tick: int) -> Chord:
        bar, offset = divmod(tick, self.meter.bar_ticks)
        chords = self.chords[min(bar, len(self.chords) - 1)]
        return chords[min(len(chords) - 1, offset * len(chords) // self.meter.bar_ticks)]


def model_bars(parts: Sequence[Part], models: Models) -> list[int]:
    """For each new bar the played bar that it follows: one where all play, over a like chord, at a like place.

    -1 where nobody played.
    """
    bar_ticks = models.meter.bar_ticks
    playing = [{n.start // bar_ticks for n in part.notes} for part in parts]
    full = max((sum(bar in own for own in playing) for bar in range(models.given_bars)), default=0)
    able = [b for b in range(models.given_bars) if full and sum(b in own for own in playing) >= max(1, full - 1)]
    # The last bar that was played often rests: it is a model only where there is no other.
    able = [b for b in able if b < models.given_bars - 1] or able
    news = range(models.given_bars, len(models.chords))
    if not able:
        return [-1] * len(news)
    pitched = sorted(n for part in parts if not part.is_drums for n in part.notes)
    by_bar = {bar: list(notes) for bar, notes in groupby(pitched, key=lambda n: n.start // bar_ticks)}
    faults = {old: _faults(by_bar.get(old, []), models) for old in able}
    return [min(able, key=lambda old: (_distance(models, old, new, faults[old]), -old)) for new in news]


def _faults(notes: Sequence[Note], models: Models) -> tuple[float, bool]:
    """The share of a bar's pitched notes outside the chord that was heard, and whether the bass is not its root."""
    if not notes:
        return 0.0, False
    first = notes[0].start
    foreign = sum(n.pitch % 12 not in models.chord_at(n.start).classes for n in notes)
    bass = min(n.pitch for n in notes if n.start - first < STROKE_TICKS)
    bar_line = first // models.meter.bar_ticks * models.meter.bar_ticks
    return foreign / len(notes), bass % 12 != models.chord_at(bar_line).root


def _distance(models: Models, old: int, new: int, faults: tuple[float, bool]) -> float:
    mine, theirs = models.chords[new], models.chords[old]
    misfit, is_inverted = faults
    is_last = new == len(models.chords) - 1
    return (
        _ROOT_COST * (mine[0].root != theirs[0].root)
        + _QUALITY_COST * (mine[0].quality != theirs[0].quality)
        + _RHYTHM_COST * (len(mine) != len(theirs))
        + _PLACE_COST * ((new - old) % _PHRASE_BARS != 0)
        + _AGE_COST * (models.given_bars - old)
        + _MISFIT_COST * misfit
        + (_INVERSION_COST_LAST if is_last else _INVERSION_COST) * is_inverted
    )


def imitated(part: Part, sources: Sequence[int], models: Models) -> tuple[Note, ...]:
    """The notes of a part in the new bars; ``sources`` has the played bar for each, -1 for none.

    The last bar holds what its model plays in its first beat.
    """
    bar_ticks = models.meter.bar_ticks
    found: list[Note] = []
    for place, old in enumerate(sources):
        new = models.given_bars + place
        shift = (new - old) * bar_ticks
        inside = sorted(n for n in part.notes if n.start // bar_ticks == old)
        if place == len(sources) - 1:
            inside = _held(inside, old * bar_ticks, part.is_drums, models.meter)
        moved = [_moved(note, shift, part, models) for note in inside]
        found += {(n.start, n.pitch): n for n in moved}.values()
    return tuple(sorted(found))


def _held(notes: Sequence[Note], start: int, is_drums: bool, meter: Meter) -> list[Note]:
    """The first beat of the bar that begins at ``start``, each pitch held to the bar's end; drums strike once."""
    if is_drums:
        return [n for n in notes if n.start - start < STROKE_TICKS]
    first = {n.pitch: n for n in reversed(notes) if n.start - start < meter.beat_ticks}
    return sorted(replace(n, duration=start + meter.bar_ticks - n.start) for n in first.values())


def _moved(note: Note, shift: int, part: Part, models: Models) -> Note:
    if part.is_drums:
        return replace(note, start=note.start + shift)
    old, new = models.chord_at(note.start), models.chord_at(note.start + shift)
    pitch = _over(note.pitch, old, new, models.key)
    return replace(note, start=note.start + shift, pitch=pitch)


def _over(pitch: int, old: Chord, new: Chord, key: Key) -> int:
    """``pitch``, played over ``old``, as it is over ``new``."""
    if old.classes == new.classes:
        return pitch
    if pitch % 12 in old.classes:
        wanted = new.classes[min(old.classes.index(pitch % 12), len(new.classes) - 1)]
    else:
        roots = [key.degree_of(chord.root) for chord in (old, new)]
        if roots[0] is None or roots[1] is None:
            wanted = (pitch + new.root - old.root) % 12
        else:
            relative = (pitch - key.tonic_class) % 12
            wanted = (transposed_steps(relative, roots[1] - roots[0], key) + key.tonic_class) % 12
    near = pitch + (wanted - pitch + 6) % 12 - 6
    return near if 0 <= near <= 127 else near % 12 + 60
