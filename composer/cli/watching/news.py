"""What a person changed in a file of a piece, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from composer.cli.watching.settling import is_whole
from composer.errors import ComposerError
from composer.formats.files import sha256_of
from composer.formats.record import read_record
from composer.music.regions import bars_text
from composer.workspace import BRIEF, CONDUCTOR, MIDI, EditedBars, PieceFiles, edited_bars, step_of
from composer.workspace.states import key_of

TRACKS_MAX = 4  # named in one line


def news_of(files: PieceFiles, path: Path) -> str | None:
    """What became of ``path``: "Melody bars 3-4 edited"; None for what a step wrote, or has read as it is now."""
    if not path.exists():
        return "gone"
    if _is_known(files, path):
        return None
    if path.name.endswith(MIDI):
        return _midi_news(files, path)
    if path.name.endswith(BRIEF):
        return "new" if step_of(files, path) is None else "edited"
    return "edited" if path in (files.report, files.mix) else "changed"


def edited_text(bars: Sequence[EditedBars]) -> str:
    """``Melody bars 3-4, Bass bar 7 edited``; what stands in no track is called the tempo and the signs."""
    words = [_one(each) for each in bars[:TRACKS_MAX]]
    if len(bars) > TRACKS_MAX:
        words.append(f"{len(bars) - TRACKS_MAX} more tracks")
    return f"{', '.join(words)} edited"


def _one(bars: EditedBars) -> str:
    bar = f"bar{'s' if len(bars.bars) > 1 else ''} {bars_text(bars.bars)}"
    return f"tempo, key or markers of {bar}" if bars.track == CONDUCTOR else f"{bars.track} {bar}"


def _is_known(files: PieceFiles, path: Path) -> bool:
    key, now = key_of(files, path), sha256_of(path)
    steps = read_record(files.record).steps.values()
    return any(now in (step.outputs.get(key), step.inputs.get(key)) for step in steps)


def _midi_news(files: PieceFiles, path: Path) -> str:
    from composer.steps.returning import brought_back

    if not is_whole(path):
        return "saved, but it is not whole"
    if step_of(files, path) is None:
        return "new"
    try:
        returned = brought_back(path)
    except ComposerError:
        returned = None
    bars = edited_bars(files, path, returned.midi if returned is not None else None)
    return edited_text(bars) if bars else "saved, the music as it was"
