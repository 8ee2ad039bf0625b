"""Which notes of two versions are the same note: added, removed, moved, or changed in pitch, length or velocity.

Notes that are alike are paired off first. The rest is an assignment problem: the fewest edits that turn one version
into the other, where an edit adds a note, removes one or changes one. So a note that moved by a beat is one move.
A note keeps its identity when it

- keeps its onset and goes up or down by at most two octaves, or
- keeps its pitch and moves by at most four quarters, or
- keeps length and velocity and goes at most a quarter and an octave away (dragged aslant).

Pairing equals first never costs an edit: taking an equal pair out of an optimal solution frees two notes, whose
former partners are then at worst one note removed and one added, in place of two edits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from composer.compare.assignment import Cost, pairs_at_least_cost
from composer.compare.view import Tone

ADDED, REMOVED, MOVED, PITCH, LENGTH, VELOCITY = "added", "removed", "moved", "pitch", "length", "velocity"
MOVE_QUARTERS = 4
TRANSPOSE_SEMITONES = 24
ASLANT_QUARTERS, ASLANT_SEMITONES = 1, 12
# A note is compared with so many that begin before it and after it: files with thousands of notes at one tick.
_NEIGHBOURS_MAX = 200


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit of time (parts of a quarter), and how far two times may differ and still be equal."""

    unit: int
    tolerance: int = 0


@dataclass(frozen=True, slots=True)
class NoteEdit:
    """One edit: a note that came (no ``before``), went (no ``after``), or is another now in the ways ``kinds`` says."""

    kinds: tuple[str, ...]
    before: Tone | None
    after: Tone | None

    @property
    def tone(self) -> Tone:
        """The old note, or the new one where there was none."""
        tone = self.before or self.after
        assert tone is not None
        return tone


@dataclass(frozen=True, slots=True)
class NoteEdits:
    """The edits by time, and the notes that are as they were (old, new)."""

    edits: tuple[NoteEdit, ...]
    same: tuple[tuple[Tone, Tone], ...]

    @property
    def pairs(self) -> list[tuple[Tone, Tone]]:
        """Every note that both versions have, as it was and as it is."""
        return [*self.same, *((e.before, e.after) for e in self.edits if e.before is not None and e.after is not None)]


def note_edits(before: Sequence[Tone], after: Sequence[Tone], scale: Scale) -> NoteEdits:
    """The fewest edits that make ``after`` of ``before``."""
    alike, olds, news = _without_equals(sorted(before), sorted(after))
    same, changed = list(alike), []
    pairs = pairs_at_least_cost(_candidates(olds, news, scale))
    for i, j in pairs:
        kinds = kinds_of(olds[i], news[j], scale)
        if kinds:
            changed.append(NoteEdit(kinds, olds[i], news[j]))
        else:
            same.append((olds[i], news[j]))
    paired_old, paired_new = {i for i, _ in pairs}, {j for _, j in pairs}
    gone = [NoteEdit((REMOVED,), tone, None) for i, tone in enumerate(olds) if i not in paired_old]
    come = [NoteEdit((ADDED,), None, tone) for j, tone in enumerate(news) if j not in paired_new]
    edits = sorted([*changed, *gone, *come], key=lambda e: (e.tone, e.kinds))
    return NoteEdits(tuple(edits), tuple(same))


def kinds_of(old: Tone, new: Tone, scale: Scale) -> tuple[str, ...]:
    """In which ways ``new`` is another note than ``old``; empty when they are alike within the tolerance.

    Two notes that their files never end have no lengths to differ in.
    """
    moved = abs(new.start - old.start) > scale.tolerance
    stretched = new.length - old.length if moved else new.end - old.end
    is_endless = old.is_open and new.is_open
    found = {
        MOVED: moved, PITCH: new.pitch != old.pitch, LENGTH: abs(stretched) > scale.tolerance and not is_endless,
        VELOCITY: new.velocity != old.velocity,
    }  # fmt: skip
    return tuple(kind for kind, differs in found.items() if differs)


def _without_equals(olds: list[Tone], news: list[Tone]) -> tuple[list[tuple[Tone, Tone]], list[Tone], list[Tone]]:
    """Pairs of equal notes, and what is left of both sides."""
    waiting: dict[Tone, list[Tone]] = defaultdict(list)
    for tone in news:
        waiting[tone].append(tone)
    pairs, left = [], []
    for tone in olds:
        if waiting[tone]:
            pairs.append((tone, waiting[tone].pop(0)))
        else:
            left.append(tone)
    return pairs, left, sorted(tone for tones in waiting.values() for tone in tones)


def _candidates(olds: list[Tone], news: list[Tone], scale: Scale) -> dict[tuple[int, int], Cost]:
    """All pairs that may be one note."""
    starts = [tone.start for tone in news]
    reach, near = MOVE_QUARTERS * scale.unit, ASLANT_QUARTERS * scale.unit
    found = {}
    for i, old in enumerate(olds):
        middle = bisect_left(starts, old.start)
        first = max(bisect_left(starts, old.start - reach), middle - _NEIGHBOURS_MAX)
        last = min(bisect_left(starts, old.start + reach + 1), middle + _NEIGHBOURS_MAX)
        for j in range(first, last):
            if news[j].pitch != old.pitch and abs(news[j].start - old.start) > near:
                continue
            cost = _cost(old, news[j], scale)
            if cost is not None:
                found[i, j] = cost
    return found


def _cost(old: Tone, new: Tone, scale: Scale) -> Cost | None:
    """None when the two cannot be one note."""
    quarters = abs(new.start - old.start) / scale.unit
    semitones = abs(new.pitch - old.pitch)
    kinds = kinds_of(old, new, scale)
    if MOVED in kinds and PITCH in kinds:
        if semitones > ASLANT_SEMITONES or len(kinds) > 2:
            return None
    elif semitones > TRANSPOSE_SEMITONES:
        return None
    # Squares, so that a run of repeated notes that moved keeps its order.
    distance = (
        0.4 * (quarters / MOVE_QUARTERS) ** 2
        + 0.3 * (semitones / TRANSPOSE_SEMITONES) ** 2
        + 0.2 * min(1.0, abs(new.length - old.length) / scale.unit / MOVE_QUARTERS)
        + 0.1 * abs(new.velocity - old.velocity) / 127
    )
    return Cost(int(bool(kinds)), len(kinds), distance)
