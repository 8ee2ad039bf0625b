"""What a piece knows of itself, to be given back to a file that lost it: from the MIDI last written, or the brief."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from composer.compare.view import Line, view_of
from composer.daw_return.kinds import is_of_song, kind_of
from composer.daw_return.scaling import scaled, unit_for
from composer.daw_return.timing import grace_of
from composer.formats.brief.brief import Brief
from composer.formats.midi.chords import chord_places, chord_track_of
from composer.formats.midi.piece import piece_of
from composer.formats.midi.scan import CONTROL, END_OF_TRACK, PROGRAM, SYSEX, RawEvent
from composer.formats.midi.source import LYRIC, TEXT, SourceMidi, read_source
from composer.formats.midi.writer import CHORD_TRACK, DRUM_CHANNEL, midi_bytes
from composer.music.instruments import INSTRUMENTS
from composer.music.notes import BASS, CC_PAN, CC_VOLUME, CHORDS, MELODY, Marker, Part, Piece, Tempo
from composer.music.time import TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Setup:
    """How a track begins; None or ``""`` for what is not known. ``channel`` is 0..15."""

    name: str = ""
    channel: int | None = None
    program: int | None = None
    volume: int | None = None
    pan: int | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """A track of the piece without notes, besides the conductor and the chords, and what it says."""

    name: str
    events: tuple[RawEvent, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the notes of a piece. ``origin`` is the file that knows.

    ``lines`` are the lines as they were, ``setups`` and ``moves`` (controllers after the set-up) one for each. From a
    brief there are no lines, and ``setups`` are those of the lines of the returned file. ``end`` is 0 where not known.
    The file that knows is of type ``kind`` and has ``resolution`` ticks to the quarter; all times here are in parts of
    a quarter, ``unit`` to one.
    ``texts`` are what else stands on the tracks of the lines: names, lyrics, ports.
    ``chords`` are the texts of the track called ``chord_track`` ("" for none), ``other_texts`` those of all others.
    """

    origin: str
    conductor: tuple[RawEvent, ...]
    chord_track: str
    chords: tuple[RawEvent, ...]
    other_texts: tuple[RawEvent, ...]
    lines: tuple[Line, ...]
    setups: tuple[Setup, ...]
    moves: tuple[tuple[RawEvent, ...], ...]
    texts: tuple[tuple[RawEvent, ...], ...]
    quiet: tuple[Quiet, ...]
    end: int
    resolution: int
    kind: int = 1

    @property
    def unit(self) -> int:
        return unit_for(self.resolution)


def frame_of(known: SourceMidi) -> Frame:
    """What a file of the piece knows."""
    unit = unit_for(known.ticks_per_beat)
    reference = scaled(known, unit)
    lines = view_of(reference, unit).lines
    own = [_channel_events(reference, line, lines) for line in lines]
    setups = tuple(
        setup_in([e for e in events if e.tick == 0], line.channel, line.name)
        for line, events in zip(lines, own, strict=True)
    )
    moves = tuple(tuple(without_setup(events, setup)) for events, setup in zip(own, setups, strict=True))
    texts = [(n, i, e) for n, track in enumerate(reference.tracks) for i, e in enumerate(track) if e.meta == TEXT]
    number = chord_track_of(reference) or None  # those in a conductor stay there, as all that it says
    places = chord_places(reference, number) if number is not None else frozenset()
    name = "" if number is None else reference.track_names[number] or CHORD_TRACK
    playing = {line.track for line in lines}
    quiet = [n for n in range(1, len(reference.tracks)) if n not in playing and n != number]
    return Frame(
        reference.name,
        _conductor(reference, 0 in playing),
        name,
        tuple(e for n, i, e in texts if (n, i) in places),
        tuple(e for n, i, e in texts if (n, i) not in places),
        lines,
        setups,
        moves,
        tuple(_texts(reference, line, lines) for line in lines),
        tuple(Quiet(reference.track_names[n], tuple(e for e in reference.tracks[n] if not _is_led(e))) for n in quiet),
        reference.end_tick,
        known.ticks_per_beat,
        known.format,
    )


def _conductor(reference: SourceMidi, plays: bool) -> tuple[RawEvent, ...]:
    """All that a quiet first track says besides controllers, and what is of the song wherever it stands, each once."""
    found: dict[tuple[int, int, int, bytes], RawEvent] = {}
    for number, track in enumerate(reference.tracks):
        for event in track:
            if event.status < SYSEX or event.meta == END_OF_TRACK:
                continue
            is_first = number == 0 and (not plays or (reference.format == 0 and event.meta != LYRIC))
            if is_first or is_of_song(event):
                found.setdefault((event.tick, *kind_of(event), event.data), event)
    return tuple(sorted(found.values(), key=lambda e: e.tick))


def _texts(reference: SourceMidi, line: Line, lines: Sequence[Line]) -> tuple[RawEvent, ...]:
    """The name of the line's track and what else stands there, with the first of its lines."""
    if any(other.track == line.track and other.index < line.index for other in lines):
        return ()
    words = LYRIC if reference.format == 0 else None
    return tuple(e for e in reference.tracks[line.track] if not _is_led(e) and words in (None, e.meta))


