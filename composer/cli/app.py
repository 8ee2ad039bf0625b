"""The program ``composer``: its commands, and the one way in.

Kept light: every command imports what it needs inside its own body, so that ``composer --help`` is instant.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from composer import __version__
from composer.cli.commands import (
    brief,
    check,
    cleanup,
    corpus,
    diff,
    doctor,
    evaluate,
    export,
    generate,
    humanize,
    import_,
    make,
    mix,
    models,
    plan,
    render,
    status,
    templates,
    train,
    undo,
    watch,
)
from composer.cli.terminal.command import add
from composer.cli.terminal.exits import exit_code_of

FILES, STEPS, LIBRARY = "The machine and the files", "From a picture to music", "Models, corpora, templates"

app = typer.Typer(
    help="Turn a picture into music that you can keep editing. Every step reads and writes plain files; change any "
    "of them by hand before the next step.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"composer {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    del version


add(app, "make", make.make, STEPS)
add(app, "watch", watch.watch, STEPS)
add(app, "brief", brief.brief, STEPS)
add(app, "plan", plan.plan, STEPS)
add(app, "generate", generate.generate, STEPS)
add(app, "cleanup", cleanup.cleanup, STEPS)
add(app, "humanize", humanize.humanize, STEPS)
add(app, "mix", mix.mix, STEPS)
add(app, "render", render.render, STEPS)
add(app, "import", import_.import_, STEPS)
add(app, "status", status.status, FILES)
add(app, "evaluate", evaluate.evaluate, FILES)
add(app, "diff", diff.diff, FILES)
add(app, "undo", undo.undo, FILES)
add(app, "check", check.check, FILES)
add(app, "export", export.export, FILES)
add(app, "doctor", doctor.doctor, FILES)
app.add_typer(templates.app, name="templates", rich_help_panel=LIBRARY)
app.add_typer(corpus.app, name="corpus", rich_help_panel=LIBRARY)
app.add_typer(models.app, name="models", rich_help_panel=LIBRARY)
add(app, "train", train.train, LIBRARY)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``composer`` with ``argv`` (the process' own if None); the exit code."""
    # One thread is as fast for our small matrices, and starts sooner.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = list(sys.argv[1:] if argv is None else argv)
    words = words or ["--help"]
    return exit_code_of(
        lambda: app(words, prog_name="composer", standalone_mode=False), words, debug="--debug" in words
    )
