"""The layer of expression that a file wears, as the record of its piece knows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import ComposerError
from composer.formats.files import read_bytes, sha256_of_bytes
from composer.formats.midi.hashes import by_track
from composer.formats.record import StepRecord, path_of_key
from composer.limits import BRIEF_BARS, MIDI_BYTES
from composer.music.regions import Section, bars_named, bars_text
from composer.workspace import GRID, PieceFiles, copy_of, step_of

if TYPE_CHECKING:
    from composer.humanize.layer import Layer

_EVERY_BAR = (Section("", 1, 10 * BRIEF_BARS),)


@dataclass(frozen=True, slots=True)
class Worn:
    """A performance that composer wrote: the layer on it, the bytes that it lies on, where they belong, what the
    performance was made from, and its own bytes as written where the record has kept them."""

    layer: Layer
    grid: bytes
    grid_path: Path
    inputs: tuple[Path, ...]
    copy: bytes | None

    def performance(self, name: str) -> bytes:
        """The performance as it was written, else as the layer makes it today."""
        from composer.humanize.stage import humanized

        return self.copy or humanized(self.grid, name, self.layer).midi


def worn_by(midi: Path) -> Worn | None:
    """The layer that the file ``midi`` carries by the record of its piece; None where it carries none, and where what
    it lies on is gone."""
    files = PieceFiles.of(midi)
    step = step_of(files, midi)
    if step is None or "outline" not in step.options or midi.name.lower().endswith(GRID):
        return None
    grid = files.file(GRID)
    inputs = tuple(path_of_key(files.folder, key) for key in step.inputs)
    there = [copy_of(files, grid), *(read_bytes(p, MIDI_BYTES, "MIDI file") for p in (grid, *inputs) if p.is_file())]
    as_written = (
        data for data in there if data is not None and sha256_of_bytes(data) == step.options.get("grid_sha256")
    )
    # A grid that was changed since will do: what is the same in it is found again.
    music = next(as_written, there[1] if grid.is_file() else None)
    return Worn(layer_of(step), music, grid, inputs, copy_of(files, midi)) if music is not None else None


def layer_recorded(layer: Layer, grid: bytes) -> dict[str, object]:
    """The layer as the record keeps it (but for its seed), and the hash of what it lies on."""
    kept = {one.track: bars_text(one.bars) for one in by_track(layer.kept)}
    return {
        "strength": layer.strength,
        "keep_dynamics": layer.keep_dynamics,
        "outline": {"sections": list(layer.outline.sections), "phrases": list(layer.outline.phrases)},
        "kept": kept,
        "grid_sha256": sha256_of_bytes(grid),
    }


def layer_of(step: StepRecord) -> Layer:
    """The layer of a recorded step; raises ComposerError for a record that does not hold together."""
    from composer.humanize.layer import Layer, Outline

    options = step.options
    try:
        outline = Outline(tuple(options["outline"]["sections"]), tuple(options["outline"]["phrases"]))
        kept = frozenset((t, bar) for t, bars in options["kept"].items() for bar in bars_named(bars, _EVERY_BAR))
        return Layer(float(options["strength"]), int(step.seed or 0), outline, bool(options["keep_dynamics"]), kept)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ComposerError("record", "does not say how the piece was humanized", "humanize it again") from None
