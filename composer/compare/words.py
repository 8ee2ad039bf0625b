"""A difference in words that a musician reads: rows of bar, track and what happened there."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from composer.compare.notes import ADDED, LENGTH, MOVED, PITCH, REMOVED, VELOCITY, NoteEdit
from composer.compare.song import SongEdit, TurnEdit
from composer.compare.stage import LINE_ADDED, LINE_REMOVED, MERGED, SPLIT, BarEdit, Difference, Track, TrackEdit
from composer.compare.summary import count_text, later_text, number_text, shift_text
from composer.compare.view import KEY, Tone
from composer.formats.midi.writer import DRUM_CHANNEL
from composer.music.instruments import DRUM_KEYS
from composer.music.key import key_of
from composer.music.pitch import PLAIN_NAMES, note_name
from composer.music.voice_leading import RULES

SONG, VOICES = "(song)", "(voices)"
# More notes of one bar and track than this are told in sum.
_NOTES_TOLD = 4
# So many notes or events of a track that all changed in the same way are one row, if they are most of what changed.
_ALIKE_MIN, _ALIKE_SHARE = 8, 0.5
_TURNS_TOLD = 3
Event = TypeVar("Event", SongEdit, TurnEdit)
Edit = TypeVar("Edit", NoteEdit, SongEdit, TurnEdit)
_DRUMS = {key: name for name, key in DRUM_KEYS.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """``first_bar`` to ``last_bar`` (0, 0: the whole piece), the track, and what is different."""

    first_bar: int
    last_bar: int
    track: str
    what: str

    @property
    def cells(self) -> tuple[str, str, str]:
        span = str(self.first_bar) if self.first_bar == self.last_bar else f"{self.first_bar}-{self.last_bar}"
        return span if self.first_bar else "", self.track, self.what


def rows_of(difference: Difference) -> list[Row]:
    """Everything that is different: the whole piece, the song's events, then track by track, bar by bar."""
    teller = _Teller(difference)
    rows = list(teller.piece_rows())
    for track in difference.tracks:
        rows += teller.track_rows(track)
    return [*rows, *teller.fault_rows()]


