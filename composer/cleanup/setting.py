"""A MIDI file as cleanup reads it: its piece and key, and which notes may be changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

from composer.cleanup.keys import KeyFinding, key_finding
from composer.cleanup.rules import Fault, doublings, faults_of
from composer.cleanup.score import WEIGHT_DRAFT, WEIGHT_FOREIGN, WEIGHT_LOCKED, Score, score_of
from composer.cleanup.slips import CHROMATIC_SHARE, slips
from composer.cleanup.texture import Texture, texture_of
from composer.errors import OverLimit, UsageProblem, counted
from composer.formats.brief.brief import Brief
from composer.formats.midi.hashes import track_labels
from composer.formats.midi.piece import part_lines, piece_of
from composer.formats.midi.scan import KEY_SIGNATURE
from composer.formats.midi.sections import UNNAMED, locked_in
from composer.formats.midi.source import SourceMidi, SourceNote, read_source
from composer.limits import CLEANUP_VOICES, MIDI_NOTES_MUSIC21
from composer.music.bars import BarMap
from composer.music.key import Key
from composer.music.key_names import key_written
from composer.music.notes import Piece
from composer.music.regions import Track
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import Pair

# A found key that leads by less is not certain enough to correct anybody's notes.
CONFIDENCE_MIN = 0.5

NotePlace = tuple[int, int]  # part, index of the note in it


@dataclass(frozen=True, slots=True)
class CleanupOptions:
    """What cleanup may do.

    ``key`` ("A minor") wins over brief and file. ``edited_bars`` are (track as the record calls it, bar from 1) that a
    person changed: there it only suggests, unless ``change_edited``. ``locked_tracks`` are never changed, nor what the
    brief, of the file ``brief_name``, locks.
    """

    key: str | None = None
    correct_key: bool = True
    voice_leading: bool = True
    keep_melody: bool = False
    locked_tracks: tuple[str, ...] = ()
    edited_bars: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    change_edited: bool = False
    brief_name: str = UNNAMED


@dataclass(frozen=True)
class Setting:
    """The file ``source`` as ``piece``; ``notes`` are the file's own notes of each part, in the order of the piece.

    ``locked`` notes are never changed, ``edited`` ones only where the person says so. ``ours`` tells whether composer
    knows how the music was planned.
    """

    source: SourceMidi
    piece: Piece
    finding: KeyFinding
    ours: bool
    options: CleanupOptions
    notes: tuple[tuple[SourceNote, ...], ...]
    labels: tuple[str, ...]
    bars: BarMap
    locked: frozenset[NotePlace]
    edited: frozenset[NotePlace]

    @cached_property
    def score(self) -> Score:
        """The notes as they are, each with the price that a change has while nobody was asked."""
        fixed = self.locked if self.options.change_edited else self.locked | self.edited
        dearer = dict.fromkeys(self.edited, WEIGHT_FOREIGN)
        return self._score({**dearer, **dict.fromkeys(fixed, WEIGHT_LOCKED)})

    def for_suggestions(self, score: Score) -> Score:
        """``score`` with nothing free to move but what a person edited."""
        free = self.edited - self.locked
        tones = (replace(t, weight=WEIGHT_FOREIGN if t.place in free else WEIGHT_LOCKED) for t in score.tones)
        return Score(score.piece, tuple(tones))

    @cached_property
    def meant(self) -> frozenset[Pair]:
        """The pairs of voices that double each other on purpose."""
        return doublings(self.score)

    def faults(self, score: Score) -> list[Fault]:
        return self._known if score is self.score else faults_of(score, self.meant)

    @cached_property
    def _known(self) -> list[Fault]:
        return faults_of(self.score, self.meant)

    @cached_property
    def slips(self) -> tuple[NotePlace, ...]:
        """The notes outside the key in the file as it is."""
        return tuple(tone.place for tone in slips(self.score))

    def note(self, place: NotePlace) -> SourceNote:
        return self.notes[place[0]][place[1]]

    def bar_of(self, place: NotePlace) -> int:
        """The bar, from 1, in which a note begins."""
        return self.bars.place(self.note(place).start).bar

    def beat_at(self, tick: int) -> tuple[int, float]:
        """Bar and beat, both from 1, of a tick of the piece; beats are of the lower number of the metre there."""
        ticks_per_beat = self.source.ticks_per_beat
        return self._beat((2 * tick * ticks_per_beat + TICKS_PER_BEAT) // (2 * TICKS_PER_BEAT))

    def beat_of(self, place: NotePlace) -> tuple[int, float]:
        """Bar and beat, both from 1, at which a note begins in the file."""
        return self._beat(self.note(place).start)

    def _beat(self, file_tick: int) -> tuple[int, float]:
        place = self.bars.place(file_tick)
        return place.bar, round(float(place.beat), 3)

    @property
    def is_in_style(self) -> bool:
        """Whether so many notes lie outside the key that it says little."""
        return len(self.slips) > max(2, CHROMATIC_SHARE * len(self.score.tones))

    @property
    def may_correct(self) -> bool:
        """Whether slips may be corrected."""
        uncertain = not self.ours and self.finding.confidence < CONFIDENCE_MIN
        return bool(self.slips) and self.options.correct_key and not self.is_in_style and not uncertain

    @property
    def may_repair(self) -> bool:
        """Whether faults between voices may be mended."""
        is_clear = self.ours or not self._skipped
        return self.options.voice_leading and is_clear and self._voices <= CLEANUP_VOICES

    @cached_property
    def _texture(self) -> Texture:
        return texture_of(self.score)

    @property
    def _skipped(self) -> tuple[int, ...]:
        return self._texture.skipped

    @cached_property
    def _voices(self) -> int:
        """How many notes sound at once at most."""
        moves = sorted(move for tone in self.score.tones for move in ((tone.start, 1), (tone.end, -1)))
        return max(accumulate(step for _, step in moves), default=0)

    def remarks(self) -> list[str]:
        """Why cleanup may not do all that it could."""
        lines = []
        if self.slips and self.options.correct_key and self.is_in_style:
            notes = counted(len(self.slips), "note lies", "notes lie")
            lines.append(f"{notes} outside {self.finding.key}: taken as the style and left alone")
        elif self.slips and self.options.correct_key and not self.may_correct:
            lines.append(
                f"the key is uncertain ({self.finding.key}?): notes outside it are left alone; name it with --key"
            )
        for number in self._skipped:
            lines.append(f"{self.piece.parts[number].name}: its voices cannot be told apart safely; not judged")
        if self.options.voice_leading and self._voices > CLEANUP_VOICES:
            many = f"{self._voices} voices at once: of more than {CLEANUP_VOICES}"
            lines.append(f"{many} voice leading is reported but not changed")
        elif self.options.voice_leading and not self.may_repair:
            lines.append("voice leading is reported but not changed in a file that composer did not write")
        return lines

    def _score(self, weights: dict[NotePlace, float]) -> Score:
        return score_of(self.piece, weights, WEIGHT_DRAFT if self.ours else WEIGHT_FOREIGN)


def setting_of(data: bytes, name: str, brief: Brief | None, options: CleanupOptions) -> Setting:
    """The MIDI file ``data`` made ready.

    Raises BadInput for a broken file or a locked track that it lacks, OverLimit for more notes than music21 can
    handle, UsageProblem for bad options.
    """
    source = read_source(data, name)
    if len(source.notes) > MIDI_NOTES_MUSIC21:
        reason = f"{len(source.notes)} notes, the limit of cleanup is {MIDI_NOTES_MUSIC21}"
        raise OverLimit(name, reason, "split the file or thin out the drums")
    piece, finding = _in_key(piece_of(source, brief), source, brief, options)
    plain = Setting(
        source, piece, finding, brief is not None or bool(piece.chords), options, _notes_by_part(source),
        tuple(track_labels(source)), _bars(source, piece), frozenset(), frozenset(),
    )  # fmt: skip
    may_change = options.correct_key or options.voice_leading
    return replace(plain, locked=_locked(plain, brief if may_change else None), edited=_edited(plain))


def key_named(text: str) -> Key:
    """The key written as "A minor", "Bbm" or "d-Moll"; raises UsageProblem."""
    try:
        return key_written(text)
    except ValueError as error:
        raise UsageProblem("--key", str(error), 'write it as "A minor" or "Bb major"') from None


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


def _bars(source: SourceMidi, piece: Piece) -> BarMap:
    metres = source.metres or ((0, piece.meter.numerator, piece.meter.denominator),)
    return BarMap(metres, source.ticks_per_beat)


def _locked(setting: Setting, brief: Brief | None) -> frozenset[NotePlace]:
    """The notes of locked tracks, and those that begin in what the brief locks."""
    parts = zip(setting.piece.parts, setting.notes, strict=True)
    names = [(Track(part.name, part.role), Track(setting.labels[notes[0].track])) for part, notes in parts]
    known = [track for own in names for track in own]
    regions = locked_in(setting.source, known, brief, setting.options.brief_name) if brief is not None else ()
    found = set()
    for number, (own, part) in enumerate(zip(names, setting.piece.parts, strict=True)):
        for index in range(len(part.notes)):
            bar = setting.bar_of((number, index)) if regions else 0
            if part.name in setting.options.locked_tracks or any(r.holds(t, bar) for r in regions for t in own):
                found.add((number, index))
    return frozenset(found)


def _edited(setting: Setting) -> frozenset[NotePlace]:
    """The notes that begin in bars that a person edited."""
    if not setting.options.edited_bars:
        return frozenset()
    places = ((number, index) for number, notes in enumerate(setting.notes) for index in range(len(notes)))
    return frozenset(
        place
        for place in places
        if (setting.labels[setting.note(place).track], setting.bar_of(place)) in setting.options.edited_bars
    )


def _notes_by_part(source: SourceMidi) -> tuple[tuple[SourceNote, ...], ...]:
    groups: dict[tuple[int, int], list[SourceNote]] = {}
    for note in source.notes:
        groups.setdefault((note.track, note.channel), []).append(note)
    return tuple(tuple(sorted(groups[line], key=lambda n: _note_key(n, source))) for line in part_lines(source))


def _note_key(note: SourceNote, source: SourceMidi) -> tuple[int, int, int, int]:
    """The order of the notes in a part of ``piece_of``."""
    start, end = (
        (2 * t * TICKS_PER_BEAT + source.ticks_per_beat) // (2 * source.ticks_per_beat) for t in (note.start, note.end)
    )
    return start, note.pitch, max(1, end - start), note.velocity
