"""Rendering, measured on the audio that comes out; failures are played by a false ``fluidsynth`` on PATH."""

from __future__ import annotations

import io
import shutil
import stat
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from composer.errors import BadInput, Bug, CannotWrite, ComposerError, MissingTool, OverLimit, UsageProblem
from composer.formats.audio import Samples, audio_format_of, write_audio
from composer.render.loudness import decibels, integrated_lufs, true_peak
from composer.render.mastering import mastered
from composer.render.recording import Recorder, Recording
from composer.render.score import score_of
from composer.render.soundfonts import shipped_font, soundfont_of
from composer.render.stage import RenderOptions, rendered
from composer.render.synth import TinySynth

RATE_HZ = 44_100
needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="the program fluidsynth is absent")
FONT = RenderOptions(soundfont=shipped_font())


def midi(tracks: int = 2, hang: bool = False, wait: int = 0) -> bytes:
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)]))
    for number in range(tracks):
        channel = number % 9
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=f"Part/{number}")])
        track.append(mido.Message("program_change", channel=channel, program=8 * channel))
        for step in range(8):
            pitch = 48 + 7 * channel + 2 * (step % 4)
            track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=90))
            if not (hang and step == 7):
                track.append(mido.Message("note_off", channel=channel, note=pitch, time=240))
        track.append(mido.MetaMessage("end_of_track", time=wait))
        file.tracks.append(track)
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def noise(seconds: float, level: float = 0.1) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    frames = round(seconds * RATE_HZ)
    return (np.random.default_rng(3).normal(size=(frames, 2)) * level).astype(np.float32)


def recording(sound: Samples) -> Recording:
    recorder = Recorder(RATE_HZ, len(sound))
    for start in range(0, len(sound), 9999):
        recorder.feed(sound[start : start + 9999])
    return recorder.recording()


def write(path: Path, sound: Samples) -> None:
    write_audio(path, [sound], len(sound), RATE_HZ, audio_format_of(path))


def test_the_loudness_agrees_with_pyloudnorm() -> None:
    import pyloudnorm

    time = np.arange(5 * RATE_HZ) / RATE_HZ
    swell = np.sin(2 * np.pi * 220 * time) * np.linspace(0.01, 0.5, len(time))
    sounds = (noise(5.0), np.stack([swell, 0.3 * swell], axis=1).astype(np.float32))
    for sound in sounds:
        assert integrated_lufs(sound, RATE_HZ) == pytest.approx(
            pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound), abs=0.1
        )
    assert integrated_lufs(np.zeros((100, 2), np.float32), RATE_HZ) == float("-inf")


def test_the_true_peak_is_found_between_the_samples() -> None:
    time = np.arange(RATE_HZ) / RATE_HZ
    sine = np.sin(2 * np.pi * RATE_HZ / 4 * time + np.pi / 4).astype(np.float32)
    sound = np.stack([sine, 0 * sine], axis=1)
    assert float(np.abs(sound).max()) == pytest.approx(0.7071, abs=1e-3)
    assert true_peak(sound[:, :] * np.hanning(RATE_HZ).astype(np.float32)[:, None]) == pytest.approx(1.0, abs=0.02)


def test_a_master_has_its_loudness_and_no_peak_over_the_ceiling() -> None:
    from scipy.signal import resample_poly

    sound = noise(4.0, 0.02)
    sound[RATE_HZ : RATE_HZ + 30] *= 6.5
    master = mastered(recording(sound), -16.0, -1.0)
    finished = np.concatenate(list(master.blocks()))
    assert master.lufs == pytest.approx(-16.0, abs=0.3)
    assert master.lufs == pytest.approx(integrated_lufs(finished, RATE_HZ), abs=0.02)
    assert 0 < master.limited_db <= 3.5
    assert np.abs(resample_poly(finished, 4, 1, axis=0)).max() <= 10 ** (-1 / 20) + 0.003
    assert master.true_peak_dbtp == pytest.approx(decibels(true_peak(finished)), abs=0.01)


def test_trimming_keeps_all_that_sounds() -> None:
    sound = np.concatenate([noise(1.0), np.zeros((3 * RATE_HZ, 2), np.float32)])
    cut = recording(sound).trimmed()
    assert RATE_HZ <= len(cut.samples) < 1.2 * RATE_HZ
    assert np.array_equal(cut.samples[:RATE_HZ], sound[:RATE_HZ])


def test_a_score_closes_notes_and_merges_any_number_of_tracks() -> None:
    score = score_of(midi(100, hang=True, wait=480), "many.mid")
    clean = mido.MidiFile(file=io.BytesIO(score.midi_bytes()))
    assert clean.type == 0 and len(clean.tracks) == 1
    assert score.seconds == pytest.approx(7 * 0.25 + 0.5)
    assert sum(m.type == "control_change" and m.control == 123 for m in clean.tracks[0]) >= 16


