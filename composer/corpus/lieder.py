"""Songs with piano (OpenScore Lieder): melody, accompaniment, bar lines, key and chords.

A song is a MIDI file with a track MELODY and a track ACCOMPANIMENT, or a score of one voice with words and a piano
(MusicXML); repeats are read once. The files are not part of the package: they are read from a folder, or from the
.tar.gz of one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from composer.corpus.abc import UnusableTune
from composer.corpus.barlines import bar_lines, regular_stretches
from composer.corpus.bundle import files_in
from composer.corpus.scores import XML_SUFFIXES
from composer.corpus.song_key import song_key
from composer.corpus.song_labels import slot_chords, slots_per_bar
from composer.corpus.written_song import Note, WrittenSong, midi_song
from composer.corpus.xml_songs import xml_song
from composer.errors import ComposerError, printable
from composer.formats.midi.source import read_source
from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT, Meter

BARS_MIN = 8
NOTES_MIN = 16
INDEX = "index.csv"
SUFFIXES = (".mid", ".midi", *XML_SUFFIXES)


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


def songs_in(path: Path, refused: dict[str, int] | None = None) -> Iterator[Song]:
    """The stretches of at least 8 bars of every song in ``path`` (a folder or .tar.gz), by name.

    ``refused`` is filled with how many songs were left out for each reason. Raises BadInput for an unusable archive.
    """
    members = dict(files_in(path, (*SUFFIXES, INDEX)))
    credits = _credits(members.pop(INDEX, b""))
    for name, content in sorted(members.items()):
        try:
            yield from songs_of(_written(name, content, credits.get(name)))
        except (UnusableTune, ComposerError) as reason:
            why = str(reason) if isinstance(reason, UnusableTune) else "not a MIDI file that can be read"
            if refused is not None:
                refused[why] = refused.get(why, 0) + 1


def songs_of(written: WrittenSong) -> list[Song]:
    """The stretches of one song that keep one metre for 8 bars or more; raises UnusableTune when there are none."""
    melody, accompaniment = written.melody, written.accompaniment
    if len(melody) < NOTES_MIN or not accompaniment:
        raise UnusableTune("fewer than 16 melody notes, or no accompaniment")
    end = max(stop for _, stop, _ in (*melody, *accompaniment))
    home = song_key(melody, accompaniment)
    found: list[Song] = []
    for first, last, meter in _stretches(written, end):
        sung, played = _within(melody, first, last), _within(accompaniment, first, last)
        if len(sung) < NOTES_MIN or not played:
            continue
        # The end of the song tells its key; a stretch from the middle is likelier in the song's key than to end on I.
        key = song_key(sung, played, None if last >= end else home.tonic_class)
        bars = (last - first) // meter.bar_ticks
        found.append(
            Song(
                written.name, written.composer, written.title, meter, _tempo_at(written, first), key, bars,
                tuple(sung), tuple(played),
            )
        )  # fmt: skip
    if not found:
        raise UnusableTune("no 8 bars with melody in one metre")
    return found if len(found) == 1 else [replace(song, name=f"{song.name}#{n}") for n, song in enumerate(found)]


def _written(name: str, content: bytes, credit: tuple[str, str] | None) -> WrittenSong:
    is_score = Path(name).suffix.lower() in XML_SUFFIXES
    found = xml_song(content, name) if is_score else midi_song(read_source(content, name))
    return replace(found, composer=credit[0], title=credit[1]) if credit else found


def _stretches(written: WrittenSong, end: int) -> Iterator[tuple[int, int, Meter]]:
    """(first, last) ticks and metre of each run of at least 8 whole bars in one metre."""
    for (since, meter), (until, _) in pairwise([*written.meters, (end, written.meters[-1][1])]):
        if until - since < BARS_MIN * meter.bar_ticks:
            continue
        if written.bar_starts:
            lines = [tick for tick in written.bar_starts if since <= tick <= until or (until == end and tick > end)]
        else:
            here, there = (_within(notes, since, until) for notes in (written.melody, written.accompaniment))
            lines = [since + tick for tick in bar_lines(here, there, meter, until - since)]
        for first, last in regular_stretches(lines, meter):
            if last - first >= BARS_MIN * meter.bar_ticks:
                yield first, last, meter


def _within(notes: Sequence[Note], first: int, last: int) -> list[Note]:
    """The notes that begin in the span, from its start, cut at its end."""
    return [(start - first, min(stop, last) - first, pitch) for start, stop, pitch in notes if first <= start < last]


def _tempo_at(written: WrittenSong, tick: int) -> float | None:
    """Quarters a minute at ``tick``; a tempo that follows within two quarters counts, for pick-ups precede bar 1."""
    found = [bpm for since, bpm in written.tempi if since <= tick + 2 * TICKS_PER_BEAT]
    return found[-1] if found else None


def _credits(index: bytes) -> dict[str, tuple[str, str]]:
    """Composer and title of each file, from the index beside them; empty without one."""
    rows = csv.DictReader(io.StringIO(index.decode("utf-8", "replace")))
    return {
        row["file"]: (_plain(row.get("composer") or ""), _plain(row.get("song") or ""))
        for row in rows
        if row.get("file")
    }


def _plain(text: str) -> str:
    return printable(text.replace("_", " ").strip())
