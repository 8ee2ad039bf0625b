"""New bars in a file that a person may have edited: what stands in the named cells is replaced, the rest stays.

A cell is one bar (from 1, by the file's own metres) of one track (as ``track_labels`` calls it). The new piece and the
file have one time: a tick of the piece is the same moment of the file, whatever resolution that has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from composer.errors import OverLimit
from composer.formats.brief.brief import Brief
from composer.formats.midi.conductor import chord_texts
from composer.formats.midi.events import SET, control_change, meta_event, program_change
from composer.formats.midi.hashes import CHORD_NOTES, track_labels
from composer.formats.midi.lines import (
    Line,
    chord_tracks,
    file_name,
    free_channel,
    is_called,
    lines_of,
    lines_of_parts,
)
from composer.formats.midi.refill import refill_chords, refill_line
from composer.formats.midi.scan import META
from composer.formats.midi.sections import UNNAMED, locked_in
from composer.formats.midi.source import TRACK_NAME, SourceMidi, edited, smf_bytes
from composer.formats.midi.weaving import Clock, Run, Weave
from composer.formats.midi.writer import CHORD_TRACK, DRUM_CHANNEL, end_tick_of
from composer.music.notes import CC_PAN, CC_VOLUME, Part, Piece
from composer.music.regions import Cells, Region, Track


@dataclass(frozen=True, slots=True)
class FileCells:
    """The tracks of a file that have cells (those that play or could, and that of the chords), and its bars."""

    tracks: tuple[Track, ...]
    bars: int


def cells_of(source: SourceMidi) -> FileCells:
    """A track of several channels has no role; the chords have none either, only their track's name."""
    labels = track_labels(source)
    roles = {line.track: line.role if line.is_alone else "" for line in lines_of(source)}
    for number in chord_tracks(source):
        roles.setdefault(number, "")
    # The two that cells call otherwise than the file does may be named as they are called there too.
    renamed = (n for n, name in enumerate(source.track_names) if name != labels[n] in (CHORD_TRACK, CHORD_NOTES))
    names = {number: source.track_names[number] for number in renamed}
    tracks = tuple(Track(labels[number], roles[number], names.get(number, "")) for number in sorted(roles))
    return FileCells(tracks, Clock(source).bars.bars_until(source.end_tick))


def cells_in(source: SourceMidi, region: Region) -> Cells:
    """The cells of ``region``, also of bars that come after the file's last where the region names them."""
    known = cells_of(source)
    bars = range(1, known.bars + 1) if region.bars is None else region.bars
    return frozenset((track.name, bar) for track in known.tracks for bar in bars if region.holds(track, bar))


def locked_cells(source: SourceMidi, brief: Brief | None, brief_name: str = UNNAMED) -> Cells:
    """The cells of what ``brief`` locks, its sections where the file has them; raises BadInput for a track that the
    file does not have, in the name of the brief."""
    if brief is None or not brief.locked:
        return frozenset()
    regions = locked_in(source, cells_of(source).tracks, brief, brief_name)
    return frozenset(cell for region in regions for cell in cells_in(source, region))


def spliced(source: SourceMidi, composed: Piece, cells: Cells) -> bytes:
    """The file with the notes, the pedal (CC64) and the chord symbols of ``composed`` in ``cells``.

    Every other event stays at its tick, byte for byte and in its order. A note that sounds into the cells from before
    stays whole, and a new one of its pitch waits for its end or is left out; a new note ends where a kept bar begins.
    Pedal and chord are at the end of the cells as the kept music found them. Cells after the last bar add bars, a
    track that is named and not there is added, a track that ``composed`` has no part for is left alone.
    Raises OverLimit for a track to add when no channel is free.
    """
    if not cells:
        return edited(source, ())
    splice = _Splice(source, composed)
    splice.refill(cells)
    return splice.file(cells)