def test_alien_chunks_are_dropped() -> None:
    data = midi()
    assert score_of(data[:14] + b"XFIH\0\0\0\x02ab" + data[14:], "xf.mid").end_tick == score_of(data, "a.mid").end_tick


def test_more_than_an_hour_is_refused_before_rendering() -> None:
    with pytest.raises(OverLimit):
        score_of(midi(1, hang=True, wait=480 * 2 * 3700), "long.mid")
    with pytest.raises(BadInput):
        score_of(midi(0), "empty.mid")


def test_a_broken_font_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shipped_font().read_bytes()
    for name, content in {"empty": b"", "text": b"hello" * 9, "cut": whole[: len(whole) // 2]}.items():
        path = tmp_path / f"{name}.sf2"
        path.write_bytes(content)
        with pytest.raises(MissingTool, match=name):
            soundfont_of(path)
    monkeypatch.setenv("COMPOSER_SOUNDFONT", str(tmp_path / "absent.sf2"))
    with pytest.raises(MissingTool, match="absent"):
        soundfont_of()


def test_audio_is_written_whole_in_every_format(tmp_path: Path) -> None:
    for suffix in (".wav", ".flac", ".ogg", ".mp3"):
        path = tmp_path / f"a{suffix}"
        write(path, noise(1.0))
        first = path.read_bytes()
        assert soundfile.info(str(path)).frames >= RATE_HZ
        if suffix in (".wav", ".flac"):
            write(path, noise(1.0))
            assert path.read_bytes() == first
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(UsageProblem):
        audio_format_of(tmp_path / "a.aac")
    with pytest.raises(CannotWrite):
        (tmp_path / "d.wav").mkdir()
        write(tmp_path / "d.wav", noise(0.1))
    with pytest.raises(CannotWrite):
        write(tmp_path / "no" / "a.wav", noise(0.1))


def test_tinysoundfont_plays_without_the_program() -> None:
    pytest.importorskip("tinysoundfont")
    with TinySynth(soundfont_of(shipped_font()), RATE_HZ).playing(score_of(midi(), "a.mid")) as pieces:
        sound = np.frombuffer(b"".join(pieces), dtype=np.float32)
    assert np.abs(sound).max() > 0.01


@needs_fluidsynth
def test_stems_add_up_to_the_mix_and_the_tail_rings_out(tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    result = rendered(midi(), "a.mid", out, RenderOptions(soundfont=shipped_font(), stems=True))
    assert [p.name for p in result.files] == ["a.wav", "01_Part_0.wav", "02_Part_1.wav"]
    mix, _ = soundfile.read(out)
    stems = sum(soundfile.read(p)[0] for p in result.files[1:])
    assert result.limited_db == 0.0
    assert np.abs(mix - stems * 10 ** (result.gain_db / 20))[:-4410].max() < 2.1 / 32768
    assert result.lufs == pytest.approx(-16, abs=0.5) and result.true_peak_dbtp <= -1.0
    assert np.abs(mix[-200:]).max() < 1e-3 and result.seconds > 2.0
    alone = rendered(midi(), "a.mid", tmp_path / "b.wav", FONT)
    rendered(midi(), "a.mid", tmp_path / "c.wav", FONT)
    assert alone.engine == "FluidSynth"
    assert (tmp_path / "b.wav").read_bytes() == (tmp_path / "c.wav").read_bytes()


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ('echo "fluidsynth: error: Failed to load SoundFont" >&2', MissingTool),
        ('echo "fluidsynth: error: No space left on device" >&2', CannotWrite),
        ("exit 3", Bug),
        ("exit 0", Bug),
        ('for a; do [ "$p" = -F ] && head -c 400000 /dev/zero > "$a"; p=$a; done', CannotWrite),
        ('for a; do [ "$p" = -F ] && head -c 2822400 /dev/zero > "$a"; p=$a; done', Bug),
        ('for a; do [ "$p" = -F ] && cat /dev/zero > "$a"; p=$a; done', Bug),
    ],
    ids=["font", "full", "code", "nothing", "cut", "silent", "endless"],
)
def test_a_failure_that_fluidsynth_hides_is_told(
    script: str, kind: type[ComposerError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "fluidsynth"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    out = tmp_path / "a.wav"
    out.write_bytes(b"old")
    with pytest.raises(kind):
        rendered(midi(), "a.mid", out, FONT)
    assert out.read_bytes() == b"old"
    assert not list(tmp_path.glob(".*"))
