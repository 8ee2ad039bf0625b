"""A piece of four parts, and what DAWs make of a file of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import replace

import mido

from composer.formats.midi.writer import midi_bytes
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY, ChordSpan, Control, Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter

BAR = 1920
Event = tuple[int, mido.Message | mido.MetaMessage]


def piece() -> Piece:
    """Eight bars in D minor: a melody in quarters, block chords, a bass, drums."""
    tune = (62, 65, 69, 67, 65, 64, 62, 57, 60, 64, 67, 65, 64, 62, 61, 62)
    melody = tuple(Note(i * 960, tune[i], 900, 70 + i) for i in range(16))
    chords = ((50, 57, 65), (50, 58, 62), (48, 55, 64), (49, 57, 64))
    block = tuple(Note(bar * BAR, p, 1900, 60) for bar in range(8) for p in chords[bar % 4])
    bass = tuple(Note(bar * BAR, (38, 43, 36, 33)[bar % 4], 1900, 80) for bar in range(8))
    drums = tuple(Note(bar * BAR + beat * 480, (36, 42, 38, 42)[beat], 60, 90) for bar in range(8) for beat in range(4))
    pedal = tuple(Control(bar * BAR + at, 64, v) for bar in range(8) for at, v in ((30, 127), (1890, 0)))
    return Piece(
        title="Small piece",
        meter=Meter(4, 4),
        key=key_of("D", "minor"),
        tempi=(Tempo(0, 96.0), Tempo(7 * BAR, 88.0)),
        parts=(
            Part("Melody", MELODY, 73, melody, gain=104, pan=58),
            Part("Piano", CHORDS, 0, block, pedal, gain=88, pan=72),
            Part("Bass", BASS, 32, bass, gain=96, pan=64),
            Part("Drums", DRUMS, 0, drums, gain=80, pan=66),
        ),
        length=8 * BAR,
        markers=(Marker(0, "A"), Marker(4 * BAR, "B")),
        chords=tuple(ChordSpan(b * BAR, (b + 1) * BAR, chord_of(("Dm", "Gm", "C", "A7")[b % 4])) for b in range(8)),
    )


def apart() -> Piece:
    """The piece without drums and with the melody an octave higher: no two parts ever share a pitch."""
    whole = with_notes(piece(), "Melody", lambda notes: [replace(n, pitch=n.pitch + 12) for n in notes])
    return replace(whole, parts=whole.parts[:3])


def with_notes(whole: Piece, name: str, change: Callable[[list[Note]], Iterable[Note]]) -> Piece:
    """The piece with other notes in the part of that name."""
    parts = [replace(p, notes=tuple(change(list(p.notes)))) if p.name == name else p for p in whole.parts]
    return replace(whole, parts=tuple(parts))


def tracks_of(data: bytes) -> list[list[Event]]:
    """Events at absolute ticks, ends of tracks left out."""
    found = []
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        now, events = 0, []
        for message in track:
            now += message.time
            if message.type != "end_of_track":
                events.append((now, message))
        found.append(events)
    return found


def file_of(tracks: list[list[Event]], kind: int = 1, ticks_per_beat: int = 480, end: int | None = None) -> bytes:
    """A MIDI file of events at absolute ticks, all tracks ending at ``end`` or with their last event."""
    midi = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat, charset="utf-8")
    for events in tracks:
        track, now = mido.MidiTrack(), 0
        for tick, message in events:
            track.append(message.copy(time=tick - now))
            now = tick
        track.append(mido.MetaMessage("end_of_track", time=max(0, (end or now) - now)))
        midi.tracks.append(track)
    stream = io.BytesIO()
    midi.save(file=stream)
    return stream.getvalue()


def plays(message: mido.Message | mido.MetaMessage) -> bool:
    return message.type in ("note_on", "note_off")


def one_clip(data: bytes) -> bytes:
    """Type 0, 96 ticks to the quarter, everything on channel 1, nothing but notes."""
    notes = [(round(t / 5), m.copy(channel=0)) for track in tracks_of(data) for t, m in track if plays(m)]
    return file_of([sorted(notes, key=lambda e: (e[0], e[1].type == "note_on"))], 0, 96)


def channel_one(data: bytes) -> bytes:
    """Type 1, the tracks in another order, all on channel 1, without names, programs, tempo and metre."""
    tracks = [[(t, m.copy(channel=0)) for t, m in track if plays(m)] for track in tracks_of(data)]
    return file_of([track for track in reversed(tracks) if track])


def renamed(data: bytes) -> bytes:
    """960 ticks to the quarter, other track names, note-ons of velocity 0 for note-offs."""
    tracks = tracks_of(data)
    for number, track in enumerate(tracks):
        for index, (tick, message) in enumerate(track):
            if message.type == "track_name" and number:
                message = message.copy(name=f"Track {number}")
            if message.type == "note_off":
                message = mido.Message("note_on", note=message.note, channel=message.channel, velocity=0)
            track[index] = (tick * 2, message)
    return file_of(tracks, 1, 960, 8 * BAR * 2)


def bar_in_front(data: bytes) -> bytes:
    """An empty bar before the music; what is set at the start stays there."""
    set_up = ("track_name", "set_tempo", "time_signature", "key_signature", "program_change", "control_change")
    tracks = [[(t if t == 0 and m.type in set_up else t + BAR, m) for t, m in track] for track in tracks_of(data)]
    return file_of(tracks, end=9 * BAR)


def bytes_of(whole: Piece | None = None) -> bytes:
    return midi_bytes(whole or piece())
