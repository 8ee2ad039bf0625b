"""How busy, how high and how loud each section of a song is, in the units of a brief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from composer.compose.accompaniment.expression import LOUDEST, SOFTEST
from composer.compose.form.targets import DENSITY_NPQ, REGISTER_SEMITONES
from composer.compose.song.found import Found
from composer.compose.song.hearing import Song
from composer.compose.song.sections import SongSection
from composer.music.notes import Note
from composer.music.time import TICKS_PER_BEAT

_LEVEL = 0.5  # where nothing is heard of it
_LEAST_SPREAD = 0.25  # of the velocities between soft and loud, which composing keeps without any dynamics
_RANGE_PERCENT = (5, 95)


@dataclass(frozen=True, slots=True)
class Levels:
    """Density and energy 0..1, register -1..1 around the middle of the melody's range; None where no tune sounds."""

    density: float | None
    register: float | None
    energy: float


def levels_of(song: Song, sections: Sequence[SongSection], low: int, high: int) -> tuple[Levels, ...]:
    """One for each section; the melody is composed between ``low`` and ``high``."""
    return tuple(_levels(song, section, (low + high) / 2) for section in sections)


def _levels(song: Song, section: SongSection, centre: float) -> Levels:
    start, end = section.first * song.bar_ticks, (section.first + section.bars) * song.bar_ticks
    line = song.line(start, end)
    energy = _energy(line or song.pitched_notes(start, end)) if _is_shaded(song) else _LEVEL
    if not line:
        return Levels(None, None, energy)
    # Bars in which the tune rests say nothing of how busy it is.
    sung = len({n.start // song.bar_ticks for n in line}) * song.bar_ticks / TICKS_PER_BEAT
    least, most = DENSITY_NPQ
    density = (len(line) / sung - least) / (most - least)
    register = (fmean(n.pitch for n in line) - centre) / REGISTER_SEMITONES
    return Levels(_within(density, 0.0), _within(register, -1.0), energy)


def _energy(notes: Sequence[Note]) -> float:
    if not notes:
        return _LEVEL
    return _within((fmean(n.velocity for n in notes) - SOFTEST) / (LOUDEST - SOFTEST), 0.0)


def _within(value: float, least: float) -> float:
    return round(float(np.clip(value, least, 1.0)), 2)


def _is_shaded(song: Song) -> bool:
    return len({n.velocity for n in song.tune.notes}) > 1


def dynamics_of(song: Song) -> Found[float]:
    """How far soft and loud bars of the tune lie apart, 0..1."""
    if not _is_shaded(song):
        velocity = song.tune.notes[0].velocity
        return Found(0.0, f"Every note of the melody has velocity {velocity}: the file says nothing of soft and loud.")
    bars: dict[int, list[int]] = {}
    for note in song.tune.notes:
        bars.setdefault(note.start // song.bar_ticks, []).append(note.velocity)
    soft, loud = (float(v) for v in np.percentile([fmean(bar) for bar in bars.values()], _RANGE_PERCENT))
    spread = (loud - soft) / (LOUDEST - SOFTEST)
    value = _within((spread - _LEAST_SPREAD) / (1 - _LEAST_SPREAD), 0.0)
    return Found(value, f"The bars of the melody lie between velocity {soft:.0f} and {loud:.0f} in the mean.")
