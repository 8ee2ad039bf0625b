"""How each track begins: what the returned file says of it, else what the piece knows.

What a program writes when it knows nothing says nothing: "Track 3", everything on channel 1, one instrument for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from composer.compare.view import Line
from composer.contract.track_rules import is_called_drums
from composer.daw_return.frame import Frame, Setup, setup_at
from composer.daw_return.placing import Voice
from composer.formats.midi.writer import DRUM_CHANNEL, MELODIC_CHANNELS
from composer.music.instruments import instrument_of_program

_VOLUME, _PAN = 100, 64
# Logic numbers its regions: "Vocals #01".
_REGION = re.compile(r"\s*#\d+$")
_EMPTY_NAME = re.compile(
    r"((midi|instrument|inst|audio|software|external)?[ _-]*(track|channel|clip|part|region|inst|midi|instrument)?"
    r"[ _#-]*\d*|untitled|unnamed|new|no name|conductor|tempo( track| map)?|master( track)?)[ _-]*\d*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Track:
    """A voice with the set-up that it gets, and the parts of it (``"name"``, ``"channel"`` ...) that were rebuilt:
    those in ``lost`` as the piece had them, the others by the rules of MIDI. ``label`` is what it is called where it
    has no name."""

    voice: Voice
    setup: Setup
    rebuilt: frozenset[str]
    lost: frozenset[str]
    label: str
    differs: tuple[str, ...] = ()

    @property
    def channel(self) -> int:
        assert self.setup.channel is not None
        return self.setup.channel


def is_empty_name(name: str) -> bool:
    """Whether a program made the name up: ``"Track 3"``, ``"MIDI 01"``, ``"Untitled"``."""
    return _EMPTY_NAME.fullmatch(name.strip()) is not None


def tracks_of(
    voices: Sequence[Voice], frame: Frame, stated: Sequence[Setup], lines: Sequence[Line], start: int
) -> list[Track]:
    """The set-up of each voice; ``stated`` is what the file says of each of its ``lines``.

    Where a clip begins at the tick ``start`` of the piece, what holds there says nothing of the track's beginning.
    """
    known = [_known(voice, frame) for voice in voices]
    own = [_stated(voice, stated, lines, knew) for voice, knew in zip(voices, known, strict=True)]
    own = [_unlike(said, setup_at(start, v.reference, frame)) if start and v.reference is not None else said
           for said, v in zip(own, voices, strict=True)]  # fmt: skip
    if _is_one_for_all([s.program for s in own], [k.program for k in known]):
        own = [replace(s, program=None) for s in own]
    if _is_one_for_all([s.volume for s in own], [k.volume for k in known]):
        own = [replace(s, volume=None) for s in own]
    if _is_one_for_all([s.pan for s in own], [k.pan for k in known]):
        own = [replace(s, pan=None) for s in own]
    channels = _channels(own, known, lines)
    tracks = []
    taken: set[str] = set()
    for voice, said, knew, channel in zip(voices, own, known, channels, strict=True):
        setup = _whole(said, knew, channel, taken, _House(voice, frame))
        taken.add(setup.name)
        said = replace(said, channel=said.channel if voice.returned else None)
        rebuilt = _rebuilt(said, setup)
        label = setup.name or _line(voice, frame, lines).label
        lost = _lost(rebuilt, said, knew, setup)
        tracks.append(Track(voice, setup, rebuilt, lost, label, _differing(said, knew, setup)))
    return tracks


def _line(voice: Voice, frame: Frame, lines: Sequence[Line]) -> Line:
    return frame.lines[voice.reference] if voice.reference is not None else lines[voice.returned[0]]


def _stated(voice: Voice, stated: Sequence[Setup], lines: Sequence[Line], known: Setup) -> Setup:
    """What the file says of a voice; nothing of one that shares its track, or of one that is not there.

    A program, volume or pan where the piece sets none is a controller like any other.
    """
    if voice.is_shared or not voice.returned:
        return Setup()
    found = stated[voice.returned[0]]
    playing = {line.index for line in lines if line.track == lines[voice.returned[0]].track}
    is_own = found.name == known.name or not is_empty_name(found.name)
    is_own = is_own and playing <= set(voice.returned)
    found = replace(found, name=found.name if is_own else "")
    if voice.reference is None:
        return found
    return replace(
        found,
        program=None if known.program is None else found.program,
        volume=None if known.volume is None else found.volume,
        pan=None if known.pan is None else found.pan,
    )


def _unlike(said: Setup, held: Setup) -> Setup:
    """What the file says of program, volume and pan that is not as it ``held``."""
    return replace(
        said,
        program=None if said.program == held.program else said.program,
        volume=None if said.volume == held.volume else said.volume,
        pan=None if said.pan == held.pan else said.pan,
    )


def _known(voice: Voice, frame: Frame) -> Setup:
    if voice.reference is not None:
        return frame.setups[voice.reference]
    return frame.setups[voice.returned[0]] if not frame.lines else Setup()


def _is_one_for_all(said: Sequence[int | None], known: Sequence[int | None]) -> bool:
    """Whether the file has one instrument, volume or pan for all tracks, and the piece has several."""
    stated = [s for s in said if s is not None]
    return len(stated) > 1 and len(set(stated)) == 1 and len({k for k in known if k is not None}) > 1


def _channels(said: Sequence[Setup], known: Sequence[Setup], lines: Sequence[Line]) -> list[int]:
    """The channels of the file where it has several, all different, and drums where they were; else of the piece."""
    stated = [s.channel for s in said]
    drums = all((s.channel == DRUM_CHANNEL) == (k.channel == DRUM_CHANNEL) for s, k in zip(said, known, strict=True)
                if k.channel is not None and s.channel is not None)  # fmt: skip
    several = len(lines) > 1 and len({line.channel for line in lines}) == len(lines)
    wanted = [s if several and drums and s is not None else k.channel for s, k in zip(stated, known, strict=True)]
    # Lines of the piece that share a channel go on doing so.
    shared = {k.channel for i, k in enumerate(known) if k.channel in [other.channel for other in known[:i]]}
    kept: list[int | None] = [
        c if c is not None and (c not in wanted[:i] or (c == known[i].channel and c in shared)) else None
        for i, c in enumerate(wanted)
    ]
    free = iter([c for c in MELODIC_CHANNELS if c not in kept])
    found: list[int] = []
    for said_now, channel in zip(said, kept, strict=True):
        is_drums = is_called_drums(said_now.name) or (said_now.channel == DRUM_CHANNEL)
        if channel is None and is_drums and DRUM_CHANNEL not in [*kept, *found]:
            channel = DRUM_CHANNEL
        found.append(channel if channel is not None else next(free, MELODIC_CHANNELS[-1]))
    return found


class _House:
    """What a voice gets that neither the file nor the piece says: nothing where the piece has the like nowhere."""

    def __init__(self, voice: Voice, frame: Frame) -> None:
        self.is_known = voice.reference is not None
        all_tracks = () if self.is_known else frame.setups
        self.has_names = not frame.lines or any(s.name for s in all_tracks)
        self.program = self._value(0, [s.program for s in all_tracks], frame)
        self.volume = self._value(_VOLUME, [s.volume for s in all_tracks], frame)
        self.pan = self._value(_PAN, [s.pan for s in all_tracks], frame)

    @staticmethod
    def _value(usual: int, known: Sequence[int | None], frame: Frame) -> int | None:
        return usual if not frame.lines or any(value is not None for value in known) else None


def _whole(said: Setup, known: Setup, channel: int, taken: set[str], house: _House) -> Setup:
    program = _first(said.program, known.program, house.program)
    return Setup(
        _name(said, known, channel, program or 0, taken, house), channel, program,
        _first(said.volume, known.volume, house.volume), _first(said.pan, known.pan, house.pan),
    )  # fmt: skip


def _name(said: Setup, known: Setup, channel: int, program: int, taken: set[str], house: _House) -> str:
    """The name that a person gave, or the piece's own; ``""`` where the piece has none either."""
    if house.is_known and (not said.name or known.name in (said.name, _REGION.sub("", said.name))):
        return known.name
    if not said.name and not house.has_names:
        return ""
    if said.name:
        return said.name
    plain = "Drums" if channel == DRUM_CHANNEL else instrument_of_program(program).name.title()
    wanted = known.name or plain
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} {number}", number + 1
    return name


