"""Does to a draft what a person does in a DAW: moves a note, presses the pedal, sets a marker, saves.

python docs/edit_like_a_daw.py lake.draft.mid
"""

from __future__ import annotations

import sys
from pathlib import Path

import mido

BEAT = 480
BAR = 4 * BEAT
EDITED_BAR = 2  # from 0: the third bar


def edited(midi: mido.MidiFile) -> str:
    """Change ``midi``; says what was done."""
    melody = next(track for track in midi.tracks if track.name == "Melody")
    index, tick = first_note_in(melody, EDITED_BAR * BAR)
    old = melody[index].note
    raised(melody, index, old + 12)
    pedal(melody, tick, BEAT)
    midi.tracks[0].insert(1, mido.MetaMessage("marker", text="look here", time=0))
    return f"bar {tick // BAR + 1}: note {old} is now {old + 12}; pedal for a beat; a marker at the start"


def first_note_in(track: mido.MidiTrack, start: int) -> tuple[int, int]:
    """Index and tick of the first note at or after ``start``."""
    tick = 0
    for index, message in enumerate(track):
        tick += message.time
        if message.type == "note_on" and message.velocity and tick >= start:
            return index, tick
    raise SystemExit("the melody ends before that bar")


def raised(track: mido.MidiTrack, index: int, pitch: int) -> None:
    """Give the note that begins at ``index`` another pitch, at both its ends."""
    off = next(
        i
        for i in range(index + 1, len(track))
        if track[i].type in ("note_off", "note_on") and track[i].note == track[index].note
    )
    for at in (index, off):
        track[at] = track[at].copy(note=pitch)


def pedal(track: mido.MidiTrack, start: int, length: int) -> None:
    """Sustain from ``start`` for ``length`` ticks."""
    for tick, value in ((start, 127), (start + length, 0)):
        now = 0
        for index, message in enumerate(track):
            if now + message.time > tick:
                control = mido.Message("control_change", channel=channel_of(track), control=64, value=value)
                track[index] = message.copy(time=now + message.time - tick)
                track.insert(index, control.copy(time=tick - now))
                break
            now += message.time


def channel_of(track: mido.MidiTrack) -> int:
    return int(next(message.channel for message in track if message.type == "note_on"))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    song = mido.MidiFile(path)
    print(edited(song))
    song.save(path)
