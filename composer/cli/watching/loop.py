"""The loop of `composer watch`: see what was saved, run the steps that are stale after it, say what was done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from composer.cli.terminal.exits import DONE, reported
from composer.cli.terminal.show import Show
from composer.cli.watching.news import news_of
from composer.cli.watching.settling import Lookout, Settling
from composer.errors import ComposerError
from composer.steps.done import Done
from composer.steps.due.asked import Asked
from composer.steps.due.needs import Need, Stage, verdict_of
from composer.steps.due.stages import WATCHED, Find, picture_of, stages_of
from composer.steps.names import PREVIEW
from composer.workspace import PieceFiles, PieceState, pieces_in, tidy

POLL_SECONDS = 0.4
MOVING_POLL_SECONDS = 0.1  # while a file is being saved
POLL_MAX_SECONDS = 5.0
IDLE_SHARE = 0.02  # of the time may go into looking at a folder that is slow to list


@dataclass(frozen=True, slots=True)
class Target:
    """What is watched: the piece ``name`` of a folder, or all of them."""

    folder: Path
    name: str | None = None

    def pieces(self) -> tuple[PieceFiles, ...]:
        if self.name is not None:
            return (PieceFiles(self.folder, self.name),)
        return pieces_in(self.folder)


class Says:
    """What the watch tells: each line with the time of day, each event with ``--json`` too."""

    def __init__(self, show: Show) -> None:
        self._show = show
        # What was told of each piece, with the files that it is about; with none of them it is about all.
        self._told: dict[PieceFiles, dict[str, frozenset[Path]]] = {}
        self.count = 0  # of the lines that were told or left out because they had been

    def line(self, text: str, event: str, **facts: object) -> None:
        """One line for the person, and the same as an object."""
        self.count += 1
        self._show.note(f"{time.strftime('%H:%M:%S')} {text}")
        self._show.event({"time": time.strftime("%Y-%m-%dT%H:%M:%S"), "event": event, **facts})

    def forget(self, files: PieceFiles, saved: Iterable[Path]) -> None:
        """What was told of a piece may be told again once a file that it is about was saved."""
        told, paths = self._told.get(files, {}), {*saved}
        self._told[files] = {text: about for text, about in told.items() if about and not about & paths}

    def ran(self, files: PieceFiles, done: Done, seconds: float) -> None:
        names = ", ".join(path.name for path in done.files)
        self.line(f"{done.step} ({seconds:.1f} s): {names}", "ran", seconds_taken=round(seconds, 2), **done.as_json())
        for note in done.notes:
            # A preview says the same of its soundfont every time.
            if done.step != PREVIEW or self._is_new(PieceFiles(files.folder, ""), f"{PREVIEW} {note}"):
                self._show.note(f"{'':8}   {note}")

    def kept(self, files: PieceFiles, line: str) -> None:
        if self._is_new(files, line):
            self.line(line, "kept", piece=files.name, what=line)

    def failed(self, files: PieceFiles, stage: Stage, error: Exception) -> int:
        """A line for each problem, with ``--quiet`` too; the exit code that it stands for."""
        if not isinstance(error, ComposerError):
            self.count += 1
            return reported(error, sys.argv[1:])
        lines = error.lines()
        name = Path(error.subject).name
        about = frozenset(path for path in (*stage.inputs, *stage.outputs) if path.name == name)
        if self._is_new(files, "\n".join(lines), about):
            clock = time.strftime("%H:%M:%S")
            for line in lines:
                print(f"{clock} {line}", file=sys.stderr, flush=True)
            problem = {"step": stage.name, "exit_code": error.exit_code, "problems": lines}
            self._show.event({"time": time.strftime("%Y-%m-%dT%H:%M:%S"), "event": "failed", **problem})
        return error.exit_code

    def _is_new(self, files: PieceFiles, text: str, about: frozenset[Path] = frozenset()) -> bool:
        self.count += 1
        told = self._told.setdefault(files, {})
        is_new = text not in told
        told[text] = about
        return is_new


class Watch:
    """The watch of a target and the stages that it runs; a new version of the program alone makes none of them due.

    ``play`` gets each new preview, ``clock`` and ``sleep`` are not the machine's in tests.
    """

    def __init__(
        self,
        target: Target,
        asked: Asked,
        says: Says,
        *,
        finds: Sequence[Find] = WATCHED,
        play: Callable[[Path], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target, self._asked, self._says, self._finds = target, replace(asked, goes_on=True), says, finds
        self._clock, self._sleep, self._play = clock, sleep, play
        self._pictures = self._pictures_of(target.pieces())
        self._lookout = Lookout(target.folder, target.name)
        self._settling = Settling(self._lookout.snapshot(self._pictures) or {}, self._piece_of)
        self._is_gone = False
        self._pause_seconds = POLL_SECONDS

    def bring_up_to_date(self, pieces: Iterable[PieceFiles]) -> int:
        """Run what is stale in each piece; the exit code of the first failure."""
        codes = []
        for files in pieces:
            tidy(files)
            codes.append(self._update(files))
        return next((code for code in codes if code), DONE)

    def run(self) -> None:
        """Watch until something is raised: Ctrl-C is."""
        while True:
            self._sleep(MOVING_POLL_SECONDS if self._settling.is_moving else self._pause_seconds)
            self.look()

    def look(self) -> None:
        """See what was saved since the last look, and do what follows from it."""
        started = self._clock()
        now = self._lookout.snapshot(self._pictures)
        taken = self._clock() - started
        self._pause_seconds = min(POLL_MAX_SECONDS, max(POLL_SECONDS, taken / IDLE_SHARE))
        self._tell_of_folder(now is None)
        if now is None:
            return
        for files, paths in self._settling.ready(now, self._clock()).items():
            self._saved(files, paths)

    def _saved(self, files: PieceFiles, paths: Sequence[Path]) -> None:
        news = {path: text for path in paths if (text := self._news_of(files, path)) is not None}
        if news:
            self._says.forget(files, news)
        for path, text in news.items():
            self._says.line(f"{path.name}: {text}", "changed", file=path, what=text)
        # What is deleted is made again with the next save, not at once; but a mix that is gone is heard.
        told = self._says.count
        if any(path.exists() or path == files.mix for path in paths):
            self._update(files)
            if news and self._says.count == told:
                self._says.line(f"{files.name}: nothing follows from that", "idle", piece=files.name)
        picture = picture_of(PieceState(files))
        if picture is not None:
            self._pictures[picture] = files

    def _news_of(self, files: PieceFiles, path: Path) -> str | None:
        """What became of ``path``; a bug in telling it is reported, and what follows from the save runs even so."""
        try:
            return news_of(files, path)
        except Exception as error:
            reported(error, sys.argv[1:])
            return "saved"

    def _update(self, files: PieceFiles) -> int:
        """Run the stale stages of a piece in order; the exit code of the first failure.

        After one that failed those run of which a file was saved that is not the brief: a piece is cleaned and heard
        while its brief is broken.
        """
        first_failure = DONE
        for stage, state in stages_of(PieceState(files), self._asked, self._finds):
            try:
                if not first_failure or stage.has_news(state):
                    self._run(stage, state)
            except Exception as error:
                first_failure = first_failure or self._says.failed(files, stage, error)
        return first_failure

    def _run(self, stage: Stage, state: PieceState) -> None:
        files, verdict = state.files, verdict_of(stage, state, with_versions=False)
        if verdict.is_behind:
            for line in verdict.lines(stage):
                self._says.kept(files, line)
        if verdict.need is Need.RUN:
            started = self._clock()
            done = stage.run()
            self._says.ran(files, done, self._clock() - started)
            if self._play is not None and stage.name == PREVIEW:
                self._play(files.preview)

    def _piece_of(self, path: Path) -> PieceFiles:
        return self._pictures.get(path) or PieceFiles.of(path)

    def _pictures_of(self, pieces: Iterable[PieceFiles]) -> dict[Path, PieceFiles]:
        found = ((files, self._asked.picture or picture_of(PieceState(files))) for files in pieces)
        return {picture: files for files, picture in found if picture is not None}

    def _tell_of_folder(self, is_gone: bool) -> None:
        if is_gone == self._is_gone:
            return
        self._is_gone = is_gone
        folder = self._target.folder
        what = "is gone; waiting for it to come back" if is_gone else "is back"
        self._says.line(f"{folder}: {what}", "gone" if is_gone else "back", folder=folder)
