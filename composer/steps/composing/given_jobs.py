"""``composer generate`` around what a person wrote: an accompaniment for a tune, new bars after a beginning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import printable
from composer.formats.files import read_bytes
from composer.formats.midi.given import Kept, given_midi_bytes, resolution_of
from composer.formats.midi.source import SourceMidi, read_source
from composer.formats.record import read_record
from composer.limits import MIDI_BYTES
from composer.music.time import TICKS_PER_BEAT
from composer.steps.briefing import brief_in
from composer.steps.composing.job import Job, as_read
from composer.steps.composing.trained import Tools
from composer.steps.names import GENERATE
from composer.steps.naming import output_of
from composer.workspace import PieceFiles

if TYPE_CHECKING:
    from composer.compose.draft import Draft
    from composer.steps.composing.wish import Wish

MELODY, CONTINUE = "melody", "continue"


def melody_job(wish: Wish) -> Job:
    """Chords and an accompaniment for the tune of a MIDI file."""
    from composer.compose.given import accompanied, added_to
    from composer.compose.takes import Judged
    from composer.formats.midi.tune import tune_of

    midi, brief = wish.subject, brief_in(wish.brief) if wish.brief else None
    source = read_source(read_bytes(midi, MIDI_BYTES, "MIDI file"), printable(midi.name))
    tune = tune_of(source, brief.key.key if brief else None)
    kept = [Kept(0, tune.track, tune.channel)]

    def compose(tools: Tools, seed: int) -> Draft:
        return accompanied(tune, brief, tools, seed, wish.ensemble, wish.style)

    def written(draft: Draft) -> bytes:
        return given_midi_bytes(added_to(draft.piece, tune), source, kept, shift=tune.shift)

    return Job(
        compose,
        output_of(wish.output, given_output(midi, MELODY)),
        as_read(midi, wish.brief),
        wish.seed if wish.seed is not None else brief.seed if brief else None,
        options=_chosen(MELODY, midi, wish.ensemble, wish.style),
        judged=Judged(is_tune_given=True),
        notes=_resolution_notes(source, kept),
        written=written,
    )


def continue_job(wish: Wish) -> Job:
    """New bars after what a person played."""
    from composer.compose.beginning import beginning_of
    from composer.compose.continuation import added_after, continued
    from composer.compose.takes import Judged
    from composer.formats.midi.piece import part_lines
    from composer.formats.midi.tune import tune_of

    midi, brief = wish.subject, brief_in(wish.brief) if wish.brief else None
    source = read_source(read_bytes(midi, MIDI_BYTES, "MIDI file"), printable(midi.name))
    tune = tune_of(source, brief.key.key if brief else None)
    begun, bars = beginning_of(tune), wish.new_bars
    kept = [Kept(part, *line) for part, line in enumerate(part_lines(source))]

    def compose(tools: Tools, seed: int) -> Draft:
        return continued(begun, bars, brief, tools, seed, wish.ensemble, wish.style)

    def written(draft: Draft) -> bytes:
        return given_midi_bytes(added_after(draft.piece, begun), source, kept, shift=tune.shift)

    return Job(
        compose,
        output_of(wish.output, given_output(midi, CONTINUE)),
        as_read(midi, wish.brief),
        wish.seed if wish.seed is not None else brief.seed if brief else None,
        options={**_chosen(CONTINUE, midi, wish.ensemble, wish.style), "bars": bars},
        judged=Judged(first_bar=begun.bars),
        notes=_resolution_notes(source, kept),
        written=written,
    )


def _resolution_notes(source: SourceMidi, kept: Sequence[Kept]) -> tuple[str, ...]:
    """A line where the file cannot be written at the usual resolution."""
    ticks = resolution_of(source, kept)
    why = f"written at {ticks} ticks to the quarter, as the file is: {TICKS_PER_BEAT} would move its notes"
    return () if ticks == TICKS_PER_BEAT else (why,)


def given_output(midi: Path, mode: str) -> Path:
    """Where the draft around ``midi`` goes: ``tune.draft.mid``.

    Where that is the input itself, or a draft that came another way, ``tune-melody.draft.mid`` (or ``-continue``).
    """
    files = PieceFiles.of(midi)
    before = read_record(files.record).steps.get(GENERATE)
    is_other = before is not None and mode not in before.options and files.draft.exists()
    return PieceFiles(files.folder, f"{files.name}-{mode}").draft if is_other or midi == files.draft else files.draft


def _chosen(mode: str, midi: Path, ensemble: str | None, style: str | None) -> dict[str, object]:
    """What the record keeps of a given tune's options."""
    chosen = {mode: midi.name, "ensemble": ensemble, "style": style}
    return {name: value for name, value in chosen.items() if value is not None}
