"""``composer corpus``: the music that models learn from."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from composer.cli.terminal.command import ListFirst, add
from composer.cli.terminal.options import Yes
from composer.cli.terminal.show import Show

app = typer.Typer(cls=ListFirst, help="Corpora: list them, show one, add your own files, prepare them for training.")


def _list(show: Show) -> None:
    """List the corpora with licence and size."""
    from composer.corpus.catalog import list_corpora

    found = list_corpora()
    notes = {c.name: " (on request only)" if c.opt_in else " (bring the files)" if c.is_brought else "" for c in found}
    rows = [(c.name, str(c.tunes), c.licence, f"{c.title}{notes[c.name]}") for c in found]
    show.table(("name", "tunes", "licence", "what it is"), rows)
    show.result({"corpora": [asdict(c) for c in found]})


def _show(show: Show, name: Annotated[str, typer.Argument(help="The corpus' name.")]) -> None:
    """Show where a corpus comes from: source, licence, citation and counts."""
    from composer.corpus import catalog

    corpus = catalog.show(name)
    found = asdict(corpus) | {"notes": str(catalog.notes_of(corpus) or "")}
    show.table(("field", "value"), [(key, str(value)) for key, value in found.items()])
    show.result(found)


def _add(
    show: Show,
    folder: Annotated[
        Path, typer.Argument(help="A folder of .mid, .mxl, .musicxml, .abc or .krn.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option("--name", help="How to call it; as the folder if absent.")] = None,
) -> None:
    """Make a folder of your own music a corpus: melody, metre, key and chords of each file. Your files stay as is."""
    from composer.corpus.prepare import add as add_folder
    from composer.errors import UsageProblem

    if not folder.is_dir():
        raise UsageProblem(folder, "is not a folder", "name a folder of .mid, .musicxml, .mxl, .abc or .krn files")
    with show.counting() as progress:
        added = add_folder(folder, name or folder.resolve().name, progress)
    report, reasons = added.report, Counter(one.reason for one in added.skipped)
    rows = [("files", str(added.files)), ("tunes", str(report.tunes)), ("notes", str(report.notes))]
    rows += [("near-duplicates", str(report.duplicates))]
    rows += [(f"split {split}", str(count)) for split, count in sorted(report.by_split.items())]
    rows += [(f"left out: {why}", str(count)) for why, count in reasons.most_common()]
    show.table(("what", "count"), rows)
    if added.skipped:
        show.note(f"{len(added.skipped)} left out; each with its reason in {added.listed}")
    show.result(
        {
            "folder": folder,
            "files": added.files,
            "skipped": len(added.skipped),
            "listed": added.listed,
            **asdict(report),
        }
    )


def _prepare(
    show: Show,
    name: Annotated[str, typer.Argument(help="A corpus; all that need no opt-in if absent.")] = "default",
    with_essen: Annotated[bool, typer.Option("--with-essen", help="Take Essen too: free for research only.")] = False,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Where the files are (a folder or .tar.gz), of a corpus that you bring yourself."),
    ] = None,
) -> None:
    """Read a corpus, merge near-duplicates, split it, and cache it for training."""
    from composer.corpus.prepare import bring, prepare

    if source is None:
        with show.working(f"preparing {name}"):
            report = prepare(name, with_essen=with_essen).report
    else:
        with show.working(f"preparing {name}"):
            report = bring(name, source).report
    for changed in report.changed:
        show.note(f"{changed}: its files are not those of the manifest")
    rows = [("tunes", str(report.tunes)), ("notes", str(report.notes)), ("near-duplicates", str(report.duplicates))]
    rows += [(f"split {split}", str(count)) for split, count in report.by_split.items()]
    rows += [(f"left out: {why}", str(count)) for why, count in report.refused.items()]
    show.table(("what", "count"), rows)
    show.result(asdict(report))


def _remove(
    show: Show,
    name: Annotated[str, typer.Argument(help="A corpus that you added.", show_default=False)],
    yes: Yes = False,
) -> None:
    """Forget a corpus that you added; your files stay as they are, and those that came with composer too."""
    from composer.cli.terminal.confirming import is_confirmed
    from composer.corpus import catalog

    catalog.checked_added(name)
    if is_confirmed(show, name, f"Forget the corpus {name}? Your files stay.", yes):
        catalog.remove_added(name)
        show.note(f"{name}: removed; your files stay")
        show.result({"removed": name})


add(app, "list", _list)
add(app, "show", _show)
add(app, "add", _add)
add(app, "prepare", _prepare)
add(app, "remove", _remove)
