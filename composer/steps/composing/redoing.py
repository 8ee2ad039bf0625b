"""``composer generate`` over a draft that stands: some bars anew, or all but those that a person edited or locked.

What is composed anew is spliced into the file that is there, so that everything else in it stays to the tick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import CannotWrite, ComposerError, UsageProblem, command, printable
from composer.formats.brief.brief import Brief
from composer.formats.midi.conductor import with_conductor
from composer.formats.midi.hashes import by_track
from composer.formats.midi.regions import cells_in, cells_of, spliced
from composer.formats.midi.sections import moved_lines
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import CHORD_TRACK
from composer.music.notes import BASS, CHORDS
from composer.music.regions import Cells, Region, bars_named, bars_text, cells_text
from composer.steps.briefing import brief_in
from composer.steps.composing.job import Job, Kept, as_read
from composer.steps.composing.seating import seated, title_lines
from composer.steps.composing.standing_file import StandingFile, standing_file
from composer.steps.composing.trained import Tools
from composer.workspace import PieceFiles, PieceState, State, state_of

if TYPE_CHECKING:
    from composer.compose.draft import Draft
    from composer.compose.takes import Judged
    from composer.steps.composing.wish import Wish


def must_stay(output: Path, brief: Brief, force: bool) -> bool:
    """Whether ``output`` holds what a person edited (which ``force`` gives up) or locked."""
    is_edited = not force and state_of(output) is State.EDITED
    return is_edited or (output.is_file() and bool(brief.locked))


def gone_lines(output: Path, brief: Brief) -> list[str]:
    """The tracks of a person that a draft composed anew does not have any more."""
    if state_of(output) is not State.EDITED:
        return []
    try:
        added = standing_file(output, brief, way_out="").added
    except ComposerError:
        return []
    return [f"not in it any more, yours: {', '.join(added)}"] if added else []


def redo_job(wish: Wish, output: Path) -> Job:
    """The bars and tracks that the person names, anew, between what stands before and after them."""
    assert wish.brief is not None
    inputs, brief = as_read(wish.brief), brief_in(wish.brief, to_compose=True)
    if not output.is_file():
        raise UsageProblem(output, "is not there, so none of it can be redone", _way_to(wish.brief, output))
    way_out = "a part can only be redone in a file of one metre"
    stand = standing_file(output, brief, way_out=way_out, brief_file=wish.brief)
    asked = _asked(wish, stand)
    kept = stand.kept_of(wish.force)
    cells = _with_chords(stand, asked - kept)
    if not cells:
        raise CannotWrite(output, *_why_kept(asked, stand))
    stays = stand.edited - cells
    return Job(
        _composing(stand.brief, stand, cells),
        output,
        inputs,
        wish.seed,
        notes=(
            *stand.notes,
            *moved_lines(brief, stand.brief, printable(output.name)),
            f"redone: {cells_text(cells)}",
            *_kept_lines(stand, asked & kept),
            *_score_lines(stand),
        ),
        written=lambda draft: spliced(stand.source, draft.piece, cells),
        kept=Kept(stand.keeping(stays, with_conductor=True), cells, by_track(stays - stand.own)),
        judged=_judged(stand, cells),
    )


def _way_to(brief_file: Path, output: Path) -> str:
    """What to do where there is no draft to redo a part of: perhaps there is the song that the brief was read from."""
    song = PieceFiles.of(output).midi
    if song.is_file() and song != output:
        return f"to redo a part of {song.name} itself, add -o {song.name}"
    return f"run `{command('generate', brief_file)}`"


def _why_kept(asked: Cells, stand: StandingFile) -> tuple[str, str]:
    """Why nothing of what was asked for may change, and what to do."""
    if asked <= stand.locked:
        return "all of that is locked in the brief", "unlock it"
    known = PieceState(PieceFiles.of(stand.path))
    if known.state_of(stand.path) is State.FOREIGN:
        why = f" ({known.record_problem})" if known.record_problem else ""
        return f"is not composer's own{why}, so every bar is yours", "--force redoes these (a backup is kept)"
    return "all of that was edited by hand", "use --force to redo it (a backup is kept)"


def again_job(brief_file: Path, output: Path, seed: int | None, force: bool) -> Job:
    """The whole brief anew, but for what a person edited (not with ``force``) or locked in the draft that stands."""
    inputs, brief = as_read(brief_file), brief_in(brief_file, to_compose=True)
    way_out = "use --force to start anew (a backup is kept)"
    stand = standing_file(output, brief, way_out=way_out, brief_file=brief_file)
    kept = stand.kept_of(force)
    if kept and stand.piece.meter != brief.time:
        metres = f"is in {stand.piece.meter}, and the brief in {brief.meter}"
        hint = "use --force to start anew (a backup is kept)" if not force else "unlock them"
        raise CannotWrite(output, f"{metres}: the bars to keep ({cells_text(kept)}) do not fit", hint)
    stand, seats = seated(stand, brief, kept)
    every = Region(frozenset(range(1, max(brief.bars, stand.piece.bars) + 1)))
    cells = _with_chords(stand, _ours(stand, cells_in(stand.source, every)) - kept)
    leads = bool(stand.conductor) and not force

    def written(draft: Draft) -> bytes:
        source = stand.source
        if not leads:
            source = read_source(with_conductor(source, draft.piece), source.name)
        new = {(part.name, bar) for part in draft.piece.parts for bar in range(1, draft.piece.bars + 1)}
        return spliced(source, draft.piece, cells | (new - kept))

    stays = stand.edited & kept
    return Job(
        _composing(brief, replace(stand, seed=None), cells),
        output,
        inputs,
        seed if seed is not None else brief.seed,
        notes=(
            *stand.notes,
            *seats,
            *([f"kept, yours: {', '.join(stand.added)}"] if stand.added else []),
            *_kept_lines(stand, kept),
            *(_led_lines(stand) if leads else title_lines(stand, brief)),
        ),
        written=written,
        kept=Kept(stand.keeping(stays, with_conductor=leads), None, by_track(stays - stand.own)),
    )


def _asked(wish: Wish, stand: StandingFile) -> Cells:
    """The cells that the person names and composer has parts for, and with chords those who play them."""
    named = cells_in(stand.source, _region(wish, stand))
    asked = _ours(stand, named)
    if named and not asked:
        tracks = ", ".join(sorted({track for track, _ in named}))
        raise UsageProblem("--tracks", f"{tracks} is yours: composer has no part for it", "name another track")
    bars = [bar for track, bar in asked if track == CHORD_TRACK]
    return asked | {(track, bar) for track in _players(stand) for bar in bars}


def _ours(stand: StandingFile, cells: Cells) -> Cells:
    return frozenset(cell for cell in cells if cell[0] in stand.ours)


def _players(stand: StandingFile) -> frozenset[str]:
    """The tracks that play the chords."""
    tracks = cells_of(stand.source).tracks
    return frozenset(track.name for track in tracks if track.role in (CHORDS, BASS) and track.name in stand.ours)


def _with_chords(stand: StandingFile, cells: Cells) -> Cells:
    """Without the chords of those bars in which one who plays them stays as it is."""
    players = _players(stand)
    return frozenset(
        (track, bar) for track, bar in cells if track != CHORD_TRACK or all((one, bar) in cells for one in players)
    )


def _region(wish: Wish, stand: StandingFile) -> Region:
    """What ``--bars`` and ``--tracks`` name."""
    region = Region(tracks=wish.tracks or None)
    try:
        region.check_tracks(cells_of(stand.source).tracks)
    except ValueError as error:
        raise UsageProblem("--tracks", str(error), "") from None
    try:
        return region if wish.bars is None else replace(region, bars=bars_named(wish.bars, stand.brief.sections))
    except ValueError as error:
        raise UsageProblem("--bars", str(error), "") from None


def _composing(brief: Brief, stand: StandingFile, cells: Cells) -> Callable[[Tools, int], Draft]:
    """How a seed becomes new music in ``cells``; the plan stays that of the seed that the draft was composed with."""
    from composer.compose.redo.stage import redone

    def compose(tools: Tools, seed: int) -> Draft:
        form_seed = seed if stand.seed is None else stand.seed
        return redone(brief, stand.piece, cells, tools, form_seed, seed)

    return compose


def _judged(stand: StandingFile, cells: Cells) -> Judged:
    """What takes are ranked by: the new bars and how they meet what stands."""
    from composer.compose.redo.stage import judged

    return judged(stand.brief, stand.piece, cells)


def _kept_lines(stand: StandingFile, kept: Cells) -> list[str]:
    """What stays although it was asked for, and why."""
    added = frozenset(cell for cell in kept if cell[0] in stand.added)
    edited, locked = (kept & stand.edited) - stand.locked - added, (kept & stand.locked) - added
    lines = [f"kept, edited by hand: {cells_text(edited)} (--force redoes them)"] if edited else []
    return lines + ([f"kept, locked: {cells_text(locked)}"] if locked else [])


def _led_lines(stand: StandingFile) -> list[str]:
    """That the conductor of the file stays, where the brief may say something else by now."""
    bars = bars_text(bar for one in stand.conductor for bar in one.bars)
    return [f"kept, edited by hand: tempo, metre, key and markers (edited in {bars}; --force takes the brief's)"]


def _score_lines(stand: StandingFile) -> list[str]:
    """That a score beside a later file than the draft does not show what is new in it."""
    files = PieceFiles.of(stand.path)
    if stand.is_draft or not files.musicxml.exists():
        return []
    again = command("export", stand.path, "--to", "musicxml")
    return [f"{files.musicxml.name} shows what was there; `{again}` shows this"]
