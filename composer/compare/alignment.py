"""Which bar of one version is which bar of the other, where bars were put in or taken out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from composer.compare.view import Tone
from composer.music.bars import BarMap

# Two bars share a note when its pitch is the same and it comes at the same 32nd.
_GRID_PER_QUARTER = 8
# Music may come so many bars sooner or later in all.
_BARS_APART = 16
# Bars have moved when so many times as many notes are found as where they were.
_GAIN = 1.25
# Where so many notes are in their places nothing is looked for.
_MOST = 0.8
# A time at which nothing of the other version is.
_NOWHERE = -(10**12)

_Notes = Counter[tuple[int, int]]


def at_old_times(olds: Sequence[Tone], news: Sequence[Tone], bars: tuple[BarMap, BarMap], unit: int) -> dict[int, int]:
    """Bar of the new version -> how much later it comes than the bar of the old one that it is, in parts of a quarter,
    ``unit`` to one; bars that are new are far away. Empty where no bars were put in or taken out.

    ``bars`` are those of the old version and those of the new one.
    """
    unmoved = (Counter((t.start, t.pitch) for t in olds) & Counter((t.start, t.pitch) for t in news)).total()
    if unmoved >= _MOST * min(len(olds), len(news)):
        return {}
    before, after = (_by_bar(tones, its, unit) for tones, its in zip((olds, news), bars, strict=True))
    pairs = _paired(before, after)
    same = sum((notes & before[bar]).total() for bar, notes in after.items() if bar in before)
    if sum((after[new] & before[old]).total() for new, old in pairs.items()) < _GAIN * same:
        return {}
    return {
        bar: int(bars[1].start(bar)) - (int(bars[0].start(pairs[bar])) if bar in pairs else _NOWHERE) for bar in after
    }


def moved_back(tones: Sequence[Tone], later: dict[int, int], bars: BarMap) -> list[Tone]:
    """The notes, each at the time of its bar in the old version; ``later`` says by how much it comes later."""
    if not later:
        return list(tones)
    by = [later[bars.place(tone.start).bar] for tone in tones]
    return [replace(t, start=t.start - d, end=t.end - d) for t, d in zip(tones, by, strict=True)]


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
        for j, new in enumerate(news):
            if abs(old - new) <= _BARS_APART:
                shared = (before[old] & after[new]).total()
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
