"""The record of a piece, ``NAME.composer.json``: for each step what it read, wrote, and with which settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from composer.errors import ComposerError
from composer.formats.files import read_bytes
from composer.formats.strict_json import dump_json, parse_json
from composer.limits import JSON_BYTES


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StepRecord(_Strict):
    """``inputs`` and ``outputs`` map file names (relative to the record) to SHA-256; ``bars`` see ``midi_hashes``."""

    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    options: dict[str, Any] = {}
    seed: int | None = None
    versions: dict[str, str] = {}
    bars: dict[str, dict[str, str]] = {}


class Record(_Strict):
    """All steps by name; no times of day, so that the same work gives the same bytes."""

    format: Literal["composer.record/1"] = "composer.record/1"
    steps: Mapping[str, StepRecord] = {}

    def step(self, name: str) -> StepRecord | None:
        return self.steps.get(name)

    def with_step(self, name: str, step: StepRecord, still_there: Collection[str] = ()) -> Record:
        """A copy in which ``step`` is the last word on its outputs: earlier steps no longer claim them.

        Outputs of an earlier run of the same step that are among ``still_there`` stay known, with the inputs that
        they were made from, as ``"NAME 1"``, ``"NAME 2"`` ...
        """
        others = {
            other: done.model_copy(update={"outputs": {k: h for k, h in done.outputs.items() if k not in step.outputs}})
            for other, done in self.steps.items()
            if other != name
        }
        others = {other: done for other, done in others.items() if " " not in other or {*done.outputs} & {*still_there}}
        before = self.steps.get(name, step)
        left = {k: h for k, h in before.outputs.items() if k not in step.outputs and k in still_there}
        if left:
            number = next(n for n in range(1, len(others) + 2) if f"{name} {n}" not in others)
            bars = {k: hashes for k, hashes in before.bars.items() if k in left}
            others[f"{name} {number}"] = before.model_copy(update={"outputs": left, "bars": bars})
        return Record(steps={**others, name: step})


def read_record(path: Path) -> Record:
    """The record in ``path``; an empty one when it is missing or damaged: it never costs a file."""
    try:
        return Record.model_validate(parse_json(read_bytes(path, JSON_BYTES, "record"), path.name))
    except (ComposerError, ValidationError):
        return Record()


def record_bytes(record: Record) -> bytes:
    """The record as JSON with sorted keys, without empty fields."""
    steps = {
        name: {k: v for k, v in step.model_dump(mode="json").items() if v not in ({}, None)}
        for name, step in record.steps.items()
    }
    return dump_json(_sorted({"format": record.format, "steps": steps}))


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value
