"""Phrases and bars as the plan has them: what they are made from, how they end, and what each bar aims at."""

from __future__ import annotations

from dataclasses import dataclass

from composer.music.phrases import CADENCES as CADENCES
from composer.music.phrases import DECEPTIVE as DECEPTIVE
from composer.music.phrases import HALF as HALF
from composer.music.phrases import IMPERFECT as IMPERFECT
from composer.music.phrases import PERFECT as PERFECT
from composer.music.phrases import PHRASE_BARS as PHRASE_BARS
from composer.music.phrases import PLAGAL as PLAGAL

NEW, COPY, NEW_END, SAME_RHYTHM, SEQUENCE, FIT_CHORD, ORNAMENT, SIMPLIFY, INVERT, OCTAVE, FRAGMENT, AUGMENT = (
    "new", "copy", "copy_new_end", "same_rhythm", "sequence", "fit_chord", "ornament", "simplify", "invert_contour",
    "octave", "fragment", "augment",
)  # fmt: skip
OPERATORS = (
    NEW, COPY, NEW_END, SAME_RHYTHM, SEQUENCE, FIT_CHORD, ORNAMENT, SIMPLIFY, INVERT, OCTAVE, FRAGMENT, AUGMENT,
)  # fmt: skip
# Operators whose result stands over chords of its own; the others return with the chords of their source.
_REHARMONISED = frozenset({NEW, SEQUENCE, FIT_CHORD, INVERT, FRAGMENT, AUGMENT})


@dataclass(frozen=True, slots=True)
class BarPlan:
    """Targets of one bar.

    ``density_npq``: melody notes to the quarter; ``register``: centre of the melody as a MIDI pitch; ``energy``
    (0..1): loudness and weight of the accompaniment; ``tension`` (0..1): how far the harmony strains from rest,
    highest at the climax; ``role``: place in the phrase, one of ``composer.encoding.melody.ROLES``.
    """

    density_npq: float
    register: float
    energy: float
    role: str
    tension: float = 0.5


@dataclass(frozen=True, slots=True)
class Phrase:
    """Bars ``first`` .. ``first + bars - 1``; ``source`` is the index of the phrase it derives from by ``operator``.

    ``pickup`` is the length in ticks of the anacrusis before the first bar line: those notes belong to this phrase,
    and the phrase before ends that much earlier.
    """

    index: int
    section: int
    first: int
    bars: int
    cadence: str
    operator: str = NEW
    source: int | None = None
    pickup: int = 0
    label: str = ""

    @property
    def last(self) -> int:
        return self.first + self.bars - 1

    @property
    def keeps_chords(self) -> bool:
        """Whether the phrase returns over the chords of its source, its own cadence aside."""
        return self.source is not None and self.operator not in _REHARMONISED
