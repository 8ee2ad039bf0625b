"""The synthesizers: FluidSynth through midi2audio's interface with a call that is checked, and tinysoundfont.

FluidSynth exits with 0 after nearly every failure and then plays another font, or silence, or stops half way. So
nothing counts as done before the exit code, stderr, the length and the content of the sound were looked at.

The sound comes through a pipe while it is made, so that measuring it takes no time of its own. Nothing heavy is
imported before the program runs. Options tried and left out: ``synth.dynamic-sample-loading`` changes the samples,
``synth.lock-memory``, ``synth.threadsafe-api`` and a third core save nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import midi2audio

from composer.errors import Bug, CannotWrite, ComposerError, MissingTool
from composer.formats.files import cannot_write
from composer.render.score import TAIL_SECONDS, Playable, Voice, score_of
from composer.render.soundfonts import Soundfont

if TYPE_CHECKING:
    import mido

    from composer.formats.mix import Mix

PROGRAM = "fluidsynth"
FRAME_BYTES = 8  # two channels of 32-bit floats
TIMEOUT_SECONDS = 30.0
SPILL_SECONDS = 15.0  # how much longer than the score and its tail a sound may be before it is cut
MOST_TAIL_SECONDS = TAIL_SECONDS + SPILL_SECONDS
SHORT_SECONDS = 0.5
BUFFER_FRAMES = 8192  # the most that FluidSynth takes; 64, its default, costs half as much again
READ_BYTES = 1 << 20
PIPE_SIZE = 1031  # fcntl's F_SETPIPE_SZ on Linux
POLL_SECONDS = 0.2
GAIN = 0.2  # FluidSynth's own
# Of a mix file's tables [reverb] and [chorus] -> of FluidSynth.
ROOM_SETTINGS = {"room": "room-size", "damping": "damp", "width": "width", "level": "level"}
CHORUS_SETTINGS = {"voices": "nr", "depth": "depth", "speed": "speed", "level": "level"}


@dataclass(frozen=True, slots=True)
class Room:
    """Settings of the synthesizer for all that it plays: ``gain_db`` louder, and (name, value) as it knows them."""

    gain_db: float = 0.0
    settings: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, mix: Mix, gain_db: float) -> Room:
        """The effects of a mix file, with what its tracks lost to make room."""
        tables = ((mix.reverb, "synth.reverb", ROOM_SETTINGS), (mix.chorus, "synth.chorus", CHORUS_SETTINGS))
        named = [
            (f"{prefix}.{theirs}", getattr(table, ours))
            for table, prefix, names in tables
            for ours, theirs in names.items()
        ]
        return cls(gain_db, tuple((name, value) for name, value in named if value is not None))

    def words(self) -> list[str]:
        """For FluidSynth's command line."""
        gain = (("synth.gain", GAIN * 10 ** (self.gain_db / 20)),) if self.gain_db else ()
        return [word for name, value in (*gain, *self.settings) for word in ("-o", f"{name}={value:.6g}")]


class Synth(Protocol):
    """Turns a score, or one voice of it, into sound."""

    engine: str

    def playing(
        self, score: Playable, voice: Voice | None = None, cores: int = 1
    ) -> AbstractContextManager[Iterator[bytes]]:
        """The sound with its tail in pieces of any size: 32-bit floats, left and right in turn.

        The context raises MissingTool, CannotWrite or Bug when the sound is not whole.
        """
        ...


