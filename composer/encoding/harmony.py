"""Chords as the harmony network sees them: its tokens, their tension, and the context of each chord to come.

A token is a root above the tonic with a quality. Each mode has its own two dozen states among the tokens, so that V7
is one token in both modes and what is learnt of it in major also serves minor. A *slot* is the place of one chord: a
bar, half a bar or a beat. Every context column is one categorical value; 0 is always "unknown", so a partial plan
works.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.music.chord import QUALITIES, Chord
from composer.music.key import MODES as SCALES
from composer.music.key import Key
from composer.music.time import Meter

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChordState:
    """``root`` is semitones above the tonic, ``quality`` a key of ``QUALITIES``; ``roman`` is its name in the mode."""

    roman: str
    root: int
    quality: str

    @property
    def classes(self) -> frozenset[int]:
        """Pitch classes above the tonic."""
        return frozenset((self.root + step) % 12 for step in QUALITIES[self.quality])

    def chord(self, key: Key) -> Chord:
        return Chord((self.root + key.tonic_class) % 12, self.quality)


def _states(rows: str) -> tuple[ChordState, ...]:
    found = []
    for row in rows.split():
        roman, root, quality = row.split(":")
        found.append(ChordState(roman, int(root), quality))
    return tuple(found)


# What chorales and Lieder use: the diatonic triads, the sevenths that matter, applied dominants, borrowed chords.
STATES: dict[str, tuple[ChordState, ...]] = {
    "major": _states(
        "I:0: ii:2:m ii7:2:m7 iii:4:m IV:5: IVmaj7:5:maj7 V:7: V7:7:7 vi:9:m vi7:9:m7 vii°:11:dim viiø7:11:m7b5 "
        "vii°7:11:dim7 i:0:m V/V:2: V7/V:2:7 V/vi:4: V7/vi:4:7 V/ii:9: V7/ii:9:7 V7/IV:0:7 vii°7/V:6:dim7 iv:5:m "
        "iiø7:2:m7b5 bVI:8: bVII:10:"
    ),
    "minor": _states(
        "i:0:m i7:0:m7 ii°:2:dim iiø7:2:m7b5 III:3: iv:5:m iv7:5:m7 v:7:m V:7: V7:7:7 VI:8: VImaj7:8:maj7 VII:10: "
        "vii°:11:dim vii°7:11:dim7 IV:5: V7/III:10:7 V/iv:0: V7/iv:0:7 V/V:2: V7/V:2:7 V7/VI:3:7 bII:1: vii°7/V:6:dim7"
    ),
}
PARENTS = ("major", "minor")
TOKENS: tuple[tuple[int, str], ...] = tuple(
    dict.fromkeys((state.root, state.quality) for mode in PARENTS for state in STATES[mode])
)
TOKEN_COUNT = len(TOKENS)
_INDEX = {token: index for index, token in enumerate(TOKENS)}
# Token of every state of a mode, in the order of the states.
STATE_TOKENS: dict[str, Ints] = {
    mode: np.array([_INDEX[s.root, s.quality] for s in STATES[mode]], np.int64) for mode in PARENTS
}

CADENCES = ("HC", "IAC", "PAC", "DC", "PC", "none")
STYLES = ("dance", "chorale", "lied", "song")
METER_CLASSES = ("duple", "triple", "compound")
PARTS = ("first", "middle", "last")
BEAT_RATE = 3  # a chord on every beat
TENSIONS = 5
_HELD_MAX, _BARS_MAX, _SLOTS_MAX = 8, 8, 12

# One table: column name -> number of categories, "unknown" (0) included.
FEATURES: dict[str, int] = {
    "previous": TOKEN_COUNT + 2,  # the chord before; 0 at the beginning, the last one a chord outside the table
    "other": TOKEN_COUNT + 2,  # the last chord that was a different one
    "held": _HELD_MAX + 1,  # slots that the chord before has lasted
    "mode": len(PARENTS) + 1,
    "meter": len(METER_CLASSES) + 1,
    "style": len(STYLES) + 1,
    "rate": BEAT_RATE + 1,
    "place": 4,
    "bar_in_phrase": _BARS_MAX + 1,
    "bars_left": _BARS_MAX + 1,
    "slots_left": _SLOTS_MAX + 1,
    "cadence": len(CADENCES) + 1,
    "part": len(PARTS) + 1,
    "tension": TENSIONS + 1,
}
COLUMNS = {name: index for index, name in enumerate(FEATURES)}
OFFSETS: Ints = np.concatenate([[0], np.cumsum(list(FEATURES.values()))[:-1]]).astype(np.int64)
TOTAL_CATEGORIES = int(sum(FEATURES.values()))
FOREIGN = TOKEN_COUNT  # a chord that is in no table


class HarmonyModel(Protocol):
    """A chord model p(chord | chords before, plan); ``B`` sequences run as one batch."""

    name: str

    def start(self, batch: int) -> Any:
        """The state before the first chord."""

    def step(self, state: Any, columns: Ints) -> tuple[Any, NDArray[np.float32]]:
        """Feed the context of the next chord (B, len(FEATURES)); the new state and logits (B, TOKEN_COUNT)."""

    def select(self, state: Any, rows: Ints) -> Any:
        """The state with its batch rows re-ordered or repeated."""

    def bigram(self, mode: str) -> tuple[Floats, Floats]:
        """(S,) start and (S, S) transition probabilities over ``STATES[mode]``: the look-ahead, and the yardstick."""


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """What is known of a chord before it is chosen.

    rate: chords in its bar (1, 2, or ``BEAT_RATE`` for one a beat); place: 0 on the downbeat, 1 in the middle of the
    bar, 2 elsewhere; the counts are from the phrase's first bar and to its last bar and slot; cadence: one of
    ``CADENCES``, None unknown; part: one of ``PARTS``, the phrase's place in the piece; tension: 0..1, None unknown.
    """

    rate: int
    place: int
    bar_in_phrase: int
    bars_left: int
    slots_left: int
    cadence: str | None = None
    part: str | None = None
    tension: float | None = None


@dataclass(frozen=True, slots=True)
class HarmonyFrame:
    """What holds for all chords of a piece or phrase. ``mode`` is a parent mode, None in ``style`` means unknown."""

    mode: str
    meter: Meter
    style: str | None = None


def plan_columns(frame: HarmonyFrame, slots: Sequence[SlotPlan]) -> Ints:
    """(T, K) the context of every slot, with the columns of the chords before still 0."""
    columns = np.zeros((len(slots), len(FEATURES)), np.int64)
    if not slots:
        return columns
    columns[:, COLUMNS["mode"]] = 1 + PARENTS.index(frame.mode)
    columns[:, COLUMNS["meter"]] = 1 + METER_CLASSES.index(meter_class(frame.meter))
    columns[:, COLUMNS["style"]] = 0 if frame.style is None else 1 + STYLES.index(frame.style)
    columns[:, COLUMNS["rate"] :] = [
        (
            slot.rate,
            1 + slot.place,
            1 + min(slot.bar_in_phrase, _BARS_MAX - 1),
            1 + min(slot.bars_left, _BARS_MAX - 1),
            1 + min(slot.slots_left, _SLOTS_MAX - 1),
            0 if slot.cadence is None else 1 + CADENCES.index(slot.cadence),
            0 if slot.part is None else 1 + PARTS.index(slot.part),
            0 if slot.tension is None else 1 + tension_bucket(slot.tension),
        )
        for slot in slots
    ]
    return columns


@dataclass(frozen=True, slots=True)
class History:
    """The chords before, for ``B`` sequences: (B,) category of the chord before and of the last other one (0: none),
    and the slots that the chord before has lasted."""

    previous: Ints
    other: Ints
    held: Ints

    @staticmethod
    def empty(batch: int) -> History:
        zeros = np.zeros(batch, np.int64)
        return History(zeros, zeros, zeros)

    def after(self, tokens: Ints) -> History:
        """The history once ``tokens`` (B,) have sounded; ``FOREIGN`` stands for a chord outside the table."""
        category = tokens + 1
        stays = category == self.previous
        held = np.where(stays, np.minimum(self.held + 1, _HELD_MAX), 1)
        return History(category, np.where(stays, self.other, self.previous), held)

    def into(self, columns: Ints) -> Ints:
        """(B, K) the slot's ``columns`` (K,) or (B, K) with these chords before it."""
        filled = np.empty((len(self.previous), len(FEATURES)), np.int64)
        filled[:] = columns
        filled[:, COLUMNS["previous"]], filled[:, COLUMNS["other"]] = self.previous, self.other
        filled[:, COLUMNS["held"]] = self.held
        return filled

    def select(self, rows: Ints) -> History:
        """The history with its rows re-ordered or repeated."""
        return History(self.previous[rows], self.other[rows], self.held[rows])


