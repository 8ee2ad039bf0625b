"""The script of the tutorial draws any file that a DAW may write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mido
from PIL import Image

from tests.docs.pages import ROOT


def test_a_file_without_a_time_signature_is_drawn_in_four_quarters(tmp_path: Path) -> None:
    notes = [mido.Message("note_on", note=60, velocity=90), mido.Message("note_off", note=60, time=480)]
    song, picture = tmp_path / "bare.mid", tmp_path / "bare.png"
    mido.MidiFile(tracks=[mido.MidiTrack(notes)]).save(song)
    script = ROOT / "docs" / "draw_piano_roll.py"
    run = subprocess.run([sys.executable, script, song, picture], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    with Image.open(picture) as drawn:
        assert drawn.size == (1200, 420)
