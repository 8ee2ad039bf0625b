"""Every change that cleanup proposes, each under an id that says which note becomes which."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from composer.cleanup.reasons import reason
from composer.cleanup.repair import Repair
from composer.cleanup.report import Change
from composer.cleanup.score import Score
from composer.cleanup.search import searched
from composer.cleanup.setting import NotePlace, Setting
from composer.music.pitch import note_name

ID_CHARS = 8  # 32 bits of hash; notes that are alike in everything are numbered


@dataclass(frozen=True, slots=True)
class Move:
    """The note at ``place`` and its new pitch."""

    place: NotePlace
    pitch: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """``changes`` as they stand to be decided on, and the note that each of their ids moves."""

    setting: Setting
    changes: tuple[Change, ...]
    moves: Mapping[str, Move]

    def with_choices(self, choices: Mapping[str, bool]) -> Proposal:
        """A copy in which the changes of these ids are accepted or refused; others stay as they are."""
        changes = tuple(replace(c, accept=choices.get(c.id, c.accept)) for c in self.changes)
        return replace(self, changes=changes)


def proposed(setting: Setting) -> Proposal:
    """What may be made better.

    First all that is free to change, with the notes in edited bars as they are. Then, on top of that, suggestions for
    the edited bars, with everything else as it is: no other change counts on them.
    """
    first = searched(setting, setting.score)
    changes, moves = _changes(setting, setting.score, first.score, first.repairs)
    if setting.edited and not setting.options.change_edited:
        start = setting.for_suggestions(first.score)
        second = searched(setting, start)
        more, more_moves = _changes(setting, start, second.score, second.repairs, is_suggestion=True)
        offset = max((c.group for c in changes), default=0)
        changes += [replace(c, group=c.group + offset) for c in more]
        moves |= more_moves
    changes.sort(key=lambda c: (c.bar, c.beat, moves[c.id].place))
    numbers = {group: number for number, group in enumerate(dict.fromkeys(c.group for c in changes), 1)}
    return Proposal(setting, tuple(replace(c, group=numbers[c.group]) for c in changes), moves)


class Ids:
    """The id of each note's change, from what the file says of the note."""

    def __init__(self, setting: Setting, places: Iterable[NotePlace]) -> None:
        self._setting = setting
        twins = Counter[tuple[int, ...]]()
        self._numbers: dict[NotePlace, int] = {}
        for place in places:
            twins[self._about(place)] += 1
            self._numbers[place] = twins[self._about(place)]

    def of(self, place: NotePlace, pitch: int) -> str:
        """The id of the change of that note to that pitch."""
        text = " ".join(str(value) for value in (*self._about(place), pitch))
        code = hashlib.sha256(text.encode()).hexdigest()[:ID_CHARS]
        return code if self._numbers[place] == 1 else f"{code}-{self._numbers[place]}"

    def _about(self, place: NotePlace) -> tuple[int, ...]:
        note = self._setting.note(place)
        return note.track, note.channel, note.start, note.end, note.pitch


def ids_of(setting: Setting) -> Ids:
    return Ids(setting, (tone.place for tone in setting.score.tones))


def _changes(
    setting: Setting, before: Score, after: Score, repairs: Sequence[Repair], *, is_suggestion: bool = False
) -> tuple[list[Change], dict[str, Move]]:
    ids, groups = ids_of(setting), _groups(repairs)
    changes, moves = [], dict[str, Move]()
    for old, new in zip(before.tones, after.tones, strict=True):
        if old.pitch == new.pitch:
            continue
        own = [r for r in repairs if old.place in r.pitches]
        names = after.key_at(old.start).spellings
        _, beat = setting.beat_of(old.place)
        change = Change(
            id=ids.of(old.place, new.pitch), accept=not is_suggestion, bar=setting.bar_of(old.place), beat=beat,
            part=setting.piece.parts[old.part].name, track=setting.labels[setting.note(old.place).track],
            before=note_name(old.pitch, names), after=note_name(new.pitch, names),
            rules=tuple(sorted({rule for r in own for rule in r.rules})), why=reason(setting, old.place, own),
            suggestion=is_suggestion, applied=False, group=groups[old.place],
            cost_before=float(own[0].cost_before), cost_after=float(own[-1].cost_after),
        )  # fmt: skip
        changes.append(change)
        moves[change.id] = Move(old.place, new.pitch)
    return changes, moves


def _groups(repairs: Sequence[Repair]) -> dict[NotePlace, int]:
    """A number from 1 for each note moved; notes that one repair moves have the same one."""
    groups: list[set[NotePlace]] = []
    for repair in repairs:
        joined = set(repair.pitches)
        apart = []
        for group in groups:
            if group.isdisjoint(repair.pitches):
                apart.append(group)
            else:
                joined |= group
        groups = [*apart, joined]
    return {place: number for number, group in enumerate(groups, 1) for place in group}
