"""Who plays: the brief's instruments, filled up by the ensemble that it names."""

from __future__ import annotations

from dataclasses import dataclass

from composer.formats.brief import Brief
from composer.music.instruments import INSTRUMENTS, Instrument

DRUM_KIT = Instrument("drums", 0, 35, 81, "struck", 4)


@dataclass(frozen=True, slots=True)
class Seat:
    """One player: the name of the track, the instrument, CC7 gain and CC10 pan (0..127)."""

    name: str
    instrument: Instrument
    gain: int
    pan: int


@dataclass(frozen=True, slots=True)
class Orchestra:
    """The players of a piece. Several accompaniment seats share the chord's voices, highest first."""

    melody: Seat
    accompaniment: tuple[Seat, ...]
    bass: Seat | None
    drums: Seat | None
    style: str
    drum_style: str | None
    notes: tuple[str, ...] = ()


def orchestra_of(brief: Brief) -> Orchestra:
    """The players that ``brief`` asks for."""
    return Orchestra(
        melody=Seat("Melody", INSTRUMENTS[brief.melody.instrument], 104, 58),
        accompaniment=(Seat("Accompaniment", INSTRUMENTS[brief.accompaniment.instrument], 88, 72),),
        bass=None if brief.bass is None else Seat("Bass", INSTRUMENTS[brief.bass.instrument], 96, 64),
        drums=None if brief.drums is None else Seat("Drums", DRUM_KIT, 92, 64),
        style=brief.accompaniment.style,
        drum_style=None if brief.drums is None or brief.drums.style == "auto" else brief.drums.style,
    )
