"""The contract stage: a MIDI file to its breaches, and to what a program will make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from composer.contract.programs import KEPT, Effect, Profile, effects_on, load_program
from composer.contract.rules import ADVICE, VIOLATION, Breach, breaches_of
from composer.contract.subject import Hit, Subject
from composer.formats.midi.source import read_source

FORMAT = "composer.check/1"


@dataclass(frozen=True, slots=True)
class Checked:
    """What ``composer check`` shows of one file; ``profile`` is None where no program was named."""

    file: Subject
    breaches: tuple[Breach, ...]
    profile: Profile | None
    effects: tuple[Effect, ...]

    @property
    def violations(self) -> tuple[Breach, ...]:
        return tuple(b for b in self.breaches if b.rule.severity == VIOLATION)

    @property
    def advice(self) -> tuple[Breach, ...]:
        return tuple(b for b in self.breaches if b.rule.severity == ADVICE)

    @property
    def is_clean(self) -> bool:
        return not self.violations

    def breach_rows(self) -> list[tuple[str, str, str, str, str]]:
        """Severity, rule, track, first place and message of each breach."""
        return [
            (b.rule.severity, b.rule.name, self._track(b.track), self._where(b.hits[0]), _counted(b.hits))
            for b in self.breaches
        ]

    def effect_rows(self, with_kept: bool) -> list[tuple[str, str, str]]:
        """Effect, feature and statement, with a mark where it is not verified."""
        return [
            (e.fact.effect, _times(e), e.fact.says if e.fact.is_verified else f"{e.fact.says} (unverified)")
            for e in self.effects
            if with_kept or e.fact.effect != KEPT
        ]

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values, with every place and every source."""
        return {
            "format": FORMAT,
            "name": self.file.source.name,
            "clean": self.is_clean,
            "violations": [self._breach(b) for b in self.violations],
            "advice": [self._breach(b) for b in self.advice],
            "program": self.profile.name if self.profile else None,
            "effects": [self._effect(e) for e in self.effects],
        }

    def _breach(self, breach: Breach) -> dict[str, Any]:
        return {
            "rule": breach.rule.name,
            "wanted": breach.rule.wanted,
            "track": None if breach.track is None else self.file.label(breach.track),
            "track_number": None if breach.track is None else breach.track + 1,
            "message": breach.hits[0].message,
            "count": len(breach.hits),
            "places": [self._place(hit) for hit in breach.hits if hit.tick is not None],
        }

    def _effect(self, effect: Effect) -> dict[str, Any]:
        fact = effect.fact
        return {
            "feature": fact.feature,
            "effect": fact.effect,
            "says": fact.says,
            "verified": fact.is_verified,
            "source": fact.source or None,
            "count": effect.count,
            "first": None if effect.first.tick is None else self._place(effect.first),
        }

    def _place(self, hit: Hit) -> dict[str, Any]:
        place = self.file.place(hit.tick or 0)
        return {"tick": hit.tick, "bar": place.bar, "beat": place.beat_text, "message": hit.message}

    def _track(self, track: int | None) -> str:
        return "(file)" if track is None else self.file.label(track)

    def _where(self, hit: Hit) -> str:
        return "" if hit.tick is None else str(self.file.place(hit.tick)).replace("beat 1", "").rstrip(", ")


def checked(data: bytes, name: str, program: str | None = None) -> Checked:
    """How far ``data`` keeps the contract, and what ``program`` does with it.

    Raises BadInput or OverLimit for a file that the MIDI reader refuses, UsageProblem for an unknown program.
    """
    profile = load_program(program) if program else None
    file = Subject(read_source(data, name))
    return Checked(file, breaches_of(file), profile, effects_on(file, profile) if profile else ())


def _counted(hits: tuple[Hit, ...]) -> str:
    more = len(hits) - 1
    return f"{hits[0].message} (and {more} more)" if more else hits[0].message


def _times(effect: Effect) -> str:
    return f"{effect.fact.feature} ({effect.count})" if effect.count > 1 else effect.fact.feature
