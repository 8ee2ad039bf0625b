"""The layer of expression with its files: put on, and taken off again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import BadInput, ComposerError, UsageProblem, command, counted, printable
from composer.formats.files import read_bytes, sha256_of, sha256_of_bytes
from composer.formats.midi.regions import cells_in, locked_cells
from composer.formats.midi.source import SourceMidi, read_source
from composer.formats.record import path_of_key, record_key
from composer.limits import MIDI_BYTES
from composer.music.regions import Cells, Region, cells_text
from composer.steps.briefing import brief_in
from composer.steps.done import Done
from composer.steps.names import HUMANIZE
from composer.steps.regridding import taken_off
from composer.steps.seeds import checked_seed
from composer.steps.worn import Worn, layer_of, layer_recorded, worn_by
from composer.workspace import (
    CONDUCTOR,
    GRID,
    PieceFiles,
    PieceState,
    State,
    backup,
    bars_by_hand,
    guard_all,
    save,
    state_of,
    step_of,
)

if TYPE_CHECKING:
    from composer.formats.brief.brief import Brief
    from composer.humanize.layer import Layer
    from composer.humanize.stage import Figures

UNDO = "grid"
WITHOUT_BRIEF = "without_brief"  # recorded where there was one that could not be read


@dataclass(frozen=True, slots=True)
class Wished:
    """What the person asked for; no ``seed`` draws one. ``goes_on`` plays without a brief that cannot be read."""

    strength: float
    seed: int | None = None
    keep_dynamics: bool = False
    force: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class _Music:
    """What is to be played: bytes on the grid, the files that they were read from, the cells to keep with the reasons,
    and what to tell the person."""

    data: bytes
    inputs: Mapping[Path, bytes]
    kept: Cells
    notes: tuple[str, ...]


def run_humanize(midi: Path, human: Path, wished: Wished) -> Done:
    """Write the performance of ``midi`` and, beside it, the same music on the grid."""
    from composer.humanize.layer import Layer
    from composer.humanize.outline import outline_of
    from composer.humanize.stage import humanized

    strength = checked_strength(wished.strength)
    files, brief, name = PieceFiles.of(human), _brief_beside(midi, goes_on=wished.goes_on), printable(midi.name)
    beside = PieceFiles.of(midi).brief
    is_unread = brief is None and beside.is_file()
    worn = worn_by(midi)
    music = _off(midi, worn, wished.force) if worn is not None else _written(midi, brief, wished.force)
    seed, source = checked_seed(wished.seed), read_source(music.data, name)
    if is_unread:  # it may lock any bar
        music = replace(music, kept=cells_in(source, Region()))
    outline = outline_of(source, brief)
    layer = Layer(strength, seed, outline, wished.keep_dynamics, music.kept)
    result = humanized(music.data, name, layer)
    outputs = {human: result.midi, files.file(GRID): music.data}
    outputs = {path: data for path, data in outputs.items() if music.inputs.get(path) != data or path == human}
    if not wished.force:
        guard_all(files, outputs, wished.force, music.inputs)
    replaced = _replaced(human, layer, music.inputs)
    save(
        files,
        HUMANIZE,
        outputs,
        inputs=music.inputs,
        options={**layer_recorded(layer, music.data), **({WITHOUT_BRIEF: True} if is_unread else {})},
        seed=seed,
        versions={"composer": __version__},
        force=wished.force,
        by_hand=bars_by_hand(PieceFiles.of(midi), midi, music.data if worn is None else None),
    )
    unread = (f"{printable(beside.name)} cannot be read: left on the grid until it can",) if is_unread else ()
    notes = (*music.notes, *unread, *_lines(result.figures, layer), *replaced)
    return Done(HUMANIZE, tuple(outputs), notes, {"seed": seed, "strength": layer.strength, **asdict(result.figures)})


def _replaced(human: Path, layer: Layer, inputs: Iterable[Path]) -> tuple[str, ...]:
    """What to say of the performance that composer wrote and that gives way to ``layer``.

    That of another file is kept as a numbered copy; one of the same music is told with the way back to it.
    """
    files = PieceFiles.of(human)
    step = step_of(files, human) if human.is_file() else None
    if step is None or "outline" not in step.options or state_of(human, files) is State.EDITED:
        return ()
    name, before = printable(human.name), layer_of(step)
    sources, now = sorted(step.inputs), sorted(record_key(files.folder, path) for path in inputs)
    if sources and now and sources != now:
        return (f"{name} was of {', '.join(sources)}: that one is kept as {printable(backup(human).name)}",)
    if (before.strength, before.seed, before.keep_dynamics) == (layer.strength, layer.seed, layer.keep_dynamics):
        return ()
    source = path_of_key(files.folder, now[0]) if now else human
    options = ["--strength", f"{before.strength:g}", "--seed", str(before.seed)]
    options += ["--keep-dynamics"] if before.keep_dynamics else []
    return (f"another one was there; `{command('humanize', source, *options)}` makes it again",)


def checked_strength(strength: float) -> float:
    """``strength``; raises UsageProblem for one outside 0 to 1."""
    if not 0.0 <= strength <= 1.0:
        raise UsageProblem("--strength", f"{strength:g} is outside 0 to 1", "0.5 is a musician's measure")
    return strength


def run_undo(human: Path, output: Path | None) -> Done:
    """Write the music of the performance ``human`` on the grid, with what a person changed in it."""
    worn = worn_by(human)
    if worn is None:
        hint = "name the NAME.human.mid of a piece, with its NAME.grid.mid and its record beside it"
        raise BadInput(human, "is no performance that composer knows the grid of", hint)
    target = output or worn.grid_path
    result, lines = taken_off(human, worn)
    facts = {"back": result.back, "theirs": result.theirs, "snapped": result.snapped}
    files = PieceFiles.of(target)
    heard = _still_heard(human, target)
    if target.is_file() and sha256_of(target) == sha256_of_bytes(result.midi):
        return Done(UNDO, (), (*lines, f"{target.name} is that already", *heard), facts)
    saved = save(files, UNDO, {target: result.midi}, inputs=[human], versions={"composer": __version__}, force=True)
    kept = [f"what was there is kept as {printable(copy.name)}" for copy in saved.backups]
    return Done(UNDO, (target,), (*lines, *kept, *heard), facts)


def _still_heard(human: Path, grid: Path) -> tuple[str, ...]:
    """That what sounds of the piece is the performance all the same, where it is, and how to have the other."""
    if PieceState(PieceFiles.of(human)).best_midi != human:
        return ()
    still = f"render and export of {printable(PieceFiles.of(human).name)} still take {printable(human.name)}"
    return (f"{still}: name {printable(grid.name)}, or move the performance away",)


def _written(midi: Path, brief: Brief | None, force: bool) -> _Music:
    """A file on the grid as it is, or as it was before its DAW lost something."""
    from composer.steps.returning import brought_back, returned_lines

    read = read_bytes(midi, MIDI_BYTES, "MIDI file")
    returned = brought_back(midi)
    data = returned.midi if returned else read
    source = read_source(data, printable(midi.name))
    kept, notes = _kept(midi, source, brief, None if returned is None else data, force)
    return _Music(data, {midi: read}, kept, (*(returned_lines(returned) if returned else ()), *notes))


def _off(midi: Path, worn: Worn, force: bool) -> _Music:
    """A performance without its layer: a second one starts from the grid, not on top of the first."""
    result, lines = taken_off(midi, worn)
    step = step_of(PieceFiles.of(midi), midi)
    unchanged = {
        path: read_bytes(path, MIDI_BYTES, "MIDI file")
        for path in worn.inputs
        if step is not None and sha256_of(path) == step.inputs.get(record_key(PieceFiles.of(midi).folder, path))
    }
    kept = frozenset() if force else worn.layer.kept
    notes = (f"{printable(midi.name)} is played already: taken from its grid", *lines)
    return _Music(result.midi, unchanged, kept, notes)


def _kept(
    midi: Path, source: SourceMidi, brief: Brief | None, data: bytes | None, force: bool
) -> tuple[Cells, tuple[str, ...]]:
    """The cells that the brief locks, and, without ``force``, those that a person edited; with what to say."""
    locked = locked_cells(source, brief, printable(PieceFiles.of(midi).brief.name))
    theirs = () if force else bars_by_hand(PieceFiles.of(midi), midi, data)
    edited = frozenset((one.track, bar) for one in theirs for bar in one.bars if one.track != CONDUCTOR)
    reasons = (("locked", locked), ("edited by hand", edited - locked))
    return locked | edited, tuple(f"left as they are, {why}: {cells_text(cells)}" for why, cells in reasons if cells)


def _brief_beside(midi: Path, *, goes_on: bool) -> Brief | None:
    """None where there is none; where it ``goes_on``, for one that cannot be read, too."""
    path = PieceFiles.of(midi).brief
    try:
        return brief_in(path) if path.is_file() else None
    except ComposerError:
        if not goes_on:
            raise
        return None


def _lines(figures: Figures, layer: Layer) -> tuple[str, ...]:
    lines = [
        f"strength {layer.strength:g}, seed {layer.seed}: {figures.played} of {figures.notes} notes, "
        f"{figures.late_mean_ms:.0f} ms late (sd {figures.late_sd_ms:.1f}), velocity sd {figures.velocity_sd:.1f}, "
        f"{figures.pedal_events} pedal and {figures.tempo_events} tempo events"
    ]
    if figures.free:
        lines.append(f"{counted(figures.free, 'note was', 'notes were')} played freely and stay as they are")
    return tuple(lines)
