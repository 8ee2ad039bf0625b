"""``composer cleanup``: any MIDI file -> the same with key and voice leading corrected, a score and a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from composer.cli.terminal.options import Output
from composer.cli.terminal.show import Show
from composer.errors import counted

if TYPE_CHECKING:
    from composer.steps.cleanup_choice import CleanupChoice
    from composer.steps.done import Done


def cleanup(
    show: Show,
    midi: Annotated[Path, typer.Argument(help="A draft, or any MIDI file; its report, with --apply.")],
    report: Annotated[Path | None, typer.Argument(help="The report for --apply; the file's own if absent.")] = None,
    key: Annotated[str | None, typer.Option("--key", help='The key, such as "A minor"; found if absent.')] = None,
    brief: Annotated[Path | None, typer.Option("--brief", help="The brief; the one beside the file if absent.")] = None,
    keep_melody: Annotated[bool, typer.Option("--keep-melody", help="Repair the other voices only.")] = False,
    lock: Annotated[list[str] | None, typer.Option("--lock", help="A track never to change; may be repeated.")] = None,
    no_key: Annotated[bool, typer.Option("--no-key", help="Leave notes outside the key as they are.")] = False,
    no_voice_leading: Annotated[
        bool, typer.Option("--no-voice-leading", help="Report faults of voice leading, do not repair them.")
    ] = False,
    review: Annotated[bool, typer.Option("--review", help="Step through the changes and decide on each.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make exactly the changes that NAME.cleanup.json accepts, as you edited it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would change.")] = False,
    output: Output = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Change bars, and replace files, that were edited by hand; backups are kept."),
    ] = False,
) -> int:
    """Correct key and voice leading, and write the score; what no rule touches stays as it is, to the tick."""
    from composer.cli.commands.reviewing import Reviewer
    from composer.steps.cleaning import apply_report, review_file, run_cleanup
    from composer.steps.cleanup_choice import CleanupChoice, cleanup_target
    from composer.steps.naming import draft_meant

    meant = draft_meant(midi)
    midi = meant.path
    choice = CleanupChoice(key, brief, dry_run, keep_melody, tuple(lock or ()), not no_key, not no_voice_leading)
    _check(midi, report, choice, review=review, apply=apply)
    done: Done | None
    if review:
        done = review_file(midi, cleanup_target(midi, output), choice, force, Reviewer().answers)
        if done is None:
            show.note("nothing was written")
            return 0
    else:
        with show.working(midi.name):
            if apply:
                done = apply_report(midi, report, output, choice, force)
            else:
                done = run_cleanup(midi, cleanup_target(midi, output), choice, force)
    _show(show, midi, meant.told(done), dry_run)
    return 0


def _check(midi: Path, report: Path | None, choice: CleanupChoice, *, review: bool, apply: bool) -> None:
    """Raise UsageProblem for options that contradict each other."""
    from composer.errors import UsageProblem
    from composer.steps.cleaning import is_report
    from composer.steps.cleanup_choice import CleanupChoice

    if apply and review:
        raise UsageProblem("--apply", "does what the report says, --review asks", "choose one of them")
    if apply and choice.recorded() != CleanupChoice(brief=choice.brief).recorded():
        raise UsageProblem("--apply", "the report has the options that it was made with", "leave the others out")
    if not apply and (is_report(midi) or report is not None):
        raise UsageProblem(report or midi, "is a report of changes", "add --apply to make those that it accepts")


def _show(show: Show, midi: Path, done: Done, dry_run: bool) -> None:
    for path in done.files:
        show.wrote(path)
    for line in done.notes:
        show.note(f"  {line}")
    for change in done.facts["proposals"]:
        (show.note if dry_run else show.detail)(f"  {_line(change)}")
    before, after = done.facts["before"], done.facts["after"]
    rows = [(rule, str(before[rule]), str(after.get(rule, 0))) for rule in before if before[rule] or after.get(rule)]
    show.note(f"  {done.facts['key']}; {counted(done.facts['changes'], 'change')}{' (not written)' if dry_run else ''}")
    if rows:
        show.table(("rule", "before", "after"), rows)
    show.result({"input": midi, **done.as_json()})


def _line(change: Mapping[str, Any]) -> str:
    """``"bar 3, beat 1, Piano: E4 to F4: parallel fifths with Bass on beat 1"``, and what became of it if nothing."""
    from composer.cleanup.reasons import beat_text

    waits = change["suggestion"] and not change["accept"]
    state = "" if change["applied"] else " (suggested)" if waits else " (not made)"
    place = f"bar {change['bar']}, beat {beat_text(change['beat'])}, {change['part']}"
    return f"{place}: {change['from']} to {change['to']}{state}: {change['why']}"