class _Splice:
    """The tracks of one file while ``composed`` comes in."""

    def __init__(self, source: SourceMidi, composed: Piece) -> None:
        self.source, self.composed = source, composed
        self.clock = Clock(source)
        self.labels = track_labels(source)
        self.chords = chord_tracks(source)
        self.lines = lines_of_parts(composed, source)
        self.weaves = [Weave(track) for track in source.tracks]
        self.added: list[Weave] = []
        self.last_named = 0
        """The last bar of a cell that something was found for."""

    def refill(self, cells: Cells) -> None:
        tracks = _bars_by_track(self.labels, cells)
        missing = _bars_by_name(self.labels, cells)
        parts: dict[Line, list[Part]] = defaultdict(list)
        for number, part in enumerate(self.composed.parts):
            line = self.lines.get(number)
            if line is not None:
                parts[line].append(part)
        for line, own in parts.items():
            named = (bars for name, bars in missing.items() if any(is_called(part, name) for part in own))
            self._line(line, own, tracks.get(line.track, frozenset()).union(*named))
        for number, part in enumerate(self.composed.parts):
            if number not in self.lines:
                named = (bars for name, bars in missing.items() if is_called(part, name))
                whole = tracks.get(0, frozenset()) if self.source.format == 0 else frozenset()
                self._new_line(part, whole.union(*named))
        for track in self.chords:
            self._chords(self.weaves[track], tracks.get(track, frozenset()))
        if not self.chords and self.source.format:
            self._new_chords(missing.get(CHORD_TRACK.casefold(), frozenset()))

    def file(self, cells: Cells) -> bytes:
        end = self._end(cells)
        tracks = [weave.woven(self._track_end(weave, end)) for weave in self.weaves]
        new = [weave.woven(max(end, weave.last)) for weave in self.added]
        if self.chords and self.chords[-1] == len(tracks) - 1 and self.source.format:
            # The chords stay last, as composer writes them.
            return smf_bytes(1, self.source.ticks_per_beat, [*tracks[:-1], *new, tracks[-1]])
        return smf_bytes(self.source.format, self.source.ticks_per_beat, [*tracks, *new])

    def _line(self, line: Line, parts: Sequence[Part], bars: frozenset[int]) -> None:
        if not bars:
            return
        weave, channel = self.weaves[line.track], line.channel
        if channel is None:
            channel = self._channel(parts[0])
            _set_up(weave, parts[0], channel)
        notes = [n for n in self.source.notes if (n.track, n.channel) == (line.track, channel)]
        self.last_named = max(self.last_named, *bars)
        refill_line(weave, notes, channel, parts, self._runs(bars), self.clock)

    def _new_line(self, part: Part, bars: frozenset[int]) -> None:
        """A part that the file lacks: a track of its own, or a channel in the one track of a type 0 file."""
        if not bars or not (part.notes or self.source.format):
            return
        channel = self._channel(part)
        if self.source.format == 0:
            weave = self.weaves[0]
        else:
            weave = Weave(())
            weave.place(SET, meta_event(0, TRACK_NAME, file_name(part).encode()))
            self.added.append(weave)
        _set_up(weave, part, channel)
        self.last_named = max(self.last_named, *bars)
        refill_line(weave, (), channel, [part], self._runs(bars), self.clock)

    def _channel(self, part: Part) -> int:
        placed = (e.status & 0x0F for w in (*self.weaves, *self.added) for _, e in w.placed if e.status < META)
        channel = free_channel(self.source, placed, part.is_drums)
        if channel is None and part.is_drums:
            return DRUM_CHANNEL
        if channel is None:
            raise OverLimit(
                self.source.name, f"no MIDI channel is free for {part.name!r}", "leave out a track of the file"
            )
        return channel

    def _chords(self, weave: Weave, bars: frozenset[int]) -> None:
        if bars:
            self.last_named = max(self.last_named, *bars)
            refill_chords(weave, chord_texts(self.composed), self._runs(bars), self.clock)

    def _new_chords(self, bars: frozenset[int]) -> None:
        if bars:
            weave = Weave(())
            weave.place(SET, meta_event(0, TRACK_NAME, CHORD_TRACK.encode()))
            self.added.append(weave)
            self._chords(weave, bars)

    def _runs(self, bars: frozenset[int]) -> list[Run]:
        """The bars that the file or the new piece has, in a row; music closes where nothing is kept after them."""
        last = max(self._file_bars, self._composed_bars)
        stop = self.clock.near(end_tick_of(self.composed))
        return [
            replace(run, close=min(run.end, max(run.start + 1, stop))) if run.end >= self.source.end_tick else run
            for run in self.clock.runs(bar for bar in bars if 1 <= bar <= last)
        ]

    @property
    def _file_bars(self) -> int:
        return self.clock.bars.bars_until(self.source.end_tick)

    @property
    def _composed_bars(self) -> int:
        return self.clock.bars.bars_until(self.clock.near(end_tick_of(self.composed)))

    def _end(self, cells: Cells) -> int:
        """The tick at which the file ends: where it did, or where bars were added or all of them fell silent."""
        old, last = self._file_bars, max((weave.last for weave in (*self.weaves, *self.added)), default=0)
        bars = min(self.last_named, self._composed_bars)
        if bars > old:
            return self.clock.bar_line(bars)
        if last > self.source.end_tick:
            return self.clock.bar_line(old)
        shorter = self.clock.bar_line(self._composed_bars)
        players = {line.track for line in lines_of(self.source)} | set(self.chords)
        gone = {(self.labels[t], b) for t in players for b in range(self._composed_bars + 1, old + 1)}
        is_over = self._composed_bars < old and gone <= cells and last <= shorter
        return shorter if is_over else self.source.end_tick

    def _track_end(self, weave: Weave, end: int) -> int:
        """Tracks that ended with the file still do; another ends where it did, or with the file if it grew."""
        if weave.end == self.source.end_tick or weave.last > weave.end:
            return max(end, weave.last)
        return min(weave.end, end) if end < self.source.end_tick else weave.end


def _bars_by_track(labels: Sequence[str], cells: Cells) -> dict[int, frozenset[int]]:
    """Track -> the bars of the cells that name it."""
    bars: dict[str, set[int]] = defaultdict(set)
    for name, bar in cells:
        bars[name].add(bar)
    return {number: frozenset(bars[label]) for number, label in enumerate(labels) if label in bars}


def _bars_by_name(labels: Sequence[str], cells: Cells) -> dict[str, frozenset[int]]:
    """Name in lower case -> the bars of the cells that name no track of the file."""
    bars: dict[str, set[int]] = defaultdict(set)
    for name, bar in cells:
        if name not in labels:
            bars[name.casefold()].add(bar)
    return {name: frozenset(found) for name, found in bars.items()}


def _set_up(weave: Weave, part: Part, channel: int) -> None:
    """The instrument, its volume and its place at the start, as ``midi`` writes them."""
    weave.place(SET, program_change(0, channel, part.program))
    for number, value in ((CC_VOLUME, part.gain), (CC_PAN, part.pan)):
        weave.place(SET, control_change(0, channel, number, value))
