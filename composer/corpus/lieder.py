"""Songs with piano (OpenScore Lieder as MIDI): melody, accompaniment, bar lines, key and chords.

Each file has a track MELODY (channel 1) and a track ACCOMPANIMENT (channel 2), named so; repeats are read once. The
files are not part of the package: they are read from a folder, or from the .tar.gz of one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from composer.corpus.abc import UnusableTune
from composer.corpus.barlines import bar_lines, regular_stretches
from composer.corpus.bundle import files_in
from composer.corpus.song_key import song_key
from composer.corpus.song_labels import slot_chords, slots_per_bar
from composer.errors import ComposerError, printable
from composer.formats.smf_scan import SET_TEMPO, TIME_SIGNATURE
from composer.formats.source import SourceMidi, read_source
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

Note = tuple[int, int, int]  # start, end in ticks at 480 to the quarter, MIDI pitch
BARS_MIN = 8
NOTES_MIN = 16
INDEX = "index.csv"
SUFFIXES = (".mid", ".midi")
_MELODY, _ACCOMPANIMENT = "MELODY", "ACCOMPANIMENT"
_ONE_LINE_SHARE = 0.98  # of the melody's notes begin alone, else the part is no single voice


@dataclass(frozen=True)
class Song:
    """A stretch of a song in one metre; tick 0 is its first bar line, the notes before it (a pick-up) are left out.

    ``tempo_bpm`` counts quarters, ``beats_per_minute`` the beats of the metre; both None where the file has no tempo.
    ``melody`` is one line in order; ``accompaniment`` is sorted by start, then pitch. Notes end with the stretch.
    """

    name: str
    composer: str
    title: str
    meter: Meter
    tempo_bpm: float | None
    key: Key
    bars: int
    melody: tuple[Note, ...]
    accompaniment: tuple[Note, ...]

    @property
    def beats_per_minute(self) -> float | None:
        return None if self.tempo_bpm is None else self.tempo_bpm * TICKS_PER_BEAT / self.meter.beat_ticks

    @cached_property
    def slot_chords(self) -> tuple[Chord, ...]:
        """One chord for each half of a bar in even metres, else one for each bar."""
        return slot_chords(self.melody, self.accompaniment, self.key, self.meter, self.bars)

    @cached_property
    def bar_chords(self) -> tuple[Chord, ...]:
        """The chord on the downbeat of each bar."""
        return self.slot_chords[:: slots_per_bar(self.meter)]


@dataclass(frozen=True, slots=True)
class _Credit:
    composer: str
    title: str


def songs_in(path: Path, refused: dict[str, int] | None = None) -> Iterator[Song]:
    """The stretches of at least 8 bars of every song in ``path`` (a folder or .tar.gz), by name.

    ``refused`` is filled with how many songs were left out for each reason. Raises BadInput for an unusable archive.
    """
    members = dict(files_in(path))
    credits = _credits(members.pop(INDEX, b""))
    for name, content in sorted(members.items()):
        if not name.endswith(SUFFIXES):
            continue
        try:
            yield from songs_of(read_source(content, name), credits.get(name))
        except (UnusableTune, ComposerError) as reason:
            why = str(reason) if isinstance(reason, UnusableTune) else "not a MIDI file that can be read"
            if refused is not None:
                refused[why] = refused.get(why, 0) + 1


def songs_of(source: SourceMidi, credit: _Credit | None = None) -> list[Song]:
    """The stretches of one file that keep one metre for 8 bars or more; raises UnusableTune when there are none."""
    names = [name.upper() for name in source.track_names]
    if _MELODY not in names or _ACCOMPANIMENT not in names:
        raise UnusableTune("no tracks MELODY and ACCOMPANIMENT")
    melody = _line(_notes(source, names.index(_MELODY)))
    accompaniment = _notes(source, names.index(_ACCOMPANIMENT))
    if len(melody) < NOTES_MIN or not accompaniment:
        raise UnusableTune("fewer than 16 melody notes, or no accompaniment")
    credit = credit or _Credit("", printable(source.texts(3)[0].text if source.texts(3) else source.name))
    end = max(stop for _, stop, _ in (*melody, *accompaniment))
    home = song_key(melody, accompaniment)
    found: list[Song] = []
    for first, last, meter in _stretches(source, melody, accompaniment, end):
        song = _song(source, credit, meter, home, melody, accompaniment, (first, last), end)
        if song is not None:
            found.append(song)
    if not found:
        raise UnusableTune("no 8 bars with melody in one metre")
    stem = Path(source.name).stem
    return [_named(song, stem if len(found) == 1 else f"{stem}#{n}") for n, song in enumerate(found)]


def _named(song: Song, name: str) -> Song:
    return Song(
        name, song.composer, song.title, song.meter, song.tempo_bpm, song.key, song.bars, song.melody,
        song.accompaniment,
    )  # fmt: skip


def _song(
    source: SourceMidi,
    credit: _Credit,
    meter: Meter,
    home: Key,
    melody: list[Note],
    accompaniment: list[Note],
    span: tuple[int, int],
    end: int,
) -> Song | None:
    """The stretch from bar line to bar line as a song; ``None`` when hardly anything is sung in it."""
    first, last = span
    sung, played = _within(melody, first, last), _within(accompaniment, first, last)
    if len(sung) < NOTES_MIN or not played:
        return None
    # The end of the song tells its key; a stretch from the middle is likelier to be in the song's key than to end on I.
    key = song_key(sung, played, None if last >= end else home.tonic_class)
    return Song(
        "", credit.composer, credit.title, meter, _tempo_at(source, first), key, (last - first) // meter.bar_ticks,
        tuple(sung), tuple(played),
    )  # fmt: skip


def _stretches(
    source: SourceMidi, melody: list[Note], accompaniment: list[Note], end: int
) -> Iterator[tuple[int, int, Meter]]:
    """(first, last) ticks and metre of each run of at least 8 whole bars in one metre."""
    changes: list[tuple[int, Meter]] = []
    for event in source.metas(TIME_SIGNATURE):
        try:
            meter = meter_of(f"{event.data[0]}/{2 ** event.data[1]}")
        except ValueError:
            raise UnusableTune("a metre that cannot be notated") from None
        if not changes or changes[-1][1] != meter:
            changes.append((_scaled(event.tick, source), meter))
    if not changes:
        raise UnusableTune("no metre")
    for (since, meter), (until, _) in pairwise([*changes, (end, changes[-1][1])]):
        if until - since < BARS_MIN * meter.bar_ticks:
            continue
        here, there = (_within(notes, since, until) for notes in (melody, accompaniment))
        lines = bar_lines(here, there, meter, until - since)
        for first, last in regular_stretches(lines, meter):
            if last - first >= BARS_MIN * meter.bar_ticks:
                yield since + first, since + last, meter


def _within(notes: Sequence[Note], first: int, last: int) -> list[Note]:
    """The notes that begin in the span, from its start, cut at its end."""
    return [(start - first, min(stop, last) - first, pitch) for start, stop, pitch in notes if first <= start < last]


def _notes(source: SourceMidi, track: int) -> list[Note]:
    notes = [(_scaled(n.start, source), _scaled(n.end, source), n.pitch) for n in source.notes if n.track == track]
    return sorted({note for note in notes if note[1] > note[0]}, key=lambda n: (n[0], n[2], n[1]))


def _line(notes: list[Note]) -> list[Note]:
    """One note at a time: the top one of a chord, each up to the next at most."""
    top: dict[int, Note] = {}
    for note in notes:
        if note[0] not in top or note[2] >= top[note[0]][2]:
            top[note[0]] = note
    if len(top) < _ONE_LINE_SHARE * len(notes):
        raise UnusableTune("a melody part in chords")
    ordered = [top[start] for start in sorted(top)]
    return [
        (start, min(stop, following[0]), pitch)
        for (start, stop, pitch), following in zip(ordered, [*ordered[1:], (ordered[-1][1], 0, 0)], strict=True)
    ]


def _tempo_at(source: SourceMidi, tick: int) -> float | None:
    """Quarters a minute at ``tick``; a tempo that follows within two quarters counts, for pick-ups precede bar 1."""
    found = None
    for event in source.metas(SET_TEMPO):
        if _scaled(event.tick, source) <= tick + 2 * TICKS_PER_BEAT:
            found = round(60e6 / int.from_bytes(event.data), 2)
    return found


def _scaled(tick: int, source: SourceMidi) -> int:
    return round(tick * TICKS_PER_BEAT / source.ticks_per_beat)


def _credits(index: bytes) -> dict[str, _Credit]:
    """Composer and title of each file, from the index beside them; empty without one."""
    rows = csv.DictReader(io.StringIO(index.decode("utf-8", "replace")))
    return {
        row["file"]: _Credit(_plain(row.get("composer") or ""), _plain(row.get("song") or ""))
        for row in rows
        if row.get("file")
    }


def _plain(text: str) -> str:
    return printable(text.replace("_", " ").strip())
