"""What programs do with a MIDI file: one TOML file each, every statement with its source or marked as unverified."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from composer.contract.features import FEATURES
from composer.contract.subject import Hit, Subject
from composer.errors import Bug, UsageProblem

KEPT, DROPPED, CHANGED, ASKED, RETURNED = "kept", "dropped", "changed", "asked", "returned"
EFFECTS = {
    KEPT: "it arrives as it is",
    DROPPED: "it is lost",
    CHANGED: "it arrives as something else",
    ASKED: "a question or a setting decides",
    RETURNED: "what the program's own MIDI export gives back",
}
_FOLDER = Path(__file__).parent / "programs"


@dataclass(frozen=True, slots=True)
class Fact:
    """What a program does with a feature; ``source`` says where that stands, ``""`` where it is not verified."""

    feature: str
    effect: str
    says: str
    source: str

    @property
    def is_verified(self) -> bool:
        return bool(self.source)


@dataclass(frozen=True, slots=True)
class Profile:
    """One program: its short name for ``--for``, its full name, and the facts in the order of its file."""

    name: str
    title: str
    about: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """A fact that concerns a file: how often it has the feature, and where first."""

    fact: Fact
    count: int
    first: Hit


def program_names() -> list[str]:
    """The names that ``--for`` takes, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


@cache
def load_program(name: str) -> Profile:
    """The profile ``name``; raises UsageProblem when there is none."""
    names = program_names()
    if name not in names:
        raise UsageProblem("--for", f"knows no program {name!r}", f"use one of {', '.join(names)}")
    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
    return Profile(name, data["title"], data["about"], tuple(_fact(entry, name) for entry in data["fact"]))


def effects_on(file: Subject, profile: Profile) -> tuple[Effect, ...]:
    """What the program does with what ``file`` has."""
    found = []
    for fact in profile.facts:
        hits = list(FEATURES[fact.feature].find(file))
        if hits:
            found.append(Effect(fact, len(hits), hits[0]))
    return tuple(found)


def _fact(entry: dict[str, Any], name: str) -> Fact:
    fact = Fact(entry["feature"], entry["effect"], entry["says"], entry.get("source", ""))
    if (
        fact.feature not in FEATURES
        or fact.effect not in EFFECTS
        or set(entry) - {"feature", "effect", "says", "source"}
    ):
        raise Bug(f"{name}.toml", f"a fact that is none: {entry}", "report this")
    return fact
