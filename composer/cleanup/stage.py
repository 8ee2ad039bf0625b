"""Cleanup of one MIDI file: the key, then the voices, then the score and the report.

music21 analyses and engraves; the MIDI file is edited in place, so what no rule touches stays as it was, to the tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from composer.cleanup.keys import KeyFinding, key_finding
from composer.cleanup.repair import Repair, repaired
from composer.cleanup.report import RULES, Certificate, Change, KeyReport, Report
from composer.cleanup.rules import Fault, counts_of, doublings, faults_of
from composer.cleanup.score import WEIGHT_DRAFT, WEIGHT_FOREIGN, WEIGHT_LOCKED, Score, score_of
from composer.cleanup.slips import CHROMATIC_SHARE, corrections, slips
from composer.cleanup.texture import texture_of
from composer.errors import OverLimit, UsageProblem
from composer.formats.brief import Brief
from composer.formats.smf_scan import KEY_SIGNATURE
from composer.formats.source import ChangeNote, SourceMidi, SourceNote, closed_notes, edited, read_source
from composer.formats.source_piece import part_lines, piece_of
from composer.limits import MIDI_NOTES_MUSIC21
from composer.music.key import Key, key_of
from composer.music.notes import Piece
from composer.music.pitch import note_name
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import PARALLELS

# Repairs make room for others; in practice the second round finds nothing.
MAX_ROUNDS = 4
# A found key that leads by less is not certain enough to correct anybody's notes.
CONFIDENCE_MIN = 0.5
# The names music21 gives the black keys without a key.
_DEFAULT_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True, slots=True)
class CleanupOptions:
    """What cleanup may do.

    ``key`` ("A minor") wins over brief and file. ``edited_bars`` are (track name, bar from 1) that a person changed:
    they cost more to touch and keep their chromatic notes. ``locked_tracks`` are never changed.
    """

    key: str | None = None
    correct_key: bool = True
    voice_leading: bool = True
    keep_melody: bool = False
    locked_tracks: tuple[str, ...] = ()
    edited_bars: frozenset[tuple[str, int]] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The edited file (the same bytes where nothing was wrong), its score, the report and notes for the user."""

    midi: bytes
    musicxml: bytes
    report: Report
    notes: tuple[str, ...]


def cleaned(data: bytes, name: str, brief: Brief | None = None, options: CleanupOptions | None = None) -> Cleaned:
    """Cleanup of the MIDI file ``data``.

    Raises BadInput for a broken file, OverLimit for more notes than music21 can handle, UsageProblem for bad options.
    """
    options = options or CleanupOptions()
    source = read_source(data, name)
    if len(source.notes) > MIDI_NOTES_MUSIC21:
        reason = f"{len(source.notes)} notes, the limit of cleanup is {MIDI_NOTES_MUSIC21}"
        raise OverLimit(name, reason, "split the file or thin out the drums")
    piece, finding = _in_key(piece_of(source, brief), source, brief, options)
    ours = brief is not None or bool(piece.chords)
    start = _score(piece, options, ours)
    run = _Run(start, finding, options, ours)
    run.clean()
    report = run.report(name)
    changes = _pitch_edits(source, piece, run.score)
    edits = _merged(closed_notes(source), changes)
    notes = report.notes
    if source.hanging_notes:
        notes = (f"{source.hanging_notes} note(s) never ended; they are closed at the end of their track", *notes)
    report = replace(report, notes=notes)
    from composer.formats.musicxml import musicxml_bytes

    score_xml = musicxml_bytes(run.score.finished())
    return Cleaned(edited(source, edits) if edits else data, score_xml, report, notes)


def _in_key(piece: Piece, source: SourceMidi, brief: Brief | None, options: CleanupOptions) -> tuple[Piece, KeyFinding]:
    """The piece with the key it is cleaned in, and where that key came from."""
    given, given_by, declared = None, "brief", None
    if options.key is not None:
        given, given_by = key_named(options.key), "option"
    elif brief is not None:
        given = piece.key
    elif piece.chords and source.metas(KEY_SIGNATURE):
        given, given_by = piece.key, "signature"
    elif source.metas(KEY_SIGNATURE):
        declared = piece.key
    finding = key_finding(piece, given, given_by, declared)
    if options.key is None and finding.source == "found" and piece.keys:
        return piece, replace(finding, key=piece.key)
    return replace(piece, key=finding.key, keys=() if options.key is not None else piece.keys), finding


