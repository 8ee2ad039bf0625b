"""What the record knows of the files of a piece: which are fresh, stale or edited by hand, and in which bars."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes, sha256_of
from composer.formats.midi.hashes import EditedBars, bar_hashes, changed_bars, renamed, united
from composer.formats.record import Record, StepRecord, copied, path_of_key, read_record, record_key, record_problem
from composer.limits import MIDI_BYTES
from composer.workspace.names import MIDI, PieceFiles

MIDI_SUFFIXES = (MIDI, ".midi")


class State(enum.Enum):
    """What the record knows of a file."""

    FRESH = "fresh"
    STALE = "stale"
    EDITED = "edited by hand"
    REDONE = "redone"  # bars of it were composed anew, and no step makes them again
    FOREIGN = "not from composer"
    MISSING = "missing"


class PieceState:
    """A piece as it is when it is first asked about: its record is read once, and so is each file for its hash.

    After a step wrote something another one is needed.
    """

    def __init__(self, files: PieceFiles) -> None:
        self.files = files
        self._sha256: dict[Path, str] = {}

    @cached_property
    def record(self) -> Record:
        return read_record(self.files.record)

    @cached_property
    def record_problem(self) -> str:
        """Why the record that is there knows none of the files, in one line; ``""`` where it may know them."""
        name = printable(self.files.record.name)
        if problem := record_problem(self.files.record):
            return f"{name} cannot be read: {problem}"
        start, keys = f"{self.key_of(self.files.file(''))}.", sorted(self.record.output_keys)
        paths = [path_of_key(self.files.folder, key) for key in keys]
        if not keys or any(key.startswith(start) for key in keys) or any(path.exists() for path in paths):
            return ""
        return f"{name} is the record of {printable(PieceFiles.of(paths[0]).name)}: files that were renamed are yours"

    def key_of(self, path: Path) -> str:
        return key_of(self.files, path)

    def sha256_of(self, path: Path) -> str:
        if path not in self._sha256:
            self._sha256[path] = sha256_of(path)
        return self._sha256[path]

    def step_of(self, path: Path) -> StepRecord | None:
        """The last recorded step that wrote ``path``; that of an earlier version where it is that one again."""
        key = self.key_of(path)
        again = self._earlier_as(key, path)
        if again is not None:
            return again
        steps = self.record.steps.values()
        return next((s for s in steps if any(k == key or k.startswith(key + "/") for k in s.outputs)), None)

    def state_of(self, path: Path) -> State:
        """What ``path`` (a file, or a folder of files) is by the record.

        A file in which a step kept what a person did, be it no note, is edited by hand, as it was before.
        """
        if not path.exists():
            return State.MISSING
        step = self.step_of(path)
        if step is None:
            return State.FOREIGN
        if self.is_changed(path, step) or self.key_of(path) in step.edited:
            return State.EDITED
        if self.redone_bars(path):
            return State.REDONE
        is_behind = self.key_of(path) in step.behind
        return State.STALE if is_behind or self.changed_inputs(step) or self.gone_inputs(step) else State.FRESH

    def _earlier_as(self, key: str, path: Path) -> StepRecord | None:
        """The step that wrote what ``path`` held before, with or without a person's edits, or a take of it, where a
        person put that back."""
        held = self.record.earlier.get(key, [])
        if not held or not path.is_file():
            return None
        now = self.sha256_of(path)
        if any(step.outputs.get(key) == now for step in self.record.steps.values()):
            return None
        own = (one for one in reversed(held) if one.step)
        return next((one.done for one in own if now in (one.sha256, one.done.outputs.get(key))), None)

    def is_changed(self, path: Path, step: StepRecord) -> bool:
        """Whether a file (or one of a folder) is not as ``step`` wrote it."""
        key = self.key_of(path)
        known = {k: h for k, h in step.outputs.items() if k == key or k.startswith(key + "/")}
        return any(known.get(self.key_of(p)) != self.sha256_of(p) for p in files_under(path))

    def inputs_of(self, step: StepRecord) -> tuple[Path, ...]:
        """What the step read, there or not."""
        return tuple(path_of_key(self.files.folder, key) for key in step.inputs)

    def changed_inputs(self, step: StepRecord) -> tuple[Path, ...]:
        """The inputs that are still there with another content than the step read."""
        recorded = zip(self.inputs_of(step), step.inputs.values(), strict=True)
        return tuple(path for path, value in recorded if path.exists() and self.sha256_of(path) != value)

    def gone_inputs(self, step: StepRecord) -> tuple[Path, ...]:
        """The inputs that are gone and that a step of the piece makes, or its brief.

        What a person brought, such as a picture, may go: nothing is known to be behind it.
        """
        gone = (path for path in self.inputs_of(step) if not path.exists())
        return tuple(path for path in gone if path == self.files.brief or self.step_of(path) is not None)

    def was_made_again(self, step: StepRecord, path: Path) -> bool:
        """Whether a step wrote the input ``path``, which may be gone, with another content than ``step`` read."""
        key, last = self.key_of(path), self.step_of(path)
        return last is not None and last.outputs.get(key) not in (None, step.inputs.get(key))

    def is_made_from(self, path: Path, origin: Path) -> bool:
        """Whether ``path`` was made from ``origin`` as it is now; a file that no step wrote is taken for it.

        What a person changed in ``path`` since then does not count.
        """
        step = self.step_of(path)
        return step is None or (self.key_of(origin) in step.inputs and not self.changed_inputs(step))

    @property
    def written_midi(self) -> Path | None:
        """The MIDI file furthest along on the grid: cleaned, then the piece, then the draft; None without any."""
        files = self.files
        later = (path for path in (files.clean, files.midi) if path.is_file() and not self.is_before_draft(path))
        return next(later, files.draft if files.draft.is_file() else None)

    @property
    def played_midi(self) -> Path | None:
        """The MIDI file that the performance is of: the one that it was made from where that is as it was and nothing
        later was written, else the one furthest along; None without any."""
        written, human = self.written_midi, self.files.human
        step = self.step_of(human) if human.is_file() else None
        if step is None or written is None or self.changed_inputs(step):
            return written
        known = (self.files.clean, self.files.midi, self.files.draft)
        own = [path for path in known if self.key_of(path) in step.inputs and not self.is_before_draft(path)]
        is_later = _saved_ns(human) >= _saved_ns(written)
        return own[0] if is_later and own and own[0].is_file() else written

    @property
    def best_midi(self) -> Path | None:
        """The performance where it is of the written music as it is now, else the written music; None without any."""
        played, human = self.played_midi, self.files.human
        if human.is_file() and (played is None or self.is_made_from(human, played)):
            return human
        return self.written_midi

    def is_before_draft(self, path: Path) -> bool:
        """Whether the draft that is there was composed around ``path``, or around what ``path`` was made from: then
        that is a person's tune or beginning, and not the piece."""
        draft = self.files.draft
        around = self._made_from(draft) if draft.is_file() else frozenset()
        before = self._made_from(path) if around else frozenset()
        return self.key_of(draft) not in before and not around.isdisjoint({self.key_of(path), *before})

    def _made_from(self, path: Path) -> frozenset[str]:
        """The names of the MIDI files that ``path`` was made from, and those that they were made from."""
        found: set[str] = set()
        left = [path]
        while left:
            step = self.step_of(left.pop())
            new = {k for k in (step.inputs if step is not None else ()) if k.lower().endswith(MIDI_SUFFIXES)} - found
            found |= new
            left += [path_of_key(self.files.folder, key) for key in sorted(new)]
        return frozenset(found)

    def is_current(
        self,
        outputs: Sequence[Path],
        inputs: Sequence[Path],
        options: Mapping[str, object] | None = None,
        seed: int | None = None,
    ) -> bool:
        """Whether the step that wrote the first of ``outputs`` read just these inputs as they are now, with these
        options (and this seed), and all outputs are there.

        An output that was edited by hand since then counts: it is later than the step.
        """
        done = self.step_of(outputs[0])
        return (
            done is not None
            and all(self._is_of(path, done, outputs[0]) for path in outputs)
            and not done.behind
            and {self.key_of(path): self.sha256_of(path) for path in inputs if path.exists()} == done.inputs
            and all(done.options.get(name) == value for name, value in (options or {}).items())
            and seed in (None, done.seed)
        )

    def _is_of(self, path: Path, done: StepRecord, main: Path) -> bool:
        """Whether ``path`` is there, of the step that wrote ``main`` too, or made from that later."""
        if not path.exists():
            return False
        if any(self.key_of(each) in done.outputs for each in files_under(path)):
            return True
        step = self.step_of(path)
        return step is not None and self.key_of(main) in step.inputs and not self.changed_inputs(step)

    def copy_of(self, path: Path) -> bytes | None:
        """The MIDI file ``path`` as composer last wrote it, or as it was last imported, whatever it holds now; None
        where the record has no copy."""
        key = self.key_of(path)
        text = next((step.copies[key] for step in self.record.steps.values() if key in step.copies), None)
        return copied(text) if text is not None else None

    def edited_bars(self, path: Path, data: bytes | None = None) -> tuple[EditedBars, ...]:
        """The bars of a person in the MIDI file ``path``: those that a step kept, and what differs from what it wrote.

        Under the names that the tracks have now; empty where nothing is known. ``data`` is what the file holds where
        that is not what is on the disk.
        """
        step, key = self.step_of(path), self.key_of(path)
        if step is None:
            return ()
        kept = [EditedBars(track, tuple(bars)) for track, bars in step.edited.get(key, {}).items()]
        if data is None and self.sha256_of(path) == step.outputs.get(key):
            return united(kept)
        # Where the record lost what was written, every bar may be a person's.
        written = step.bars.get(key, {})
        now = hashes_of(path) if data is None else bar_hashes(data, path.name)
        names = {old: new for new, old in renamed(written, now).items()}
        return united((EditedBars(names.get(k.track, k.track), k.bars) for k in kept), changed_bars(written, now))

    def bars_by_hand(self, path: Path, data: bytes | None = None) -> tuple[EditedBars, ...]:
        """``edited_bars``, and those that a person had edited in the file that ``path`` was made from."""
        step = self.step_of(path)
        inherited = step.by_hand.get(self.key_of(path), {}) if step is not None else {}
        names = {old: new for new, old in self.renamed_tracks(path, data).items()} if inherited else {}
        before = (EditedBars(names.get(track, track), tuple(bars)) for track, bars in inherited.items())
        return united(self.edited_bars(path, data), before)

    def redone_bars(self, path: Path) -> tuple[EditedBars, ...]:
        """The bars of ``path`` that were composed anew in it, by a person's wish, and that no step makes again."""
        step, key = self.step_of(path), self.key_of(path)
        redone = [one.bars for one in step.redone if one.output == key] if step is not None else []
        return united(EditedBars(track, tuple(bars)) for one in redone for track, bars in one.items())

    def renamed_tracks(self, path: Path, data: bytes | None = None) -> dict[str, str]:
        """Present name -> the name that composer wrote, of the tracks of ``path`` that were only renamed."""
        step = self.step_of(path)
        written = step.bars.get(self.key_of(path)) if step is not None else None
        if written is None:
            return {}
        return renamed(written, hashes_of(path) if data is None else bar_hashes(data, path.name))

    def stale_bars(
        self, path: Path, hashes: Callable[[Path], Mapping[str, str]] | None = None
    ) -> tuple[EditedBars, ...]:
        """The tracks and bars whose like in a MIDI input changed since ``path`` was made from it; empty if not known.

        ``hashes`` are those of the bars of an input as it is now, where that is not taken as it stands on the disk.
        A change of what is no MIDI file, such as the brief, makes all of ``path`` stale: see ``changed_inputs``.
        """
        step = self.step_of(path)
        if step is None:
            return ()
        changed = self.changed_inputs(step)
        known = [(p, step.input_bars[key]) for p in changed if (key := self.key_of(p)) in step.input_bars]
        return united(*(changed_bars(before, (hashes or hashes_of)(p)) for p, before in known))


