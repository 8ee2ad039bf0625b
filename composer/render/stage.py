"""A MIDI file as audio: the mix, mastered, and on request a stem for each track."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from composer.errors import Bug, UsageProblem
from composer.formats.audio import STEM, Samples, audio_format_of, write_audio
from composer.formats.files import cannot_write
from composer.formats.midi import ascii_name
from composer.render.mastering import mastered, trimmed
from composer.render.score import Score, score_of
from composer.render.soundfonts import soundfont_of
from composer.render.synth import Synth, synth_of

PARALLEL = 2
SILENT_PEAK = 50 / 32_767
RATES_HZ = (22_050, 32_000, 44_100, 48_000, 88_200, 96_000)
QUIETER_LU = 0.5


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How to render; raises UsageProblem for values that cannot be."""

    soundfont: Path | None = None
    sample_rate_hz: int = 44_100
    stems: bool = False
    normalize: bool = True
    target_lufs: float = -16.0
    ceiling_dbtp: float = -1.0

    def __post_init__(self) -> None:
        if self.sample_rate_hz not in RATES_HZ:
            rates = ", ".join(map(str, RATES_HZ))
            raise UsageProblem("sample rate", f"{self.sample_rate_hz} Hz is not supported", f"use one of {rates}")
        if not -60.0 <= self.target_lufs <= 0.0:
            raise UsageProblem("loudness", f"{self.target_lufs} LUFS is not between -60 and 0", "-16 is usual")
        if not -20.0 <= self.ceiling_dbtp <= 0.0:
            raise UsageProblem("ceiling", f"{self.ceiling_dbtp} dBTP is not between -20 and 0", "-1 is usual")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written. The stems are the mix before mastering: their sum times the master gain is the file."""

    files: tuple[Path, ...]
    seconds: float
    lufs: float
    true_peak_dbtp: float
    gain_db: float
    limited_db: float
    soundfont: str
    soundfont_path: Path
    soundfont_sha256: str
    engine: str
    notes: tuple[str, ...]


def rendered(data: bytes, name: str, output: Path, options: RenderOptions | None = None) -> Rendered:
    """Render the MIDI file ``data`` to ``output`` (and ``OUTPUT.stems/``), each file whole or not at all.

    Raises UsageProblem for an unknown suffix, BadInput, OverLimit, MissingTool, CannotWrite, and Bug for silence.
    """
    options = options or RenderOptions()
    kind = audio_format_of(output)
    if kind.container == "MP3" and options.sample_rate_hz > 48_000:
        raise UsageProblem(output, "MP3 ends at 48000 Hz", "choose a lower sample rate or .flac")
    score = score_of(data, name)
    font = soundfont_of(options.soundfont)
    synth = synth_of(font, options.sample_rate_hz)
    voices = _stems(synth, score) if options.stems else (synth.sound(score, cores=PARALLEL),)
    mix = _sum(voices)
    if not float(np.abs(mix).max(initial=0.0)) > SILENT_PEAK:
        raise Bug(name, "the rendered sound is silent", f"try another soundfont than {font.name}")
    whole = trimmed(mix, options.sample_rate_hz, round(score.seconds * options.sample_rate_hz))
    master = mastered(whole, options.sample_rate_hz, options.target_lufs, options.ceiling_dbtp, options.normalize)
    write_audio(output, master.samples, options.sample_rate_hz, kind)
    files = [output]
    if options.stems:
        files += _write_stems(output, score, voices, len(whole), options.sample_rate_hz)
    notes = [f"soundfont {font.name}: {font.because}"]
    if synth.engine == "tinysoundfont":
        notes.append("fluidsynth is not installed: played by tinysoundfont, without reverb")
    if options.normalize and master.lufs < options.target_lufs - QUIETER_LU:
        notes.append(f"{master.lufs:.1f} LUFS: louder would flatten the peaks")
    return Rendered(
        tuple(files),
        len(whole) / options.sample_rate_hz,
        master.lufs,
        master.true_peak_dbtp,
        master.gain_db,
        master.limited_db,
        font.name,
        font.path,
        font.sha256(),
        synth.engine,
        tuple(notes),
    )


def stems_folder(output: Path) -> Path:
    """``NAME.stems`` beside ``NAME.wav``."""
    return output.with_suffix(".stems")


def _stems(synth: Synth, score: Score) -> tuple[Samples, ...]:
    with ThreadPoolExecutor(PARALLEL) as pool:
        return tuple(pool.map(lambda voice: synth.sound(score, voice), score.voices))


def _sum(voices: tuple[Samples, ...]) -> Samples:
    if len(voices) == 1:
        return voices[0]
    mix = np.zeros((max(map(len, voices)), 2), dtype=np.float32)
    for sound in voices:
        mix[: len(sound)] += sound
    return mix


def _write_stems(
    output: Path, score: Score, voices: tuple[Samples, ...], frames: int, sample_rate_hz: int
) -> list[Path]:
    """Write a 32-bit file for each voice, as long as the mix and with its fade; returns their paths."""
    folder = stems_folder(output)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    files = []
    for index, (voice, sound) in enumerate(zip(score.voices, voices, strict=True), start=1):
        label = ascii_name(voice.name, "Track").translate({ord(c): "_" for c in ' /\\:*?"<>|.'})[:60]
        path = folder / f"{index:02d}_{label}.wav"
        write_audio(path, np.pad(sound[:frames], ((0, max(0, frames - len(sound))), (0, 0))), sample_rate_hz, STEM)
        files.append(path)
    return files
