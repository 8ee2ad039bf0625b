"""Files as other people's programs write them, made here: each has one thing that a reader may stumble over.

Every file is legal; those in ``REFUSED`` are legal too but count time in frames, which no bar line can be drawn in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tests.benchmarks.round_trip_reader import (
    BEND,
    CONTROL,
    END,
    KEY,
    KEY_PRESSURE,
    LYRIC,
    MARKER,
    META,
    METRE,
    NAME,
    OFF,
    ON,
    PRESSURE,
    PROGRAM,
    SYSEX,
    TEMPO,
    TEXT,
    Event,
    Song,
    ordered,
    song_bytes,
)

BEAT, BAR, BARS = 480, 1920, 16
TUNE = (60, 62, 64, 65, 67, 65, 64, 62, 60, 64, 67, 72, 71, 67, 65, 62)
CHORDS = ((48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50))
Tracks = list[list[Event]]


def meta(tick: int, kind: int, content: bytes = b"") -> Event:
    return Event(tick, bytes((META, kind)) + content)


def note(start: int, length: int, pitch: int, channel: int = 0, velocity: int = 80) -> list[Event]:
    return [
        Event(start, bytes((ON | channel, pitch, velocity))),
        Event(start + length, bytes((OFF | channel, pitch, 64))),
    ]


def control(tick: int, number: int, value: int, channel: int = 0) -> Event:
    return Event(tick, bytes((CONTROL | channel, number, value)))


def tempo(tick: int, bpm: float) -> Event:
    return meta(tick, TEMPO, round(60e6 / bpm).to_bytes(3))


def metre(tick: int, upper: int, lower: int) -> Event:
    return meta(tick, METRE, bytes((upper, lower.bit_length() - 1, 24, 8)))


def song(tracks: Tracks, resolution: int = BEAT, kind: int = 1) -> Song:
    return Song(kind, resolution, tuple(ordered(track) for track in tracks))


def named(name: str, program: int, channel: int) -> list[Event]:
    return [meta(0, NAME, name.encode()), Event(0, bytes((PROGRAM | channel, program))), control(0, 7, 100, channel)]


def tune(rng: np.random.Generator, channel: int = 0) -> list[Event]:
    found = []
    for index in range(2 * BARS):
        pitch = TUNE[(index + int(rng.integers(2))) % len(TUNE)] + 12
        found += note(index * 960, 900, pitch, channel, 70 + int(rng.integers(40)))
    return found


def chords(channel: int = 1) -> list[Event]:
    return [e for bar in range(BARS) for p in CHORDS[bar % 4] for e in note(bar * BAR, 1900, p + 12, channel, 60)]


def bass(channel: int = 2) -> list[Event]:
    return [e for b in range(2 * BARS) for e in note(b * 960, 800, CHORDS[b // 2 % 4][0] - 12, channel, 75)]


def base(rng: np.random.Generator) -> Tracks:
    conductor = [
        meta(0, NAME, b"Song"), tempo(0, 100), metre(0, 4, 4), meta(0, KEY, b"\0\0"),
        meta(0, MARKER, b"Verse"), meta(8 * BAR, MARKER, b"Chorus"),
    ]  # fmt: skip
    return [conductor, [*named("Lead", 73, 0), *tune(rng)], [*named("Piano", 0, 1), *chords()],
            [*named("Bass", 32, 2), *bass()]]  # fmt: skip


def _with(change: Callable[[Tracks, np.random.Generator], object]) -> Callable[[np.random.Generator], bytes]:
    def made(rng: np.random.Generator) -> bytes:
        tracks = base(rng)
        change(tracks, rng)
        return song_bytes(song(tracks))

    return made


def _at(resolution: int) -> Callable[[np.random.Generator], bytes]:
    def made(rng: np.random.Generator) -> bytes:
        tracks = [[e._replace(tick=round(e.tick * resolution / BEAT)) for e in t] for t in base(rng)]
        return song_bytes(song(tracks, resolution))

    return made


def _type_0(rng: np.random.Generator, *, one_channel: bool = False) -> bytes:
    events = [e for t in base(rng) for e in t if not e.is_meta(NAME)]
    if one_channel:
        events = [e._replace(body=bytes((e.body[0] & 0xF0,)) + e.body[1:]) if e.body[0] < 0xF0 else e for e in events]
    return song_bytes(song([events], kind=0))


def _silent_offs(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    for track in tracks:
        track[:] = [
            e._replace(body=bytes((ON | e.channel, e.body[1], 0))) if e.is_note and not e.begins else e for e in track
        ]


def _early(tracks: Tracks, rng: np.random.Generator) -> None:
    for track in tracks:
        track[:] = [e._replace(tick=max(0, e.tick - int(rng.integers(0, 9)))) if e.begins else e for e in track]


def _later(ticks: int) -> Callable[[Tracks, np.random.Generator], None]:
    def change(tracks: Tracks, rng: np.random.Generator) -> None:
        del rng
        for track in tracks:
            track[:] = [e._replace(tick=e.tick + ticks) if e.tick or e.is_note else e for e in track]

    return change


def _controllers(tracks: Tracks, rng: np.random.Generator) -> None:
    for bar in range(BARS):
        tracks[2] += [control(bar * BAR + 20, 64, 127, 1), control(bar * BAR + 1880, 64, 0, 1)]
    tracks[1] += [control(t, 11, int(rng.integers(40, 127)), 0) for t in range(0, 8 * BAR, 37)]
    tracks[1] += [Event(t, bytes((BEND, t % 128, 64))) for t in range(100, 2000, 90)]
    tracks[1] += [Event(2010, bytes((BEND, 0, 64))), *(Event(3000 + t, bytes((PRESSURE, t % 100))) for t in range(30))]
    tracks[1] += [Event(4000 + t, bytes((KEY_PRESSURE, 67, t % 100))) for t in range(30)]
    # A registered parameter (bend range of 12), as a row of controllers at one tick whose order matters.
    tracks[3] += [control(0, n, v, 2) for n, v in ((101, 0), (100, 0), (6, 12), (38, 0), (101, 127), (100, 127))]


def _system_exclusive(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    reset = bytes((SYSEX,)) + bytes.fromhex("7E7F0901F7")
    tracks[0] += [Event(0, reset), Event(960, bytes((SYSEX,)) + bytes.fromhex("4110421240007F0041F7"))]
    tracks[1] += [Event(1000, reset)]


def _programs(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    tracks[1] += [Event(4 * BAR, bytes((PROGRAM, 40))), Event(8 * BAR, bytes((PROGRAM, 56)))]
    tracks[1] += [control(4 * BAR, 0, 1), control(4 * BAR, 32, 2)]


def _lyrics(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    words = ("Down ", "by ", "the ", "ri-", "ver ", "sö ", "blau ", "na\u00efve ")
    tracks[1] += [meta(i * 960, LYRIC, words[i % 8].encode()) for i in range(2 * BARS)]


def _metres(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    tracks[0] += [metre(4 * BAR, 3, 4), metre(4 * BAR + 4 * 1440, 6, 8), metre(4 * BAR + 6 * 1440, 4, 4)]
    tracks[0] += [meta(4 * BAR, KEY, b"\2\0"), meta(4 * BAR + 6 * 1440, KEY, b"\0\0")]


def _pick_up(tracks: Tracks, rng: np.random.Generator) -> None:
    """A first bar of one beat, as notation programs write it."""
    _later(BEAT)(tracks, rng)
    tracks[0] = [e for e in tracks[0] if not e.is_meta(METRE)] + [metre(0, 1, 4), metre(BEAT, 4, 4)]
    tracks[1] += note(0, 400, 67)


def _tempo_ramp(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    tracks[0] += [tempo(12 * BAR + t, 100 - t / 200) for t in range(60, 4 * BAR, 60)]


def _zero_length(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    for track, pitch, channel in ((1, 77, 0), (2, 66, 1)):
        for start in (300, 5000, 9600):
            tracks[track] += note(start, 0, pitch, channel)


def _overlaps(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    for start in range(0, 8 * BAR, BAR):
        tracks[2] += note(start + 480, 1900, CHORDS[start // BAR % 4][0] + 12, 1, 50)


def _hanging(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    for track in (1, 2):
        offs = [i for i, e in enumerate(tracks[track]) if e.is_note and not e.begins]
        for index in sorted((offs[5], offs[11], offs[-1]), reverse=True):
            del tracks[track][index]


def _stray_offs(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    tracks[1] += [Event(t, bytes((OFF, 50, 0))) for t in (0, 777, 4000)]
    tracks[1] += [control(BARS * BAR, 123, 0)]


def _empty_tracks(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    tracks[1:1] = [[meta(0, NAME, b"Audio 1")], []]
    tracks += [[], [meta(0, NAME, b"Video")], [meta(0, NAME, b"(c) somebody"), meta(0, TEXT, b"made with love")]]


def _many_tracks(tracks: Tracks, rng: np.random.Generator) -> None:
    for number in range(40):
        channel = number % 16
        tracks.append([*named(f"Part {number + 1}", number, channel), *tune(rng, channel)])


def _odd_markers(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    texts = ("Intro", "", "Verse 2", "Refrain \u00e9t\u00e9", "A" * 200, "END", "x\0y")
    tracks[0] += [meta(7 + 1237 * i, MARKER, text.encode()) for i, text in enumerate(texts)]
    tracks[0] += [
        meta(333, 0x07, b"cue: rain"),
        meta(0, 0x02, "\u00a9 1999 Ann".encode()),
        meta(0, 0x54, b"\x60\0\0\0\0"),
    ]
    tracks[1] += [meta(1000, MARKER, b"in a track of notes"), meta(0, 0x7F, b"\x05\x0f\x1c\x32"), meta(0, 0x21, b"\0")]


def _early_ends(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    tracks[2] = [e for e in tracks[2] if e.tick < 5 * BAR]
    tracks[3] = [e for e in tracks[3] if e.tick < 9 * BAR + 500]


def _late_notes(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    tracks[1] += note(BARS * BAR - 100, 3 * BAR + 77, 84)


def _names(charset: str, text: str) -> Callable[[np.random.Generator], bytes]:
    def change(tracks: Tracks, rng: np.random.Generator) -> None:
        del rng
        for number, track in enumerate(tracks):
            track[:] = [e for e in track if not e.is_meta(NAME)]
            track.insert(0, meta(0, NAME, f"{text} {number}".encode(charset)))

    return _with(change)


def _many_programs_one_channel(tracks: Tracks, rng: np.random.Generator) -> None:
    for track in tracks:
        track[:] = [e._replace(body=bytes((e.body[0] & 0xF0,)) + e.body[1:]) if e.body[0] < 0xF0 else e for e in track]
    del rng


def _drums(tracks: Tracks, rng: np.random.Generator) -> None:
    del rng
    kit = [e for q in range(4 * BARS) for e in note(q * BEAT, 30, (36, 42, 38, 46)[q % 4], 9, 100)]
    tracks.append([meta(0, NAME, b"Drum Kit"), Event(0, bytes((PROGRAM | 9, 8))), *kit])


def _notes_first(rng: np.random.Generator) -> bytes:
    """The first track plays, and holds tempo and metre too: MuseScore, Sibelius and Finale write so."""
    tracks = base(rng)
    return song_bytes(song([[*tracks[0], *tracks[1]], *tracks[2:]]))


def _running(rng: np.random.Generator) -> bytes:
    tracks = base(rng)
    _silent_offs(tracks, rng)
    return song_bytes(song(tracks), running=True)


def _frames(rng: np.random.Generator) -> bytes:
    data = bytearray(song_bytes(song(base(rng))))
    data[12:14] = bytes((0xE7, 40))
    return bytes(data)


def _no_end(rng: np.random.Generator) -> bytes:
    tracks = song(base(rng)).tracks
    return song_bytes(Song(1, BEAT, tuple(tuple(e for e in t if not e.is_meta(END)) for t in tracks)))


def _alien_chunk(rng: np.random.Generator) -> bytes:
    data = song_bytes(song(base(rng)))
    return data[:14] + b"XFIH\0\0\0\4abcd" + data[14:] + b"XFKM\0\0\0\1z"


def _without(*kinds: int) -> Callable[[np.random.Generator], bytes]:
    def change(tracks: Tracks, rng: np.random.Generator) -> None:
        del rng
        for track in tracks:
            track[:] = [e for e in track if not any(e.is_meta(kind) for kind in kinds)]

    return _with(change)


FILES: dict[str, Callable[[np.random.Generator], bytes]] = {
    "plain": _with(lambda tracks, rng: None),
    "type 0": _type_0,
    "type 0 on channel 1": lambda rng: _type_0(rng, one_channel=True),
    "all on channel 1": _with(_many_programs_one_channel),
    **{f"{ppq} ticks": _at(ppq) for ppq in (24, 96, 120, 192, 384, 960, 1024, 15360, 32767)},
    "no tempo": _without(TEMPO), "no metre": _without(METRE), "no names": _without(NAME),
    "no markers": _without(MARKER), "nothing but notes": _without(TEMPO, METRE, NAME, MARKER, KEY),
    "velocity 0 for off": _with(_silent_offs), "running status": _running,
    "a few ticks early": _with(_early), "an empty bar in front": _with(_later(BAR)),
    "half a beat late": _with(_later(240)), "Latin-1 names": _names("latin-1", "Fl\u00fbte \u00e0 bec"),
    "UTF-8 names": _names("utf-8", "\u30d4\u30a2\u30ce \u0444\u043b\u0435\u0439\u0442\u0430"),
    "UTF-16 names": _names("utf-16", "Klavier \u4e8c"), "Shift-JIS names": _names("cp932", "\u30d4\u30a2\u30ce"),
    "long names": _names("latin-1", "Very long name of a track " * 12),
    "controllers": _with(_controllers), "system exclusive": _with(_system_exclusive),
    "program changes": _with(_programs), "lyrics": _with(_lyrics), "metre changes": _with(_metres),
    "pick-up bar": _with(_pick_up), "tempo ramp": _with(_tempo_ramp), "notes without length": _with(_zero_length),
    "overlapping notes": _with(_overlaps), "hanging notes": _with(_hanging), "stray ends": _with(_stray_offs),
    "empty tracks": _with(_empty_tracks), "43 tracks": _with(_many_tracks), "odd markers": _with(_odd_markers),
    "tracks that end early": _with(_early_ends), "a note over the end": _with(_late_notes), "drums": _with(_drums),
    "notes in the first track": _notes_first, "no ends of tracks": _no_end, "alien chunks": _alien_chunk,
    "SMPTE frames": _frames,
}  # fmt: skip
REFUSED = frozenset({"SMPTE frames"})


def files(seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file."""
    for name, make in FILES.items():
        yield name, make(np.random.default_rng(seed))