def fault_name(rule: str) -> str:
    """``"parallel fifths"`` for ``"ParallelFifths"``."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in rule).strip()


class _Teller:
    """Knows the bars and the spelling of one difference."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        self.bars = difference.bars
        keys = [[e for e in view.song if e.what == KEY] for view in (difference.before, difference.after)]
        self.keys = [(e.time, _spellings(e.text)) for e in keys[0] or keys[1]]

    def piece_rows(self) -> Iterator[Row]:
        if self.difference.shift:
            yield Row(
                0,
                0,
                SONG,
                f"all music is {shift_text(self.difference)} in the new version; bars below are the old ones",
            )
        for edit in self.difference.bar_edits:
            yield Row(0, 0, SONG, self._bar_edit(edit))
        yield from self._song_rows()
        if self.difference.end:
            old, new = self.difference.end
            yield Row(0, 0, SONG, f"the file ends after {self._length(old)}, now after {self._length(new)}")

    def _bar_edit(self, edit: BarEdit) -> str:
        """``"1 bar put in after bar 3, empty"``, ``"bars 4 to 5 taken out, with 12 notes"``."""
        step, notes = edit.step, len(edit.content.tones)
        having = f"with {count_text(notes, 'note')}" if notes else "empty"
        if step.bars > 0:
            where = f"after bar {step.after}" if step.after else "at the beginning"
            return f"{count_text(step.bars, 'bar')} put in {where}, {having}; bars below are the old ones"
        first, last = step.after + 1, step.after - step.bars
        return f"{f'bar {first}' if first == last else f'bars {first} to {last}'} taken out, {having}"

    def track_rows(self, track: Track) -> Iterator[Row]:
        label, fresh = track.group.label, [edit.what for edit in track.edits]
        for edit in track.edits:
            yield Row(0, 0, label, self._track(edit, track))
        if LINE_ADDED in fresh or LINE_REMOVED in fresh:
            return
        together = _alike(track.notes.edits)
        for alike in together:
            bars = [self._bar(edit.tone.start) for edit in alike]
            yield Row(min(bars), max(bars), label, f"{len(alike)} notes {self._alike(alike[0])}")
        rest = _without(track.notes.edits, together)
        rows = [*self._note_rows(rest, label, track), *self._turn_rows(track.turns, label)]
        yield from sorted(rows, key=lambda row: row.first_bar)
        if track.range_before != track.range_after and track.range_before and track.range_after:
            old, new = (" to ".join(self._name(p, track) for p in r) for r in (track.range_before, track.range_after))
            yield Row(0, 0, label, f"range {old}, now {new}")

    def fault_rows(self) -> Iterator[Row]:
        """A row for each rule and bar, with the voices; what the rule says stands in the first of its rows."""
        found, explained = self.difference.voice_leading, set()
        for faults, word in ((found.gone, "gone"), (found.new, "new")):
            groups: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
            for fault in faults:
                low, high = fault.voices
                groups[self._bar(fault.time), fault.rule][f"{high} and {low}" if high != low else f"in {low}"] += 1
            for (bar, rule), voices in sorted(groups.items()):
                who = ", ".join(f"{name} ({count} times)" if count > 1 else name for name, count in voices.items())
                why = "" if rule in explained else f": {RULES[rule]}"
                explained.add(rule)
                yield Row(bar, bar, VOICES, f"{word}: {fault_name(rule)}, {who}{why}")

    def _note_rows(self, edits: Sequence[NoteEdit], label: str, track: Track) -> Iterator[Row]:
        by_bar: dict[int, list[NoteEdit]] = defaultdict(list)
        for edit in edits:
            by_bar[self._bar(edit.tone.start)].append(edit)
        for bar, found in sorted(by_bar.items()):
            if len(found) <= _NOTES_TOLD:
                told = "; ".join(self._note(edit, track) for edit in found)
            else:
                told = "; ".join(self._summed(found, track))
            yield Row(bar, bar, label, told)

    def _summed(self, edits: Sequence[NoteEdit], track: Track) -> Iterator[str]:
        """``"2 notes added (A4 to B4)"``, ``"5 notes changed (pitch 4, velocity 5)"``."""
        for kind in (ADDED, REMOVED):
            found = [edit for edit in edits if edit.kinds == (kind,)]
            if found:
                pitches = [edit.tone.pitch for edit in found]
                low, high = (self._name(p, track, found[0].tone.start) for p in (min(pitches), max(pitches)))
                yield f"{count_text(len(found), 'note')} {kind} ({low if low == high else f'{low} to {high}'})"
        changed = [edit for edit in edits if edit.before is not None and edit.after is not None]
        counts = Counter(kind for edit in changed for kind in edit.kinds)
        if len(changed) == 1:
            yield self._note(changed[0], track)
        elif changed:
            parts = ", ".join(f"{kind} {counts[kind]}" for kind in (MOVED, PITCH, LENGTH, VELOCITY) if counts[kind])
            yield f"{len(changed)} notes changed ({parts})"

    def _song_rows(self) -> Iterator[Row]:
        """Where many events of a kind came or went, one row for them all."""
        together = _many(self.difference.song)
        for found in together:
            bars = [self._bar(edit.time) for edit in found]
            state = _state(found[0].before is None, found[0].after is None)
            yield Row(min(bars), max(bars), SONG, f"{len(found)} {found[0].what}s {state}")
        for edit in _without(self.difference.song, together):
            yield Row(self._bar(edit.time), self._bar(edit.time), SONG, self._song(edit))

    def _turn_rows(self, edits: Sequence[TurnEdit], label: str) -> Iterator[Row]:
        together = _many(edits)
        for many in together:
            bars = [self._bar(edit.time) for edit in many]
            state = _state(many[0].before is None, many[0].after is None)
            yield Row(min(bars), max(bars), label, f"{many[0].what}: {len(many)} {state}")
        groups: dict[tuple[int, str], list[TurnEdit]] = defaultdict(list)
        for edit in _without(edits, together):
            groups[self._bar(edit.time), edit.what].append(edit)
        for (bar, what), found in sorted(groups.items()):
            if len(found) <= _TURNS_TOLD:
                told = "; ".join(f"{self._beat(edit.time)}{_from_to(*_values(edit))}" for edit in found)
            else:
                counts = Counter(_state(edit.before is None, edit.after is None) for edit in found)
                told = ", ".join(f"{n} {state}" for state, n in counts.items())
            yield Row(bar, bar, label, f"{what}: {told}")

    def _note(self, edit: NoteEdit, track: Track) -> str:
        tone = edit.tone
        at = self._beat(tone.start)
        if edit.before is None or edit.after is None:
            return f"{at}{self._name(tone.pitch, track, tone.start)} {edit.kinds[0]}"
        old, new = edit.before, edit.after
        told = []
        if PITCH in edit.kinds:
            told.append(f"-> {self._name(new.pitch, track, new.start)}")
        if MOVED in edit.kinds:
            told.append(f"moved to {self._target(old, new)}")
        if LENGTH in edit.kinds:
            told.append(f"length {self._quarters(old.length)} -> {self._quarters(new.length)} quarters")
        if VELOCITY in edit.kinds:
            told.append(f"velocity {old.velocity} -> {new.velocity}")
        return f"{at}{self._name(old.pitch, track, old.start)} {', '.join(told)}"

    def _alike(self, edit: NoteEdit) -> str:
        """What happened to many notes alike, told by one of them."""
        if edit.before is None or edit.after is None:
            return edit.kinds[0]
        told = []
        semitones = edit.after.pitch - edit.before.pitch
        if PITCH in edit.kinds:
            told.append(f"{abs(semitones)} semitone{'s' * (abs(semitones) > 1)} {'up' if semitones > 0 else 'down'}")
        if MOVED in edit.kinds:
            told.append(later_text(self._quarters(edit.after.start - edit.before.start)))
        told += [
            word
            for kind, word in ((LENGTH, "of another length"), (VELOCITY, "of another velocity"))
            if kind in edit.kinds
        ]
        return ", ".join(told)

    def _track(self, edit: TrackEdit, track: Track) -> str:
        if edit.what in (LINE_ADDED, LINE_REMOVED):
            return f"{edit.what}, {count_text(len(track.notes.edits), 'note')}"
        if edit.what in (MERGED, SPLIT):
            return f"{edit.what}: {edit.before} -> {edit.after}"
        return f"{edit.what}: {_from_to(edit.before, edit.after)}"

    def _song(self, edit: SongEdit) -> str:
        if edit.before and edit.after and edit.before.text == edit.after.text:
            place = self.bars.place(edit.after.time)
            where = str(place) if place.bar > 0 else "a place in front of bar 1"
            return f"{edit.what} {edit.before.text!r} moved to {where}"
        before, after = edit.before.text if edit.before else "", edit.after.text if edit.after else ""
        return f"{self._beat(edit.time)}{edit.what} {_from_to(before, after)}"

    def _bar(self, time: int) -> int:
        """The bar of the old version; 0 for what comes in front of it all."""
        return max(0, self.bars.place(time).bar)

    def _beat(self, time: int) -> str:
        """``"beat 3: "``; nothing on the first beat."""
        place = self.bars.place(time)
        return "" if place.beat == 1 or place.bar < 1 else f"beat {number_text(place.beat)}: "

    def _target(self, old: Tone, new: Tone) -> str:
        here, there = self.bars.place(old.start), self.bars.place(new.start)
        beat = f"beat {number_text(there.beat)}"
        if there.bar < 1:
            return "in front of bar 1"
        return beat if here.bar == there.bar else f"bar {there.bar}, {beat}"

    def _length(self, time: int) -> str:
        place = self.bars.place(time)
        return f"bar {place.bar - 1}" if place.beat == 1 else f"bar {place.bar}, beat {number_text(place.beat)}"

    def _name(self, pitch: int, track: Track, time: int = 0) -> str:
        """The pitch as the key at ``time`` spells it."""
        line = (track.group.before or track.group.after)[0]
        if line.channel == DRUM_CHANNEL:
            return _DRUMS.get(pitch, f"drum {pitch}")
        key = max(0, bisect_right(self.keys, time, key=lambda k: k[0]) - 1)
        return note_name(pitch, self.keys[key][1] if self.keys else PLAIN_NAMES)

    def _quarters(self, time: int) -> str:
        return number_text(self.difference.quarters(time))


