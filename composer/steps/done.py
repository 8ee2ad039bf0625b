"""What a step that ran tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """A step that ran: the files it wrote, main one first, what to tell the person, and figures for ``--json``."""

    step: str
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"step": self.step, "files": [str(f) for f in self.files], "notes": list(self.notes), **self.facts}
