"""Forms: which sections there are, how they are ordered, and how one letter differs from another.

``templates/forms/*.toml`` hold the named ones. A form adds to the levels of the piece: its numbers are offsets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from composer.errors import BadInput
from composer.formats.brief.form import Cadence, PhrasePlan, SectionPlan
from composer.formats.templates import Template, load_template, template_names

KIND = "forms"
PERIOD, SENTENCE = "period", "sentence"
Shape = Literal["period", "sentence"]
# Levels nearer than this are heard as equal; a register of 1 is seven semitones.
NEAR = {"register": 0.35, "density": 0.12, "energy": 0.08}
SENTENCE_BARS_MAX = 16
_LEVELS = ("register", "density", "energy", "tension")
_RANGE = {"register": (-1.0, 1.0), "density": (0.0, 1.0), "energy": (0.0, 1.0), "tension": (0.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Contrast:
    """What a letter adds to the levels of the first one, and how its eight bars are divided."""

    register: float = 0.0
    density: float = 0.0
    energy: float = 0.0
    tension: float = 0.0
    share: float = 1.0
    cadence: str | None = None
    shape: Shape = "period"


# By the order in which new letters enter; the fourth and later ones take these again.
CONTRASTS = (Contrast(0.58, 0.16, 0.12), Contrast(-0.5, -0.16, -0.08), Contrast(0.45, -0.14, 0.06))


@dataclass(frozen=True, slots=True)
class Form:
    """Letters in playing order and what each of them is like."""

    name: str
    description: str
    letters: tuple[str, ...]
    contrasts: Mapping[str, Contrast]


def letter_of(name: str) -> str:
    """The tune that a section's name stands for: ``A'``, ``A2`` and ``A (again)`` are all A."""
    return re.split(r"['’′\d\s(\-_]", name.strip(), maxsplit=1)[0].casefold() or name


def load_form(name: str) -> Form:
    """The form ``name``; raises BadInput when there is none or when its file has mistakes."""
    template = load_template(KIND, name)
    data = template.data
    letters = tuple(str(data.get("order", "")).split())
    if not letters:
        raise _mistake(template, "order", 'says no order; write order = "A B A"')
    _check_names(template, data, {"description", "order", "sections"}, "")
    written = data.get("sections", {})
    if not isinstance(written, dict) or not set(written) <= set(letters):
        raise _mistake(template, "sections", f"describes sections that the order {' '.join(letters)} does not have")
    contrasts = {letter: _contrast_of(template, letter, written.get(letter, {})) for letter in dict.fromkeys(letters)}
    return Form(template.name, str(data.get("description", "")), letters, contrasts)


def form_of_letters(letters: str) -> Form:
    """The form with these letters: a template's own contrasts where one has this order, else the usual ones."""
    for name in template_names(KIND):
        form = load_form(name)
        if "".join(form.letters) == letters:
            return form
    usual = {
        letter: Contrast() if place == 0 else CONTRASTS[(place - 1) % len(CONTRASTS)]
        for place, letter in enumerate(dict.fromkeys(letters))
    }
    return Form(" ".join(letters), "", tuple(letters), usual)


def contrasted(
    sections: Sequence[SectionPlan], contrasts: Mapping[str, Contrast] | None = None, *, all_free: bool = False
) -> tuple[SectionPlan, ...]:
    """The sections with contrast where another letter lies as high, as dense and as loud as the first one.

    Only fields that a section does not write itself are changed; all of them with ``all_free``. A level that differs
    a little goes on in its own direction. ``contrasts`` holds each letter's offsets, the usual ones if absent.
    """
    letters = list(dict.fromkeys(letter_of(s.name) for s in sections))
    result = []
    for section in sections:
        place = letters.index(letter_of(section.name))
        if not place:
            result.append(section)
            continue
        given = None if contrasts is None else contrasts.get(letter_of(section.name).upper())
        offset = given or CONTRASTS[(place - 1) % len(CONTRASTS)]
        changes: dict[str, object] = {}
        for level in NEAR:
            attribute = "register_" if level == "register" else level
            if attribute in section.model_fields_set and not all_free:
                continue
            home = getattr(sections[0], attribute)
            value = _apart(getattr(section, attribute), home, getattr(offset, level), level)
            if value is not None:
                changes[attribute] = value
        result.append(section.model_copy(update=changes) if changes else section)
    return tuple(result)


def sentence_phrases(bars: int, name: str, cadence: str) -> list[PhrasePlan] | None:
    """A sentence of ``bars`` bars: an idea, the idea again on another degree, and its fragments driving to the close.

    None where the bars do not divide into a quarter, a quarter and a half, or are too many for one breath.
    """
    if not 8 <= bars <= SENTENCE_BARS_MAX or bars % 4:
        return None
    idea = bars // 4
    return [
        PhrasePlan(bars=idea, cadence="HC", label=f"{name}1"),
        PhrasePlan(bars=idea, cadence="IAC", label=f"{name}2", derive_from=f"{name}1", op="sequence"),
        PhrasePlan.model_validate(
            {"bars": 2 * idea, "cadence": cadence, "label": f"{name}3", "derive_from": f"{name}1", "op": "fragment"}
        ),
    ]


def _apart(value: float, home: float, offset: float, level: str) -> float | None:
    """A level far enough from ``home``; None where ``value`` is already."""
    gap = value - home
    if abs(gap) >= NEAR[level] or not offset:
        return None
    low, high = _RANGE[level]
    size = abs(offset)
    direction = (1 if gap > 0 else -1) if abs(gap) > NEAR[level] / 4 else (1 if offset > 0 else -1)
    if not low <= home + direction * size <= high:
        direction = -direction
    return round(min(high, max(low, home + direction * size)), 2)


def _contrast_of(template: Template, letter: str, written: Any) -> Contrast:
    head = f"[sections.{letter}]"
    if not isinstance(written, dict):
        raise _mistake(template, letter, f"{letter} is no table; write {head}")
    _check_names(template, written, {*_LEVELS, "share", "cadence", "shape"}, head)
    for name, value in written.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _LEVELS and not (is_number and -1 <= value <= 1):
            raise _mistake(template, name, f"{name} = {value!r} is not a number from -1 to 1", head)
        if name == "share" and not (is_number and 0 < value <= 8):
            raise _mistake(template, name, f"share = {value!r} is not a number over 0 and up to 8", head)
        if name == "cadence" and value not in (known := get_args(Cadence)):
            raise _mistake(template, name, f"cadence = {value!r} is not one of {', '.join(known)}", head)
        if name == "shape" and value not in (PERIOD, SENTENCE):
            raise _mistake(template, name, f"shape = {value!r} is not one of {PERIOD}, {SENTENCE}", head)
    return Contrast(**written)


def _check_names(template: Template, table: Mapping[str, Any], known: set[str], head: str) -> None:
    for name in table:
        if name not in known:
            raise _mistake(template, name, f'unknown "{name}"; use one of {", ".join(sorted(known))}', head)


def _mistake(template: Template, key: str, text: str, head: str = "") -> BadInput:
    return BadInput(template.path, f"line {template.line_of(key, head)}: {text}")
