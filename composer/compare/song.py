"""What changed in the controllers of a line and in the events of the whole song: tempo, metre, key, markers, texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from composer.compare.view import MOVABLE, SongEvent, Turn


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


Event = TypeVar("Event", Turn, SongEvent)


def song_edits(before: Sequence[SongEvent], after: Sequence[SongEvent], tolerance: int) -> tuple[SongEdit, ...]:
    """Equal events aside: the same kind at the same time has changed, the same marker or text elsewhere has moved."""
    olds, news = _unlike(before, after, tolerance, lambda e: (e.what, e.text))
    changed, olds, news = _paired(olds, news, lambda e: (e.time, e.what))
    moved, olds, news = _paired(olds, news, lambda e: (e.what, e.text) if e.what in MOVABLE else None)
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
