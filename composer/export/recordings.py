"""The rendered stems of a piece, as a session places them: one recording for each track, from bar 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from composer.errors import BadInput
from composer.export.session import Session

KINDS = (".wav", ".flac", ".ogg")


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound file on the disk, with the name and the colour of the track that it sounds."""

    path: Path
    name: str
    colour: str
    channels: int
    sample_rate_hz: int
    frames: int

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate_hz


def recordings_in(folder: Path, session: Session) -> tuple[Recording, ...]:
    """The stems in ``folder`` in the order of their numbers; none if there is no such folder.

    Raises BadInput for a file that ends like a sound and is none.
    """
    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in KINDS and not p.name.startswith("."))
    matched = len(paths) == len(session.tracks)
    found = []
    for number, path in enumerate(paths):
        track = session.tracks[number % len(session.tracks)] if session.tracks else None
        name = track.name if track and matched else re.sub(r"^\d+_", "", path.stem)
        found.append(_recording(path, name, track.colour if track else "#7d7f86"))
    return tuple(found)


def _recording(path: Path, name: str, colour: str) -> Recording:
    import soundfile

    try:
        facts = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError):
        raise BadInput(path, "is no sound file", "render the stems again, or use --no-audio") from None
    return Recording(path, name, colour, facts.channels, facts.samplerate, facts.frames)
