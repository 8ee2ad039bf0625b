"""Writes what a person might play into a DAW: tune.mid, a tune alone, and idea.mid, four bars with a left hand.

python docs/play_a_tune.py
"""

from __future__ import annotations

import mido

BEAT = 480
VELOCITY = 84
# Bars of the tune as pitches with their length in quarters (one where nothing is said), in G major.
TUNE = (
    "67 71 74 71", "72:2 69:2", "66 69 72 69", "71:3 69",
    "67 71 74 76", "74 72 71 69", "71 69 66 69", "67:4",
)  # fmt: skip
LEFT_HAND = ("43 50 55 50", "45 52 57 52", "50 54 57 54", "43 50 55 50")


def track(name: str, bars: tuple[str, ...], channel: int) -> mido.MidiTrack:
    """The bars as a track of its own."""
    result = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    for word in " ".join(bars).split():
        pitch, _, quarters = word.partition(":")
        result.append(mido.Message("note_on", channel=channel, note=int(pitch), velocity=VELOCITY))
        length = int(quarters or 1) * BEAT
        result.append(mido.Message("note_off", channel=channel, note=int(pitch), velocity=0, time=length))
    return result


def main() -> None:
    for name, tracks in (
        ("tune.mid", [track("Melody", TUNE, 0)]),
        ("idea.mid", [track("Melody", TUNE[:4], 0), track("Left hand", LEFT_HAND, 1)]),
    ):
        mido.MidiFile(ticks_per_beat=BEAT, tracks=tracks).save(name)
        print(name)


if __name__ == "__main__":
    main()
