"""The record of a piece, ``NAME.composer.json``: for each step what it read, wrote, and with which settings."""

from __future__ import annotations

import base64
import os
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from composer.errors import ComposerError
from composer.formats.files import read_bytes, sha256_of
from composer.formats.strict_json import dump_json, parse_json
from composer.limits import COPY_BYTES, RECORD_BYTES

# What a record that grew too large goes without, in this order.
_DISPENSABLE = ("copies", "input_bars", "bars")
# What a step says of each of its outputs, by name.
_OF_OUTPUTS = ("outputs", "bars", "edited", "by_hand", "added")
EARLIER_MAX = 20  # of what each output held before
FORMAT: Literal["composer.record/1"] = "composer.record/1"
_ODD_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Redone(_Strict):
    """Bars of an output that were composed anew later, by track, and the seed that they came from.

    ``output`` is the file that they are in where the step that wrote it does not compose: it cannot make them again.
    """

    bars: dict[str, list[int]]
    seed: int
    output: str = ""


class StepRecord(_Strict):
    """``inputs`` and ``outputs`` map file names (relative to the record) to SHA-256.

    ``bars`` are the hashes of the MIDI outputs as written, ``input_bars`` those of the MIDI inputs as read (see
    ``midi_hashes``). ``edited`` are, for each output and track, the bars of a person that the step kept in it.
    ``by_hand`` are those that were in the step's input and live on in its output, which is no edited file by that.
    ``added`` are the tracks of an output that a person added. ``redone`` lists what was composed anew in its
    outputs since, in order. ``copies`` are MIDI files as they were written (see ``copy_text``), for the day that a
    DAW writes over them. ``behind`` are outputs of another run than the one whose main output was put back.
    """

    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    options: dict[str, Any] = {}
    seed: int | None = None
    versions: dict[str, str] = {}
    bars: dict[str, dict[str, str]] = {}
    input_bars: dict[str, dict[str, str]] = {}
    edited: dict[str, dict[str, list[int]]] = {}
    by_hand: dict[str, dict[str, list[int]]] = {}
    added: dict[str, list[str]] = {}
    redone: list[Redone] = []
    copies: dict[str, str] = {}
    behind: list[str] = []

    def only(self, outputs: Collection[str]) -> StepRecord:
        """A copy that knows of no other outputs than these."""
        left: dict[str, object] = {
            name: {key: value for key, value in getattr(self, name).items() if key in outputs} for name in _OF_OUTPUTS
        }
        left["copies"] = {k: v for k, v in self.copies.items() if k in outputs or k not in self.outputs}
        left["behind"] = [key for key in self.behind if key in outputs]
        return self.model_copy(update=left)

    def updated_with(self, other: StepRecord) -> StepRecord:
        """A copy with what ``other`` says of its outputs, read and chose as that was."""
        held = (*_OF_OUTPUTS, "copies")
        rest = self.only({*self.outputs} - {*other.outputs})
        return other.model_copy(update={name: {**getattr(rest, name), **getattr(other, name)} for name in held})

    def without_copies(self, keys: Collection[str]) -> StepRecord:
        """A copy that holds no copies of those files."""
        return self.model_copy(update={"copies": {k: v for k, v in self.copies.items() if k not in keys}})


class Earlier(_Strict):
    """What a MIDI file held before composer wrote over it, or a take of it: its SHA-256, the name of the step and the
    step as it wrote it then (of this file alone), and the file itself (see ``copy_text``; empty where it is not kept).

    ``step`` is empty for a file that no step had written.
    """

    sha256: str
    step: str
    done: StepRecord
    content: str = ""


class Record(_Strict):
    """All steps by name; no times of day, so that the same work gives the same bytes.

    ``earlier`` is what outputs held before, the latest last, at most ``EARLIER_MAX`` of each. ``pending`` are steps
    that are about to write their outputs: a step that is killed meanwhile has told what its files are, so that none of
    them is taken for a person's.
    """

    format: Literal["composer.record/1"] = FORMAT
    steps: Mapping[str, StepRecord] = {}
    pending: Mapping[str, StepRecord] = {}
    earlier: Mapping[str, list[Earlier]] = {}

    def step(self, name: str) -> StepRecord | None:
        return self.steps.get(name)

    def with_step(self, name: str, step: StepRecord, still_there: Collection[str] = ()) -> Record:
        """A copy in which ``step`` is the last word on its outputs: earlier steps no longer claim them.

        Outputs of an earlier run of the same step that are among ``still_there`` stay known, with the inputs that
        they were made from, as ``"NAME 1"``, ``"NAME 2"`` ...
        """
        others = {
            other: done.only({*done.outputs} - {*step.outputs}).without_copies({*step.outputs, *step.copies})
            for other, done in self.steps.items() if other != name
        }  # fmt: skip
        others = {other: done for other, done in others.items() if " " not in other or {*done.outputs} & {*still_there}}
        before = self.steps.get(name, step)
        left = ({*before.outputs} - {*step.outputs}) & {*still_there}
        if left:
            number = next(n for n in range(1, len(others) + 2) if f"{name} {n}" not in others)
            others[f"{name} {number}"] = before.only(left)
        return Record(steps={**others, name: step}, earlier=self.earlier)

    def with_earlier(self, earlier: Mapping[str, Sequence[Earlier]]) -> Record:
        """A copy in which this is what these outputs held before."""
        found = {key: [*held[-EARLIER_MAX:]] for key, held in earlier.items() if held}
        return self.model_copy(update={"earlier": {**self.earlier, **found}})

    def without_outputs(self, keys: Collection[str]) -> Record:
        """A copy in which no step claims these files."""
        steps = {name: step.only({*step.outputs} - {*keys}) for name, step in self.steps.items()}
        return self.model_copy(update={"steps": steps})

    def with_pending(self, name: str, step: StepRecord) -> Record:
        """A copy that says that ``step`` is about to be written."""
        return self.model_copy(update={"pending": {name: step}})

    @property
    def output_keys(self) -> set[str]:
        """The names of all outputs."""
        return {key for step in self.steps.values() for key in step.outputs}


