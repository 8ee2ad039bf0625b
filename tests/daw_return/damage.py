"""What DAWs make of a file, each kind of damage alone; all work on bytes and give bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from composer.formats.midi.scan import END_OF_TRACK, META, NOTE_OFF, NOTE_ON, SYSEX, RawEvent
from composer.formats.midi.source import TRACK_NAME, ChangeNote, edited, read_source, smf_bytes

Damage = Callable[[bytes], bytes]
Tracks = list[list[RawEvent]]
_ORDER = {True: 0, False: 2}


def is_note(event: RawEvent) -> bool:
    return event.status & 0xF0 in (NOTE_ON, NOTE_OFF) and event.status < SYSEX


def tracks_in(data: bytes) -> Tracks:
    return [[e for e in track if e.meta != END_OF_TRACK] for track in read_source(data, "x.mid").tracks]


def file_of(tracks: Sequence[Sequence[RawEvent]], like: bytes, kind: int | None = None, trim: bool = False) -> bytes:
    """A file of the tracks, in the resolution and with the end of ``like``, or ending with their last events."""
    source = read_source(like, "x.mid")
    last = max((e.tick for track in tracks for e in track), default=0)
    end = last if trim else max(source.end_tick, last)
    ended = [[*sorted(t, key=_order), RawEvent(end, META, END_OF_TRACK, b"")] for t in tracks]
    return smf_bytes(source.format if kind is None else kind, source.ticks_per_beat, ended)


def _order(event: RawEvent) -> tuple[int, int]:
    return event.tick, 0 if event.is_note_off else 2 if is_note(event) else 1


def of_resolution(ticks: int) -> Damage:
    """Another number of ticks to the quarter; every event at the nearest."""

    def change(data: bytes) -> bytes:
        source = read_source(data, "x.mid")
        old = source.ticks_per_beat
        tracks = [[e._replace(tick=(2 * e.tick * ticks + old) // (2 * old)) for e in t] for t in source.tracks]
        return smf_bytes(source.format, ticks, tracks)

    return change


def type_0(data: bytes) -> bytes:
    """One track; the channels stay, the names of tracks are gone but for the title."""
    tracks = tracks_in(data)
    one = [e for number, track in enumerate(tracks) for e in track if number == 0 or e.meta != TRACK_NAME]
    return file_of([one], data, 0)


def one_clip(data: bytes) -> bytes:
    """Nothing but notes, on one track and channel 1."""
    notes = [e._replace(status=e.status & 0xF0) for track in tracks_in(data) for e in track if is_note(e)]
    return file_of([notes], data, 0, trim=True)


def all_on_channel_1(data: bytes) -> bytes:
    tracks = [[e._replace(status=e.status & 0xF0) if e.status < SYSEX else e for e in t] for t in tracks_in(data)]
    return file_of(tracks, data)


def without(*metas: int) -> Damage:
    return lambda data: file_of([[e for e in t if e.meta not in metas] for t in tracks_in(data)], data)


no_names, no_tempo, no_metre, no_key, no_markers, no_texts = (
    without(kind) for kind in (TRACK_NAME, 0x51, 0x58, 0x59, 0x06, 0x01)
)


def no_programs(data: bytes) -> bytes:
    return file_of([[e for e in t if e.status & 0xF0 != 0xC0] for t in tracks_in(data)], data)


def no_controllers(data: bytes) -> bytes:
    return file_of([[e for e in t if is_note(e) or e.status >= SYSEX] for t in tracks_in(data)], data)


def no_conductor(data: bytes) -> bytes:
    """Only the tracks that play."""
    return file_of([t for t in tracks_in(data) if any(is_note(e) for e in t)], data)


def numbered_names(data: bytes) -> bytes:
    tracks = tracks_in(data)
    named = [
        [e._replace(data=f"Track {n}".encode()) if e.meta == TRACK_NAME else e for e in t] for n, t in enumerate(tracks)
    ]
    return file_of(named, data)


def silent_note_offs(data: bytes) -> bytes:
    """Note-ons of velocity 0 in place of note-offs."""

    def silent(e: RawEvent) -> RawEvent:
        if not is_note(e) or not e.is_note_off:
            return e
        return RawEvent(e.tick, NOTE_ON | e.status & 0x0F, -1, bytes((e.data[0], 0)))

    return file_of([[silent(e) for e in t] for t in tracks_in(data)], data)


def reversed_tracks(data: bytes) -> bytes:
    tracks = tracks_in(data)
    return file_of([tracks[0], *reversed(tracks[1:])], data)


def bars_in_front(ticks: int) -> Damage:
    """Empty time before the music; what is set at the start stays there."""

    def change(data: bytes) -> bytes:
        per_beat = read_source(data, "x.mid").ticks_per_beat
        by = ticks * per_beat // 480

        def later(e: RawEvent) -> RawEvent:
            stays = e.tick == 0 and not is_note(e) and e.meta not in (0x06, 0x01)
            return e if stays else e._replace(tick=e.tick + by)

        return file_of([[later(e) for e in t] for t in tracks_in(data)], data)

    return change


def early(most: int, seed: int = 0) -> Damage:
    """Each note up to ``most`` 480ths early, with its end; none before the start."""

    def change(data: bytes) -> bytes:
        rng = np.random.default_rng(seed)
        source = read_source(data, "x.mid")
        edits = []
        for note in source.notes:
            by = min(note.start, int(rng.integers(1, most + 1)))
            edits.append(ChangeNote(note, start=note.start - by, end=max(note.start - by + 1, note.end - by)))
        return edited(source, edits)

    return change


def constantly_early(by: int) -> Damage:
    return lambda data: early_by(data, by)


def early_by(data: bytes, by: int) -> bytes:
    source = read_source(data, "x.mid")
    return edited(source, [ChangeNote(n, start=max(0, n.start - by), end=max(1, n.end - by)) for n in source.notes])


def chain(*damages: Damage) -> Damage:
    def change(data: bytes) -> bytes:
        for damage in damages:
            data = damage(data)
        return data

    return change


def told_nothing(data: bytes) -> bytes:
    """The tracks that play, with made-up names and the 120 bpm in 4/4 of an empty song."""
    tracks = tracks_in(no_controllers(no_programs(data)))
    playing = [[e for e in t if is_note(e)] for t in tracks if any(is_note(e) for e in t)]
    for number, track in enumerate(playing, start=1):
        track.insert(0, RawEvent(0, META, TRACK_NAME, f"Track {number}".encode()))
    head = [RawEvent(0, META, 0x51, (500_000).to_bytes(3)), RawEvent(0, META, 0x58, bytes((4, 2, 24, 8)))]
    return file_of([head, *playing], data)


def volumes_of_its_own(data: bytes) -> bytes:
    """No controllers but one volume and one pan for all tracks, set at the start."""

    def change(track: list[RawEvent]) -> list[RawEvent]:
        channel = next((e.status & 0x0F for e in track if is_note(e)), None)
        if channel is None:
            return track
        kept = [e for e in track if is_note(e) or e.status >= SYSEX or e.status & 0xF0 == 0xC0]
        made_up = [RawEvent(0, 0xB0 | channel, -1, bytes(pair)) for pair in ((7, 100), (10, 64))]
        return [*made_up, *kept]

    return file_of([change(t) for t in tracks_in(data)], data)


def hanging(data: bytes) -> bytes:
    """A few notes of each track never end."""
    tracks = tracks_in(data)
    for track in tracks:
        offs = [i for i, e in enumerate(track) if is_note(e) and e.is_note_off]
        for index in sorted(offs[3::11], reverse=True):
            del track[index]
    return file_of(tracks, data)
