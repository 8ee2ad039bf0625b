"""Which bar of one version is which bar of the other, where bars were put in or taken out.

Bars are paired in order so that the fewest things are left without a partner; a place where bars were put in or taken
out costs as much as some of them do. Without such places things are compared by their times.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from composer.compare.matching import Group, groups_of
from composer.compare.view import MOVABLE, Line, SongEvent, Tone, Turn, View
from composer.music.bars import BarMap

# Things are the same when they come at the same 32nd of their bar.
_GRID_PER_QUARTER = 8
# Music may come so many bars sooner or later in all.
_BARS_APART = 16
# What a thing without a partner costs; a little less in bars that went or came as a whole.
_ALONE, _ALONE_IN_STEP = 4096, 4095
# So many things more have to find their partners for one place where bars are put in or taken out. A note is two ...
STEP = 8 * _ALONE
# ... and so much of what stands in a bar: two drafts of one brief have bars here and there that are much alike.
_STEP_SHARE = 0.5
# A bar that went elsewhere, and of whose things there so many have no partner, speaks against that.
_STRANGE, _STRANGE_SHARE = STEP, 0.4
_PAIRED, _PUT_IN, _TAKEN_OUT = range(3)
_NEVER = 10**12

_Content = Counter[tuple[int, Hashable]]
_Cell = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Music:
    """What stands when in one version: all times are in parts of a quarter."""

    bars: BarMap
    things: tuple[tuple[int, Hashable], ...]
    end: int


@dataclass(frozen=True, slots=True)
class Step:
    """So many ``bars`` were put in behind the bar ``after`` of the old version, or taken out (less than 0).

    ``new_after`` is the bar of the new version behind which that is.
    """

    after: int
    bars: int
    new_after: int


@dataclass(frozen=True)
class Alignment:
    """``steps`` lead from the bars of the old version to those of the new one; ``bars`` are those of both.

    ``cost`` is that of all things that have no partner in their place.
    """

    steps: tuple[Step, ...]
    bars: tuple[BarMap, BarMap]
    cost: int

    def old_time(self, time: int) -> int | None:
        """When in the old version a thing of the new one stands; None in bars that were put in."""
        start, old = self._stretches[max(0, bisect_right(self._stretches, time, key=lambda s: s[0]) - 1)]
        return None if old is None else time - start + old

    def span(self, step: Step) -> range:
        """The times of the bars of a step, in the version that has them."""
        bars, after = (self.bars[1], step.new_after) if step.bars > 0 else (self.bars[0], step.after)
        return range(int(bars.start(after + 1)), int(bars.start(after + abs(step.bars) + 1)))

    def is_taken_out(self, time: int) -> bool:
        """Whether a time of the old version is in bars that the new one has no longer."""
        return any(time in self.span(step) for step in self.steps if step.bars < 0)

    def groups_of(self, before: Sequence[Line], after: Sequence[Line], unit: int) -> tuple[Group, ...]:
        """Every line of both versions in one group each, matched by the times at which their bars were."""
        back = [replace(line, tones=tuple(self._tones_back(line.tones, _NEVER))) for line in after]
        own = {line.index: line for line in after}
        groups = groups_of(before, back, unit)
        return tuple(replace(g, after=tuple(own[line.index] for line in g.after)) for g in groups)

    def taken_back(self, new: View, old: View) -> View:
        """The new version without the bars put in, all times those of the old one; a note that sounds on over such bars
        is as long as it was, where it was only stretched by them."""
        if not self.steps:
            return new
        known = {(tone.start, tone.pitch, tone.end) for tone in old.tones}
        lines = tuple(
            replace(
                line,
                tones=tuple(self._sounding(line.tones, known)),
                turns=tuple(replace(t, time=at) for t in line.turns if (at := self._set_at(t.time)) is not None),
            )
            for line in new.lines
        )
        song = tuple(replace(e, time=at) for e in new.song if (at := self._event_time(e, old, new)) is not None)
        metres = tuple((at, *m[1:]) for m in new.metres if (at := self._set_at(m[0])) is not None)
        end = None if self._is_behind(old.end) else self.old_time(new.end)
        return replace(new, lines=lines, song=tuple(sorted(song)), metres=metres, end=old.end if end is None else end)

    def without_taken_out(self, old: View, new: View) -> View:
        """The old version with nothing in the bars that the new one has no longer."""
        return old.only(
            lambda tone: not self.is_taken_out(tone.start),
            lambda event: not self.is_taken_out(event.time) or self._stays_at_start(event, old, new),
        )

    def content(self, step: Step, old: View, new: View) -> View:
        """What stands in the bars of a step, of the version that has them; what is set at its start stays there."""
        span = self.span(step)
        if step.bars < 0:
            return old.only(
                lambda t: t.start in span, lambda e: e.time in span and not self._stays_at_start(e, old, new)
            )
        return new.only(lambda t: t.start in span, lambda e: e.time in span and self._event_time(e, old, new) is None)

    @cached_property
    def _stretches(self) -> list[tuple[int, int | None]]:
        """Where in the new version stretches begin, and where they were in the old one."""
        old, new = self.bars
        found: list[tuple[int, int | None]] = [(0, 0)]
        for step in self.steps:
            start = int(new.start(step.new_after + 1))
            if step.bars > 0:
                found.append((start, None))
                found.append((int(new.start(step.new_after + step.bars + 1)), int(old.start(step.after + 1))))
            else:
                found.append((start, int(old.start(step.after - step.bars + 1))))
        return found

    def _is_behind(self, end: int) -> bool:
        """Whether the bars of the last step are the last of all, or come behind the old end."""
        last = self.steps[-1]
        return max(last.after, last.after - last.bars) >= self.bars[0].bars_until(end)

    def _set_at(self, time: int) -> int | None:
        """What a file sets at its start, it still sets there."""
        return self.old_time(time) if time else 0

    def _event_time(self, event: Turn | SongEvent, old: View, new: View) -> int | None:
        """When in the old version an event stands. In front of bars put in it may have stayed where it was."""
        if isinstance(event, Turn):
            return self._set_at(event.time)
        if self._stays_at_start(event, old, new):
            return 0
        there = self._starts_of_put_in.get(event.time)
        if there is not None and replace(event, time=there) in old.song:
            return there
        return self.old_time(event.time)

    @cached_property
    def _starts_of_put_in(self) -> dict[int, int]:
        """When bars that were put in begin: when the old bar behind them did."""
        put_in = [step for step in self.steps if step.bars > 0]
        return {self.span(step).start: int(self.bars[0].start(step.after + 1)) for step in put_in}

    def _stays_at_start(self, event: Turn | SongEvent, old: View, new: View) -> bool:
        """Whether an event belongs to the start of its file, not to the bar that begins there: all that sets something,
        and words that both versions have at the start, other than those of a bar that has become the first."""
        if event.time or isinstance(event, Turn) or event.what not in MOVABLE:
            return not event.time
        at = self.old_time(0)
        return event in old.song and event in new.song and not (at and replace(event, time=at) in old.song)

    def _tones_back(self, tones: Sequence[Tone], nowhere: int) -> Iterator[Tone]:
        for tone in tones:
            start = self.old_time(tone.start)
            by = nowhere if start is None else start - tone.start
            yield replace(tone, start=tone.start + by, end=tone.end + by)

    def _sounding(self, tones: Sequence[Tone], known: set[tuple[int, int, int]]) -> Iterator[Tone]:
        """The notes at their old times; one that ends in other bars than it begins is as ``known``, if it can be."""
        for tone in tones:
            start, last = self.old_time(tone.start), self.old_time(tone.end - 1)
            if start is not None:
                is_known = last is not None and (start, tone.pitch, last + 1) in known
                end = last + 1 if is_known and last is not None else start + tone.length
                yield replace(tone, start=start, end=end)


def aligned(old: Music, new: Music, unit: int) -> Alignment:
    """The bars of the two versions, ``unit`` of their times to a quarter."""
    bars = old.bars, new.bars
    unmoved = _ALONE * _apart(*(Counter((_grid(t, unit), key) for t, key in m.things) for m in (old, new)))
    if unmoved <= STEP:
        return Alignment((), bars, unmoved)
    sheets = _Sheet.of(old, unit), _Sheet.of(new, unit)
    tail = _tail(*sheets, (min(len(sheet.content) for sheet in sheets),) * 2)
    return _Table(*sheets).solved(bars, unmoved) or Alignment(tail, bars, unmoved)


def music_of(view: View, bars: BarMap) -> Music:
    """Everything of a version that stands in some bar; what is set at its start does not."""
    things = [*note_things(view.tones)]
    things += [(e.time, (e.what, e.text)) for e in view.song if e.time or e.what in MOVABLE]
    things += [(t.time, (line.channel, t.what, t.value)) for line in view.lines for t in line.turns if t.time]
    return Music(bars, tuple(things), view.end)


def note_things(tones: Iterable[Tone]) -> Iterator[tuple[int, Hashable]]:
    """Each note twice, so that of two bars with the same notes the one counts that was played alike."""
    for tone in tones:
        yield tone.start, tone.pitch
        yield tone.start, (tone.pitch, tone.velocity)


def _grid(time: int, unit: int) -> int:
    return round(time * _GRID_PER_QUARTER / unit)


def _apart(one: _Content, other: _Content) -> int:
    return one.total() + other.total() - 2 * (one & other).total()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The content and the length of each bar; the first is bar 1."""

    content: tuple[_Content, ...]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, music: Music, unit: int) -> _Sheet:
        found: dict[int, _Content] = defaultdict(Counter)
        for time, key in music.things:
            bar = max(1, music.bars.place(time).bar)
            found[bar][_grid(time - int(music.bars.start(bar)), unit), key] += 1
        last = max([1, music.bars.bars_until(music.end), *found])
        starts = [int(music.bars.start(bar)) for bar in range(1, last + 2)]
        lengths = tuple(b - a for a, b in pairwise(starts))
        return cls(tuple(found[bar] for bar in range(1, last + 1)), lengths)


