"""``composer brief`` of a MIDI file: somebody's song as a brief, so that all that a brief does goes for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import UsageProblem, command, printable
from composer.formats.brief.brief import Brief
from composer.formats.files import read_bytes
from composer.formats.kinds import HEAD_BYTES, MIDI, kind_of
from composer.formats.midi.regions import cells_of
from composer.formats.midi.source import SourceMidi, read_source
from composer.limits import MIDI_BYTES
from composer.music.notes import MELODY
from composer.music.regions import bars_text
from composer.steps.briefing import write_schema
from composer.steps.done import Done
from composer.steps.names import BRIEF
from composer.workspace import PieceFiles, State, backup, save, state_of, step_of

if TYPE_CHECKING:
    from composer.brief.analyse import BriefOptions

SONG = "song"  # in the record: the file that the brief was read from
_PART_BARS = 8  # of the example that the last line shows


def is_midi(path: Path) -> bool:
    """Whether the file is MIDI by its first bytes, or would be by its name."""
    try:
        with path.open("rb") as file:
            return kind_of(file.read(HEAD_BYTES)) == MIDI
    except OSError:
        return path.suffix.lower() in (".mid", ".midi")


def run_song_brief(midi: Path, output: Path, options: BriefOptions, of_pictures: Sequence[str], force: bool) -> Done:
    """Read the song and write its brief. ``of_pictures`` are options that were typed and mean nothing here.

    A brief of a picture under that name is kept as a numbered backup.
    """
    from composer.compose.song.stage import SongWishes, brief_of_song
    from composer.formats.brief.text import brief_bytes

    _check(midi, output, of_pictures)
    source = read_source(read_bytes(midi, MIDI_BYTES, "MIDI file"), printable(midi.name))
    found = brief_of_song(source, SongWishes(options.style, options.ensemble, options.seed))
    files = PieceFiles.of(output)
    copy = backup(output) if _is_of_something_else(files, output) else None
    # No input: the song changes where its parts are redone, and its brief is none the worse for it.
    chosen = {"style": options.style, "ensemble": options.ensemble, "seed": options.seed}
    saved = save(
        files,
        BRIEF,
        {output: brief_bytes(found.brief)},
        options={SONG: midi.name, **{name: value for name, value in chosen.items() if value is not None}},
        versions={"composer": __version__},
        force=force,
    )
    write_schema(files.folder)
    kept = [f"what was there is kept as {one.name}" for one in (*([copy] if copy else []), *saved.backups)]
    brief = found.brief
    facts = {"key": str(brief.key.key), "tempo_bpm": brief.tempo_bpm, "meter": brief.meter, "bars": brief.bars}
    return Done(BRIEF, (output,), (*found.notes, *kept, *_next(source, midi, output, brief)), facts)


def _check(midi: Path, output: Path, of_pictures: Sequence[str]) -> None:
    if of_pictures:
        raise UsageProblem(of_pictures[0], f"is for pictures, and {midi.name} is a MIDI file", "leave it out")
    if output.exists() and midi.exists() and output.samefile(midi):
        raise UsageProblem(output, "is the input itself", "choose another name with -o")


def _is_of_something_else(files: PieceFiles, output: Path) -> bool:
    """Whether composer read the brief that is there from a picture or drew it, so that nobody could read it again."""
    step = step_of(files, output)
    return step is not None and SONG not in step.options and state_of(output, files) in (State.FRESH, State.STALE)


def _next(source: SourceMidi, midi: Path, output: Path, brief: Brief) -> list[str]:
    """A line that shows how a part of the song is redone in the file that is there, or why it cannot be."""
    if len({(upper, lower) for _, upper, lower in source.metres}) > 1:
        return ["no part of this file can be redone, as its pick-up is a bar of another metre: put rests before it"]
    if not any(track.is_called(MELODY) for track in cells_of(source).tracks):
        return [
            "the melody shares its track with others: saved as MIDI type 1, a track for each, it can be redone alone"
        ]
    part = next((s for s in brief.sections[1:] if s.bars <= 2 * _PART_BARS), None)
    first, last = (part.first, part.last) if part is not None else (1, min(_PART_BARS, brief.bars))
    region = ("--bars", bars_text(range(first, last + 1)), "--tracks", "melody")
    own = () if midi == PieceFiles.of(output).draft else ("-o", midi)
    return [f"next, to redo a part of it: {command('generate', output, *region, *own, '--force')}"]
