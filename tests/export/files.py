"""MIDI files made here, with something of everything, and readers that share no code with the writers."""

from __future__ import annotations

import io
import json
import re
import struct
import wave
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mido

TITLE = 'Fête <& "ritual">'
PALETTE = ("#102030", "#aabbcc", "#ff8800")
# (start, end, symbol) in quarters.
CHORDS = ((0, 3, "Dm"), (3, 5, "A7/C#"), (6, 12, "Bb"))
Note = tuple[int, int, int, int, int]  # start, end, channel, pitch, velocity, in ticks
Timed = tuple[int, Any]  # a tick and a mido message


def rich_midi(ticks_per_beat: int = 480) -> bytes:
    """Changing tempo and metre, markers, controllers, bends, pressure, a pan that moves, odd names, drums."""
    quarter = ticks_per_beat
    file = mido.MidiFile(type=1, ticks_per_beat=quarter, charset="utf-8")
    file.tracks.append(
        _track(
            [
                (0, mido.MetaMessage("track_name", name=TITLE)),
                (0, mido.MetaMessage("set_tempo", tempo=476_190)),
                (0, mido.MetaMessage("time_signature", numerator=3, denominator=4)),
                (0, mido.MetaMessage("key_signature", key="Dm")),
                (0, mido.MetaMessage("marker", text="Intro & <go>")),
                (3 * quarter, mido.MetaMessage("marker", text='the "B" part')),
                (3 * quarter + quarter // 3, mido.MetaMessage("set_tempo", tempo=512_821)),
                (6 * quarter, mido.MetaMessage("time_signature", numerator=6, denominator=8)),
            ],
            12 * quarter,
        )
    )
    file.tracks.append(_track(_melody(quarter), 12 * quarter))
    file.tracks.append(_track(_drums(quarter), 12 * quarter))
    texts = [(0, "Dm"), (3 * quarter, "A7/C#"), (5 * quarter, "N.C."), (6 * quarter, "Bb")]
    chords = [(0, mido.MetaMessage("track_name", name="Chords"))]
    file.tracks.append(_track([*chords, *((t, mido.MetaMessage("text", text=x)) for t, x in texts)], 12 * quarter))
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _melody(quarter: int) -> list[tuple[int, Any]]:
    events: list[tuple[int, Any]] = [
        (0, mido.MetaMessage("track_name", name="Flûte `1`")),
        (0, mido.Message("program_change", channel=2, program=73)),
        (0, mido.Message("control_change", channel=2, control=7, value=90)),
        (0, mido.Message("control_change", channel=2, control=10, value=20)),
        (quarter, mido.Message("control_change", channel=2, control=10, value=100)),
        (7, mido.Message("control_change", channel=2, control=64, value=127)),
        (5 * quarter - 1, mido.Message("control_change", channel=2, control=64, value=0)),
        (11, mido.Message("pitchwheel", channel=2, pitch=-1234)),
        (13, mido.Message("pitchwheel", channel=2, pitch=0)),
        (17, mido.Message("aftertouch", channel=2, value=33)),
        (19, mido.Message("polytouch", channel=2, note=60, value=44)),
    ]
    for index, (pitch, velocity) in enumerate([(60, 1), (62, 64), (64, 127), (62, 93), (72, 50)]):
        start = index * quarter + index * 7
        events.append((start, mido.Message("note_on", channel=2, note=pitch, velocity=velocity)))
        events.append((start + quarter - 3, mido.Message("note_off", channel=2, note=pitch, velocity=index * 20)))
    return events


def _drums(quarter: int) -> list[tuple[int, Any]]:
    events: list[tuple[int, Any]] = [
        (0, mido.MetaMessage("track_name", name="Drums")),
        (0, mido.Message("control_change", channel=9, control=7, value=127)),
        (0, mido.Message("control_change", channel=9, control=10, value=64)),
    ]
    for beat in range(12):
        events.append((beat * quarter, mido.Message("note_on", channel=9, note=36, velocity=100)))
        events.append((beat * quarter + quarter // 4, mido.Message("note_off", channel=9, note=36, velocity=0)))
    return events


def _track(events: list[tuple[int, Any]], end: int) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(events, key=lambda item: (item[0], item[1].type == "note_on")):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track


def midi_of(*tracks: list[Timed]) -> bytes:
    """A type 1 file of these tracks at 480 ticks to the quarter, texts in UTF-8."""
    file = mido.MidiFile(type=1, ticks_per_beat=480, charset="utf-8")
    for events in tracks:
        file.tracks.append(_track(events, max(tick for tick, _ in events)))
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def sung_midi() -> bytes:
    """Two tracks: the first with lyrics, a text and a cue point, the second with none; a cue point of the whole."""
    meta = mido.MetaMessage
    notes = [
        [
            event
            for beat in range(4)
            for event in (
                (beat * 480, mido.Message("note_on", channel=channel, note=pitch + beat, velocity=80)),
                (beat * 480 + 470, mido.Message("note_off", channel=channel, note=pitch + beat)),
            )
        ]
        for channel, pitch in ((0, 60), (1, 40))
    ]
    words = [(beat * 480, meta("lyrics", text=text)) for beat, text in enumerate(("Stil-", "le", "Nächte"))]
    said = [(480, meta("text", text="breathe")), (960, meta("cue_marker", text="lights"))]
    return midi_of(
        [(0, meta("track_name", name="Song")), (0, meta("cue_marker", text="doors")), (1920, meta("marker", text="B"))],
        [(0, meta("track_name", name="Voice")), *notes[0], *words, *said],
        [(0, meta("track_name", name="Bass")), *notes[1]],
    )


def brief_json() -> bytes:
    """A brief with a palette."""
    colours = [{"hex": c, "name": "a", "share": 0.3, "saturation": 0.5, "brightness": 0.5} for c in PALETTE]
    return json.dumps(
        {
            "format": "composer.brief/1", "title": "Art", "palette": colours, "key": {"tonic": "D", "mode": "minor"},
            "tempo_bpm": 126.0, "meter": "3/4", "form": [{"name": "A", "bars": 4}],
        }
    ).encode()  # fmt: skip


def write_sound(path: Path, seconds: float = 0.25, rate: int = 8000) -> None:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(struct.pack("<hh", 100, -100) * round(seconds * rate))


@dataclass(frozen=True, slots=True)
class Facts:
    """What must be the same in every format; all times in ticks, tempi in microseconds a quarter."""

    notes: Counter[Note]
    tempi: tuple[tuple[int, int], ...]
    metres: tuple[tuple[int, int, int], ...]
    markers: tuple[tuple[int, str], ...]


def facts_of_midi(data: bytes) -> Facts:
    """By mido alone."""
    file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
    notes: Counter[Note] = Counter()
    tempi, metres, markers = [], [], []
    for track in file.tracks:
        tick, open_notes = 0, {}
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                open_notes[message.channel, message.note] = (tick, message.velocity)
            elif message.type in ("note_on", "note_off"):
                start, velocity = open_notes.pop((message.channel, message.note))
                notes[start, tick, message.channel, message.note, velocity] += 1
            elif message.type == "set_tempo":
                tempi.append((tick, message.tempo))
            elif message.type == "time_signature":
                metres.append((tick, message.numerator, message.denominator))
            elif message.type == "marker":
                markers.append((tick, message.text))
    return Facts(notes, tuple(tempi), tuple(metres), tuple(markers))


def facts_of_project(xml: bytes, ticks_per_beat: int) -> Facts:
    """By ElementTree alone; a time that is no whole number of ticks fails."""
    root = ElementTree.fromstring(xml)

    def ticks(text: str) -> int:
        exact = float(text) * ticks_per_beat
        assert abs(exact - round(exact)) < 1e-6, text
        return round(exact)

    notes: Counter[Note] = Counter()
    for note in root.iter("Note"):
        start = ticks(note.attrib["time"])
        velocity = float(note.attrib["vel"]) * 127
        assert abs(velocity - round(velocity)) < 1e-6
        place = int(note.attrib["channel"]), int(note.attrib["key"])
        notes[start, start + ticks(note.attrib["duration"]), *place, round(velocity)] += 1
    tempi = [
        (ticks(p.attrib["time"]), round(60e6 / float(p.attrib["value"]))) for p in root.find(".//TempoAutomation")[1:]
    ]  # type: ignore[index]
    metres = [
        (ticks(p.attrib["time"]), int(p.attrib["numerator"]), int(p.attrib["denominator"]))
        for p in root.iter("TimeSignaturePoint")
    ]
    markers = [(ticks(m.attrib["time"]), m.attrib["name"]) for m in root.iter("Marker")]
    return Facts(notes, tuple(tempi), tuple(metres), tuple(markers))


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a Reaper project: its head, its lines as words, its blocks; the heads of these are lines too."""

    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    blocks: tuple[Block, ...]

    def all(self, name: str) -> list[Block]:
        return [found for block in self.blocks for found in ([block] if block.head[0] == name else [])]

    def one(self, name: str) -> tuple[str, ...]:
        (found,) = [line[1:] for line in self.lines if line[0] == name]
        return found


def block_of(text: str) -> Block:
    """The project in ``text``; an unbalanced one fails."""
    words = [_words(line) for line in text.splitlines()]
    block, rest = _block(words)
    assert rest == []
    return block


def _block(lines: list[tuple[str, ...]]) -> tuple[Block, list[tuple[str, ...]]]:
    head, lines = lines[0], lines[1:]
    assert head[0].startswith("<")
    own, blocks = [], []
    while lines[0] != (">",):
        if lines[0][0].startswith("<"):
            own.append(lines[0])
            block, lines = _block(lines)
            blocks.append(block)
        else:
            own.append(lines[0])
            lines = lines[1:]
    return Block((head[0][1:], *head[1:]), tuple(own), tuple(blocks)), lines[1:]


def _words(line: str) -> tuple[str, ...]:
    return tuple(a or b or c or d for a, b, c, d in re.findall(r"\"([^\"]*)\"|'([^']*)'|`([^`]*)`|(\S+)", line))
