"""What rendering does with a full disk, fonts that are broken inside, too many tracks, and two runs at once."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import mido
import pytest
import soundfile

from composer.errors import BadInput, CannotWrite, MissingTool, OverLimit
from composer.render.score import score_of
from composer.render.soundfonts import shipped_font, soundfont_of
from composer.render.stage import RenderOptions, rendered
from tests.render.test_mixing import BAND, FONT, STEMS, midi

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="the program fluidsynth is absent")
Usage = namedtuple("Usage", "total used free")
BOTH = """
import sys
from pathlib import Path
from composer.render.soundfonts import shipped_font
from composer.render.stage import RenderOptions, rendered
folder = Path(sys.argv[1])
rendered((folder / "a.mid").read_bytes(), "a.mid", folder / "a.wav", RenderOptions(shipped_font(), 22050, stems=True))
"""
ENDLESS = """#!{python}
import struct, sys
with open(sys.argv[sys.argv.index("-F") + 1], "wb") as sound:
    while True:
        sound.write(struct.pack("<2048f", *[0.1, 0.1, -0.1, -0.1] * 512))
"""


def test_a_font_that_is_broken_inside_is_told_and_no_other_plays(tmp_path: Path) -> None:
    content = bytearray(shipped_font().read_bytes())
    at = content.find(b"pdta") + 12
    content[at : at + 3000] = b"\xff" * 3000
    (tmp_path / "bad.sf2").write_bytes(content)
    options = RenderOptions(soundfont=tmp_path / "bad.sf2", sample_rate_hz=22_050)
    with pytest.raises(MissingTool, match=r"cannot be played") as caught:
        rendered(midi(), "a.mid", tmp_path / "a.wav", options)
    assert len(caught.value.lines()) == 1 and not (tmp_path / "a.wav").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_font_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.sf2")
    with pytest.raises(MissingTool, match=r"no such soundfont"):
        soundfont_of(tmp_path / "pipe.sf2")


def test_a_sound_that_never_ends_is_faded_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "fluidsynth"
    program.parent.mkdir()
    program.write_text(ENDLESS.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    done = rendered(midi(), "a.mid", tmp_path / "a.wav", FONT)
    assert "still sounding 21 s after its last note: faded out there" in done.notes
    sound, _ = soundfile.read(tmp_path / "a.wav")
    assert len(sound) == round((score_of(midi(), "a.mid").seconds + 21) * 22_050)
    assert abs(sound[-2000]).max() > 0.01 > abs(sound[-1]).max()


def test_a_font_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path, size = tmp_path / "huge.sf2", 600_000_000
    with path.open("wb") as stream:
        stream.write(b"RIFF" + (size - 8).to_bytes(4, "little") + b"sfbk")
        stream.truncate(size)  # takes no space: nothing else is in it
    with pytest.raises(MissingTool, match=r"over 500 MB"):
        soundfont_of(path)


@pytest.mark.parametrize("options", [FONT, STEMS], ids=["mix", "stems"])
def test_a_full_disk_is_told_before_anything_is_lost(
    options: RenderOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rendered(midi(), "a.mid", tmp_path / "a.wav", options).files
    contents = [path.read_bytes() for path in before]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 1000))
    with pytest.raises(CannotWrite, match=r"too little space"):
        rendered(midi(BAND[:2]), "a.mid", tmp_path / "a.wav", options)
    assert [path.read_bytes() for path in before] == contents
    assert not list(tmp_path.glob(".*"))


def test_more_tracks_than_the_limit_and_files_without_notes_are_refused() -> None:
    with pytest.raises(OverLimit, match=r"200 tracks, the limit is 127"):
        score_of(midi([(f"T{n}", n % 16, 0, 60) for n in range(200)]), "many.mid")
    silent = mido.MidiFile(tracks=[mido.MidiTrack([mido.MetaMessage("track_name", name="Melody")])])
    stream = io.BytesIO()
    silent.save(file=stream)
    with pytest.raises(BadInput, match=r"holds no notes"):
        score_of(stream.getvalue(), "empty.mid")


def test_all_tracks_of_a_large_file_sound_though_there_are_sixteen_channels(tmp_path: Path) -> None:
    parts = [(f"T{n}", n % 16, n, 40 + n) for n in range(20)]
    result = rendered(midi(parts), "a.mid", tmp_path / "a.wav", STEMS)
    assert len(result.files) == 21
    assert all(abs(soundfile.read(path)[0]).max() > 1e-4 for path in result.files[1:])


def test_two_runs_at_once_leave_one_whole_set(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BOTH, str(tmp_path)]
    runs = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(2)]
    said = [run.communicate(timeout=60)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mid", "a.stems", "a.wav"]
    frames = {soundfile.info(path).frames for path in [tmp_path / "a.wav", *(tmp_path / "a.stems").iterdir()]}
    assert len(frames) == 1 and len(list((tmp_path / "a.stems").iterdir())) == len(BAND)
