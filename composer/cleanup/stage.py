"""Cleanup of one MIDI file: the key, then the voices, then the score and the report.

music21 analyses and engraves; the MIDI file is edited in place, so what no rule touches stays as it was, to the tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from composer.cleanup.collisions import Decided, decided
from composer.cleanup.proposals import Proposal, proposed
from composer.cleanup.report import RULES, Certificate, KeyReport, MadeFrom, Report
from composer.cleanup.rules import counts_of
from composer.cleanup.score import Score
from composer.cleanup.setting import CleanupOptions, Setting, key_named, setting_of
from composer.cleanup.slips import slips
from composer.errors import counted
from composer.formats.brief.brief import Brief
from composer.formats.midi.source import ChangeNote, closed_notes, edited
from composer.music.voice_leading import PARALLELS

__all__ = ["Cleaned", "CleanupOptions", "cleaned", "finished", "key_named"]
DOUBLINGS_TOLD = 6
# The names music21 gives the black keys without a key.
_DEFAULT_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The edited file (the same bytes where nothing was wrong), its score, the report and notes for the user."""

    midi: bytes
    musicxml: bytes
    report: Report
    notes: tuple[str, ...]


def cleaned(
    data: bytes,
    name: str,
    brief: Brief | None = None,
    options: CleanupOptions | None = None,
    choices: Mapping[str, bool] | None = None,
) -> Cleaned:
    """Cleanup of the MIDI file ``data``: all changes but suggestions, or what ``choices`` (by id) say of one.

    Raises BadInput for a broken file, OverLimit for more notes than music21 can handle, UsageProblem for bad options.
    """
    setting = setting_of(data, name, brief, options or CleanupOptions())
    return finished(data, proposed(setting).with_choices(choices or {}))


def finished(data: bytes, proposal: Proposal, made_from: MadeFrom | None = None) -> Cleaned:
    """``data``, the file of the proposal, with exactly the accepted changes made."""
    setting, source = proposal.setting, proposal.setting.source
    made = decided(proposal)
    changes = [ChangeNote(setting.note(move.place), pitch=move.pitch) for move in made.moves.values()]
    edits = _merged(closed_notes(source), changes)
    is_all_made = len(made.moves) == len(proposal.changes)
    notes = [*made.notes, *_notes(setting, made.score, is_all_made=is_all_made)]
    if source.hanging_notes:
        notes.insert(0, f"{counted(source.hanging_notes, 'note')} never ended: closed at the end of the track")
    report = Report(
        name=source.name, key=_key_report(setting),
        changes=tuple(replace(c, applied=c.id in made.moves) for c in proposal.changes),
        before=_counts(setting, setting.score), after=_counts(setting, made.score, spelled=True),
        certificate=_certificate(setting, made), notes=tuple(dict.fromkeys(notes)), made_from=made_from,
    )  # fmt: skip
    from composer.formats.score.musicxml import musicxml_bytes

    score_xml = musicxml_bytes(made.score.finished())
    return Cleaned(edited(source, edits) if edits else data, score_xml, report, report.notes)


def _key_report(setting: Setting) -> KeyReport:
    finding = setting.finding
    runner_up = str(finding.runner_up) if finding.runner_up else None
    return KeyReport(str(finding.key), finding.confidence, finding.source, runner_up)


def _notes(setting: Setting, score: Score, *, is_all_made: bool) -> list[str]:
    """What was left alone, and why."""
    notes = setting.remarks()
    left = len(slips(score))
    if left and setting.options.correct_key and not notes:
        notes.append(
            f"{counted(left, 'note')} outside the key left: no correction keeps the voices clean, or they are yours"
        )
    cause = "no change there makes nothing else worse" if is_all_made else "nothing accepted mends that"
    notes += [f"{line}: {cause}" for line in _parallels_left(setting, score)]
    return notes + _doublings(setting)


def _doublings(setting: Setting) -> list[str]:
    """A line for each pair of voices that is meant to run in parallel; one for all where there are many."""
    if len(setting.meant) > DOUBLINGS_TOLD:
        return [f"doublings taken as meant: {len(setting.meant)} pairs of voices"]
    return [
        f"doubling taken as meant: voices {lower + 1} and {upper + 1} of {count}, from below"
        for count, lower, upper in sorted(setting.meant)
    ]


def _parallels_left(setting: Setting, score: Score) -> list[str]:
    """Each rule of parallels that is not kept everywhere, with the bars."""
    if not setting.options.voice_leading:
        return []
    found = setting.faults(score)
    lines = []
    for rule in PARALLELS:
        bars = sorted({setting.beat_at(f.tick)[0] for f in found if f.rule == rule})
        if bars:
            lines.append(f"{rule} left in bar {', '.join(map(str, bars))}")
    return lines


def _counts(setting: Setting, score: Score, *, spelled: bool = False) -> dict[str, int]:
    counts = counts_of(setting.faults(score))
    counts["OutOfKey"] = len(slips(score))
    counts["Spelling"] = 0 if spelled else _misspelt(score)
    return {rule: counts[rule] for rule in RULES}


def _misspelt(score: Score) -> int:
    """Notes that a program without the key would spell otherwise than the key does."""
    return sum(score.key_at(t.start).spellings[t.pitch % 12] != _DEFAULT_NAMES[t.pitch % 12] for t in score.tones)


def _certificate(setting: Setting, made: Decided) -> Certificate | None:
    if not made.score.tones:
        return None
    from composer.cleanup.certificate import certificate_of

    return certificate_of(made.score, setting.meant)


def _merged(closing: Iterable[ChangeNote], changes: Iterable[ChangeNote]) -> list[ChangeNote]:
    """One edit a note."""
    found = {(e.note.track, e.note.on_index): e for e in closing}
    for change in changes:
        place = change.note.track, change.note.on_index
        found[place] = replace(found[place], pitch=change.pitch) if place in found else change
    return [found[place] for place in sorted(found)]
