"""The files of a piece: their names, what made them, what is stale, and what a person edited by hand.

Each piece has one record, ``NAME.composer.json``. What it does not know to be ours and unchanged is theirs: it is
replaced only with ``force``, and then a numbered backup is kept.
"""

from __future__ import annotations

from composer.formats.midi.hashes import CONDUCTOR, EditedBars
from composer.workspace.earlier import OtherTake, before_now
from composer.workspace.guarding import Keeping, backup, guard, guard_all, saved_meanwhile
from composer.workspace.names import (
    AUDIO,
    BRIEF,
    CARD,
    CLEAN,
    DRAFT,
    EXPORTS,
    GRID,
    HUMAN,
    MIDI,
    MUSICXML,
    RECORD,
    REPORT,
    STEMS,
    SUFFIXES,
    TAKE,
    PieceFiles,
    cleanup_output,
    pieces_in,
)
from composer.workspace.saving import (
    Saved,
    announcing,
    note,
    put_back,
    remember,
    renew,
    rewrite,
    save,
    tidy,
)
from composer.workspace.states import (
    PieceState,
    State,
    bars_by_hand,
    copy_of,
    edited_bars,
    key_of,
    renamed_tracks,
    state_of,
    step_of,
)

__all__ = [
    "AUDIO", "BRIEF", "CARD", "CLEAN", "CONDUCTOR", "DRAFT", "EXPORTS", "GRID", "HUMAN", "MIDI", "MUSICXML", "RECORD",
    "REPORT", "STEMS", "SUFFIXES", "TAKE", "EditedBars", "Keeping", "OtherTake", "PieceFiles", "PieceState", "Saved",
    "State", "announcing", "backup", "bars_by_hand", "before_now", "cleanup_output", "copy_of", "edited_bars", "guard",
    "guard_all", "key_of", "note", "pieces_in", "put_back", "remember", "renamed_tracks", "renew", "rewrite", "save",
    "saved_meanwhile", "state_of", "step_of", "tidy",
]  # fmt: skip
