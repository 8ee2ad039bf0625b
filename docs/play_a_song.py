"""Writes evening.mid, a song as a DAW exports it: a tune, a piano and a bass, with markers, tempo and key.

python docs/play_a_song.py
"""

from __future__ import annotations

import mido

BEAT = 480
BAR = 4 * BEAT
VERSE = ("62 65 69 65", "70:2 69 67", "69 65 64 65", "64:4")
CHORUS = ("74:2 72 70", "72 69 65:2", "70 69 67 65", "67:2 69:2")
CLOSE = ("62 65 69 65", "70:2 69 67", "65 64 62 61", "62:4")
TUNE = (*VERSE, *VERSE[:3], "62:4", *CHORUS, *CLOSE)
ROOTS = (50, 46, 53, 45, 50, 46, 45, 50, 46, 53, 48, 45, 50, 46, 45, 50)
THIRDS = {50: 3, 46: 4, 53: 4, 45: 4, 48: 4}
MARKERS = {0: "Verse 1", 4: "Verse 2", 8: "Chorus", 12: "Ending"}


def track(name: str, channel: int, program: int, notes: list[tuple[int, int, int, int]]) -> mido.MidiTrack:
    """Notes as (start, length in ticks, pitch, velocity) on a track of their own."""
    messages = [mido.Message("program_change", channel=channel, program=program)]
    for start, length, pitch, velocity in notes:
        common = {"channel": channel, "note": pitch}
        messages.append(mido.Message("note_on", velocity=velocity, time=start, **common))
        messages.append(mido.Message("note_off", velocity=0, time=start + length, **common))
    return timed([mido.MetaMessage("track_name", name=name), *messages])


def timed(messages: list[mido.Message | mido.MetaMessage]) -> mido.MidiTrack:
    """Messages at absolute ticks as a track; what ends comes before what begins."""
    ordered = sorted(messages, key=lambda m: (m.time, m.type != "note_off"))
    now, result = 0, mido.MidiTrack()
    for message in ordered:
        result.append(message.copy(time=message.time - now))
        now = message.time
    return result


def main() -> None:
    tune, at = [], 0
    for bar in TUNE:
        for word in bar.split():
            pitch, _, beats = word.partition(":")
            length = int(beats or 1) * BEAT
            tune.append((at, length - 20, int(pitch), 96 if 8 <= at // BAR < 12 else 76))
            at += length
    chords = [
        (bar * BAR + beat * BEAT, BEAT - 20, 12 + root + step, 64)
        for bar, root in enumerate(ROOTS) for beat in range(4) for step in (0, THIRDS[root], 7)
    ]  # fmt: skip
    bass = [(bar * BAR, BAR - 20, root - 12, 72) for bar, root in enumerate(ROOTS)]
    conductor = [
        mido.MetaMessage("track_name", name="Evening"), mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(92)),
        mido.MetaMessage("time_signature", numerator=4, denominator=4), mido.MetaMessage("key_signature", key="Dm"),
        *(mido.MetaMessage("marker", text=text, time=bar * BAR) for bar, text in MARKERS.items()),
    ]  # fmt: skip
    tracks = [timed(conductor), track("Vocals", 0, 53, tune), track("Piano", 1, 0, chords), track("Bass", 2, 32, bass)]
    mido.MidiFile(ticks_per_beat=BEAT, tracks=tracks).save("evening.mid")
    print("evening.mid")


if __name__ == "__main__":
    main()
