"""What a person asks of a piece: what they typed now holds, the rest is as the record of the output has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from composer.formats.record import StepRecord

# The fields of ``BriefOptions``, which is not asked itself: it is loaded with what looks at pictures.
BRIEF_FLAGS = {
    "preset": "--preset", "scheme": "--scheme", "seed": "--seed", "duration_s": "--duration",
    "ensemble": "--ensemble", "style": "--style", "bars": "--bars", "form": "--form",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person typed; None, or not in ``brief`` (the fields of ``BriefOptions``), for what they did not."""

    picture: Path | None = None
    brief: Mapping[str, object] = field(default_factory=dict)
    card: bool | None = None
    seed: int | None = None
    model: str | None = None
    strength: float | None = None
    soundfont: Path | None = None
    stems: bool | None = None
    force: bool = False
    goes_on: bool = False  # without a brief that cannot be read, in what can do without one


def brief_options(done: StepRecord | None, typed: Mapping[str, object]) -> dict[str, Any]:
    """What is typed, then what is recorded, of the fields of ``BriefOptions``; bars and seconds displace each other."""
    length = {"bars", "duration_s"}
    gone = length if length & {*typed} else set()
    before = {name: value for name, value in (done.options if done is not None else {}).items() if name not in gone}
    displaced: dict[str, Any] = dict.fromkeys(gone)
    return {name: value for name, value in {**before, **displaced, **typed}.items() if name in BRIEF_FLAGS}


def brief_words(options: Mapping[str, object]) -> list[str]:
    """``--preset nikitin --bars 8``: the options as they are typed."""
    chosen = [(flag, options.get(name)) for name, flag in BRIEF_FLAGS.items()]
    return [word for flag, value in chosen if value is not None for word in (flag, _typed(value))]


def _typed(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
