"""The options that commands share, each with one name, one help text and one meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.values import ensemble_in, form_in, preset_in, scheme_in, seconds_in, seed_in, style_in

COMMON = "Common options"

AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON object on stdout.", rich_help_panel=COMMON)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.", rich_help_panel=COMMON)]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Say more; twice for everything.", rich_help_panel=COMMON)
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an internal error.", rich_help_panel=COMMON)
]

Images = Annotated[list[Path], typer.Argument(help="Pictures: PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File or folder to write; beside the input if absent.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace a file that was edited by hand; a numbered backup is kept.")
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        parser=seed_in,
        metavar="NUMBER",
        help="A number that decides every draw; a random one, shown, if absent.",
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        parser=preset_in,
        metavar="TEXT",
        help="How a picture becomes music: emotion, nikitin or scriabin; emotion if absent.",
    ),
]
Scheme = Annotated[
    str | None,
    typer.Option(
        "--scheme", parser=scheme_in, metavar="TEXT", help="Colours to pitches: see `composer templates schemes`."
    ),
]
Duration = Annotated[
    float | None,
    typer.Option(
        "--duration", parser=seconds_in, metavar="TIME", help="How long the piece shall last: 30, 30s or 0:30."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Bars = Annotated[
    int | None, typer.Option("--bars", help="How many bars the piece shall have; with --duration the tempo follows.")
]
Ensemble = Annotated[
    str | None,
    typer.Option("--ensemble", parser=ensemble_in, metavar="TEXT", help="Who plays: `composer templates ensembles`."),
]
Style = Annotated[
    str | None,
    typer.Option("--style", parser=style_in, metavar="TEXT", help="The accompaniment: `composer templates styles`."),
]
Form = Annotated[
    str | None,
    typer.Option("--form", parser=form_in, metavar="TEXT", help="Order of the sections: `composer templates forms`."),
]
Card = Annotated[bool, typer.Option("--card", help="Draw the brief as a picture too: NAME.card.png.")]
Model = Annotated[str | None, typer.Option("--model", help="A model of `composer models`; the shipped one if absent.")]
Soundfont = Annotated[Path | None, typer.Option("--soundfont", help="A .sf2 or .sf3 file; see `composer doctor`.")]
Stems = Annotated[bool, typer.Option("--stems", help="Write a file for each track too, in NAME.stems/.")]
Tune = Annotated[
    Path | None,
    typer.Option("--melody", help="A MIDI file: harmonise and accompany its tune, which is kept to the tick."),
]
Continued = Annotated[
    Path | None, typer.Option("--continue", help="A MIDI file: go on from where it ends, in its key, metre and style.")
]
NewBars = Annotated[
    list[str] | None,
    typer.Option(
        "--bars",
        "--section",
        help='Redo only these: "9-16", "1-4, 9", a section\'s name; may be repeated. '
        "With --continue: how many to add; 8 if absent.",
        show_default=False,
    ),
]
Tracks = Annotated[
    list[str] | None,
    typer.Option("--tracks", help="Redo only these tracks, by name or role: melody, bass; may be repeated."),
]
Free = Annotated[bool, typer.Option("--free", help="No brief: draw one, and write it beside the draft.")]
Takes = Annotated[int, typer.Option("--takes", help="Write that many takes, ranked, and say why the best is best.")]
Players = Annotated[
    str | None,
    typer.Option(
        "--ensemble",
        parser=ensemble_in,
        metavar="TEXT",
        help="Who plays, with --melody, --continue or --free.",
        show_default=False,
    ),
]
Texture = Annotated[
    str | None,
    typer.Option(
        "--style", parser=style_in, metavar="TEXT", help="The accompaniment, with --melody, --continue or --free."
    ),
]