def _spellings(key: str) -> tuple[str, ...]:
    """The names of the twelve pitch classes in a key; a double flat or sharp is named plainly."""
    names = key_of(*key.split()).spellings
    return tuple(plain if len(name) > 2 else name for name, plain in zip(names, PLAIN_NAMES, strict=True))


def _alike(edits: Sequence[NoteEdit]) -> list[list[NoteEdit]]:
    """Edits of many notes that are all of one kind and, where they move or change pitch, by the same amount."""
    groups: dict[tuple[object, ...], list[NoteEdit]] = defaultdict(list)
    for edit in edits:
        if edit.before is None or edit.after is None:
            continue
        start = edit.after.start - edit.before.start if MOVED in edit.kinds else 0
        groups[edit.kinds, start, edit.after.pitch - edit.before.pitch].append(edit)
    enough = max(_ALIKE_MIN, _ALIKE_SHARE * len(edits))
    return [found for found in groups.values() if len(found) >= enough]


def _many(edits: Sequence[Event]) -> list[list[Event]]:
    """Events of one kind that all came, or all went, where they are many."""
    groups: dict[tuple[str, bool], list[Event]] = defaultdict(list)
    for edit in edits:
        if edit.before is None or edit.after is None:
            groups[edit.what, edit.before is None].append(edit)
    return [found for found in groups.values() if len(found) >= _ALIKE_MIN]


def _without(edits: Sequence[Edit], told: Sequence[Sequence[Edit]]) -> list[Edit]:
    gone = {edit for group in told for edit in group}
    return [edit for edit in edits if edit not in gone]


def _from_to(before: str, after: str) -> str:
    if not before:
        return f"{after} added"
    return f"{before} -> {after}" if after else f"{before} removed"


def _values(edit: TurnEdit) -> tuple[str, str]:
    return str(edit.before.value) if edit.before else "", str(edit.after.value) if edit.after else ""


def _state(is_new: bool, is_gone: bool) -> str:
    return "added" if is_new else "removed" if is_gone else "changed"
