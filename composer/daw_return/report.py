"""What was rebuilt in a returned file, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from composer.compare.summary import count_text

FORMAT = "composer.import/1"
RESOLUTION = "resolution"
# What is told of a file in which nothing had to be put back.
AS_IT_CAME = frozenset({"bars", "removed", "gone", "new", "gone controllers"})


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One thing that was put back: ``what`` it is, the file that knew it (``""``: nothing but the rules of MIDI), and
    in words what was done.

    ``is_loss`` where the file had lost what composer had written there; a new track that was set up is no loss, nor is
    a note that had no end."""

    what: str
    origin: str
    text: str
    is_loss: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """``found`` of ``notes`` notes were in ``origin`` before; ``added``, ``removed`` and ``changed`` count a person's
    edits. ``stated`` says where the file differs from the piece and was believed, ``remaining`` which rules for MIDI
    files it still breaks and the piece keeps."""

    file: str
    origin: str
    notes: int
    found: int
    added: int
    removed: int
    changed: int
    tracks: tuple[tuple[str, str], ...]
    rebuilt: tuple[Rebuilt, ...]
    stated: tuple[str, ...]
    remaining: tuple[str, ...]

    @property
    def summary(self) -> str:
        """How many notes are new, gone and changed, in one line."""
        counts = {"added": self.added, "removed": self.removed, "changed": self.changed}
        told = [f"{count_text(number, 'note')} {what}" for what, number in counts.items() if number]
        return ", ".join(told) or "no note changed"

    @property
    def has_loss(self) -> bool:
        """Whether the file had lost anything that composer had written."""
        return any(one.is_loss for one in self.rebuilt)

    @property
    def is_rescaled_only(self) -> bool:
        """Whether another resolution is all that set the file apart from what composer had written."""
        return [one.what for one in self.rebuilt if one.is_loss] == [RESOLUTION]

    def has(self, what: str) -> bool:
        """Whether that was put back."""
        return any(one.what == what for one in self.rebuilt)

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "file": self.file,
            "from": self.origin,
            "notes": self.notes,
            "notes_found": self.found,
            "edits": {"added": self.added, "removed": self.removed, "changed": self.changed},
            "tracks": [{"name": name, "matched_by": how or None} for name, how in self.tracks],
            "rebuilt": [{"what": r.what, "from": r.origin or None, "text": r.text} for r in self.rebuilt],
            "stated": list(self.stated),
            "remaining": list(self.remaining),
        }

    def lines(self) -> list[str]:
        """For a person: a line for each thing."""
        told = [f"{r.text}{f' (from {r.origin})' if r.origin else ''}" for r in self.rebuilt]
        return [*told, *(f"as in the file: {text}" for text in self.stated), *(f"still: {t}" for t in self.remaining)]
