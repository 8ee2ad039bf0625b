"""A piece as MIDI in which some parts are voices of a file that was given: their events are its own, to the tick.

What composer adds is laid out as ``midi`` does. Of a kept voice every channel event stays (notes, bends, controllers,
programs) and its lyrics; of the file its tempi, metres, markers, cues and copyright. The file is written at 480 ticks
to the quarter where that moves no kept event, else at the resolution of the file that was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from composer.formats.midi.events import HEAD, LATE_OFF, OFF, ON, SET, end_of_track, in_order, note_off
from composer.formats.midi.scan import (
    CONTROL,
    END_OF_TRACK,
    KEY_SIGNATURE,
    META,
    NOTE_OFF,
    PROGRAM,
    SET_TEMPO,
    SYSEX,
    TIME_SIGNATURE,
    RawEvent,
)
from composer.formats.midi.source import COPYRIGHT, CUE, LYRIC, MARKER, SourceMidi, read_source, smf_bytes
from composer.formats.midi.writer import DRUM_CHANNEL, midi_bytes
from composer.music.notes import CC_BANK, CC_BANK_LOW, CC_PAN, CC_VOLUME, CHORDS, Piece
from composer.music.time import TICKS_PER_BEAT

_OF_THE_FILE = (SET_TEMPO, TIME_SIGNATURE, MARKER)
_Placed = tuple[int, RawEvent]
_SOUND = ((CONTROL, CC_BANK), (CONTROL, CC_BANK_LOW), (PROGRAM, -1), (CONTROL, CC_VOLUME), (CONTROL, CC_PAN))


@dataclass(frozen=True, slots=True)
class Kept:
    """The part of that index is the voice (track, channel) of the file."""

    part: int
    track: int
    channel: int


def given_midi_bytes(added: Piece, source: SourceMidi, kept: Sequence[Kept], *, shift: int = 0) -> bytes:
    """The file ``source`` with ``added`` as a type 1 file; the ticks of ``added`` begin ``shift`` ticks earlier.

    ``added`` holds what composer adds and nothing else: its kept parts have new notes only (or none), its markers and
    later tempi come to those of the file. What it has at its tick 0 counts where the file says nothing.
    """
    ours = read_source(midi_bytes(_with_one_kit(added)), added.title, may_be_silent=True).tracks
    layout = _Layout(source, resolution_of(source, kept), shift)
    voices = {one.part: one for one in kept}
    tracks = [layout.conductor(ours[0])]
    for index, track in enumerate(ours[1:-1]):
        voice = voices.get(index)
        tracks.append(layout.added(track) if voice is None else layout.kept(track, voice))
    tracks.append(layout.added(ours[-1]))
    last = max(layout.scaled(added.length), *(e.tick for track in tracks for e in track))
    end = layout.bar_line_after(last, added.meter.bar_ticks)
    closed = [[*track, end_of_track(end)] for track in tracks]
    return smf_bytes(1, layout.resolution, closed)


def _with_one_kit(piece: Piece) -> Piece:
    """The piece with one drum part at most, as MIDI has one drum channel; kept drums find back to it by themselves."""
    drums = [part.name for part in piece.parts if part.is_drums][1:]
    parts = (replace(p, role=CHORDS) if p.name in drums else p for p in piece.parts)
    return replace(piece, parts=tuple(parts)) if drums else piece


def resolution_of(source: SourceMidi, kept: Sequence[Kept]) -> int:
    """480 where every kept event falls on a whole tick of it, else the file's own ticks to the quarter."""
    tracks = {one.track for one in kept}
    ticks = {e.tick for number, track in enumerate(source.tracks) for e in track if number in tracks or e.meta >= 0}
    exact = all(tick * TICKS_PER_BEAT % source.ticks_per_beat == 0 for tick in ticks)
    return TICKS_PER_BEAT if exact else source.ticks_per_beat


