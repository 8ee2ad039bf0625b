"""An accompaniment that goes on as it was played: figures of earlier bars laid over new chords.

Every note keeps its place, length and velocity. A chord tone goes to the same member of the new chord, any other tone
as many scale steps as the roots are apart, both to the nearest octave; drums stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from composer.compose.harmony import Bar
from composer.compose.variation import transposed_steps
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.notes import Note, Part
from composer.music.time import Meter

_ROOT_COST, _QUALITY_COST, _RHYTHM_COST, _PLACE_COST, _AGE_COST = 2.0, 0.5, 1.0, 0.75, 0.02
_PHRASE_BARS = 4


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
    """For each new bar the played bar that it follows: one where all play, over a like chord, at a like place."""
    bar_ticks = models.meter.bar_ticks
    playing = [{n.start // bar_ticks for n in part.notes} for part in parts]
    full = max((sum(bar in own for own in playing) for bar in range(models.given_bars)), default=0)
    able = [b for b in range(models.given_bars) if full and sum(b in own for own in playing) >= max(1, full - 1)]
    # The last bar that was played often rests: it is a model only where there is no other.
    able = [b for b in able if b < models.given_bars - 1] or able
    return [
        min(able, key=lambda old: (_distance(models, old, new), -old)) if able else -1
        for new in range(models.given_bars, len(models.chords))
    ]


def _distance(models: Models, old: int, new: int) -> float:
    mine, theirs = models.chords[new], models.chords[old]
    return (
        _ROOT_COST * (mine[0].root != theirs[0].root)
        + _QUALITY_COST * (mine[0].quality != theirs[0].quality)
        + _RHYTHM_COST * (len(mine) != len(theirs))
        + _PLACE_COST * ((new - old) % _PHRASE_BARS != 0)
        + _AGE_COST * (models.given_bars - old)
    )


def imitated(part: Part, sources: Sequence[int], models: Models) -> tuple[Note, ...]:
    """The notes of a part in the new bars; ``sources`` has the played bar for each, -1 for none.

    The last bar holds what its model strikes first, to its end.
    """
    bar_ticks = models.meter.bar_ticks
    found: list[Note] = []
    for place, old in enumerate(sources):
        new = models.given_bars + place
        shift = (new - old) * bar_ticks
        inside = sorted(n for n in part.notes if n.start // bar_ticks == old)
        if place == len(sources) - 1:
            inside = _held(inside, (old + 1) * bar_ticks, part.is_drums)
        moved = [_moved(note, shift, part, models) for note in inside]
        found += {(n.start, n.pitch): n for n in moved}.values()
    return tuple(sorted(found))


def _held(notes: Sequence[Note], end: int, is_drums: bool) -> list[Note]:
    """The first stroke of a bar, held to the tick ``end``."""
    first = [n for n in notes if n.start - notes[0].start < 30]
    return [n if is_drums else replace(n, duration=max(1, end - n.start)) for n in first]


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
