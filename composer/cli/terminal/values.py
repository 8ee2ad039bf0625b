"""Values as people type them: lengths of time, numbers that decide the draws, names in any case."""

from __future__ import annotations

import re

from composer.errors import UsageProblem
from composer.limits import SEED_MAX

_CLOCK = re.compile(r"(\d{1,4}):([0-5]?\d(?:[.,]\d+)?)")
_LENGTH = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)\s*([a-z]*)")
_SECONDS = dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0) | dict.fromkeys(
    ("m", "min", "mins", "minute", "minutes"), 60.0
)


def seconds_in(text: str) -> float:
    """Seconds in ``"30"``, ``"30s"``, ``"0:30"`` or ``"1.5 min"``; raises UsageProblem."""
    word = text.strip().lower()
    if clock := _CLOCK.fullmatch(word):
        return 60.0 * int(clock[1]) + _number(clock[2])
    length = _LENGTH.fullmatch(word)
    if length is None or length[2] not in _SECONDS:
        raise UsageProblem("--duration", f"{text[:20]!r} is no length of time", "write 30, 30s or 0:30")
    return _number(length[1]) * _SECONDS[length[2]]


def seed_in(text: str) -> int:
    """The seed in ``text``; raises UsageProblem for anything but a whole number within the limits."""
    word = text.strip()
    if re.fullmatch(r"\d{1,16}", word) and int(word) <= SEED_MAX:
        return int(word)
    if re.fullmatch(r"[-+]?\d+", word):
        raise UsageProblem("--seed", f"{word[:20]} is outside 0 to {SEED_MAX}", "choose one in between")
    raise UsageProblem("--seed", f"{text[:20]!r} is no whole number", f"choose one from 0 to {SEED_MAX}")


def preset_in(text: str) -> str:
    """The name of a preset in its own case."""
    return text.strip().lower()


def scheme_in(text: str) -> str:
    """The name of a colour scheme in its own case."""
    return _template("schemes", text)


def ensemble_in(text: str) -> str:
    """The name of an ensemble in its own case."""
    return _template("ensembles", text)


def style_in(text: str) -> str:
    """The name of a style in its own case."""
    return _template("styles", text, "none")


def form_in(text: str) -> str:
    """The name of a form in its own case."""
    return _template("forms", text)


def _template(kind: str, text: str, *words: str) -> str:
    from composer.formats.templates import in_its_case, template_names

    return in_its_case(text.strip(), [*template_names(kind), *words])


def _number(text: str) -> float:
    return float(text.replace(",", "."))
