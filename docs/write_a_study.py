"""Writes study.mid as a pupil might: four bars with parallel fifths and octaves. With a number, edits the report too.

python docs/write_a_study.py
python docs/write_a_study.py study.cleanup.json 3
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mido

BAR = 1920
TRACKS = {
    "Melody": ("67", "69", "71", "72"),
    "Piano": ("52 55 60", "53 57 62", "55 59 64", "52 55 60"),
    "Bass": ("36", "38", "40", "36"),
}


def track(name: str, bars: tuple[str, ...], channel: int) -> mido.MidiTrack:
    """One chord or note a bar."""
    result = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    for bar in bars:
        pitches = [int(pitch) for pitch in bar.split()]
        result += [mido.Message("note_on", channel=channel, note=pitch, velocity=80) for pitch in pitches]
        ends = [mido.Message("note_off", channel=channel, note=pitch, velocity=0) for pitch in pitches]
        result += [ends[0].copy(time=BAR), *ends[1:]]
    return result


def refuse(report: Path, number: int) -> None:
    """Set ``accept`` of that change (from 1) to false, as you do in a text editor."""
    content = json.loads(report.read_text("utf-8"))
    content["changes"][number - 1]["accept"] = False
    report.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        refuse(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        tracks = [track(name, bars, channel) for channel, (name, bars) in enumerate(TRACKS.items())]
        mido.MidiFile(ticks_per_beat=BAR // 4, tracks=tracks).save("study.mid")
