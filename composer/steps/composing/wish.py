"""What a person asks ``composer generate`` for: one mode, checked for contradictions before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from composer.errors import UsageProblem
from composer.limits import CONTINUE_BARS, TAKES
from composer.workspace import PieceFiles

BARS_DEFAULT = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of the command. Raises UsageProblem where two contradict each other or one names nothing."""

    brief: Path | None = None
    melody: Path | None = None
    continued: Path | None = None
    bars: str | None = None
    tracks: tuple[str, ...] = ()
    free: bool = False
    takes: int = 1
    ensemble: str | None = None
    style: str | None = None
    seed: int | None = None
    output: Path | None = None
    force: bool = False

    def __post_init__(self) -> None:
        self._check_modes()
        self._check_values()

    @property
    def subject(self) -> Path:
        """What the draft is made from, for messages."""
        return self.melody or self.continued or self.brief or Path("free")

    @property
    def is_redo(self) -> bool:
        """Whether only a part of what stands shall be composed anew."""
        return self.continued is None and (self.bars is not None or bool(self.tracks))

    @property
    def new_bars(self) -> int:
        """How many bars to continue with."""
        return BARS_DEFAULT if self.bars is None else int(self.bars)

    def _check_modes(self) -> None:
        modes = [
            name
            for name, given in (("--melody", self.melody), ("--continue", self.continued), ("--free", self.free))
            if given
        ]
        if len(modes) > 1:
            raise UsageProblem(modes[0], f"cannot go with {modes[1]}", "choose one of them")
        if self.free and self.brief is not None:
            raise UsageProblem("--free", f"draws a brief of its own, and {self.brief.name} is one", "leave one out")
        if not modes and self.brief is None:
            hint = "name one, or use --melody, --continue or --free"
            raise UsageProblem("generate", "no brief is named", hint)
        if not modes and self.brief is not None and self.brief.suffix.lower() in (".mid", ".midi"):
            brief = PieceFiles.of(self.brief).brief
            hint = f"name {brief.name}, or use" if brief.is_file() else "use"
            raise UsageProblem(
                self.brief, "is a MIDI file and no brief", f"{hint} --melody or --continue before its name"
            )
        if not modes and (name := "--ensemble" if self.ensemble else "--style" if self.style else ""):
            raise UsageProblem(name, "goes with --melody, --continue or --free", "write it into the brief instead")
        for option, given in (("--bars", self.bars is not None), ("--tracks", bool(self.tracks))):
            if given and (
                self.melody is not None or self.free or (option == "--tracks" and self.continued is not None)
            ):
                raise UsageProblem(option, f"does not go with {modes[0]}", "it redoes a part of a brief's draft")

    def _check_values(self) -> None:
        count = self.bars if self.continued is not None else None
        if count is not None and not _is_number(count, CONTINUE_BARS):
            hint = f"give one from 1 to {CONTINUE_BARS}"
            raise UsageProblem("--bars", f"{count[:20]!r} is not a number of bars", hint)
        if not 1 <= self.takes <= TAKES:
            raise UsageProblem("--takes", f"{self.takes} is outside 1 to {TAKES}", "choose another number")


def _is_number(text: str, highest: int) -> bool:
    """Whether ``text`` is a number from 1 to ``highest``; its length comes first, as Python reads no endless one."""
    return text.isdecimal() and len(text) <= len(str(highest)) and 1 <= int(text) <= highest


def words_of(values: Sequence[str] | None) -> tuple[str, ...]:
    """The words of ``--tracks``, which may be repeated, and takes several with commas between.

    Raises UsageProblem where it is given without a word: that is no wish for every track.
    """
    words = tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())
    if values and not words:
        raise UsageProblem("--tracks", "names no track", 'name one, such as "melody", or leave it out for all')
    return words
