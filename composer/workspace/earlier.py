"""What a file holds as the record keeps it: its bars, a copy of it, and what it held before composer wrote over it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from composer.errors import ComposerError
from composer.formats.files import read_bytes, sha256_of_bytes
from composer.formats.midi.hashes import bar_hashes
from composer.formats.record import Earlier, StepRecord, copied, copy_text
from composer.limits import MIDI_BYTES
from composer.workspace.names import PieceFiles
from composer.workspace.states import MIDI_SUFFIXES, PieceState


@dataclass(frozen=True, slots=True)
class OtherTake:
    """What a MIDI file could hold as well: the bytes of another take, and its seed."""

    content: bytes
    seed: int


def before_now(piece: PieceState, path: Path) -> Earlier | None:
    """What ``path`` held before composer last wrote over it, if the record has kept it."""
    now = piece.sha256_of(path) if path.is_file() else ""
    held = reversed(piece.record.earlier.get(piece.key_of(path), []))
    return next((one for one in held if one.sha256 != now and copied(one.content) is not None), None)


def earlier_of(files: PieceFiles, outputs: Mapping[Path, bytes]) -> dict[str, list[Earlier]]:
    """What those of the files that are MIDI files held before, and last what they hold now, whatever a person did in
    them; not that of a file that stays as it is."""
    piece, found = PieceState(files), {}
    for path, new in outputs.items():
        if path.suffix.lower() not in MIDI_SUFFIXES or not path.is_file():
            continue
        key, step = piece.key_of(path), piece.step_of(path)
        name = next((name for name, one in piece.record.steps.items() if key in one.outputs), "")
        now, sha256, before = read_bytes(path, MIDI_BYTES), piece.sha256_of(path), piece.record.earlier.get(key, [])
        content, own = copy_text(now), step.only({key}) if step is not None and name else StepRecord()
        done = own.without_copies({key}) if own.copies.get(key) == content else own
        here = [Earlier(sha256=sha256, step=name, done=done, content=content)] if now != new else []
        found[key] = [*(one for one in before if one.sha256 != sha256 or not here), *here]
    return found


def take_of(done: StepRecord, step: str, key: str, take: OtherTake) -> Earlier:
    """The step as it would have been with another take."""
    sha256, contents = sha256_of_bytes(take.content), {key: take.content}
    new: dict[str, object] = {"outputs": {key: sha256}, "bars": bars_of(contents), "copies": copies_of(contents)}
    if done.redone:  # the seed of the whole stays
        new["redone"] = [*done.redone[:-1], done.redone[-1].model_copy(update={"seed": take.seed})]
    else:
        new["seed"] = take.seed
    return Earlier(sha256=sha256, step=step, done=done.only({key}).model_copy(update=new))


def is_same_run(one: StepRecord, other: StepRecord) -> bool:
    """Whether both read the same and were asked for the same."""
    return (one.inputs, one.options, one.seed) == (other.inputs, other.options, other.seed)


def bars_of(contents: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """The hashes of the bars of those contents that are MIDI files."""
    found = {}
    for key, content in contents.items():
        if key.lower().endswith(MIDI_SUFFIXES):
            with contextlib.suppress(ComposerError):
                found[key] = bar_hashes(content, key)
    return {key: hashes for key, hashes in found.items() if hashes}


def copies_of(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Those contents that are MIDI files, and not too large, as the record keeps them."""
    midi = {key: copy_text(content) for key, content in contents.items() if key.lower().endswith(MIDI_SUFFIXES)}
    return {key: text for key, text in midi.items() if text}
