"""Briefs as files: reading with every mistake named in a musician's words, and writing in the short form."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from composer.errors import BadInput
from composer.formats.brief.brief import FORMAT, SCHEMA_NAME, Brief
from composer.formats.brief.names import in_known_case, name_mistakes, template_mistakes
from composer.formats.strict_json import dump_json, parse_json

MISTAKES_SHOWN = 10
LONG_LIST = 80  # characters of alternatives beyond which only the nearest is named
_EXAMPLES = {
    "key": '"key": {"tonic": "C", "mode": "major"}',
    "tempo_bpm": '"tempo_bpm": 96',
    "meter": '"meter": "4/4"',
    "form": '"form": [{"name": "A", "bars": 8}]',
    "bars": '"bars": 8',
    "name": '"name": "A"',
}
_TYPES = {
    "string_type": 'a text in quotes, such as "C"',
    "int_type": "a whole number without quotes",
    "float_type": "a number without quotes",
    "bool_type": "true or false",
    "list_type": "a list in [ ]",
    "dict_type": "an object in { }",
    "model_type": "an object in { }",
}


def read_brief(data: bytes, name: str, *, to_compose: bool = False) -> Brief:
    """The brief in ``data``; raises BadInput with one line for each mistake, ten at most.

    What only composing needs, the styles and ensembles that it names, must be there with ``to_compose``.
    """
    content = parse_json(data, name)
    if not isinstance(content, dict):
        raise BadInput(name, "is not a brief", "a brief is one JSON object in { }")
    _check_version(content.get("format"), name)
    try:
        content = in_known_case(content)
        brief = Brief.model_validate(content)
        problems = template_mistakes(content) if to_compose else []
        if not problems:
            return brief
    except ValidationError as error:
        found = [_problem(e) for e in error.errors(include_url=False)]
        problems = list(dict.fromkeys([*found, *name_mistakes(content)]))
    if len(problems) > MISTAKES_SHOWN:
        rest = len(problems) - MISTAKES_SHOWN + 1
        problems = [*problems[: MISTAKES_SHOWN - 1], f"and {rest} more mistakes"]
    raise BadInput(name, problems[0], details=tuple(problems))


def brief_bytes(brief: Brief) -> bytes:
    """``brief`` as JSON that a person edits: the schema's name and the format first, nothing that is empty."""
    content = brief.model_dump(mode="json", by_alias=True, exclude_none=True)
    if brief.ensemble is not None:
        # What the brief leaves to its ensemble must not come back as a wish for the instrument that is usual.
        for part in ("melody", "accompaniment"):
            plan = getattr(brief, part)
            content[part] = plan.model_dump(mode="json", exclude_unset=True) if part in brief.model_fields_set else {}
    content = {key: value for key, value in content.items() if value not in ([], {})}
    return dump_json({"$schema": SCHEMA_NAME, **content})


def _check_version(stated: object, name: str) -> None:
    match = re.fullmatch(r"composer\.brief/(\d{1,6})", stated) if isinstance(stated, str) else None
    if match and int(match[1]) > int(FORMAT.rpartition("/")[2]):
        raise BadInput(name, f"format {stated} needs a newer composer", f"update composer, or write {FORMAT}")


def _problem(error: ErrorDetails) -> str:
    """One mistake: where it stands, what was found, what to write instead."""
    location, kind = error["loc"], error["type"]
    last = str(location[-1]) if location else ""
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(last, _field_names(location[:-1]), n=1, cutoff=0.5)
        advice = f'did you mean "{near[0]}"?' if near else "take it out"
        return _at(location[:-1], f'unknown field "{last}"; {advice}')
    if kind == "missing":
        example = _EXAMPLES.get(last)
        return _at(location[:-1], f'"{last}" is missing; ' + (f"write {example}" if example else "add it"))
    return _at(location, _reason(error))


def _reason(error: ErrorDetails) -> str:
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    shown = _shown(found)
    if kind in _TYPES:
        return f"{shown} is not {_TYPES[kind]}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        near = difflib.get_close_matches(str(found), re.findall(r"'([^']*)'", context["expected"]), n=1, cutoff=0.5)
        guess = f'; did you mean "{near[0]}"?' if near and len(context["expected"]) > LONG_LIST else ""
        return f"{shown} is not one of {context['expected']}" if not guess else f"{shown} is not known{guess}"
    if kind == "multiple_of":
        return f"{shown} is not a multiple of {context['multiple_of']:g}"
    for name, word in (("ge", "under"), ("gt", "not over"), ("le", "over"), ("lt", "not under")):
        if name in context:
            return f"{shown} is {word} {context[name]:g}; the limit is {context[name]:g}"
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters; shorten it"
    if kind == "too_long":
        return f"has {context['actual_length']} entries; {context['max_length']} are the limit"
    if kind in ("too_short", "string_too_short"):
        return "is empty; write one at least"
    if kind == "string_pattern_mismatch":
        return f"{shown} is not a colour such as #1e90ff"
    return error["msg"][:1].lower() + error["msg"][1:]


def _shown(value: object) -> str:
    """``value`` as it stands in JSON, 40 characters at most."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"


def _at(location: tuple[int | str, ...], text: str) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return f"{path}: {text}" if path else text


def _field_names(location: Iterable[int | str]) -> list[str]:
    """The names that may stand in the object at ``location`` of a brief."""
    model: type[BaseModel] | None = Brief
    for part in location:
        if model is not None and isinstance(part, str):
            fields = [f for name, f in model.model_fields.items() if part in (name, f.alias)]
            model = _model_in(fields[0].annotation) if fields else model
    return [f.alias or name for name, f in model.model_fields.items()] if model is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model named in an annotation such as ``list[SectionPlan] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)
