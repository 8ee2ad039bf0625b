"""Whether a stage of a piece has to run: the one answer that `make`, `watch` and `status` share.

A stage runs when what it reads or was asked for has changed. A file that a person edited is never replaced by it, but
where the step keeps what the person did: every edited bar of a draft, every choice in a report of the cleanup.
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from composer.cli.steps import Done
from composer.workspace import PieceState, State

FORCE = "--force"
WITH_REDONE = "kept, with bars that were redone"


class Need(enum.Enum):
    """What is to be done about a stage."""

    RUN = "made"
    CURRENT = "up to date"
    KEPT = "kept, edited by hand"
    BEHIND = "kept, edited by hand, and behind"  # its inputs have changed since
    AROUND = "kept, composed around music of yours"  # which is named on a command line, not in a brief


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of one piece as it is wanted: its files, the main output first, what it reads and its recorded options.

    ``again`` are the words of the command that replaces an edited output; those in ``keeps`` the step itself writes
    again around what the person did in them. ``seed`` is the one that a person typed; ``around`` the music of theirs
    that the output was composed around. ``is_of_today`` tells whether the program and its weights are those that wrote
    the output.
    """

    name: str
    outputs: tuple[Path, ...]
    inputs: tuple[Path, ...]
    run: Callable[[], Done]
    again: tuple[str | Path, ...]
    options: Mapping[str, object] = field(default_factory=dict)
    seed: int | None = None
    keeps: tuple[Path, ...] = ()
    around: Path | None = None
    is_of_today: Callable[[], bool] = lambda: True

    def has_news(self, state: PieceState) -> bool:
        """Whether what it reads, but for the brief, is something else than the main output was made from."""
        step, brief = state.step_of(self.outputs[0]), state.key_of(state.files.brief)
        now = {state.key_of(path): state.sha256_of(path) for path in self.inputs if path.exists()}
        return step is None or {**now, brief: ""} != {**step.inputs, brief: ""}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stage needs; ``theirs`` are the outputs of a person, ``changed`` the inputs that changed after them.

    Those in ``redone`` nobody edited, but bars of them were composed anew as a person wished.
    """

    need: Need
    theirs: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    redone: tuple[Path, ...] = ()

    @property
    def word(self) -> str:
        """What becomes of the stage, in a word or two."""
        is_redone = bool(self.redone) and {*self.theirs} <= {*self.redone}
        return self.need.value.replace(Need.KEPT.value, WITH_REDONE) if is_redone else self.need.value

    @property
    def is_behind(self) -> bool:
        """Whether the outputs are kept though what they were made from has changed."""
        return self.need in (Need.BEHIND, Need.AROUND) and bool(self.changed)

    def lines(self, stage: Stage) -> list[str]:
        """What to tell the person about files that are kept, and what to do where they are behind."""
        since = self._since()
        if stage.around is not None and self.need is Need.AROUND:
            kept = f"{stage.outputs[0]}: kept, composed around {stage.around.name}"
            return [f"{kept}{since}; `{command_of(stage)}` composes it again"]
        if self.need is Need.KEPT:
            return [f"{path}: {self._kept(path)}" for path in self.theirs]
        if self.need is not Need.BEHIND:
            return []
        advice = f"`{command_of(stage)} --force` makes it again (a backup is kept)"
        return [f"{path}: {self._kept(path)}{since}; {advice}" for path in self.theirs]

    def _kept(self, path: Path) -> str:
        return WITH_REDONE if path in self.redone else Need.KEPT.value

    def _since(self) -> str:
        names, have = " and ".join(path.name for path in self.changed), "have" if len(self.changed) > 1 else "has"
        return f", though {names} {have} changed since" if self.changed else ""


def command_of(stage: Stage, folder: Path | None = None) -> str:
    """The command that makes the outputs of ``stage`` again, as it is typed in ``folder``."""
    words = (word.name if isinstance(word, Path) and word.parent == folder else str(word) for word in stage.again)
    return shlex.join(["composer", *words])


def verdict_of(stage: Stage, state: PieceState, *, force: bool = False, with_versions: bool = True) -> Verdict:
    """What ``stage`` needs by the files as they are now; with ``force`` it runs.

    Without ``with_versions`` another version of the program or of its weights alone makes nothing due.
    """
    if stage.around is not None:
        return Verdict(Need.AROUND, stage.outputs, _changed_since(state, stage.outputs))
    states = {} if force else {path: state.state_of(path) for path in stage.outputs}
    theirs = tuple(path for path, one in states.items() if one in (State.EDITED, State.REDONE, State.FOREIGN))
    redone = tuple(path for path in theirs if states[path] is State.REDONE)
    if not theirs:
        is_current = not force and state.is_current(stage.outputs, stage.inputs, stage.options, stage.seed)
        return Verdict(Need.CURRENT if is_current and (not with_versions or stage.is_of_today()) else Need.RUN)
    changed = _changed_since(state, theirs)
    if not changed:
        return Verdict(Need.KEPT, theirs, redone=redone)
    if all(path in stage.keeps and states[path] is State.EDITED for path in theirs):
        return Verdict(Need.RUN, theirs, changed)
    return Verdict(Need.BEHIND, theirs, changed, redone)


def _changed_since(state: PieceState, theirs: tuple[Path, ...]) -> tuple[Path, ...]:
    """The inputs with another content than when ``theirs`` were last written by a step."""
    steps = [step for path in theirs if (step := state.step_of(path)) is not None]
    return tuple(dict.fromkeys(path for step in steps for path in state.changed_inputs(step)))
