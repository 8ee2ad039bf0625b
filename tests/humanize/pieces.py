"""Pieces on the grid, in any metre: a tune in mixed rhythms, a keyboard in chords, a bass, drums."""

from __future__ import annotations

import functools
import io

import mido

from composer.formats.midi.writer import midi_bytes
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY, ChordSpan, Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter

CHORD_PITCHES = ((50, 57, 65), (50, 58, 62), (48, 55, 64), (49, 57, 64))
SYMBOLS = ("Dm", "Gm", "C", "A7")
FOUR = Meter(4, 4)
# Steps of the tune in ticks, one bar's first beats after the other: quarters, 8ths, 16ths, triplets, 32nds.
STEPS = (480, 240, 120, 160, 60)
TUNE = (62, 64, 65, 65, 69, 67, 74, 65, 64, 62, 62, 57)


def piece(meter: Meter = FOUR, bars: int = 16, tempo_bpm: float = 96.0) -> Piece:
    """Two sections of half the bars each; no pedal; the last bar is one long chord."""
    bar = meter.bar_ticks
    tune: list[Note] = []
    for number in range(bars - 1):
        step = STEPS[number % 5]
        for index, start in enumerate(range(0, bar, step)):
            tune.append(Note(number * bar + start, TUNE[(number + index) % 12] + 5, step, 80))
    tune.append(Note((bars - 1) * bar, 74, bar, 80))
    chords = [Note(n * bar, p, bar, 64) for n in range(bars) for p in CHORD_PITCHES[n % 4]]
    bass = [Note(n * bar, (38, 43, 36, 33)[n % 4], bar, 76) for n in range(bars)]
    drums = [Note(n * bar + t, 36 if t == 0 else 42, 60, 90) for n in range(bars) for t in range(0, bar, 240)]
    spans = [ChordSpan(n * bar, (n + 1) * bar, chord_of(SYMBOLS[n % 4])) for n in range(bars)]
    return Piece(
        title="On the grid",
        meter=meter,
        key=key_of("D", "minor"),
        tempi=(Tempo(0, tempo_bpm),),
        parts=(
            Part("Melody", MELODY, 40, tuple(tune), gain=104, pan=58),
            Part("Piano", CHORDS, 0, tuple(chords), gain=88, pan=72),
            Part("Bass", BASS, 32, tuple(bass), gain=96, pan=64),
            Part("Drums", DRUMS, 0, tuple(drums), gain=80, pan=66),
        ),
        length=bars * bar,
        markers=(Marker(0, "A"), Marker(bars // 2 * bar, "B")),
        chords=tuple(spans),
    )


@functools.cache
def bytes_of(meter: Meter = FOUR, ticks_per_beat: int = 480, tempo_bpm: float = 96.0) -> bytes:
    """The piece in that metre and resolution."""
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(piece(meter, tempo_bpm=tempo_bpm))))
    scaled = mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat, charset="utf-8")
    for track in file.tracks:
        new, now, before = scaled.add_track(), 0, 0
        for message in track:
            now += message.time
            at = now * ticks_per_beat // 480
            new.append(message.copy(time=at - before))
            before = at
    stream = io.BytesIO()
    scaled.save(file=stream)
    return stream.getvalue()


def with_events(data: bytes, track: int, *events: tuple[int, mido.Message | mido.MetaMessage]) -> bytes:
    """The file with these events put in at their ticks, after what stands there."""
    file = mido.MidiFile(file=io.BytesIO(data))
    timed, now = [], 0
    for message in file.tracks[track]:
        now += message.time
        timed.append((now, message))
    end = timed.pop()
    timed = sorted([*timed, *events], key=lambda one: one[0])
    file.tracks[track] = mido.MidiTrack()
    before = 0
    for tick, message in [*timed, end]:
        file.tracks[track].append(message.copy(time=max(tick, before) - before))
        before = max(tick, before)
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()
