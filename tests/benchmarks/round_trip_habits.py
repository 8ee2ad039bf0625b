"""A piece as programs export it after a person worked on it: what each one drops, renumbers, rounds and adds.

After the statements in ``composer/contract/programs`` and the makers' manuals; worse than any one version of a program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.round_trip_files import meta
from tests.benchmarks.round_trip_reader import (
    CONTROL,
    END,
    KEY,
    MARKER,
    METRE,
    NAME,
    OFF,
    ON,
    PROGRAM,
    SYSEX,
    TEMPO,
    TEXT,
    Event,
    Song,
    ordered,
    song_bytes,
)

NAMES, PROGRAMS, CONTROLS, TEMPI, METRES, KEYS, MARKERS, CHORDS, TRACKS = (
    "names", "programs", "controllers", "tempo", "metre", "key", "markers", "chords", "tracks"
)  # fmt: skip
ALL = frozenset({NAMES, PROGRAMS, CONTROLS, TEMPI, METRES, KEYS, MARKERS, CHORDS, TRACKS})
_METAS = {TEMPI: TEMPO, METRES: METRE, KEYS: KEY, MARKERS: MARKER}
Tracks = list[list[Event]]


@dataclass(frozen=True, slots=True)
class Habit:
    """How a program exports: ``carries`` names what survives, ``slack`` by how many 480ths it moves a note."""

    export: Callable[[Song], bytes]
    carries: frozenset[str]
    slack: int = 0


def _tracks(song: Song, carries: frozenset[str]) -> Tracks:
    """The tracks without what is not carried."""
    gone = [kind for what, kind in _METAS.items() if what not in carries]

    def stays(event: Event) -> bool:
        if event.is_meta(END) or any(event.is_meta(kind) for kind in gone):
            return False
        if event.is_meta(NAME):
            return NAMES in carries
        if event.is_meta(TEXT):
            return CHORDS in carries
        if event.status == PROGRAM:
            return PROGRAMS in carries
        return CONTROLS in carries or event.is_note or event.body[0] >= 0xF0

    return [[e for e in track if stays(e)] for track in song.tracks]


def _plays(track: list[Event]) -> bool:
    return any(e.is_note for e in track)


def _on_channel(track: list[Event], channel: int) -> list[Event]:
    return [
        e._replace(body=bytes((e.body[0] & 0xF0 | channel,)) + e.body[1:]) if e.body[0] < 0xF0 else e for e in track
    ]


def _silent(track: list[Event]) -> list[Event]:
    """Ends of notes as beginnings without force."""
    return [e._replace(body=bytes((ON | e.channel, e.body[1], 0))) if e.status == OFF else e for e in track]


def _file(tracks: Tracks, song: Song, resolution: int, kind: int = 1, *, later: int = 0, running: bool = True) -> bytes:
    """In another resolution; each track ends with its last event; the music ``later`` by so many 480ths."""

    def at(event: Event) -> int:
        is_music = event.is_note or event.tick or event.is_meta(MARKER)
        tick = event.tick + (later if is_music else 0)
        return (2 * tick * resolution + song.resolution) // (2 * song.resolution)

    scaled = tuple(ordered(e._replace(tick=at(e)) for e in track) for track in tracks)
    return song_bytes(Song(kind, resolution, scaled), running=running)


def _live(song: Song) -> bytes:
    """One clip: notes only, type 0, channel 1."""
    notes = [e for track in _tracks(song, frozenset()) for e in _on_channel(track, 0) if e.is_note]
    return _file([_silent(notes)], song, 96, 0)


def _logic(song: Song) -> bytes:
    """Everything, after an empty bar, with a time code and an end for every track of its own; no chord symbols."""
    tracks = _tracks(song, ALL - {CHORDS})
    bar = 4 * 480 * next((e.content[0] / 2 ** e.content[1] for e in song.metas(METRE)), 1)
    tracks[0].insert(0, meta(0, 0x54, bytes((0x21, 0, 0, 0, 0))))
    return _file([t for t in tracks if t], song, 480, later=round(bar))


def _cubase(song: Song) -> bytes:
    """Type 1 with markers and a GM reset in front; port numbers; track names kept; no key."""
    tracks = _tracks(song, ALL - {KEYS})
    tracks[0].append(Event(0, bytes((SYSEX,)) + bytes.fromhex("7E7F0901F7")))
    for track in tracks[1:]:
        track.insert(0, meta(0, 0x21, b"\0"))
    return _file(tracks, song, 480)


def _fl(song: Song) -> bytes:
    """96 ticks, one tempo, channels counted through, no markers, no key, no texts, no controllers."""
    tracks = _tracks(song, frozenset({NAMES, PROGRAMS, TEMPI, METRES}))
    tempi = [e for e in tracks[0] if e.is_meta(TEMPO)][:1]
    head = [*tempi, *(e for e in tracks[0] if e.is_meta(METRE))]
    playing = [_silent(t) for t in tracks[1:] if _plays(t)]
    return _file([head, *playing], song, 96)


def _reaper(song: Song) -> bytes:
    """960 ticks, tempo map and markers embedded, a track that ends with its own last event."""
    return _file(_tracks(song, ALL), song, 960, running=False)


def _bitwig(song: Song) -> bytes:
    """Tracks with names and notes, on channel 1; nothing of the song around them."""
    tracks = [_on_channel(t, 0) for t in _tracks(song, frozenset({NAMES}))[1:] if _plays(t)]
    return _file([[], *tracks], song, 480)


def _musescore(song: Song) -> bytes:
    """No conductor: the first staff holds tempo, metre and key. Notes end a tick early; channels are dealt anew."""
    tracks = _tracks(song, ALL - {MARKERS, CHORDS, CONTROLS})
    playing = [t for t in tracks[1:] if _plays(t)]
    head = [e for e in tracks[0] if not e.is_meta(NAME)]
    made = []
    for number, track in enumerate(playing):
        drums = any(e.is_note and e.channel == 9 for e in track)
        channel = 9 if drums else number if number < 9 else number + 1
        track = [_shorter(e) for e in _on_channel(track, channel)]
        track += [
            Event(0, bytes((CONTROL | channel, n, v))) for n, v in ((121, 0), (7, 100), (10, 64), (91, 0), (93, 0))
        ]
        track.append(meta(0, 0x21, b"\0"))
        made.append(_silent(track))
    return _file([[*head, *made[0]], *made[1:]], song, 480)


def _shorter(event: Event) -> Event:
    return event._replace(tick=event.tick - 1) if event.is_note and not event.begins and event.tick else event


def _garageband(song: Song) -> bytes:
    """Through Logic's exporter as type 0 on one channel, a bar late."""
    notes = [e for t in _tracks(song, frozenset({TEMPI, METRES})) for e in _on_channel(t, 0)]
    return _file([notes], song, 480, 0)


