"""``composer render``: MIDI -> audio."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.options import Force, Output, Soundfont, Stems
from composer.cli.terminal.show import Show


def render(
    show: Show,
    midi: Annotated[Path | None, typer.Argument(help="A MIDI file; the one piece in this folder if absent.")] = None,
    soundfont: Soundfont = None,
    stems: Stems = False,
    rate: Annotated[int, typer.Option("--rate", help="Samples a second.")] = 44_100,
    mix: Annotated[
        Path | None,
        typer.Option("--mix", help="A mix file; NAME.mix.toml beside the piece if absent.", show_default=False),
    ] = None,
    no_mix: Annotated[bool, typer.Option("--no-mix", help="Without any mix file: as the MIDI file says.")] = False,
    no_normalize: Annotated[bool, typer.Option("--no-normalize", help="Keep the loudness as it comes.")] = False,
    output: Output = None,
    force: Force = False,
) -> int:
    """Make audio with FluidSynth: the mix at -16 LUFS, and on request a stem for each track."""
    from composer.cli.terminal.batch import each
    from composer.errors import UsageProblem
    from composer.render.stage import RenderOptions
    from composer.steps.naming import Meant, heard_meant, output_of
    from composer.steps.rendering import MixChoice, run_render
    from composer.workspace import PieceFiles

    if mix is not None and no_mix:
        raise UsageProblem("--no-mix", "contradicts --mix", "give one of the two")
    choice = MixChoice(mix, not no_mix)
    meant = heard_meant(midi) if midi is not None else Meant(Path(), _only_midi(Path()))
    options = RenderOptions(soundfont, rate, stems, not no_normalize)
    return each(
        show,
        [meant.path],
        lambda path: meant.told(
            run_render(path, output_of(output, PieceFiles.of(path).wav), options, force, choice=choice)
        ),
    )


def _only_midi(folder: Path) -> Path:
    """The MIDI file of the one piece in ``folder``; raises UsageProblem when there is none, or more than one."""
    from composer.errors import UsageProblem
    from composer.workspace import PieceState, pieces_in

    found = [path for piece in pieces_in(folder) if (path := PieceState(piece).best_midi) is not None]
    if not found:
        raise UsageProblem("render", "there is no MIDI file in this folder", "name one")
    if len(found) > 1:
        raise UsageProblem("render", f"there are {len(found)} pieces in this folder", f"name one: {_some(found)}")
    return found[0]


def _some(paths: list[Path], most: int = 4) -> str:
    names = ", ".join(path.name for path in paths[:most])
    return f"{names}, ..." if len(paths) > most else names
