"""The mix file of a piece, written once and from then on a person's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import MissingTool, printable
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.steps.done import Done
from composer.steps.naming import output_of
from composer.steps.rendering import brief_of
from composer.steps.returning import read_whole
from composer.workspace import PieceFiles, save

if TYPE_CHECKING:
    from composer.formats.brief.brief import Brief
    from composer.render.soundfonts import Soundfont

STEP = "mix"
SOME_FONT = "FluidR3_GM.sf2"


def run_mix(midi: Path, asked: Path | None, force: bool) -> Done:
    """Write the mix file of the piece of ``midi``, or look through the one that is there."""
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
    from composer.formats.mix import read_mix
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
    from composer.formats.mix import Master
    from composer.formats.mix_text import start_text
    from composer.render.present import ROOM, VOICES, present_tracks
    from composer.render.stage import RenderOptions

    font, usual = _font(), RenderOptions()
    tracks = present_tracks(data, printable(midi.name), font, brief)
    master = Master(usual.target_lufs, usual.ceiling_dbtp)
    title = printable(PieceFiles.of(midi).name)
    return start_text(title, font.name if font else SOME_FONT, tracks, master, ROOM, VOICES)


def _font() -> Soundfont | None:
    """The font that plays now; a mix file can be written without any."""
    from composer.render.soundfonts import soundfont_of

    try:
        return soundfont_of()
    except MissingTool:
        return None
