"""JSON without surprises: no duplicate keys, no NaN, no endless nesting or numbers; errors with line and column."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from composer.errors import BadInput, OverLimit
from composer.limits import JSON_BYTES, JSON_DEPTH, MEGABYTE

INT_DIGITS = 18  # more cannot be exact in every program that reads the file
# An unterminated string runs to the end, so that each character is looked at once.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NUMBER_LIST = re.compile(r"\[\n\s*([-+.\deE]+(?:,\n\s*[-+.\deE]+)*)\n\s*\]")

_BLANKS = " \t\r\n"
_OTHER_QUOTES = tuple("\u201c\u201d\u201e\u201f\u2018\u2019\u00ab\u00bb'")
_STRAIGHT = 'write straight double quotes: "'
_UNCLOSED = re.compile(r"[\u201c\u201d\u201e\u201f]\s*(?=[:,}\]]|$)")
_TRAILING = re.compile(r"\s*(,)\s*([}\]])")


class _Fault(Exception):
    """What the decoder's hooks found; becomes a BadInput with the file's name."""


def parse_json(data: bytes, name: str, limit_bytes: int = JSON_BYTES) -> object:
    """The value in ``data`` (UTF-8, a byte order mark is allowed); raises BadInput or OverLimit for file ``name``."""
    if len(data) > limit_bytes:
        raise OverLimit(name, f"is over {limit_bytes / MEGABYTE:g} MB, the limit for a JSON file", "shorten it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(name, f"line {line}: a character that is not UTF-8", "save the file as UTF-8") from None
    _check_depth(text, name)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_int, parse_float=_float)
    except json.JSONDecodeError as error:
        raise _located(text, error, name) from None
    except (_Fault, RecursionError) as error:
        raise BadInput(name, str(error), "correct the JSON") from None


def _located(text: str, error: json.JSONDecodeError, name: str) -> BadInput:
    """The failure in the words of somebody who writes by hand, where the mistake is one that editors of prose make."""
    start = text.rfind("\n", 0, error.pos) + 1
    if text[error.pos : error.pos + 1] in _OTHER_QUOTES:
        at, reason, hint = error.pos, f"the quote {text[error.pos]} is none in JSON", _STRAIGHT
    elif unclosed := _UNCLOSED.search(text[start : error.pos]):  # a straight quote that such a one should close
        at, reason, hint = start + unclosed.start(), f"the quote {unclosed[0][0]} is none in JSON", _STRAIGHT
    elif trailing := _TRAILING.match(text, len(text[: error.pos].rstrip(_BLANKS + ","))):
        at, reason, hint = trailing.start(1), f"a comma before {trailing[2]}", "take the comma away"
    else:
        at, reason, hint = error.pos, error.msg[:1].lower() + error.msg[1:], "correct the JSON there"
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return BadInput(name, f"line {line} column {column}: {reason}", hint)


def dump_json(value: object) -> bytes:
    """``value`` as UTF-8 JSON, two spaces a level, lists of numbers on one line, a newline at the end."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    # A raw line break never stands inside a JSON string, so only real lists match.
    text = _NUMBER_LIST.sub(lambda found: "[" + re.sub(r",\n\s*", ", ", found[1]) + "]", text)
    return (text + "\n").encode("utf-8", "backslashreplace")


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", _STRING.sub('""', text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > JSON_DEPTH:
            raise OverLimit(name, f"is nested more than {JSON_DEPTH} levels deep, the limit", "flatten it")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Fault(f'the field "{key[:40]}" is there twice in one object')
        found[key] = value
    return found


def _constant(text: str) -> float:
    raise _Fault(f"{text} is no number in JSON")


def _int(text: str) -> int:
    if len(text.lstrip("-")) > INT_DIGITS:
        raise _Fault(f"a number of {len(text)} digits; {INT_DIGITS} are the limit")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Fault(f"the number {text[:20]} is too large")
    return value
