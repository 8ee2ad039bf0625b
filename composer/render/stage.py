"""A MIDI file as audio: the mix, mastered, and on request a stem for each track."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import Bug, UsageProblem
from composer.render.score import TAIL_SECONDS, Score, score_of
from composer.render.soundfonts import Soundfont, soundfont_of
from composer.render.synth import MOST_TAIL_SECONDS, Synth, synth_of

if TYPE_CHECKING:  # numpy and soundfile are loaded while the synthesizer is already at work
    from composer.render.mastering import Master
    from composer.render.recording import Recording

CORES = 2
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
LOSSY_MARGIN_DB = 0.7  # what coding may add to a peak
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
    """Render the MIDI file ``data`` to ``output`` (and ``OUTPUT.stems/``), each whole or not at all.

    Raises UsageProblem for an unknown suffix, BadInput, OverLimit, MissingTool, CannotWrite, and Bug for silence.
    """
    options = options or RenderOptions()
    rate_hz = options.sample_rate_hz
    if output.suffix.lower() == ".mp3" and rate_hz > 48_000:
        raise UsageProblem(output, "MP3 ends at 48000 Hz", "choose a lower sample rate or .flac")
    if output.suffix.lower() not in SUFFIXES:
        raise UsageProblem(output, f"{output.suffix or 'no suffix'} is no audio format", f"use {', '.join(SUFFIXES)}")
    score = score_of(data, name)
    font = soundfont_of(options.soundfont)
    synth = synth_of(font, rate_hz)
    with ExitStack() as stack:
        if options.stems:
            from composer.render.stems import StemsFolder

            stems = stack.enter_context(StemsFolder(output, score, rate_hz))
            mix = stems.recorded(synth)
        else:
            mix = _recorded(synth, score, rate_hz)
        if not float(mix.peaks.max(initial=0.0)) > SILENT_PEAK:
            raise Bug(name, "the rendered sound is silent", f"try another soundfont than {font.name}")
        cut_off = mix.is_loud_at_the_end()
        mix = mix.trimmed(round(score.seconds * rate_hz))
        master = _written(mix, output, options)
        files = (output, *(stems.commit(mix) if options.stems else ()))
    return Rendered(
        files,
        mix.seconds,
        master.lufs,
        master.true_peak_dbtp,
        master.gain_db,
        master.limited_db,
        font.name,
        font.path,
        font.sha256(),
        synth.engine,
        _notes(font, synth, master, options, cut_off),
    )


def _recorded(synth: Synth, score: Score, sample_rate_hz: int) -> Recording:
    with synth.playing(score, cores=CORES) as pieces:
        from composer.render.recording import Recorder  # while the synthesizer is already at work

        recorder = Recorder(sample_rate_hz, round((score.seconds + MOST_TAIL_SECONDS) * sample_rate_hz))
        import soundfile  # noqa: F401

        for piece in pieces:
            recorder.feed(piece)
        return recorder.recording()


def _written(mix: Recording, output: Path, options: RenderOptions) -> Master:
    from composer.formats.audio import audio_format_of, write_audio
    from composer.render.mastering import mastered

    kind = audio_format_of(output)
    ceiling_dbtp = options.ceiling_dbtp - (LOSSY_MARGIN_DB if kind.is_lossy else 0.0)
    master = mastered(mix, options.target_lufs, ceiling_dbtp, options.normalize)
    write_audio(output, master.blocks(), len(mix.samples), options.sample_rate_hz, kind)
    return master


def _notes(font: Soundfont, synth: Synth, master: Master, options: RenderOptions, cut_off: bool) -> tuple[str, ...]:
    notes = [f"soundfont {font.name}: {font.because}"]
    if synth.engine == "tinysoundfont":
        notes.append("fluidsynth is not installed: played by tinysoundfont, without reverb")
    if options.normalize and master.lufs < options.target_lufs - QUIETER_LU:
        notes.append(f"{master.lufs:.1f} LUFS: louder would flatten the peaks")
    if not options.normalize and master.gain_db:
        notes.append(f"turned down by {-master.gain_db:.1f} dB: it would have clipped")
    if cut_off:
        notes.append(f"still sounding {TAIL_SECONDS:.0f} s after its last note: faded out there")
    return tuple(notes)
