"""``composer mix``: the mix file of a piece, written once and from then on a person's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.options import Force, Output
from composer.cli.show import Show

if TYPE_CHECKING:
    from composer.cli.steps import Done
    from composer.formats.brief import Brief
    from composer.render.soundfonts import Soundfont

STEP = "mix"
SOME_FONT = "FluidR3_GM.sf2"


def mix(
    show: Show,
    name: Annotated[Path, typer.Argument(help="A piece, such as art, or one of its MIDI files.", show_default=False)],
    output: Output = None,
    force: Force = False,
) -> None:
    """Write NAME.mix.toml: soundfont, instruments, gain, pan and effects of every track, for `render` to read.

    Where there is one it is kept, and you hear which tracks it does not name yet.
    """
    from composer.cli.batch import tell
    from composer.cli.naming import piece_meant

    meant = piece_meant(name)
    done = meant.told(run_mix(meant.path, output, force))
    tell(show, done)
    show.result({"input": name, **done.as_json()})


def run_mix(midi: Path, asked: Path | None, force: bool) -> Done:
    """Write the mix file of the piece of ``midi``, or look through the one that is there."""
    from composer import __version__
    from composer.cli.naming import output_of
    from composer.cli.rendering import brief_of
    from composer.cli.returning import read_whole
    from composer.cli.steps import Done
    from composer.errors import printable
    from composer.workspace import PieceFiles, save

    path = output_of(asked, PieceFiles.of(midi).mix)
    data, lines = read_whole(midi)
    brief = brief_of(midi)
    if path.exists() and not force:
        return _looked_through(path, data, midi, brief)
    text, files = _text(data, midi, brief), PieceFiles.of(path)
    saved = save(files, STEP, {path: text.encode()}, versions={"composer": __version__}, force=True)
    kept = [f"{printable(path.name)} as it was is {printable(copy.name)}" for copy in saved.backups]
    return Done(STEP, (path,), (*lines, *kept))


def _looked_through(path: Path, data: bytes, midi: Path, brief: Brief | None) -> Done:
    """What the mix file that is there says of the tracks of ``midi``; raises BadInput for mistakes in it."""
    from composer.cli.steps import Done
    from composer.errors import printable
    from composer.formats.files import read_bytes
    from composer.formats.mix import read_mix
    from composer.limits import TEMPLATE_BYTES
    from composer.render.present import strangers

    mix = read_mix(read_bytes(path, TEMPLATE_BYTES, "mix file"), path)
    found = strangers(mix, data, printable(midi.name), brief)
    notes = [f"{printable(path.name)} is there already and stays as it is; --force writes a new one (and keeps yours)"]
    if found.unnamed:
        notes.append(f"tracks that it does not name: {', '.join(found.unnamed)}")
    if found.unknown:
        notes.append(f"tracks that it names and {printable(midi.name)} does not have: {', '.join(found.unknown)}")
    return Done(STEP, (), tuple(notes), {"unnamed": list(found.unnamed), "unknown": list(found.unknown)})


def _text(data: bytes, midi: Path, brief: Brief | None) -> str:
    from composer.errors import printable
    from composer.formats.mix import Master
    from composer.formats.mix_text import start_text
    from composer.render.present import ROOM, VOICES, present_tracks
    from composer.render.stage import RenderOptions
    from composer.workspace import PieceFiles

    font, usual = _font(), RenderOptions()
    tracks = present_tracks(data, printable(midi.name), font, brief)
    master = Master(usual.target_lufs, usual.ceiling_dbtp)
    title = printable(PieceFiles.of(midi).name)
    return start_text(title, font.name if font else SOME_FONT, tracks, master, ROOM, VOICES)


def _font() -> Soundfont | None:
    """The font that plays now; a mix file can be written without any."""
    from composer.errors import MissingTool
    from composer.render.soundfonts import soundfont_of

    try:
        return soundfont_of()
    except MissingTool:
        return None
