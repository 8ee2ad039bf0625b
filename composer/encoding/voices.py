"""The lower voices under a tune, one set to a chord: what a model is given, what it tells, and the seam between.

Pitches are semitones above the tonic that lies at or below the soprano's median, so a chorale in any key looks the
same. What is given (soprano, chords, metre, fermatas) is known for the whole piece beforehand; of the voices a model
sees only those of the chord before. So its log-probabilities add up along a path, and Viterbi finds the best exactly.

References: metadata after Hadjeres, Pachet & Nielsen (2017), DeepBach, and Liang et al. (2017), BachBot; they sample,
we only weigh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.music.chord import QUALITIES, Chord
from composer.music.key import Key
from composer.music.time import Meter

Ints = NDArray[np.int64]
LogProbs = NDArray[np.float32]

VOICES = ("bass", "alto", "tenor")  # in the order in which each is told, given those before it
LOWEST, HIGHEST = -45, 18
TOKENS = HIGHEST - LOWEST + 1
START = TOKENS  # instead of the voices before the first chord
SOPRANO_LOWEST, SOPRANO_HIGHEST = -18, 30
_SOPRANO = SOPRANO_HIGHEST - SOPRANO_LOWEST + 1
# Qualities as the model sees them; what is not here counts as the triad or seventh that it holds.
SHAPES = ("", "m", "dim", "7", "m7", "m7b5", "maj7", "dim7")
_BEATS_MAX = 4

# One table: column name -> number of categories.
COLUMNS: dict[str, int] = {
    "mode": 2,
    "felt_beats": 4,
    "accent": 4,
    "fermata": 2,
    "beats": _BEATS_MAX,
    "chord": 12 * len(SHAPES),
    "soprano": _SOPRANO,
    "soprano_before": _SOPRANO,
}
OFFSETS: Ints = np.concatenate([[0], np.cumsum(list(COLUMNS.values()))[:-1]]).astype(np.int64)
CATEGORIES = int(sum(COLUMNS.values()))
CHORD, SOPRANO = list(COLUMNS).index("chord"), list(COLUMNS).index("soprano")


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of one chord: the soprano when it begins and just before (MIDI), the metric weight of its start
    (``Meter.accent``), how many felt beats it lasts, and whether a phrase ends in it."""

    chord: Chord
    soprano: int
    soprano_before: int
    accent: int = 3
    beats: int = 4
    is_fermata: bool = False


class VoicesModel(Protocol):
    """log p(bass | context, bass before), log p(alto | ... , bass), log p(tenor | ..., bass, alto) for each chord.

    All pitches are tokens (``token_of``); ``START`` stands for what comes before the first chord.
    """

    name: str

    def read(self, columns: Ints) -> Any:
        """The contexts of all T chords from ``columns_of`` (T, K)."""

    def bass(self, contexts: Any, index: int, before: Ints) -> LogProbs:
        """(N, TOKENS) for the bass of chord ``index``, for each bass before it (N,)."""

    def alto(self, contexts: Any, index: int, before: Ints, bass: int, bass_before: int) -> LogProbs:
        """(N, TOKENS) for the alto, for each alto before it (N,)."""

    def tenor(self, contexts: Any, index: int, before: Ints, alto: Ints, bass: int) -> LogProbs:
        """(N, M, TOKENS) for the tenor, for each tenor before it (N,) and each alto above it (M,)."""


def token_of(pitch: Any, tonic_midi: int) -> Any:
    """The token of a MIDI pitch (or an array of them), what lies beyond the table taken as its end."""
    return np.clip(np.asarray(pitch) - tonic_midi, LOWEST, HIGHEST) - LOWEST


def tonic_under(soprano: Sequence[int], key: Key) -> int:
    """MIDI pitch of the tonic at or below the median of the soprano's pitches."""
    median = int(np.median(soprano))
    return median - (median - key.tonic_class) % 12


def columns_of(given: Sequence[Given], key: Key, meter: Meter, tonic_midi: int) -> Ints:
    """(T, K) categories, a row for each chord."""
    beats = min(meter.beats, 4) - 1
    rows = [
        (
            int(key.is_minor),
            beats,
            min(3, one.accent),
            int(one.is_fermata),
            min(max(one.beats, 1), _BEATS_MAX) - 1,
            (one.chord.root - key.tonic_class) % 12 * len(SHAPES) + SHAPES.index(shape_of(one.chord)),
            _soprano(one.soprano - tonic_midi),
            _soprano(one.soprano_before - tonic_midi),
        )
        for one in given
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, len(COLUMNS))


def shape_of(chord: Chord) -> str:
    """The entry of ``SHAPES`` that is nearest to the chord's quality."""
    if chord.quality in SHAPES:
        return chord.quality
    steps = QUALITIES[chord.quality]
    if 10 in steps:
        return "7"
    return "m" if 3 in steps else ""


def _soprano(steps: int) -> int:
    return min(max(steps, SOPRANO_LOWEST), SOPRANO_HIGHEST) - SOPRANO_LOWEST


def voices_vocabulary() -> str:
    """Every table that gives a column or a logit its meaning, as text to be hashed."""
    return repr((VOICES, LOWEST, HIGHEST, SOPRANO_LOWEST, SOPRANO_HIGHEST, SHAPES, COLUMNS))


@dataclass(frozen=True, slots=True)
class Head:
    """How one voice is told: the voices that it is conditioned on, as columns of "before" and "now" (``VOICES``)."""

    voice: str
    before: tuple[int, ...]
    now: tuple[int, ...]

    @property
    def conditions(self) -> int:
        return len(self.before) + len(self.now)


HEADS = (Head("bass", (0,), ()), Head("alto", (1, 0), (0,)), Head("tenor", (2,), (1, 0)))


def _intervals() -> Ints:
    tokens = np.arange(TOKENS)
    return np.vstack([tokens[None, :] - tokens[:, None] + TOKENS, 2 * TOKENS + tokens[None, :]])


# A logit is biased by its distance from each other pitch and by its place in the chord: small tables, which these
# arrays spread over the tokens. (TOKENS + 1, TOKENS), (soprano, TOKENS) and (chord, TOKENS) indices.
INTERVALS: Ints = _intervals()
UNDER_SOPRANO: Ints = np.arange(TOKENS)[None, :] + (_SOPRANO - 1) - np.arange(_SOPRANO)[:, None]
IN_CHORD: Ints = np.array(
    [
        [shape * 12 + (token + LOWEST - root) % 12 for token in range(TOKENS)]
        for root in range(12)
        for shape in range(len(SHAPES))
    ]
)
