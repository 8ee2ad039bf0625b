"""The synthesizers: FluidSynth through midi2audio's interface with a call that is checked, and tinysoundfont.

FluidSynth exits with 0 after nearly every failure and then plays another font, or silence, or writes half a file.
So nothing counts as done before the exit code, stderr, the length and the content of the file were looked at.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import midi2audio
import mido
import numpy as np

from composer.errors import Bug, CannotWrite, ComposerError, MissingTool
from composer.formats.audio import Samples
from composer.limits import MEGABYTE
from composer.render.score import TAIL_SECONDS, Score, Voice
from composer.render.soundfonts import Soundfont

PROGRAM = "fluidsynth"
FRAME_BYTES = 8  # two channels of 32-bit floats
TIMEOUT_SECONDS = 30.0
SPILL_SECONDS = 15.0  # what a right file may be longer than the score and its tail
SHORT_SECONDS = 0.5
FILE_BYTES_LEAST = 80 * MEGABYTE  # a lower limit kills FluidSynth at its start (shared memory of its drivers)
BUFFER_FRAMES = 4096


class Synth(Protocol):
    """Turns a score, or one voice of it, into sound."""

    engine: str

    def sound(self, score: Score, voice: Voice | None = None, cores: int = 1) -> Samples: ...


class CheckedFluidSynth(midi2audio.FluidSynth):  # type: ignore[misc]
    """midi2audio's interface; ``midi_to_audio`` raises unless the file is whole and is what was asked for."""

    engine = "FluidSynth"

    def __init__(self, font: Soundfont, sample_rate_hz: int) -> None:
        super().__init__(str(font.path), sample_rate_hz)
        self.font = font

    def sound(self, score: Score, voice: Voice | None = None, cores: int = 1) -> Samples:
        """The sound with its tail, as floats; raises MissingTool, CannotWrite or Bug."""
        import soundfile

        frames = round((score.seconds + TAIL_SECONDS) * self.sample_rate)
        with tempfile.TemporaryDirectory(prefix="composer-") as folder:
            if shutil.disk_usage(folder).free < frames * FRAME_BYTES + MEGABYTE:
                raise CannotWrite(folder, "too little space for the raw sound", "free some disk space")
            source, target = Path(folder) / "score.mid", Path(folder) / "sound.wav"
            source.write_bytes(score.midi_bytes(voice))
            self.midi_to_audio(str(source), str(target), score.seconds + TAIL_SECONDS, cores)
            try:
                samples, _ = soundfile.read(str(target), dtype="float32", always_2d=True)
            except (OSError, soundfile.LibsndfileError):
                raise Bug(PROGRAM, "left no sound file", "try another soundfont") from None
        spill = len(samples) - frames
        if not -SHORT_SECONDS * self.sample_rate <= spill <= SPILL_SECONDS * self.sample_rate:
            raise Bug(PROGRAM, f"made {len(samples)} frames where {frames} were due", "free some disk space")
        return np.asarray(samples, dtype=np.float32)

    def midi_to_audio(self, midi_file: str, audio_file: str, seconds: float = 600.0, cores: int = 1) -> None:
        """Play ``midi_file`` into ``audio_file``, a WAV of 32-bit floats; ``seconds`` is its expected length."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise MissingTool(PROGRAM, "fluidsynth is not installed", "apt-get install fluidsynth")
        quiet = ["-ni", "-q", "-f", os.devnull, "-o", "synth.default-soundfont="]
        speed = ["-z", str(BUFFER_FRAMES), "-o", f"synth.cpu-cores={cores}"]
        target = ["-r", str(self.sample_rate), "-T", "wav", "-O", "float", "-F", os.path.abspath(audio_file)]
        command = [program, *quiet, *speed, *target, self.sound_font, os.path.abspath(midi_file)]
        most_bytes = max(FILE_BYTES_LEAST, round(2 * seconds * self.sample_rate * FRAME_BYTES))
        code, lines = _run(command, TIMEOUT_SECONDS + 2 * seconds, most_bytes)
        errors = [line for line in lines if "error:" in line.lower() or "panic" in line.lower()]
        if code or errors:
            raise self._failure(code, errors)

    def _failure(self, code: int, errors: list[str]) -> ComposerError:
        line = errors[0].removeprefix("fluidsynth: ") if errors else f"exit code {code}"
        text = " ".join(errors).lower()
        if "space left" in text or "write" in text:
            return CannotWrite(PROGRAM, f"could not write the sound ({line})", "free some disk space")
        if any(word in text for word in ("soundfont", "sf2", "sample", "not found", "load")):
            return MissingTool(self.font.path, f"the soundfont cannot be played ({line})", "choose another soundfont")
        return Bug(PROGRAM, f"failed ({line})", "try another soundfont")


class TinySynth:
    """The synthesizer inside the tinysoundfont package: no reverb and no chorus."""

    engine = "tinysoundfont"

    def __init__(self, font: Soundfont, sample_rate_hz: int) -> None:
        self.font = font
        self.sample_rate = sample_rate_hz

    def sound(self, score: Score, voice: Voice | None = None, cores: int = 1) -> Samples:
        """The sound with its tail, as floats; raises MissingTool when the font cannot be played."""
        import io

        import tinysoundfont

        synth = tinysoundfont.Synth(samplerate=self.sample_rate)
        try:
            number = synth.sfload(str(self.font.path))
        except Exception as error:  # the package raises several kinds of its own
            raise MissingTool(self.font.path, f"cannot be played ({error})", "choose another soundfont") from None
        for channel in range(16):
            synth.program_select(channel, number, 0, 0, channel == 9)
        pieces: list[Samples] = []
        for message in mido.MidiFile(file=io.BytesIO(score.midi_bytes(voice))):
            frames = round(message.time * self.sample_rate)
            if frames:
                pieces.append(np.frombuffer(synth.generate(frames), dtype=np.float32).reshape(-1, 2))
            _play(synth, message)
        return np.concatenate(pieces)


def _play(synth: object, message: mido.Message) -> None:
    with contextlib.suppress(Exception):  # a preset that the font lacks leaves the channel as it was
        match message.type:
            case "note_on" if message.velocity:
                synth.noteon(message.channel, message.note, message.velocity)  # type: ignore[attr-defined]
            case "note_on" | "note_off":
                synth.noteoff(message.channel, message.note)  # type: ignore[attr-defined]
            case "control_change":
                synth.control_change(message.channel, message.control, message.value)  # type: ignore[attr-defined]
            case "program_change":
                synth.program_change(message.channel, message.program, message.channel == 9)  # type: ignore[attr-defined]
            case "pitchwheel":
                synth.pitchbend(message.channel, message.pitch + 8192)  # type: ignore[attr-defined]


def synth_of(font: Soundfont, sample_rate_hz: int) -> Synth:
    """FluidSynth where the program is installed, else tinysoundfont; raises MissingTool without either."""
    if shutil.which(PROGRAM) is not None:
        return CheckedFluidSynth(font, sample_rate_hz)
    if importlib.util.find_spec("tinysoundfont") is not None:
        return TinySynth(font, sample_rate_hz)
    raise MissingTool(PROGRAM, "fluidsynth is not installed", "apt-get install fluidsynth")


def _run(command: list[str], timeout_seconds: float, most_bytes: int) -> tuple[int, list[str]]:
    """The exit code and the lines of stderr; the whole process group is gone afterwards."""
    limited = {"preexec_fn": lambda: _limit_files(most_bytes)} if os.name == "posix" else {}
    with _group(
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **limited,  # type: ignore[call-overload]
        )
    ) as process:
        try:
            _, said = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            raise Bug(PROGRAM, f"took over {timeout_seconds:.0f} s and was stopped", "try another soundfont") from None
    return process.returncode, said.decode("utf-8", "replace").splitlines()


@contextlib.contextmanager
def _group(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        if process.poll() is None:
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _limit_files(most_bytes: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
