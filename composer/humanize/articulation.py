"""When a note ends: bound to its neighbour or set off from it.

Only the joints change: a note that lasts to the next one is bound to it over a step and set off before a leap; before
its own repetition it ends early, as a key or a tongue needs time (KTH rules "Repetition articulation" and "Score legato
articulation", Bresin & Battel 2000; Friberg, Bresin & Sundberg 2006). The last note of a phrase leaves room for breath.
A note with a rest after it, or one shorter than its place, keeps its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from composer.formats.midi.source import SourceNote
from composer.humanize.clock import Clock
from composer.humanize.layer import Layer
from composer.humanize.lines import Line, onsets_of
from composer.humanize.phrasing import Phrasing
from composer.music.instruments import BLOWN, SUNG, instrument_of_program
from composer.music.notes import DRUMS

# A note lasts to the next if no more than this share of the time between their onsets is silent.
JOINED_SHARE = 0.15
STEP, LEAP = 2, 7  # semitones
# At strength 1: milliseconds of overlap, shares of the time between onsets that fall silent, and at most that long.
BOUND_MS, BOUND_SHARE = 18.0, 0.1
REPEATED_SHARE, SKIP_SHARE, LEAP_SHARE, BREATH_SHARE = 0.18, 0.04, 0.09, 0.14
SILENCE_MS = 70.0


@dataclass(frozen=True, slots=True)
class Joint:
    """The time between the onsets of two neighbours, in ticks, and the onset of the second as it is played."""

    between: int
    following: int


def ends(
    line: Line, starts: dict[SourceNote, int], layer: Layer, clock: Clock, phrasing: Phrasing
) -> dict[SourceNote, int]:
    """Where each note of ``line`` ends; ``starts`` are the onsets as played. Overlaps are for the caller to mend."""
    result = {note: note.end + starts[note] - note.start for note in line.notes}
    if line.role == DRUMS:
        return result
    for chord, following in pairwise(onsets_of(line.notes)):
        joint = Joint(following[0].start - chord[0].start, starts[following[0]])
        for note in chord:
            if abs(following[0].start - note.end) <= JOINED_SHARE * joint.between:
                gap = _gap(line, note, following, joint, layer, clock, phrasing)
                result[note] = joint.following - gap if gap is not None else note.end + _shift(following, starts)
    return result


def _shift(chord: list[SourceNote], starts: dict[SourceNote, int]) -> int:
    return starts[chord[0]] - chord[0].start


def _gap(
    line: Line, note: SourceNote, following: list[SourceNote], joint: Joint, layer: Layer, clock: Clock,
    phrasing: Phrasing,
) -> int | None:  # fmt: skip
    """Ticks of silence before the next note (below 0: of overlap); None leaves the joint as long as it was."""
    longest = clock.ticks(SILENCE_MS, note.start)
    written = following[0].start - note.end  # as the file has it
    if any(other.pitch == note.pitch for other in following):
        share = REPEATED_SHARE
    elif not line.is_one_voice:
        return None
    elif phrasing.phrase(note.start) != phrasing.phrase(following[0].start):
        share = BREATH_SHARE
    else:
        interval = abs(following[0].pitch - note.pitch)
        if interval <= STEP:
            family = instrument_of_program(note.program).family
            overlap = min(clock.ticks(BOUND_MS, note.start), BOUND_SHARE * joint.between)
            wanted = 0.0 if family in (BLOWN, SUNG) else -overlap
            return round(written + (wanted - written) * layer.strength)
        share = LEAP_SHARE if interval > LEAP else SKIP_SHARE
    return round(max(written, layer.strength * min(share * joint.between, longest)))