# The same for whoever has one question only.


def state_of(path: Path, files: PieceFiles | None = None) -> State:
    return PieceState(files or PieceFiles.of(path)).state_of(path)


def step_of(files: PieceFiles, path: Path) -> StepRecord | None:
    return PieceState(files).step_of(path)


def copy_of(files: PieceFiles, path: Path) -> bytes | None:
    return PieceState(files).copy_of(path)


def edited_bars(files: PieceFiles, path: Path, data: bytes | None = None) -> tuple[EditedBars, ...]:
    return PieceState(files).edited_bars(path, data)


def bars_by_hand(files: PieceFiles, path: Path, data: bytes | None = None) -> tuple[EditedBars, ...]:
    return PieceState(files).bars_by_hand(path, data)


def renamed_tracks(files: PieceFiles, path: Path, data: bytes | None = None) -> dict[str, str]:
    return PieceState(files).renamed_tracks(path, data)


def _saved_ns(path: Path) -> int:
    """When ``path`` was saved last, 0 for what is gone meanwhile."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def hashes_of(path: Path) -> dict[str, str]:
    """The hashes of the bars of a MIDI file, empty for one that cannot be read."""
    try:
        return bar_hashes(read_bytes(path, MIDI_BYTES), path.name)
    except ComposerError:
        return {}


def files_under(path: Path) -> list[Path]:
    """The files of a folder in the order of their names, else ``path`` itself."""
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def key_of(files: PieceFiles, path: Path) -> str:
    """The name of ``path`` in the record of its piece."""
    return record_key(files.folder, path)
