"""A song for voice and piano as its file has it, before bar lines, key and chords are found; the MIDI reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from composer.corpus.abc import UnusableTune
from composer.errors import printable
from composer.formats.midi.scan import SET_TEMPO
from composer.formats.midi.source import TEXT, TRACK_NAME, SourceMidi
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

Note = tuple[int, int, int]  # start, end in ticks at 480 to the quarter, MIDI pitch
_MELODY, _ACCOMPANIMENT = "MELODY", "ACCOMPANIMENT"
_ONE_LINE_SHARE = 0.98  # of the melody's notes begin alone, else the part is no single voice


@dataclass(frozen=True, slots=True)
class WrittenSong:
    """``melody`` is one line in order, ``accompaniment`` sorted by start, then pitch.

    ``meters`` and ``tempi`` (quarters a minute) hold the tick of each change. ``bar_starts`` are empty where the file
    does not say them.
    """

    name: str
    composer: str
    title: str
    melody: tuple[Note, ...]
    accompaniment: tuple[Note, ...]
    meters: tuple[tuple[int, Meter], ...]
    tempi: tuple[tuple[int, float], ...]
    bar_starts: tuple[int, ...] = ()


def midi_song(source: SourceMidi) -> WrittenSong:
    """The song of a MIDI file with tracks MELODY and ACCOMPANIMENT; raises UnusableTune."""
    names = [name.upper() for name in source.track_names]
    if _MELODY not in names or _ACCOMPANIMENT not in names:
        raise UnusableTune("no tracks MELODY and ACCOMPANIMENT")
    meters: list[tuple[int, Meter]] = []
    for tick, upper, lower in source.metres:
        try:
            meters.append((_scaled(tick, source), meter_of(f"{upper}/{lower}")))
        except ValueError:
            raise UnusableTune("a metre that cannot be notated") from None
    tempi = [(_scaled(e.tick, source), round(60e6 / int.from_bytes(e.data), 2)) for e in source.metas(SET_TEMPO)]
    titles = [*source.texts(TRACK_NAME), *source.texts(TEXT)]
    return WrittenSong(
        Path(source.name).stem, "", printable(titles[0].text if titles else source.name),
        one_line(_notes(source, names.index(_MELODY))), tuple(_notes(source, names.index(_ACCOMPANIMENT))),
        changes_of(meters), tuple(tempi),
    )  # fmt: skip


def one_line(notes: Sequence[Note]) -> tuple[Note, ...]:
    """One note at a time: the top one of a chord, each up to the next at most; raises UnusableTune for two voices."""
    top: dict[int, Note] = {}
    for note in notes:
        if note[0] not in top or note[2] >= top[note[0]][2]:
            top[note[0]] = note
    if len(top) < _ONE_LINE_SHARE * len(notes):
        raise UnusableTune("a melody part in chords")
    ordered = [top[start] for start in sorted(top)]
    following = [*(note[0] for note in ordered[1:]), *(note[1] for note in ordered[-1:])]
    return tuple((s, min(e, after), p) for (s, e, p), after in zip(ordered, following, strict=True))


def changes_of(meters: Sequence[tuple[int, Meter]]) -> tuple[tuple[int, Meter], ...]:
    """``meters`` without those that say again what holds; raises UnusableTune without any."""
    if not meters:
        raise UnusableTune("no metre")
    kept = [meters[0]]
    for change in meters[1:]:
        if change[1] != kept[-1][1]:
            kept.append(change)
    return tuple(kept)


def _notes(source: SourceMidi, track: int) -> list[Note]:
    notes = [(_scaled(n.start, source), _scaled(n.end, source), n.pitch) for n in source.notes if n.track == track]
    return sorted({note for note in notes if note[1] > note[0]}, key=lambda n: (n[0], n[2], n[1]))


def _scaled(tick: int, source: SourceMidi) -> int:
    return round(tick * TICKS_PER_BEAT / source.ticks_per_beat)