def _tail(old: _Sheet, new: _Sheet, read: tuple[int, int]) -> tuple[Step, ...]:
    """A step for the bars that only one version has behind the first ``read`` bars of both, if they are full."""
    if _ALONE * sum(content.total() for content in new.content[read[1] :]) > STEP:
        return (Step(read[0], len(new.content) - read[1], read[1]),)
    if _ALONE * sum(content.total() for content in old.content[read[0] :]) > STEP:
        return (Step(read[0], read[0] - len(old.content), read[1]),)
    return ()


class _Table:
    """The best way to have read so many bars of both versions, and where it came from.

    What is left of either version when the other is at its end costs its things and no step.
    """

    def __init__(self, old: _Sheet, new: _Sheet) -> None:
        self.old, self.new = old, new
        self.sizes = [content.total() for content in old.content], [content.total() for content in new.content]
        bars = max(len(sizes) for sizes in self.sizes)
        self.step = max(STEP, round(_STEP_SHARE * _ALONE * min(sum(sizes) for sizes in self.sizes) / bars))
        self.best: dict[_Cell, int] = {(0, 0, _PAIRED): 0}
        self.origin: dict[_Cell, _Cell] = {}

    def solved(self, bars: tuple[BarMap, BarMap], unmoved: int) -> Alignment | None:
        """The best way, if it takes steps and costs less than ``unmoved``."""
        olds, news = len(self.old.content), len(self.new.content)
        for i in range(olds + 1):
            for j in range(max(0, i - _BARS_APART), min(news, i + _BARS_APART) + 1):
                for cell, cost, origin in self._ways(i, j):
                    if cost < self.best.get(cell, _NEVER):
                        self.best[cell], self.origin[cell] = cost, origin
        ends = {
            cell: cost + _ALONE * (sum(self.sizes[0][cell[0] :]) + sum(self.sizes[1][cell[1] :]))
            for cell, cost in self.best.items()
            if cell[0] == olds or cell[1] == news
        }
        last = min(ends, key=lambda cell: (ends[cell], cell), default=None)
        if last is None or ends[last] >= unmoved:
            return None
        behind = _tail(self.old, self.new, last[:2])
        steps = self._steps(last)
        return Alignment((*steps, *behind), bars, ends[last] - self.step * len(steps)) if steps else None

    def _ways(self, i: int, j: int) -> Iterator[tuple[_Cell, int, _Cell]]:
        """How to come to the cell of ``i`` and ``j`` bars read. Of equal ways the first is taken."""
        for kind, origin in ((_PUT_IN, (i, j - 1)), (_TAKEN_OUT, (i - 1, j)), (_PAIRED, (i - 1, j - 1))):
            for before in (_TAKEN_OUT, _PUT_IN, _PAIRED):
                cell = *origin, before
                if cell not in self.best or (kind, before) == (_TAKEN_OUT, _PUT_IN):
                    continue
                step = self.step if kind != _PAIRED and before != kind else 0
                yield (i, j, kind), self.best[cell] + step + self._cost(kind, i - 1, j - 1), cell

    def _cost(self, kind: int, i: int, j: int) -> int:
        if kind != _PAIRED:
            return _ALONE_IN_STEP * (self.sizes[1][j] if kind == _PUT_IN else self.sizes[0][i])
        if self.old.lengths[i] != self.new.lengths[j]:
            return _NEVER
        apart = _apart(self.old.content[i], self.new.content[j])
        # Music that is neither here nor there tells nothing of where it has gone.
        is_strange = i != j and apart > _STRANGE_SHARE * (self.sizes[0][i] + self.sizes[1][j])
        return _ALONE * apart + (_STRANGE if is_strange else 0)

    def _steps(self, last: _Cell) -> tuple[Step, ...]:
        """The steps on the way to ``last``."""
        found, cell = list[Step](), last
        while cell in self.origin:
            start = cell
            while cell in self.origin and cell[2] == start[2]:
                cell = self.origin[cell]
            if start[2] != _PAIRED:
                found.append(Step(cell[0], start[1] - cell[1] if start[2] == _PUT_IN else cell[0] - start[0], cell[1]))
        return tuple(reversed(found))