@dataclass(frozen=True, slots=True)
class _Layout:
    """Both times, that of the piece and that of the file, on the ticks of the new file."""

    source: SourceMidi
    resolution: int
    shift: int

    def scaled(self, tick: int) -> int:
        """A tick of the piece in the new file, which begins where the source does; negative before that."""
        return round((tick - self.shift) * self.resolution / TICKS_PER_BEAT)

    def bar_line_after(self, tick: int, bar_ticks: int) -> int:
        """The first bar line at or after a tick of the new file."""
        first, bar = self.scaled(0), max(1, round(bar_ticks * self.resolution / TICKS_PER_BEAT))
        return first - (first - tick) // bar * bar

    def of_file(self, tick: int) -> int:
        return tick * self.resolution // self.source.ticks_per_beat

    def moved(self, event: RawEvent) -> RawEvent:
        return event._replace(tick=max(0, self.scaled(event.tick)))

    def added(self, track: Iterable[RawEvent]) -> list[RawEvent]:
        """A track of composer's own."""
        return [self.moved(e) for e in track if e.meta != END_OF_TRACK]

    def conductor(self, ours: Sequence[RawEvent]) -> list[RawEvent]:
        """Title and key as composer has them; tempi, metres and markers of the file, with ours where it has none."""
        events = [self.moved(e) for e in ours if e.meta not in (*_OF_THE_FILE, END_OF_TRACK)]
        for kind in _OF_THE_FILE:
            theirs = [e._replace(tick=self.of_file(e.tick)) for e in self.source.metas(kind)]
            is_said = kind != MARKER and any(e.tick == 0 for e in theirs)
            events += [*theirs, *(self.moved(e) for e in ours if e.meta == kind and not (is_said and e.tick == 0))]
        events += [e._replace(tick=self.of_file(e.tick)) for kind in (COPYRIGHT, CUE) for e in self.source.metas(kind)]
        return _sorted(_placed(dict.fromkeys(events + self._later_keys(ours))))

    def _later_keys(self, ours: Sequence[RawEvent]) -> list[RawEvent]:
        """Key changes of the file, where its first key is the one that composer found too."""
        theirs = self.source.metas(KEY_SIGNATURE)
        first = next((e.data for e in ours if e.meta == KEY_SIGNATURE), b"")
        if not theirs or theirs[0].data != first:
            return []
        return [e._replace(tick=self.of_file(e.tick)) for e in theirs[1:]]

    def kept(self, ours: Sequence[RawEvent], voice: Kept) -> list[RawEvent]:
        """A voice of the file on the part's channel, behind the part's name, with the part's new notes."""
        channel = next(e.status & 0x0F for e in ours if e.meta < 0 and e.status < SYSEX)
        if voice.channel == DRUM_CHANNEL:
            channel = DRUM_CHANNEL
            ours = [e if e.meta >= 0 else e._replace(status=e.status & 0xF0 | channel) for e in ours]
        theirs = self._voice_events(voice, channel)
        said = {_kind(e) for _, e in theirs if e.tick == 0}
        setup = [e for e in ours if e.tick == 0 and _is_setup(e) and _kind(e) not in said]
        new = [e for e in ours if e.meta != END_OF_TRACK and not _is_setup(e)]
        return _sorted([*_placed(map(self.moved, setup)), *theirs, *_placed(map(self.moved, new))])

    def _voice_events(self, voice: Kept, channel: int) -> list[_Placed]:
        """Channel events and lyrics of the voice in file order; note-ons of velocity 0 become note-offs."""
        notes = [n for n in self.source.notes if (n.track, n.channel) == (voice.track, voice.channel)]
        no_length = {n.off_index for n in notes if n.start == n.end}
        events: list[_Placed] = []
        for index, event in enumerate(self.source.tracks[voice.track]):
            if event.meta == LYRIC:
                events.append((HEAD, event._replace(tick=self.of_file(event.tick))))
            elif event.meta < 0 and event.status < SYSEX and event.status & 0x0F == voice.channel:
                kind = NOTE_OFF if event.is_note_off else event.status & 0xF0
                moved = event._replace(tick=self.of_file(event.tick), status=kind | channel)
                events.append((LATE_OFF if index in no_length else _order(event), moved))
        hanging = [n for n in notes if n.off_index is None]
        offs = (note_off(self.of_file(n.end), channel, n.pitch) for n in hanging)
        return [*events, *_placed(offs)]


def _is_setup(event: RawEvent) -> bool:
    """Whether the event names the track or chooses its sound, loudness or place."""
    return event.meta >= 0 or event.status & 0xF0 == PROGRAM or _kind(event)[1] in (CC_VOLUME, CC_PAN)


def _kind(event: RawEvent) -> tuple[int, int]:
    """What an event sets: its status without the channel, and the controller's number."""
    if event.meta >= 0:
        return META, event.meta
    return event.status & 0xF0, event.data[0] if event.status & 0xF0 == CONTROL else -1


def _placed(events: Iterable[RawEvent]) -> list[_Placed]:
    return [(_order(event), event) for event in events]


def _sorted(events: Iterable[_Placed]) -> list[RawEvent]:
    return in_order(sorted(events, key=lambda placed: _rank(placed[1])))


def _rank(event: RawEvent) -> int:
    """The order in which a sound is chosen: bank, program, volume, pan, then everything else."""
    kind = _kind(event)
    return _SOUND.index(kind) if kind in _SOUND else len(_SOUND)


def _order(event: RawEvent) -> int:
    if event.meta >= 0:
        return HEAD
    if event.is_note_off:
        return OFF
    return ON if event.is_note_on else SET
