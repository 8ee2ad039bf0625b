"""``composer cleanup``: any MIDI file -> the same with key and voice leading corrected, a score and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from composer.cli.options import Force, Output
from composer.cli.show import Show


def cleanup(
    show: Show,
    midi: Annotated[Path, typer.Argument(help="A draft, or any MIDI file.", show_default=False)],
    key: Annotated[str | None, typer.Option("--key", help='The key, such as "A minor"; found if absent.')] = None,
    brief: Annotated[Path | None, typer.Option("--brief", help="The brief; the one beside the file if absent.")] = None,
    keep_melody: Annotated[bool, typer.Option("--keep-melody", help="Repair the other voices only.")] = False,
    lock: Annotated[list[str] | None, typer.Option("--lock", help="A track never to change; may be repeated.")] = None,
    no_key: Annotated[bool, typer.Option("--no-key", help="Leave notes outside the key as they are.")] = False,
    no_voice_leading: Annotated[
        bool, typer.Option("--no-voice-leading", help="Report faults of voice leading, do not repair them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would change.")] = False,
    output: Output = None,
    force: Force = False,
) -> int:
    """Correct key and voice leading, and write the score; what no rule touches stays as it is, to the tick."""
    from composer.cli.steps import CleanupChoice, cleanup_target, run_cleanup

    choice = CleanupChoice(key, brief, dry_run, keep_melody, tuple(lock or ()), not no_key, not no_voice_leading)
    with show.working(midi.name):
        done = run_cleanup(midi, cleanup_target(midi, output), choice, force)
    for path in done.files:
        show.wrote(path)
    for line in done.notes:
        show.note(f"  {line}")
    before, after = done.facts["before"], done.facts["after"]
    rows = [(rule, str(before[rule]), str(after.get(rule, 0))) for rule in before if before[rule] or after.get(rule)]
    show.note(f"  {done.facts['key']}; {done.facts['changes']} changes{' (not written)' if dry_run else ''}")
    if rows:
        show.table(("rule", "before", "after"), rows)
    show.result({"input": midi, **done.as_json()})
    return 0
