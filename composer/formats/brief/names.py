"""The names in a brief that stand for something else: templates, and earlier phrases. Read from its plain JSON, so that
these mistakes are told together with all others.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from composer.errors import command
from composer.formats.templates import in_its_case, template_names

# Words that stand for no template of their own.
WORDS = {"styles": ("none",), "drums": ("auto", "none")}


@dataclass(frozen=True, slots=True)
class NamedPhrase:
    """What a phrase says of others: its own label and that of the phrase it comes from; ``path`` is its place."""

    path: str
    label: str | None
    derive_from: str | None


def phrase_mistakes(phrases: Sequence[NamedPhrase]) -> Iterator[str]:
    """A line for each phrase, in playing order, that comes from none before it or takes a label that is taken."""
    labels: list[str] = []
    for phrase in phrases:
        if phrase.derive_from is not None and phrase.derive_from not in labels:
            near = difflib.get_close_matches(phrase.derive_from, labels, n=1, cutoff=0.4)
            advice = f'did you mean "{near[0]}"?' if near else "give an earlier phrase that label"
            yield f'{phrase.path}.derive_from: no earlier phrase is "{phrase.derive_from}"; {advice}'
        if phrase.label in labels:
            yield f'{phrase.path}.label: "{phrase.label}" is there twice; give each phrase its own'
        if phrase.label is not None:
            labels.append(phrase.label)


def name_mistakes(content: Mapping[str, Any]) -> list[str]:
    """A line for each wrong name in the JSON of a brief, whatever else is wrong with it."""
    return [*phrase_mistakes(list(_phrases(content))), *template_mistakes(content)]


def in_known_case(content: Mapping[str, Any]) -> dict[str, Any]:
    """``content`` with each name of a style, ensemble or colour scheme in the case in which it is known."""
    changed = {**content}
    for field, kind in (("scheme", "schemes"), ("ensemble", "ensembles")):
        changed |= _known(content, field, kind)
    for part, kind in (("accompaniment", "styles"), ("drums", "drums")):
        if isinstance(content.get(part), dict):
            changed[part] = {**content[part], **_known(content[part], "style", kind)}
    if isinstance(form := content.get("form"), list):
        changed["form"] = [{**s, **_known(s, "style", "styles")} if isinstance(s, dict) else s for s in form]
    return changed


def _known(content: Mapping[str, Any], field: str, kind: str) -> dict[str, str]:
    name = content.get(field)
    return {field: in_its_case(name, _names(kind))} if isinstance(name, str) else {}


def _names(kind: str) -> list[str]:
    return [*template_names("styles" if kind == "drums" else kind), *WORDS.get(kind, ())]


def template_mistakes(content: Mapping[str, Any]) -> list[str]:
    """A line for each style, ensemble or colour scheme that is not there."""
    named = [
        ("scheme", "schemes", content.get("scheme")),
        ("ensemble", "ensembles", content.get("ensemble")),
        ("accompaniment.style", "styles", _object(content.get("accompaniment")).get("style")),
        ("drums.style", "drums", _object(content.get("drums")).get("style")),
    ]
    named += [(f"form[{i}].style", "styles", section.get("style")) for i, section in enumerate(_form(content))]
    return [line for path, kind, name in named if isinstance(name, str) and (line := _unknown(path, kind, name))]


def _unknown(path: str, kind: str, name: str) -> str:
    folder = "styles" if kind == "drums" else kind
    names = _names(kind)
    if name in names:
        return ""
    what = {"schemes": "a colour scheme", "ensembles": "an ensemble"}.get(folder, "a style")
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    advice = f'did you mean "{near[0]}"?' if near else f"`{command('templates', folder)}` lists them"
    return f"{path}: {json.dumps(name, ensure_ascii=False)} is not {what}; {advice}"


def _phrases(content: Mapping[str, Any]) -> Iterator[NamedPhrase]:
    for section, plan in enumerate(_form(content)):
        phrases = plan.get("phrases")
        for place, phrase in enumerate(phrases if isinstance(phrases, list) else ()):
            label, source = (_object(phrase).get(field) for field in ("label", "derive_from"))
            yield NamedPhrase(
                f"form[{section}].phrases[{place}]",
                label if isinstance(label, str) else None,
                source if isinstance(source, str) else None,
            )


def _form(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    form = content.get("form")
    return [_object(section) for section in form] if isinstance(form, list) else []


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
