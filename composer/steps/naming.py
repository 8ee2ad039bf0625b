"""What a person typed -> the file that is meant, and the name that a result gets.

A bare name stands for a piece, and each command takes the file of it that it works on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import BadInput, UsageProblem, did_you_mean
from composer.formats.kinds import BRIEF, MIDI, SUFFIXES, way_to
from composer.workspace import AUDIO, PieceFiles, PieceState, pieces_in
from composer.workspace.names import CARD, EXPORTS, STEMS, as_spelt
from composer.workspace.names import SUFFIXES as OF_A_PIECE

if TYPE_CHECKING:
    from composer.steps.done import Done

MIDI_ENDINGS = (".mid", ".midi")
# Of the last ending of a default name: the endings that a person may choose instead. Folders need none.
_ALLOWED = {".mid": MIDI_ENDINGS, ".wav": AUDIO, ".musicxml": (".musicxml", ".xml")}
_FOLDERS = (STEMS, ".midi-stems", ".pages")
# By kind: the ending that is left out where a name stops short of it, as art.draft does.
_LEFT_OUT = {BRIEF: (".json",), MIDI: MIDI_ENDINGS}
_KNOWN = {ending for kind in SUFFIXES.values() for ending in kind} | {*OF_A_PIECE, *EXPORTS, ".json", ".toml", ".xml"}
_KNOWN_LAST = frozenset("." + ending.rpartition(".")[2] for ending in _KNOWN)


@dataclass(frozen=True, slots=True)
class Meant:
    """The file ``path`` that the word ``typed`` stands for, both the same where a file was named."""

    typed: Path
    path: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """Which file was taken, where no file was named."""
        return () if self.path == self.typed else (f"of {self.path.name}",)

    def told(self, done: Done) -> Done:
        """``done`` with those lines before its own."""
        return replace(done, notes=(*self.lines, *done.notes))


def brief_meant(typed: Path) -> Meant:
    """The brief of a piece."""
    return _meant(typed, lambda files: (files.brief,), BRIEF)


def draft_meant(typed: Path) -> Meant:
    """What cleanup reads of a piece: its draft, else its music."""
    return _meant(typed, lambda files: (files.draft, files.midi), MIDI)


def written_meant(typed: Path) -> Meant:
    """The music of a piece on the grid, the one furthest along."""
    return _meant(typed, lambda files: (PieceState(files).written_midi,), MIDI)


def performance_meant(typed: Path) -> Meant:
    """The performance of a piece."""
    return _meant(typed, lambda files: (files.human,), MIDI)


def heard_meant(typed: Path) -> Meant:
    """What sounds of a piece: its performance if that is of the written music as it is now, else that music."""
    return _meant(typed, _heard, MIDI)


def piece_meant(typed: Path) -> Meant:
    """What sounds of the piece that is named by its name or by any file of it; a MIDI file stands for itself."""
    typed = as_spelt(typed)
    if typed.suffix.lower() not in MIDI_ENDINGS and typed.is_file() and (found := _first(_heard(PieceFiles.of(typed)))):
        return Meant(typed, found)
    return _meant(typed, _heard, MIDI)


def meant_by(typed: Path, stages: Callable[[PieceFiles], Iterable[Path | None]]) -> Meant:
    """The first MIDI file of those that ``stages`` finds in a piece."""
    return _meant(typed, stages, MIDI)


@dataclass(frozen=True, slots=True)
class Named:
    """The files that were named, but for composer's own cards among them, with a line for each of those."""

    paths: tuple[Path, ...]
    lines: tuple[str, ...]


def without_cards(typed: Sequence[Path]) -> Named:
    """What was ``typed``, or a pattern such as ``*.png`` stands for; raises BadInput where all are cards."""
    named = [as_spelt(path) for path in typed]
    cards = [path for path in named if _is_card(path)]
    if cards and len(cards) == len(named):
        raise BadInput(cards[0], f"is the card of {PieceFiles.of(cards[0]).name}", "name the picture")
    lines = tuple(f"{path}: left out, the card of {PieceFiles.of(path).name}" for path in cards)
    return Named(tuple(path for path in named if path not in cards), lines)


def _is_card(path: Path) -> bool:
    """Whether composer drew the picture: its piece has a brief, not made from it, or a record that knows it."""
    if not path.name.lower().endswith(CARD) or not path.is_file():
        return False
    files = PieceFiles.of(path)
    state = PieceState(files)
    brief = state.step_of(files.brief)
    is_source = brief is not None and state.key_of(path) in brief.inputs
    return state.step_of(path) is not None or (files.brief.is_file() and not is_source)


def output_of(asked: Path | None, default: Path) -> Path:
    """Where to write: ``default``, the same name in the folder ``asked``, or the file ``asked``.

    A name without an ending gets that of ``default``; raises UsageProblem for the ending of another kind of file.
    """
    if asked is None:
        return default
    if asked.is_dir() or str(asked).endswith(os.sep):
        return asked / default.name
    usual = default.suffix.lower()
    allowed, found = _ALLOWED.get(usual, (usual,)), asked.suffix.lower()
    is_special = asked.exists() and not asked.is_file()
    if found in allowed or usual in _FOLDERS or is_special:
        return asked
    if found in _KNOWN_LAST:
        hint = f"end it in {usual}, or leave the ending out"
        raise UsageProblem(asked, f"ends in {found}, and what is written is a {usual} file", hint)
    return asked.with_name(asked.name + default.name[len(PieceFiles.of(default).name) :])


def _heard(files: PieceFiles) -> tuple[Path | None, ...]:
    return (PieceState(files).best_midi,)


def _meant(typed: Path, stages: Callable[[PieceFiles], Iterable[Path | None]], kind: str) -> Meant:
    """Raises BadInput for a bare name that no piece has, with the step that makes the file, or with the nearest."""
    typed = as_spelt(typed)
    if typed.is_file() or typed.suffix.lower() in _KNOWN_LAST or typed.name in ("", ".", ".."):
        return Meant(typed, typed)
    longer = [typed.with_name(typed.name + ending) for ending in _LEFT_OUT[kind]]
    found = _first([*stages(PieceFiles(typed.parent, typed.name)), *longer])
    if found is None and typed.exists():
        return Meant(typed, typed)
    if found is None:
        raise BadInput(typed, f"there is no {kind} of that piece", _advice(typed, kind))
    return Meant(typed, found)


def _advice(typed: Path, kind: str) -> str:
    if way := way_to(typed, kind):
        return way
    try:
        names = [piece.name for piece in pieces_in(typed.parent)]
    except UsageProblem:
        return "check the name of the folder"
    near = did_you_mean(typed.name, names).strip(" ()")
    return near or "check the name and the folder"


def _first(paths: Iterable[Path | None]) -> Path | None:
    return next((path for path in paths if path is not None and path.is_file()), None)
