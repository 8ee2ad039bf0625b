"""A session as a Reaper project: plain text, blocks in angle brackets, times in seconds, MIDI events in ticks.

Reference: Cockos, "State Chunk and RPP File MIDI Format" and "State Chunk Definitions" (user wiki). A metre is the
number denominator * 65536 + numerator; a colour is blue, green, red from the high byte down, above them a bit that
says that there is one. A lyric or text is a block of its own between the events, its bytes in base 64.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path

from composer.export.clock import decimal_text
from composer.export.recordings import Recording
from composer.export.session import ChordName, MetreChange, PlayedNote, Session, Track
from composer.formats.midi.events import LATE_OFF, OFF, ON, SET
from composer.formats.midi.scan import CONTROL, META, NOTE_OFF, NOTE_ON
from composer.formats.midi.writer import CHORD_TRACK
from composer.music.notes import CC_NOTES_OFF

HAS_COLOUR = 0x1000000
METRE_BASE = 65536
HOLD = "1"  # a tempo that lasts until the next one, with no ramp
CHORD_COLOUR = "#7d7f86"
_SOURCES = {".wav": "WAVE", ".flac": "FLAC", ".ogg": "VORBIS"}


def reaper_bytes(session: Session, recordings: Sequence[Recording] = (), folder: Path = Path()) -> bytes:
    """The project in UTF-8; sounds are named relative to ``folder``, where the project is going to lie."""
    return ("\n".join(_project(session, recordings, folder)) + "\n").encode()


def _project(session: Session, recordings: Sequence[Recording], folder: Path) -> Iterator[str]:
    clock, first = session.clock, session.metres[0]
    yield '<REAPER_PROJECT 0.1 "6.0" 0'
    yield f"  TITLE {_quoted(session.title)}"
    yield f"  TEMPO {clock.tempi[0].bpm!r} {first.upper} {first.lower}"
    yield "  <TEMPOENVEX"
    yield "    ACT 1 -1"
    yield "    VIS 1 0 1"
    yield f"    DEFSHAPE {HOLD} -1 -1"
    yield from _tempo_points(session)
    yield "  >"
    for number, marker in enumerate(session.markers, start=1):
        yield f"  MARKER {number} {decimal_text(clock.seconds(marker.tick))} {_quoted(marker.text)} 0 0 1"
    for track in session.tracks:
        yield from _head(track.name, track.colour, track.gain, track.side)
        yield from _midi_item(session, track)
        yield "  >"
    if session.chords:
        yield from _head(CHORD_TRACK, CHORD_COLOUR, 1.0, 0.0)
        for chord in session.chords:
            yield from _chord_item(session, chord)
        yield "  >"
    for recording in recordings:
        yield from _head(f"{recording.name} (audio)", recording.colour, 1.0, 0.0)
        yield from _sound_item(recording, folder)
        yield "  >"
    yield ">"


def _tempo_points(session: Session) -> Iterator[str]:
    """A point for each change of tempo or metre; each one repeats the tempo in force."""
    tempi = {tempo.tick: tempo for tempo in session.clock.tempi}
    metres = {metre.tick: metre for metre in session.metres}
    tempo = session.clock.tempi[0]
    for tick in sorted({*tempi, *metres}):
        tempo = tempi.get(tick, tempo)
        metre = f" {_metre_number(metres[tick])}" if tick in metres else ""
        yield f"    PT {decimal_text(session.clock.seconds(tick))} {tempo.bpm!r} {HOLD}{metre}"


def _metre_number(metre: MetreChange) -> int:
    return metre.lower * METRE_BASE + metre.upper


def _head(name: str, colour: str, gain: float, side: float) -> Iterator[str]:
    yield "  <TRACK"
    yield f"    NAME {_quoted(name)}"
    yield f"    PEAKCOL {_colour_number(colour)}"
    yield f"    VOLPAN {decimal_text(gain)} {decimal_text(side)} -1 -1 1"
    yield "    NCHAN 2"


def _colour_number(colour: str) -> int:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return HAS_COLOUR | blue << 16 | green << 8 | red


def _midi_item(session: Session, track: Track) -> Iterator[str]:
    yield from _item_head(track.name, session.clock.seconds(session.end_tick))
    yield "      <SOURCE MIDI"
    yield f"        HASDATA 1 {session.clock.ticks_per_quarter} QN"
    now = 0
    for tick, content in _messages(track):
        if content[0] == META:
            yield f"        <X {tick - now} 0"
            yield f"          {b64encode(content).decode()}"
            yield "        >"
        else:
            yield f"        E {tick - now} {' '.join(f'{byte:02x}' for byte in content)}"
        now = tick
    # The source lasts until its last event: a note-off for all, which every Reaper item ends with.
    yield f"        E {session.end_tick - now} {CONTROL | track.channel:02x} {CC_NOTES_OFF:02x} 00"
    yield "      >"
    yield "    >"


def _messages(track: Track) -> list[tuple[int, bytes]]:
    """(tick, bytes) of all that the track plays: notes end before controllers move before notes begin.

    Three bytes each; words, which come before their notes, have as many as they need.
    """
    found = [(e.tick, SET, bytes((e.status, *e.data)).ljust(3, b"\0")) for e in track.events]
    found += [(word.tick, SET, bytes((META, word.meta)) + word.data) for word in track.words]
    for note in track.notes:
        found += _note_messages(note, track.channel)
    return [(tick, content) for tick, _, content in sorted(found, key=lambda item: item[:2])]


def _note_messages(note: PlayedNote, channel: int) -> list[tuple[int, int, bytes]]:
    off = LATE_OFF if note.end == note.start else OFF
    return [
        (note.start, ON, bytes((NOTE_ON | channel, note.pitch, note.velocity))),
        (note.end, off, bytes((NOTE_OFF | channel, note.pitch, note.release or 0))),
    ]


def _chord_item(session: Session, chord: ChordName) -> Iterator[str]:
    """An item without sound: Reaper shows its notes as text."""
    start, end = session.clock.seconds(chord.start), session.clock.seconds(chord.end)
    yield from _item_head(chord.text, end - start, start)
    yield "      <NOTES"
    yield f"        |{chord.text}"
    yield "      >"
    yield "    >"


def _sound_item(recording: Recording, folder: Path) -> Iterator[str]:
    yield from _item_head(recording.name, recording.seconds)
    yield f"      <SOURCE {_SOURCES[recording.path.suffix.lower()]}"
    yield f"        FILE {_quoted(os.path.relpath(recording.path, folder).replace(os.sep, '/'))}"
    yield "      >"
    yield "    >"


def _item_head(name: str, seconds: float, start_seconds: float = 0.0) -> Iterator[str]:
    yield "    <ITEM"
    yield f"      POSITION {decimal_text(start_seconds)}"
    yield f"      LENGTH {decimal_text(seconds)}"
    yield "      LOOP 0"
    yield f"      NAME {_quoted(name)}"


def _quoted(text: str) -> str:
    """``text`` in the first kind of quotes that it does not hold itself."""
    quote = next((q for q in "\"'`" if q not in text), "")
    return f"{quote}{text}{quote}" if quote else '"' + text.replace('"', "'") + '"'