def read_record(path: Path) -> Record:
    """The record in ``path``; an empty one when it is missing or damaged: it never costs a file.

    A step that was cut off has written those of its outputs that are on the disk as it announced them.
    """
    record = _as_written(path)
    return _settled(record, path.parent) if record.pending else record


def record_problem(path: Path) -> str:
    """Why the record in ``path`` cannot be read, in a few words; ``""`` where it can, and where there is none."""
    if not path.exists():
        return ""
    content: object = None
    try:
        content = _content(path)
        Record.model_validate(content)
    except ComposerError as error:
        place = re.match(r"line \d+( column \d+)?", error.reason)
        return f"damaged at {place[0]}" if place else error.reason
    except ValidationError as error:
        wrong = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        return "a newer composer wrote it" if _is_newer(content) else f"{wrong or 'all of it'} is not as it should be"
    return ""


def has_pending(path: Path) -> bool:
    """Whether a step was cut off since the record in ``path`` was last written, or is running."""
    return bool(_as_written(path).pending)


def _is_newer(content: object) -> bool:
    name = content.get("format") if isinstance(content, dict) else None
    found = re.fullmatch(r"composer\.record/(\d+)", name) if isinstance(name, str) else None
    return found is not None and int(found[1]) > int(FORMAT.rpartition("/")[2])


def _as_written(path: Path) -> Record:
    try:
        return Record.model_validate(_content(path))
    except (ComposerError, ValidationError):
        return Record()


def _content(path: Path) -> object:
    return parse_json(read_bytes(path, RECORD_BYTES, "record"), path.name, RECORD_BYTES)


def record_bytes(record: Record) -> bytes:
    """The record as JSON with sorted keys, without empty fields.

    One over ``RECORD_BYTES`` could not be read again, so it goes without what is only of use, and not of need.
    """
    content = _bytes(record, frozenset())
    if len(content) > RECORD_BYTES:
        record = record.model_copy(update={"earlier": {}})
    for number in range(1, len(_DISPENSABLE) + 1):
        if len(content) <= RECORD_BYTES:
            break
        content = _bytes(record, frozenset(_DISPENSABLE[:number]))
    return content


def copy_text(content: bytes) -> str:
    """A file as the record keeps it: packed, in letters; ``""`` for one that is too large to keep."""
    return base64.b64encode(zlib.compress(content, 9)).decode() if len(content) <= COPY_BYTES else ""


def copied(text: str) -> bytes | None:
    """The file that ``copy_text`` packed; None for what is none."""
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(text, validate=True), COPY_BYTES + 1)
    except (ValueError, zlib.error):
        return None
    return content if len(content) <= COPY_BYTES and unpacker.eof else None


def record_key(folder: Path, path: Path) -> str:
    """The name of ``path`` in the record of ``folder``: relative to it, in UTF-8 whatever the disk says."""
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # another drive
        relative = os.path.abspath(path)
    return os.fsencode(relative.replace(os.sep, "/")).decode("utf-8", "backslashreplace")


def path_of_key(folder: Path, key: str) -> Path:
    """The file that ``record_key`` named so."""
    path = folder / key
    if "\\x" not in key or path.exists():
        return path
    return folder / os.fsdecode(_ODD_BYTE.sub(lambda found: bytes.fromhex(found[1].decode()), key.encode()))


def still_there(record: Record, folder: Path) -> set[str]:
    """The names of those outputs that are on the disk."""
    return {key for key in record.output_keys if path_of_key(folder, key).exists()}


def _settled(record: Record, folder: Path) -> Record:
    settled = Record(steps=record.steps, earlier=record.earlier)
    for name, step in record.pending.items():
        written = {key for key, value in step.outputs.items() if sha256_of(path_of_key(folder, key)) == value}
        if written:
            settled = settled.with_step(name, step.only(written), still_there(settled, folder))
    return settled


def _bytes(record: Record, without: Collection[str]) -> bytes:
    content: dict[str, object] = {"format": record.format, "steps": _as_json(record.steps, without)}
    if record.pending:
        content["pending"] = _as_json(record.pending, without)
    if record.earlier:
        content["earlier"] = {
            key: [{**one.model_dump(exclude={"done"}), "done": _step_json(one.done, without)} for one in held]
            for key, held in record.earlier.items()
        }
    return dump_json(_sorted(content))


def _as_json(steps: Mapping[str, StepRecord], without: Collection[str]) -> dict[str, object]:
    return {name: _step_json(step, without) for name, step in steps.items()}


def _step_json(step: StepRecord, without: Collection[str]) -> dict[str, object]:
    return {k: v for k, v in step.model_dump(mode="json", exclude={*without}).items() if v not in ({}, [], None)}


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value
