"""Metre and ticks. Musical time is an ``int`` of ticks everywhere; never a float of beats."""

from __future__ import annotations

import re
from dataclasses import dataclass

TICKS_PER_BEAT = 480  # of a quarter note
WHOLE_TICKS = 4 * TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature such as 4/4 or 6/8."""

    numerator: int
    denominator: int

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def unit_ticks(self) -> int:
        """Length of the written unit (the denominator)."""
        return WHOLE_TICKS // self.denominator

    @property
    def bar_ticks(self) -> int:
        return self.numerator * self.unit_ticks

    @property
    def is_compound(self) -> bool:
        """Whether the beat is dotted: 6/8, 9/8, 12/8."""
        return self.denominator >= 8 and self.numerator > 3 and self.numerator % 3 == 0

    @property
    def beat_ticks(self) -> int:
        """Length of the felt beat: a quarter in 4/4 and 3/4, a dotted quarter in 6/8."""
        return self.unit_ticks * 3 if self.is_compound else self.unit_ticks

    @property
    def beats(self) -> int:
        """Felt beats in a bar."""
        return self.bar_ticks // self.beat_ticks

    @property
    def strong_ticks(self) -> tuple[int, ...]:
        """Offsets in the bar of the strong beats: the first, and the middle of an even bar."""
        if self.beats >= 4 and self.beats % 2 == 0:
            return (0, self.bar_ticks // 2)
        if self.beats == 2 and self.is_compound:
            return (0, self.bar_ticks // 2)
        return (0,)

    def accent(self, offset_ticks: int) -> int:
        """Metric weight of an offset in the bar: 3 downbeat, 2 other strong beat, 1 beat, 0 off the beat."""
        offset = offset_ticks % self.bar_ticks
        if offset == 0:
            return 3
        if offset in self.strong_ticks:
            return 2
        return 1 if offset % self.beat_ticks == 0 else 0


def meter_of(text: str) -> Meter:
    """The metre written as ``"4/4"``; raises ``ValueError`` when it is none that can be notated."""
    match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(\d{1,2})\s*", text)
    if match:
        numerator, denominator = int(match[1]), int(match[2])
        if 1 <= numerator <= 32 and denominator in (1, 2, 4, 8, 16, 32):
            return Meter(numerator, denominator)
    raise ValueError(f"{text!r} is not a metre such as 4/4, 3/4 or 6/8")


def seconds_of(ticks: int, tempo_bpm: float) -> float:
    """Seconds that ``ticks`` last at ``tempo_bpm`` quarter notes a minute."""
    return ticks / TICKS_PER_BEAT * 60.0 / tempo_bpm
