"""Writes a MIDI file as some DAWs export it: one clip on channel 1, 96 ticks, nothing but notes, a bar late.

python docs/export_like_a_daw.py lake.draft.mid export.mid
"""

from __future__ import annotations

import sys
from pathlib import Path

import mido

TICKS_PER_BEAT = 96
EMPTY_BEATS = 4


def exported(midi: mido.MidiFile) -> mido.MidiFile:
    """All notes of ``midi`` on one track; a note ends by a note-on of velocity 0."""
    notes = []
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type in ("note_on", "note_off"):
                late = round(tick * TICKS_PER_BEAT / midi.ticks_per_beat) + EMPTY_BEATS * TICKS_PER_BEAT
                velocity = message.velocity if message.type == "note_on" else 0
                notes.append((late, velocity, message.note))
    track = mido.MidiTrack()
    now = 0
    for tick, velocity, note in sorted(notes):
        track.append(mido.Message("note_on", note=note, velocity=velocity, time=tick - now))
        now = tick
    return mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track])


if __name__ == "__main__":
    exported(mido.MidiFile(Path(sys.argv[1]))).save(Path(sys.argv[2]))
