"""Which bar of one version is which bar of the other, where bars were put in or taken out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from composer.compare.matching import Group, groups_of
from composer.compare.view import Line, Tone
from composer.music.bars import BarMap

# Two bars share a note when its pitch is the same and it comes at the same 32nd.
_GRID_PER_QUARTER = 8
# Music may come so many bars sooner or later in all.
_BARS_APART = 16
# Bars have moved when so many times as many notes are found as where they were.
_GAIN = 1.25
# Where so many notes are in their places nothing is looked for.
_MOST = 0.8
# ... and this part of all, at least.
_FOUND_SHARE = 0.5
# By so much a note is moved away from all others.
_NOWHERE = 10**12

_Notes = Counter[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Step:
    """So many ``bars`` were put in behind the bar ``after`` of the old version, or taken out (less than 0)."""

    after: int
    bars: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """``pairs`` (old bar, new bar) are the same music, in order; none where no bars were put in or taken out.

    ``bars`` are those of the old version and those of the new one.
    """

    pairs: tuple[tuple[int, int], ...]
    bars: tuple[BarMap, BarMap]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Where the new version goes on with another bar than the next one."""
        at, found = (0, 0), []
        for old, new in self.pairs:
            more = (new - at[1]) - (old - at[0])
            found += [Step(at[0] if more > 0 else old + more - 1, more)] if more else []
            at = old, new
        return tuple(found)

    def groups_of(self, before: Sequence[Line], after: Sequence[Line], unit: int) -> tuple[Group, ...]:
        """Every line of both versions in one group each, matched by the times at which their bars were."""
        back = [replace(line, tones=tuple(self._moved_back(line.tones))) for line in after]
        own = {line.index: line for line in after}
        groups = groups_of(before, back, unit)
        return tuple(replace(g, after=tuple(own[line.index] for line in g.after)) for g in groups)

    def _moved_back(self, tones: Sequence[Tone]) -> list[Tone]:
        """The notes, each at the time of its bar in the old version; those of new bars far away."""
        if not self.pairs:
            return list(tones)
        later = {new: int(self.bars[1].start(new)) - int(self.bars[0].start(old)) for old, new in self.pairs}
        by = [later.get(self.bars[1].place(tone.start).bar, _NOWHERE) for tone in tones]
        return [replace(t, start=t.start - d, end=t.end - d) for t, d in zip(tones, by, strict=True)]


def aligned(olds: Sequence[Tone], news: Sequence[Tone], bars: tuple[BarMap, BarMap], unit: int) -> Alignment:
    """The bars of the two versions, by their notes; all times are in parts of a quarter, ``unit`` to one."""
    unmoved = (Counter((t.start, t.pitch) for t in olds) & Counter((t.start, t.pitch) for t in news)).total()
    if unmoved >= _MOST * min(len(olds), len(news)):
        return Alignment((), bars)
    before, after = (_by_bar(tones, its, unit) for tones, its in zip((olds, news), bars, strict=True))
    pairs = _paired(before, after)
    same = sum((notes & before[bar]).total() for bar, notes in after.items() if bar in before)
    found = sum((after[new] & before[old]).total() for new, old in pairs.items())
    is_moved = found >= max(_GAIN * same, _FOUND_SHARE * min(len(olds), len(news)))
    return Alignment(tuple(sorted((old, new) for new, old in pairs.items())) if is_moved else (), bars)


def _by_bar(tones: Sequence[Tone], bars: BarMap, unit: int) -> dict[int, _Notes]:
    found: dict[int, _Notes] = defaultdict(Counter)
    for tone in tones:
        bar = bars.place(tone.start).bar
        found[bar][round((tone.start - bars.start(bar)) * _GRID_PER_QUARTER / unit), tone.pitch] += 1
    return found


def _paired(before: dict[int, _Notes], after: dict[int, _Notes]) -> dict[int, int]:
    """New bar -> old bar, both in order, so that they share the most notes."""
    olds, news = sorted(before), sorted(after)
    best: dict[tuple[int, int], int] = defaultdict(int)
    for i, old in enumerate(olds):
        for j in range(bisect_left(news, old - _BARS_APART), bisect_right(news, old + _BARS_APART)):
            shared = (before[old] & after[news[j]]).total()
            best[i, j] = max(best[i - 1, j], best[i, j - 1], best[i - 1, j - 1] + shared)
    pairs, i, j = {}, len(olds) - 1, len(news) - 1
    while i >= 0 and j >= 0:
        shared = (before[olds[i]] & after[news[j]]).total() if abs(olds[i] - news[j]) <= _BARS_APART else 0
        if shared and best[i, j] == best[i - 1, j - 1] + shared:
            pairs[news[j]] = olds[i]
            i, j = i - 1, j - 1
        elif best[i - 1, j] >= best[i, j - 1]:
            i -= 1
        else:
            j -= 1
    return pairs