def history_columns(tokens: Sequence[int]) -> Ints:
    """(T, 3) the columns previous, other and held of each slot of a known line: what ``History`` gives step by step."""
    rows = np.zeros((len(tokens), 3), np.int64)
    previous = other = held = 0
    for index, token in enumerate(tokens):
        rows[index] = previous, other, held
        if token + 1 == previous:
            held = min(held + 1, _HELD_MAX)
        else:
            previous, other, held = token + 1, previous, 1
    return rows


def meter_class(meter: Meter) -> str:
    """How the bar is counted: in twos, in threes, or in beats of three."""
    if meter.is_compound:
        return "compound"
    return "triple" if meter.beats % 3 == 0 else "duple"


def parent_mode(key: Key) -> str:
    return "minor" if key.is_minor else "major"


def token_of(chord: Chord, key: Key) -> int | None:
    """The token of the state of the key's parent mode that is nearest to ``chord``.

    Nearest: same root, same third (and fifth, if diminished), then the same seventh. A diminished seventh chord is one
    with any of its inversions. ``None`` when no state has that root and third.
    """
    return _nearest(parent_mode(key), (chord.root - key.tonic_class) % 12, chord.quality)


@cache
def _nearest(mode: str, root: int, quality: str) -> int | None:
    steps = QUALITIES[quality]
    roots = [(root + turn) % 12 for turn in (0, 3, 6, 9)] if quality == "dim7" else [root]
    best: tuple[int, int] | None = None
    for state in STATES[mode]:
        mine = QUALITIES[state.quality]
        if state.root not in roots or ((quality == "dim7") != (state.quality == "dim7") and state.root != root):
            continue
        if mine[1] != steps[1] or ((mine[2] == 6) != (steps[2] == 6)):
            continue
        shared = 3 if mine == steps else 2 if mine[3:] == steps[3:] else 1 if len(mine) == 3 else 0
        if best is None or shared > best[0]:
            best = (shared, _INDEX[state.root, state.quality])
    return None if best is None else best[1]


