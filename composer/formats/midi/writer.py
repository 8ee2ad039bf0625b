"""A piece as a Standard MIDI File that survives every DAW: type 1, 480 ticks a quarter, one instrument a track.

Track 0 conducts (title, tempi, metre, key, markers; no notes), each part has a track and a channel of its own, the
last track holds the chord symbols as text. All tracks end at the same bar line.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import mido

from composer.errors import Bug, OverLimit
from composer.formats.midi.events import HEAD, OFF, ON, SET
from composer.music.key import Key
from composer.music.notes import CC_PAN, CC_PEDAL, CC_VOLUME, PEDAL_DOWN, Note, Part, Piece
from composer.music.time import TICKS_PER_BEAT

DRUM_CHANNEL = 9
MELODIC_CHANNELS = tuple(c for c in range(16) if c != DRUM_CHANNEL)
CHORD_TRACK = "Chords"
NO_CHORD = "N.C."
# Text events that keep what the SMF key signature and an ASCII track name cannot say.
TITLE_TEXT, KEY_TEXT = "Title: ", "Key: "
CLOCKS_PER_QUARTER = 24
_FIFTHS = "FCGDAEB"


@dataclass(frozen=True, slots=True)
class _Event:
    tick: int
    order: int
    message: mido.Message | mido.MetaMessage


def midi_bytes(piece: Piece) -> bytes:
    """``piece`` as the bytes of a type 1 file; the same piece gives the same bytes.

    Raises OverLimit for more than 15 melodic parts or more than one drum part (General MIDI has one drum channel).
    """
    channels = channels_of(piece)
    end_tick = end_tick_of(piece)
    tracks = [_track(_conductor_events(piece), end_tick)]
    tracks += [
        _track(_part_events(part, channel, end_tick), end_tick)
        for part, channel in zip(piece.parts, channels, strict=True)
    ]
    tracks.append(_track(_chord_events(piece, end_tick), end_tick))
    stream = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8", tracks=tracks).save(file=stream)
    return stream.getvalue()


def end_tick_of(piece: Piece) -> int:
    """The tick of the last bar line: the end of the piece and of its notes, rounded up to a bar."""
    ends = [note.end for part in piece.parts for note in part.notes]
    bar = piece.meter.bar_ticks
    return max(1, -(-max([piece.length, *ends]) // bar)) * bar


def channels_of(piece: Piece) -> tuple[int, ...]:
    """A channel 0..15 for each part, 9 for drums only; raises OverLimit when they do not suffice."""
    melodic = [p for p in piece.parts if not p.is_drums]
    if len(melodic) > len(MELODIC_CHANNELS):
        raise OverLimit(
            piece.title,
            f"{len(melodic)} melodic parts, and MIDI has channels for {len(MELODIC_CHANNELS)}",
            "leave out some instruments",
        )
    if len(piece.parts) - len(melodic) > 1:
        raise OverLimit(piece.title, "more than one drum part, and MIDI has one drum channel", "leave out one")
    free = iter(MELODIC_CHANNELS)
    return tuple(DRUM_CHANNEL if part.is_drums else next(free) for part in piece.parts)


def ascii_name(text: str, otherwise: str) -> str:
    """``text`` in printable ASCII (accents dropped), or ``otherwise`` when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text.replace("♯", "#").replace("♭", "b").replace("ß", "ss"))
    name = "".join(c for c in plain if " " <= c <= "~")
    return " ".join(name.split()) or otherwise


def signature_name(key: Key) -> str:
    """mido's name (``"Am"``, ``"Bb"``) for the signature of ``key``: its sharps or flats, minor for minor modes."""
    return _signature(key.fifths, key.is_minor)


def _signature(fifths: int, minor: bool) -> str:
    """The key with that signature: its tonic counted along the line of fifths, where C is 0 (and A is 3)."""
    accidentals, letter = divmod(fifths + (3 if minor else 0) + 1, 7)
    tonic = _FIFTHS[letter] + ("#" * accidentals if accidentals > 0 else "b" * -accidentals)
    return tonic + ("m" if minor else "")


