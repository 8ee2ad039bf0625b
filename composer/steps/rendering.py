"""The render step with its files: the MIDI file, the mix beside it, the audio and the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes
from composer.limits import MIDI_BYTES, TEMPLATE_BYTES
from composer.steps.briefing import brief_in
from composer.steps.done import Done
from composer.steps.names import RENDER
from composer.workspace import PieceFiles, PieceState, announcing, guard_all

if TYPE_CHECKING:
    from composer.formats.brief.brief import Brief
    from composer.formats.mix import Mix
    from composer.formats.record import StepRecord
    from composer.render.stage import Rendered, RenderOptions


@dataclass(frozen=True, slots=True)
class MixChoice:
    """Which mix file a render reads: ``file``, else the one beside the piece, or none at all."""

    file: Path | None = None
    is_wanted: bool = True

    def path_for(self, midi: Path) -> Path | None:
        """The mix file for ``midi``; all stages of a piece share one."""
        if not self.is_wanted or self.file is not None:
            return self.file if self.is_wanted else None
        beside = PieceFiles.of(midi).mix
        return beside if beside.exists() else None


BESIDE = MixChoice()


@dataclass(frozen=True, slots=True)
class _MixFile:
    """A mix file as it was read, with what helps to tell the tracks' roles; its ``mix`` is None without a file."""

    mix: Mix | None = None
    brief: Brief | None = None
    inputs: Mapping[Path, bytes] | None = None


def run_render(
    midi: Path, output: Path, options: RenderOptions, force: bool, step: str = RENDER, choice: MixChoice = BESIDE
) -> Done:
    """Make audio of a MIDI file with its mix, recorded as ``step``."""
    from composer.render.stage import rendered
    from composer.steps.returning import read_whole

    files = PieceFiles.of(output)
    read = read_bytes(midi, MIDI_BYTES, "MIDI file")
    data, lines = read_whole(midi, read)
    chosen = _mix_file(midi, choice)
    guard_all(files, [output, *([files.stems] if options.stems else [])], force, [midi, *(chosen.inputs or ())])
    with announcing(
        files,
        step,
        inputs={midi: read, **(chosen.inputs or {})},
        options=render_recorded(options, choice),
        versions=_versions(options, chosen.mix),
    ) as announce:
        result = rendered(data, printable(midi.name), output, options, announce, chosen.mix, chosen.brief)
    return Done(step, result.files, (*lines, *result.notes), _facts(result, chosen.mix))


def render_inputs(midi: Path, choice: MixChoice = BESIDE) -> tuple[Path, ...]:
    """What a render of ``midi`` reads: the file, and its mix if there is one."""
    mix = choice.path_for(midi)
    return (midi,) if mix is None else (midi, mix)


def render_recorded(options: RenderOptions, choice: MixChoice = BESIDE) -> dict[str, object]:
    """The options of a render as the record keeps them; the mix stands among its inputs."""
    recorded = {**asdict(options), "soundfont": str(options.soundfont) if options.soundfont else None}
    del recorded["gain_db"]  # only a mix file sets it
    return recorded if choice.is_wanted else {**recorded, "no_mix": True}


def render_versions(options: RenderOptions, midi: Path | None = None, choice: MixChoice = BESIDE) -> dict[str, str]:
    """The program and the soundfont that the sound of ``midi`` depends on."""
    return _versions(options, _mix_file(midi, choice).mix if midi is not None else None)


def remembered_options(done: StepRecord | None, soundfont: Path | None, stems: bool | None) -> RenderOptions:
    """As an earlier render was asked for, but for the soundfont and the stems where these are given now."""
    from composer.render.stage import RenderOptions

    usual = RenderOptions()
    known = {name: value for name, value in (done.options if done is not None else {}).items() if hasattr(usual, name)}
    font = known.get("soundfont")
    try:
        before = replace(usual, **{**known, "soundfont": Path(font) if font else None})
    except (ComposerError, TypeError):
        before = usual
    return replace(
        before,
        soundfont=soundfont or before.soundfont,
        stems=before.stems if stems is None else stems,
    )


def render_words(options: RenderOptions, choice: MixChoice) -> list[str | Path]:
    """The options as they are typed."""
    words: list[str | Path] = ["--soundfont", options.soundfont] if options.soundfont is not None else []
    words += ["--rate", str(options.sample_rate_hz)] if options.sample_rate_hz != type(options)().sample_rate_hz else []
    words += ["--stems"] if options.stems else []
    words += [] if options.normalize else ["--no-normalize"]
    words += ["--mix", choice.file] if choice.file is not None else []
    return words if choice.is_wanted else [*words, "--no-mix"]


def remembered_mix(state: PieceState, done: StepRecord | None) -> MixChoice:
    """The mix that a render was asked to read: another file than the one beside the piece, or none."""
    if done is None:
        return BESIDE
    if done.options.get("no_mix"):
        return MixChoice(is_wanted=False)
    other = (path for path in state.inputs_of(done) if path.suffix == ".toml" and path != state.files.mix)
    return MixChoice(next(other, None))


def sounds_as_today(done: StepRecord, options: RenderOptions, midi: Path, choice: MixChoice) -> bool:
    """Whether program and soundfont are the same; audio of a font that is gone cannot be made again, so it counts."""
    try:
        return dict(done.versions) == render_versions(options, midi, choice)
    except ComposerError:
        return True


def has_other_mix(files: PieceFiles, step: StepRecord) -> bool:
    """Whether audio of ``step`` was made without the mix that is beside the piece now, or with one that is gone."""
    from composer.workspace.names import MIX

    if step.options.get("no_mix"):
        return False
    read = {name for name in step.inputs if name.endswith(MIX)}
    return not read if files.mix.exists() else files.mix.name in read


def brief_of(midi: Path) -> Brief | None:
    """The brief beside ``midi`` if it can be read: to a mix it only tells which track is the melody."""
    try:
        return brief_in(PieceFiles.of(midi).brief)
    except ComposerError:
        return None


def _mix_file(midi: Path, choice: MixChoice) -> _MixFile:
    path = choice.path_for(midi)
    if path is None:
        return _MixFile()
    from composer.formats.mix import read_mix

    data = read_bytes(path, TEMPLATE_BYTES, "mix file")
    return _MixFile(read_mix(data, path), brief_of(midi), {path: data})


def _versions(options: RenderOptions, mix: Mix | None) -> dict[str, str]:
    from composer.render.stage import font_of

    return {"composer": __version__, "soundfont": font_of(options, mix).sha256()}


def _facts(result: Rendered, mix: Mix | None) -> dict[str, object]:
    return {
        "seconds": round(result.seconds, 3),
        "lufs": round(result.lufs, 2),
        "true_peak_dbtp": round(result.true_peak_dbtp, 2),
        "soundfont": {"name": result.soundfont, "sha256": result.soundfont_sha256},
        "engine": result.engine,
        **({"mix": str(mix.path)} if mix is not None else {}),
    }
