"""What a DAW session holds, taken from a MIDI file event by event: nothing is rounded, every event finds a track.

A volume (CC7) or pan (CC10) that is set once belongs to the mixer of the session; one that moves stays with the
controllers of its track, and the mixer stands at its neutral place. So neither is heard twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from composer.export.clock import Clock, TempoChange
from composer.formats.brief.brief import Brief
from composer.formats.midi.chords import chord_texts_of
from composer.formats.midi.lyrics import lyrics_of_lines
from composer.formats.midi.piece import part_lines, piece_of
from composer.formats.midi.scan import CONTROL, DEFAULT_TEMPO_US, NOTE_OFF, PROGRAM, SET_TEMPO, SYSEX, RawEvent
from composer.formats.midi.source import CUE, LYRIC, TEXT, SourceMidi, SourceNote, decoded
from composer.formats.midi.writer import DRUM_CHANNEL, KEY_TEXT, NO_CHORD, TITLE_TEXT
from composer.music.bars import BarMap
from composer.music.key import Key
from composer.music.notes import CC_PAN, CC_VOLUME, Marker

MICROSECONDS_A_MINUTE = 60_000_000
# Tracks of a piece without a picture: hues that stay apart on dark and on light screens.
PLAIN_COLOURS = ("#d9534f", "#3b82c4", "#4f9d5d", "#e0a030", "#8e63b8", "#2fa5a0", "#c9688f", "#7d7f86")


@dataclass(frozen=True, slots=True)
class MetreChange:
    """A time signature from a tick on."""

    tick: int
    upper: int
    lower: int


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note in the file's ticks; ``release`` is its note-off velocity, None where the file has no true note-off."""

    start: int
    end: int
    pitch: int
    velocity: int
    release: int | None


@dataclass(frozen=True, slots=True)
class Track:
    """One line of a file, which is what plays on one channel of one track.

    ``words`` are the lyrics of the line, and the texts and cue points of its track, by tick.

    ``events`` are its other channel messages by tick (controllers, programs, bends, pressure) without those that the
    mixer takes; ``volume`` and ``pan`` are what the mixer takes, 0..127, None where it stays neutral. ``program`` is
    the first instrument, None where the file names none; ``channel`` counts from 0.
    """

    name: str
    colour: str
    channel: int
    program: int | None
    volume: int | None
    pan: int | None
    notes: tuple[PlayedNote, ...]
    events: tuple[RawEvent, ...]
    words: tuple[RawEvent, ...] = ()

    @property
    def is_drums(self) -> bool:
        return self.channel == DRUM_CHANNEL

    @property
    def gain(self) -> float:
        """The volume as a factor of amplitude: 127 is 1, by the square law of General MIDI."""
        return 1.0 if self.volume is None else (self.volume / 127) ** 2

    @property
    def side(self) -> float:
        """The pan from -1 (left) to 1 (right)."""
        return 0.0 if self.pan is None else max(-1.0, min(1.0, (self.pan - 64) / 63))


@dataclass(frozen=True, slots=True)
class ChordName:
    """A chord symbol as the file writes it, from a tick to the next one or to where it says that none sounds."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """A piece for a DAW; all ticks are the file's own, ``end_tick`` is the bar line at which it ends."""

    title: str
    key: Key
    clock: Clock
    metres: tuple[MetreChange, ...]
    markers: tuple[Marker, ...]
    chords: tuple[ChordName, ...]
    tracks: tuple[Track, ...]
    end_tick: int
    system_messages: int

    @property
    def notes(self) -> int:
        return sum(len(track.notes) for track in self.tracks)

    @property
    def lyrics(self) -> int:
        """How many words and syllables are sung."""
        return sum(word.meta == LYRIC for track in self.tracks for word in track.words)


def session_of(source: SourceMidi, brief: Brief | None = None) -> Session:
    """``source`` as a session; a tempo or metre that it lacks, and the colours, come from ``brief``."""
    piece = piece_of(source, brief)
    metres = _metres(source, brief)
    bars = BarMap([(m.tick, m.upper, m.lower) for m in metres], source.ticks_per_beat)
    end = max([source.end_tick, *(note.end for note in source.notes)])
    if not bars.is_bar_line(end):
        end = round(bars.start(bars.place(end).bar + 1))
    names = dict(zip(part_lines(source), (part.name for part in piece.parts), strict=True))
    return Session(
        title=piece.title,
        key=piece.key,
        clock=Clock(_tempi(source, brief), source.ticks_per_beat),
        metres=metres,
        markers=tuple(Marker(m.tick, m.text) for m in sorted(source.markers, key=lambda m: m.tick)),
        chords=_chords(source, end),
        tracks=_tracks(source, names, _colours(brief)),
        end_tick=end,
        system_messages=sum(e.status in (0xF0, 0xF7) for track in source.tracks for e in track),
    )


def _tempi(source: SourceMidi, brief: Brief | None) -> tuple[TempoChange, ...]:
    """By tick, the last word of each; one at tick 0 always."""
    found = {e.tick: int.from_bytes(e.data) for e in source.metas(SET_TEMPO)}
    if 0 not in found:
        planned = round(MICROSECONDS_A_MINUTE / brief.tempo_bpm) if brief is not None and not found else None
        found[0] = planned or DEFAULT_TEMPO_US
    return tuple(TempoChange(tick, found[tick]) for tick in sorted(found))


