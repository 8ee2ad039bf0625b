"""How fast ``composer``'s rendering is beside midi2audio's own call: whole processes, alternating, medians of five.

Run it with ``python -m tests.benchmarks.render_speed``: a three-minute piece of five tracks, made here, with the font
that pretty_midi ships.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mido
import numpy as np

from composer.render.soundfonts import shipped_font

RUNS = int(os.environ.get("RUNS", "5"))
BEATS = 360  # three minutes at 120 a minute
PARTS = ((0, 0, 60), (1, 48, 55), (2, 33, 36), (3, 24, 52), (9, 0, 36))  # channel, program, lowest pitch
PAD = 1
THEIRS = "import sys, midi2audio; midi2audio.FluidSynth(sys.argv[1]).midi_to_audio(sys.argv[2], sys.argv[3])"
OURS = """
import sys
from pathlib import Path
from composer.render.stage import RenderOptions, rendered
options = RenderOptions(soundfont=Path(sys.argv[1]), stems="stems" in sys.argv)
mix = None
if "mix" in sys.argv:
    from composer.formats.mix import read_mix
    path = Path(sys.argv[2]).with_suffix(".mix.toml")
    mix = read_mix(path.read_bytes(), path)
rendered(Path(sys.argv[2]).read_bytes(), sys.argv[2], Path(sys.argv[3]), options, mix=mix)
"""
MIX = """
[tracks.melody]
gain_db = 3
pan = -0.4
reverb = 0.3

[tracks.bass]
program = 32

[tracks.drums]
gain_db = -2
"""


def piece() -> mido.MidiFile:
    """Five tracks: melody and bass in quavers, a pad of triads, guitar, drums."""
    generator = np.random.default_rng(1)
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)]))
    for channel, program, lowest in PARTS:
        track = mido.MidiTrack([mido.Message("program_change", channel=channel, program=program)])
        steps = range(0, BEATS, 4) if channel == PAD else range(2 * BEATS)
        for _ in steps:
            pitches = [lowest, lowest + 4, lowest + 7] if channel == PAD else [lowest + int(generator.integers(10))]
            track += [mido.Message("note_on", channel=channel, note=p, velocity=75) for p in pitches]
            length = 1920 if channel == PAD else 240
            for index, pitch in enumerate(pitches):
                track.append(mido.Message("note_off", channel=channel, note=pitch, time=0 if index else length))
        file.tracks.append(track)
    return file


def seconds_of(code: str, *arguments: str) -> float:
    """The wall time of a fresh interpreter that runs ``code``."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    font = str(shipped_font())
    times: dict[str, list[float]] = {"midi2audio": [], "composer": [], "composer, mix file": [], "composer, stems": []}
    with tempfile.TemporaryDirectory() as folder:
        source, target = str(Path(folder) / "piece.mid"), str(Path(folder) / "piece.wav")
        piece().save(source)
        (Path(folder) / "piece.mix.toml").write_text(MIX)
        for _ in range(RUNS):
            times["midi2audio"].append(seconds_of(THEIRS, font, source, target))
            times["composer"].append(seconds_of(OURS, font, source, target))
            times["composer, mix file"].append(seconds_of(OURS, font, source, target, "mix"))
            times["composer, stems"].append(seconds_of(OURS, font, source, target, "stems"))
    base = statistics.median(times["midi2audio"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:18} {median:6.2f} s  {base / median:5.2f} x   (all: {', '.join(f'{t:.2f}' for t in taken)})")


if __name__ == "__main__":
    main()
