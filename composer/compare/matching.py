"""Which line of the old version is which line of the new one: by name, then channel and program, then notes.

A DAW may put several lines on one track (or take one apart); then one group holds them all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from composer.compare.view import Line, Tone

BY_NAME, BY_CHANNEL, BY_NOTES, ALONE = "name", "channel and program", "notes", ""
# Two lines share a note when its pitch is the same and its onset the same 32nd.
_GRID_PER_QUARTER = 8
# Lines are the same by their notes when they share this part of the shorter one ...
_OVERLAP_SHARE = 0.3
# ... and a line has been put on another's track when this part of it is found there.
_MERGED_SHARE = 0.5
# Channel and program decide unless the notes fit some other line so much better.
_BETTER_ELSEWHERE = 2.0
# All music has been shifted when this share of the notes is found again so much later, at least so many notes ...
_SHIFTED_SHARE, _SHIFTED_NOTES = 0.8, 8
# ... and that many times as many as without a shift. Or it is nearly all, and more than without: music of loops is
# nearly the same a bar later.
_SHIFTED_GAIN = 2
_SHIFTED_NEARLY_ALL = 0.95
_SHIFT_BARS = 4

Notes = Counter[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that are one part of the music in both versions; one side is empty for a line that came or went."""

    before: tuple[Line, ...]
    after: tuple[Line, ...]
    matched_by: str

    @property
    def label(self) -> str:
        """The old name, or the new one where there is no old."""
        return " + ".join(dict.fromkeys(line.label for line in self.before or self.after))


def groups_of(before: Sequence[Line], after: Sequence[Line], unit: int) -> tuple[Group, ...]:
    """Every line of both versions in one group each, in the order of the old version."""
    table = _Table(before, after, unit)
    named = [line for line in (*before, *after) if line.name]
    if named:
        table.match(lambda line: line.name and (line.name.casefold(), line.channel), BY_NAME)
        table.match(lambda line: line.name.casefold(), BY_NAME)
    table.match_unique(lambda line: (line.channel, line.program), BY_CHANNEL)
    table.match_by_notes()
    table.merge()
    return table.groups()


def shift_between(before: Sequence[Tone], after: Sequence[Tone], bar: int) -> int:
    """How much later all music is in ``after`` (0: it is not); ``bar`` is the length of the first bar."""
    if min(len(before), len(after)) < _SHIFTED_NOTES:
        return 0
    olds, news = (Counter((t.start, t.pitch) for t in tones) for tones in (before, after))
    first = min(t.start for t in after) - min(t.start for t in before)
    candidates = {first, *(n * bar for n in range(-_SHIFT_BARS, _SHIFT_BARS + 1))} - {0}
    found = {shift: _found_again(olds, news, shift) for shift in sorted(candidates, key=lambda s: (abs(s), s))}
    best = max(found, key=lambda shift: found[shift])
    notes, unshifted = min(len(before), len(after)), _found_again(olds, news, 0)
    enough = min(max(_SHIFTED_SHARE * notes, _SHIFTED_GAIN * unshifted), _SHIFTED_NEARLY_ALL * notes)
    return best if found[best] >= enough and found[best] > unshifted else 0


def _found_again(olds: Notes, news: Notes, shift: int) -> int:
    return sum(min(count, news[start + shift, pitch]) for (start, pitch), count in olds.items())


class _Table:
    """Lines that wait for a partner, and the pairs found so far."""

    def __init__(self, before: Sequence[Line], after: Sequence[Line], unit: int) -> None:
        self.before, self.after = list(before), list(after)
        self.pairs: list[Group] = []
        self.notes = {
            (side, line.index): _notes(line, unit) for side, lines in enumerate((before, after)) for line in lines
        }

    def match(self, key: Callable[[Line], Hashable], matched_by: str) -> None:
        """Pair lines of equal, non-empty keys, first with first."""
        olds, news = _by_key(self.before, key), _by_key(self.after, key)
        for name in olds:
            for old, new in zip(olds[name], news.get(name, []), strict=False):
                self._pair(old, new, matched_by)

    def match_unique(self, key: Callable[[Line], Hashable], matched_by: str) -> None:
        """Pair lines whose key nobody else on their side has, unless the notes speak for another."""
        olds, news = _by_key(self.before, key), _by_key(self.after, key)
        shared = {(a.index, b.index): self._shared(a, b) for a in self.before for b in self.after}
        for name in olds.keys() & news.keys():
            if len(olds[name]) == len(news[name]) == 1:
                old, new = olds[name][0], news[name][0]
                rivals = [n for (a, b), n in shared.items() if (a == old.index) != (b == new.index)]
                if _BETTER_ELSEWHERE * max(1, shared[old.index, new.index]) > max(rivals, default=0):
                    self._pair(old, new, matched_by)

    def match_by_notes(self) -> None:
        """Pair what shares the most notes, again and again."""
        found = []
        for old in self.before:
            for new in self.after:
                shared = self._shared(old, new)
                if shared and shared >= _OVERLAP_SHARE * min(len(old.tones), len(new.tones)):
                    found.append((-shared, old.index, new.index, old, new))
        for _, _, _, old, new in sorted(found, key=lambda f: f[:3]):
            if old in self.before and new in self.after:
                self._pair(old, new, BY_NOTES)

    def merge(self) -> None:
        """Put lines that are left into the group in which their notes are found."""
        for side, waiting in ((0, self.before), (1, self.after)):
            for line in sorted(waiting, key=lambda line: -len(line.tones)):
                rest = {i: self._unexplained(group, 1 - side) for i, group in enumerate(self.pairs)}
                best = max(rest, key=lambda i: ((self.notes[side, line.index] & rest[i]).total(), -i), default=None)
                if best is None:
                    continue
                shared = (self.notes[side, line.index] & rest[best]).total()
                if shared >= _MERGED_SHARE * len(line.tones):
                    group = self.pairs[best]
                    sides = [group.before, group.after]
                    sides[side] = tuple(sorted([*sides[side], line], key=lambda one: one.index))
                    self.pairs[best] = replace(group, before=sides[0], after=sides[1])
                    waiting.remove(line)

    def groups(self) -> tuple[Group, ...]:
        alone = [Group((line,), (), ALONE) for line in self.before] + [Group((), (line,), ALONE) for line in self.after]
        return tuple(sorted([*self.pairs, *alone], key=_order))

    def _pair(self, old: Line, new: Line, matched_by: str) -> None:
        self.before.remove(old)
        self.after.remove(new)
        self.pairs.append(Group((old,), (new,), matched_by))

    def _shared(self, old: Line, new: Line) -> int:
        return (self.notes[0, old.index] & self.notes[1, new.index]).total()

    def _unexplained(self, group: Group, side: int) -> Notes:
        """The notes of one side of a group that its other side does not have."""
        sides = [
            sum((self.notes[n, line.index] for line in lines), Counter())
            for n, lines in enumerate((group.before, group.after))
        ]
        return sides[side] - sides[1 - side]


def _notes(line: Line, unit: int) -> Notes:
    return Counter((round(t.start * _GRID_PER_QUARTER / unit), t.pitch) for t in line.tones)


def _by_key(lines: Iterable[Line], key: Callable[[Line], Hashable]) -> dict[Hashable, list[Line]]:
    found: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        if key(line):
            found[key(line)].append(line)
    return found


def _order(group: Group) -> tuple[int, int]:
    return (0, group.before[0].index) if group.before else (1, group.after[0].index)
