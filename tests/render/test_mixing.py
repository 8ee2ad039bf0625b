"""A mix, measured on the stems that come out: gain in dB, place, effects, who sounds, channels that come apart."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from composer.errors import BadInput, MissingTool
from composer.formats.midi.source import read_source
from composer.formats.mix import read_mix
from composer.render.mixing import MixedScore
from composer.render.presets import DRUM_BANK, Presets, Sends
from composer.render.score import score_of
from composer.render.soundfonts import shipped_font, soundfont_named
from composer.render.stage import Rendered, RenderOptions, rendered
from composer.render.strips import named_voices, strips_of

needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="the program fluidsynth is absent")
FONT = RenderOptions(soundfont=shipped_font(), sample_rate_hz=22_050)
STEMS = RenderOptions(soundfont=shipped_font(), sample_rate_hz=22_050, stems=True)
BAND = (("Melody", 0, 73, 72), ("Piano left", 1, 0, 48), ("Bass", 2, 33, 36), ("Drums", 9, 0, 36), ("Pad", 1, 0, 60))
Part = tuple[str, int, int, int]


def midi(parts: Sequence[Part] = BAND, extra: Sequence[mido.Message] = (), one_track: bool = False) -> bytes:
    """Four crotchets for each (name, channel, program, pitch), ``extra`` before them."""
    file = mido.MidiFile(type=0 if one_track else 1, ticks_per_beat=480)
    for name, channel, program, pitch in parts:
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.append(mido.Message("program_change", channel=channel, program=program))
        track += [message.copy(channel=channel) if hasattr(message, "channel") else message for message in extra]
        for step in range(4):
            note = pitch + 2 * step
            track.append(mido.Message("note_on", channel=channel, note=note, velocity=80))
            track.append(mido.Message("note_off", channel=channel, note=note, time=240))
        file.tracks.append(track)
    if one_track:
        file.tracks[:] = [mido.merge_tracks(file.tracks)]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def play(folder: Path, text: str, data: bytes | None = None, options: RenderOptions = STEMS) -> Rendered:
    path = folder / "a.mix.toml"
    mix = read_mix(text.encode(), path)
    return rendered(midi() if data is None else data, "a.mid", folder / "a.wav", options, mix=mix)


def stems(folder: Path, text: str, data: bytes | None = None) -> Mapping[str, NDArray[np.float64]]:
    """The stems by name, without their numbers."""
    return {path.stem[3:]: soundfile.read(path)[0] for path in play(folder, text, data).files[1:]}


def level(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(max(1e-18, (sound**2).mean())))


def mixed(text: str, data: bytes) -> MixedScore:
    score = score_of(data, "a.mid")
    voices = named_voices(score, read_source(data, "a.mid"))
    strips = strips_of(read_mix(text.encode(), Path("a.mix.toml")), voices, "a.mid").strips
    return MixedScore(score, strips, Presets(shipped_font()))


def on_channel(data: bytes, kind: str) -> set[tuple[int, int]]:
    """(channel, note or program) of the messages of ``kind``."""
    messages = [m for m in mido.MidiFile(file=io.BytesIO(data)).tracks[0] if m.type == kind]
    return {(m.channel, m.program if kind == "program_change" else m.note) for m in messages}


@needs_fluidsynth
def test_gain_is_what_it_says_and_the_others_stay(tmp_path: Path) -> None:
    plain = stems(tmp_path, "")
    text = "[tracks.melody]\ngain_db = -7.3\n[tracks.Bass]\ngain_db = 9.5\n[tracks.Drums]\ngain_db = -0.4\n"
    changed = stems(tmp_path, text)
    wanted = {"Melody": -7.3, "Bass": 9.5, "Drums": -0.4, "Piano_left": 0.0, "Pad": 0.0}
    for name, gain_db in wanted.items():
        length = min(len(plain[name]), len(changed[name]))
        assert level(changed[name][:length]) - level(plain[name][:length]) == pytest.approx(gain_db, abs=0.15)


@needs_fluidsynth
def test_pan_goes_to_the_side_and_reverb_to_dry_and_wet(tmp_path: Path) -> None:
    parts = BAND[:3]
    dry = "[tracks.melody]\nreverb = 0\npan = -1\n[tracks.bass]\nreverb = 0\npan = 1\n"
    sounds = stems(tmp_path, dry + '[tracks."Piano left"]\nreverb = 0\npan = -0.5\n', midi(parts))
    sides = {name: level(sound[:, 0]) - level(sound[:, 1]) for name, sound in sounds.items()}
    assert sides["Melody"] > 60 and sides["Bass"] < -60
    assert 4 < sides["Piano_left"] < 12
    ends = {name: level(sound[int(1.6 * 22_050) :]) for name, sound in sounds.items()}
    wet = stems(tmp_path, "[reverb]\nroom = 0.9\n[tracks.melody]\nreverb = 0.9\n", midi(parts))
    assert level(wet["Melody"][int(1.6 * 22_050) :]) > ends["Melody"] + 20


@needs_fluidsynth
def test_a_mix_of_the_present_values_gives_the_same_bytes(tmp_path: Path) -> None:
    data = midi(extra=[mido.Message("control_change", control=10, value=40)])
    plain = rendered(data, "a.mid", tmp_path / "plain.wav", FONT).files[0].read_bytes()
    text = (
        "[master]\nloudness_lufs = -16\n[reverb]\nroom = 0.2\nlevel = 0.9\n[tracks.melody]\nprogram = 73\nbank = 0\n"
        "pan = -0.375\n[tracks.drums]\nprogram = 0\npan = -0.375\ngain_db = 0\n"
    )
    assert play(tmp_path, text, data, FONT).files[0].read_bytes() == plain


@needs_fluidsynth
def test_muted_tracks_have_no_stem_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    muted = play(tmp_path, "[tracks.melody]\nmute = true\n[tracks.drums]\nmute = true\n")
    assert [p.name for p in muted.files] == ["a.wav", "02_Piano_left.wav", "03_Bass.wav", "05_Pad.wav"]
    assert "not heard, as a.mix.toml says: Melody, Drums" in muted.notes
    alone = play(tmp_path, "[tracks.bass]\nsolo = true\n[tracks.drums]\nsolo = true\nmute = true\n")
    assert [p.name for p in alone.files] == ["a.wav", "03_Bass.wav"]
    with pytest.raises(BadInput, match="every track is muted"):
        play(tmp_path, "[tracks.bass]\nsolo = true\nmute = true\n")


@needs_fluidsynth
def test_the_stems_of_a_mix_add_up_to_it(tmp_path: Path) -> None:
    text = '[tracks.Pad]\nprogram = "strings"\ngain_db = 5\n[tracks.melody]\npan = 0.6\n'
    result = play(tmp_path, text)
    sum_of_stems = sum(soundfile.read(path)[0] for path in result.files[1:])
    whole = soundfile.read(play(tmp_path, text, options=FONT).files[0])[0]
    assert result.limited_db == 0.0
    # FluidSynth begins a note in a voice used before with that one's filter: some notes differ for their first ms.
    rest = whole - sum_of_stems * 10 ** (result.gain_db / 20)
    assert level(rest[:-2205]) < level(whole) - 35
    assert np.median(np.abs(rest)) < 2 / 32768


@needs_fluidsynth
def test_loudness_and_ceiling_are_those_of_the_mix_unless_asked_otherwise(tmp_path: Path) -> None:
    text = "[master]\nloudness_lufs = -23\npeak_dbtp = -6\n"
    result = play(tmp_path, text, options=FONT)
    assert result.lufs == pytest.approx(-23, abs=0.3) and result.true_peak_dbtp <= -6
    kept = RenderOptions(soundfont=shipped_font(), sample_rate_hz=22_050, normalize=False)
    plain = rendered(midi(), "a.mid", tmp_path / "b.wav", kept)
    assert play(tmp_path, text, options=kept).lufs == pytest.approx(plain.lufs, abs=1e-9)
    assert play(tmp_path, "[master]\ngain_db = 4.5\n", options=FONT).lufs == pytest.approx(plain.lufs + 4.5, abs=0.01)
    assert "it would have clipped" in " ".join(play(tmp_path, "[master]\ngain_db = 60\n", options=FONT).notes)


def test_tracks_of_one_channel_come_apart_where_they_sound_differently() -> None:
    together = mixed('[tracks."Piano left"]\ngain_db = -3\n[tracks.pad]\ngain_db = -3\n', midi())
    assert {channel for channel, _ in on_channel(together.midi_bytes(), "note_on")} == {0, 1, 2, 9}
    apart = mixed("[tracks.pad]\nprogram = 48\n", midi())
    assert apart.plays_at_once
    assert (3, 48) in on_channel(apart.midi_bytes(), "program_change")
    assert {(1, 48), (3, 60)} <= on_channel(apart.midi_bytes(), "note_on")
    assert (3, 0) not in on_channel(apart.midi_bytes(), "program_change")


def test_a_program_of_the_mix_outlasts_those_of_the_file() -> None:
    data = mixed("[tracks.melody]\nprogram = 40\nbank = 8\n", midi(BAND[:1])).midi_bytes()
    assert on_channel(data, "program_change") == {(0, 40)}
    controls = [m for m in mido.MidiFile(file=io.BytesIO(data)).tracks[0] if m.type == "control_change"]
    assert (controls[0].control, controls[0].value) == (0, 8)


@needs_fluidsynth
def test_more_sounds_than_channels_are_played_one_by_one(tmp_path: Path) -> None:
    parts = [(f"Part {n}", n % 4, n, 48 + n) for n in range(24)]
    text = "".join(f'[tracks."Part {n}"]\ngain_db = -{n}\n' for n in range(24))
    assert not mixed(text, midi(parts)).plays_at_once
    result = play(tmp_path, text, midi(parts), FONT)
    assert result.files == (tmp_path / "a.wav",) and not (tmp_path / "a.stems").exists()
    drums = [("Kit", 9, 0, 36), ("Bells", 9, 0, 50)]
    assert not mixed("[tracks.Bells]\npan = 1\n", midi(drums)).plays_at_once


@needs_fluidsynth
def test_a_mix_outlasts_resets_in_the_file(tmp_path: Path) -> None:
    reset = [mido.Message("control_change", control=121), mido.Message("sysex", data=(0x7E, 0x7F, 9, 1))]
    text = "[tracks.melody]\ngain_db = -10\npan = -1\nreverb = 0\n"
    plain, changed = (stems(tmp_path, one, midi(BAND[:2], reset))["Melody"] for one in ("", text))
    assert level(changed[:, 0]) - level(changed[:, 1]) > 60
    assert level(changed[: len(plain)]) - level(plain) == pytest.approx(-10, abs=1.5)


def test_a_name_goes_before_its_role_and_before_another_case() -> None:
    data = midi([("Bass", 0, 33, 36), ("bass", 1, 33, 36), ("Melody", 2, 0, 72), ("Lead", 3, 0, 74)])
    voices = named_voices(score_of(data, "a.mid"), read_source(data, "a.mid"))
    text = "[tracks.bass]\npan = 1\n[tracks.lead]\npan = -1\n[tracks.melody]\ngain_db = 1\n[tracks.oboe]\npan = 0\n"
    found = strips_of(read_mix(text.encode(), Path("a.mix.toml")), voices, "a.mid")
    assert [strip.mix.pan for strip in found.strips] == [None, 1.0, None, -1.0]
    assert [strip.mix.gain_db for strip in found.strips] == [None, None, 1.0, None]
    assert found.notes == ('a.mix.toml line 7: a.mid has no track "oboe"; there are Bass, bass, Melody, Lead',)


def test_a_role_is_for_all_its_tracks_and_channels_have_names() -> None:
    data = midi(BAND, one_track=True)
    voices = named_voices(score_of(data, "a.mid"), read_source(data, "a.mid"))
    text = '[tracks.accompaniment]\ngain_db = -2\n[tracks."Channel 10"]\npan = 1\n'
    strips = strips_of(read_mix(text.encode(), Path("a.mix.toml")), voices, "a.mid").strips
    roles = {v.voice.number: v.track.role for v in voices}
    quieter = [s.voice.number for s in strips if s.mix.gain_db == -2]
    assert quieter == [n for n, role in roles.items() if role == "accompaniment"]
    assert [s.voice.number for s in strips if s.mix.pan == 1] == [9]


def test_a_mix_of_another_piece_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        play(tmp_path, "[tracks.Melodie]\npan = 0\n[tracks.Piano_left]\npan = 0\n")
    assert [line.split(": ", 2)[2] for line in caught.value.lines()] == [
        'line 1: tracks.Melodie: a.mid has no track "Melodie"; did you mean "Melody"?',
        'line 3: tracks.Piano_left: a.mid has no track "Piano_left"; did you mean "Piano left"?',
    ]


@needs_fluidsynth
def test_a_mix_that_leaves_nothing_to_hear_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"makes a\.mid silent"):
        play(tmp_path, "[tracks.melody]\ngain_db = -60\n[master]\npeak_dbtp = -20\n", midi(BAND[:1]), FONT)


@needs_fluidsynth
def test_a_program_that_the_font_lacks_is_told(tmp_path: Path) -> None:
    result = play(tmp_path, "[tracks.melody]\nprogram = 3\nbank = 99\n", options=FONT)
    assert "TimGM6mb.sf2 has no program 3 in bank 99, which a.mix.toml names for Melody" in result.notes


def test_a_font_is_found_beside_the_mix_or_by_its_name(tmp_path: Path) -> None:
    mix = tmp_path / "a.mix.toml"
    shutil.copy(shipped_font(), tmp_path / "mine.sf2")
    assert soundfont_named("mine.sf2", mix, 2).path == tmp_path / "mine.sf2"
    assert soundfont_named("TimGM6mb", mix, 2).because == "named by a.mix.toml"
    with pytest.raises(MissingTool, match=r'line 2: soundfont: no "TimGM6.sf2" here; did you mean "TimGM6mb.sf2"?'):
        soundfont_named("TimGM6.sf2", mix, 2)
    (tmp_path / "broken.sf2").write_bytes(b"hello")
    for name in ("fonts/absent.sf2", "broken.sf2"):
        with pytest.raises(MissingTool, match=r"line 2: soundfont") as caught:
            soundfont_named(name, mix, 2)
        assert caught.value.exit_code == 4


def test_the_sends_of_a_font_are_read_from_it(tmp_path: Path) -> None:
    presets = Presets(shipped_font())
    assert presets.has(0, 0) and presets.has(DRUM_BANK, 0) and not presets.has(99, 3)
    assert presets.sends(99, 3) == Sends()
    every = [presets.sends(0, program) for program in range(128)]
    assert all(0 <= one.reverb <= 1000 and 0 <= one.chorus <= 1000 for one in every)
    assert len({one.reverb for one in every}) > 3
    for content in (b"", b"RIFF", shipped_font().read_bytes()[:40], b"RIFF" + b"\xff" * 100):
        (tmp_path / "a.sf2").write_bytes(content)
        assert not Presets(tmp_path / "a.sf2")
    assert not Presets(tmp_path / "absent.sf2")
