"""What changed in the controllers of a line and in the events of the whole song: tempo, metre, key, markers, texts."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from composer.compare.view import MOVABLE, PLACES, SongEvent, Turn


@dataclass(frozen=True, slots=True)
class SongEdit:
    """An event of the song that came (no ``before``), went (no ``after``), changed its text or moved."""

    what: str
    before: SongEvent | None
    after: SongEvent | None

    @property
    def time(self) -> int:
        event = self.before or self.after
        assert event is not None
        return event.time


@dataclass(frozen=True, slots=True)
class TurnEdit:
    """A controller event that came, went, or has another value at the same time."""

    what: str
    before: Turn | None
    after: Turn | None

    @property
    def time(self) -> int:
        turn = self.before or self.after
        assert turn is not None
        return turn.time


# A marker is compared with so many of its text before it and after it.
_NEIGHBOURS_MAX = 100
Event = TypeVar("Event", Turn, SongEvent)


def song_edits(
    before: Sequence[SongEvent], after: Sequence[SongEvent], tolerance: int, reach: int
) -> tuple[SongEdit, ...]:
    """Equal events aside: the same kind at the same time has changed, the same marker or text elsewhere has moved.

    A marker or cue point, which names a place in the whole piece, may have moved from anywhere; a chord symbol, word
    or text by ``reach`` at most: the same chord so much later is another chord.
    """
    olds, news = _unlike(before, after, tolerance, lambda e: (e.what, e.text))
    changed, olds, news = _paired(olds, news, lambda e: (e.time, e.what))
    moved, olds, news = _moved(olds, news, reach)
    edits = [SongEdit(old.what, old, new) for old, new in (*changed, *moved)]
    edits += [SongEdit(event.what, event, None) for event in olds] + [SongEdit(e.what, None, e) for e in news]
    return tuple(sorted(edits, key=lambda e: (e.time, e.what, e.before is None)))


def turn_edits(before: Sequence[Turn], after: Sequence[Turn], tolerance: int) -> tuple[TurnEdit, ...]:
    """Equal events aside: the same controller at the same time has changed its value."""
    olds, news = _unlike(before, after, tolerance, lambda t: (t.what, t.value))
    changed, olds, news = _paired(olds, news, lambda t: (t.time, t.what))
    edits = [TurnEdit(old.what, old, new) for old, new in changed]
    edits += [TurnEdit(turn.what, turn, None) for turn in olds] + [TurnEdit(t.what, None, t) for t in news]
    return tuple(sorted(edits, key=lambda e: (e.time, e.what, e.before is None)))


def _unlike(
    before: Sequence[Event], after: Sequence[Event], tolerance: int, key: Callable[[Event], Hashable]
) -> tuple[list[Event], list[Event]]:
    """What is left of both sides without the events that are equal, or of one key and at most ``tolerance`` apart."""
    waiting: dict[Hashable, list[Event]] = defaultdict(list)
    for event in sorted(after):
        waiting[key(event)].append(event)
    left = []
    for event in sorted(before):
        near = waiting[key(event)]
        found = next((n for n in near if abs(n.time - event.time) <= tolerance), None)
        if found is None:
            left.append(event)
        else:
            near.remove(found)
    return left, sorted(event for events in waiting.values() for event in events)


def _moved(
    olds: Sequence[SongEvent], news: Sequence[SongEvent], reach: int
) -> tuple[list[tuple[SongEvent, SongEvent]], list[SongEvent], list[SongEvent]]:
    """Events of one kind and text that can be the same elsewhere, the nearest first, and what is left."""
    by_text: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for j, new in enumerate(news):
        by_text[new.what, new.text].append((new.time, j))
    near = []
    for i, old in enumerate(olds):
        if old.what in MOVABLE:
            alike = by_text[old.what, old.text]
            middle = bisect_left(alike, (old.time, 0))
            for time, j in alike[max(0, middle - _NEIGHBOURS_MAX) : middle + _NEIGHBOURS_MAX]:
                if old.what in PLACES or abs(time - old.time) <= reach:
                    near.append((abs(time - old.time), i, j))
    near.sort()
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in near:
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return (
        [(olds[i], news[j]) for i, j in sorted(pairs.items())],
        [old for i, old in enumerate(olds) if i not in pairs],
        [new for j, new in enumerate(news) if j not in taken],
    )


def _paired(
    olds: Sequence[Event], news: Sequence[Event], key: Callable[[Event], Hashable]
) -> tuple[list[tuple[Event, Event]], list[Event], list[Event]]:
    """Events of one key, first with first, and what is left of both sides; no key (None) is like none."""
    waiting: dict[Hashable, list[Event]] = defaultdict(list)
    for event in news:
        waiting[key(event)].append(event)
    pairs, left = [], []
    for event in olds:
        if key(event) is not None and waiting[key(event)]:
            pairs.append((event, waiting[key(event)].pop(0)))
        else:
            left.append(event)
    return pairs, left, sorted(event for events in waiting.values() for event in events)
