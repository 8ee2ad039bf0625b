"""The compare stage: two MIDI files to every difference between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from composer.compare.alignment import Alignment, Step, aligned, music_of
from composer.compare.matching import Group, groups_of, shift_between
from composer.compare.notes import MOVE_QUARTERS, NoteEdit, NoteEdits, Scale, note_edits
from composer.compare.song import SongEdit, TurnEdit, song_edits, turn_edits
from composer.compare.view import Tone, View, common_unit, view_of, with_chords_of, without_titles_of
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
class BarEdit:
    """Bars that were put in or taken out, with what stands in them at the times of the version that has them."""

    step: Step
    content: View
    span: range


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything in which ``after`` differs from ``before``.

    All music of ``after`` has been taken ``shift`` units earlier; ``end`` is when its file then ends, and ``came`` are
    the metres as it had them: those of the old version where it has none. ``bar_edits`` are the bars put in or taken
    out: neither view has what stands in them, and all times of ``after`` are those that its bars had before.
    """

    before: View
    after: View
    shift: int
    tracks: tuple[Track, ...]
    song: tuple[SongEdit, ...]
    end: tuple[int, int] | None
    voice_leading: VoiceLeading
    came: tuple[tuple[int, int, int], ...]
    bar_edits: tuple[BarEdit, ...] = ()

    @property
    def is_same(self) -> bool:
        is_whole = not (self.shift or self.song or self.end or self.bar_edits)
        return is_whole and all(track.is_same for track in self.tracks)

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
    came = new.metres or old.metres
    old, new = without_titles_of(with_chords_of(old, new), new), without_titles_of(with_chords_of(new, old), old)
    new, shift, alignment = _aligned(old, new)
    edits = tuple(BarEdit(s, alignment.content(s, old, new), alignment.span(s)) for s in alignment.steps)
    old, new = alignment.without_taken_out(old, new), alignment.taken_back(new, old)
    has_names = bool(old.kind) == bool(new.kind)
    tracks = tuple(_track(group, scale, has_names) for group in groups_of(old.lines, new.lines, unit))
    parts = [(track.group, track.notes) for track in tracks]
    song = song_edits(old.song, new.song, scale.tolerance, MOVE_QUARTERS * unit)
    return Difference(
        old, new, shift, tracks, song,
        (old.end, new.end) if abs(old.end - new.end) > scale.tolerance else None,
        voice_leading_between(old_source, new_source, parts, song, shift, alignment, unit), came, edits,
    )  # fmt: skip


def _aligned(old: View, new: View) -> tuple[View, int, Alignment]:
    """``new`` with all its music so much earlier (0: not all of it moved), and how its bars lie on those of ``old``."""
    here = _alignment(old, new)
    shift = shift_between(old.tones, new.tones, int(old.bars.start(2)))
    if not shift:
        return new, 0, here
    moved = new.earlier(shift)
    there = _alignment(old, moved)
    # Where there is music in the bars in front they were put in or taken out; else all music has moved.
    has_more = any(t.start < abs(shift) for t in (new if shift > 0 else old).tones)
    return (new, 0, here) if here.cost < there.cost + has_more else (moved, shift, there)


def _alignment(old: View, new: View) -> Alignment:
    return aligned(music_of(old, old.bars), music_of(new, new.bars if new.metres else old.bars), old.unit)


def _track(group: Group, scale: Scale, has_names: bool) -> Track:
    """``has_names`` where both files can name their tracks, or neither."""
    olds = [tone for line in group.before for tone in line.tones]
    news = [tone for line in group.after for tone in line.tones]
    edits = note_edits(olds, news, scale)
    old_turns, new_turns = ([turn for line in lines for turn in line.turns] for lines in (group.before, group.after))
    if not group.before or not group.after:
        # A track that came or went is told as a whole.
        old_turns, new_turns = [], []
    return Track(
        group, tuple(_track_edits(group, has_names)), edits, turn_edits(old_turns, new_turns, scale.tolerance),
        _range(olds), _range(news),
    )  # fmt: skip


def _track_edits(group: Group, has_names: bool) -> list[TrackEdit]:
    olds, news = group.before, group.after
    if not olds:
        return [TrackEdit(LINE_ADDED, "", news[0].label)]
    if not news:
        return [TrackEdit(LINE_REMOVED, olds[0].label, "")]
    before, after = (", ".join(dict.fromkeys(line.label for line in lines)) for lines in (olds, news))
    if len(olds) > 1 or len(news) > 1:
        return [TrackEdit(MERGED if len(olds) > len(news) else SPLIT, before, after)]
    edits = []
    if has_names and olds[0].name != news[0].name:
        edits.append(TrackEdit(TRACK_NAME, olds[0].name, news[0].name))
    if olds[0].channel != news[0].channel:
        edits.append(TrackEdit(CHANNEL, str(olds[0].channel + 1), str(news[0].channel + 1)))
    return edits


def _range(tones: Sequence[Tone]) -> tuple[int, int] | None:
    pitches = [tone.pitch for tone in tones]
    return (min(pitches), max(pitches)) if pitches else None
