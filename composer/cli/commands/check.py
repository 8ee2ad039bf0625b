"""``composer check``: whether a MIDI file keeps what every program understands, and what one program makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.show import Show

VIOLATED = 3


def check(
    show: Show,
    file: Annotated[Path, typer.Argument(help="A MIDI file.")],
    program: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="Say too what this program drops or changes: bitwig, cubase, fl, live, logic, musescore, reaper.",
        ),
    ] = None,
) -> int:
    """Check a MIDI file before your DAW reads it. Ends with 3 where a rule is violated, with 0 where none is."""
    from composer.contract.stage import checked
    from composer.errors import printable
    from composer.formats.files import read_bytes
    from composer.limits import MIDI_BYTES
    from composer.steps.naming import heard_meant

    file = heard_meant(file).path
    found = checked(read_bytes(file, MIDI_BYTES, "MIDI file"), printable(file.name), program)
    verdict = f"violations: {len(found.violations)}" if found.violations else "clean"
    if found.advice:
        verdict += f", advice: {len(found.advice)}"
    show.note(f"{file}: {verdict}")
    if found.breaches:
        show.table(("severity", "rule", "track", "where", "what"), found.breach_rows())
    if found.profile:
        rows = found.effect_rows(with_kept=show.verbose > 0)
        show.note(f"In {found.profile.title}: {found.profile.about}")
        if rows:
            show.table(("effect", "of what", "what happens"), rows)
    show.result(found.as_json())
    return 0 if found.is_clean else VIOLATED
