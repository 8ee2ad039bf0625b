"""A MIDI file that is there before ``composer generate`` writes into it: what of it a person edited or locked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from composer.errors import BadInput, printable
from composer.formats.brief.brief import Brief
from composer.formats.files import read_bytes, sha256_of_bytes
from composer.formats.midi.hashes import by_track
from composer.formats.midi.lines import labelled
from composer.formats.midi.piece import piece_of
from composer.formats.midi.regions import cells_in, cells_of, locked_cells
from composer.formats.midi.scan import (
    END_OF_TRACK,
    KEY_SIGNATURE,
    SET_TEMPO,
    SYSEX,
    TIME_SIGNATURE,
)
from composer.formats.midi.sections import as_standing
from composer.formats.midi.source import MARKER, SourceMidi, read_source
from composer.formats.midi.writer import CHORD_TRACK
from composer.formats.record import StepRecord, read_record
from composer.limits import MIDI_BYTES
from composer.music.notes import Piece
from composer.music.regions import Cells, Region
from composer.music.time import TICKS_PER_BEAT
from composer.steps.names import GENERATE
from composer.steps.returning import brought_back, returned_lines
from composer.workspace import (
    CONDUCTOR,
    EditedBars,
    Keeping,
    PieceFiles,
    State,
    bars_by_hand,
    copy_of,
    edited_bars,
    key_of,
    renamed_tracks,
    state_of,
    step_of,
)

_IN_BARS = (SET_TEMPO, TIME_SIGNATURE, KEY_SIGNATURE, MARKER)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFile:
    """The MIDI file that is there, as its DAW lost nothing: its cells by who may change them.

    ``brief`` has its sections where the file has them.
    ``edited`` are the cells of a person, here or in the file that this one was made from; ``own`` those that were
    edited here. ``ours`` are the tracks that composer wrote, as they are called now, ``added`` those of a person;
    ``seed`` is what ours were composed with. ``conductor`` are the bars of tempo, metre, key and markers that a
    person edited; ``has_more`` says that a person changed what no bar shows, such as a name or lyrics. ``notes``
    say what a DAW had lost.
    """

    path: Path
    sha256: str
    source: SourceMidi
    brief: Brief
    piece: Piece
    edited: Cells
    own: Cells
    locked: Cells
    ours: frozenset[str]
    added: tuple[str, ...]
    seed: int | None
    is_draft: bool
    conductor: tuple[EditedBars, ...]
    has_more: bool
    notes: tuple[str, ...]

    def kept_of(self, force: bool) -> Cells:
        return self.locked if force else self.locked | self.edited

    def keeping(self, cells: Cells, *, with_conductor: bool) -> Keeping:
        """What the record remembers where these cells of a person stay."""
        bars = (*by_track(cells & self.own), *(self.conductor if with_conductor else ()))
        is_theirs = bool(bars) or bool(self.added) or self.has_more
        return Keeping(self.sha256, bars if is_theirs else None, self.added)


def standing_file(path: Path, brief: Brief, *, way_out: str, brief_file: Path | None = None) -> StandingFile:
    """What ``path`` holds. Raises BadInput for a file of several metres (``way_out`` says what to do), and for a locked
    track that is not there."""
    files, name = PieceFiles.of(path), printable(path.name)
    read = read_bytes(path, MIDI_BYTES, "MIDI file")
    returned = brought_back(path)
    back = returned.midi if returned else None
    source = read_source(back or read, name)
    if len({event.data[:2] for event in source.metas(TIME_SIGNATURE)}) > 1:
        raise BadInput(path, "changes its metre, and a brief has one", way_out)
    tracks = cells_of(source).tracks
    theirs, step, key = edited_bars(files, path, back), step_of(files, path), key_of(files, path)
    is_foreign = state_of(path, files) is State.FOREIGN
    every = cells_in(source, Region())
    new_names = renamed_tracks(files, path, back)
    ours = frozenset(track.name for track in tracks if _is_ours(new_names.get(track.name, track.name), step, key))
    composed = read_record(files.record).step(GENERATE)
    is_draft = composed is not None and key in composed.outputs
    return StandingFile(
        path=path,
        sha256=sha256_of_bytes(read),
        source=source,
        brief=as_standing(brief, source),
        piece=_in_metre_of(brief, labelled(piece_of(source, brief), source)),
        edited=every if is_foreign else _cells(bars_by_hand(files, path, back)),
        own=every if is_foreign else _cells(theirs),
        locked=locked_cells(source, brief, printable((brief_file or PieceFiles.of(path).brief).name)),
        ours=ours,
        added=tuple(track.name for track in tracks if track.name not in ours),
        seed=step.seed if is_draft and step is not None else composed.seed if composed is not None else None,
        is_draft=is_draft,
        conductor=tuple(one for one in theirs if one.track == CONDUCTOR),
        has_more=step is not None and (key in step.edited or _has_more(files, path, source)),
        notes=returned_lines(returned) if returned else (),
    )


def _in_metre_of(brief: Brief, piece: Piece) -> Piece:
    """The piece with its 2/2 read as the brief's 4/4, which has the same bars."""
    is_same = str(piece.meter) == "2/2" and brief.meter == "4/4"
    return replace(piece, meter=brief.time) if is_same else piece


def _is_ours(track: str, step: StepRecord | None, key: str) -> bool:
    """Whether composer wrote the track that was called so; where nothing is known of the file, it could be."""
    written = step.bars.get(key) if step is not None else None
    if step is None or written is None:
        return True
    return track == CHORD_TRACK or (track in written and track not in step.added.get(key, ()))


def _has_more(files: PieceFiles, path: Path, source: SourceMidi) -> bool:
    """Whether a person changed what no bar shows; also where that is not known."""
    before = copy_of(files, path)
    if state_of(path, files) is not State.EDITED:
        return False
    return before is None or _unseen(source) != _unseen(read_source(before, source.name))


def _unseen(source: SourceMidi) -> Counter[tuple[int, int, bytes]]:
    """The names, texts, lyrics and system messages of a file, with their ticks."""
    scale = TICKS_PER_BEAT / source.ticks_per_beat
    return Counter(
        (round(event.tick * scale), event.meta, event.data)
        for track in source.tracks
        for event in track
        if event.status >= SYSEX and event.meta not in (*_IN_BARS, END_OF_TRACK)
    )


def _cells(bars: Iterable[EditedBars]) -> Cells:
    return frozenset((one.track, bar) for one in bars for bar in one.bars if one.track != CONDUCTOR)
