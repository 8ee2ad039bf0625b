"""A MIDI file as what is compared: lines of tones, controllers, and what belongs to the whole song.

All times are ints of one unit that both files share exactly, so that another resolution alone is no difference.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from composer.formats.midi.chords import TimedText, is_chord_symbol, own_chord_track, refound
from composer.formats.midi.scan import (
    BEND,
    CONTROL,
    END_OF_TRACK,
    KEY_PRESSURE,
    KEY_SIGNATURE,
    META,
    PROGRAM,
    SET_TEMPO,
    SMPTE_OFFSET,
    SYSEX,
    TIME_SIGNATURE,
    RawEvent,
)
from composer.formats.midi.source import MARKER, TEXT, TRACK_NAME, SourceMidi, decoded
from composer.formats.midi.writer import key_of_signature_bytes
from composer.music.bars import BarMap
from composer.music.time import TICKS_PER_BEAT

_BEND_CENTRE = 8192
MARKERS, TEXTS, CHORDS, TEMPO, METRE = "marker", "text", "chord symbol", "tempo", "metre"
KEY, NAME = "key", "track name"
_SONG_KINDS = {
    TEXT: TEXTS, 0x02: "copyright", TRACK_NAME: NAME, 0x04: "instrument name", 0x05: "lyric", MARKER: MARKERS,
    0x07: "cue point", 0x20: "channel prefix", 0x21: "port", SET_TEMPO: TEMPO, SMPTE_OFFSET: "SMPTE offset",
    TIME_SIGNATURE: METRE, KEY_SIGNATURE: KEY,
}  # fmt: skip
_LAST_TEXT = 0x0F
# Kinds that stand at a place in the music and are the same elsewhere; the others set something from there on.
MOVABLE = frozenset({MARKERS, TEXTS, CHORDS, "cue point", "lyric"})
# Those of them that name a place in the whole piece.
PLACES = frozenset({MARKERS, "cue point"})
CONTROL_NAMES = {
    0: "bank (CC0)", 1: "modulation (CC1)", 7: "volume (CC7)", 10: "pan (CC10)", 11: "expression (CC11)",
    32: "bank (CC32)", 64: "pedal (CC64)", 91: "reverb (CC91)", 93: "chorus (CC93)",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Tone:
    """A note; ``line`` is the index of its line and ``is_open`` says that the file never ends it, neither of which
    makes it another note."""

    start: int
    pitch: int
    end: int
    velocity: int
    line: int = field(default=0, compare=False)
    is_open: bool = field(default=False, compare=False)

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """A controller, program, bend or pressure set to ``value`` at ``time``."""

    time: int
    what: str
    value: int


@dataclass(frozen=True, slots=True, order=True)
class SongEvent:
    """A tempo, metre, key, marker, text ... of the whole file; ``text`` is its value in words."""

    time: int
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one track plays on one channel (0..15); ``name`` is ``""`` where the track has none."""

    index: int
    track: int
    channel: int
    name: str
    label: str
    program: int
    tones: tuple[Tone, ...]
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A file in units of 1/``unit`` quarter."""

    name: str
    unit: int
    kind: int
    ticks_per_beat: int
    lines: tuple[Line, ...]
    song: tuple[SongEvent, ...]
    metres: tuple[tuple[int, int, int], ...]
    end: int

    @property
    def tones(self) -> list[Tone]:
        return [tone for line in self.lines for tone in line.tones]

    @property
    def bars(self) -> BarMap:
        return BarMap(self.metres, self.unit)

    def only(self, tones: Callable[[Tone], bool], events: Callable[[Turn | SongEvent], bool]) -> View:
        """The notes and the events that these two say."""
        lines = tuple(
            replace(line, tones=tuple(filter(tones, line.tones)), turns=tuple(filter(events, line.turns)))
            for line in self.lines
        )
        return replace(self, lines=lines, song=tuple(filter(events, self.song)))

    def earlier(self, shift: int) -> View:
        """The same music ``shift`` units earlier; what a file sets at its start, it still sets there."""

        def at(time: int) -> int:
            return max(0, time - shift)

        def kept(time: int) -> int:
            return at(time) if time else 0

        lines = tuple(
            replace(
                line,
                tones=tuple(replace(t, start=t.start - shift, end=t.end - shift) for t in line.tones),
                turns=tuple(replace(t, time=kept(t.time)) for t in line.turns),
            )
            for line in self.lines
        )
        song = tuple(replace(e, time=(at if e.what in MOVABLE else kept)(e.time)) for e in self.song)
        metres = tuple((kept(tick), upper, lower) for tick, upper, lower in self.metres)
        return replace(self, lines=lines, song=song, metres=metres, end=self.end - shift)


def common_unit(before: SourceMidi, after: SourceMidi) -> int:
    """Parts of a quarter that hold every tick of both files, and the 480ths in which ``composer`` counts."""
    return math.lcm(before.ticks_per_beat, after.ticks_per_beat, TICKS_PER_BEAT)


def view_of(source: SourceMidi, unit: int) -> View:
    """``source`` in units of 1/``unit`` quarter; ``unit`` is a multiple of its ticks per quarter."""
    scale = unit // source.ticks_per_beat
    metres = tuple((tick * scale, upper, lower) for tick, upper, lower in source.metres)
    return View(
        source.name, unit, source.format, source.ticks_per_beat, _lines(source, scale), _song(source, scale), metres,
        source.end_tick * scale,
    )  # fmt: skip


def with_chords_of(view: View, known: View) -> View:
    """``view`` with those of its texts as chord symbols that are the symbols of ``known``, where it has no track of
    chords itself: a program moved them into another track."""
    chords, others = ([TimedText(e.time, e.text) for e in known.song if e.what == what] for what in (CHORDS, TEXTS))
    if not chords or any(event.what == CHORDS for event in view.song):
        return view
    texts = [event for event in view.song if event.what == TEXTS]
    symbols = {texts[n] for n in refound([TimedText(e.time, e.text) for e in texts], chords, others)}
    return replace(view, song=tuple(sorted(replace(e, what=CHORDS) if e in symbols else e for e in view.song)))


def without_titles_of(view: View, other: View) -> View:
    """``view`` without the names of tracks that ``other`` has too, where one of both is of type 0: that has one track,
    in which no name says whose it is."""
    if bool(view.kind) == bool(other.kind):
        return view
    known = {line.name for line in other.lines} | {e.text for e in other.song if e.what == NAME} | {""}
    return replace(view, song=tuple(e for e in view.song if e.what != NAME or e.text not in known))


def _lines(source: SourceMidi, scale: int) -> tuple[Line, ...]:
    groups: dict[tuple[int, int], list[Tone]] = defaultdict(list)
    programs: dict[tuple[int, int], int] = {}
    for note in source.notes:
        place = note.track, note.channel
        is_open = note.off_index is None
        tone = Tone(note.start * scale, note.pitch, note.end * scale, note.velocity, is_open=is_open)
        groups[place].append(tone)
        programs.setdefault(place, note.program)
    names = source.track_names
    shared = {track for track, _ in groups if sum(t == track for t, _ in groups) > 1}
    turns = _turns(source, scale, set(groups))
    return tuple(
        Line(
            index, track, channel, names[track], _label(names[track], track, channel, track in shared),
            programs[track, channel], tuple(replace(t, line=index) for t in sorted(tones)),
            tuple(sorted(turns[track, channel])),
        )
        for index, ((track, channel), tones) in enumerate(sorted(groups.items()))
    )  # fmt: skip


def _label(name: str, track: int, channel: int, is_shared: bool) -> str:
    own = name or f"track {track + 1}"
    return f"{own} (channel {channel + 1})" if is_shared else own


def _turns(source: SourceMidi, scale: int, places: set[tuple[int, int]]) -> dict[tuple[int, int], list[Turn]]:
    """The channel messages of each line; those of a track without notes go to the first line of their channel."""
    found: dict[tuple[int, int], list[Turn]] = defaultdict(list)
    for number, track in enumerate(source.tracks):
        for event in track:
            if 0xA0 <= event.status < SYSEX:
                channel = event.status & 0x0F
                place = number, channel
                if place not in places:
                    place = min((p for p in places if p[1] == channel), default=place)
                found[place].append(_turn(event, scale))
    return found


def _turn(event: RawEvent, scale: int) -> Turn:
    kind, data = event.status & 0xF0, event.data
    time = event.tick * scale
    if kind == CONTROL:
        return Turn(time, CONTROL_NAMES.get(data[0], f"CC{data[0]}"), data[1])
    if kind == KEY_PRESSURE:
        return Turn(time, f"aftertouch of key {data[0]}", data[1])
    if kind == BEND:
        return Turn(time, "pitch bend", (data[0] | data[1] << 7) - _BEND_CENTRE)
    # Musicians count programs from 1.
    return Turn(time, "program", data[0] + 1) if kind == PROGRAM else Turn(time, "channel pressure", data[0])


def _song(source: SourceMidi, scale: int) -> tuple[SongEvent, ...]:
    """Everything that no line holds. Names of tracks that play belong to their lines."""
    playing, chords = {note.track for note in source.notes}, own_chord_track(source)
    found = []
    for number, track in enumerate(source.tracks):
        for event in track:
            if event.status < SYSEX or event.meta == END_OF_TRACK:
                continue
            if event.meta == TRACK_NAME and number in playing and source.format:
                continue
            found.append(_song_event(event, scale, number == chords))
    return tuple(sorted(found))


def _song_event(event: RawEvent, scale: int, is_among_chords: bool) -> SongEvent:
    time = event.tick * scale
    if event.status != META:
        return SongEvent(time, "system exclusive", event.data.hex(" "))
    what = _SONG_KINDS.get(event.meta, f"meta event {event.meta:02X}")
    show = _SHOWN.get(event.meta)
    if show is None:
        show = decoded if event.meta <= _LAST_TEXT else bytes.hex
    text = show(event.data)
    return SongEvent(time, CHORDS if what == TEXTS and is_among_chords and is_chord_symbol(text) else what, text)


def tempo_text(data: bytes) -> str:
    """``"96 bpm"``, with as many decimals as tell two tempi apart."""
    return f"{60e6 / int.from_bytes(data):.7g} bpm"


def _metre_text(data: bytes) -> str:
    return f"{data[0]}/{2 ** data[1]}"


_SHOWN: dict[int, Callable[[bytes], str]] = {
    SET_TEMPO: tempo_text,
    TIME_SIGNATURE: _metre_text,
    KEY_SIGNATURE: lambda data: str(key_of_signature_bytes(data)),
}
