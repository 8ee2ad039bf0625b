"""``composer mix``: the mix file of a piece, written once and from then on a person's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from composer.cli.terminal.options import Force, Output
from composer.cli.terminal.show import Show

if TYPE_CHECKING:
    pass


def mix(
    show: Show,
    name: Annotated[Path, typer.Argument(help="A piece, such as art, or one of its MIDI files.", show_default=False)],
    output: Output = None,
    force: Force = False,
) -> None:
    """Write NAME.mix.toml: soundfont, instruments, gain, pan and effects of every track, for `render` to read.

    Where there is one it is kept, and you hear which tracks it does not name yet.
    """
    from composer.cli.terminal.batch import tell
    from composer.steps.mixing import run_mix
    from composer.steps.naming import piece_meant

    meant = piece_meant(name)
    done = meant.told(run_mix(meant.path, output, force))
    tell(show, done)
    show.result({"input": name, **done.as_json()})
