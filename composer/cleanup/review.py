"""The proposed changes as questions to a person: what, where, why, and the bars before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from composer.cleanup.proposals import Proposal
from composer.cleanup.reasons import beat_text
from composer.cleanup.report import Change
from composer.cleanup.score import Score, Tone
from composer.cleanup.setting import Setting
from composer.music.notes import BASS, MELODY
from composer.music.pitch import note_name

ONSETS_SHOWN = 12  # in one bar; more do not fit on a line


@dataclass(frozen=True, slots=True)
class Question:
    """Changes that were found together: one decision."""

    changes: tuple[Change, ...]

    @property
    def as_it_is(self) -> dict[str, bool]:
        """How the changes stand, by id."""
        return {change.id: change.accept for change in self.changes}

    def stands(self, answers: Mapping[str, bool]) -> str:
        """``"y"``, ``"n"``, or ``"as it is"`` where some of the changes are accepted and some are not."""
        accepted = {answers[change.id] for change in self.changes}
        return "as it is" if len(accepted) > 1 else "y" if True in accepted else "n"

    @property
    def is_suggestion(self) -> bool:
        return any(change.suggestion for change in self.changes)

    @property
    def what(self) -> str:
        """``"Piano, beat 1 of bar 3: E4 to F4"``, and so on."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for c in self.changes:
            found.setdefault((c.part, c.before, c.after), []).append(f"{beat_text(c.beat)} of bar {c.bar}")
        return "; ".join(f"{part}, beat {_listed(at)}: {old} to {new}" for (part, old, new), at in found.items())

    @property
    def why(self) -> str:
        return "; ".join(dict.fromkeys(change.why for change in self.changes))


@dataclass(frozen=True, slots=True)
class View:
    """The bars around a question as lines of note names: of the parts that it changes, and of the outer voices."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    around: tuple[str, ...]


def questions(proposal: Proposal) -> tuple[Question, ...]:
    """One question for each group of changes, in playing order."""
    groups: dict[int, list[Change]] = {}
    for change in proposal.changes:
        groups.setdefault(change.group, []).append(change)
    return tuple(Question(tuple(changes)) for changes in groups.values())


def view(proposal: Proposal, question: Question, answers: Mapping[str, bool]) -> View:
    """What the question would change, in the music as the ``answers`` to the others have it."""
    setting, asked = proposal.setting, question.as_it_is
    moves = [proposal.moves[one] for one in asked]
    others = [proposal.moves[one] for one, accept in answers.items() if accept and one not in asked]
    before = setting.score.with_pitches({m.place: m.pitch for m in others})
    after = before.with_pitches({m.place: m.pitch for m in moves})
    marked, bars = frozenset(m.place for m in moves), _bars(question.changes)
    changed = sorted({m.place[0] for m in moves})
    around = [n for n, p in enumerate(setting.piece.parts) if p.role in (MELODY, BASS) and n not in changed]

    def lines(score: Score, parts: Iterable[int]) -> tuple[str, ...]:
        shown = {part: _line(setting, score, part, bars, marked) for part in parts}
        return tuple(f"{setting.piece.parts[part].name}: {line}" for part, line in shown.items() if line)

    return View(lines(before, changed), lines(after, changed), lines(before, around))


def _bars(changes: Iterable[Change]) -> range:
    """The bar of the first change with the bar before and the bar after it."""
    bar = min(change.bar for change in changes)
    return range(max(1, bar - 1), bar + 2)


def _line(setting: Setting, score: Score, part: int, bars: range, marked: frozenset[tuple[int, int]]) -> str:
    """``"3) C4+E4 [F4] | 4) G4"``; empty where the part is silent."""
    found: dict[int, dict[int, list[Tone]]] = {bar: {} for bar in bars}
    for tone in score.by_part.get(part, ()):
        bar = setting.bar_of(tone.place)
        if bar in found:
            found[bar].setdefault(tone.start, []).append(tone)
    if not any(found.values()):
        return ""
    return " | ".join(f"{bar}) {_bar_text(score, onsets, marked)}".rstrip() for bar, onsets in found.items())


def _bar_text(score: Score, onsets: Mapping[int, list[Tone]], marked: frozenset[tuple[int, int]]) -> str:
    words = []
    for tones in (onsets[start] for start in sorted(onsets)):
        names = [(note_name(t.pitch, score.key_at(t.start).spellings), t.place in marked) for t in _rising(tones)]
        words.append("+".join(f"[{name}]" if is_marked else name for name, is_marked in names))
    kept = [i for i, word in enumerate(words) if i < ONSETS_SHOWN or "[" in word]
    return " ".join(words[i] for i in kept) + (" ..." if len(kept) < len(words) else "")


def _rising(tones: Iterable[Tone]) -> list[Tone]:
    return sorted(tones, key=lambda tone: (tone.pitch, tone.place))


def _listed(places: list[str]) -> str:
    return places[0] if len(places) == 1 else ", ".join(places[:-1]) + " and " + places[-1]