def key_named(text: str) -> Key:
    """The key written as "A minor", "Bb major" or "d dorian"; raises UsageProblem."""
    tonic, _, mode = text.strip().partition(" ")
    try:
        return key_of(tonic, mode.strip().lower() or "major")
    except ValueError as error:
        raise UsageProblem("--key", f"{text!r} is not a key: {error}", 'write it as "A minor" or "Bb major"') from None


def _score(piece: Piece, options: CleanupOptions, ours: bool) -> Score:
    weights = {}
    for number, part in enumerate(piece.parts):
        for index, note in enumerate(part.notes):
            if part.name in options.locked_tracks:
                weights[number, index] = WEIGHT_LOCKED
            elif (part.name, note.start // piece.meter.bar_ticks + 1) in options.edited_bars:
                weights[number, index] = WEIGHT_FOREIGN
    return score_of(piece, weights, WEIGHT_DRAFT if ours else WEIGHT_FOREIGN)


class _Run:
    """One cleanup: the score so far, what was repaired and what was left alone."""

    def __init__(self, score: Score, finding: KeyFinding, options: CleanupOptions, ours: bool) -> None:
        self.start = self.score = score
        self.finding, self.options, self.ours = finding, options, ours
        self.texture = texture_of(score)
        self.meant = doublings(score)
        self.repairs: list[Repair] = []
        self.notes: list[str] = []

    def clean(self) -> None:
        """Slips first, then voices, until neither finds anything more; no rule may have more faults in the end."""
        may_correct, may_repair = self._may_correct(), self._may_repair()
        for _ in range(MAX_ROUNDS):
            done = self._correct() if may_correct else []
            if may_repair:
                self.score, repairs = repaired(self.score, keep_melody=self.options.keep_melody)
                done += repairs
            if not done:
                break
            self.repairs += done
        self._undo_what_made_worse()

    def _may_correct(self) -> bool:
        found = slips(self.score)
        if not found or not self.options.correct_key:
            return False
        if len(found) > CHROMATIC_SHARE * len(self.score.tones) and len(found) > 2:
            self.notes.append(f"{len(found)} notes lie outside {self.finding.key}: taken as the style and left alone")
            return False
        if not self.ours and self.finding.confidence < CONFIDENCE_MIN:
            self.notes.append(
                f"the key is uncertain ({self.finding.key}?): notes outside it are left alone; name it with --key"
            )
            return False
        return True

    def _may_repair(self) -> bool:
        for number in self.texture.skipped:
            self.notes.append(
                f"{self.score.piece.parts[number].name}: its voices cannot be told apart safely; not judged"
            )
        if not self.options.voice_leading:
            return False
        if not self.ours and self.texture.skipped:
            self.notes.append("voice leading is reported but not changed in a file that composer did not write")
            return False
        return True

    def _correct(self) -> list[Repair]:
        def is_free(tone_weight: float) -> bool:
            return tone_weight <= (WEIGHT_DRAFT if self.ours else WEIGHT_FOREIGN)

        found = [t for t in slips(self.score) if is_free(t.weight)]
        done = []
        for tone in found:
            for pitch in corrections(self.score, tone):
                trial = self.score.with_pitches({tone.place: pitch})
                before, after = self._faults(self.score), self._faults(trial)
                if not _risen(before, after):
                    cost, new_cost = (sum(f.cost for f in faults) for faults in (before, after))
                    done.append(Repair({tone.place: pitch}, ("OutOfKey",), cost, new_cost))
                    self.score = trial
                    break
        return done

    def _undo_what_made_worse(self) -> None:
        before = self._faults(self.start)
        while self.repairs and (
            _risen(before, self._faults(self.score)) or len(slips(self.score)) > len(slips(self.start))
        ):
            self.repairs.pop()
            self.score = self.start
            for repair in self.repairs:
                self.score = self.score.with_pitches(repair.pitches)

    def _faults(self, score: Score) -> list[Fault]:
        return faults_of(score, self.meant)

    def report(self, name: str) -> Report:
        finding = self.finding
        left = len(slips(self.score))
        if left and self.options.correct_key and not self.notes:
            self.notes.append(
                f"{left} note(s) outside the key are left: no correction keeps the voices clean, or a person wrote them"
            )
        self.notes += self._parallels_left()
        for count, lower, upper in sorted(self.meant):
            self.notes.append(f"doubling taken as meant: voices {lower + 1} and {upper + 1} of {count}, from below")
        runner_up = str(finding.runner_up) if finding.runner_up else None
        return Report(
            name=name, key=KeyReport(str(finding.key), finding.confidence, finding.source, runner_up),
            changes=tuple(self._changes()),
            before=self._counts(self.start), after=self._counts(self.score, spelled=True),
            certificate=self._certificate(), notes=tuple(dict.fromkeys(self.notes)),
        )  # fmt: skip

    def _parallels_left(self) -> list[str]:
        """A line for each rule of parallels that could not be kept everywhere, with the bars."""
        bar_ticks, found = self.score.piece.meter.bar_ticks, self._faults(self.score)
        lines = []
        for rule in PARALLELS:
            bars = sorted({f.tick // bar_ticks + 1 for f in found if f.rule == rule})
            if bars and self.options.voice_leading:
                lines.append(
                    f"{rule} left in bar {', '.join(map(str, bars))}: no change there makes nothing else worse"
                )
        return lines

    def _counts(self, score: Score, *, spelled: bool = False) -> dict[str, int]:
        counts = counts_of(self._faults(score))
        counts["OutOfKey"] = len(slips(score))
        counts["Spelling"] = 0 if spelled else _misspelt(score)
        return {rule: counts[rule] for rule in RULES}

    def _changes(self) -> Iterable[Change]:
        meter = self.score.piece.meter
        for old, new in zip(self.start.tones, self.score.tones, strict=True):
            if old.pitch == new.pitch:
                continue
            repairs = [r for r in self.repairs if old.place in r.pitches]
            names = self.score.key_at(old.start).spellings
            yield Change(
                bar=old.start // meter.bar_ticks + 1,
                beat=round(1 + old.start % meter.bar_ticks / meter.beat_ticks, 2),
                part=self.score.piece.parts[old.part].name,
                before=note_name(old.pitch, names), after=note_name(new.pitch, names),
                rules=tuple(sorted({rule for r in repairs for rule in r.rules})),
                cost_before=repairs[0].cost_before, cost_after=repairs[-1].cost_after,
            )  # fmt: skip

    def _certificate(self) -> Certificate | None:
        if not self.score.tones:
            return None
        from composer.cleanup.certificate import certificate_of

        return certificate_of(self.score, self.meant)


def _risen(before: list[Fault], after: list[Fault]) -> bool:
    counts = counts_of(before)
    return any(n > counts[rule] for rule, n in counts_of(after).items())


def _misspelt(score: Score) -> int:
    """Notes that a program without the key would spell otherwise than the key does."""
    return sum(score.key_at(t.start).spellings[t.pitch % 12] != _DEFAULT_NAMES[t.pitch % 12] for t in score.tones)


def _pitch_edits(source: SourceMidi, piece: Piece, score: Score) -> list[ChangeNote]:
    """The changed pitches as edits of the file's own notes."""
    groups: dict[tuple[int, int], list[SourceNote]] = {}
    for note in source.notes:
        groups.setdefault((note.track, note.channel), []).append(note)
    ordered = [sorted(groups[line], key=lambda n: _note_key(n, source)) for line in part_lines(source)]
    edits = []
    for tone in score.tones:
        note = ordered[tone.part][tone.index]
        if note.pitch != tone.pitch:
            edits.append(ChangeNote(note, pitch=tone.pitch))
    return edits


def _note_key(note: SourceNote, source: SourceMidi) -> tuple[int, int, int, int]:
    """The order of the notes in a part of ``piece_of``."""
    start, end = (
        (2 * t * TICKS_PER_BEAT + source.ticks_per_beat) // (2 * source.ticks_per_beat) for t in (note.start, note.end)
    )
    return start, note.pitch, max(1, end - start), note.velocity


def _merged(closing: Iterable[ChangeNote], changes: Iterable[ChangeNote]) -> list[ChangeNote]:
    """One edit a note."""
    found = {(e.note.track, e.note.on_index): e for e in closing}
    for change in changes:
        place = change.note.track, change.note.on_index
        found[place] = replace(found[place], pitch=change.pitch) if place in found else change
    return [found[place] for place in sorted(found)]
