"""The sung line of a song as tunes of 8 to 48 bars, cut where phrases end."""

from __future__ import annotations

from collections.abc import Sequence

from composer.corpus.lieder import Song
from composer.corpus.phrases import phrase_ends
from composer.corpus.tune import BARS_MAX, BARS_MIN, NOTES_MAX, NOTES_MIN, Tune, tonic_below_median
from composer.corpus.written_song import Note
from composer.encoding.melody import DURATIONS, Event
from composer.music.time import Meter

STYLE = "lied"
_SOURCE = "lieder"
_CUT_BARS = 32  # a longer song is cut at the first phrase end after so many bars
_INTERLUDE_BARS = 2  # so many whole bars of the piano alone part two tunes
_ODD_RHYTHM_SHARE = 0.05


def tunes_of(song: Song) -> list[Tune]:
    """The melody of ``song`` in tunes that begin with a sung bar; empty when none is long enough.

    Preludes and postludes of the piano are left out, and so are interludes of two bars and more.
    """
    tunes = []
    for number, part in enumerate(_parts(song)):
        tune = _tune(song, part, f"{_SOURCE}/{song.name}{'.' if '#' in song.name else '#'}{number}", _SOURCE)
        if tune is not None:
            tunes.append(tune)
    return tunes


def _parts(song: Song) -> list[list[Note]]:
    """The notes of each tune, in ticks of the song."""
    bar = song.meter.bar_ticks
    sung: list[list[Note]] = []
    for note in song.melody:
        silent = note[0] // bar - -(-sung[-1][-1][1] // bar) if sung else _INTERLUDE_BARS
        if silent >= _INTERLUDE_BARS:
            sung.append([])
        sung[-1].append(note)
    return [part for one in sung for part in _cut(one, song.meter)]


def _cut(notes: list[Note], meter: Meter) -> list[list[Note]]:
    """``notes`` in parts of at most 48 bars and 250 notes that end with a phrase."""
    bar = meter.bar_ticks
    first = notes[0][0] // bar * bar
    bars = -(-(notes[-1][1] - first) // bar)
    if bars <= BARS_MAX and len(notes) <= NOTES_MAX:
        return [notes]
    ends = [first + end for end in phrase_ends(_moved(notes, first), meter, bars * bar)]
    goal = first + _CUT_BARS * bar
    allowed = [
        end for end in ends
        if BARS_MIN * bar <= end - first <= BARS_MAX * bar and sum(n[0] < end for n in notes) <= NOTES_MAX
    ]  # fmt: skip
    if not allowed:
        return []
    at = min(allowed, key=lambda end: abs(end - goal))
    rest = [note for note in notes if note[0] >= at]
    return [[note for note in notes if note[0] < at], *(_cut(rest, meter) if rest else [])]


def _tune(song: Song, notes: list[Note], identity: str, source: str) -> Tune | None:
    bar = song.meter.bar_ticks
    first_bar = notes[0][0] // bar
    line = _moved(notes, first_bar * bar)
    bars = -(-line[-1][1] // bar)
    if not BARS_MIN <= bars <= BARS_MAX or not NOTES_MIN <= len(line) <= NOTES_MAX:
        return None
    tonic = tonic_below_median([pitch for _, _, pitch in line], song.key)
    events = _events(line, tonic, song.meter)
    if sum(e.duration not in DURATIONS for e in events) > _ODD_RHYTHM_SHARE * len(events):
        return None
    chords = song.bar_chords[first_bar : first_bar + bars]
    return Tune(
        identity, source, f"{song.composer}: {song.title}" if song.composer else song.title, song.key, song.meter,
        tonic, events, bars, phrase_ends(line, song.meter, bars * bar), chords, (), STYLE,
        beats_per_minute=song.beats_per_minute,
    )  # fmt: skip


def _moved(notes: Sequence[Note], first: int) -> list[Note]:
    return [(start - first, stop - first, pitch) for start, stop, pitch in notes]


def _events(line: Sequence[Note], tonic: int, meter: Meter) -> tuple[Event, ...]:
    """Notes and the rests between them; a rest is cut at bar lines and into lengths of the vocabulary."""
    events: list[Event] = []
    for start, stop, pitch in line:
        if events:
            events += _rests(events[-1].end, start, meter)
        events.append(Event(start, stop - start, pitch - tonic))
    return tuple(events)


def _rests(start: int, stop: int, meter: Meter) -> list[Event]:
    rests: list[Event] = []
    while start < stop:
        line = (start // meter.bar_ticks + 1) * meter.bar_ticks
        left = min(stop, line) - start
        length = max((d for d in DURATIONS if d <= left), default=left)
        rests.append(Event(start, length, None))
        start += length
    return rests
