"""Who plays in a file that is there: tracks that go, and instruments, volumes and places that change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from composer.formats.midi.events import control_change, program_change
from composer.formats.midi.hashes import track_labels
from composer.formats.midi.scan import CONTROL, PROGRAM, RawEvent
from composer.formats.midi.source import SourceMidi, read_source, smf_bytes
from composer.music.notes import CC_PAN, CC_VOLUME

_Kind = tuple[int, int]
_PROGRAM: _Kind = PROGRAM, 0
_BANKS: tuple[_Kind, ...] = ((CONTROL, 0), (CONTROL, 32))
_VOLUME: _Kind = CONTROL, CC_VOLUME
_PAN: _Kind = CONTROL, CC_PAN


@dataclass(frozen=True, slots=True)
class Setup:
    """How a track is set up at its start: program (0..127), volume (CC7) and place (CC10)."""

    program: int
    volume: int
    pan: int


def without_tracks(source: SourceMidi, labels: Collection[str]) -> SourceMidi:
    """The file without the tracks of these labels."""
    kept = [t for t, label in zip(source.tracks, track_labels(source), strict=True) if label not in labels]
    return _read_again(source, kept)


def with_setups(
    source: SourceMidi, setups: Mapping[str, Setup], written: SourceMidi
) -> tuple[SourceMidi, tuple[str, ...]]:
    """The file with new set-ups, by the labels of its tracks, and the labels of those that are another one now.

    What is not as in ``written``, the file as composer wrote it, is as a person wants it, and stays.
    """
    known = {label: _set_up(t) for label, t in zip(track_labels(written), written.tracks, strict=True)}
    tracks, changed = list(source.tracks), []
    for number, label in enumerate(track_labels(source)):
        wanted, here, before = setups.get(label), _set_up(tracks[number]), known.get(label, {})
        if wanted is None:
            continue
        ours = {kind for kind in here if here[kind] == before.get(kind)}
        if any(here.get(bank) != before.get(bank) for bank in _BANKS):
            ours.discard(_PROGRAM)
        new = tuple(_as_in(event, wanted) if _kind(event) in ours else event for event in tracks[number])
        if new != tracks[number]:
            tracks[number] = new
            changed.append(label)
    return (_read_again(source, tracks) if changed else source), tuple(changed)


def _read_again(source: SourceMidi, tracks: Sequence[Sequence[RawEvent]]) -> SourceMidi:
    return read_source(smf_bytes(source.format, source.ticks_per_beat, tracks), source.name, may_be_silent=True)


def _set_up(track: Collection[RawEvent]) -> dict[_Kind, bytes]:
    """What sets up a track at its start, the bank among it."""
    return {kind: event.data for event in track if (kind := _kind(event)) is not None}


def _kind(event: RawEvent) -> _Kind | None:
    if event.tick:
        return None
    kind = (PROGRAM, 0) if event.status & 0xF0 == PROGRAM else (event.status & 0xF0, *event.data[:1])
    return next((one for one in (_PROGRAM, *_BANKS, _VOLUME, _PAN) if one == kind), None)


def _as_in(event: RawEvent, wanted: Setup) -> RawEvent:
    channel, kind = event.status & 0x0F, _kind(event)
    if kind == _PROGRAM:
        return program_change(0, channel, wanted.program)
    values = {_VOLUME: wanted.volume, _PAN: wanted.pan}
    return control_change(0, channel, event.data[0], values[kind]) if kind in values else event
