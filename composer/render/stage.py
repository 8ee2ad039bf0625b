"""A MIDI file as audio: the mix, mastered, and on request a stem for each track."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from composer.errors import BadInput, Bug, ComposerError, UsageProblem
from composer.formats.files import Announce, unannounced
from composer.render.score import Playable, Score, score_of
from composer.render.soundfonts import Soundfont, soundfont_named, soundfont_of
from composer.render.synth import MOST_TAIL_SECONDS, Room, Synth, TinySynth, synth_of

if TYPE_CHECKING:  # numpy and soundfile are loaded while the synthesizer is already at work
    from composer.formats.brief.brief import Brief
    from composer.formats.mix import Mix
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
    gain_db: float = 0.0  # only where the loudness is kept as it comes

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


def rendered(
    data: bytes,
    name: str,
    output: Path,
    options: RenderOptions | None = None,
    announce: Announce = unannounced,
    mix: Mix | None = None,
    brief: Brief | None = None,
) -> Rendered:
    """Render the MIDI file ``data`` to ``output`` (and ``OUTPUT.stems/``), each whole or not at all.

    ``announce`` is told of each before it is in place. What ``options`` leave open is as ``mix`` has it; ``brief``
    helps to tell which track plays which role.

    Raises UsageProblem for an unknown suffix, BadInput, OverLimit, MissingTool, CannotWrite, and Bug for silence.
    """
    options = _options(options or RenderOptions(), mix)
    rate_hz = options.sample_rate_hz
    if output.suffix.lower() == ".mp3" and rate_hz > 48_000:
        raise UsageProblem(output, "MP3 ends at 48000 Hz", "choose a lower sample rate or .flac")
    if output.suffix.lower() not in SUFFIXES:
        raise UsageProblem(output, f"{output.suffix or 'no suffix'} is no audio format", f"use {', '.join(SUFFIXES)}")
    score = score_of(data, name)
    font = font_of(options, mix)
    playing = _playing(score, data, name, font, rate_hz, mix, brief)
    with ExitStack() as stack:
        if options.stems or not playing.at_once:
            from composer.render.stems import StemsFolder

            stems = stack.enter_context(StemsFolder(output, playing.score, rate_hz))
            sound = stems.recorded(playing.synth)
        else:
            sound = _recorded(playing.synth, playing.score, rate_hz)
        if not float(sound.peaks.max(initial=0.0)) > SILENT_PEAK:
            raise _silent(name, font, mix)
        cut_after_seconds = sound.seconds - score.seconds if sound.is_loud_at_the_end() else None
        sound = sound.trimmed(round(score.seconds * rate_hz))
        master = _written(sound, output, options, announce)
        files = (output, *(stems.commit(sound, announce) if options.stems else ()))
    return Rendered(
        files,
        sound.seconds,
        master.lufs,
        master.true_peak_dbtp,
        master.gain_db,
        master.limited_db,
        font.name,
        font.path,
        font.sha256(),
        playing.synth.engine,
        (*_notes(font, playing.synth, master, options, cut_after_seconds), *playing.notes),
    )


def font_of(options: RenderOptions, mix: Mix | None) -> Soundfont:
    """The font that was asked for, else the one of the mix, else what ``soundfont_of`` finds; raises MissingTool."""
    if options.soundfont is None and mix is not None and mix.soundfont is not None:
        return soundfont_named(mix.soundfont, mix.path, mix.soundfont_line)
    return soundfont_of(options.soundfont)


def _options(options: RenderOptions, mix: Mix | None) -> RenderOptions:
    """``options`` with the loudness of the mix; a loudness that is kept as it comes stays so."""
    if mix is None:
        return options
    master = mix.master
    changes: dict[str, Any] = {} if master.peak_dbtp is None else {"ceiling_dbtp": master.peak_dbtp}
    if options.normalize and master.gain_db is not None:
        changes.update(normalize=False, gain_db=master.gain_db)
    elif master.loudness_lufs is not None:
        changes["target_lufs"] = master.loudness_lufs
    return replace(options, **changes)


@dataclass(frozen=True, slots=True)
class _Playing:
    """What is played by what; not ``at_once`` where each voice must be played alone."""

    score: Playable
    synth: Synth
    at_once: bool = True
    notes: tuple[str, ...] = ()


def _playing(
    score: Score, data: bytes, name: str, font: Soundfont, rate_hz: int, mix: Mix | None, brief: Brief | None
) -> _Playing:
    if mix is None:
        return _Playing(score, synth_of(font, rate_hz))
    from composer.formats.midi.source import read_source
    from composer.render.mixing import MixedScore
    from composer.render.presets import Presets
    from composer.render.strips import named_voices, strips_of

    chosen = strips_of(mix, named_voices(score, read_source(data, name), brief), name)
    mixed = MixedScore(score, chosen.strips, Presets(font.path))
    synth = synth_of(font, rate_hz, Room.of(mix, mixed.headroom_db))
    lost = tuple(
        f"{font.name} has no program {program} in bank {bank}, which {mix.path.name} names for {voice.name}"
        for voice, bank, program in mixed.missing
    )
    deaf = ("tinysoundfont hears no gain_db, reverb or chorus of a mix",) if synth.engine == TinySynth.engine else ()
    notes = (f"mixed as {mix.path.name} says", *chosen.notes, *lost, *deaf)
    return _Playing(mixed, synth, mixed.plays_at_once, notes)


def _silent(name: str, font: Soundfont, mix: Mix | None) -> ComposerError:
    if mix is not None:
        return BadInput(mix.path, f"makes {name} silent", "raise gain_db, or unmute a track")
    return Bug(name, "the rendered sound is silent", f"try another soundfont than {font.name}")


def _recorded(synth: Synth, score: Playable, sample_rate_hz: int) -> Recording:
    with synth.playing(score, cores=CORES) as pieces:
        from composer.render.recording import Recorder  # while the synthesizer is already at work

        recorder = Recorder(sample_rate_hz, round((score.seconds + MOST_TAIL_SECONDS) * sample_rate_hz))
        import soundfile  # noqa: F401

        for piece in pieces:
            recorder.feed(piece)
        return recorder.recording()


def _written(mix: Recording, output: Path, options: RenderOptions, announce: Announce) -> Master:
    from composer.formats.audio import audio_format_of, write_audio
    from composer.render.mastering import mastered

    kind = audio_format_of(output)
    ceiling_dbtp = options.ceiling_dbtp - (LOSSY_MARGIN_DB if kind.is_lossy else 0.0)
    master = mastered(mix, options.target_lufs, ceiling_dbtp, None if options.normalize else options.gain_db)
    write_audio(output, master.blocks(), len(mix.samples), options.sample_rate_hz, kind, announce)
    return master


def _notes(
    font: Soundfont, synth: Synth, master: Master, options: RenderOptions, cut_after_seconds: float | None
) -> tuple[str, ...]:
    notes = [f"soundfont {font.name}: {font.because}"]
    if synth.engine == TinySynth.engine:
        notes.append("fluidsynth is not installed: played by tinysoundfont, without reverb")
    if options.normalize and master.lufs < options.target_lufs - QUIETER_LU:
        notes.append(f"{master.lufs:.1f} LUFS: louder would flatten the peaks")
    if not options.normalize and master.gain_db < options.gain_db:
        notes.append(f"turned down by {options.gain_db - master.gain_db:.1f} dB: it would have clipped")
    if cut_after_seconds is not None:
        notes.append(f"still sounding {cut_after_seconds:.0f} s after its last note: faded out there")
    return tuple(notes)
