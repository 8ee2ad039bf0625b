"""Temporary files: a running writer keeps its own, a dead one's go; stems of an earlier run go as a whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import mido
import pytest

from composer.formats.files import part_beside, remove_leftovers
from composer.render import synth
from composer.render.soundfonts import shipped_font
from composer.render.stage import RenderOptions, rendered


def test_only_the_parts_of_dead_writers_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    live = part_beside(path)
    left = [tmp_path / f".a.{dead.pid}.xyz.part", tmp_path / ".a.xyz.part"]
    other = tmp_path / f".a.wav.{dead.pid}.xyz.part"
    for file in (*left, other):
        file.touch()
    remove_leftovers(path)
    assert str(os.getpid()) in live.name
    assert set(tmp_path.iterdir()) == {live, other}


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="the program fluidsynth is absent")
def test_stems_of_an_earlier_run_are_replaced_as_a_whole(tmp_path: Path) -> None:
    track = mido.MidiTrack([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=240)])
    mido.MidiFile(tracks=[track]).save(tmp_path / "a.mid")
    (tmp_path / "a.stems").mkdir()
    (tmp_path / "a.stems" / "09_Old.wav").touch()
    options = RenderOptions(soundfont=shipped_font(), stems=True)
    result = rendered((tmp_path / "a.mid").read_bytes(), "a.mid", tmp_path / "a.wav", options)
    assert set((tmp_path / "a.stems").iterdir()) == set(result.files[1:])
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_while_the_synthesizer_starts_ends_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Starting(subprocess.Popen[bytes]):
        def __init__(self, *words: object, **options: object) -> None:
            super().__init__([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "fluidsynth").write_text("#!/bin/sh\n")
    (programs / "fluidsynth").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setattr(synth.subprocess, "Popen", Starting)
    mido.MidiFile(tracks=[mido.MidiTrack([mido.Message("note_on"), mido.Message("note_off", time=240)])]).save(
        tmp_path / "a.mid"
    )
    with pytest.raises(KeyboardInterrupt):
        rendered(
            (tmp_path / "a.mid").read_bytes(), "a.mid", tmp_path / "a.wav", RenderOptions(soundfont=shipped_font())
        )
    assert [process.returncode for process in started] == [-signal.SIGKILL]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
