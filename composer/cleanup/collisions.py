"""Which of the accepted changes can be made together, and what the others would break."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from composer.cleanup.proposals import Move, Proposal
from composer.cleanup.reasons import beat_text, fault_text
from composer.cleanup.report import Change
from composer.cleanup.rules import Fault, counts_of
from composer.cleanup.score import Score
from composer.cleanup.setting import NotePlace, Setting
from composer.formats.midi.source import SourceNote


@dataclass(frozen=True, slots=True)
class Decided:
    """The changes that are made, by id, the score with them, and a line for each that is not."""

    moves: Mapping[str, Move]
    score: Score
    notes: tuple[str, ...]


def decided(proposal: Proposal) -> Decided:
    """The accepted changes less those that cannot be: in what is locked, or where a track would sound a pitch twice.

    Of two that collide the first is dropped, so that the rest stands.
    """
    setting = proposal.setting
    wanted, notes = {}, []
    for change in proposal.changes:
        if not change.accept:
            continue
        if proposal.moves[change.id].place in setting.locked:
            notes.append(f"not made: {change.text}: the bar or track is locked")
        else:
            wanted[change.id] = proposal.moves[change.id]
    for change, other in _without_collisions(setting, proposal.changes, wanted):
        twice = f"{change.part} would sound {change.after} twice at once"
        notes.append(f"not made: {change.text}: {twice}, as its note on {_where(setting, other)} is there too")
    score = setting.score.with_pitches({m.place: m.pitch for m in wanted.values()})
    is_as_found = all((change.id in wanted) != change.suggestion for change in proposal.changes)
    return Decided(wanted, score, (*notes, *(() if is_as_found else _new_faults(setting, score))))


def _without_collisions(
    setting: Setting, changes: Iterable[Change], wanted: dict[str, Move]
) -> Iterator[tuple[Change, NotePlace]]:
    """Take out of ``wanted`` what collides, and tell with which note; what is left collides with nothing."""
    tracks = _Tracks(setting)
    found = True
    while found:
        found = False
        pitches = {m.place: m.pitch for m in wanted.values()}
        for change in changes:
            move = wanted.get(change.id)
            other = tracks.twin(move.place, pitches) if move is not None else None
            if move is not None and other is not None:
                del wanted[change.id], pitches[move.place]
                found = True
                yield change, other


class _Tracks:
    """The notes of each part by their start, in the file's ticks."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._by_part = [
            sorted((note.start, number, index) for index, note in enumerate(notes))
            for number, notes in enumerate(setting.notes)
        ]

    def twin(self, place: NotePlace, pitches: Mapping[NotePlace, int]) -> NotePlace | None:
        """Another note of the part that would sound the same pitch at the same time."""
        note = self._setting.note(place)
        starts = self._by_part[place[0]]
        for _, part, index in starts[: bisect_right(starts, note.end, key=lambda entry: entry[0])]:
            other = self._setting.note((part, index))
            same = pitches.get((part, index), other.pitch) == pitches[place]
            if same and (part, index) != place and _overlap(note, other):
                return part, index
        return None


def _overlap(note: SourceNote, other: SourceNote) -> bool:
    """Whether both sound at once, or one begins in the file just before the other ends at the same tick."""
    first, second = (note, other) if note.start <= other.start else (other, note)
    if second.start < first.end or first.start == second.start:
        return True
    return second.start == first.end and first.off_index is not None and second.on_index < first.off_index


def _where(setting: Setting, place: NotePlace) -> str:
    bar, beat = setting.beat_of(place)
    return f"beat {beat_text(beat)} of bar {bar}"


def _new_faults(setting: Setting, score: Score) -> list[str]:
    """A line for each fault of a rule that has more of them than the file as it was."""
    before, after = setting.faults(setting.score), setting.faults(score)
    counts, known = counts_of(before), {(f.rule, f.tick) for f in before}
    risen = {rule for rule, n in counts_of(after).items() if n > counts[rule]}
    new = [f for f in after if f.rule in risen and (f.rule, f.tick) not in known]
    return [f"as chosen, {fault_text(setting, f)}, which was not so before" for f in _once(new)]


def _once(faults: Iterable[Fault]) -> list[Fault]:
    """One fault of a rule at a tick."""
    return list({(f.rule, f.tick): f for f in faults}.values())
