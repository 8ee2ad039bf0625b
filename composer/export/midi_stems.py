"""Each track of a piece as a MIDI file of its own, with the conductor and the set-up that it needs to stand alone."""

from __future__ import annotations

from collections.abc import Sequence

from composer.export.session import Session, Track
from composer.formats.midi.events import (
    LATE_OFF,
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
from composer.formats.midi.scan import (
    CONTROL,
    KEY_SIGNATURE,
    PROGRAM,
    SET_TEMPO,
    TIME_SIGNATURE,
    RawEvent,
)
from composer.formats.midi.source import CUE, MARKER, TEXT, TRACK_NAME, SourceMidi, decoded, smf_bytes
from composer.formats.midi.writer import CLOCKS_PER_QUARTER, KEY_TEXT, TITLE_TEXT, ascii_name
from composer.music.notes import CC_PAN, CC_VOLUME
from composer.music.time import TICKS_PER_BEAT

DEFAULT_VOLUME, DEFAULT_PAN = 100, 64
LABEL_CHARS = 60
_UNSAFE = str.maketrans({ord(c): "_" for c in ' /\\:*?"<>|.'})


def midi_stems(source: SourceMidi, session: Session) -> dict[str, bytes]:
    """File name -> a type 1 file of two tracks, for each track that has notes; ``01_Melody.mid`` comes first.

    In 480 ticks to the quarter where that moves no event, else in the file's own.
    """
    playing = [track for track in session.tracks if track.notes]
    parts = [_part(track, session.end_tick) for track in playing]
    (conductor, *parts), resolution = _rescaled([_conductor(source, session), *parts], source.ticks_per_beat)
    files = {}
    for number, (track, part) in enumerate(zip(playing, parts, strict=True), start=1):
        label = ascii_name(track.name, "Track").translate(_UNSAFE)[:LABEL_CHARS]
        files[f"{number:02d}_{label}.mid"] = smf_bytes(1, resolution, [conductor, part])
    return files


def _conductor(source: SourceMidi, session: Session) -> list[RawEvent]:
    """Title, tempi, metres, keys and markers of the whole file, whichever tracks they stood in.

    And the cue points of tracks that do not play.
    """
    title = ascii_name(session.title, "Untitled")
    found = [meta_event(0, TRACK_NAME, title.encode())]
    if title != session.title:
        found.append(meta_event(0, TEXT, (TITLE_TEXT + session.title).encode()))
    found += [meta_event(tempo.tick, SET_TEMPO, tempo.quarter_us.to_bytes(3)) for tempo in session.clock.tempi]
    found += [_metre(source, metre.tick, metre.upper, metre.lower) for metre in session.metres]
    found += _once(source.metas(KEY_SIGNATURE))
    found += _once([e for e in source.metas(TEXT) if decoded(e.data).startswith(KEY_TEXT)])
    found += [meta_event(marker.tick, MARKER, marker.text.encode()) for marker in session.markers]
    playing = {note.track for note in source.notes}
    found += [e for n, track in enumerate(source.tracks) if n not in playing for e in track if e.meta == CUE]
    return _ended(sorted(found, key=lambda e: e.tick), session.end_tick)


def _metre(source: SourceMidi, tick: int, upper: int, lower: int) -> RawEvent:
    """The file's own last signature at that tick, else a full one."""
    own = [e for e in source.metas(TIME_SIGNATURE) if e.tick == tick]
    if own and own[-1].data[3] == 8 and own[-1].data[2]:
        return own[-1]
    clocks = CLOCKS_PER_QUARTER * 4 // lower or 1
    return meta_event(tick, TIME_SIGNATURE, bytes((upper, lower.bit_length() - 1, clocks, 8)))


def _once(events: Sequence[RawEvent]) -> list[RawEvent]:
    """One event a tick: the last."""
    return list({event.tick: event for event in events}.values())


def _part(track: Track, end_tick: int) -> list[RawEvent]:
    """Name, program, volume and pan at the start, then all that the track plays, and its words."""
    setup = [meta_event(0, TRACK_NAME, ascii_name(track.name, "Track").encode())]
    first = min(note.start for note in track.notes)
    early = [e for e in track.events if e.tick <= first]
    program, volume, pan = _program(early), _control(early, CC_VOLUME), _control(early, CC_PAN)
    setup.append(program_change(0, track.channel, program.data[0] if program else track.program or 0))
    levels = ((CC_VOLUME, volume, track.volume, DEFAULT_VOLUME), (CC_PAN, pan, track.pan, DEFAULT_PAN))
    for number, moving, fixed, default in levels:
        value = moving.data[1] if moving else default if fixed is None else fixed
        setup.append(control_change(0, track.channel, number, value))
    kept = [e for e in track.events if not any(e is used for used in (program, volume, pan))]
    placed = [(SET, event) for event in (*kept, *track.words)]
    for note in track.notes:
        on = note_on(note.start, track.channel, note.pitch, note.velocity)
        off = note_off(note.end, track.channel, note.pitch, note.release or 0)
        placed += [(ON, on), (LATE_OFF if note.end == note.start else OFF, off)]
    return _ended([*setup, *in_order(placed)], end_tick)


def _program(events: Sequence[RawEvent]) -> RawEvent | None:
    return next((e for e in events if e.status & 0xF0 == PROGRAM), None)


def _control(events: Sequence[RawEvent], number: int) -> RawEvent | None:
    return next((e for e in events if e.status & 0xF0 == CONTROL and e.data[0] == number), None)


def _ended(events: Sequence[RawEvent], end_tick: int) -> list[RawEvent]:
    return [*events, end_of_track(max(end_tick, events[-1].tick))]


def _rescaled(tracks: Sequence[Sequence[RawEvent]], resolution: int) -> tuple[list[list[RawEvent]], int]:
    """The tracks at 480 ticks to the quarter if all of their times allow it, and their resolution."""
    if any(event.tick * TICKS_PER_BEAT % resolution for track in tracks for event in track):
        return [list(track) for track in tracks], resolution
    return [
        [event._replace(tick=event.tick * TICKS_PER_BEAT // resolution) for event in track] for track in tracks
    ], TICKS_PER_BEAT
