"""Whether a step of a piece has to run: the one answer that `make`, `watch` and `status` share.

A step runs when what it reads or was asked for has changed. A file that a person edited is never replaced by it, but
where the step keeps what the person did: every edited bar of a draft, every choice in a report of the cleanup.
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from composer.cli.steps import Done
from composer.workspace import PieceFiles, State, state_of, step_of
from composer.workspace.states import changed_inputs


class Need(enum.Enum):
    """What is to be done about a step."""

    RUN = "made"
    CURRENT = "up to date"
    KEPT = "kept, edited by hand"
    BEHIND = "kept, edited by hand, and behind"  # its inputs have changed since


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of one piece with its files, the main output first.

    ``is_current`` is asked only when no output is a person's. ``again`` are the words of the command that replaces an
    edited output; those in ``keeps`` the step itself writes again around what the person did in them. ``source`` is
    what it reads from the step before it.
    """

    name: str
    outputs: tuple[Path, ...]
    is_current: Callable[[], bool]
    run: Callable[[], Done]
    again: tuple[str, ...]
    keeps: tuple[Path, ...] = ()
    source: Path | None = None

    def has_new_source(self, files: PieceFiles) -> bool:
        """Whether ``source`` itself is another than the main output was made from."""
        step = step_of(files, self.outputs[0])
        return step is None or self.source in changed_inputs(files, step)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stage needs; ``theirs`` are the outputs of a person, ``changed`` the inputs that changed after them."""

    need: Need
    theirs: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()

    def lines(self, stage: Stage) -> list[str]:
        """What to tell the person about files that are kept, and what to do where they are behind."""
        if self.need is Need.KEPT:
            return [f"{path}: {Need.KEPT.value}" for path in self.theirs]
        if self.need is not Need.BEHIND:
            return []
        names, have = " and ".join(path.name for path in self.changed), "have" if len(self.changed) > 1 else "has"
        command = shlex.join(["composer", *stage.again, "--force"])
        advice = f"`{command}` makes it again (a backup is kept)"
        return [f"{path}: {Need.KEPT.value}, though {names} {have} changed since; {advice}" for path in self.theirs]


def verdict_of(stage: Stage, files: PieceFiles, force: bool = False) -> Verdict:
    """What ``stage`` needs by the files as they are now; with ``force`` it runs."""
    states = {} if force else {path: state_of(path, files) for path in stage.outputs}
    theirs = tuple(path for path, state in states.items() if state in (State.EDITED, State.FOREIGN))
    if not theirs:
        return Verdict(Need.CURRENT if not force and stage.is_current() else Need.RUN)
    changed = _changed_since(files, theirs)
    if not changed:
        return Verdict(Need.KEPT, theirs)
    if all(path in stage.keeps and states[path] is State.EDITED for path in theirs):
        return Verdict(Need.RUN, theirs, changed)
    return Verdict(Need.BEHIND, theirs, changed)


def _changed_since(files: PieceFiles, theirs: tuple[Path, ...]) -> tuple[Path, ...]:
    """The inputs with another content than when ``theirs`` were last written by a step."""
    steps = [step for path in theirs if (step := step_of(files, path)) is not None]
    return tuple(dict.fromkeys(path for step in steps for path in changed_inputs(files, step)))
