"""The rebuilt file: a conductor, a track for each voice, the tracks that are left, the chords."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from composer.compare.matching import ALONE
from composer.compare.view import Tone
from composer.daw_return.conductor import Song
from composer.daw_return.frame import Frame
from composer.daw_return.moves import Moves, Spare
from composer.daw_return.setups import Track
from composer.daw_return.unisons import single
from composer.formats.midi.events import (
    OFF,
    ON,
    SET,
    control_change,
    end_of_track,
    in_order,
    meta_event,
    note_off,
    note_on,
    program_change,
)
from composer.formats.midi.scan import CONTROL, SYSEX, RawEvent
from composer.formats.midi.source import TEXT, TRACK_NAME, decoded, metres_in, smf_bytes
from composer.formats.midi.writer import ascii_name
from composer.music.bars import BarMap
from composer.music.notes import CC_BANK, CC_BANK_LOW, CC_PAN, CC_PEDAL, CC_VOLUME, PEDAL_DOWN


@dataclass(frozen=True, slots=True)
class Written:
    """The file, and how many notes were cut because their pitch begins anew while they sound, or dropped because it
    begins twice at once."""

    midi: bytes
    cut_notes: int
    dropped_notes: int


@dataclass(frozen=True, slots=True)
class Ends:
    """Ticks at which the piece ended, at which its last note did, and at which the returned file ends."""

    piece: int
    notes: int
    file: int


def written(song: Song, chord_track: str, tracks: Sequence[Track], moves: Moves, ends: Ends, frame: Frame) -> Written:
    """All of it at the resolution of the piece, ending at the bar line after its music, or where the piece ended.

    ``chord_track`` is the name of the track of the chords, "" for none.
    """
    grid = frame.unit // frame.resolution
    singles = [single(_on_grid(track.voice.tones, grid), _known(track, frame)) for track in tracks]
    tones = [one.tones for one in singles]
    end = _end(song, tones, moves, ends, frame.unit)
    played = [
        _ended(_track(track, _named(track, frame), own, events, end - grid), end, grid)
        for track, own, events in zip(tracks, tones, moves.by_track, strict=True)
    ]
    said = Spare(chord_track, (*song.chords, *moves.chords))
    chords = [_ended(_spare_events(said), end, grid)] if chord_track else []
    spare = [_ended(_spare_events(spare), end, grid) for spare in moves.spare]
    # The chords stand behind the tracks of the piece, so that a person's new ones are told from them.
    is_new = [track.voice.matched_by == ALONE and bool(track.voice.returned) for track in tracks]
    if all(is_new):
        chunks = [*played, *spare, *chords]
    else:
        old = [chunk for chunk, new in zip(played, is_new, strict=True) if not new]
        chunks = [*old, *chords, *(chunk for chunk, new in zip(played, is_new, strict=True) if new), *spare]
    midi = smf_bytes(1, frame.resolution, [_ended(song.conductor, end, grid), *chunks])
    return Written(midi, sum(one.cut for one in singles), sum(one.dropped for one in singles))


def _known(track: Track, frame: Frame) -> Sequence[Tone]:
    return frame.lines[track.voice.reference].tones if track.voice.reference is not None else ()


def _named(track: Track, frame: Frame) -> list[RawEvent]:
    """The name of a track; where it is the piece's in its own letters."""
    if not track.setup.name:
        return []
    known = frame.texts[track.voice.reference] if track.voice.reference is not None else ()
    own = (e for e in known if e.meta == TRACK_NAME and decoded(e.data) == track.setup.name)
    plain = meta_event(0, TRACK_NAME, track.setup.name.encode())
    return [next(own, plain)._replace(tick=0)]


def _on_grid(tones: Sequence[Tone], grid: int) -> list[Tone]:
    """The notes at the nearest multiples of ``grid``, each at least so long."""

    def at(time: int) -> int:
        return (2 * time + grid) // (2 * grid) * grid

    return [replace(t, start=at(t.start), end=max(at(t.start) + grid, at(t.end)), is_open=False) for t in tones]


