"""What programs do with a MIDI file: one TOML file each, every statement with its source or marked as unverified."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from composer.contract.features import FEATURES
from composer.contract.subject import Hit, Subject
from composer.errors import Bug, UsageProblem, printable

KEPT, DROPPED, CHANGED, ASKED, RETURNED = "kept", "dropped", "changed", "asked", "returned"
EFFECTS = {
    KEPT: "it arrives as it is",
    DROPPED: "it is lost",
    CHANGED: "it arrives as something else",
    ASKED: "a question or a setting decides",
    RETURNED: "what the program's own MIDI export gives back",
}
_COMMON_WORDS = {"pro", "studio"}  # other programs are called so too
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


def load_program(called: str) -> Profile:
    """The profile of the program that a person calls so: "live", "Ableton Live 12", "FL Studio", "cubase13".

    Raises UsageProblem where no profile is called so, or several are.
    """
    profiles = [_profile(name) for name in program_names()]
    found = [profile for profile in profiles if _is_called(profile, called)]
    if len(found) != 1:
        names = ", ".join(profile.name for profile in found or profiles)
        what = f"{printable(called)!r} is several programs" if found else f"knows no program {printable(called)!r}"
        raise UsageProblem("--for", what, f"use one of {names}")
    return found[0]


def _is_called(profile: Profile, called: str) -> bool:
    """Whether a person means that program: by its short name or a word of its full one, with whatever version."""
    said, title = _words(called), _words(profile.title)
    own = {profile.name, *title} - _COMMON_WORDS
    return not own.isdisjoint(said) or "".join(said).startswith("".join(title))


def _words(text: str) -> list[str]:
    return re.findall("[a-z]+", text.casefold())


@cache
def _profile(name: str) -> Profile:
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
