"""Kills every writing command with SIGKILL and looks at what is left: ``python tests/benchmarks/kill_trials.py``.

Each command runs in a process of its own over files of an earlier run. It is killed before every single operation on
names (a file renamed, flushed, removed ...) and at moments drawn from a seed. Then every file must be the old or the
new one to the byte, no file of composer's may be called edited by hand, and the same command must succeed without
``--force`` and leave what it leaves when nobody kills it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from composer.workspace import RECORD, PieceFiles, State, state_of

WATCHED = ("replace", "rename", "fsync", "chmod", "unlink", "mkdir", "rmdir", "link")
FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
WHOLE_FOLDERS = (".stems", ".midi-stems", ".pages")
NEVER = 10**9
NOTHING_LEFT = 3  # the exit code of ``undo`` where there is nothing more to put back
PART = ".part"
MOST_SECONDS = 100.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files below a folder by relative name, and what the record says of each."""

    contents: dict[str, bytes]
    states: dict[str, State]

    @classmethod
    def of(cls, folder: Path) -> Snapshot:
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_no_output(path)]
        names = {path.relative_to(folder).as_posix(): path for path in paths}
        return cls({name: path.read_bytes() for name, path in names.items()}, {n: _state(p) for n, p in names.items()})


@dataclass(slots=True)
class Figures:
    """What became of one command: kills, those that hit a changed folder, and what was wrong."""

    name: str
    kills: int = 0
    midway: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trial:
    """A command over the files in ``folder``; ``words`` are run there.

    Not ``repeats`` where a second run goes on from what the first one wrote. ``growing`` are files that change on the
    way, so that they only have to be whole; with ``home`` what belongs to the person goes below the folder, too.
    """

    name: str
    folder: Path
    words: tuple[str, ...]
    repeats: bool = True
    growing: tuple[str, ...] = ()
    home: bool = False


def trial_figures(trial: Trial, rng: np.random.Generator, at_random: int, every: int = 1) -> Figures:
    """Kill the command before each ``every``-th operation, and ``at_random`` times at any moment."""
    figures, old = Figures(trial.name), Snapshot.of(trial.folder)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) / "work"  # always the same: some files name their folder
        began = time.monotonic()
        code = run(_fresh(trial, work), trial)
        figures.seconds = time.monotonic() - began
        if code != 0:
            figures.faults.append(f"exit code {code} without a kill")
            return figures
        new = Snapshot.of(work)
        operations = _counted(trial, work)
        moments: list[tuple[int, float]] = [(number, MOST_SECONDS) for number in range(0, operations, every)]
        moments += [(NEVER, float(share) * figures.seconds) for share in rng.random(at_random)]
        for operation, seconds in moments:
            run(_fresh(trial, work), trial, operation, seconds)
            figures.kills += 1
            figures.midway += Snapshot.of(work).contents not in (old.contents, new.contents)
            moment = f"before operation {operation}" if operation != NEVER else f"after {seconds:.3f} s"
            figures.faults += [f"{moment}: {fault}" for fault in _faults(work, trial, old, new)]
    return figures


def _fresh(trial: Trial, work: Path) -> Path:
    shutil.rmtree(work, ignore_errors=True)
    return Path(shutil.copytree(trial.folder, work))


