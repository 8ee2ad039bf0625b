"""A report that a person edited, read strictly: what they accept and refuse, and every mistake by name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from composer.cleanup.proposals import Ids, Move, Proposal, ids_of
from composer.cleanup.report import FORMAT, Change, MadeFrom, options_sha256
from composer.cleanup.score import Tone
from composer.cleanup.setting import Setting
from composer.errors import BadInput
from composer.formats.strict_json import parse_json
from composer.limits import REPORT_BYTES
from composer.music.pitch import midi_of

AGAIN = "move it away and run `composer cleanup` again"
MISTAKES_SHOWN = 20
SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Choices:
    """What stands in the report ``name``: the changes in its order, and what it was made from."""

    name: str
    changes: tuple[Change, ...]
    made_from: MadeFrom

    @property
    def by_id(self) -> dict[str, bool]:
        """The changes on which a person decided otherwise than cleanup does."""
        return {change.id: change.accept for change in self.changes if change.is_choice}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Entry(_Strict):
    """A change as it stands in the file."""

    id: str
    accept: bool
    bar: int
    beat: float
    part: str
    track: str
    before: str = Field(alias="from")
    after: str = Field(alias="to")
    rules: list[str]
    why: str
    suggestion: bool
    applied: bool
    group: int
    cost_before: float
    cost_after: float

    def change(self) -> Change:
        return Change(**{**self.model_dump(), "rules": tuple(self.rules)})


class _MadeFrom(_Strict):
    file: str
    sha256: str
    writes: str
    report: str
    options: dict[str, Any]
    options_sha256: str
    read_sha256: str
    proposed: int


def read_choices(data: bytes, name: str) -> Choices:
    """The report ``data``; raises BadInput with a line for each mistake, and OverLimit."""
    content = parse_json(data, name, REPORT_BYTES)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BadInput(name, "is no report of a cleanup", "name NAME.cleanup.json")
    try:
        made_from = MadeFrom(**_MadeFrom.model_validate(content.get("made_from")).model_dump())
    except ValidationError:
        raise BadInput(name, "does not say what it was made from", AGAIN) from None
    if options_sha256(made_from.options) != made_from.options_sha256:
        raise BadInput(name, "its options were edited, and its changes were found with others", AGAIN)
    listed = content.get("changes")
    if not isinstance(listed, list):
        raise BadInput(name, "has no list of changes", AGAIN)
    try:
        entries = TypeAdapter(list[_Entry]).validate_python(listed)
    except ValidationError as error:
        raise _refused(name, list(_mistakes(error, listed))) from None
    changes = tuple(entry.change() for entry in entries)
    lines = [f"the change {one!r} is listed {n} times" for one, n in Counter(c.id for c in changes).items() if n > 1]
    if not lines and len(changes) < made_from.proposed:
        lines = [f"lists {len(changes)} of {made_from.proposed} changes; to refuse one, set its accept to false"]
    if lines:
        raise _refused(name, lines)
    return Choices(name, changes, made_from)


def proposal_of(setting: Setting, choices: Choices) -> Proposal:
    """The changes of a report laid over the file that it was made from; raises BadInput for one that is not there."""
    ids, tones = ids_of(setting), dict[int, list[Tone]]()
    for tone in setting.score.tones:
        tones.setdefault(tone.pitch, []).append(tone)
    moves, unknown = dict[str, Move](), []
    for number, change in enumerate(choices.changes):
        move = _move(change, tones, ids)
        if move is None:
            what = f"{_place(number, change.bar, change.part)}: no change {change.id[:SHOWN_CHARS]!r} is known"
            unknown.append(f"{what} ({change.before} to {change.after}); edit nothing but accept")
        else:
            moves[change.id] = move
    if unknown:
        raise _refused(choices.name, unknown)
    return Proposal(setting, choices.changes, moves)


def _move(change: Change, tones: Mapping[int, Sequence[Tone]], ids: Ids) -> Move | None:
    try:
        before, after = midi_of(change.before), midi_of(change.after)
    except ValueError:
        return None
    found = (t for t in tones.get(before, ()) if ids.of(t.place, after) == change.id)
    return next((Move(tone.place, after) for tone in found), None)


def _refused(name: str, lines: Sequence[str]) -> BadInput:
    more = [f"{len(lines) - MISTAKES_SHOWN} more mistakes"] if len(lines) > MISTAKES_SHOWN else []
    return BadInput(name, lines[0], "correct it", (*lines[:MISTAKES_SHOWN], *more))


def _mistakes(error: ValidationError, listed: Sequence[object]) -> Iterator[str]:
    """A line for each field that is not as it should be, with the change that it stands in."""
    for one in error.errors(include_url=False, include_context=False):
        number, *path = one["loc"]
        entry = listed[int(number)]
        about = entry if isinstance(entry, dict) else {}
        where = _place(int(number), about.get("bar"), about.get("part"))
        field = ".".join(str(step) for step in path)
        if one["type"] == "missing":
            yield f"{where}: {field} is missing"
        elif one["type"] == "extra_forbidden":
            yield f"{where}: {field} is no field of a change"
        elif field == "accept":
            yield f"{where}: accept is {_shown(one['input'])}; write true or false"
        else:
            yield f"{where}: {field or 'the change'} is {_shown(one['input'])}, which no cleanup wrote"


def _place(number: int, bar: object, part: object) -> str:
    return f"changes[{number}]" + (f" in bar {bar}, {part}" if isinstance(bar, int) and isinstance(part, str) else "")


def _shown(value: object) -> str:
    """The value as it stands in the file, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