class CheckedFluidSynth(midi2audio.FluidSynth):  # type: ignore[misc]
    """midi2audio's interface; what it leaves is whole and is what was asked for, or it raises."""

    engine = "FluidSynth"

    def __init__(self, font: Soundfont, sample_rate_hz: int, room: Room | None = None) -> None:
        super().__init__(str(font.path), sample_rate_hz)
        self._room = room or Room()
        self.sample_rate: int = sample_rate_hz
        self.font = font

    @contextlib.contextmanager
    def playing(self, score: Playable, voice: Voice | None = None, cores: int = 1) -> Iterator[Iterator[bytes]]:
        """See Synth."""
        frames = round((score.seconds + TAIL_SECONDS) * self.sample_rate)
        timeout_seconds = TIMEOUT_SECONDS + 2 * (score.seconds + TAIL_SECONDS)
        try:
            folder = tempfile.mkdtemp(prefix="composer-")
        except OSError as error:
            raise cannot_write(Path(tempfile.gettempdir()), error) from None
        try:
            source, errors = Path(folder) / "score.mid", Path(folder) / "errors.txt"
            try:
                source.write_bytes(score.midi_bytes(voice))
            except OSError as error:
                raise cannot_write(source, error) from None
            with _started(self._command(source, Path(folder) / "sound", cores), Path(folder) / "sound", errors) as run:
                counted = _Counted(run, time.monotonic() + timeout_seconds, frames + self._frames(SPILL_SECONDS))
                yield counted.pieces()
                if not counted.is_cut:
                    counted.finish()
            code = 0 if counted.is_cut else run.process.returncode
            self._check(code, errors.read_text("utf-8", "replace"), counted.frames, frames)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def midi_to_audio(self, midi_file: str, audio_file: str) -> None:
        """midi2audio's call: ``midi_file`` as a WAV of 32-bit floats, whole or not at all."""
        from composer.formats.audio import write_float_wav

        score = score_of(Path(midi_file).read_bytes(), midi_file)
        with self.playing(score) as pieces:
            write_float_wav(Path(audio_file), pieces, self.sample_rate)

    def _command(self, source: Path, target: Path, cores: int) -> list[str]:
        program = shutil.which(PROGRAM)
        if program is None:
            raise MissingTool(PROGRAM, "fluidsynth is not installed", "apt-get install fluidsynth")
        quiet = ["-ni", "-q", "-f", os.devnull, "-o", "synth.default-soundfont="]
        speed = ["-z", str(BUFFER_FRAMES), "-o", f"synth.cpu-cores={cores}"]
        raw = ["-r", str(self.sample_rate), "-T", "raw", "-O", "float", "-F", str(target)]
        return [program, *quiet, *speed, *self._room.words(), *raw, self.sound_font, str(source)]

    def _frames(self, seconds: float) -> int:
        return round(seconds * self.sample_rate)

    def _check(self, code: int, said: str, frames: int, due: int) -> None:
        errors = [line for line in said.splitlines() if "error:" in line.lower() or "panic" in line.lower()]
        if code or errors:
            raise self._failure(code, errors)
        if not frames:
            raise Bug(PROGRAM, "made no sound", "try another soundfont")
        if frames < due - self._frames(SHORT_SECONDS):
            raise CannotWrite(PROGRAM, f"the sound was cut off after {frames} of {due} frames", "free some disk space")

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

    @contextlib.contextmanager
    def playing(self, score: Playable, voice: Voice | None = None, cores: int = 1) -> Iterator[Iterator[bytes]]:
        """See Synth."""
        yield self._pieces(score, voice)

    def _pieces(self, score: Playable, voice: Voice | None) -> Iterator[bytes]:
        import io

        import mido
        import tinysoundfont

        synth = tinysoundfont.Synth(samplerate=self.sample_rate)
        try:
            number = synth.sfload(str(self.font.path))
        except Exception as error:  # the package raises several kinds of its own
            raise MissingTool(self.font.path, f"cannot be played ({error})", "choose another soundfont") from None
        for channel in range(16):
            synth.program_select(channel, number, 0, 0, channel == 9)
        for message in mido.MidiFile(file=io.BytesIO(score.midi_bytes(voice))):
            frames = round(message.time * self.sample_rate)
            for start in range(0, frames, BUFFER_FRAMES):
                yield bytes(synth.generate(min(BUFFER_FRAMES, frames - start)))
            _play(synth, message)


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


