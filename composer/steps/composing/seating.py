"""A draft that stands, with the players that its brief asks for now."""

from __future__ import annotations

from dataclasses import replace

from composer.compose.accompaniment.orchestra import orchestra_of
from composer.compose.redo.standing import players_in
from composer.errors import printable
from composer.formats.brief.brief import Brief
from composer.formats.midi.piece import piece_of
from composer.formats.midi.players import Setup, with_setups, without_tracks
from composer.formats.midi.source import SourceMidi, read_source
from composer.music.regions import Cells
from composer.steps.composing.standing_file import StandingFile
from composer.workspace import PieceFiles, copy_of


def seated(stand: StandingFile, brief: Brief, kept: Cells) -> tuple[StandingFile, tuple[str, ...]]:
    """The file without composer's tracks that nobody plays now and nothing is ``kept`` of, the others with the
    instrument, volume and place of their players where a person left these alone; and what to say of it."""
    players = players_in(stand.piece, orchestra_of(brief))
    left = {part.name for part in stand.piece.parts if part.name in stand.ours} - {*players}
    held = left & {track for track, _ in kept}
    gone, notes = sorted(left - held), []
    source = without_tracks(stand.source, gone) if gone else stand.source
    before = _written(stand)
    if before is not None:
        setups = {name: Setup(player.program, player.gain, player.pan) for name, player in players.items()}
        source, changed = with_setups(source, setups, before)
        if changed:
            notes.append(
                f"as in the brief now: {', '.join(f'{name} ({players[name].instrument})' for name in changed)}"
            )
    if gone:
        notes.append(f"not in the brief any more: {', '.join(gone)}")
    if held:
        notes.append(f"kept, though the brief has them no more: {', '.join(sorted(held))} (--force leaves them out)")
    if source is stand.source:
        return stand, tuple(notes)
    ours = stand.ours - {*gone}
    return replace(stand, source=source, piece=piece_of(source, brief), ours=ours), tuple(notes)


def title_lines(stand: StandingFile, brief: Brief) -> tuple[str, ...]:
    """That the title that a person gave the file gives way to the brief's."""
    title, before = stand.source.track_names[0], _written(stand)
    if before is None or title in ("", before.track_names[0], brief.title):
        return ()
    is_player = any(note.track == 0 for note in stand.source.notes)
    own = f'titled "{brief.title}", as the brief says: to have "{printable(title)}", write it there'
    return () if is_player else (own,)


def _written(stand: StandingFile) -> SourceMidi | None:
    """The file as composer wrote it, where the record has a copy."""
    copy = copy_of(PieceFiles.of(stand.path), stand.path)
    return read_source(copy, stand.source.name) if copy is not None else None
