"""The stage: a MIDI file back from a DAW to the piece's own kind of file, with what the DAW lost put back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from composer.compare.view import Line, View, view_of
from composer.contract.stage import checked
from composer.daw_return.bars import Fit, copied_tones, fitted, moved_frame, notes_taken_out
from composer.daw_return.clips import (
    CLIP_SHARE,
    Asked,
    Place,
    Spot,
    found_place,
    said_place,
    spot_of,
    version_place,
    with_fit,
    with_gaps,
)
from composer.daw_return.conductor import Song, song_of
from composer.daw_return.frame import Frame, Setup, frame_of, frame_of_brief, last_of_setup, setup_in
from composer.daw_return.moves import moves_of
from composer.daw_return.placing import Placement, Tally, placed
from composer.daw_return.report import AS_IT_CAME, Rebuilt, Report
from composer.daw_return.scaling import rounding_in, scaled
from composer.daw_return.setups import Track, tracks_of
from composer.daw_return.symbols import symbols_of
from composer.daw_return.timing import Slack, grace_of, slack_of
from composer.daw_return.words import edits_in, rebuilt_in
from composer.daw_return.writing import Ends, written
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.midi.scan import SET_TEMPO, SYSEX, TIME_SIGNATURE
from composer.formats.midi.source import MARKER, SourceMidi, metres_in, read_source
from composer.music.bars import BarMap
from composer.music.time import TICKS_PER_BEAT

# What has to be put right in a file that lost nothing.
_MOVED = ("clip", "order", "chord track", "setup")
# More of the notes of a piece than this are lost only by a save of the whole, or in bars that have others now.
LOST_SHARE = 0.1
# With fewer notes in common than this the file is another piece.
SHARE_MIN = 0.3
_KNOWING = frozenset({
    "NotType1", "NotesInConductor", "NoTempoAtStart", "NoMetreAtStart", "UnnamedTrack", "SeveralChannels",
    "SharedChannel", "NoProgram",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """A MIDI file of the piece as last written: its bytes and its name."""

    midi: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Returned:
    """The rebuilt file and what was done; ``share`` 0..1 of its notes are found in the piece (1 without a piece to
    look in)."""

    midi: bytes
    report: Report
    share: float

    @property
    def edits(self) -> int:
        """How many notes are not as they were."""
        return self.report.added + self.report.removed + self.report.changed


def returned(
    data: bytes,
    name: str,
    known: Known | None,
    brief: Brief | None = None,
    brief_name: str = "",
    asked: Asked | None = None,
) -> Returned:
    """``data`` put back into the piece: what it lost comes from ``known``, or from ``brief`` where that is None.

    ``asked`` says where in it a clip belongs, as far as a person said that; only ``known`` has such places.
    Raises BadInput or OverLimit for a file that the MIDI reader refuses, BadInput where nothing is known.
    """
    source = read_source(data, name)
    if known is not None:
        reference = read_source(known.midi, known.name)
        frame, usual = frame_of(reference), _broken(known.midi, known.name, None)
        result = _Return(source, frame, spot_of(asked or Asked(), reference, frame.lines), usual).result()
        return _as_it_came(result, data, known) if asked is None else result
    if brief is None:
        raise BadInput(
            name, "nothing is known of the piece that it belongs to", "keep NAME.draft.mid or NAME.brief.json"
        )
    return _Return(source, frame_of_brief(brief, brief_name, scaled(source, TICKS_PER_BEAT)), Spot()).result()


def knows_itself(data: bytes, name: str, like: bytes | None = None) -> bool:
    """Whether a MIDI file has the names, tempo, metre and tracks by which another is rebuilt, or those of ``like``."""
    return not _broken(data, name, like) & _KNOWING


def _broken(data: bytes, name: str, like: bytes | None) -> set[str]:
    """The rules for MIDI files that ``data`` breaks and ``like`` does not."""
    files = [data] if like is None else [data, like]
    found = [{breach.rule.name for breach in checked(one, name).violations} for one in files]
    return found[0].difference(*found[1:])


def _as_it_came(result: Returned, data: bytes, known: Known) -> Returned:
    """The file itself where it lost nothing and breaks no rule that the piece keeps: there is nothing to put back."""
    report = result.report
    if report.has_loss or any(report.has(what) for what in _MOVED) or _broken(data, known.name, known.midi):
        return result
    told = tuple(one for one in report.rebuilt if one.what in AS_IT_CAME)
    return replace(result, midi=data, report=replace(report, rebuilt=told))


class _Return:
    """One file on its way back; ``usual`` are the rules for MIDI files that the piece breaks itself."""

    def __init__(self, source: SourceMidi, frame: Frame, spot: Spot, usual: Collection[str] = ()) -> None:
        self.usual = usual
        self.source, self.known, self.spot, self.unit = source, frame, spot, frame.unit
        self.whole = scaled(source, self.unit)
        self.view = view_of(self.whole, self.unit)
        self.bar = int(_bars(frame, self.view))
        self.bars = BarMap(metres_in(frame.conductor), self.unit)
        self.rounding = rounding_in(source, self.unit)
        self.is_whole = self._is_version() and self._tells_all()
        place = self._place()
        fit = self._fit(place)
        self._lay(place, fit)

    def _lay(self, place: Place, fit: Fit) -> None:
        """Lay the file over the piece as it is with the bars that were put in or taken out."""
        self.place, self.fit, self.shift = place, fit, place.shift
        self.frame = moved_frame(self.known, fit)
        self.taken_out = notes_taken_out((tone for line in self.known.lines for tone in line.tones), fit)
        self.lines = [line for line in self.frame.lines if self._is_meant(line)]
        self.olds = [tone for line in self.lines for tone in line.tones]
        self.unshifted = self.view.earlier(self.shift)
        news = self.unshifted.tones
        grace, bars = grace_of(self.unit), fit.bars[1]
        self.played = {bars.place(tone.start + grace).bar for tone in news}
        self.slack = slack_of(self.olds, news, self.rounding, self.unit) if self.olds else Slack(0, 0, self.unit)

    def result(self) -> Returned:
        placement, lead = self._led(self._careful_placement())

        def moved(tick: int) -> int:
            return max(0, tick - self.shift)

        def at(tick: int) -> int:
            return moved(tick) if tick or self.place.clip is not None else 0

        start = 0 if self.place.clip is None else self.place.clip.start
        tracks = tracks_of(placement.voices, self.frame, self._stated(), self.view.lines, start)
        symbols = symbols_of(self.whole, self.frame, moved)
        song = song_of(self.whole, self.frame, symbols, self.slack, at, moved, self.place)
        moves = moves_of(self.whole, self.view.lines, tracks, self.frame, symbols, self.slack, at, moved, self.place)
        if lead:
            song = _later(song, lead)
            moves = replace(
                moves,
                by_track=tuple(tuple(e._replace(tick=e.tick + lead) for e in own) for own in moves.by_track),
                chords=tuple(e._replace(tick=e.tick + lead) for e in moves.chords),
            )
        ends = Ends(self.frame.end, max((t.end for t in self.olds), default=0), self.whole.end_tick - self.shift)
        file = written(song, symbols.name, tracks, moves, ends, self.frame)
        rebuilt = edits_in(self.fit.told(self.known), song, placement.tally.removed + self.taken_out, self.known)
        rebuilt += rebuilt_in(
            self.source,
            self.frame,
            placement,
            tracks,
            song,
            symbols,
            moves,
            file,
            self.shift - lead,
            (self.bars, BarMap(self.view.metres or metres_in(self.frame.conductor), self.unit)),
            self.place,
        )
        share = placement.share if self.frame.lines else 1.0
        return Returned(file.midi, self._report(file.midi, placement, tracks, song, rebuilt), share)

    def _empty_bars(self) -> int:
        """The ticks of the whole bars before the first note."""
        return (min((tone.start for tone in self.view.tones), default=0) + grace_of(self.unit)) // self.bar * self.bar

    def _is_meant(self, line: Line) -> bool:
        return self.spot.lines is None or line.index in self.spot.lines

    def _place(self) -> Place:
        """Where in the piece the music of the file belongs."""
        tones, bars = self.view.tones, self.bars
        olds = [tone for line in self.known.lines if self._is_meant(line) for tone in line.tones]
        if self.spot.bars is not None and tones:
            return said_place(self.spot.bars, olds, tones, bars, self.unit, self.source.name)
        if not olds:
            # With nothing to compare to, only empty bars in front can be seen: composer's pieces begin in bar 1.
            return Place(self._empty_bars())
        if self.is_whole:
            return version_place(olds, tones, self.whole.end_tick, bars, self.unit)
        return found_place(olds, tones, self.whole.end_tick, bars, self.unit)

    def _fit(self, place: Place) -> Fit:
        """Which bars were put in or taken out, in a file that may hold all tracks."""
        shift = place.shift
        if place.clip is None and any(tone.start < shift - grace_of(self.unit) for tone in self.view.tones):
            shift = 0  # there is music in front of what came later: bars that were put in
        metres = self.view.earlier(shift).metres
        # Without its own metres a file has the bars of the piece, where those are all alike.
        bars = (self.bars, BarMap(metres, self.unit) if metres else self.bars)
        is_known = metres or len({event.data[:2] for event in self.known.conductor if event.meta == TIME_SIGNATURE}) < 2
        if not self.known.lines or self.spot != Spot() or not is_known:
            return Fit(place.shift, (), bars)
        olds = [tone for line in self.known.lines for tone in line.tones]
        return fitted(olds, self.view.tones, shift, bars, self.unit, is_told=self.is_whole)

    def _is_version(self) -> bool:
        """Whether the file is more than a clip of one track: of several, or about all of a piece of one."""
        if len(self.view.lines) != 1:
            return True
        lines = [line for line in self.known.lines if self._is_meant(line)]
        return len(lines) == 1 and self.whole.end_tick >= CLIP_SHARE * self.known.end

    def _tells_all(self) -> bool:
        """Whether the file has all that leads the piece, and the names of its tracks: a person's save of the whole."""
        kinds = {event.meta for event in self.known.conductor} & {SET_TEMPO, TIME_SIGNATURE, MARKER}
        names = {line.name for line in self.known.lines if self._is_meant(line)}
        return names <= {line.name for line in self.view.lines} and all(self.whole.metas(kind) for kind in kinds)

    def _careful_placement(self) -> Placement:
        """The notes in their places. What many notes of the piece would be lost by is not believed of a file that is no
        save of the whole: bars before, behind and between its own stay as they are."""
        place, plain = self.place, Fit(self.place.shift, (), self.fit.bars)
        if self.fit.shift != place.shift:
            self._lay(self._fitted_place(place), self.fit)
        placement = self._placement()
        if self.fit.steps and not self.is_whole and (placement.kept or placement.gone):
            # Bars were put into some of the tracks only: the others stay where they are.
            self._lay(place, plain)
            placement = self._placement()
        if self.is_whole or self.spot.bars is not None or not self.olds:
            return placement
        gaps = with_gaps(self.place, self.played, placement.lost, self._file_bars())
        lost = [tone for tone in placement.lost if not gaps.holds(tone.start)]
        # Of several tracks in a part of the piece nobody empties a whole bar to have it empty.
        is_of_part = self.place.clip is not None and len({tone.line for tone in lost}) > 1
        if len(lost) <= (0 if is_of_part else LOST_SHARE * len(self.olds)):
            return placement
        self._lay(gaps, self.fit)
        return self._placement()

    def _fitted_place(self, place: Place) -> Place:
        is_part = self.fit.shift < 0 and not self.is_whole
        return with_fit(
            place, self.fit.shift, self.view.tones, self.whole.end_tick, self._file_bars(), self.unit, is_part=is_part
        )

    def _file_bars(self) -> BarMap:
        """The bars of the file, without its shift."""
        return self.fit.bars[1]

    def _placement(self) -> Placement:
        is_said = self.spot != Spot()
        is_part = is_said or self.place.clip is not None
        others = [line for line in self.frame.lines if line not in self.lines] if is_part else None
        news: Sequence[Line] = self.unshifted.lines
        if is_said and len(self.lines) == len(news) == 1:
            # One clip for one track: that it is another by name or notes does not matter.
            news = [replace(news[0], name=self.lines[0].name, channel=self.lines[0].channel)]
        known = [tone for line in self.known.lines for tone in line.tones]
        copied = copied_tones(known, self.unshifted.tones, self.fit, self.unit)
        return placed(self.lines, news, self.slack, self.fit.put_in, copied, self.place.holds, self._plays, others)

    def _plays(self, tick: int) -> bool:
        """Whether the file has music in the bar of a tick of the piece."""
        return self.place.holds(tick) and self._file_bars().place(tick).bar in self.played

    def _stated(self) -> list[Setup]:
        """What the file says of the set-up of each line."""
        found = []
        for line in self.view.lines:
            last = last_of_setup(line, self.unit)
            events = [
                e for e in self.whole.tracks[line.track]
                if 0xA0 <= e.status < SYSEX and e.status & 0x0F == line.channel and e.tick <= last
            ]  # fmt: skip
            found.append(setup_in(events, line.channel, line.name))
        return found

    def _led(self, placement: Placement) -> tuple[Placement, int]:
        """The placement from tick 0, and by how many whole bars it had to be later for notes before the start.

        Notes that come before the start by less than the slack begin at the start.
        """
        first = min((t.start for voice in placement.voices for t in voice.tones), default=0)
        lead = -(-max(0, -first - self.slack.early) // self.bar) * self.bar
        voices = tuple(
            replace(
                voice,
                tones=tuple(replace(t, start=max(0, t.start + lead), end=max(1, t.end + lead)) for t in voice.tones),
            )
            for voice in placement.voices
        )
        return replace(placement, voices=voices), lead

    def _report(
        self, midi: bytes, placement: Placement, tracks: Sequence[Track], song: Song, rebuilt: Sequence[Rebuilt]
    ) -> Report:
        names = tuple((track.label, track.voice.matched_by) for track in tracks)
        stated = [f"{track.label}: {text}" for track in tracks for text in track.differs]
        remaining = [
            f"{breach.rule.name}: {breach.hits[0].message}" for breach in checked(midi, self.source.name).violations
            if breach.rule.name not in self.usual
        ]  # fmt: skip
        tally = placement.tally + Tally(removed=self.taken_out)
        return Report(
            self.source.name, self.frame.origin, placement.notes, tally.found,
            tally.added, tally.removed, tally.changed, names, tuple(rebuilt),
            (*song.stated, *stated), tuple(remaining),
        )  # fmt: skip


def _bars(frame: Frame, view: View) -> int:
    """The length of the first bar of the piece, else of the file, in ticks."""
    for event in frame.conductor:
        if event.meta == TIME_SIGNATURE:
            return frame.unit * 4 * event.data[0] >> event.data[1]
    return int(view.bars.start(2))


def _later(song: Song, lead: int) -> Song:
    """The song with everything but the set-up at its start so much later."""
    conductor = (e._replace(tick=e.tick + lead) if e.tick or e.meta == MARKER else e for e in song.conductor)
    chords = tuple(e._replace(tick=e.tick + lead) for e in song.chords)
    return replace(song, conductor=tuple(sorted(conductor, key=lambda e: e.tick)), chords=chords)
