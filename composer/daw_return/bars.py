"""The piece with the bars that a person put in or took out in a DAW: what it knows moves with its bars.

A returned file is laid over the piece as it would be with those bars, so that its notes find their lines and their
ticks there, and what it lost comes back where its bar is now. What stood in a bar that was taken out goes with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from composer.compare.alignment import Music, Step, aligned, note_things
from composer.compare.summary import count_text
from composer.compare.view import Line, Tone
from composer.daw_return.frame import Frame
from composer.formats.midi.scan import CONTROL, KEY_PRESSURE, SYSEX, TIME_SIGNATURE, RawEvent
from composer.formats.midi.source import CUE, LYRIC, MARKER, decoded
from composer.music.bars import BarMap
from composer.music.regions import bars_text

# Notes are compared by the 32nd of their bar: one that a program plays a little early belongs to the next bar.
_GRID_PER_QUARTER = 8
# Music is led from one place to another where so many notes, and this share of them, are found there.
_SHOWN_NOTES, _SHOWN_SHARE = 2, 0.5
# A bar is a copy of another where this share of its notes is found there.
_COPIED_SHARE = 0.8
# What stands at a place in the music; all else at the start of a file sets something there.
_STANDING = frozenset({MARKER, LYRIC, CUE})

_Bars = dict[int, Counter[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Fit:
    """All music of a file is ``shift`` later than in the piece, but for the bars of ``steps``: those that were put in
    or taken out. ``bars`` are those of the piece and those of the file, without the shift."""

    shift: int
    steps: tuple[Step, ...]
    bars: tuple[BarMap, BarMap]

    def at(self, time: int) -> int | None:
        """When a time of the piece comes in the file; None in bars that were taken out."""
        old, new = self.bars
        bar = old.place(time).bar
        by = 0
        for step in self.steps:
            if step.bars < 0 and step.after < bar <= step.after - step.bars:
                return None
            by += step.bars if step.after < bar else 0
        return int(time - old.start(bar) + new.start(bar + by)) if by else time

    @property
    def put_in(self) -> list[range]:
        """The times of the bars that were put in, in the file without the shift."""
        new = self.bars[1]
        return [_span(new, s.new_after, s.bars) for s in self.steps if s.bars > 0]

    @property
    def taken_out(self) -> list[range]:
        """The times of the bars that were taken out, in the piece."""
        return [_span(self.bars[0], s.after, -s.bars) for s in self.steps if s.bars < 0]

    def told(self, frame: Frame) -> str:
        """``"1 bar put in after bar 8"`` for each step, with the markers of ``frame`` that went with their bars."""
        return "; ".join(_told(step, self.bars[0], frame) for step in self.steps)


def fitted(
    olds: Sequence[Tone],
    news: Sequence[Tone],
    shift: int,
    bars: tuple[BarMap, BarMap],
    unit: int,
    *,
    metres: Sequence[tuple[int, int, int]],
    is_told: bool,
) -> Fit:
    """Where the music of a file belongs that is about ``shift`` later than in the piece. ``metres`` are those of the
    piece (time, upper and lower number) where the file has none, so that they move with its bars.

    Empty bars in front are no bars that were put in. Of a file that does not say all that a save of the whole says
    (``is_told``), no bar in front of it was taken out; what lies behind it is left to others in any case.
    """
    moved = [replace(tone, start=tone.start - shift, end=tone.end - shift) for tone in news]
    found = aligned(_music(olds, bars[0], unit), _music(moved, bars[1], unit), unit)
    if not found.steps:
        return Fit(shift, (), bars)
    steps = _shown(found.steps, _by_bar(olds, bars[0], unit), _by_bar(moved, bars[1], unit), is_told=is_told)
    if steps and not steps[0].after and not steps[0].new_after:
        first = steps[0].bars
        dropped = _empty_in_front(moved, bars[1], first, unit) if first > 0 else 0 if is_told else first
        front = len(_span(bars[1] if dropped > 0 else bars[0], 0, abs(dropped)))
        shift += front if dropped > 0 else -front
        steps = [replace(step, new_after=step.new_after - dropped) for step in steps[1:]]
        if dropped != first:
            steps.insert(0, Step(0, first - dropped, 0))
    return Fit(shift, tuple(steps), (bars[0], _moved_bars(bars[0], metres, steps, unit) if metres else bars[1]))


def _moved_bars(bars: BarMap, metres: Sequence[tuple[int, int, int]], steps: Sequence[Step], unit: int) -> BarMap:
    """The bars of the piece with those put in and without those taken out."""
    found: list[tuple[int, int, int]] = []
    at, was, length = 0, 1, 0
    for tick, upper, lower in metres:
        bar = bars.place(tick).bar
        gone = sum(max(0, min(bar - 1, s.after - s.bars) - s.after) for s in steps if s.bars < 0)
        now = bar + sum(s.bars for s in steps if s.bars > 0 and s.after < bar) - gone if tick else 1
        at, was, length = at + (now - was) * length, now, 4 * unit * upper // lower
        found.append((at, upper, lower))
    return BarMap(found, unit)


def _empty_in_front(news: Sequence[Tone], bars: BarMap, most: int, unit: int) -> int:
    """How many bars, ``most`` at most, there are before the first note."""
    first = min(tone.start for tone in news) + _half_grid(unit)
    return max(0, min(most, bars.place(first).bar - 1))


def _shown(steps: Sequence[Step], olds: _Bars, news: _Bars, *, is_told: bool) -> list[Step]:
    """The steps by which music that both have is led from one place to another, those between two such stretches of
    music in one; bars that a person wrote anew are neither put in nor taken out.

    Of a part of the piece (not ``is_told``) the first such music is where it begins: all before is one step in front.
    """
    found: list[Step] = []
    reached = by = waiting = 0
    has_begun = is_told or not steps or _is_same_music(olds, news, range(1, steps[0].after + 1), 0, 1)
    for number, step in enumerate(steps):
        by += step.bars
        waiting += 1
        first = step.after + max(0, -step.bars) + 1
        last = steps[number + 1].after if number + 1 < len(steps) else max(olds, default=0)
        if not _is_same_music(olds, news, range(first, last + 1), by, _SHOWN_NOTES):
            continue
        if by != reached:
            after = first - 1 + min(0, by - reached) if has_begun else 0
            found.append(step if waiting == 1 and has_begun else Step(after, by - reached, after + reached))
        reached, waiting, has_begun = by, 0, True
    return found


def _is_same_music(olds: _Bars, news: _Bars, bars: range, by: int, least: int) -> bool:
    """Whether the notes that the new version has in ``bars`` of the old one, ``by`` bars later, are mostly those, and
    no fewer than ``least``."""
    pairs = [(olds.get(bar, Counter()), news.get(bar + by, Counter())) for bar in bars]
    same = sum((old & new).total() for old, new in pairs)
    return same >= max(least, _SHOWN_SHARE * sum(new.total() for _, new in pairs))


def _by_bar(tones: Sequence[Tone], bars: BarMap, unit: int) -> _Bars:
    """Bar -> its notes by the 32nd at which they begin, and by pitch."""
    found: _Bars = defaultdict(Counter)
    for tone in _on_grid(tones, unit):
        bar = bars.place(tone.start).bar
        found[bar][int(tone.start - bars.start(bar)), tone.pitch] += 1
    return found


def moved_frame(frame: Frame, fit: Fit) -> Frame:
    """What the piece knows, where the bars of the file are; a line of which nothing is left stays as it was."""
    if not fit.steps:
        return frame
    end = fit.at(max(0, frame.end - 1))
    return replace(
        frame,
        conductor=_moved(frame.conductor, fit, _stays_at_start),
        chords=_moved(frame.chords, fit, _never),
        other_texts=_moved(frame.other_texts, fit, _never),
        lines=tuple(_moved_line(line, fit) for line in frame.lines),
        moves=tuple(_moved(events, fit, _stays_at_start) for events in frame.moves),
        texts=tuple(_moved(events, fit, _stays_at_start) for events in frame.texts),
        quiet=tuple(replace(quiet, events=_moved(quiet.events, fit, _stays_at_start)) for quiet in frame.quiet),
        end=end + 1 if end is not None and frame.end else frame.end,
    )


def notes_taken_out(tones: Iterable[Tone], fit: Fit) -> int:
    """How many notes went with their bars."""
    return sum(fit.at(tone.start) is None for tone in tones)


def copied_tones(olds: Sequence[Tone], news: Sequence[Tone], fit: Fit, unit: int) -> list[Tone]:
    """The notes of the piece (``olds``) as a person pasted them: at the times of bars of the file that the piece has
    elsewhere. ``news`` are those of the file, without its shift."""
    if not fit.put_in:
        return []
    known, played = _by_bar(olds, fit.bars[0], unit), _by_bar(news, fit.bars[1], unit)
    own = {bar for span in fit.put_in for bar in _bars_of(span, fit.bars[1])}
    found: list[Tone] = []
    for bar in sorted(own & played.keys()):
        shared = {old: (played[bar] & notes).total() for old, notes in known.items()}
        best = max(shared, key=lambda old: (2 * shared[old] - known[old].total(), -old), default=0)
        if not best or shared[best] < _COPIED_SHARE * played[bar].total():
            continue
        start, by = int(fit.bars[0].start(best)), int(fit.bars[1].start(bar) - fit.bars[0].start(best))
        there = range(start, int(fit.bars[0].start(best + 1)))
        found += [replace(t, start=t.start + by, end=t.end + by) for t in olds if t.start in there]
    return found


def _bars_of(span: range, bars: BarMap) -> range:
    return range(bars.place(span.start).bar, bars.place(span.stop).bar)


def _music(tones: Sequence[Tone], bars: BarMap, unit: int) -> Music:
    return Music(bars, tuple(note_things(_on_grid(tones, unit))), max((tone.end for tone in tones), default=0))


def _on_grid(tones: Sequence[Tone], unit: int) -> list[Tone]:
    grid = unit // _GRID_PER_QUARTER
    return [replace(tone, start=(tone.start + _half_grid(unit)) // grid * grid) for tone in tones]


def _half_grid(unit: int) -> int:
    return unit // _GRID_PER_QUARTER // 2


def _span(bars: BarMap, after: int, count: int) -> range:
    return range(int(bars.start(after + 1)), int(bars.start(after + count + 1)))


def _moved_line(line: Line, fit: Fit) -> Line:
    places = [(tone, fit.at(tone.start)) for tone in line.tones]
    tones = tuple(replace(tone, start=at, end=at + tone.length) for tone, at in places if at is not None)
    return replace(line, tones=tones) if tones else line


def _moved(events: Sequence[RawEvent], fit: Fit, stays: Callable[[RawEvent], bool]) -> tuple[RawEvent, ...]:
    """The events where their bars are; what a bar that was taken out set for the others is set behind it."""
    found = []
    for event in events:
        at = event.tick if stays(event) else fit.at(event.tick)
        if at is not None:
            found.append(event._replace(tick=at))
    return tuple(sorted([*found, *_still_set(events, fit)], key=lambda e: e.tick))


def _stays_at_start(event: RawEvent) -> bool:
    return not event.tick and event.meta not in _STANDING


def _never(_: RawEvent) -> bool:
    return False


def _still_set(events: Sequence[RawEvent], fit: Fit) -> Iterator[RawEvent]:
    """Metres and what is set on a channel, as it was behind each of the stretches that were taken out."""
    for gone in fit.taken_out:
        at = fit.at(gone.stop)
        inside = {key: e for e in events if e.tick in gone and e.tick and (key := _sets(e)) is not None}
        for key, last in inside.items():
            others = [e for e in events if _sets(e) == key]
            before = [e for e in others if e.tick < gone.start or not e.tick]
            is_set = any(e.tick == gone.stop for e in others) or (before and before[-1].data == last.data)
            if at is not None and not is_set:
                yield last._replace(tick=at)


def _sets(event: RawEvent) -> Hashable:
    """What an event sets that holds in later bars too; None for one that sets nothing, or that the song sets."""
    if event.meta == TIME_SIGNATURE:
        return TIME_SIGNATURE
    if event.status >= SYSEX:
        return None
    kind = event.status & 0xF0
    return kind, event.data[0] if kind in (CONTROL, KEY_PRESSURE) else -1


def _told(step: Step, bars: BarMap, frame: Frame) -> str:
    number = count_text(abs(step.bars), "bar")
    if step.bars > 0:
        return f"{number} put in {f'after bar {step.after}' if step.after else 'in front'}"
    gone = _span(bars, step.after, -step.bars)
    names = [decoded(e.data) for e in frame.conductor if e.meta == MARKER and e.tick in gone]
    went = f", with {'the marker' if len(names) == 1 else 'markers'} {', '.join(names)}" if names else ""
    return f"{number} taken out ({bars_text(range(step.after + 1, step.after - step.bars + 1))}){went}"