# -- tension

# How much each quality wants to move, 0 for a triad at rest .. 1.
_UNREST = {
    "": 0.0, "m": 0.0, "6": 0.2, "m6": 0.3, "sus2": 0.3, "sus4": 0.3, "m7": 0.3, "maj7": 0.4, "7": 0.5, "7sus4": 0.5,
    "m7b5": 0.7, "dim": 0.8, "mMaj7": 0.8, "aug": 0.9, "dim7": 1.0,
}  # fmt: skip
_DISTANCE, _CHROMATIC, _QUALITY, _FIFTHS = 0.45, 0.20, 0.25, 0.10
_FARTHEST = 1.8  # distance of tonal centroids: about that of the triad on the second degree, raised or not
# Raw tension below which lie a fifth, two fifths ... of the chords of the training corpora (bars, means over three).
LEVEL_KNOTS = (0.0, 0.10, 0.20, 0.28, 0.35, 0.60)
NEIGHBOUR_WEIGHT = 0.5  # of the bars before and after, in the tension of a bar


def raw_tension(root: int, quality: str, scale: str) -> float:
    """0..1: how far a chord strains from the tonic triad.

    0.45 for the distance of its tonal centroid from that of the tonic triad (Harte et al. 2006; of 1.8), 0.20 for
    tones outside the scale (two or more count full; the raised seventh of minor is in it over V and vii), 0.25 for the
    quality (a triad 0, a diminished seventh chord 1) and 0.10 for the distance of the roots along the circle of
    fifths (of six). ``root`` is semitones above the tonic, ``scale`` a mode.
    """
    return _raw(root % 12, quality, scale)


