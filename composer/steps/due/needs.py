"""Whether a stage of a piece has to run: the one answer that `make`, `watch` and `status` share.

A stage runs when what it reads or was asked for has changed. A file that a person edited is never replaced by it, but
where the step keeps what the person did: every edited bar of a draft, every choice in a report of the cleanup.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from composer.errors import command
from composer.steps.done import Done
from composer.workspace import PieceState, State

FORCE = "--force"
KEPT_WORDS = {
    State.EDITED: "kept, edited by hand",
    State.REDONE: "kept, with bars that were redone",
    State.FOREIGN: "kept, not composer's own",
}


class Need(enum.Enum):
    """What is to be done about a stage."""

    RUN = "made"
    CURRENT = "up to date"
    KEPT = "kept"
    BEHIND = "kept, and behind"  # its inputs have changed since
    AROUND = "kept, composed around music of yours"  # which is named on a command line, not in a brief


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of one piece as it is wanted: its files, the main output first, what it reads and its recorded options.

    ``again`` are the words of the command that replaces an edited output; those in ``keeps`` the step itself writes
    again around what the person did in them. ``seed`` is the one that a person typed, ``typed`` are the flags of all
    that they did; ``around`` is the music of theirs that the output was composed around. ``is_of_today`` tells whether
    the program and its weights are those that wrote the output.
    """

    name: str
    outputs: tuple[Path, ...]
    inputs: tuple[Path, ...]
    run: Callable[[], Done]
    again: tuple[str | Path, ...]
    options: Mapping[str, object] = field(default_factory=dict)
    seed: int | None = None
    typed: tuple[str, ...] = ()
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
    """What a stage needs; ``held`` are the outputs that stay as a person has them, and what each is by the record.

    ``changed`` are the inputs that changed after them. ``problem`` tells why the record knows none of them.
    """

    need: Need
    held: Mapping[Path, State] = field(default_factory=dict)
    changed: tuple[Path, ...] = ()
    problem: str = ""

    @property
    def theirs(self) -> tuple[Path, ...]:
        return tuple(self.held)

    @property
    def word(self) -> str:
        """What becomes of the stage, in a word or two."""
        word: str = self.need.value
        held = [text for state, text in KEPT_WORDS.items() if state in self.held.values()]
        return word.replace("kept", held[0], 1) if held and self.need is not Need.AROUND else word

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
            return [*(f"{path}: {self._kept(path)}" for path in self.theirs), *self._idle(stage)]
        if self.need is not Need.BEHIND:
            return []
        advice = f"`{command_of(stage)} --force` makes it again (a backup is kept)"
        return [*(f"{path}: {self._kept(path)}{since}; {advice}" for path in self.theirs), *self._idle(stage)]

    def _idle(self, stage: Stage) -> list[str]:
        """What tells that options were typed in vain."""
        if not stage.typed:
            return []
        names = " and ".join(path.name for path in self.theirs)
        return [f"{', '.join(stage.typed)}: not used, as {names} stays; change it there, or use --force"]

    def _kept(self, path: Path) -> str:
        why = f" ({self.problem})" if self.problem and self.held[path] is State.FOREIGN else ""
        return f"{KEPT_WORDS[self.held[path]]}{why}"

    def _since(self) -> str:
        names, have = " and ".join(path.name for path in self.changed), "have" if len(self.changed) > 1 else "has"
        return f", though {names} {have} changed since" if self.changed else ""


def command_of(stage: Stage, folder: Path | None = None) -> str:
    """The command that makes the outputs of ``stage`` again, as it is typed in ``folder``."""
    words = (word.name if isinstance(word, Path) and word.parent == folder else str(word) for word in stage.again)
    return command(*words)


def verdict_of(stage: Stage, state: PieceState, *, force: bool = False, with_versions: bool = True) -> Verdict:
    """What ``stage`` needs by the files as they are now; with ``force`` it runs.

    Without ``with_versions`` another version of the program or of its weights alone makes nothing due.
    """
    if stage.around is not None:
        around = {path: state.state_of(path) for path in stage.outputs}
        return Verdict(Need.AROUND, around, _changed_since(state, stage.outputs))
    states = {} if force else {path: state.state_of(path) for path in stage.outputs}
    theirs = {path: one for path, one in states.items() if one in KEPT_WORDS}
    if not theirs:
        is_current = not force and state.is_current(stage.outputs, stage.inputs, stage.options, stage.seed)
        return Verdict(Need.CURRENT if is_current and (not with_versions or stage.is_of_today()) else Need.RUN)
    changed = _changed_since(state, theirs)
    if not changed:
        return Verdict(Need.KEPT, theirs, problem=state.record_problem)
    if all(path in stage.keeps and one is State.EDITED for path, one in theirs.items()):
        return Verdict(Need.RUN, theirs, changed)
    return Verdict(Need.BEHIND, theirs, changed, state.record_problem)


def _changed_since(state: PieceState, theirs: Iterable[Path]) -> tuple[Path, ...]:
    """The inputs with another content than when ``theirs`` were last written by a step."""
    steps = [step for path in theirs if (step := state.step_of(path)) is not None]
    return tuple(dict.fromkeys(path for step in steps for path in state.changed_inputs(step)))