def synth_of(font: Soundfont, sample_rate_hz: int, room: Room | None = None) -> Synth:
    """FluidSynth where the program is installed, else tinysoundfont; raises MissingTool without either."""
    if shutil.which(PROGRAM) is not None:
        return CheckedFluidSynth(font, sample_rate_hz, room)
    if importlib.util.find_spec("tinysoundfont") is not None:
        return TinySynth(font, sample_rate_hz)
    raise MissingTool(PROGRAM, "fluidsynth is not installed", "apt-get install fluidsynth")


class _Run:
    """A program at work, and the end of the pipe that its sound comes out of (None: it writes the file ``target``)."""

    def __init__(self, process: subprocess.Popen[bytes], pipe: int | None, target: Path) -> None:
        self.process = process
        self.pipe = pipe
        self.target = target


class _Counted:
    """The pieces of a run's sound, with an eye on its length and on the clock.

    FluidSynth plays on until no voice sounds, which a slow release makes a minute, and a looped sample without one
    never: after ``most_frames`` nobody listens any more.
    """

    def __init__(self, run: _Run, deadline: float, most_frames: int) -> None:
        self._run = run
        self._deadline = deadline
        self._started = time.monotonic()
        self._most_frames = most_frames
        self._bytes = 0

    @property
    def frames(self) -> int:
        return self._bytes // FRAME_BYTES

    @property
    def is_cut(self) -> bool:
        """Whether the sound was given up before the program had ended it."""
        return self._bytes == self._most_frames * FRAME_BYTES

    def pieces(self) -> Iterator[bytes]:
        for piece in self._piped() if self._run.pipe is not None else self._filed():
            wanted = piece[: self._most_frames * FRAME_BYTES - self._bytes]
            self._bytes += len(wanted)
            yield wanted
            if self.is_cut:
                return

    def finish(self) -> None:
        """Wait for the program's end."""
        try:
            self._run.process.wait(max(0.1, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self._late() from None

    def _piped(self) -> Iterator[bytes]:
        pipe = self._run.pipe
        assert pipe is not None
        while True:
            ended = self._run.process.poll() is not None  # asked first: what it wrote before is then in the pipe
            ready, _, _ = select.select([pipe], [], [], 0 if ended else POLL_SECONDS)
            piece = b""
            if ready:
                with contextlib.suppress(BlockingIOError):
                    piece = os.read(pipe, READ_BYTES)
            if piece:
                yield piece
            elif ended or (ready and self._bytes):
                return
            elif ready:
                time.sleep(0.005)  # the program has not opened its end yet
            if time.monotonic() > self._deadline:
                raise self._late()

    def _filed(self) -> Iterator[bytes]:
        self.finish()
        if self._run.target.exists():
            with open(self._run.target, "rb") as stream:
                while piece := stream.read(READ_BYTES):
                    yield piece

    def _late(self) -> Bug:
        seconds = self._deadline - self._started
        return Bug(PROGRAM, f"took over {seconds:.0f} s and was stopped", "try another soundfont")


@contextlib.contextmanager
def _started(command: list[str], target: Path, errors: Path) -> Iterator[_Run]:
    """The running program; its whole process group is gone afterwards."""
    pipe, process = _pipe(target) if hasattr(os, "mkfifo") else None, None
    try:
        with open(errors, "wb") as said, _signals_held():
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
            )
        yield _Run(process, pipe, target)
    finally:
        if process is not None:
            _end(process)
        if pipe is not None:
            os.close(pipe)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait for the end of this: a program that runs and is not known yet would go on without us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    held = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not None]
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in held}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for one in dict.fromkeys(came):
            signal.raise_signal(one)


def _pipe(target: Path) -> int:
    """The reading end of a new named pipe: unlike standard output it ends with the sound, before the program does."""
    os.mkfifo(target)
    pipe = os.open(target, os.O_RDONLY | os.O_NONBLOCK)
    with contextlib.suppress(ImportError, OSError):  # a larger pipe means fewer turns
        import fcntl

        fcntl.fcntl(pipe, PIPE_SIZE, READ_BYTES)
    return pipe
