"""The stage: a MIDI file back from a DAW to the piece's own kind of file, with what the DAW lost put back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from composer.contract.stage import checked
from composer.daw_return.clips import Asked, Spot, spot_of
from composer.daw_return.conductor import Song, song_of
from composer.daw_return.frame import Frame, Setup, frame_of, frame_of_brief, last_of_setup, setup_in
from composer.daw_return.laying import Laying
from composer.daw_return.moves import moves_of
from composer.daw_return.placing import Placement, Tally
from composer.daw_return.report import AS_IT_CAME, Rebuilt, Report
from composer.daw_return.scaling import scaled
from composer.daw_return.setups import Track, tracks_of
from composer.daw_return.symbols import symbols_of
from composer.daw_return.words import edits_in, rebuilt_in
from composer.daw_return.writing import Ends, written
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.midi.scan import SYSEX
from composer.formats.midi.source import MARKER, SourceMidi, metres_in, read_source
from composer.music.bars import BarMap
from composer.music.time import TICKS_PER_BEAT

# What has to be put right in a file that lost nothing.
_MOVED = ("clip", "order", "chord track", "setup")
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
        self.source, self.usual = source, usual
        self.laid = Laying(source, frame, spot)

    def result(self) -> Returned:
        laid = self.laid
        placement, lead = self._led(laid.placement())
        start = 0 if laid.place.clip is None else laid.place.clip.start
        tracks = tracks_of(placement.voices, laid.frame, self._stated(), laid.view.lines, start)
        symbols = symbols_of(laid.whole, laid.frame, laid.moved)
        song = song_of(laid, symbols)
        moves = moves_of(laid, tracks, symbols)
        if lead:
            song = _later(song, lead)
            moves = replace(
                moves,
                by_track=tuple(tuple(e._replace(tick=e.tick + lead) for e in own) for own in moves.by_track),
                chords=tuple(e._replace(tick=e.tick + lead) for e in moves.chords),
            )
        ends = Ends(laid.frame.end, max((t.end for t in laid.olds), default=0), laid.whole.end_tick - laid.shift)
        file = written(song, symbols.name, tracks, moves, ends, laid.frame)
        rebuilt = edits_in(laid.fit.told(laid.known), song, placement.tally.removed + laid.taken_out, laid.known)
        rebuilt += rebuilt_in(
            self.source,
            laid.frame,
            placement,
            tracks,
            song,
            symbols,
            moves,
            file,
            laid.shift - lead,
            (laid.bars, BarMap(laid.view.metres or metres_in(laid.frame.conductor), laid.unit)),
            laid.place,
        )
        share = placement.share if laid.frame.lines else 1.0
        return Returned(file.midi, self._report(file.midi, placement, tracks, song, rebuilt), share)

    def _stated(self) -> list[Setup]:
        """What the file says of the set-up of each line."""
        found = []
        for line in self.laid.view.lines:
            last = last_of_setup(line, self.laid.unit)
            events = [
                e for e in self.laid.whole.tracks[line.track]
                if 0xA0 <= e.status < SYSEX and e.status & 0x0F == line.channel and e.tick <= last
            ]  # fmt: skip
            found.append(setup_in(events, line.channel, line.name))
        return found

    def _led(self, placement: Placement) -> tuple[Placement, int]:
        """The placement from tick 0, and by how many whole bars it had to be later for notes before the start.

        Notes that come before the start by less than the slack begin at the start.
        """
        first = min((t.start for voice in placement.voices for t in voice.tones), default=0)
        lead = -(-max(0, -first - self.laid.slack.early) // self.laid.bar) * self.laid.bar
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
        tally = placement.tally + Tally(removed=self.laid.taken_out)
        return Report(
            self.source.name, self.laid.frame.origin, placement.notes, tally.found,
            tally.added, tally.removed, tally.changed, names, tuple(rebuilt),
            (*song.stated, *stated), tuple(remaining),
        )  # fmt: skip


def _later(song: Song, lead: int) -> Song:
    """The song with everything but the set-up at its start so much later."""
    conductor = (e._replace(tick=e.tick + lead) if e.tick or e.meta == MARKER else e for e in song.conductor)
    chords = tuple(e._replace(tick=e.tick + lead) for e in song.chords)
    return replace(song, conductor=tuple(sorted(conductor, key=lambda e: e.tick)), chords=chords)