def _ardour(song: Song) -> bytes:
    """1920 ticks, all the tracks that play with controllers, no song around them."""
    tracks = [t for t in _tracks(song, frozenset({NAMES, PROGRAMS, CONTROLS}))[1:] if _plays(t)]
    return _file(tracks, song, 1920)


def _numbered(song: Song) -> bytes:
    """Made-up names, a made-up tempo and metre, all on channel 1, the order kept."""
    tracks = [_on_channel(t, 0) for t in _tracks(song, frozenset()) if _plays(t)]
    for number, track in enumerate(tracks, start=1):
        track.insert(0, meta(0, NAME, f"Track {number}".encode()))
    head = [meta(0, TEMPO, (500_000).to_bytes(3)), meta(0, METRE, bytes((4, 2, 24, 8)))]
    return _file([head, *tracks], song, 480)


def _type_0(song: Song) -> bytes:
    """Type 0 with everything in it, the channels kept."""
    tracks = _tracks(song, ALL - {NAMES, CHORDS})
    return _file([[e for track in tracks for e in track]], song, 480, 0)


HABITS: dict[str, Habit] = {
    "as it was": Habit(lambda song: song_bytes(song), ALL),
    "Live, one clip": Habit(_live, frozenset(), 3),
    "Logic": Habit(_logic, ALL - {CHORDS}),
    "Cubase": Habit(_cubase, ALL - {KEYS}),
    "FL Studio": Habit(_fl, frozenset({NAMES, PROGRAMS, METRES, TRACKS}), 3),
    "Reaper": Habit(_reaper, ALL),
    "Bitwig": Habit(_bitwig, frozenset({NAMES, TRACKS})),
    "MuseScore": Habit(_musescore, ALL - {MARKERS, CHORDS, CONTROLS}, 1),
    "GarageBand": Habit(_garageband, frozenset({TEMPI, METRES})),
    "Ardour": Habit(_ardour, frozenset({NAMES, PROGRAMS, CONTROLS, TRACKS})),
    "numbered tracks": Habit(_numbered, frozenset({TRACKS})),
    "type 0": Habit(_type_0, ALL - {NAMES, CHORDS, TRACKS}),
}