def _first(*values: int | None) -> int | None:
    return next((v for v in values if v is not None), None)


def _rebuilt(said: Setup, setup: Setup) -> frozenset[str]:
    pairs = {
        "name": (said.name, setup.name), "channel": (said.channel, setup.channel),
        "program": (said.program, setup.program), "volume": (said.volume, setup.volume), "pan": (said.pan, setup.pan),
    }  # fmt: skip
    return frozenset(what for what, (one, other) in pairs.items() if one != other)


def _lost(rebuilt: frozenset[str], said: Setup, known: Setup, setup: Setup) -> frozenset[str]:
    """What of the rebuilt the piece had; a name that is only written otherwise now was not lost."""
    had = {
        "name": bool(known.name) and not said.name, "channel": known.channel == setup.channel,
        "program": known.program is not None, "volume": known.volume is not None, "pan": known.pan is not None,
    }  # fmt: skip
    return frozenset(what for what in rebuilt if had[what])


def _differing(said: Setup, known: Setup, setup: Setup) -> tuple[str, ...]:
    """What the file states otherwise than the piece, in words; the file's value was taken."""
    pairs: Iterable[tuple[str, object, object, object]] = (
        ("name", said.name or None, known.name or None, setup.name),
        ("program", _counted(said.program), _counted(known.program), _counted(setup.program)),
        ("volume", said.volume, known.volume, setup.volume), ("pan", said.pan, known.pan, setup.pan),
    )  # fmt: skip
    return tuple(
        f"{what} {one}, not {other}" for what, one, other, now in pairs
        if one is not None and other is not None and one != other and one == now
    )  # fmt: skip


def _counted(program: int | None) -> int | None:
    """Musicians count programs from 1."""
    return None if program is None else program + 1
