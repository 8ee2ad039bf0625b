"""Who plays a song, by the roles of its parts: the players that a brief has seats for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from composer.compose.given import usual_style
from composer.compose.song.found import Found
from composer.compose.song.hearing import Song
from composer.formats.brief.brief import MELODY_RANGE_MIN, AccompanimentPlan, BassPlan, DrumsPlan, MelodyPlan
from composer.music.instruments import INSTRUMENTS, Instrument, instrument_of_program
from composer.music.notes import BASS, CHORDS, DRUMS, Part
from composer.music.pitch import note_name

_WIDEST = "piano"
_ROOM = 7  # semitones of the tune that its instrument must have, else a relative of it is named


@dataclass(frozen=True, slots=True)
class Players:
    """None for a seat that nobody in the file has."""

    melody: Found[MelodyPlan]
    accompaniment: Found[AccompanimentPlan]
    bass: Found[BassPlan] | None
    drums: Found[DrumsPlan] | None


def players_of(song: Song) -> Players:
    """The players of the file; the accompaniment's style is nobody's yet, so it is the usual one."""
    return Players(_melody(song), _accompaniment(song), _bass(song), _drums(song))


def _melody(song: Song) -> Found[MelodyPlan]:
    part, tune = song.parts[song.melody], song.tune
    low, high = song.reading.low, song.reading.high
    own = instrument_of_program(part.program)
    instrument = _reaching(own, low, high)
    who = f'"{tune.name}"' if tune.name else f"track {tune.track + 1}"
    lowest, highest = (note_name(pitch, tune.key.spellings) for pitch in (low, high))
    why = f"{who}, which {_why_melody(song)}; it lies between {lowest} and {highest}."
    why += f" {_instrument_words(part, tune.has_program)}"
    if instrument != own:
        why += f" The {own.name} of this program does not reach there, so {instrument.name} is named."
    room = max(0, MELODY_RANGE_MIN - (high - low))
    low = max(0, low - room // 2)
    plan = MelodyPlan(instrument=instrument.name, low=low, high=max(high, low + MELODY_RANGE_MIN))
    return Found(plan, why, 0.9 if tune.name or len(song.parts) == 1 else 0.6)


def _why_melody(song: Song) -> str:
    if sum(not part.is_drums for part in song.parts) == 1:
        return "is alone"
    return "is the melody by its name or as the highest"


def _reaching(own: Instrument, low: int, high: int) -> Instrument:
    """``own``, or where it lacks the pitches of the tune, the one of its family that has most of them, or a piano."""
    if _shared(own, low, high) >= min(_ROOM, high - low):
        return own
    relatives = [i for i in INSTRUMENTS.values() if i.family == own.family]
    best = max(relatives, key=lambda i: (_shared(i, low, high), -abs(i.program - own.program)))
    return best if _shared(best, low, high) >= min(_ROOM, high - low) else INSTRUMENTS[_WIDEST]


def _shared(instrument: Instrument, low: int, high: int) -> int:
    return min(high, instrument.high) - max(low, instrument.low)


def _accompaniment(song: Song) -> Found[AccompanimentPlan]:
    parts = _playing(song, CHORDS)
    style = usual_style()
    about = f"No file says a style: {style} is the usual one."
    if not parts:
        why = f"The file has none: a piano would play it. {about}"
        return Found(AccompanimentPlan(style=style), why, 0.3)
    main = max(parts, key=lambda part: len(part.notes))
    others = [part.name for part in parts if part is not main]
    why = f"{main.name}, by its name or its register. {_instrument_words(main)}"
    if others:
        why += f" A brief has one accompaniment; beside it play {', '.join(others)}."
    return Found(
        AccompanimentPlan(style=style, instrument=instrument_of_program(main.program).name), f"{why} {about}", 0.7
    )


def _bass(song: Song) -> Found[BassPlan] | None:
    parts = _playing(song, BASS)
    if not parts:
        return None
    why = f"{parts[0].name}, by its name or as the lowest single line. {_instrument_words(parts[0])}"
    return Found(BassPlan(instrument=instrument_of_program(parts[0].program).name), why, 0.7)


def _drums(song: Song) -> Found[DrumsPlan] | None:
    parts = _playing(song, DRUMS)
    return Found(DrumsPlan(), f"{parts[0].name}, on the channel of the drums.") if parts else None


def _playing(song: Song, role: str) -> Sequence[Part]:
    return [part for part in song.parts if part.role == role and part.notes]


def _instrument_words(part: Part, is_said: bool = True) -> str:
    name = instrument_of_program(part.program).name
    return f"MIDI program {part.program + 1} is {name}." if is_said else f"No program is chosen, which means {name}."