def run(folder: Path, trial: Trial, operation: int = NEVER, seconds: float = MOST_SECONDS) -> int:
    """Run ``composer`` in ``folder`` and kill it at that operation or after that time; its exit code, -9 if killed."""
    child = os.fork()
    if child == 0:
        _be_killed(folder, trial, operation)
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            break
        time.sleep(0.001)
    with contextlib.suppress(ProcessLookupError):  # it has no group of its own yet
        os.killpg(child, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _be_killed(folder: Path, trial: Trial, operation: int) -> None:
    """The child: never returns."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.chdir(folder)
    if trial.home:
        os.environ.update({name: str(folder / "home" / name) for name in FOLDERS})
    count = _count_operations(folder, operation)
    code = 1
    try:
        from composer.cli.app import main

        code = main(list(trial.words))
        if operation == -1:
            (folder / "operations").write_text(str(count[0]))
    finally:
        os._exit(code)


def _count_operations(folder: Path, last: int) -> list[int]:
    """Count what is done to names, and die before number ``last``."""
    from composer.formats import folders

    count = [0]

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **options: Any) -> Any:
            if count[0] == last:
                os.killpg(0, signal.SIGKILL)
            count[0] += 1
            return function(*words, **options)

        return counted

    for name in WATCHED:
        setattr(os, name, counting(getattr(os, name)))
    folders._exchanged = counting(folders._exchanged)
    return count


def _counted(trial: Trial, folder: Path) -> int:
    """How many operations a run makes that nobody kills."""
    run(_fresh(trial, folder), trial, operation=-1)
    return int((folder / "operations").read_text())


def _faults(work: Path, trial: Trial, old: Snapshot, new: Snapshot) -> list[str]:
    left = Snapshot.of(work)
    faults = [*_changed(left, old, new, trial.growing), *_mistaken(left, old, new)]
    code = run(work, trial)
    names = [name for name in old.contents if not name.endswith(RECORD)]
    was_done = all(left.contents.get(name) == new.contents.get(name) for name in names)
    is_done = not trial.repeats and code == NOTHING_LEFT and was_done
    if code != 0 and not is_done:
        return [*faults, f"the command fails after it (exit code {code})"]
    again = Snapshot.of(work)
    for name in {*new.contents, *again.contents} if trial.repeats else ():
        is_same = again.contents.get(name) == new.contents.get(name)
        if not is_same and not name.endswith(RECORD) and not _is_backup(name, again.contents.get(name), old, new):
            faults.append(f"{name} is another one when the command runs again")
    hidden = [str(path.relative_to(work)) for path in work.rglob(f".*{PART}")]
    return faults + [f"{name} is left behind" for name in hidden]


def _changed(left: Snapshot, old: Snapshot, new: Snapshot, growing: Sequence[str]) -> list[str]:
    """Files that are neither the old nor the new one, or gone; folders of which some are old and some are new."""
    faults = []
    for name, content in left.contents.items():
        if name.endswith((RECORD, *growing)):
            if _is_broken(name, content):
                faults.append(f"{name} cannot be read")
        elif content not in (old.contents.get(name), new.contents.get(name)) and not _is_backup(
            name, content, old, new
        ):
            faults.append(f"{name} is neither old nor new")
    faults += [f"{n} is gone" for n in old.contents if n in new.contents and n not in left.contents]
    for folder in {
        top for name in left.contents if (top := name.split("/")[0]).endswith(WHOLE_FOLDERS) and top != name
    }:
        parts = [{n: c for n, c in one.contents.items() if n.startswith(folder + "/")} for one in (left, old, new)]
        if parts[0] not in parts[1:]:
            faults.append(f"{folder} is mixed of old and new")
    return faults


def _mistaken(left: Snapshot, old: Snapshot, new: Snapshot) -> list[str]:
    """Files that are called a person's, and are neither before nor after."""
    theirs = {n: s for n, s in left.states.items() if s in (State.EDITED, State.FOREIGN)}
    return [
        f"{name} is called {state.value!r}"
        for name, state in theirs.items()
        if state not in (old.states.get(name), new.states.get(name))
        and not _is_backup(name, left.contents[name], old, new)
    ]


def _is_backup(name: str, content: bytes | None, *snapshots: Snapshot) -> bool:
    """Whether a numbered file holds a whole file that was there."""
    numbered = any(part.isdecimal() for part in name.split("."))
    return numbered and any(content in snapshot.contents.values() for snapshot in snapshots)


def _is_no_output(path: Path) -> bool:
    """Whether a file is a temporary one, or what another program keeps for itself."""
    return PART in str(path) or "matplotlib" in path.parts


def _is_broken(name: str, content: bytes) -> bool:
    try:
        if name.endswith(".npz"):
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                return not [stored[key] for key in stored.files]
        json.loads(content)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        return True
    return False


def _state(path: Path) -> State:
    return state_of(path, PieceFiles.of(path.parent if path.parent.suffix in (".pages", ".midi-stems") else path))


def _table(rows: Sequence[Figures]) -> None:
    print(f"{'command':<24} {'seconds':>7} {'kills':>6} {'midway':>6} {'faults':>6}")
    for row in rows:
        print(f"{row.name:<24} {row.seconds:>7.2f} {row.kills:>6} {row.midway:>6} {len(row.faults):>6}")
    print(f"{'all':<24} {'':>7} {sum(r.kills for r in rows):>6} {sum(r.midway for r in rows):>6} "
          f"{sum(len(r.faults) for r in rows):>6}")  # fmt: skip


def main() -> None:
    from tests.benchmarks.kill_pieces import training_in, trials_in

    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--random", type=int, default=10, help="kills at random moments of each command")
    words.add_argument("--every", type=int, default=1, help="kill before each so many operations")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--train", action="store_true", help="only training: a kill takes half a minute")
    words.add_argument("--only", default="", help="commands whose name holds this")
    chosen = words.parse_args()
    rng = np.random.default_rng(chosen.seed)
    with tempfile.TemporaryDirectory() as scratch:
        rows = []
        for trial in (training_in if chosen.train else trials_in)(Path(scratch)):
            if chosen.only in trial.name:
                rows.append(trial_figures(trial, rng, chosen.random, chosen.every))
                print(f"{rows[-1].name}: {rows[-1].kills} kills, {len(rows[-1].faults)} faults", flush=True)
                for fault in rows[-1].faults[:12]:
                    print(f"  {fault}", flush=True)
    _table(rows)
    sys.exit(any(row.faults for row in rows))


if __name__ == "__main__":
    main()