def _metres(source: SourceMidi, brief: Brief | None) -> tuple[MetreChange, ...]:
    found = {tick: MetreChange(tick, upper, lower) for tick, upper, lower in source.metres}
    if 0 not in found:
        known = brief.time if brief is not None and not found else None
        found[0] = MetreChange(0, known.numerator, known.denominator) if known else MetreChange(0, 4, 4)
    return tuple(found[tick] for tick in sorted(found))


def _chords(source: SourceMidi, end: int) -> tuple[ChordName, ...]:
    """The texts of the track of chords, the last one of each tick."""
    texts = {text.tick: text.text for text in chord_texts_of(source)}
    spans = pairwise([*sorted(texts), end])
    return tuple(ChordName(a, b, texts[a]) for a, b in spans if texts[a] not in ("", NO_CHORD) and a < b)


def _colours(brief: Brief | None) -> tuple[str, ...]:
    """The palette of the picture, each colour once; the plain ones without a picture."""
    found = tuple(dict.fromkeys(colour.hex.lower() for colour in brief.palette)) if brief is not None else ()
    return found or PLAIN_COLOURS


def _tracks(source: SourceMidi, names: dict[tuple[int, int], str], colours: tuple[str, ...]) -> tuple[Track, ...]:
    notes: dict[tuple[int, int], list[SourceNote]] = defaultdict(list)
    for note in source.notes:
        notes[note.track, note.channel].append(note)
    events, words = _events_of_lines(source, sorted(notes)), _words_of_lines(source, sorted(notes))
    made = []
    for number, line in enumerate(sorted(events)):
        name = names.get(line) or source.track_names[line[0]] or f"Channel {line[1] + 1}"
        played = tuple(_played(source, note) for note in notes.get(line, ()))
        made.append(_track(name, colours[number % len(colours)], line[1], played, events[line], words.get(line, [])))
    return tuple(made)


def _words_of_lines(source: SourceMidi, lines: Sequence[tuple[int, int]]) -> dict[tuple[int, int], list[RawEvent]]:
    """Line -> its lyrics and, for the first line of a track, the track's texts and cue points, by tick.

    Title and key, which composer writes as texts too, belong to the conductor.
    """
    found = {line: list(words) for line, words in lyrics_of_lines(source).items()}
    first = {line[0]: line for line in reversed(lines)}
    for number, line in first.items():
        said = [e for e in source.tracks[number] if e.meta == CUE or (e.meta == TEXT and not _is_ours(e))]
        if said:
            found[line] = sorted([*found.get(line, ()), *said], key=lambda e: e.tick)
    return found


def _is_ours(text: RawEvent) -> bool:
    return decoded(text.data).startswith((KEY_TEXT, TITLE_TEXT))


def _events_of_lines(source: SourceMidi, lines: Sequence[tuple[int, int]]) -> dict[tuple[int, int], list[RawEvent]]:
    """Line -> its channel messages that are no notes, by tick.

    What a track says to a channel on which only others play goes to the first of those.
    """
    players = {channel: line for line in reversed(lines) for channel in (line[1],)}
    found: dict[tuple[int, int], list[RawEvent]] = {line: [] for line in lines}
    for number, track in enumerate(source.tracks):
        for event in track:
            if event.status >= SYSEX or event.is_note_on or event.is_note_off:
                continue
            channel = event.status & 0x0F
            line = (number, channel) if (number, channel) in found else players.get(channel, (number, channel))
            found.setdefault(line, []).append(event)
    return {line: sorted(events, key=lambda e: e.tick) for line, events in found.items()}


def _played(source: SourceMidi, note: SourceNote) -> PlayedNote:
    release = None
    if note.off_index is not None:
        off = source.tracks[note.track][note.off_index]
        release = off.data[1] if off.status & 0xF0 == NOTE_OFF else None
    return PlayedNote(note.start, note.end, note.pitch, note.velocity, release)


def _track(
    name: str,
    colour: str,
    channel: int,
    notes: tuple[PlayedNote, ...],
    events: Sequence[RawEvent],
    words: Sequence[RawEvent],
) -> Track:
    first = min((note.start for note in notes), default=0)
    volume, pan = (_set_once(events, number, first) for number in (CC_VOLUME, CC_PAN))
    programs = [e.data[0] for e in events if e.status & 0xF0 == PROGRAM]
    return Track(
        name, colour, channel, programs[0] if programs else None,
        volume.data[1] if volume else None, pan.data[1] if pan else None,
        notes, tuple(e for e in events if e is not volume and e is not pan), tuple(words),
    )  # fmt: skip


def _set_once(events: Sequence[RawEvent], number: int, before_tick: int) -> RawEvent | None:
    """The one change of a controller, if there is but one and it comes before the first note sounds."""
    found = [e for e in events if e.status & 0xF0 == CONTROL and e.data[0] == number]
    return found[0] if len(found) == 1 and found[0].tick <= before_tick else None
