"""Where new notes meet notes that are kept."""

from __future__ import annotations

from dataclasses import replace

from composer.music.notes import Note

KEPT_SHARE = 0.5  # of a new note must be left where it waits for a kept one of its pitch


def after_kept(note: Note, kept_end: int) -> Note | None:
    """``note`` begun when a kept note of its pitch has ended, at ``kept_end``; None where too little of it is left."""
    start = max(note.start, kept_end)
    left = note.end - start
    return replace(note, start=start, duration=left) if left > 0 and left >= KEPT_SHARE * note.duration else None