@cache
def _raw(root: int, quality: str, scale: str) -> float:
    classes = tuple((root + step) % 12 for step in QUALITIES[quality])
    tonic = (0, 3 if 3 in SCALES[scale] else 4, 7)
    inside = set(SCALES[scale]) | ({11} if scale == "minor" and root in (7, 11) else set())
    fifths = root * 7 % 12
    return (
        _DISTANCE * min(1.0, float(np.linalg.norm(_centroid(classes) - _centroid(tonic))) / _FARTHEST)
        + _CHROMATIC * min(2, len(set(classes) - inside)) / 2
        + _QUALITY * _UNREST[quality]
        + _FIFTHS * min(fifths, 12 - fifths) / 6
    )


def _centroid(classes: tuple[int, ...]) -> Floats:
    """(6,) the mean place of the tones on the circles of fifths, minor thirds and major thirds (radii 1, 1, 0.5)."""
    angles = np.outer((7 * np.pi / 6, 3 * np.pi / 2, 2 * np.pi / 3), classes)
    radii = np.array([[1.0], [1.0], [0.5]])
    return np.concatenate([(radii * np.sin(angles)).mean(axis=1), (radii * np.cos(angles)).mean(axis=1)])


def chord_tension(chord: Chord, key: Key) -> float:
    """The raw tension of ``chord`` in ``key``, 0..1 (see ``raw_tension``)."""
    return raw_tension(chord.root - key.tonic_class, chord.quality, key.mode)


def tension_levels(bars: Sequence[float]) -> Floats:
    """The tension of each bar, 0..1, from the raw tension of its chords and those of the bars beside it.

    This is what the plan's targets mean: evenly spread over what the training corpora do (0.5 is their median).
    """
    raw = np.asarray(bars, dtype=float)
    if not len(raw):
        return raw
    weights = np.full(len(raw), 1.0)
    total = raw.copy()
    total[1:] += NEIGHBOUR_WEIGHT * raw[:-1]
    total[:-1] += NEIGHBOUR_WEIGHT * raw[1:]
    weights[1:] += NEIGHBOUR_WEIGHT
    weights[:-1] += NEIGHBOUR_WEIGHT
    return level_of(total / weights)


def level_of(raw: Floats | float) -> Floats:
    """Raw tension on the scale of the plan's targets, 0..1."""
    return np.asarray(np.interp(raw, LEVEL_KNOTS, np.linspace(0.0, 1.0, len(LEVEL_KNOTS))))


def raw_of_level(level: Floats | float) -> Floats:
    """The raw tension that a target (0..1) asks for: the inverse of ``level_of``."""
    return np.asarray(np.interp(level, np.linspace(0.0, 1.0, len(LEVEL_KNOTS)), LEVEL_KNOTS))


def tension_bucket(level: float) -> int:
    """0 (at rest) .. ``TENSIONS - 1``."""
    return min(TENSIONS - 1, max(0, int(level * TENSIONS)))


def cadence_of(before: int | None, last: int | None, sung: int | None) -> str:
    """How a phrase ends: by the tokens of its last two chords and the melody's last pitch class above the tonic."""
    if last is None or last == FOREIGN:
        return "none"
    root, quality = TOKENS[last]
    earlier = TOKENS[before] if before is not None and before != FOREIGN else (-1, "")
    is_dominant = earlier in ((7, ""), (7, "7"), (11, "dim"), (11, "dim7"), (11, "m7b5"))
    if root == 7 and quality in ("", "7"):
        return "HC"
    if root == 0 and len(QUALITIES[quality]) == 3:
        if is_dominant:
            return "PAC" if sung == 0 else "IAC"
        return "PC" if earlier[0] in (5, 2) else "none"
    return "DC" if is_dominant and root in (8, 9) and quality in ("", "m") else "none"


def vocabulary_sha256() -> str:
    """sha256, hexadecimal, of every table that gives a column or a logit its meaning."""
    tables = (
        STATES, TOKENS, FEATURES, CADENCES, STYLES, METER_CLASSES, PARTS, PARENTS, LEVEL_KNOTS, NEIGHBOUR_WEIGHT,
        sorted(_UNREST.items()), (_DISTANCE, _CHROMATIC, _QUALITY, _FIFTHS, _FARTHEST),
        (_HELD_MAX, _BARS_MAX, _SLOTS_MAX),
    )  # fmt: skip
    return hashlib.sha256(repr(tables).encode()).hexdigest()
