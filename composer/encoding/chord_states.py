"""The chord states of the harmony tables: degree and quality above the tonic, for major and for minor."""

from __future__ import annotations

from dataclasses import dataclass

from composer.music.chord import QUALITIES, Chord
from composer.music.key import Key


@dataclass(frozen=True, slots=True)
class State:
    """``root`` is semitones above the tonic; ``is_plain`` means it needs no tone foreign to the mode."""

    roman: str
    root: int
    quality: str
    is_plain: bool = True

    @property
    def classes(self) -> tuple[int, ...]:
        """Semitones above the tonic of the chord members, from the root up (not folded into an octave)."""
        return tuple(self.root + step for step in QUALITIES[self.quality])

    def chord(self, key: Key) -> Chord:
        return Chord((self.root + key.tonic_class) % 12, self.quality)


def _states(rows: str, plain: int) -> tuple[State, ...]:
    found = []
    for index, row in enumerate(rows.split()):
        roman, root, quality = row.split(":")
        found.append(State(roman, int(root), quality, index < plain))
    return tuple(found)


STATES: dict[str, tuple[State, ...]] = {
    "major": _states(
        "I:0: ii:2:m iii:4:m IV:5: V:7: V7:7:7 vi:9:m vii°:11:dim V/V:2: V/vi:4: V/ii:9: V/IV:0:7 iv:5:m bVII:10:", 8
    ),
    # In minor the dominants with the raised 7 belong to the mode.
    "minor": _states(
        "i:0:m ii°:2:dim III:3: iv:5:m v:7:m V:7: V7:7:7 VI:8: VII:10: vii°:11:dim IV:5: V/III:10:7 V/iv:0: bII:1:", 10
    ),
}


def state_of(chord: Chord, key: Key) -> int | None:
    """Index into ``STATES`` of the state nearest to ``chord``: same root, same third, a seventh only if both have it.

    ``None`` when no state has that root and third.
    """
    states = STATES["minor" if key.is_minor else "major"]
    root = (chord.root - key.tonic_class) % 12
    steps = QUALITIES[chord.quality]
    best: tuple[int, int] | None = None
    for index, state in enumerate(states):
        mine = QUALITIES[state.quality]
        if state.root != root or mine[1] != steps[1] or (steps[1] == 3 and mine[2] != steps[2]):
            continue
        shared = (10 in mine) == (10 in steps)
        if best is None or shared > best[0]:
            best = (shared, index)
    return None if best is None else best[1]