def _is_led(event: RawEvent) -> bool:
    """Whether an event is told with the controllers or with the conductor."""
    return event.status < SYSEX or event.meta == END_OF_TRACK or is_of_song(event)


def frame_of_brief(brief: Brief, name: str, returned: SourceMidi) -> Frame:
    """What a brief knows of the file ``returned`` (480 ticks to the quarter)."""
    parts = piece_of(returned, brief).parts
    lines = view_of(returned, TICKS_PER_BEAT).lines
    starts, bar = [0], brief.time.bar_ticks
    for section in brief.form:
        starts.append(starts[-1] + section.bars * bar)
    plan = Piece(
        title=brief.title, meter=brief.time, key=brief.key.key, tempi=(Tempo(0, brief.tempo_bpm),),
        parts=(), length=starts[-1],
        markers=tuple(Marker(s, plan.name) for s, plan in zip(starts, brief.form, strict=False)),
    )  # fmt: skip
    leading = read_source(midi_bytes(plan), name, may_be_silent=True).tracks[0]
    conductor = tuple(e for e in leading if e.meta != END_OF_TRACK)
    setups = tuple(_planned(part, line, brief) for part, line in zip(parts, lines, strict=True))
    return Frame(name, conductor, "", (), (), (), setups, ((),) * len(lines), ((),) * len(lines), (), 0, TICKS_PER_BEAT)


def setup_in(events: Sequence[RawEvent], channel: int, name: str) -> Setup:
    """The first program, volume and pan among the events of a line."""
    firsts = {_kind(e): e for e in reversed(events)}
    program = firsts.get((PROGRAM, -1))
    volume, pan = (firsts.get((CONTROL, number)) for number in (CC_VOLUME, CC_PAN))
    return Setup(
        name, channel, program.data[0] if program else None, volume.data[1] if volume else None,
        pan.data[1] if pan else None,
    )  # fmt: skip


def last_of_setup(line: Line, unit: int) -> int:
    """The last tick at which a track is set up: about where its first note begins. What comes later is a change."""
    return min(tone.start for tone in line.tones) + grace_of(unit)


def setup_at(tick: int, line: int, frame: Frame) -> Setup:
    """The program, volume and pan of a line of the piece that hold at a tick."""
    first = frame.setups[line]
    later = setup_in([e for e in reversed(frame.moves[line]) if e.tick <= tick], 0, "")
    return replace(
        first,
        program=first.program if later.program is None else later.program,
        volume=first.volume if later.volume is None else later.volume,
        pan=first.pan if later.pan is None else later.pan,
    )


def is_setup(event: RawEvent) -> bool:
    """Whether an event sets a program, a volume or a pan."""
    return _kind(event) in {(PROGRAM, -1), (CONTROL, CC_VOLUME), (CONTROL, CC_PAN)}


def without_setup(events: Iterable[RawEvent], setup: Setup, last: int = 0) -> list[RawEvent]:
    """The events without the first program, volume and pan up to the tick ``last``, where ``setup`` says one."""
    kinds = {(PROGRAM, -1): setup.program, (CONTROL, CC_VOLUME): setup.volume, (CONTROL, CC_PAN): setup.pan}
    wanted = {kind for kind, value in kinds.items() if value is not None}
    left = []
    for event in events:
        if event.tick <= last and _kind(event) in wanted:
            wanted.remove(_kind(event))
        else:
            left.append(event)
    return left


def _channel_events(source: SourceMidi, line: Line, lines: Sequence[Line]) -> list[RawEvent]:
    """The controllers, programs, bends and pressures of a line; the first of a channel has those of quiet tracks."""
    playing = {one.track for one in lines}
    is_first = not any(other.channel == line.channel and other.index < line.index for other in lines)
    tracks = [t for n, t in enumerate(source.tracks) if n == line.track or (is_first and n not in playing)]
    found = [e for t in tracks for e in t if 0xA0 <= e.status < SYSEX and e.status & 0x0F == line.channel]
    return sorted(found, key=lambda e: e.tick)


def _kind(event: RawEvent) -> tuple[int, int]:
    kind = event.status & 0xF0
    return kind, event.data[0] if kind == CONTROL else -1


def _planned(part: Part, line: Line, brief: Brief) -> Setup:
    """The brief's instrument for the part's role; drums are known by their channel only."""
    wanted = {MELODY: brief.melody.instrument, CHORDS: brief.accompaniment.instrument}
    if brief.bass is not None:
        wanted[BASS] = brief.bass.instrument
    name = wanted.get(part.role, "")
    program = INSTRUMENTS[name].program if name in INSTRUMENTS else None
    is_drums = line.channel == DRUM_CHANNEL
    return Setup(part.name, DRUM_CHANNEL if is_drums else None, program, part.gain, part.pan)
