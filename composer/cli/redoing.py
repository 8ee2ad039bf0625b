"""``composer generate`` over a draft that stands: some bars anew, or all but those that a person edited or locked.

What is composed anew is spliced into the file that is there, so that everything else in it stays to the tick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer.cli.job import Job, Kept, Tools
from composer.cli.returning import brought_back, returned_lines
from composer.cli.steps import GENERATE, brief_in
from composer.errors import BadInput, CannotWrite, UsageProblem, printable
from composer.formats.brief import Brief
from composer.formats.files import read_bytes
from composer.formats.midi import CHORD_TRACK
from composer.formats.midi_conductor import with_conductor
from composer.formats.midi_regions import Cells, cells_in, cells_of, spliced
from composer.formats.record import read_record
from composer.formats.smf_scan import TIME_SIGNATURE
from composer.formats.source import SourceMidi, read_source
from composer.formats.source_piece import piece_of
from composer.limits import MIDI_BYTES
from composer.music.notes import BASS, CHORDS, Piece
from composer.music.regions import Region, bars_named, bars_text
from composer.workspace import (
    CONDUCTOR,
    EditedBars,
    PieceFiles,
    State,
    bars_by_hand,
    edited_bars,
    renamed_tracks,
    state_of,
    step_of,
)

if TYPE_CHECKING:
    from composer.cli.wish import Wish
    from composer.compose.draft import Draft
    from composer.compose.takes import Judged
    from composer.daw_return.stage import Returned

# What a returned file was rebuilt of where its bars cannot be told without.
_LOSSES = ("type", "shift", "timing", "tracks", "kept")


@dataclass(frozen=True, slots=True)
class _Stand:
    """The MIDI file that is there, as its DAW lost nothing: its cells by who may change them."""

    path: Path
    source: SourceMidi
    piece: Piece
    edited: Cells  # by a person, here or in the file that this one was made from
    own: Cells  # those of them that were edited here
    locked: Cells
    ours: frozenset[str]  # its tracks that composer wrote, as they are called now
    seed: int | None  # that it was composed with
    conductor: tuple[EditedBars, ...]  # its bars of tempo, metre, key and markers that a person edited
    notes: tuple[str, ...]

    def kept_of(self, force: bool) -> Cells:
        return self.locked if force else self.locked | self.edited


def must_stay(output: Path, brief: Brief, force: bool) -> bool:
    """Whether ``output`` holds what a person edited (which ``force`` gives up) or locked."""
    is_edited = not force and state_of(output) is State.EDITED
    return is_edited or (output.is_file() and bool(brief.locked_regions))


def redo_job(wish: Wish, output: Path) -> Job:
    """The bars and tracks that the person names, anew, between what stands before and after them."""
    assert wish.brief is not None
    brief = brief_in(wish.brief, to_compose=True)
    if not output.is_file():
        raise UsageProblem(output, "is not there, so none of it can be redone", f"run composer generate {wish.brief}")
    stand = _stand(output, brief)
    asked = _with_players(stand, cells_in(stand.source, _region(wish, brief, stand.source)))
    cells = _with_chords(stand, asked - stand.kept_of(wish.force))
    if not cells:
        what = "all of that is locked in the brief" if asked <= stand.locked else "all of that was edited by hand"
        hint = "unlock it" if asked <= stand.locked else "use --force to redo it (a backup is kept)"
        raise CannotWrite(output, what, hint)
    return Job(
        _composing(brief, stand, cells),
        output,
        (wish.brief,),
        wish.seed,
        notes=(*stand.notes, f"redone: {_words(cells)}", *_kept_lines(stand, asked & stand.kept_of(wish.force))),
        written=lambda draft: spliced(stand.source, draft.piece, cells),
        kept=_kept(stand, stand.edited - cells, cells),
        judged=_judged(brief, stand, cells),
    )  # fmt: skip


def again_job(brief_file: Path, output: Path, seed: int | None, force: bool) -> Job:
    """The whole brief anew, but for what a person edited (not with ``force``) or locked in the draft that stands."""
    brief = brief_in(brief_file, to_compose=True)
    stand = _stand(output, brief)
    kept = stand.kept_of(force)
    if kept and stand.piece.meter != brief.time:
        what = (
            f"is in {stand.piece.meter}, and the brief in {brief.meter}: the bars to keep ({_words(kept)}) do not fit"
        )
        hint = "use --force to start anew (a backup is kept)" if not force else "unlock them"
        raise CannotWrite(output, what, hint)
    cells = cells_in(stand.source, Region(frozenset(range(1, max(brief.bars, stand.piece.bars) + 1))))
    cells = _with_chords(stand, frozenset(cell for cell in cells if cell[0] in stand.ours) - kept)

    def written(draft: Draft) -> bytes:
        source = stand.source
        if force or not stand.conductor:
            source = read_source(with_conductor(source, draft.piece), source.name)
        new = {(part.name, bar) for part in draft.piece.parts for bar in range(1, draft.piece.bars + 1)}
        return spliced(source, draft.piece, cells | (new - kept))

    return Job(
        _composing(brief, replace(stand, seed=None), cells),
        output,
        (brief_file,),
        seed if seed is not None else brief.seed,
        notes=(*stand.notes, *_kept_lines(stand, kept)),
        written=written,
        kept=_kept(replace(stand, conductor=() if force else stand.conductor), stand.edited & kept),
    )


def _stand(path: Path, brief: Brief) -> _Stand:
    files, name = PieceFiles.of(path), printable(path.name)
    returned = _lost_in_a_daw(path)
    source = read_source(returned.midi if returned else read_bytes(path, MIDI_BYTES, "MIDI file"), name)
    metres = {event.data[:2] for event in source.metas(TIME_SIGNATURE)}
    if len(metres) > 1:
        raise BadInput(path, "changes its metre, and a brief has one", "redo a part of a file of one metre")
    tracks = cells_of(source).tracks
    try:
        for region in brief.locked_regions:
            region.check_tracks(tracks)
    except ValueError as error:
        raise UsageProblem("locked", f"{name}: {error}", "mend the brief") from None
    back = returned.midi if returned else None
    theirs = edited_bars(files, path, back)
    own, edited = _cells(theirs), _cells(bars_by_hand(files, path, back))
    if state_of(path, files) is State.FOREIGN:
        own = edited = cells_in(source, Region())
    step, new_names = step_of(files, path), renamed_tracks(files, path, back)
    written = set(step.bars.get(path.name, {})) if step is not None else set()
    composed = read_record(files.record).step(GENERATE)
    return _Stand(
        path, source, piece_of(source, brief), edited, own,
        frozenset(cell for region in brief.locked_regions for cell in cells_in(source, region)),
        frozenset(one.name for one in tracks if new_names.get(one.name, one.name) in written),
        composed.seed if composed is not None else None,
        tuple(one for one in theirs if one.track == CONDUCTOR),
        returned_lines(returned) if returned else (),
    )  # fmt: skip


def _players(stand: _Stand) -> frozenset[str]:
    """The tracks that play the chords."""
    tracks = cells_of(stand.source).tracks
    return frozenset(track.name for track in tracks if track.role in (CHORDS, BASS) and track.name in stand.ours)


def _with_players(stand: _Stand, asked: Cells) -> Cells:
    """With the chords of a bar those who play them are asked for too."""
    bars = [bar for track, bar in asked if track == CHORD_TRACK]
    return asked | {(track, bar) for track in _players(stand) for bar in bars}


def _with_chords(stand: _Stand, cells: Cells) -> Cells:
    """Without the chords of those bars in which one who plays them stays as it is."""
    players = _players(stand)
    return frozenset(
        (track, bar) for track, bar in cells if track != CHORD_TRACK or all((one, bar) in cells for one in players)
    )


def _lost_in_a_daw(path: Path) -> Returned | None:
    """The file as it was before a DAW lost more of it than the setup of a new track."""
    returned = brought_back(path)
    lost = () if returned is None else returned.report.rebuilt
    return (
        returned if any(one.what in _LOSSES or (one.what == "song" and one.text != "title") for one in lost) else None
    )


def _region(wish: Wish, brief: Brief, source: SourceMidi) -> Region:
    """What ``--bars`` and ``--tracks`` name."""
    region = Region(tracks=wish.tracks or None)
    try:
        region.check_tracks(cells_of(source).tracks)
    except ValueError as error:
        raise UsageProblem("--tracks", str(error), "") from None
    try:
        return region if wish.bars is None else replace(region, bars=bars_named(wish.bars, brief.sections))
    except ValueError as error:
        raise UsageProblem("--bars", str(error), "") from None


def _composing(brief: Brief, stand: _Stand, cells: Cells) -> Callable[[Tools, int], Draft]:
    """How a seed becomes new music in ``cells``; the plan stays that of the seed that the draft was composed with."""
    from composer.compose.redo import Standing, redone

    def compose(tools: Tools, seed: int) -> Draft:
        form_seed = seed if stand.seed is None else stand.seed
        return redone(
            brief, Standing(stand.piece), cells, form_seed, seed, tools.melody, tools.harmony,
            ear=tools.ear, voices=tools.voices, figuration=tools.figuration,
        )  # fmt: skip

    return compose


def _judged(brief: Brief, stand: _Stand, cells: Cells) -> Judged:
    """What takes are ranked by: the new bars and how they meet what stands."""
    from composer.compose.redo import Standing, judged

    return judged(brief, Standing(stand.piece), cells)


def _kept(stand: _Stand, edited: Cells, redone: Cells | None = None) -> Kept:
    """What the record keeps of the cells that stay a person's."""
    passed_on = _as_edited(edited - stand.own)
    return Kept((*_as_edited(edited & stand.own), *stand.conductor), redone, passed_on)


def _cells(bars: Iterable[EditedBars]) -> Cells:
    return frozenset((one.track, bar) for one in bars for bar in one.bars if one.track != CONDUCTOR)


def _kept_lines(stand: _Stand, kept: Cells) -> list[str]:
    """What stays although it was asked for, and why."""
    edited, locked = kept & stand.edited - stand.locked, kept & stand.locked
    lines = [f"kept, edited by hand: {_words(edited)} (--force redoes them)"] if edited else []
    return lines + ([f"kept, locked: {_words(locked)}"] if locked else [])


def _words(cells: Iterable[tuple[str, int]]) -> str:
    """``"Melody 9-16; Bass 9"``: the bars of each track."""
    return "; ".join(f"{one.track} {bars_text(one.bars)}" for one in _as_edited(cells))


def _as_edited(cells: Iterable[tuple[str, int]]) -> tuple[EditedBars, ...]:
    bars: dict[str, list[int]] = defaultdict(list)
    for track, bar in sorted(cells):
        bars[track].append(bar)
    return tuple(EditedBars(track, tuple(numbers)) for track, numbers in bars.items())
