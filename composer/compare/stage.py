"""The compare stage: two MIDI files to every difference between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from composer.compare.alignment import Step, aligned
from composer.compare.matching import Group, shift_between
from composer.compare.notes import MOVE_QUARTERS, NoteEdit, NoteEdits, Scale, note_edits
from composer.compare.song import SongEdit, TurnEdit, song_edits, turn_edits
from composer.compare.view import Tone, View, common_unit, view_of, with_chords_of
from composer.compare.voices import VoiceLeading, voice_leading_between
from composer.formats.midi.source import read_source
from composer.music.bars import BarMap
from composer.music.time import TICKS_PER_BEAT

TRACK_NAME, CHANNEL, LINE_ADDED, LINE_REMOVED, MERGED, SPLIT = (
    "track name", "channel", "track added", "track removed", "tracks put together", "track taken apart"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrackEdit:
    """A change of a track as a whole, with the old and the new value in words."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Track:
    """What changed in one part of the music; ``range_before`` and ``range_after`` are its lowest and highest pitch."""

    group: Group
    edits: tuple[TrackEdit, ...]
    notes: NoteEdits
    turns: tuple[TurnEdit, ...]
    range_before: tuple[int, int] | None
    range_after: tuple[int, int] | None

    @property
    def is_same(self) -> bool:
        return not (self.edits or self.notes.edits or self.turns)


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything in which ``after`` differs from ``before``.

    All music of ``after`` has been taken ``shift`` units earlier; ``end`` is when its file then ends, and ``came`` are
    the metres as it had them: those of the old version where it has none. ``steps`` say where bars seem to have been
    put in or taken out; all edits are told by their own times all the same.
    """

    before: View
    after: View
    shift: int
    tracks: tuple[Track, ...]
    song: tuple[SongEdit, ...]
    end: tuple[int, int] | None
    voice_leading: VoiceLeading
    came: tuple[tuple[int, int, int], ...]
    steps: tuple[Step, ...] = ()

    @property
    def is_same(self) -> bool:
        return not (self.shift or self.song or self.end) and all(track.is_same for track in self.tracks)

    @property
    def bars(self) -> BarMap:
        """The bars of the old version, by which places are named; of the new one where the old has no metre."""
        return BarMap(self.before.metres or self.after.metres, self.before.unit)

    @property
    def note_edits(self) -> list[NoteEdit]:
        return [edit for track in self.tracks for edit in track.notes.edits]

    def quarters(self, time: int) -> Fraction:
        return Fraction(time, self.before.unit)


def compared(before: bytes, before_name: str, after: bytes, after_name: str, tolerance_ticks: int = 0) -> Difference:
    """The difference of two MIDI files; times that differ by at most so many 480ths of a quarter are equal.

    Raises BadInput or OverLimit for a file that the MIDI reader refuses.
    """
    old_source, new_source = read_source(before, before_name), read_source(after, after_name)
    unit = common_unit(old_source, new_source)
    scale = Scale(unit, tolerance_ticks * unit // TICKS_PER_BEAT)
    old, new = view_of(old_source, unit), view_of(new_source, unit)
    shift = shift_between(old.tones, new.tones, int(old.bars.start(2)))
    came = new.metres or old.metres
    new = new.earlier(shift)
    old, new = with_chords_of(old, new), with_chords_of(new, old)
    alignment = aligned(old.tones, new.tones, (old.bars, new.bars if new.metres else old.bars), unit)
    tracks = tuple(_track(group, scale) for group in alignment.groups_of(old.lines, new.lines, unit))
    parts = [(track.group, track.notes) for track in tracks]
    return Difference(
        old, new, shift, tracks,
        song_edits(old.song, new.song, scale.tolerance, MOVE_QUARTERS * unit),
        (old.end, new.end) if abs(old.end - new.end) > scale.tolerance else None,
        voice_leading_between(old_source, new_source, parts, unit, shift), came, alignment.steps,
    )  # fmt: skip


def _track(group: Group, scale: Scale) -> Track:
    olds = [tone for line in group.before for tone in line.tones]
    news = [tone for line in group.after for tone in line.tones]
    edits = note_edits(olds, news, scale)
    old_turns, new_turns = ([turn for line in lines for turn in line.turns] for lines in (group.before, group.after))
    if not group.before or not group.after:
        # A track that came or went is told as a whole.
        old_turns, new_turns = [], []
    return Track(
        group, tuple(_track_edits(group)), edits, turn_edits(old_turns, new_turns, scale.tolerance),
        _range(olds), _range(news),
    )  # fmt: skip


def _track_edits(group: Group) -> list[TrackEdit]:
    olds, news = group.before, group.after
    if not olds:
        return [TrackEdit(LINE_ADDED, "", news[0].label)]
    if not news:
        return [TrackEdit(LINE_REMOVED, olds[0].label, "")]
    before, after = (", ".join(dict.fromkeys(line.label for line in lines)) for lines in (olds, news))
    if len(olds) > 1 or len(news) > 1:
        return [TrackEdit(MERGED if len(olds) > len(news) else SPLIT, before, after)]
    edits = []
    if olds[0].name != news[0].name:
        edits.append(TrackEdit(TRACK_NAME, olds[0].name, news[0].name))
    if olds[0].channel != news[0].channel:
        edits.append(TrackEdit(CHANNEL, str(olds[0].channel + 1), str(news[0].channel + 1)))
    return edits


def _range(tones: Sequence[Tone]) -> tuple[int, int] | None:
    pitches = [tone.pitch for tone in tones]
    return (min(pitches), max(pitches)) if pitches else None
