"""Which score of a piece is the right one: the file that lies there, or one made anew from the music."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import printable
from composer.workspace import PieceFiles, PieceState, State

if TYPE_CHECKING:
    from composer.formats.brief.brief import Brief


@dataclass(frozen=True, slots=True)
class PieceScore:
    """MusicXML, the file that it was read from (None: made anew), and what to tell the person."""

    content: bytes
    path: Path | None
    notes: tuple[str, ...] = ()


def score_for(midi: Path, data: bytes, brief: Brief | None) -> PieceScore:
    """The score of the MIDI file ``midi``.

    One that a person made or edited wins, then the one of the last cleanup if the music is as cleanup left it. A
    performance is written as the music that it plays, which is on the grid.
    """
    from composer.formats.files import read_bytes
    from composer.limits import SCORE_BYTES

    piece = PieceFiles.of(midi)
    known = PieceState(piece)
    midi, data = _written(midi, data, known)
    state = known.state_of(piece.musicxml) if midi in (known.written_midi, known.best_midi) else State.MISSING
    theirs = state in (State.EDITED, State.FOREIGN)
    if theirs or (state is State.FRESH and known.state_of(midi) is State.FRESH):
        notes = (f"{piece.musicxml.name} {state.value}: taken as it is",) if theirs else ()
        return PieceScore(read_bytes(piece.musicxml, SCORE_BYTES, "score"), piece.musicxml, notes)
    return PieceScore(_made(data, printable(midi.name), brief), None)


def _written(midi: Path, data: bytes, known: PieceState) -> tuple[Path, bytes]:
    """``midi`` with ``data``, a performance without its layer, as the file of the piece that has just this music."""
    from composer.formats.files import sha256_of, sha256_of_bytes
    from composer.steps.regridding import taken_off
    from composer.steps.worn import worn_by

    worn = worn_by(midi)
    if worn is None:
        return midi, data
    music = taken_off(midi, worn)[0].midi
    written = known.written_midi
    is_written = written is not None and sha256_of(written) == sha256_of_bytes(music)
    return (written if written is not None and is_written else midi), music


def _made(data: bytes, name: str, brief: Brief | None) -> bytes:
    """As cleanup writes it, with no note changed."""
    from composer.cleanup.stage import CleanupOptions, cleaned

    return cleaned(data, name, brief, CleanupOptions(correct_key=False, voice_leading=False)).musicxml
