"""A person's edits, drawn by a generator and written down as ``diff`` should tell them.

Edits of one track stay so far apart that no other story of them is as short; ``crowded`` ones need not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from tests.benchmarks.round_trip_files import control, meta
from tests.benchmarks.round_trip_reader import (
    BEND,
    CONTROL,
    MARKER,
    NAME,
    OFF,
    ON,
    PROGRAM,
    TEMPO,
    Event,
    Played,
    Song,
)

Told = tuple[Hashable, ...]
NOTE_KINDS = ("moved", "added", "removed", "pitch", "length", "velocity", "aslant")
SONG_KINDS = ("marker", "marker moved", "marker renamed", "marker removed", "tempo", "tempo changed")
TRACK_KINDS = ("control", "bend", "control changed", "control removed", "program", "name")
# Further than a note may move and still be the same one, with its own length besides.
APART_QUARTERS = 10
RENAMED = "My "


@dataclass(slots=True)
class Hand:
    """The song as it is by now, the edits made, and the places that are taken."""

    song: Song
    rng: np.random.Generator
    told: Counter[Told] = field(default_factory=Counter)
    taken: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def draw(self, values: list[int] | range) -> int:
        return int(values[int(self.rng.integers(len(values)))])

    def is_free(self, track: int, tick: int) -> bool:
        return all(abs(tick - other) >= APART_QUARTERS * self.song.resolution for other in self.taken[track])

    def half_beat(self) -> int:
        """A tick on a half beat before the last note."""
        step = max(12, self.song.resolution // 2)
        return step * self.draw(range(1, max(2, max(n.start for n in self.song.notes) // step)))

    def name(self, track: int) -> str:
        """As the track was called before any edit."""
        return self.song.name(track).removeprefix(RENAMED)

    def quarters(self, ticks: int) -> Fraction:
        return Fraction(ticks, self.song.resolution)


def edited(song: Song, rng: np.random.Generator, count: int, kinds: tuple[str, ...] = ()) -> tuple[Song, Counter[Told]]:
    """The song after about ``count`` edits, and what ``diff`` should say."""
    hand = Hand(song, rng)
    chosen = kinds or (*NOTE_KINDS, *NOTE_KINDS, *SONG_KINDS, *TRACK_KINDS)
    for _ in range(count):
        kind = chosen[int(rng.integers(len(chosen)))]
        for _ in range(20):
            if _note_edit(hand, kind) if kind in NOTE_KINDS else EDITS[kind](hand):
                break
    return hand.song, hand.told


def as_told(note: Played, song: Song) -> Told:
    return (
        Fraction(note.start, song.resolution),
        Fraction(note.end - note.start, song.resolution),
        note.pitch,
        note.velocity,
    )


def _note_edit(hand: Hand, kind: str) -> bool:
    song, notes = hand.song, hand.song.notes
    old = notes[hand.draw(range(len(notes)))]
    new = _drawn(hand, kind, old)
    if new is None or any(n.end < 0 and n.pitch in (old.pitch, new.pitch) for n in notes):
        return False
    if not hand.is_free(old.track, old.start) or not hand.is_free(old.track, new.start):
        return False
    others = [n for n in notes if n.pitch == new.pitch and (n != old or kind == "added")]
    if kind != "removed" and any(n.start < new.end + 8 and new.start < n.end + 8 for n in others):
        return False
    name = hand.name(old.track)
    events = list(song.tracks[old.track])
    if kind != "added":
        events.remove(Event(old.start, bytes((ON | old.channel, old.pitch, old.velocity))))
        events.remove(
            next(e for e in events if e.tick == old.end and e.is_note and not e.begins and e.body[1] == old.pitch)
        )
    if kind != "removed":
        events += [Event(new.start, bytes((ON | old.channel, new.pitch, new.velocity))),
                   Event(new.end, bytes((OFF | old.channel, new.pitch, 0)))]  # fmt: skip
    hand.song = song.with_track(old.track, events)
    hand.taken[old.track] += [old.start, new.start]
    before = None if kind == "added" else as_told(old, song)
    after = None if kind == "removed" else as_told(new, song)
    hand.told["note", name, before, after] += 1
    return True


def _drawn(hand: Hand, kind: str, old: Played) -> Played | None:
    sign, beat = 1 - 2 * hand.draw(range(2)), hand.song.resolution
    last = max(n.end for n in hand.song.notes)
    if kind in ("moved", "aslant"):
        by = sign * hand.draw(
            [beat // 8, beat // 4, beat // 2, beat] + ([2 * beat, 3 * beat] if kind == "moved" else [])
        )
        up = (1 - 2 * hand.draw(range(2))) * hand.draw(range(1, 9)) if kind == "aslant" else 0
        if old.start + by < 0 or old.end + by > last or not 0 < old.pitch + up < 127:
            return None
        return old._replace(start=old.start + by, end=old.end + by, pitch=old.pitch + up)
    if kind == "pitch":
        return old._replace(pitch=min(120, max(5, old.pitch + sign * hand.draw(range(1, 13)))))
    if kind == "velocity":
        return old._replace(velocity=(old.velocity + hand.draw(range(10, 60))) % 127 + 1)
    if kind == "length":
        shorter = (old.end - old.start) // 2
        return old._replace(end=old.start + shorter) if shorter >= beat // 8 and shorter else None
    if kind == "added":
        start = old.start + hand.draw([beat // 4, beat // 2, 3 * beat // 4])
        made = old._replace(
            start=start, end=start + beat // 4, pitch=old.pitch + sign * hand.draw([1, 2, 3]), velocity=97
        )
        return made if made.end <= last else None
    return old


def _conductor(hand: Hand, events: list[Event], what: str, *told: Hashable) -> bool:
    hand.song = hand.song.with_track(0, events)
    hand.told["song", what, *told] += 1
    return True


def _marker(hand: Hand) -> bool:
    tick = hand.draw(range(1, max(n.end for n in hand.song.notes)))
    if any(e.tick == tick for e in hand.song.metas(MARKER)):
        return False
    text = f"Idea {len(hand.told)}"
    return _conductor(
        hand, [*hand.song.tracks[0], meta(tick, MARKER, text.encode())], "marker", hand.quarters(tick), None, text, None
    )


def _text(event: Event) -> str:
    return event.content.decode()


def _first_marker(hand: Hand) -> Event | None:
    known = [e for e in hand.song.metas(MARKER) if not _text(e).startswith(("Idea", "New"))]
    free = [e for e in known if hand.is_free(-1, e.tick)]
    return free[hand.draw(range(len(free)))] if free else None


def _marker_moved(hand: Hand) -> bool:
    old = _first_marker(hand)
    if old is None:
        return False
    tick = old.tick + hand.draw([120, 480, 1920])
    if tick > max(n.end for n in hand.song.notes) or any(e.tick == tick for e in hand.song.metas(MARKER)):
        return False
    hand.taken[-1] += [old.tick, tick]
    events = [e for e in hand.song.tracks[0] if e != old] + [old._replace(tick=tick)]
    text = _text(old)
    return _conductor(hand, events, "marker", hand.quarters(old.tick), text, text, hand.quarters(tick))


def _marker_renamed(hand: Hand) -> bool:
    old = _first_marker(hand)
    if old is None:
        return False
    hand.taken[-1].append(old.tick)
    text = f"New {len(hand.told)}"
    events = [e for e in hand.song.tracks[0] if e != old] + [meta(old.tick, MARKER, text.encode())]
    return _conductor(hand, events, "marker", hand.quarters(old.tick), _text(old), text, None)


def _marker_removed(hand: Hand) -> bool:
    old = _first_marker(hand)
    if old is None or len(hand.song.metas(MARKER)) < 2:
        return False
    hand.taken[-1].append(old.tick)
    return _conductor(
        hand, [e for e in hand.song.tracks[0] if e != old], "marker", hand.quarters(old.tick), _text(old), None, None
    )


def _bpm(event: Event) -> str:
    return f"{60e6 / int.from_bytes(event.content):.7g} bpm"


def _tempo(hand: Hand) -> bool:
    tick = hand.draw(range(1, max(n.end for n in hand.song.notes) // 480)) * 480
    if any(abs(e.tick - tick) < 480 for e in hand.song.metas(TEMPO)):
        return False
    new = meta(tick, TEMPO, round(60e6 / hand.draw(range(60, 180))).to_bytes(3))
    return _conductor(hand, [*hand.song.tracks[0], new], "tempo", hand.quarters(tick), None, _bpm(new), None)


def _tempo_changed(hand: Hand) -> bool:
    old = hand.song.metas(TEMPO)[0]
    if not hand.is_free(-2, 0):
        return False
    hand.taken[-2].append(0)
    new = meta(old.tick, TEMPO, (int.from_bytes(old.content) * 5 // 4).to_bytes(3))
    events = [new if e == old else e for e in hand.song.tracks[0]]
    return _conductor(hand, events, "tempo", hand.quarters(old.tick), _bpm(old), _bpm(new), None)


def _playing(hand: Hand) -> tuple[int, int]:
    """A track that plays, and its channel."""
    note = hand.song.notes[hand.draw(range(len(hand.song.notes)))]
    return note.track, note.channel


def _turn(
    hand: Hand, track: int, events: list[Event], what: Hashable, tick: int, old: int | None, new: int | None
) -> bool:
    name = hand.name(track)
    hand.song = hand.song.with_track(track, events)
    hand.told["turn", name, what, hand.quarters(tick), old, new] += 1
    return True


def _replaced(hand: Hand, track: int, old: Event, new: Event) -> list[Event]:
    """The events of a track with the first one that is ``old`` replaced: some programs write an event twice."""
    events = list(hand.song.tracks[track])
    events[events.index(old)] = new
    return events


def _control(hand: Hand) -> bool:
    track, channel = _playing(hand)
    number, tick, value = hand.draw([1, 11, 74]), hand.half_beat() + 7, hand.draw(range(1, 127))
    if any(e.tick == tick for e in hand.song.tracks[track]):
        return False
    return _turn(
        hand, track, [*hand.song.tracks[track], control(tick, number, value, channel)], number, tick, None, value
    )


def _bend(hand: Hand) -> bool:
    track, channel = _playing(hand)
    tick, value = hand.half_beat() + 11, hand.draw(range(1, 16383))
    if any(e.tick == tick for e in hand.song.tracks[track]):
        return False
    new = Event(tick, bytes((BEND | channel, value & 0x7F, value >> 7)))
    return _turn(hand, track, [*hand.song.tracks[track], new], "bend", tick, None, value - 8192)


def _some_control(hand: Hand) -> tuple[int, Event] | None:
    found = [
        (n, e)
        for n, t in enumerate(hand.song.tracks)
        for e in t
        if e.status == CONTROL and e.body[1] not in (1, 11, 74)
    ]
    chosen = found[hand.draw(range(len(found)))] if found else None
    if chosen is None or not hand.is_free(-10 - chosen[0], chosen[1].tick):
        return None
    return chosen


def _control_changed(hand: Hand) -> bool:
    found = _some_control(hand)
    if found is None or found[1].body[1] == 64:
        return False
    track, old = found
    hand.taken[-10 - track].append(old.tick)
    new = old._replace(body=old.body[:2] + bytes(((old.body[2] + 20) % 128,)))
    events = _replaced(hand, track, old, new)
    return _turn(hand, track, events, old.body[1], old.tick, old.body[2], new.body[2])


def _control_removed(hand: Hand) -> bool:
    found = _some_control(hand)
    if found is None or found[1].tick == 0 or found[1].body[1] == 64:
        return False
    track, old = found
    hand.taken[-10 - track].append(old.tick)
    return _turn(
        hand,
        track,
        [e for i, e in enumerate(hand.song.tracks[track]) if i != hand.song.tracks[track].index(old)],
        old.body[1],
        old.tick,
        old.body[2],
        None,
    )


def _program(hand: Hand) -> bool:
    track, channel = _playing(hand)
    old = next((e for e in hand.song.tracks[track] if e.status == PROGRAM), None)
    if old is None or channel == 9 or not hand.is_free(-100 - track, 0):
        return False
    hand.taken[-100 - track].append(0)
    new = old._replace(body=bytes((old.body[0], (old.body[1] + hand.draw(range(1, 60))) % 128)))
    events = _replaced(hand, track, old, new)
    return _turn(hand, track, events, "program", old.tick, old.body[1] + 1, new.body[1] + 1)


def _name(hand: Hand) -> bool:
    track, _ = _playing(hand)
    old = hand.song.name(track)
    if not old or old.startswith(RENAMED):
        return False
    new = RENAMED + old
    events = [meta(e.tick, NAME, new.encode()) if e.is_meta(NAME) else e for e in hand.song.tracks[track]]
    hand.song = hand.song.with_track(track, events)
    hand.told["track", "track name", old, new] += 1
    return True


EDITS: dict[str, Callable[[Hand], bool]] = {
    "marker": _marker, "marker moved": _marker_moved, "marker renamed": _marker_renamed,
    "marker removed": _marker_removed, "tempo": _tempo, "tempo changed": _tempo_changed, "control": _control,
    "bend": _bend, "control changed": _control_changed, "control removed": _control_removed, "program": _program,
    "name": _name,
}  # fmt: skip