class Sounding(Protocol):
    """What has a beginning and an end in ticks, a pitch and a velocity."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def pitch(self) -> int: ...
    @property
    def velocity(self) -> int: ...


_Sounding = TypeVar("_Sounding", bound=Sounding)


def without_overlaps(notes: Iterable[Note]) -> list[Note]:
    """The notes sorted, each cut where the next of its pitch begins; of two that begin together the longer stays."""
    return cut_at_the_next(notes, lambda note, end: Note(note.start, note.pitch, end - note.start, note.velocity))


def cut_at_the_next(notes: Iterable[_Sounding], ended: Callable[[_Sounding, int], _Sounding]) -> list[_Sounding]:
    """As ``without_overlaps``, for whatever sounds; ``ended`` gives one with another end."""
    kept: list[_Sounding] = []
    last: dict[int, int] = {}
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, -n.end, -n.velocity)):
        index = last.get(note.pitch)
        if index is not None:
            earlier = kept[index]
            if earlier.start == note.start:
                continue
            if earlier.end > note.start:
                kept[index] = ended(earlier, note.start)
        last[note.pitch] = len(kept)
        kept.append(note)
    return kept


def _conductor_events(piece: Piece) -> list[_Event]:
    name = ascii_name(piece.title, "Untitled")
    events = [_Event(0, HEAD, mido.MetaMessage("track_name", name=name))]
    if name != piece.title:
        events.append(_Event(0, HEAD, mido.MetaMessage("text", text=TITLE_TEXT + piece.title)))
    for tempo in sorted(piece.tempi, key=lambda t: t.tick):
        events.append(_Event(tempo.tick, HEAD, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo.bpm))))
    meter = piece.meter
    events.append(
        _Event(
            0,
            HEAD,
            mido.MetaMessage(
                "time_signature",
                numerator=meter.numerator,
                denominator=meter.denominator,
                clocks_per_click=meter.beat_ticks * CLOCKS_PER_QUARTER // TICKS_PER_BEAT,
                notated_32nd_notes_per_beat=8,
            ),
        )
    )
    for tick, key in ((0, piece.key), *piece.keys):
        events.append(_Event(tick, HEAD, mido.MetaMessage("key_signature", key=signature_name(key))))
        if key.mode not in ("major", "minor"):
            events.append(_Event(tick, HEAD, mido.MetaMessage("text", text=f"{KEY_TEXT}{key}")))
    events += [_Event(m.tick, HEAD, mido.MetaMessage("marker", text=m.text)) for m in piece.markers]
    return events


def _part_events(part: Part, channel: int, end_tick: int) -> list[_Event]:
    setup = [
        mido.MetaMessage("track_name", name=ascii_name(part.name, part.role.title())),
        mido.Message("program_change", channel=channel, program=part.program),
        mido.Message("control_change", channel=channel, control=CC_VOLUME, value=part.gain),
        mido.Message("control_change", channel=channel, control=CC_PAN, value=part.pan),
    ]
    events = [_Event(0, HEAD, message) for message in setup]
    for control in part.controls:
        message = mido.Message("control_change", channel=channel, control=control.number, value=control.value)
        events.append(_Event(control.tick, SET, message))
    pedal = sorted((c for c in part.controls if c.number == CC_PEDAL), key=lambda c: c.tick)
    if pedal and pedal[-1].value >= PEDAL_DOWN:
        release = mido.Message("control_change", channel=channel, control=CC_PEDAL, value=0)
        events.append(_Event(max(end_tick - 1, pedal[-1].tick), SET, release))
    for note in without_overlaps(part.notes):
        _check(note, part)
        velocity = min(127, max(1, note.velocity))
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)
        events += [_Event(note.start, ON, on), _Event(note.end, OFF, off)]
    return events


def _check(note: Note, part: Part) -> None:
    if note.start < 0 or note.duration < 1 or not 0 <= note.pitch <= 127:
        raise Bug(part.name, f"a note that MIDI cannot hold: {note}", "report this")


def _chord_events(piece: Piece, end_tick: int) -> list[_Event]:
    events = [_Event(0, HEAD, mido.MetaMessage("track_name", name=CHORD_TRACK))]
    changes = sorted([(0, piece.key), *piece.keys], key=lambda change: change[0])
    spans = sorted(piece.chords, key=lambda s: s.start)
    for index, span in enumerate(spans):
        key = [k for tick, k in changes if tick <= span.start][-1]
        events.append(_text(span.start, span.chord.symbol(span.chord.spellings_in(key))))
        following = spans[index + 1].start if index + 1 < len(spans) else end_tick
        if span.end < following:
            events.append(_text(span.end, NO_CHORD))
    return events


def _text(tick: int, text: str) -> _Event:
    return _Event(tick, HEAD, mido.MetaMessage("text", text=text))


def _track(events: Iterable[_Event], end_tick: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    now = 0
    for event in sorted(events, key=lambda e: (e.tick, e.order)):
        tick = min(event.tick, end_tick)
        track.append(event.message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end_tick - now))
    return track


def key_of_signature_bytes(data: bytes) -> Key:
    """The major or minor key of a key signature event's two bytes (sharps as a signed byte, then 1 for minor)."""
    name = _signature(int.from_bytes(data[:1], signed=True), data[1] == 1)
    return Key(name.removesuffix("m"), "minor" if data[1] == 1 else "major")
