"""What a command says: notes on stderr, tables or one JSON object on stdout, progress on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from composer.errors import printable

if TYPE_CHECKING:
    from composer.models.epochs import EpochProgress


@dataclass(frozen=True, slots=True)
class Show:
    """How much is said, and in which form."""

    as_json: bool = False
    quiet: bool = False
    verbose: int = 0

    def note(self, text: str) -> None:
        """One line for the person, on stderr."""
        if not self.quiet:
            print(printable(text), file=sys.stderr)

    def detail(self, text: str) -> None:
        """A line for those who asked for more."""
        if self.verbose:
            self.note(text)

    def wrote(self, path: Path, about: str = "") -> None:
        """Say that a file is there now."""
        self.note(f"{path}{f': {about}' if about else ''}")

    def result(self, content: Mapping[str, Any]) -> None:
        """The result for a program: one JSON object, only with ``--json``."""
        if self.as_json:
            print(json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False))

    def event(self, content: Mapping[str, Any]) -> None:
        """One of many results of a command that goes on: a JSON object on a line of its own, only with ``--json``."""
        if self.as_json:
            print(json.dumps(_plain(content), ensure_ascii=False, allow_nan=False), flush=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
        """The result for a person, on stdout; nothing with ``--json`` or ``--quiet``."""
        if self.as_json or self.quiet:
            return
        if not sys.stdout.isatty():
            _print_aligned(columns, rows)
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for name in columns:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*(_escaped(cell) for cell in row))
        Console().print(table)

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """A spinner while something takes long, on a terminal only."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console

        with Console(stderr=True).status(_escaped(text)):
            yield

    @contextmanager
    def counting(self) -> Iterator[Callable[[int, int, str], None] | None]:
        """What to call with (done, of how many, what): a bar on a terminal, nothing elsewhere."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task("reading")
            yield lambda done, total, what: bars.update(task, description=_escaped(what), total=total, completed=done)

    @contextmanager
    def training(self) -> Iterator[Callable[[EpochProgress], None]]:
        """What to call with the progress of a training: a bar on a terminal, a line for each epoch elsewhere."""
        if self.quiet:
            yield lambda _: None
            return
        if not sys.stderr.isatty():
            yield self._epoch_line
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True)) as bars:
            task = bars.add_task("reading the corpus", total=None)

            def update(at: EpochProgress) -> None:
                text = f"epoch {at.epoch} of {at.epochs}, loss {at.train_nats:.3f}"
                bars.update(task, description=text, total=at.epochs * at.batches, completed=_batches(at))

            yield update

    def _epoch_line(self, at: EpochProgress) -> None:
        if at.batch == at.batches:
            self.note(f"epoch {at.epoch} of {at.epochs}: loss {at.train_nats:.3f}, held out {at.valid_nats:.3f}")


def _batches(at: EpochProgress) -> int:
    return (at.epoch - 1) * at.batches + at.batch


def _print_aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns padded with blanks: readable in a file, and easy for `cut` and `awk`."""
    lines = [list(columns), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))


def _plain(value: Any) -> Any:
    """``value`` with paths as text and numbers that JSON lacks as null."""
    if isinstance(value, Mapping):
        return {printable(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, bool | int | float) or value is None:
        return value
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