def _end(song: Song, tones: Sequence[Sequence[Tone]], moves: Moves, ends: Ends, unit: int) -> int:
    """The old end where the last note is in the bar in which it always was, or where the file still ends there.

    Many programs cut a file off after its last event; a piece that a person made shorter is shorter.
    """
    bars = BarMap(metres_in(song.conductor), unit)
    played = _bar_line(max((tone.end for own in tones for tone in own), default=0), bars)
    others = [e.tick for e in (*song.conductor, *song.chords, *(e for own in moves.by_track for e in own))]
    end = max(1, played, _bar_line(max(others, default=0), bars))
    if ends.piece and not bars.is_bar_line(ends.piece) and played == _bar_line(ends.notes, bars):
        # Other people's files end with their last note.
        return max(ends.piece, *others, *(tone.end for own in tones for tone in own))
    return max(end, ends.piece) if played == _bar_line(ends.notes, bars) or ends.file >= ends.piece else end


def _bar_line(tick: int, bars: BarMap) -> int:
    """The first bar line at ``tick`` or after it."""
    at = bars.place(tick)
    return int(bars.start(at.bar if at.beat == 1 else at.bar + 1))


def _track(
    track: Track, named: Sequence[RawEvent], tones: Iterable[Tone], moves: Iterable[RawEvent], last: int
) -> list[RawEvent]:
    """``last`` is the last tick at which a pedal is lifted."""
    setup, channel = track.setup, track.channel
    own = sorted((_on_channel(e, channel) for e in moves), key=lambda e: e.tick)
    banks = [e for e in own if e.tick == 0 and e.status == CONTROL | channel and e.data[0] in (CC_BANK, CC_BANK_LOW)]
    start = [*named, *banks]
    if setup.program is not None:
        start.append(program_change(0, channel, setup.program))
    pairs = ((CC_VOLUME, setup.volume), (CC_PAN, setup.pan))
    start += [control_change(0, channel, number, value) for number, value in pairs if value is not None]
    found = [(SET, e) for e in [*own, *_release(own, channel, last)] if e not in banks]
    for tone in tones:
        found.append((ON, note_on(tone.start, channel, tone.pitch, tone.velocity)))
        found.append((OFF, note_off(tone.end, channel, tone.pitch)))
    return [*start, *in_order(found)]


def _on_channel(event: RawEvent, channel: int) -> RawEvent:
    return event._replace(status=event.status & 0xF0 | channel) if event.status < SYSEX else event


def _release(events: Sequence[RawEvent], channel: int, last: int) -> list[RawEvent]:
    """The end of a pedal that is never lifted."""
    pedal = [e for e in events if e.status & 0xF0 == CONTROL and e.data[0] == CC_PEDAL]
    if not pedal or pedal[-1].data[1] < PEDAL_DOWN:
        return []
    return [control_change(max(last, pedal[-1].tick), channel, CC_PEDAL, 0)]


def _spare_events(spare: Spare) -> list[RawEvent]:
    """A track without notes as it was; its name in plain ASCII, and as a text where that lost something."""
    events = sorted(spare.events, key=lambda e: e.tick)
    if not spare.name:
        return events
    plain = ascii_name(spare.name, "Track")
    named = [meta_event(0, TRACK_NAME, plain.encode())]
    if plain != spare.name:
        named.append(meta_event(0, TEXT, spare.name.encode()))
    return [*named, *events]


def _ended(events: Sequence[RawEvent], end: int, grid: int) -> list[RawEvent]:
    """The events with their end, in ticks of ``grid`` each."""

    def at(tick: int) -> int:
        return (2 * tick + grid) // (2 * grid)

    kept = [e._replace(tick=at(min(max(0, e.tick), end))) for e in events]
    return [*kept, end_of_track(at(end))]
